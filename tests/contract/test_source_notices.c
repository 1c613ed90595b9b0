/* Objects that notifications tell of, beside listings: nothing lost, nothing twice, and
 * no requests while nothing calls for them. */
#include "base/time.h"
#include "sources/trigger_file/notices.h"
#include "support/cmocka.h"
#include "support/source_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "orders/orders_20251123_055000.txt"
#define SECOND "orders/orders_20251123_055900.txt"

struct story {
	struct world *world;
	struct lb_notices *notices;
	struct lb_notice notice;
	size_t done;
	struct lb_error error;
};

static void on_done(struct lb_notice *notice)
{
	struct story *story = notice->data;
	story->done++;
}

static int setup(void **state)
{
	struct story *story = calloc(1, sizeof(*story));
	void *world = NULL;
	if (story == NULL || world_setup_objects(&world) != 0) {
		return 1;
	}
	story->world = world;
	story->notice = (struct lb_notice){.done = on_done, .data = story};
	*state = story;
	return 0;
}

static int teardown(void **state)
{
	struct story *story = *state;
	void *world = story->world;
	lb_notices_destroy(story->notices);
	free(story);
	return world_teardown(&world);
}

/* The source is there, with one sensor, and has not scanned. */
static void open_with(struct story *story, const char *sensor_id)
{
	struct world *world = story->world;
	world_add_sensor(world, sensor_id);
	world_open(world);
	assert_int_equal(lb_notices_create(&story->notices, &story->error), LB_OK);
	assert_int_equal(lb_notices_add(story->notices, world->source, &story->error), LB_OK);
	lb_trigger_file_objects_trust(world->source, true);
}

/* The same after the first scan. */
static void begin(struct story *story)
{
	open_with(story, "orders");
	world_look(story->world);
}

static void record(struct story *story)
{
	struct lb_source *source = story->world->source;
	source->impl->recorded(source, story->world->calls);
}

static enum lb_notice_fate post(struct story *story, const char *body)
{
	if (story->notice.is_posted) {
		record(story);
	}
	story->world->fresh = 0;
	return lb_notices_post(story->notices, &story->notice, body, strlen(body), &story->error);
}

static enum lb_notice_fate tell(struct story *story, const char *bucket, const char *key,
				const char *etag)
{
	char body[1024];
	(void)snprintf(
		body, sizeof(body),
		"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\","
		"\"eventTime\":\"2025-11-23T05:59:00.000Z\",\"s3\":{\"bucket\":{\"name\":\"%s\"},"
		"\"object\":{\"key\":\"%s\",\"size\":7,\"eTag\":\"%s\"}}}]}",
		bucket, key, etag);
	return post(story, body);
}

static enum lb_notice_fate tell_of(struct story *story, const char *key)
{
	char whole[256];
	(void)snprintf(whole, sizeof(whole), "triggers/%s", key);
	return tell(story, "bucket", whole, "e1");
}

static size_t requests_of_look(struct world *world)
{
	world->objects->cost = (struct lb_listing_cost){0};
	world_look_after(world, LB_MINUTE);
	return world->objects->cost.requests;
}

static void an_object_counts_when_it_is_told_and_is_forgotten_when_it_is_durable(void **state)
{
	struct story *story = *state;
	begin(story);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	assert_true(world_knows(story->world, FIRST));
	assert_int_equal(story->done, 0);
	record(story);
	assert_int_equal(story->done, 1);
}

static void the_same_told_twice_and_listed_counts_once(void **state)
{
	struct story *story = *state;
	begin(story);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	record(story);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	assert_int_equal(story->world->fresh, 0);
	record(story);
	world_put(story->world, FIRST, LB_MINUTE);
	world_look_after(story->world, 2 * LB_DAY);
	assert_int_equal(story->world->fresh, 0);
	assert_int_equal(story->world->log.count, 1);
}

static void disorder_costs_nothing(void **state)
{
	struct story *story = *state;
	begin(story);
	assert_int_equal(tell_of(story, SECOND), LB_NOTICE_TAKEN);
	record(story);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	record(story);
	assert_int_equal(story->done, 2);
	assert_true(world_knows(story->world, FIRST) && world_knows(story->world, SECOND));
}

