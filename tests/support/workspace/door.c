#include "support/workspace/door.h"

#include "base/text.h"
#include "support/workspace/must.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define CONNECTIONS_MAX 4096

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_DUE, STAGE_SAID };

/* held_until_ms: on the machine's monotonic clock. previous, next: of those held. */
struct exchange {
	struct lb_arena arena;
	struct doors *doors;
	struct MHD_Connection *connection;
	bool is_control;
	enum stage stage;
	struct request request;
	struct answer answer;
	size_t capacity;
	const struct fault *fault;
	const char *authentication;
	int said;
	int64_t held_until_ms;
	struct exchange *previous;
	struct exchange *next;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum MHD_Result add_query(void *data, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct request *request = data;
	(void)kind;
	struct pair *pair = must(lb_list_add(request->arena, &request->query));
	pair->name = must(lb_arena_strdup(request->arena, name));
	pair->value = must(lb_arena_strdup(request->arena, value != NULL ? value : ""));
	return MHD_YES;
}

static const char *header(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static struct exchange *begin(struct doors *doors, struct MHD_Connection *connection,
			      bool is_control, const char *method, const char *path)
{
	struct exchange *exchange = must(lb_alloc(sizeof(*exchange)));
	struct request *request = &exchange->request;
	exchange->doors = doors;
	exchange->connection = connection;
	exchange->is_control = is_control;
	exchange->answer.arena = &exchange->arena;
	request->arena = &exchange->arena;
	request->method = must(lb_arena_strdup(&exchange->arena, method));
	request->path = must(lb_arena_strdup(&exchange->arena, path));
	request->body = must(lb_arena_strdup(&exchange->arena, ""));
	request->scheme = doors->options.key != NULL ? "https" : "http";
	const char *host = header(exchange, MHD_HTTP_HEADER_HOST);
	request->host = host != NULL && lb_utf8_valid(host) ? host : NULL;
	request->authorization = header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
	request->content_type = header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
	request->workspace_id = header(exchange, "X-Databricks-Workspace-Id");
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, request);
	char *password = NULL;
	char *user = MHD_basic_auth_get_username_password(connection, &password);
	request->user = lb_arena_strdup(&exchange->arena, user);
	request->password = lb_arena_strdup(&exchange->arena, password != NULL ? password : "");
	MHD_free(user);
	MHD_free(password);
	return exchange;
}

static void gather(struct exchange *exchange, const char *data, size_t length)
{
	struct request *request = &exchange->request;
	if (request->length + length > REQUEST_BYTES_MAX) {
		request->too_long = true;
		return;
	}
	if (request->length + length + 1 > exchange->capacity) {
		exchange->capacity = 2 * (request->length + length + 1);
		char *body = must(lb_arena_alloc(&exchange->arena, exchange->capacity));
		memcpy(body, request->body, request->length);
		request->body = body;
	}
	memcpy(request->body + request->length, data, length);
	request->length += length;
	request->body[request->length] = '\0';
}

static void hold(struct exchange *exchange, int64_t delay_ms)
{
	struct doors *doors = exchange->doors;
	exchange->held_until_ms = monotonic_ms() + delay_ms;
	exchange->previous = NULL;
	exchange->next = doors->held;
	if (doors->held != NULL) {
		doors->held->previous = exchange;
	}
	doors->held = exchange;
	MHD_suspend_connection(exchange->connection);
}

static void release(struct exchange *exchange)
{
	if (exchange->previous != NULL) {
		exchange->previous->next = exchange->next;
	} else {
		exchange->doors->held = exchange->next;
	}
	if (exchange->next != NULL) {
		exchange->next->previous = exchange->previous;
	}
	MHD_resume_connection(exchange->connection);
}

/* Sends the first half of what was promised. */
static ssize_t send_half(void *data, uint64_t position, char *buffer, size_t room)
{
	const struct answer *answer = data;
	size_t half = answer->length / 2;
	if (position >= half) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t length = half - position < room ? half - position : room;
	memcpy(buffer, answer->body + position, length);
	return (ssize_t)length;
}

static enum MHD_Result send_answer(struct exchange *exchange, bool cut)
{
	struct answer *answer = &exchange->answer;
	struct MHD_Response *response;
	if (cut) {
		response = MHD_create_response_from_callback(answer->length, 4096, send_half,
							     answer, NULL);
	} else {
		union {
			const char *in;
			void *out;
		} body = {answer->body};
		response = MHD_create_response_from_buffer(answer->length, body.out,
							   MHD_RESPMEM_PERSISTENT);
	}
	(void)must(response);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	for (size_t i = 0; i < answer->header_count; i++) {
		(void)MHD_add_response_header(response, answer->headers[i].name,
					      answer->headers[i].value);
	}
	enum MHD_Result result =
		MHD_queue_response(exchange->connection, (unsigned int)answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Linux sends RST when a connection is dissolved; to close it with a linger time of 0
 * would be too late, for the library shuts it down first. */
static void reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	(void)connect(info->connect_fd, &nobody, sizeof(nobody));
}

static void ask(struct exchange *exchange)
{
	struct workspace *workspace = exchange->doors->workspace;
	exchange->answer.header_count = 0;
	if (exchange->is_control) {
		control_serve(workspace, &exchange->request, &exchange->answer);
	} else {
		exchange->authentication =
			api_serve(workspace, &exchange->request, &exchange->answer);
		exchange->said = exchange->answer.status;
	}
}

static enum MHD_Result finish(struct exchange *exchange)
{
	const struct fault *fault = exchange->fault;
	struct workspace *workspace = exchange->doors->workspace;
	bool silent = fault != NULL && (fault->deed == FAULT_CLOSE || fault->deed == FAULT_RESET ||
					fault->deed == FAULT_DOWN);
	if (fault != NULL) {
		fault_answer(fault, &exchange->answer);
	}
	if (!exchange->is_control) {
		journal_add(&workspace->journal, &exchange->request,
			    world_now_ms(&workspace->world),
			    exchange->authentication != NULL ? exchange->authentication : "none",
			    exchange->said, silent ? 0 : exchange->answer.status,
			    fault != NULL ? fault->number : 0);
	}
	if (!silent) {
		return send_answer(exchange, fault != NULL && fault->deed == FAULT_CUT);
	}
	if (fault->deed == FAULT_RESET) {
		reset(exchange->connection);
	}
	workspace->listening = workspace->listening && fault->deed != FAULT_DOWN;
	return MHD_NO;
}

/* A request that is whole. Comes here again after each wait. */
static enum MHD_Result go_on(struct exchange *exchange)
{
	if (exchange->stage == STAGE_BODY) {
		exchange->stage = STAGE_DUE;
		if (!exchange->is_control) {
			exchange->fault = faults_meet(&exchange->doors->workspace->faults,
						      &exchange->request);
		}
		if (exchange->fault != NULL && !exchange->fault->after &&
		    exchange->fault->delay_ms > 0) {
			hold(exchange, exchange->fault->delay_ms);
			return MHD_YES;
		}
	}
	const struct fault *fault = exchange->fault;
	if (exchange->stage == STAGE_DUE) {
		exchange->stage = STAGE_SAID;
		if (fault == NULL || fault->after || fault->deed == FAULT_PASS) {
			ask(exchange);
		}
		if (fault != NULL && fault->after && fault->delay_ms > 0) {
			hold(exchange, fault->delay_ms);
			return MHD_YES;
		}
	}
	return finish(exchange);
}

static enum MHD_Result serve(struct doors *doors, struct MHD_Connection *connection,
			     bool is_control, const char *path, const char *method,
			     const char *upload, size_t *upload_length, void **state)
{
	struct exchange *exchange = *state;
	if (exchange == NULL) {
		*state = begin(doors, connection, is_control, method, path);
		return MHD_YES;
	}
	if (*upload_length > 0) {
		gather(exchange, upload, *upload_length);
		*upload_length = 0;
		return MHD_YES;
	}
	if (exchange->stage == STAGE_HEAD) {
		exchange->stage = STAGE_BODY;
	}
	return go_on(exchange);
}

static enum MHD_Result serve_api(void *data, struct MHD_Connection *connection, const char *path,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_length, void **state)
{
	(void)version;
	return serve(data, connection, false, path, method, upload, upload_length, state);
}

static enum MHD_Result serve_control(void *data, struct MHD_Connection *connection,
				     const char *path, const char *method, const char *version,
				     const char *upload, size_t *upload_length, void **state)
{
	(void)version;
	return serve(data, connection, true, path, method, upload, upload_length, state);
}

static void forget(void *data, struct MHD_Connection *connection, void **state,
		   enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;
	(void)data;
	(void)connection;
	(void)code;
	if (exchange != NULL) {
		lb_arena_finish(&exchange->arena);
		lb_free(exchange);
	}
	*state = NULL;
}

static struct MHD_Daemon *listen_at(struct doors *doors, uint16_t *port,
				    MHD_AccessHandlerCallback handler, bool tls)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	union {
		const char *in;
		void *out;
	} certificate = {doors->options.certificate}, key = {doors->options.key};
	struct MHD_OptionItem secured[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate.out},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, key.out},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_Daemon *daemon = MHD_start_daemon(
		flags | (tls ? MHD_USE_TLS : 0), *port, NULL, NULL, handler, doors,
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX, MHD_OPTION_ARRAY,
		tls ? secured : &secured[2], MHD_OPTION_END);
	if (daemon == NULL) {
		(void)fprintf(stderr,
			      "workspace: cannot serve at 127.0.0.1:%u: somebody else does%s\n",
			      *port, tls ? ", or certificate and key do not fit" : "");
		return NULL;
	}
	*port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	return daemon;
}

