#include "net/http_server.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BYTES_MAX ((size_t)32 * 1024)

/* response: the answer that was given. is_suspended: the connection waits for it.
 * dropped: bytes of a body that came behind the answer. */
struct visit {
	struct lb_http_visit base;
	struct lb_http_server *server;
	struct MHD_Connection *connection;
	char *body;
	size_t capacity;
	size_t dropped;
	struct MHD_Response *response;
	unsigned status;
	bool is_answered;
	bool is_served;
	bool is_suspended;
	struct visit *next;
};

/* visits: all there are. */
struct lb_http_server {
	struct lb_http_server_options options;
	struct MHD_Daemon *daemon;
	int port;
	uv_poll_t poll;
	uv_timer_t timer;
	int open_handles;
	struct visit *visits;
	bool is_closing;
};

static struct visit *visit_of(struct lb_http_visit *visit)
{
	return (struct visit *)visit;
}

const char *lb_http_visit_header(const struct lb_http_visit *visit, const char *name)
{
	const struct visit *self = (const struct visit *)visit;
	return MHD_lookup_connection_value(self->connection, MHD_HEADER_KIND, name);
}

const char *lb_http_visit_parameter(const struct lb_http_visit *visit, const char *name)
{
	const struct visit *self = (const struct visit *)visit;
	return MHD_lookup_connection_value(self->connection, MHD_GET_ARGUMENT_KIND, name);
}

static void on_timer(uv_timer_t *timer);

/* libmicrohttpd has to be run for a resumed connection; not from within itself, nor
 * from within whoever answers. */
static void run_soon(struct lb_http_server *server)
{
	(void)uv_timer_start(&server->timer, on_timer, 0, 0);
}

void lb_http_visit_answer(struct lb_http_visit *visit, int status, const char *text,
			  const char *field, const char *value)
{
	struct visit *self = visit_of(visit);
	assert(!self->is_answered);
	self->is_answered = true;
	self->status = (unsigned)status;
	self->response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
							 MHD_RESPMEM_MUST_COPY);
	if (self->response != NULL) {
		(void)MHD_add_response_header(self->response, MHD_HTTP_HEADER_CONTENT_TYPE,
					      "text/plain; charset=utf-8");
		if (field != NULL) {
			(void)MHD_add_response_header(self->response, field, value);
		}
	}
	if (self->is_suspended) {
		self->is_suspended = false;
		MHD_resume_connection(self->connection);
		run_soon(self->server);
	}
}

/* Without memory for an answer the connection is closed. */
static enum MHD_Result send_answer(struct visit *visit)
{
	return visit->response != NULL
		       ? MHD_queue_response(visit->connection, visit->status, visit->response)
		       : MHD_NO;
}

static bool grow(struct visit *visit, size_t length)
{
	if (length < visit->capacity) {
		return true;
	}
	size_t capacity = visit->capacity > 0 ? visit->capacity : 4096;
	while (capacity <= length) {
		capacity *= 2;
	}
	char *body = lb_alloc(capacity);
	if (body == NULL) {
		return false;
	}
	memcpy(body, visit->base.body, visit->base.length);
	lb_free(visit->body);
	visit->body = body;
	visit->base.body = body;
	visit->capacity = capacity;
	return true;
}

/* What comes behind an answer that was given early is dropped, so that the client
 * reads the answer, and up to a measure. */
static enum MHD_Result take_body(struct visit *visit, const char *bytes, size_t length)
{
	size_t bytes_max = visit->server->options.body_bytes_max;
	if (visit->is_answered) {
		visit->dropped += length;
		return visit->dropped <= bytes_max ? MHD_YES : MHD_NO;
	}
	if (length > bytes_max - visit->base.length) {
		lb_http_visit_answer(&visit->base, MHD_HTTP_CONTENT_TOO_LARGE,
				     "the body is too large\n", NULL, NULL);
		return MHD_YES;
	}
	if (!grow(visit, visit->base.length + length)) {
		lb_http_visit_answer(&visit->base, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n",
				     MHD_HTTP_HEADER_RETRY_AFTER, "5");
		return MHD_YES;
	}
	memcpy(visit->body + visit->base.length, bytes, length);
	visit->base.length += length;
	visit->body[visit->base.length] = '\0';
	return MHD_YES;
}

