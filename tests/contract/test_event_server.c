/* Events that are pushed by HTTP: who may, what is answered, and when. The client is
 * lakebeat's own. */
#include "base/time.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/secret.h"
#include "sources/trigger_file/event_server.h"
#include "support/cmocka.h"
#include "support/source_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "orders/orders_20251123_055900.txt"
#define RECORD(key)                                                                                \
	"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":"         \
	"\"bucket\"},\"object\":{\"key\":\"triggers/" key "\"}}}]}"

struct story {
	struct world *world;
	struct lb_notices *notices;
	struct lb_event_server *server;
	struct lb_http *http;
	struct lb_error error;
};

/* One request, and what came back. */
struct call {
	struct lb_http_request request;
	struct lb_http_field fields[1];
	char url[256];
	size_t done;
	int status;
	char text[512];
	bool can_retry;
};

static int setup(void **state)
{
	struct story *story = calloc(1, sizeof(*story));
	void *world = NULL;
	if (story == NULL || world_setup_objects(&world) != 0) {
		return 1;
	}
	story->world = world;
	world_add_sensor(story->world, "orders");
	world_open(story->world);
	struct lb_http_options http = {0};
	assert_int_equal(lb_http_create(&story->world->loop, &http, &story->http, &story->error),
			 LB_OK);
	assert_int_equal(lb_notices_create(&story->notices, &story->error), LB_OK);
	assert_int_equal(lb_notices_add(story->notices, story->world->source, &story->error),
			 LB_OK);
	*state = story;
	return 0;
}

static int teardown(void **state)
{
	struct story *story = *state;
	void *world = story->world;
	lb_event_server_destroy(story->server);
	lb_notices_destroy(story->notices);
	lb_http_destroy(story->http);
	(void)uv_run(&story->world->loop, UV_RUN_DEFAULT);
	free(story);
	return world_teardown(&world);
}

static void listen_with(struct story *story, const char *secret)
{
	struct lb_event_server_options options = {
		.loop = &story->world->loop,
		.address = "127.0.0.1:0",
		.secret = secret,
		.notices = story->notices,
	};
	assert_int_equal(lb_event_server_create(&options, &story->server, &story->error), LB_OK);
	world_look(story->world);
}

static void on_done(struct lb_http_request *request)
{
	struct call *call = request->data;
	call->done++;
	call->status = request->status;
	call->can_retry = lb_http_header(request, "Retry-After") != NULL;
	(void)snprintf(call->text, sizeof(call->text), "%s", request->response);
}

static void begin(struct story *story, struct call *call, const char *path,
		  const char *authorization, const char *body)
{
	*call = (struct call){0};
	(void)snprintf(call->url, sizeof(call->url), "http://127.0.0.1:%d%s",
		       lb_event_server_port(story->server), path);
	call->fields[0] = (struct lb_http_field){"Authorization", authorization};
	call->request = (struct lb_http_request){
		.method = body != NULL ? "POST" : "GET",
		.url = call->url,
		.headers = call->fields,
		.header_count = authorization != NULL,
		.body = body,
		.body_length = body != NULL ? strlen(body) : 0,
		.done = on_done,
		.data = call,
	};
	lb_http_submit(story->http, &call->request);
}

