/* What requests promise, against a server that can misbehave. */
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "lb_configuration.h"
#include "net/http.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/http_peer.h"
#include "support/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARALLEL 64

/* One request and what came of it, kept beyond done. */
struct call {
	struct lb_http_request request;
	struct lab *lab;
	char url[256];
	int done;
	char response[4096];
	char retry_after[32];
	char two[32];
	void (*then)(struct call *call);
	size_t pieces_length;
};

struct lab {
	uv_loop_t loop;
	struct lb_http *http;
	struct http_peer *peer;
	const char *scheme;
	int under_way;
	void *folder;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	lab->scheme = "http";
	if (folder_setup(&lab->folder) != 0 || uv_loop_init(&lab->loop) != 0) {
		return -1;
	}
	lab->peer = http_peer_start(NULL, NULL);
	*state = lab;
	return 0;
}

static void open_http(struct lab *lab, const struct lb_http_options *options)
{
	struct lb_error error = {0};
	assert_int_equal(lb_http_create(&lab->loop, options, &lab->http, &error), LB_OK);
}

static struct lab *open_lab(void **state)
{
	const struct lb_http_options options = {.timeout_us = 20 * LB_SECOND};
	open_http(*state, &options);
	return *state;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	lb_http_destroy(lab->http);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	int problem = uv_loop_close(&lab->loop);
	http_peer_stop(lab->peer);
	problem |= folder_teardown(&lab->folder);
	free(lab);
	return problem;
}

static void keep(char *text, size_t size, const char *header)
{
	(void)snprintf(text, size, "%s", header != NULL ? header : "(none)");
}

static void on_done(struct lb_http_request *request)
{
	struct call *call = request->data;
	call->done++;
	call->lab->under_way--;
	assert_int_equal(strlen(request->response), request->response_length);
	keep(call->response, sizeof(call->response), request->response);
	keep(call->retry_after, sizeof(call->retry_after), lb_http_header(request, "RETRY-AFTER"));
	keep(call->two, sizeof(call->two), lb_http_header(request, "X-Two"));
	if (call->then != NULL) {
		call->then(call);
	}
}

static void begin(struct lab *lab, struct call *call, const char *path)
{
	(void)snprintf(call->url, sizeof(call->url), "%s://127.0.0.1:%d%s", lab->scheme,
		       http_peer_port(lab->peer), path);
	call->lab = lab;
	call->request.url = call->url;
	call->request.method = call->request.method != NULL ? call->request.method : "GET";
	call->request.done = on_done;
	call->request.data = call;
	int done = call->done;
	lab->under_way++;
	lb_http_submit(lab->http, &call->request);
	assert_int_equal(call->done, done);
}

static void run(struct lab *lab)
{
	while (lab->under_way > 0) {
		int alive = uv_run(&lab->loop, UV_RUN_ONCE);
		assert_true(alive != 0 || lab->under_way == 0);
	}
}

static void ask(struct lab *lab, struct call *call, const char *path)
{
	begin(lab, call, path);
	run(lab);
	assert_int_equal(call->done, 1);
}

static void assert_lost(const struct call *call, const char *reason, bool sent)
{
	assert_int_equal(call->request.error.code, LB_UNAVAILABLE);
	assert_true(call->request.error.retriable);
	assert_non_null(strstr(call->request.error.message, "127.0.0.1:"));
	if (strstr(call->request.error.message, reason) == NULL) {
		fail_msg("'%s' is not in: %s", reason, call->request.error.message);
	}
	assert_int_equal(call->request.sent, sent);
}