static bool announces_too_much(const struct visit *visit)
{
	const char *length = lb_http_visit_header(&visit->base, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return length != NULL && strtoull(length, NULL, 10) > visit->server->options.body_bytes_max;
}

static enum MHD_Result welcome(struct lb_http_server *server, struct MHD_Connection *connection,
			       const char *path, const char *method, void **place)
{
	struct visit *visit = lb_alloc(sizeof(*visit));
	if (visit == NULL) {
		return MHD_NO;
	}
	*visit = (struct visit){
		.base = {.method = method, .path = path, .body = ""},
		.server = server,
		.connection = connection,
		.next = server->visits,
	};
	server->visits = visit;
	*place = visit;
	server->options.admit(server->options.data, &visit->base);
	if (!visit->is_answered && announces_too_much(visit)) {
		lb_http_visit_answer(&visit->base, MHD_HTTP_CONTENT_TOO_LARGE,
				     "the body is too large\n", NULL, NULL);
	}
	return visit->is_answered ? send_answer(visit) : MHD_YES;
}

static void refuse_closing(struct visit *visit)
{
	lb_http_visit_answer(&visit->base, MHD_HTTP_SERVICE_UNAVAILABLE, "lakebeat is stopping\n",
			     MHD_HTTP_HEADER_RETRY_AFTER, "5");
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *bytes,
				  size_t *length, void **place)
{
	(void)version;
	struct lb_http_server *server = data;
	struct visit *visit = *place;
	if (visit == NULL) {
		return welcome(server, connection, path, method, place);
	}
	if (*length > 0) {
		size_t came = *length;
		*length = 0;
		return take_body(visit, bytes, came);
	}
	if (!visit->is_answered && server->is_closing) {
		refuse_closing(visit);
	}
	if (!visit->is_answered && !visit->is_served) {
		visit->is_served = true;
		server->options.serve(server->options.data, &visit->base);
	}
	if (visit->is_answered) {
		return send_answer(visit);
	}
	visit->is_suspended = true;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **place,
			 enum MHD_RequestTerminationCode code)
{
	(void)connection;
	(void)code;
	struct lb_http_server *server = data;
	struct visit *visit = *place;
	if (visit == NULL) {
		return;
	}
	*place = NULL;
	server->options.gone(server->options.data, &visit->base);
	struct visit **link = &server->visits;
	while (*link != visit) {
		link = &(*link)->next;
	}
	*link = visit->next;
	if (visit->response != NULL) {
		MHD_destroy_response(visit->response);
	}
	lb_free(visit->body);
	lb_free(visit);
}

/* --- the loop ---------------------------------------------------------------- */

static void run(struct lb_http_server *server)
{
	MHD_UNSIGNED_LONG_LONG delay_ms;
	(void)MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &delay_ms) == MHD_YES) {
		(void)uv_timer_start(&server->timer, on_timer, delay_ms, 0);
	} else {
		(void)uv_timer_stop(&server->timer);
	}
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

/* --- life -------------------------------------------------------------------- */

/* HOST of "HOST:PORT" without brackets, and PORT; false: it is none. */
static bool split(const char *address, char host[INET6_ADDRSTRLEN], in_port_t *ret_port)
{
	const char *colon = strrchr(address, ':');
	if (colon == NULL || colon == address) {
		return false;
	}
	const char *end = colon;
	if (*address == '[' && colon[-1] == ']') {
		address++;
		end--;
	}
	char *rest;
	unsigned long port = strtoul(colon + 1, &rest, 10);
	size_t length = (size_t)(end - address);
	if (colon[1] < '0' || colon[1] > '9' || *rest != '\0' || port > 65535 ||
	    length >= INET6_ADDRSTRLEN) {
		return false;
	}
	memcpy(host, address, length);
	host[length] = '\0';
	if (strcmp(host, "localhost") == 0) {
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
	}
	*ret_port = (in_port_t)port;
	return true;
}

