/* test_explain.c: what is told of a job is what readiness decided. */
#include "base/time.h"
#include "cli/explain.h"
#include "support/cmocka.h"
#include "support/jobs.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct story {
	struct test_job test;
	struct lb_acon acon;
	struct lb_config config;
	struct lb_explanation explanation;
};

static int story_setup(void **state)
{
	struct story *story = calloc(1, sizeof(*story));
	assert_non_null(story);
	test_job_init(&story->test);
	story->acon = (struct lb_acon){.sensor_source = "trigger_file",
				       .base_trigger_file_location = "/triggers"};
	story->config.acons.items = &story->acon;
	story->config.acons.count = 1;
	story->config.default_runner = "test";
	*state = story;
	return 0;
}

static int story_teardown(void **state)
{
	struct story *story = *state;
	test_job_finish(&story->test);
	free(story);
	return 0;
}

/* Judges the job as it stands. */
static const struct lb_explanation *tell(struct story *story)
{
	struct test_job *test = &story->test;
	story->explanation = (struct lb_explanation){
		.arena = &test->arena,
		.config = &story->config,
		.trigger_job_id = test->job.trigger_job_id,
		.job = &test->job,
		.held = lb_run_is_live(test->job.run) && lb_readiness_is_held(&test->job),
		.now_us = test->now_us,
	};
	assert_int_equal(lb_readiness_judge(&test->job, &test->arena, &story->explanation.readiness,
					    &test->error),
			 LB_OK);
	return &story->explanation;
}

static void assert_verdict(struct story *story, const char *expected)
{
	assert_string_equal(lb_explain_verdict(tell(story)), expected);
}

static void assert_row(struct story *story, size_t at, bool blocks, const char *expected)
{
	const struct lb_explanation *explanation = tell(story);
	assert_int_equal(lb_explain_blocks(explanation, at), blocks);
	assert_string_equal(lb_explain_row(explanation, at), expected);
}

static void assert_advice(struct story *story, const char *expected)
{
	const char *advice = lb_explain_advice(tell(story));
	if (expected == NULL) {
		assert_null(advice);
	} else {
		assert_non_null(advice);
		assert_non_null(strstr(advice, expected));
	}
}

static void a_job_waits_for_the_hard_sensors_that_have_nothing_new(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", NULL);
	(void)test_job_add(&story->test, "rates", "TRUE", "UNPAUSED", NULL);
	(void)test_job_add(&story->test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_verdict(story, "waits for orders and rates");
	test_job_deliver(&story->test, "orders", 1);
	test_job_settle(&story->test);
	assert_verdict(story, "waits for rates");
	assert_row(story, 0, false, "has a new event, of 2025-11-23 06:00:00");
	assert_row(story, 1, true, "has no new event; none has come so far");
	assert_row(story, 2, false,
		   "has no new event, and need not have one; none has come so far");
	assert_advice(story, "/triggers/rates/");
	assert_advice(story, "lakebeat emit rates");
}

static void a_job_that_failed_and_then_was_paused_needs_both_to_go_on(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "PAUSED", "COMPLETED");
	assert_advice(story, "lakebeat resume 666 lets it start");
	(void)test_job_add(&story->test, "rates", "TRUE", "PAUSED", "FAILED");
	assert_advice(story, "lakebeat resume 666, then lakebeat retry 666");
}

static void three_sensors_are_listed_and_many_are_counted(void **state)
{
	struct story *story = *state;
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	for (size_t i = 0; i < 10; i++) {
		(void)test_job_add(&story->test, names[i], "TRUE", "UNPAUSED", NULL);
		if (i == 2) {
			assert_verdict(story, "waits for a, b and c");
		}
	}
	assert_verdict(story, "waits for a, b, c, d, e, f, g, h and 2 more");
}

