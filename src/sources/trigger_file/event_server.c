#include "sources/trigger_file/event_server.h"

#include "base/injection.h"
#include "base/log.h"
#include "base/text.h"
#include "net/http_server.h"
#include "net/secret.h"
#include "sources/trigger_file/notification.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONNECTIONS_MAX 64
#define IDLE_SECONDS 30
#define LOOK_MS 1000
#define PATIENCE_MS 30000

/* A request whose events are on their way into the log. */
struct guest {
	struct lb_event_server *server;
	struct lb_http_visit *visit;
	struct lb_notice notice;
	uint64_t came_at_ms;
	bool is_answered;
	struct guest *next;
};

/* timer: looks for guests who have waited too long. */
struct lb_event_server {
	struct lb_event_server_options options;
	struct lb_http_server *http;
	struct guest *guests;
	uv_timer_t timer;
	bool is_stopped;
	bool has_refused;
};

static void answer_later(struct lb_http_visit *visit, const char *why)
{
	lb_http_visit_answer(visit, 503, why, "Retry-After", "5");
}

/* --- who may come in --------------------------------------------------------- */

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *digit = c != '\0' ? strchr(digits, c) : NULL;
	return digit != NULL ? (int)(digit - digits) : -1;
}

/* RFC 4648; false: it is not base64, or too long. */
static bool decode_base64(const char *text, char *to, size_t size)
{
	unsigned bits = 0;
	int count = 0;
	size_t length = 0;
	for (; *text != '\0' && *text != '='; text++) {
		int value = value_of(*text);
		if (value < 0 || length + 1 >= size) {
			return false;
		}
		bits = (bits << 6 | (unsigned)value) & 0xFFFF;
		count += 6;
		if (count >= 8) {
			count -= 8;
			to[length++] = (char)(bits >> count & 0xFF);
		}
	}
	to[length] = '\0';
	return true;
}

static bool has_password(const char *encoded, const char *secret)
{
	char plain[1024];
	const char *colon =
		decode_base64(encoded, plain, sizeof(plain)) ? strchr(plain, ':') : NULL;
	bool equal = colon != NULL && lb_secret_equal(colon + 1, secret);
	explicit_bzero(plain, sizeof(plain));
	return equal;
}

/* What follows the scheme and a space; NULL: it is another one. */
static const char *credentials_of(const char *authorization, const char *scheme)
{
	size_t length = strlen(scheme);
	return strncasecmp(authorization, scheme, length) == 0 && authorization[length] == ' '
		       ? authorization + length + 1
		       : NULL;
}

static bool may_enter(const struct lb_event_server *server, const struct lb_http_visit *visit)
{
	const char *secret = server->options.secret;
	if (secret == NULL) {
		return true;
	}
	const char *authorization = lb_http_visit_header(visit, "Authorization");
	const char *token = lb_http_visit_parameter(visit, "token");
	if (authorization != NULL) {
		const char *bearer = credentials_of(authorization, "Bearer");
		const char *basic = credentials_of(authorization, "Basic");
		return (bearer != NULL && lb_secret_equal(bearer, secret)) ||
		       (basic != NULL && has_password(basic, secret));
	}
	return token != NULL && lb_secret_equal(token, secret);
}

/* Once, so that a stranger cannot fill the log. */
static void note_refusal(struct lb_event_server *server)
{
	if (!server->has_refused) {
		server->has_refused = true;
		lb_log(server->options.log, LB_LOG_WARNING,
		       "event refused: its sender has not the secret", "listen_events",
		       server->options.address, NULL);
	}
}

static void admit(void *data, struct lb_http_visit *visit)
{
	struct lb_event_server *server = data;
	if (!may_enter(server, visit)) {
		note_refusal(server);
		lb_http_visit_answer(visit, 401,
				     "the secret is missing or wrong; send it as a bearer token\n",
				     "WWW-Authenticate", "Bearer realm=\"lakebeat\"");
	} else if (strcmp(visit->method, "POST") != 0) {
		lb_http_visit_answer(visit, 405, "post events of new objects here\n", "Allow",
				     "POST");
	} else if (server->is_stopped) {
		answer_later(visit, "lakebeat is stopping\n");
	}
}

/* --- what it brings ---------------------------------------------------------- */

static void on_recorded(struct lb_notice *notice)
{
	struct guest *guest = notice->data;
	LB_INJECTION_POINT("event-recorded");
	guest->is_answered = true;
	lb_http_visit_answer(guest->visit, 200, "recorded\n", NULL, NULL);
}