static void the_line_and_the_headers_are_sent_byte_by_byte(void **state)
{
	struct lab *lab = open_lab(state);
	static const struct lb_http_field headers[] = {
		{"Authorization", "Bearer abc"}, {"X-Empty", ""}, {"Content-Type", "text/x"}};
	struct call call = {.request = {.method = "PUT",
					.headers = headers,
					.header_count = 3,
					.body = "body",
					.body_length = 4}};
	ask(lab, &call, "/echo//a/../b?x=%2F&y=a+b");
	assert_int_equal(call.request.error.code, LB_OK);
	assert_true(call.request.sent);
	assert_int_equal(call.request.status, 200);
	assert_true(
		lb_text_starts_with(call.response, "PUT /echo//a/../b?x=%2F&y=a+b HTTP/1.1\r\n"));
	assert_non_null(strstr(call.response, "\r\nAuthorization: Bearer abc\r\n"));
	assert_non_null(strstr(call.response, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(call.response, "\r\nContent-Type: text/x\r\n"));
	assert_non_null(strstr(call.response, "\r\nContent-Length: 4\r\n"));
	assert_non_null(strstr(call.response, "\r\nUser-Agent: lakebeat/" LB_VERSION "\r\n"));
	assert_null(strstr(call.response, "Expect:"));
	assert_true(lb_text_ends_with(call.response, "\r\n\r\nbody"));
}

static void a_body_is_not_called_a_form(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.method = "POST"}};
	ask(lab, &call, "/echo");
	assert_non_null(strstr(call.response, "\r\nContent-Length: 0\r\n"));
	assert_null(strcasestr(call.response, "Content-Type:"));
	assert_null(strcasestr(call.response, "Expect:"));
}

static void any_whole_answer_is_an_answer(void **state)
{
	struct lab *lab = open_lab(state);
	static const char *const paths[] = {"/status/200", "/status/307", "/status/404",
					    "/status/503"};
	for (size_t i = 0; i < 4; i++) {
		struct call call = {0};
		ask(lab, &call, paths[i]);
		assert_int_equal(call.request.error.code, LB_OK);
		assert_int_equal(call.request.status, atoi(paths[i] + 8));
		assert_string_equal(call.response, "ok");
		assert_string_equal(call.retry_after, "7");
		assert_string_equal(call.two, "b");
	}
	assert_int_equal(http_peer_requests(lab->peer), 4);
}

static void chunks_make_one_body(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {0};
	ask(lab, &call, "/chunked");
	assert_int_equal(call.request.error.code, LB_OK);
	assert_string_equal(call.response, "one two");
	assert_string_equal(call.retry_after, "(none)");
}

static void head_has_headers_and_no_body(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.method = "HEAD"}};
	ask(lab, &call, "/status/200");
	assert_int_equal(call.request.error.code, LB_OK);
	assert_int_equal(call.request.status, 200);
	assert_string_equal(call.retry_after, "7");
	assert_string_equal(call.response, "");
}

static void one_connection_serves_one_request_after_the_other(void **state)
{
	struct lab *lab = open_lab(state);
	for (int i = 0; i < 20; i++) {
		struct call call = {0};
		ask(lab, &call, "/status/200");
	}
	assert_int_equal(http_peer_requests(lab->peer), 20);
	assert_int_equal(http_peer_connections(lab->peer), 1);
}

static void a_connection_that_the_server_gave_up_is_not_missed(void **state)
{
	struct lab *lab = open_lab(state);
	for (int i = 0; i < 5; i++) {
		struct call call = {.request = {.method = "POST", .body = "x", .body_length = 1}};
		ask(lab, &call, "/once");
		assert_int_equal(call.request.error.code, LB_OK);
		assert_string_equal(call.response, "ok");
	}
	assert_int_equal(http_peer_requests(lab->peer), 5);
}

static void sixty_four_requests_are_on_their_way_at_once(void **state)
{
	struct lab *lab = open_lab(state);
	struct call *calls = calloc(PARALLEL, sizeof(*calls));
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < PARALLEL; i++) {
			begin(lab, &calls[i], "/meet/64");
		}
		run(lab);
		for (int i = 0; i < PARALLEL; i++) {
			assert_int_equal(calls[i].done, round);
			assert_string_equal(calls[i].response, "met");
		}
	}
	assert_int_equal(http_peer_connections(lab->peer), PARALLEL);
	free(calls);
}

static void note_order(struct call *call)
{
	static int order;
	call->pieces_length = (size_t)++order;
}

static void more_than_may_go_at_once_wait_in_their_order(void **state)
{
	struct lab *lab = *state;
	const struct lb_http_options options = {.parallel_max = 1};
	open_http(lab, &options);
	struct call calls[20] = {0};
	for (int i = 0; i < 20; i++) {
		calls[i].then = note_order;
		begin(lab, &calls[i], "/status/200");
	}
	run(lab);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(calls[i].pieces_length, i + 1);
	}
	assert_int_equal(http_peer_connections(lab->peer), 1);
}