static void without_memory_no_sensor_is_left_out_unseen(void **state)
{
	struct story *story = *state;
	static const char expected[] = "waits for a, b, c, d, e, f, g, h and 1 more";
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)test_job_add(&story->test, names[i], "TRUE", "UNPAUSED", NULL);
	}
	const struct lb_explanation *explanation = tell(story);
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		memory_fail_after(count);
		const char *verdict = lb_explain_verdict(explanation);
		failed = memory_restore();
		assert_true(strcmp(verdict, expected) == 0 || strchr(verdict, '?') != NULL);
	}
	assert_verdict(story, expected);
}

static void a_sensor_that_waits_tells_for_how_long(void **state)
{
	struct story *story = *state;
	struct lb_row *row = test_job_add(&story->test, "rates", "TRUE", "UNPAUSED", "COMPLETED");
	row->cursors[0] = (struct lb_cursor){1, 4, 4, TEST_NOW_US - 3 * LB_HOUR};
	assert_row(story, 0, true, "has no new event; the last one came 3 h ago");
}

static void a_source_that_no_acon_is_about_is_named(void **state)
{
	struct story *story = *state;
	struct lb_row *row = test_job_add(&story->test, "topic", "TRUE", "UNPAUSED", NULL);
	row->declared[LB_DECLARED_sensor_source] = "kafka";
	assert_row(story, 0, true, "has no new event; no ACON is about its source, kafka");
	assert_advice(story, NULL);
}

static void a_ready_job_says_who_starts_it(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", "NEW_EVENT_AVAILABLE");
	assert_verdict(story, "is ready: the running lakebeat or the next lakebeat once starts it");
	story->config.default_runner = NULL;
	assert_verdict(story, "is ready, but no runner is configured to start it");
}

static void a_paused_job_tells_that_events_wait_and_how_to_resume(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "PAUSED", "COMPLETED");
	(void)test_job_add(&story->test, "weather", "FALSE", "PAUSED", "COMPLETED");
	test_job_deliver(&story->test, "orders", 2);
	test_job_deliver(&story->test, "weather", 1);
	test_job_settle(&story->test);
	assert_verdict(story, "is paused: none of its rows is UNPAUSED");
	assert_row(story, 0, true, "is paused and has no new event; 2 events wait");
	assert_row(story, 1, false, "is paused; 1 event waits");
	assert_advice(story, "lakebeat resume 666 ");
}

static void one_paused_row_holds_the_job_up_and_can_be_resumed_alone(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "PAUSED", NULL);
	(void)test_job_add(&story->test, "rates", "TRUE", "UNPAUSED", "NEW_EVENT_AVAILABLE");
	assert_verdict(story, "waits for orders");
	assert_advice(story, "lakebeat resume 666 --sensor orders ");
}

static void events_of_paused_sensors_alone_start_nothing(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "PAUSED", "NEW_EVENT_AVAILABLE");
	(void)test_job_add(&story->test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_verdict(story, "waits: the sensors that have a new event are paused");
}

static void a_job_of_soft_rows_waits_for_any_of_them(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_verdict(story, "waits: none of its sensors has a new event");
}

static void an_event_that_is_too_old_waits_for_a_newer_one(void **state)
{
	struct story *story = *state;
	struct lb_row *old =
		test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", "NEW_EVENT_AVAILABLE");
	struct lb_row *fresh =
		test_job_add(&story->test, "rates", "TRUE", "UNPAUSED", "NEW_EVENT_AVAILABLE");
	old->latest_event_fetched_at_us = TEST_NOW_US - 7 * LB_HOUR;
	fresh->latest_event_fetched_at_us = TEST_NOW_US;
	story->test.job.policy.max_event_gap_us = 6 * LB_HOUR;
	assert_verdict(story, "waits for orders");
	assert_row(story, 0, true,
		   "has an event that is over 6 h older than the newest; waits for a newer one "
		   "(max_event_gap_hours)");
	assert_row(story, 1, false, "has a new event, of 2025-11-23 06:00:00");
}

static void a_status_that_nobody_knows_is_shown_with_the_way_out(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", "DO\x1bNE");
	assert_row(story, 0, true, "has the status 'DO\\x1bNE', which lakebeat does not know");
	assert_advice(story, "NULL");
}

