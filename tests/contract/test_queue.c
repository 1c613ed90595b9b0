/* A queue that tells of new objects: what is deleted when, and what happens when it fails.
 * The queue's server is in this file; the source, its rules and the calls are the real
 * ones. */
#include "base/time.h"
#include "host/host.h"
#include "net/aws_http.h"
#include "sources/trigger_file/queue.h"
#include "support/cmocka.h"
#include "support/http_peer.h"
#include "support/source_world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_MAX 16
#define KEY "orders/orders_20251123_055900.txt"
#define CREATED                                                                                    \
	"{\\\"Records\\\":[{\\\"eventName\\\":\\\"ObjectCreated:Put\\\",\\\"s3\\\":{"              \
	"\\\"bucket\\\":"                                                                          \
	"{\\\"name\\\":\\\"bucket\\\"},\\\"object\\\":{\\\"key\\\":\\\"triggers/" KEY "\\\"}}}]}"

struct answer {
	int status;
	const char *body;
};

/* receives, deletes: what the next requests of that kind are answered; then nothing
 * new, and everything done. asked, deleted: how many came. last: the latest request to
 * delete. Under lock, because the server has threads. */
struct story {
	struct world *world;
	struct http_peer *peer;
	struct lb_host *host;
	struct lb_http *http;
	struct lb_aws_http carrier;
	struct lb_aws_credentials *credentials;
	struct lb_notices *notices;
	struct lb_queue *queue;
	struct lb_arena arena;
	struct lb_error error;
	pthread_mutex_t lock;
	struct answer receives[ANSWERS_MAX];
	struct answer deletes[ANSWERS_MAX];
	size_t asked;
	size_t deleted;
	char last[8192];
};

static void serve(void *data, const char *request, struct http_peer_answer *answer)
{
	struct story *story = data;
	static const struct answer idle = {200, "{}"};
	const struct answer *chosen = &idle;
	(void)pthread_mutex_lock(&story->lock);
	if (strstr(request, "AmazonSQS.ReceiveMessage") != NULL) {
		chosen = &story->receives[story->asked < ANSWERS_MAX ? story->asked : 0];
		story->asked++;
	} else if (strstr(request, "AmazonSQS.DeleteMessageBatch") != NULL) {
		chosen = &story->deletes[story->deleted < ANSWERS_MAX ? story->deleted : 0];
		story->deleted++;
		(void)snprintf(story->last, sizeof(story->last), "%s", request);
	}
	(void)pthread_mutex_unlock(&story->lock);
	chosen = chosen->status != 0 ? chosen : &idle;
	answer->status = chosen->status;
	answer->headers = "Content-Type: application/x-amz-json-1.0\r\n";
	(void)snprintf(answer->body, sizeof(answer->body), "%s", chosen->body);
}

static int64_t wall_clock(void *data)
{
	(void)data;
	return INT64_C(1763877600) * LB_SECOND;
}

static const char *no_variable(void *data, const char *name)
{
	(void)data;
	(void)name;
	return NULL;
}

static void open_net(struct story *story)
{
	uv_loop_t *loop = &story->world->loop;
	struct lb_http_options http = {0};
	assert_int_equal(lb_host_create(loop, &story->host, &story->error), LB_OK);
	assert_int_equal(lb_http_create(loop, &http, &story->http, &story->error), LB_OK);
	lb_aws_http_init(&story->carrier, story->http);
	struct lb_aws_credentials_options options = {
		.settings = {.access_key_id = "AK", .secret_access_key = "secret"},
		.environment = {no_variable, NULL},
		.loop = loop,
		.transport = &story->carrier.transport,
		.now = wall_clock,
	};
	assert_int_equal(lb_aws_credentials_create(&options, &story->credentials, &story->error),
			 LB_OK);
}