static void a_server_that_is_not_there_was_certainly_not_reached(void **state)
{
	struct lab *lab = open_lab(state);
	http_peer_stop(lab->peer);
	struct call call = {0};
	lab->peer = http_peer_start(NULL, NULL);
	int port = http_peer_port(lab->peer);
	http_peer_stop(lab->peer);
	lab->peer = http_peer_start(NULL, NULL);
	assert_int_not_equal(port, http_peer_port(lab->peer));
	begin(lab, &call, "/");
	(void)snprintf(call.url, sizeof(call.url), "http://127.0.0.1:%d/secret?k=secret", port);
	run(lab);
	assert_lost(&call, "Connection refused", false);
	assert_null(strstr(call.request.error.message, "secret"));
}

static void a_name_that_is_not_known_was_certainly_not_reached(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {0};
	begin(lab, &call, "/");
	(void)snprintf(call.url, sizeof(call.url), "http://nowhere.invalid:81/secret");
	run(lab);
	assert_int_equal(call.request.error.code, LB_UNAVAILABLE);
	assert_non_null(strstr(call.request.error.message, "nowhere.invalid:81: its name"));
	assert_false(call.request.sent);
}

static void what_breaks_off_may_have_been_done(void **state)
{
	struct lab *lab = open_lab(state);
	static const struct {
		const char *path;
		const char *reason;
	} cases[] = {
		{"/half", "broke off"}, {"/chunk", ""},   {"/close", "without an answer"},
		{"/reset", "reset"},    {"/garbage", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = {.request = {.method = "POST", .body = "x", .body_length = 1}};
		ask(lab, &call, cases[i].path);
		assert_lost(&call, cases[i].reason, true);
	}
}

static void a_server_that_stalls_is_given_up(void **state)
{
	struct lab *lab = *state;
	const struct lb_http_options options = {.stall_us = LB_SECOND};
	open_http(lab, &options);
	struct call calls[2] = {0};
	begin(lab, &calls[0], "/stall");
	begin(lab, &calls[1], "/drip");
	run(lab);
	assert_lost(&calls[0], "too slow", true);
	assert_lost(&calls[1], "too slow", true);
	assert_int_equal(calls[1].request.status, 200);
}

static void a_request_ends_when_its_time_is_over(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.timeout_us = 50 * LB_MS}};
	ask(lab, &call, "/stall");
	assert_lost(&call, "timed out", true);
}

static void time_does_not_count_before_a_request_begins(void **state)
{
	struct lab *lab = *state;
	const struct lb_http_options options = {.parallel_max = 1};
	open_http(lab, &options);
	struct call calls[2] = {{.request = {.timeout_us = 600 * LB_MS}},
				{.request = {.timeout_us = 500 * LB_MS}}};
	begin(lab, &calls[0], "/stall");
	begin(lab, &calls[1], "/status/200");
	run(lab);
	assert_lost(&calls[0], "timed out", true);
	assert_int_equal(calls[1].request.error.code, LB_OK);
}

static void a_longer_answer_than_allowed_is_refused(void **state)
{
	struct lab *lab = open_lab(state);
	struct call fits = {.request = {.response_bytes_max = 3000}};
	ask(lab, &fits, "/bytes/3000");
	assert_int_equal(fits.request.error.code, LB_OK);
	assert_int_equal(strlen(fits.response), 3000);
	struct call call = {.request = {.response_bytes_max = 2999}};
	ask(lab, &call, "/bytes/3000");
	assert_int_equal(call.request.error.code, LB_CORRUPT);
	assert_true(call.request.sent);
}

static enum lb_err count_piece(struct lb_http_request *request, const char *bytes, size_t length,
			       struct lb_error *error)
{
	struct call *call = request->data;
	assert_int_equal(request->status, 200);
	assert_int_equal(bytes[0], 'x');
	call->pieces_length += length;
	return call->pieces_length > 4000000 ? lb_fail(error, LB_REFUSED, "enough") : LB_OK;
}

static void a_body_can_be_taken_as_it_comes(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.on_body = count_piece}};
	ask(lab, &call, "/bytes/3000000");
	assert_int_equal(call.request.error.code, LB_OK);
	assert_int_equal(call.pieces_length, 3000000);
	assert_string_equal(call.response, "");
}