static void finish(struct story *story, struct call *call)
{
	for (int turns = 0; call->done == 0; turns++) {
		assert_true(turns < 100000);
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
}

/* The status of one request that needs nothing to be recorded. */
static int ask(struct story *story, const char *path, const char *authorization, const char *body)
{
	struct call call;
	begin(story, &call, path, authorization, body);
	finish(story, &call);
	return call.status;
}

static void record(struct story *story)
{
	struct lb_source *source = story->world->source;
	source->impl->recorded(source, story->world->calls);
}

static void wait_until_told(struct story *story, size_t calls)
{
	while (story->world->calls < calls) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
}

static void an_event_is_answered_when_it_is_durable_and_not_before(void **state)
{
	struct story *story = *state;
	struct call call;
	listen_with(story, NULL);
	begin(story, &call, "/", NULL, RECORD(KEY));
	wait_until_told(story, 1);
	assert_true(world_knows(story->world, KEY));
	for (int i = 0; i < 10; i++) {
		(void)uv_run(&story->world->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(call.done, 0);
	record(story);
	finish(story, &call);
	assert_int_equal(call.status, 200);
	assert_string_equal(call.text, "recorded\n");
}

static void many_senders_are_answered_together(void **state)
{
	struct story *story = *state;
	struct call calls[40];
	listen_with(story, NULL);
	for (size_t i = 0; i < 40; i++) {
		begin(story, &calls[i], "/", NULL, RECORD(KEY));
	}
	wait_until_told(story, 40);
	record(story);
	for (size_t i = 0; i < 40; i++) {
		finish(story, &calls[i]);
		assert_int_equal(calls[i].status, 200);
	}
	assert_int_equal(story->world->log.count, 1);
}

static void what_is_for_nobody_is_answered_at_once(void **state)
{
	struct story *story = *state;
	listen_with(story, NULL);
	assert_int_equal(ask(story, "/", NULL, "{}"), 200);
	assert_int_equal(ask(story, "/any/path?x=y", NULL, RECORD("elsewhere/a.txt")), 200);
	assert_int_equal(ask(story, "/", NULL, "{\"Event\":\"s3:TestEvent\"}"), 200);
	assert_int_equal(story->world->log.count, 0);
}

static void what_is_malformed_is_refused_with_the_reason(void **state)
{
	struct story *story = *state;
	struct call call;
	listen_with(story, NULL);
	begin(story, &call, "/", NULL, "{\"Records\":[{}]}");
	finish(story, &call);
	assert_int_equal(call.status, 400);
	assert_non_null(strstr(call.text, "eventName"));
	assert_int_equal(ask(story, "/", NULL, ""), 400);
	assert_int_equal(ask(story, "/", NULL, NULL), 405);
}

static void a_body_without_measure_is_refused(void **state)
{
	struct story *story = *state;
	size_t length = 3 * LB_NOTIFICATION_BYTES_MAX;
	char *body = malloc(length + 1);
	assert_non_null(body);
	memset(body, ' ', length);
	body[length] = '\0';
	listen_with(story, NULL);
	struct call call;
	begin(story, &call, "/", NULL, body);
	finish(story, &call);
	assert_true(call.status == 413 || call.status == 0);
	assert_int_equal(ask(story, "/", NULL, "{}"), 200);
	free(body);
}

static void who_has_not_the_secret_is_refused(void **state)
{
	struct story *story = *state;
	listen_with(story, "open sesame");
	assert_int_equal(ask(story, "/", NULL, "{}"), 401);
	assert_int_equal(ask(story, "/", "Bearer open sesam", "{}"), 401);
	assert_int_equal(ask(story, "/", "Bearer open sesame2", "{}"), 401);
	assert_int_equal(ask(story, "/", "Bearer ", "{}"), 401);
	assert_int_equal(ask(story, "/", "Negotiate open sesame", "{}"), 401);
	assert_int_equal(ask(story, "/", "Basic !!!", "{}"), 401);
	assert_int_equal(ask(story, "/", "Basic b3BlbiBzZXNhbWU=", "{}"), 401); /* no colon */
	assert_int_equal(ask(story, "/?token=open", NULL, "{}"), 401);
	assert_int_equal(ask(story, "/?token=open%20sesame", "Bearer wrong", "{}"), 401);
	assert_int_equal(ask(story, "/", NULL, NULL), 401);
}

static void the_secret_may_come_in_three_ways(void **state)
{
	struct story *story = *state;
	listen_with(story, "open sesame");
	assert_int_equal(ask(story, "/", "Bearer open sesame", "{}"), 200);
	assert_int_equal(ask(story, "/", "bearer open sesame", "{}"), 200);
	assert_int_equal(ask(story, "/", "Basic dXNlcjpvcGVuIHNlc2FtZQ==", "{}"), 200);
	assert_int_equal(ask(story, "/?token=open%20sesame", NULL, "{}"), 200);
}

static void what_cannot_be_recorded_now_is_to_come_again(void **state)
{
	struct story *story = *state;
	struct call call;
	listen_with(story, NULL);
	story->world->deaf = true;
	begin(story, &call, "/", NULL, RECORD(KEY));
	finish(story, &call);
	assert_int_equal(call.status, 503);
	assert_true(call.can_retry);
	lb_event_server_stop(story->server);
	begin(story, &call, "/", NULL, "{}");
	finish(story, &call);
	assert_int_equal(call.status, 503);
}

static void the_server_can_be_given_up_while_somebody_waits(void **state)
{
	struct story *story = *state;
	struct call call;
	listen_with(story, NULL);
	begin(story, &call, "/", NULL, RECORD(KEY));
	wait_until_told(story, 1);
	lb_event_server_destroy(story->server);
	story->server = NULL;
	record(story);
	finish(story, &call);
	assert_true(call.status == 503 || call.status == 0);
}

static void an_address_that_cannot_be_had_is_told(void **state)
{
	struct story *story = *state;
	static const char *const bad[] = {"",        "8643",      ":8643",       "host:8643",
					  "1.2.3.4", "1.2.3.4:x", "[::1]:70000", "1.2.3.4:"};
	struct lb_event_server_options options = {
		.loop = &story->world->loop,
		.notices = story->notices,
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.address = bad[i];
		assert_int_equal(lb_event_server_create(&options, &story->server, &story->error),
				 LB_INVALID);
	}
	char taken[64];
	listen_with(story, NULL);
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%d", lb_event_server_port(story->server));
	struct lb_event_server *second = NULL;
	options.address = taken;
	assert_int_equal(lb_event_server_create(&options, &second, &story->error), LB_IO);
	assert_non_null(strstr(story->error.message, taken));
}

static void secrets_are_compared_whole(void **state)
{
	(void)state;
	assert_true(lb_secret_equal("a", "a"));
	assert_false(lb_secret_equal("", "a"));
	assert_false(lb_secret_equal("ab", "a"));
	assert_false(lb_secret_equal("A", "a"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(an_event_is_answered_when_it_is_durable_and_not_before),
		TEST(many_senders_are_answered_together),
		TEST(what_is_for_nobody_is_answered_at_once),
		TEST(what_is_malformed_is_refused_with_the_reason),
		TEST(a_body_without_measure_is_refused),
		TEST(who_has_not_the_secret_is_refused),
		TEST(the_secret_may_come_in_three_ways),
		TEST(what_cannot_be_recorded_now_is_to_come_again),
		TEST(the_server_can_be_given_up_while_somebody_waits),
		TEST(an_address_that_cannot_be_had_is_told),
		cmocka_unit_test(secrets_are_compared_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