static int setup(void **state)
{
	struct story *story = calloc(1, sizeof(*story));
	void *world = NULL;
	if (story == NULL || world_setup_objects(&world) != 0 ||
	    pthread_mutex_init(&story->lock, NULL) != 0) {
		return 1;
	}
	story->world = world;
	story->peer = http_peer_start(NULL, NULL);
	http_peer_serve(story->peer, serve, story);
	world_add_sensor(story->world, "orders");
	world_open(story->world);
	open_net(story);
	*state = story;
	return lb_notices_create(&story->notices, &story->error) != LB_OK ||
	       lb_notices_add(story->notices, story->world->source, &story->error) != LB_OK;
}

static int teardown(void **state)
{
	struct story *story = *state;
	void *world = story->world;
	lb_queue_destroy(story->queue);
	lb_notices_destroy(story->notices);
	lb_aws_credentials_destroy(story->credentials);
	lb_http_destroy(story->http);
	lb_host_destroy(story->host);
	(void)uv_run(&story->world->loop, UV_RUN_DEFAULT);
	int problem = world_teardown(&world);
	http_peer_stop(story->peer);
	lb_arena_finish(&story->arena);
	free(story);
	return problem;
}

static void start(struct story *story)
{
	char url[128];
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/123456789012/arrivals",
		       http_peer_port(story->peer));
	struct lb_queue_options options = {
		.clock = lb_host_clock(story->host),
		.http = story->http,
		.credentials = story->credentials,
		.notices = story->notices,
		.sources = &story->world->source,
		.source_count = 1,
		.random_seed = 7,
	};
	assert_int_equal(lb_sqs_place_find(url, NULL, "eu-central-1", NULL, &story->arena,
					   &options.place, &story->error),
			 LB_OK);
	assert_int_equal(lb_queue_create(&options, &story->queue, &story->error), LB_OK);
}

static bool reached(struct story *story, const size_t *counter, size_t least)
{
	(void)pthread_mutex_lock(&story->lock);
	bool enough = *counter >= least;
	(void)pthread_mutex_unlock(&story->lock);
	return enough;
}

/* Until the server has seen so many; the limit is for bugs. */
static void turn_until(struct story *story, const size_t *counter, size_t least)
{
	for (int turns = 0; !reached(story, counter, least); turns++) {
		assert_true(turns < 1000000);
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
}

static void record(struct story *story)
{
	struct lb_source *source = story->world->source;
	source->impl->recorded(source, story->world->calls);
}

#define MESSAGES(body)                                                                             \
	"{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"h1\",\"Body\":\"" body "\"}]}"

static void a_message_is_deleted_when_its_event_is_durable_and_not_before(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES(CREATED)};
	world_look(story->world);
	start(story);
	turn_until(story, &story->asked, 5);
	assert_true(world_knows(story->world, KEY));
	assert_int_equal(story->deleted, 0);
	record(story);
	turn_until(story, &story->deleted, 1);
	assert_non_null(strstr(story->last, "\"ReceiptHandle\":\"h1\""));
	assert_non_null(strstr(story->last, "/eu-central-1/sqs/aws4_request"));
	turn_until(story, &story->asked, 8);
	assert_int_equal(story->deleted, 1);
	assert_int_equal(lb_queue_totals(story->queue)->deleted, 1);
}

static void messages_with_nothing_for_anybody_are_deleted_at_once_and_together(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){
		200, "{\"Messages\":["
		     "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"h1\",\"Body\":\"{\\\"Event\\\":"
		     "\\\"s3:TestEvent\\\"}\"},"
		     "{\"MessageId\":\"m2\",\"ReceiptHandle\":\"h2\",\"Body\":\"{}\"}]}"};
	world_look(story->world);
	start(story);
	turn_until(story, &story->deleted, 1);
	assert_non_null(strstr(story->last, "h1"));
	assert_non_null(strstr(story->last, "h2"));
}