static void whoever_takes_a_body_can_refuse_it(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.on_body = count_piece}};
	ask(lab, &call, "/bytes/5000000");
	assert_int_equal(call.request.error.code, LB_REFUSED);
	assert_string_equal(call.request.error.message, "enough");
}

static void what_cannot_be_sent_is_invalid_and_not_sent(void **state)
{
	struct lab *lab = open_lab(state);
	static const char *const urls[] = {"",
					   "nonsense",
					   "ftp://127.0.0.1/x",
					   "file:///etc/passwd",
					   "http://",
					   "http://127.0.0.1:99999/",
					   "http://127.0.0.1/a b",
					   "http://me:secret@127.0.0.1/"};
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct call call = {0};
		begin(lab, &call, "/");
		(void)snprintf(call.url, sizeof(call.url), "%s", urls[i]);
		run(lab);
		assert_int_equal(call.request.error.code, LB_INVALID);
		assert_null(strstr(call.request.error.message, "secret"));
		assert_false(call.request.sent);
	}
	static const struct lb_http_field headers[] = {
		{"X", "secret\r\nY: b"}, {"X", "secret\nb"}, {"X: y", "b"}, {"", "b"}};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct call call = {.request = {.headers = &headers[i], .header_count = 1}};
		ask(lab, &call, "/echo");
		assert_int_equal(call.request.error.code, LB_INVALID);
		assert_null(strstr(call.request.error.message, "secret"));
	}
	struct call call = {.request = {.method = "GET /x"}};
	ask(lab, &call, "/echo");
	assert_int_equal(call.request.error.code, LB_INVALID);
	assert_int_equal(http_peer_requests(lab->peer), 0);
}

static void a_canceled_request_is_never_done(void **state)
{
	struct lab *lab = open_lab(state);
	struct call calls[3] = {0};
	begin(lab, &calls[0], "/status/200");
	lb_http_cancel(lab->http, &calls[0].request); /* before it began */
	begin(lab, &calls[1], "/stall");
	while (http_peer_requests(lab->peer) == 0) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	lb_http_cancel(lab->http, &calls[1].request); /* on its way */
	lab->under_way -= 2;
	ask(lab, &calls[2], "/status/200");
	lb_http_cancel(lab->http, &calls[2].request); /* done: nothing */
	assert_int_equal(calls[0].done + calls[1].done, 0);
	assert_int_equal(http_peer_requests(lab->peer), 2);
}

static void wait_until_requests(struct lab *lab, int count)
{
	while (http_peer_requests(lab->peer) < count) {
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
	}
}

static struct call *victim;

static enum lb_err cancel_on_piece(struct lb_http_request *request, const char *bytes,
				   size_t length, struct lb_error *error)
{
	(void)bytes;
	(void)length;
	(void)error;
	struct call *call = request->data;
	lb_http_cancel(call->lab->http, &victim->request);
	call->lab->under_way -= victim->request.pending || victim->done == 0;
	victim->done = -1;
	return LB_OK;
}

static void requests_can_be_canceled_while_a_body_comes(void **state)
{
	struct lab *lab = open_lab(state);
	struct call stalled = {0};
	begin(lab, &stalled, "/stall");
	wait_until_requests(lab, 1);
	victim = &stalled;
	struct call call = {.request = {.on_body = cancel_on_piece}};
	ask(lab, &call, "/bytes/10");
	assert_int_equal(call.request.error.code, LB_OK);
	assert_int_equal(stalled.done, -1);

	struct call own = {.request = {.on_body = cancel_on_piece}};
	victim = &own;
	begin(lab, &own, "/bytes/10");
	run(lab);
	assert_int_equal(own.done, -1); /* canceled by itself */
}

static void ask_again(struct call *call)
{
	if (call->done < 3) {
		begin(call->lab, call, "/status/200");
	}
}

static void a_request_can_be_submitted_again_from_its_done(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.then = ask_again};
	begin(lab, &call, "/status/503");
	run(lab);
	assert_int_equal(call.done, 3);
	assert_int_equal(call.request.status, 200);
	assert_int_equal(http_peer_requests(lab->peer), 3);
}

static void destroy(struct call *call)
{
	lb_http_destroy(call->lab->http);
	call->lab->http = NULL;
	call->lab->under_way = 0;
}