union socket_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static bool parse_address(const char *text, union socket_address *ret_address, socklen_t *ret_size)
{
	char host[INET6_ADDRSTRLEN];
	in_port_t port;
	*ret_address = (union socket_address){0};
	if (!split(text, host, &port)) {
		return false;
	}
	if (inet_pton(AF_INET, host, &ret_address->four.sin_addr) == 1) {
		ret_address->four.sin_family = AF_INET;
		ret_address->four.sin_port = htons(port);
		*ret_size = sizeof(ret_address->four);
		return true;
	}
	if (inet_pton(AF_INET6, host, &ret_address->six.sin6_addr) == 1) {
		ret_address->six.sin6_family = AF_INET6;
		ret_address->six.sin6_port = htons(port);
		*ret_size = sizeof(ret_address->six);
		return true;
	}
	return false;
}

static int port_of(int socket_fd)
{
	union socket_address address = {0};
	socklen_t size = sizeof(address);
	if (getsockname(socket_fd, &address.any, &size) != 0) {
		return 0;
	}
	return ntohs(address.any.sa_family == AF_INET ? address.four.sin_port
						      : address.six.sin6_port);
}

static enum lb_err open_socket(const char *text, int *ret_fd, struct lb_error *error)
{
	union socket_address address;
	socklen_t size;
	if (!parse_address(text, &address, &size)) {
		return lb_fail(error, LB_INVALID,
			       "cannot listen on %s: write ADDRESS:PORT, such as 127.0.0.1:8643",
			       text);
	}
	int yes = 1;
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, &address.any, size) != 0 || listen(fd, SOMAXCONN) != 0) {
		enum lb_err err =
			lb_fail(error, LB_IO, "cannot listen on %s: %s", text, strerror(errno));
		if (fd >= 0) {
			(void)close(fd);
		}
		return err;
	}
	*ret_fd = fd;
	return LB_OK;
}

static enum lb_err start(struct lb_http_server *server, int fd, struct lb_error *error)
{
	const struct lb_http_server_options *options = &server->options;
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		options->idle_seconds, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_END);
	if (server->daemon == NULL) {
		(void)close(fd);
		return lb_fail(error, LB_UNAVAILABLE, "cannot start the HTTP server at %s",
			       options->address);
	}
	return LB_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct lb_http_server *server = handle->data;
	if (--server->open_handles == 0) {
		lb_free(server);
	}
}

enum lb_err lb_http_server_create(const struct lb_http_server_options *options,
				  struct lb_http_server **ret_server, struct lb_error *error)
{
	struct lb_http_server *server = lb_alloc(sizeof(*server));
	if (server == NULL) {
		return lb_fail_nomem(error);
	}
	server->options = *options;
	int fd = -1;
	enum lb_err err = open_socket(options->address, &fd, error);
	if (err == LB_OK) {
		server->port = port_of(fd);
		err = start(server, fd, error);
	}
	if (err != LB_OK) {
		lb_free(server);
		return err;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	(void)uv_timer_init(options->loop, &server->timer);
	(void)uv_poll_init(options->loop, &server->poll, info->epoll_fd);
	server->timer.data = server;
	server->poll.data = server;
	server->open_handles = 2;
	(void)uv_poll_start(&server->poll, UV_READABLE, on_readable);
	*ret_server = server;
	return LB_OK;
}

int lb_http_server_port(const struct lb_http_server *server)
{
	return server->port;
}

/* libmicrohttpd does not stop while a connection is suspended. */
static void answer_all(struct lb_http_server *server)
{
	for (struct visit *visit = server->visits; visit != NULL; visit = visit->next) {
		if (visit->is_suspended) {
			refuse_closing(visit);
		}
	}
	(void)MHD_run(server->daemon);
}

void lb_http_server_destroy(struct lb_http_server *server)
{
	if (server == NULL) {
		return;
	}
	server->is_closing = true;
	answer_all(server);
	(void)uv_poll_stop(&server->poll);
	MHD_stop_daemon(server->daemon);
	uv_close((uv_handle_t *)&server->poll, on_closed);
	uv_close((uv_handle_t *)&server->timer, on_closed);
}