static struct guest *seat(struct lb_event_server *server, struct lb_http_visit *visit)
{
	struct guest *guest = lb_alloc(sizeof(*guest));
	if (guest != NULL) {
		*guest = (struct guest){
			.server = server,
			.visit = visit,
			.notice = {.done = on_recorded, .data = guest},
			.came_at_ms = uv_now(server->options.loop),
			.next = server->guests,
		};
		server->guests = guest;
		visit->data = guest;
	}
	return guest;
}

static void on_look(uv_timer_t *timer);

/* What is malformed stands in the answer: who configured the sender reads it there. */
static void refuse(struct lb_event_server *server, struct lb_http_visit *visit,
		   const struct lb_error *error)
{
	char text[LB_ERROR_MESSAGE_MAX + 2];
	(void)snprintf(text, sizeof(text), "%s\n", error->message);
	lb_log(server->options.log, LB_LOG_WARNING, "event refused", "listen_events",
	       server->options.address, "error", error->message, NULL);
	lb_http_visit_answer(visit, 400, text, NULL, NULL);
}

static void serve(void *data, struct lb_http_visit *visit)
{
	struct lb_event_server *server = data;
	struct lb_error error = {0};
	struct guest *guest = seat(server, visit);
	if (guest == NULL) {
		answer_later(visit, "out of memory\n");
		return;
	}
	enum lb_notice_fate fate = lb_notices_post(server->options.notices, &guest->notice,
						   visit->body, visit->length, &error);
	guest->is_answered = fate != LB_NOTICE_TAKEN;
	switch (fate) {
	case LB_NOTICE_TAKEN:
		LB_INJECTION_POINT("event-taken");
		if (!uv_is_active((uv_handle_t *)&server->timer)) {
			(void)uv_timer_start(&server->timer, on_look, LOOK_MS, LOOK_MS);
		}
		break;
	case LB_NOTICE_NOTHING:
		lb_http_visit_answer(visit, 200, "nothing in it is waited for\n", NULL, NULL);
		break;
	case LB_NOTICE_LATER:
		answer_later(visit, "cannot be recorded just now\n");
		break;
	case LB_NOTICE_MALFORMED:
	default:
		refuse(server, visit, &error);
		break;
	}
}

static void gone(void *data, struct lb_http_visit *visit)
{
	struct lb_event_server *server = data;
	struct guest *guest = visit->data;
	if (guest == NULL) {
		return;
	}
	lb_notices_cancel(server->options.notices, &guest->notice);
	struct guest **link = &server->guests;
	while (*link != guest) {
		link = &(*link)->next;
	}
	*link = guest->next;
	lb_free(guest);
}

/* While the store fails, its events are kept here, but the sender shall not wait for
 * ever: it comes again. */
static void on_look(uv_timer_t *timer)
{
	struct lb_event_server *server = timer->data;
	uint64_t now_ms = uv_now(server->options.loop);
	bool waits = false;
	for (struct guest *guest = server->guests; guest != NULL; guest = guest->next) {
		if (!guest->is_answered && now_ms - guest->came_at_ms >= PATIENCE_MS) {
			guest->is_answered = true;
			lb_notices_cancel(server->options.notices, &guest->notice);
			answer_later(guest->visit, "could not be recorded in time\n");
		}
		waits |= !guest->is_answered;
	}
	if (!waits) {
		(void)uv_timer_stop(&server->timer);
	}
}

/* --- life -------------------------------------------------------------------- */

enum lb_err lb_event_server_create(const struct lb_event_server_options *options,
				   struct lb_event_server **ret_server, struct lb_error *error)
{
	struct lb_event_server *server = lb_alloc(sizeof(*server));
	if (server == NULL) {
		return lb_fail_nomem(error);
	}
	server->options = *options;
	const struct lb_http_server_options http = {
		.loop = options->loop,
		.address = options->address,
		.body_bytes_max = LB_NOTIFICATION_BYTES_MAX,
		.connections_max = CONNECTIONS_MAX,
		.idle_seconds = IDLE_SECONDS,
		.admit = admit,
		.serve = serve,
		.gone = gone,
		.data = server,
	};
	enum lb_err err = lb_http_server_create(&http, &server->http, error);
	if (err != LB_OK) {
		lb_free(server);
		return err;
	}
	(void)uv_timer_init(options->loop, &server->timer);
	server->timer.data = server;
	*ret_server = server;
	return LB_OK;
}

int lb_event_server_port(const struct lb_event_server *server)
{
	return lb_http_server_port(server->http);
}

void lb_event_server_stop(struct lb_event_server *server)
{
	server->is_stopped = true;
}

static void on_closed(uv_handle_t *handle)
{
	lb_free(handle->data);
}

void lb_event_server_destroy(struct lb_event_server *server)
{
	if (server != NULL) {
		lb_http_server_destroy(server->http);
		uv_close((uv_handle_t *)&server->timer, on_closed);
	}
}