static void destroy_ends_all_without_done(void **state)
{
	struct lab *lab = open_lab(state);
	struct call calls[4] = {0};
	begin(lab, &calls[0], "/stall");
	begin(lab, &calls[1], "/meet/2");
	wait_until_requests(lab, 2);
	begin(lab, &calls[2], "/status/200");
	calls[3].then = destroy;
	begin(lab, &calls[3], "ftp://"); /* the first to be done, from within a turn */
	lb_http_cancel(lab->http, &calls[2].request);
	run(lab);
	assert_int_equal(calls[0].done + calls[1].done + calls[2].done, 0);
	assert_int_equal(calls[3].done, 1);
	assert_int_equal(uv_run(&lab->loop, UV_RUN_DEFAULT), 0);
}

static enum lb_err destroy_on_piece(struct lb_http_request *request, const char *bytes,
				    size_t length, struct lb_error *error)
{
	(void)bytes;
	(void)length;
	(void)error;
	destroy(request->data);
	return LB_OK;
}

static void destroy_may_come_while_a_body_comes(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {.request = {.on_body = destroy_on_piece}};
	begin(lab, &call, "/bytes/100");
	run(lab);
	assert_int_equal(uv_run(&lab->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(call.done, 0);
}

static void connections_are_not_inherited_by_programs(void **state)
{
	struct lab *lab = open_lab(state);
	struct call call = {0};
	begin(lab, &call, "/stall");
	wait_until_requests(lab, 1);
	int ours = 0;
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in peer = {0};
		socklen_t size = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
		    peer.sin_family == AF_INET) {
			ours++;
			assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		}
	}
	assert_int_equal(ours, 2); /* the connection's two ends */
	lb_http_cancel(lab->http, &call.request);
}

static void a_proxy_of_the_environment_is_used_unless_a_request_goes_direct(void **state)
{
	struct lab *lab = open_lab(state);
	struct http_peer *proxy = http_peer_start(NULL, NULL);
	char url[64];
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", http_peer_port(proxy));
	(void)setenv("http_proxy", url, 1);
	struct call direct = {.request = {.direct = true}};
	ask(lab, &direct, "/status/200");
	assert_int_equal(direct.request.status, 200);
	assert_int_equal(http_peer_requests(proxy), 0);
	struct call proxied = {0};
	ask(lab, &proxied, "/status/200");
	(void)unsetenv("http_proxy");
	assert_int_equal(http_peer_requests(proxy), 1);
	assert_int_equal(http_peer_requests(lab->peer), 1);
	http_peer_stop(proxy);
}

static void out_of_memory_ends_a_request_and_no_other(void **state)
{
	struct lab *lab = open_lab(state);
	bool failed = true;
	int lost = 0;
	for (size_t count = 0; failed; count++) {
		struct call call = {.request = {.body = "x", .body_length = 1}};
		static const struct lb_http_field header = {"X", "y"};
		call.request.headers = &header;
		call.request.header_count = 1;
		begin(lab, &call, "/echo");
		memory_fail_after(count);
		run(lab);
		failed = memory_restore();
		assert_int_equal(call.done, 1);
		assert_int_equal(call.request.error.code, failed ? LB_NOMEM : LB_OK);
		lost += failed;
	}
	assert_true(lost >= 3);
}

/* TLS, with an authority of our own. */

static const char certificates[] =
	"set -e\n"
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
	" -subj /CN=authority -keyout ca.key -out ca.pem\n"
	"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
	" -subj /CN=server -keyout server.key -out server.csr\n"
	"printf 'subjectAltName=%s' \"$NAME\" > names\n"
	"openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
	" -extfile names -out server.pem\n";

static struct lab *speak_tls(void **state, const char *name)
{
	struct lab *lab = *state;
	folder_write("certificates.sh", certificates);
	(void)setenv("NAME", name, 1);
	assert_int_equal(system("sh certificates.sh > log 2>&1"), 0);
	http_peer_stop(lab->peer);
	lab->peer = http_peer_start("server.pem", "server.key");
	lab->scheme = "https";
	return lab;
}