static void what_cannot_be_understood_stays_in_the_queue_and_is_counted_once(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES("half of {")};
	story->receives[1] = (struct answer){200, MESSAGES("half of {")};
	world_look(story->world);
	start(story);
	turn_until(story, &story->asked, 4);
	assert_int_equal(story->deleted, 0);
	assert_int_equal(lb_queue_totals(story->queue)->received, 2);
	assert_int_equal(lb_queue_totals(story->queue)->malformed, 1);
}

static void what_comes_before_the_first_scan_waits_for_it(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES(CREATED)};
	start(story);
	turn_until(story, &story->asked, 1);
	while (lb_queue_totals(story->queue)->received == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	world_look(story->world);
	turn_until(story, &story->asked, 2); /* asks again when nothing is held any more */
	assert_true(world_knows(story->world, KEY));
}

static void while_the_queue_fails_scans_list_and_it_is_tried_again(void **state)
{
	struct story *story = *state;
	world_look(story->world);
	story->receives[1] = (struct answer){
		400, "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\",\"message\":\"slower\"}"};
	start(story);
	turn_until(story, &story->asked, 2);
	while (lb_queue_totals(story->queue)->failures == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	world_put(story->world, KEY, 0);
	world_look_after(story->world, LB_SECOND);
	assert_int_equal(story->world->fresh, 1);
	turn_until(story, &story->asked, 4); /* the third was answered */
	story->world->objects->cost = (struct lb_listing_cost){0};
	world_look_after(story->world, LB_SECOND);
	assert_int_equal(story->world->objects->cost.requests, 0);
}

static void a_deletion_that_failed_is_made_again(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES("{}")};
	story->deletes[0] = (struct answer){500, "no JSON"};
	world_look(story->world);
	start(story);
	turn_until(story, &story->deleted, 2);
	turn_until(story, &story->asked, 3);
	while (lb_queue_totals(story->queue)->deleted == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	assert_int_equal(lb_queue_totals(story->queue)->failures, 1);
}

static void an_entry_that_was_not_deleted_is_left_to_come_again(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES("{}")};
	story->deletes[0] = (struct answer){
		200, "{\"Successful\":[],\"Failed\":[{\"Id\":\"0\",\"Code\":\"InternalError\"}]}"};
	story->receives[2] = (struct answer){200, MESSAGES("{}")};
	world_look(story->world);
	start(story);
	turn_until(story, &story->deleted, 2);
	while (lb_queue_totals(story->queue)->deleted == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	assert_int_equal(lb_queue_totals(story->queue)->received, 2);
}

static void a_queue_that_is_stopped_receives_nothing_and_still_deletes(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES(CREATED)};
	world_look(story->world);
	start(story);
	while (lb_queue_totals(story->queue)->received == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	lb_queue_stop(story->queue);
	size_t asked = story->asked;
	record(story);
	turn_until(story, &story->deleted, 1);
	assert_true(story->asked <= asked + 1);
}

static void a_queue_can_be_given_up_at_any_time(void **state)
{
	struct story *story = *state;
	story->receives[0] = (struct answer){200, MESSAGES(CREATED)};
	world_look(story->world);
	start(story);
	turn_until(story, &story->asked, 1);
	while (lb_queue_totals(story->queue)->received == 0) {
		(void)uv_run(&story->world->loop, UV_RUN_ONCE);
	}
	lb_queue_destroy(story->queue);
	story->queue = NULL;
	record(story);
	assert_int_equal(story->deleted, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_message_is_deleted_when_its_event_is_durable_and_not_before),
		TEST(messages_with_nothing_for_anybody_are_deleted_at_once_and_together),
		TEST(what_cannot_be_understood_stays_in_the_queue_and_is_counted_once),
		TEST(what_comes_before_the_first_scan_waits_for_it),
		TEST(while_the_queue_fails_scans_list_and_it_is_tried_again),
		TEST(a_deletion_that_failed_is_made_again),
		TEST(an_entry_that_was_not_deleted_is_left_to_come_again),
		TEST(a_queue_that_is_stopped_receives_nothing_and_still_deletes),
		TEST(a_queue_can_be_given_up_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