static void a_failed_job_tells_the_reason_and_both_ways_out(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(&story->test, "orders", 1);
	test_job_settle(&story->test);
	test_job_accept(&story->test, "token");
	test_job_end(&story->test, LB_RUN_FAILED, "exit status 3");
	assert_verdict(story, "has failed: exit status 3");
	assert_row(story, 0, true, "stopped when the job failed");
	assert_advice(story, "lakebeat retry 666 ");
	assert_advice(story, "lakebeat complete 666 ");
}

static void a_run_in_flight_tells_since_when(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(&story->test, "orders", 1);
	test_job_settle(&story->test);
	assert_verdict(story, "is about to start: run 1 is planned");
	test_job_accept(&story->test, "token");
	story->test.now_us += 5 * LB_MINUTE;
	assert_verdict(story, "runs: run 1 started 5 min ago");
	assert_row(story, 0, true, "is in progress");
	assert_advice(story, NULL);
}

static void a_refused_run_tells_when_it_is_asked_for_again(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(&story->test, "orders", 1);
	test_job_settle(&story->test);
	story->test.job.run->refused = true;
	story->test.job.run->tries = 1;
	story->test.job.run->next_try_at_us = TEST_NOW_US + 10 * LB_MINUTE;
	assert_verdict(story, "was refused: run 1 is planned and asked for again in 10 min");
	assert_advice(story, "lakebeat retry 666 ");
	story->test.job.run->refused = false;
	assert_verdict(story, "starts as soon as its runner answers: run 1 has been asked for "
			      "once, next in 10 min");
	assert_advice(story, NULL);
}

static void a_planned_run_of_a_paused_job_is_held(void **state)
{
	struct story *story = *state;
	struct lb_row *row = test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(&story->test, "orders", 1);
	test_job_settle(&story->test);
	row = test_job_row(&story->test, "orders");
	row->declared[LB_DECLARED_job_state] = "PAUSED";
	assert_verdict(story, "is held: run 1 is planned, but the job is paused");
	assert_advice(story, "lakebeat resume 666 ");
}

static void rows_in_progress_without_a_run_are_told_apart(void **state)
{
	struct story *story = *state;
	(void)test_job_add(&story->test, "orders", "TRUE", "UNPAUSED", "IN_PROGRESS");
	assert_verdict(story,
		       "is in progress by its rows, but lakebeat has no run of it in flight");
	assert_advice(story, "lakebeat complete 666 ");
}

static void a_job_that_left_the_control_table_is_history(void **state)
{
	assert_verdict(*state, "is not in the control table any more; what remains is its history");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)
		TEST(a_job_waits_for_the_hard_sensors_that_have_nothing_new),
		TEST(a_job_that_failed_and_then_was_paused_needs_both_to_go_on),
		TEST(three_sensors_are_listed_and_many_are_counted),
		TEST(without_memory_no_sensor_is_left_out_unseen),
		TEST(a_sensor_that_waits_tells_for_how_long),
		TEST(a_source_that_no_acon_is_about_is_named),
		TEST(a_ready_job_says_who_starts_it),
		TEST(a_paused_job_tells_that_events_wait_and_how_to_resume),
		TEST(one_paused_row_holds_the_job_up_and_can_be_resumed_alone),
		TEST(events_of_paused_sensors_alone_start_nothing),
		TEST(a_job_of_soft_rows_waits_for_any_of_them),
		TEST(an_event_that_is_too_old_waits_for_a_newer_one),
		TEST(a_status_that_nobody_knows_is_shown_with_the_way_out),
		TEST(a_failed_job_tells_the_reason_and_both_ways_out),
		TEST(a_run_in_flight_tells_since_when),
		TEST(a_refused_run_tells_when_it_is_asked_for_again),
		TEST(a_planned_run_of_a_paused_job_is_held),
		TEST(rows_in_progress_without_a_run_are_told_apart),
		TEST(a_job_that_left_the_control_table_is_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