static void a_server_whose_authority_is_trusted_is_spoken_to(void **state)
{
	struct lab *lab = speak_tls(state, "IP:127.0.0.1");
	const struct lb_http_options options = {.ca_bundle = "ca.pem"};
	open_http(lab, &options);
	for (int i = 0; i < 3; i++) {
		struct call call = {.request = {.method = "POST", .body = "x", .body_length = 1}};
		ask(lab, &call, "/echo");
		assert_int_equal(call.request.error.code, LB_OK);
		assert_true(lb_text_starts_with(call.response, "POST /echo"));
	}
	assert_int_equal(http_peer_connections(lab->peer), 1);
}

static void a_server_of_an_unknown_authority_gets_nothing(void **state)
{
	struct lab *lab = speak_tls(state, "IP:127.0.0.1");
	const struct lb_http_options options = {0};
	open_http(lab, &options);
	struct call call = {0};
	ask(lab, &call, "/echo");
	assert_lost(&call, "certificate", false);
	assert_int_equal(http_peer_requests(lab->peer), 0);
}

static void a_certificate_of_another_name_gets_nothing(void **state)
{
	struct lab *lab = speak_tls(state, "DNS:other.example");
	const struct lb_http_options options = {.ca_bundle = "ca.pem"};
	open_http(lab, &options);
	struct call call = {0};
	ask(lab, &call, "/echo");
	assert_lost(&call, "127.0.0.1", false);
	assert_int_equal(http_peer_requests(lab->peer), 0);
}

static void a_ca_bundle_that_cannot_be_used_is_named(void **state)
{
	struct lab *lab = *state;
	struct lb_error error = {0};
	struct lb_http *http = NULL;
	const struct lb_http_options missing = {.ca_bundle = "none.pem"};
	assert_int_equal(lb_http_create(&lab->loop, &missing, &http, &error), LB_NOT_FOUND);
	assert_non_null(strstr(error.message, "none.pem"));
	folder_write("empty.pem", "nothing\n");
	const struct lb_http_options empty = {.ca_bundle = "empty.pem"};
	assert_int_equal(lb_http_create(&lab->loop, &empty, &http, &error), LB_INVALID);
	assert_non_null(strstr(error.message, "empty.pem"));
	const struct lb_http_options folder = {.ca_bundle = "."};
	assert_int_equal(lb_http_create(&lab->loop, &folder, &http, &error), LB_IO);
	assert_null(http);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	PROMISE(the_line_and_the_headers_are_sent_byte_by_byte),
	PROMISE(a_body_is_not_called_a_form),
	PROMISE(any_whole_answer_is_an_answer),
	PROMISE(chunks_make_one_body),
	PROMISE(head_has_headers_and_no_body),
	PROMISE(one_connection_serves_one_request_after_the_other),
	PROMISE(a_connection_that_the_server_gave_up_is_not_missed),
	PROMISE(sixty_four_requests_are_on_their_way_at_once),
	PROMISE(more_than_may_go_at_once_wait_in_their_order),
	PROMISE(a_server_that_is_not_there_was_certainly_not_reached),
	PROMISE(a_name_that_is_not_known_was_certainly_not_reached),
	PROMISE(what_breaks_off_may_have_been_done),
	PROMISE(a_server_that_stalls_is_given_up),
	PROMISE(a_request_ends_when_its_time_is_over),
	PROMISE(time_does_not_count_before_a_request_begins),
	PROMISE(a_longer_answer_than_allowed_is_refused),
	PROMISE(a_body_can_be_taken_as_it_comes),
	PROMISE(whoever_takes_a_body_can_refuse_it),
	PROMISE(what_cannot_be_sent_is_invalid_and_not_sent),
	PROMISE(a_canceled_request_is_never_done),
	PROMISE(requests_can_be_canceled_while_a_body_comes),
	PROMISE(a_request_can_be_submitted_again_from_its_done),
	PROMISE(destroy_ends_all_without_done),
	PROMISE(destroy_may_come_while_a_body_comes),
	PROMISE(connections_are_not_inherited_by_programs),
	PROMISE(a_proxy_of_the_environment_is_used_unless_a_request_goes_direct),
	PROMISE(out_of_memory_ends_a_request_and_no_other),
	PROMISE(a_server_whose_authority_is_trusted_is_spoken_to),
	PROMISE(a_server_of_an_unknown_authority_gets_nothing),
	PROMISE(a_certificate_of_another_name_gets_nothing),
	PROMISE(a_ca_bundle_that_cannot_be_used_is_named),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