static void what_is_elsewhere_or_no_delivery_is_passed_over(void **state)
{
	struct story *story = *state;
	story->world->options.max_file_age_us = LB_DAY;
	story->world->options.path_glob_filter = "*.txt";
	begin(story);
	assert_int_equal(tell(story, "bucket2", "triggers/" FIRST, "e"), LB_NOTICE_NOTHING);
	assert_int_equal(tell(story, "bucke", "triggers/" FIRST, "e"), LB_NOTICE_NOTHING);
	assert_int_equal(tell(story, "bucket", "triggers2/" FIRST, "e"), LB_NOTICE_NOTHING);
	assert_int_equal(tell(story, "bucket", FIRST, "e"), LB_NOTICE_NOTHING);
	assert_int_equal(tell(story, "bucket", "triggers", "e"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders/"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders/deeper/a.txt"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders/.hidden.txt"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders/a.csv"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "order/a.txt"), LB_NOTICE_NOTHING);
	assert_int_equal(tell_of(story, "orders2/a.txt"), LB_NOTICE_NOTHING);
	story->world->now_us += 2 * LB_DAY;
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_NOTHING);
	assert_int_equal(story->world->log.count, 0);
}

static void a_test_event_is_nothing_and_a_malformed_message_never_becomes_one(void **state)
{
	struct story *story = *state;
	begin(story);
	assert_int_equal(post(story, "{\"Event\":\"s3:TestEvent\"}"), LB_NOTICE_NOTHING);
	assert_int_equal(post(story, "half of {"), LB_NOTICE_MALFORMED);
	assert_int_equal(story->error.code, LB_CORRUPT);
}

static void before_the_first_scan_nobody_knows_whom_an_object_is_for(void **state)
{
	struct story *story = *state;
	open_with(story, "orders");
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_LATER);
	world_look(story->world);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
}

static void while_all_is_told_scans_cost_nothing(void **state)
{
	struct story *story = *state;
	begin(story);
	assert_int_equal(requests_of_look(story->world), 0);
	lb_trigger_file_objects_trust(story->world->source, false);
	assert_int_equal(requests_of_look(story->world), 1);
	lb_trigger_file_objects_trust(story->world->source, true);
	assert_int_equal(requests_of_look(story->world), 0);
}

static void what_was_never_told_is_found_by_the_full_pass(void **state)
{
	struct story *story = *state;
	begin(story);
	world_put(story->world, FIRST, 0);
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->fresh, 0);
	world_look_after(story->world, LB_DAY);
	assert_int_equal(story->world->fresh, 1);
	assert_int_equal(story->world->listed_all, 1);
}

static void a_pass_over_all_can_be_had_more_often(void **state)
{
	struct story *story = *state;
	story->world->options.notified_interval_us = LB_HOUR;
	begin(story);
	world_put(story->world, FIRST, 0);
	world_look_after(story->world, 59 * LB_MINUTE);
	assert_int_equal(story->world->fresh, 0);
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->fresh, 1);
	assert_int_equal(requests_of_look(story->world), 0);
}

static void a_new_sensor_is_listed_at_once_and_alone(void **state)
{
	struct story *story = *state;
	begin(story);
	world_add_sensor(story->world, "rates");
	world_put(story->world, "rates/a.txt", LB_MINUTE);
	world_put(story->world, FIRST, LB_MINUTE);
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->fresh, 1);
	assert_true(world_knows(story->world, "rates/a.txt"));
	assert_int_equal(requests_of_look(story->world), 0);
}

static void what_could_not_be_taken_is_found_by_the_next_scan(void **state)
{
	struct story *story = *state;
	begin(story);
	world_put(story->world, FIRST, 0);
	story->world->deaf = true;
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_LATER);
	story->world->deaf = false;
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->fresh, 1);
	assert_int_equal(story->done, 0);
}

static void what_a_scan_found_and_was_not_recorded_is_found_again(void **state)
{
	struct story *story = *state;
	open_with(story, "orders");
	world_put(story->world, FIRST, 0);
	world_look(story->world);
	assert_int_equal(story->world->told, 1);
	world_lose(story->world);
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->told, 1);
}

static void a_scan_that_failed_is_made_again(void **state)
{
	struct story *story = *state;
	open_with(story, "orders");
	world_break(story->world, true);
	world_look(story->world);
	assert_int_equal(story->world->failed, 1);
	world_break(story->world, false);
	world_put(story->world, FIRST, 0);
	world_look_after(story->world, LB_MINUTE);
	assert_int_equal(story->world->fresh, 1);
}

static void a_pass_in_parts_is_gone_through_to_its_end(void **state)
{
	struct story *story = *state;
	char key[64];
	for (int i = 0; i < 40; i++) {
		(void)snprintf(key, sizeof(key), "orders/%02d.txt", i);
		world_put(story->world, key, LB_MINUTE);
	}
	open_with(story, "orders");
	story->world->bytes_max = 1;
	int looks = 0;
	do {
		world_look(story->world);
		assert_true(++looks < 50);
	} while (story->world->unfinished);
	assert_true(looks > 1);
	assert_int_equal(story->world->log.count, 40);
	assert_int_equal(requests_of_look(story->world), 0);
}