bool doors_open(struct doors *doors, struct workspace *workspace,
		const struct door_options *options)
{
	*doors = (struct doors){.workspace = workspace, .options = *options};
	bool tls = options->certificate != NULL;
	doors->api = listen_at(doors, &doors->options.port, serve_api, tls);
	if (doors->api != NULL) {
		doors->control =
			listen_at(doors, &doors->options.control_port, serve_control, false);
	}
	if (doors->control == NULL) {
		doors_close(doors);
	}
	return doors->control != NULL;
}

/* Those that wait for their time are broken off with the rest. */
static void stop_listening(struct doors *doors)
{
	while (doors->held != NULL) {
		release(doors->held);
	}
	MHD_stop_daemon(doors->api);
	doors->api = NULL;
}

void doors_close(struct doors *doors)
{
	if (doors->api != NULL) {
		stop_listening(doors);
	}
	if (doors->control != NULL) {
		MHD_stop_daemon(doors->control);
		doors->control = NULL;
	}
}

/* As the control API last said. A port that somebody took meanwhile ends the program. */
static bool follow_listening(struct doors *doors)
{
	if (doors->api != NULL && !doors->workspace->listening) {
		stop_listening(doors);
	} else if (doors->api == NULL && doors->workspace->listening) {
		doors->api = listen_at(doors, &doors->options.port, serve_api,
				       doors->options.certificate != NULL);
		return doors->api != NULL;
	}
	return true;
}

static void release_due(struct doors *doors)
{
	int64_t now_ms = monotonic_ms();
	for (struct exchange *next, *one = doors->held; one != NULL; one = next) {
		next = one->next;
		if (one->held_until_ms <= now_ms) {
			release(one);
		}
	}
}

static int wait_ms(const struct doors *doors)
{
	int64_t least_ms = 60000;
	const struct MHD_Daemon *const daemons[] = {doors->api, doors->control};
	for (size_t i = 0; i < 2; i++) {
		MHD_UNSIGNED_LONG_LONG timeout_ms;
		union {
			const struct MHD_Daemon *in;
			struct MHD_Daemon *out;
		} daemon = {daemons[i]};
		if (daemons[i] != NULL && MHD_get_timeout(daemon.out, &timeout_ms) == MHD_YES &&
		    (int64_t)timeout_ms < least_ms) {
			least_ms = (int64_t)timeout_ms;
		}
	}
	int64_t now_ms = monotonic_ms();
	for (const struct exchange *one = doors->held; one != NULL; one = one->next) {
		int64_t left_ms = one->held_until_ms > now_ms ? one->held_until_ms - now_ms : 0;
		least_ms = left_ms < least_ms ? left_ms : least_ms;
	}
	return (int)least_ms;
}

static int epoll_of(struct MHD_Daemon *daemon)
{
	return daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd
			      : -1;
}

void doors_run(struct doors *doors, const volatile sig_atomic_t *stop, const sigset_t *unblocked)
{
	while (!*stop) {
		struct pollfd files[] = {
			{.fd = epoll_of(doors->api), .events = POLLIN},
			{.fd = epoll_of(doors->control), .events = POLLIN},
		};
		int timeout_ms = wait_ms(doors);
		struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
		(void)ppoll(files, 2, &timeout, unblocked);
		release_due(doors);
		if (doors->api != NULL) {
			(void)MHD_run(doors->api);
		}
		(void)MHD_run(doors->control);
		if (!follow_listening(doors)) {
			return;
		}
	}
}