static void what_exists_at_first_sight_is_not_told_as_new(void **state)
{
	struct story *story = *state;
	story->world->options.include_existing_files = false;
	open_with(story, "orders");
	world_put(story->world, FIRST, LB_MINUTE);
	world_look(story->world);
	assert_true(world_find(story->world, FIRST)->existing);
	/* the scan had begun before anybody knew which files existed */
	assert_int_equal(tell_of(story, SECOND), LB_NOTICE_NOTHING);
	assert_int_equal(story->world->rescans, 1);
	world_put(story->world, SECOND, 0);
	world_look_after(story->world, LB_SECOND);
	assert_int_equal(story->world->fresh, 1);
	assert_false(world_find(story->world, SECOND)->existing);
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	assert_int_equal(story->world->fresh, 0);
}

static void an_overwritten_file_counts_by_its_etag(void **state)
{
	struct story *story = *state;
	story->world->options.allow_overwrites = true;
	begin(story);
	assert_int_equal(tell(story, "bucket", "triggers/" FIRST, "e1"), LB_NOTICE_TAKEN);
	assert_int_equal(tell(story, "bucket", "triggers/" FIRST, "e1"), LB_NOTICE_TAKEN);
	assert_int_equal(story->world->fresh, 0);
	assert_int_equal(tell(story, "bucket", "triggers/" FIRST, "e2"), LB_NOTICE_TAKEN);
	assert_int_equal(story->world->fresh, 1);
	assert_int_equal(tell(story, "bucket", "triggers/" FIRST, ""), LB_NOTICE_NOTHING);
	assert_int_equal(story->world->rescans, 1);
	assert_int_equal(requests_of_look(story->world), 1);
}

static void who_gave_up_waiting_is_not_called(void **state)
{
	struct story *story = *state;
	begin(story);
	struct lb_notice other = {.done = on_done, .data = story};
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	assert_int_equal(lb_notices_post(story->notices, &other, "{}", 2, &story->error),
			 LB_NOTICE_NOTHING);
	lb_notices_cancel(story->notices, &other);
	lb_notices_cancel(story->notices, &story->notice);
	record(story);
	assert_int_equal(story->done, 0);
	assert_int_equal(tell_of(story, SECOND), LB_NOTICE_TAKEN);
	record(story);
	assert_int_equal(story->done, 1);
}

static void each_waits_for_its_own_events_alone(void **state)
{
	struct story *story = *state;
	begin(story);
	struct lb_source *source = story->world->source;
	assert_int_equal(tell_of(story, FIRST), LB_NOTICE_TAKEN);
	uint64_t first = story->world->calls;
	struct lb_notice later = {.done = on_done, .data = story};
	static const char body[] =
		"{\"detail-type\":\"Object Created\",\"detail\":{\"bucket\":{"
		"\"name\":\"bucket\"},\"object\":{\"key\":\"triggers/" SECOND "\"}}}";
	assert_int_equal(lb_notices_post(story->notices, &later, body, strlen(body), &story->error),
			 LB_NOTICE_TAKEN);
	source->impl->recorded(source, first);
	assert_int_equal(story->done, 1);
	assert_true(later.is_posted);
	source->impl->recorded(source, first + 1);
	assert_int_equal(story->done, 2);
	assert_false(later.is_posted);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(an_object_counts_when_it_is_told_and_is_forgotten_when_it_is_durable),
		TEST(the_same_told_twice_and_listed_counts_once),
		TEST(disorder_costs_nothing),
		TEST(what_is_elsewhere_or_no_delivery_is_passed_over),
		TEST(a_test_event_is_nothing_and_a_malformed_message_never_becomes_one),
		TEST(before_the_first_scan_nobody_knows_whom_an_object_is_for),
		TEST(while_all_is_told_scans_cost_nothing),
		TEST(what_was_never_told_is_found_by_the_full_pass),
		TEST(a_pass_over_all_can_be_had_more_often),
		TEST(a_new_sensor_is_listed_at_once_and_alone),
		TEST(what_could_not_be_taken_is_found_by_the_next_scan),
		TEST(what_a_scan_found_and_was_not_recorded_is_found_again),
		TEST(a_scan_that_failed_is_made_again),
		TEST(a_pass_in_parts_is_gone_through_to_its_end),
		TEST(what_exists_at_first_sight_is_not_told_as_new),
		TEST(an_overwritten_file_counts_by_its_etag),
		TEST(who_gave_up_waiting_is_not_called),
		TEST(each_waits_for_its_own_events_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
