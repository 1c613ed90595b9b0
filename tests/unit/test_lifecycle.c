#include "base/time.h"
#include "support/cmocka.h"
#include "support/jobs.h"

#include <string.h>

static int setup(void **state)
{
	static struct test_job test;
	test_job_init(&test);
	test_job_add(&test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_add(&test, "rates", "TRUE", "UNPAUSED", NULL);
	*state = &test;
	return 0;
}

static int teardown(void **state)
{
	test_job_finish(*state);
	return 0;
}

static void deliver_both(struct test_job *test)
{
	test_job_deliver(test, "orders", 1);
	test_job_deliver(test, "rates", 1);
}

static const struct lb_run_input *input_of(const struct lb_run *run, int64_t sensor)
{
	for (size_t i = 0; i < run->inputs.count; i++) {
		if (run->inputs.items[i].sensor == sensor) {
			return &run->inputs.items[i];
		}
	}
	return NULL;
}

static void an_event_makes_its_row_ready_and_the_last_one_plans_the_run(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 2);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_NEW_EVENT_AVAILABLE);
	assert_int_equal(test_job_row(test, "orders")->latest_event_fetched_at_us, TEST_NOW_US);
	assert_null(test->job.run);
	assert_int_equal(test->changes.sensor_entries.count, 1);
	assert_true(test->changes.sensor_entries.items[0].acquired);
	test_job_deliver(test, "rates", 1);
	assert_non_null(test->job.run);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
	assert_int_equal(test->job.run->run_no, 1);
	assert_int_equal(input_of(test->job.run, 1)->from_seq, 0);
	assert_int_equal(input_of(test->job.run, 1)->to_seq, 2);
	assert_int_equal(input_of(test->job.run, 2)->to_seq, 1);
	assert_int_equal(test->changes.consumed.count, 2);
}

static void acceptance_puts_every_row_in_progress(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "weather", "FALSE", "PAUSED", "COMPLETED");
	deliver_both(test);
	test_job_accept(test, "t1");
	assert_int_equal(test->job.run->state, LB_RUN_SUBMITTED);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(test->job.rows.items[i].status, LB_STATUS_IN_PROGRESS);
		assert_int_equal(test->job.rows.items[i].job_started_at_us, TEST_NOW_US);
	}
	assert_int_equal(test->changes.rows_changed.count, 3);
}

static void success_completes_the_rows_and_processes_the_sensors(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
	assert_int_equal(test_job_row(test, "rates")->job_ended_at_us, TEST_NOW_US);
	assert_int_equal(test->changes.sensor_entries.count, 2);
	assert_false(test->changes.sensor_entries.items[0].acquired);
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
}

/* Before 2.3.0 the original forgets what comes while a job runs. */
static void known_fault_data_that_arrives_during_a_run_is_forgotten(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_deliver(test, "orders", 1);
	test_job_deliver(test, "rates", 1);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_IN_PROGRESS);
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(test->job.run->run_no, 2);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
	assert_int_equal(input_of(test->job.run, 1)->from_seq, 1);
	assert_int_equal(input_of(test->job.run, 1)->to_seq, 2);
	for (size_t i = 0; i < test->changes.sensor_entries.count; i++) {
		assert_true(test->changes.sensor_entries.items[i].acquired);
	}
}

static void an_event_between_plan_and_acceptance_belongs_to_the_next_run(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_deliver(test, "orders", 1);
	assert_int_equal(input_of(test->job.run, 1)->to_seq, 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_NEW_EVENT_AVAILABLE);
	assert_int_equal(test_job_row(test, "rates")->status, LB_STATUS_COMPLETED);
	test_job_deliver(test, "rates", 1);
	assert_int_equal(test->job.run->run_no, 2);
}

static void a_newer_event_renews_the_row_that_waits(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test->now_us += LB_HOUR;
	test_job_deliver(test, "orders", 1);
	assert_int_equal(test_job_row(test, "orders")->latest_event_fetched_at_us,
			 TEST_NOW_US + LB_HOUR);
	assert_int_equal(test_job_row(test, "orders")->status_changed_at_us, TEST_NOW_US);
}

static void no_answer_and_refusal_keep_the_run_planned_under_its_token(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	(void)strcpy(test->job.run->token, "t1");
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_not_accepted(&test->job, "t1", true, "no such job",
						 test->now_us + LB_MINUTE, test->now_us,
						 &test->changes, &test->error),
			 LB_OK);
	test_job_settle(test);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
	assert_int_equal(test->job.run->tries, 1);
	assert_true(test->job.run->refused);
	assert_string_equal(test->job.run->message, "no such job");
	assert_int_equal(test->job.run->next_try_at_us, TEST_NOW_US + LB_MINUTE);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_NEW_EVENT_AVAILABLE);
	assert_int_equal(test->changes.audits.count, 1);
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_not_accepted(&test->job, "t1", true, "no such job",
						 test->now_us + LB_HOUR, test->now_us,
						 &test->changes, &test->error),
			 LB_OK);
	assert_int_equal(test->changes.audits.count, 0);
	assert_int_equal(test->job.run->tries, 2);
}

static void observations_of_another_run_change_nothing(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	(void)strcpy(test->job.run->token, "t1");
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_accepted(&test->job, "t0", NULL, NULL, test->now_us,
					     &test->changes, &test->error),
			 LB_OK);
	assert_int_equal(lb_job_run_ended(&test->job, "t0", LB_RUN_FAILED, NULL, test->now_us,
					  test->now_us, &test->changes, &test->error),
			 LB_OK);
	test_job_settle(test);
	assert_true(lb_changes_empty(&test->changes));
}

static void failure_stops_the_job_with_its_reason(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, "exit status 3");
	assert_int_equal(test->job.run->state, LB_RUN_FAILED);
	assert_string_equal(test->job.run->message, "exit status 3");
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_FAILED);
	test_job_deliver(test, "orders", 1);
	assert_int_equal(test_job_verdict(test), LB_JOB_FAILED);
	assert_int_equal(test->job.run->run_no, 1);
}

static void a_failed_run_is_retried_with_its_inputs_and_what_is_new(void **state)
{
	struct test_job *test = *state;
	test->job.policy.max_retries = 1;
	test->job.policy.retry_delay_us = 10 * LB_SECOND;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_deliver(test, "orders", 2);
	test_job_end(test, LB_RUN_FAILED, "exit status 3");
	assert_int_equal(test->job.run->run_no, 1);
	assert_int_equal(test->job.run->attempt, 2);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
	assert_int_equal(test->job.run->next_try_at_us, TEST_NOW_US + 10 * LB_SECOND);
	assert_int_equal(input_of(test->job.run, 1)->from_seq, 0);
	assert_int_equal(input_of(test->job.run, 1)->to_seq, 3);
	assert_int_equal(test->changes.runs.count, 2);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_IN_PROGRESS);
	test_job_accept(test, "t2");
	test_job_end(test, LB_RUN_FAILED, "exit status 3");
	assert_int_equal(test->job.run->attempt, 2);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_FAILED);
}

static void a_canceled_run_is_not_retried(void **state)
{
	struct test_job *test = *state;
	test->job.policy.max_retries = 5;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_CANCELED, NULL);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_FAILED);
}

static void a_run_seen_to_end_before_its_acceptance_counts_as_accepted(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	(void)strcpy(test->job.run->token, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(test->job.run->state, LB_RUN_SUCCEEDED);
	assert_int_equal(test->job.run->submitted_at_us, TEST_NOW_US);
	assert_int_equal(test_job_row(test, "rates")->status, LB_STATUS_COMPLETED);
	assert_int_equal(test->changes.runs.count, 1);
}

static void events_of_a_paused_row_wait_until_it_is_resumed(void **state)
{
	struct test_job *test = *state;
	struct lb_row *rates = test_job_row(test, "rates");
	rates->declared[LB_DECLARED_job_state] = "PAUSED";
	deliver_both(test);
	assert_int_equal(rates->status, LB_STATUS_NONE);
	assert_null(test->job.run);
	struct lb_answer answer;
	test_job_next_beat(test);
	assert_int_equal(lb_job_set_paused(&test->job, "rates", false, test->now_us, &test->changes,
					   &answer, &test->error),
			 LB_OK);
	test_job_settle(test);
	assert_true(answer.changed);
	assert_non_null(test->job.run);
}

static void a_row_set_ready_by_hand_starts_the_job_without_events(void **state)
{
	struct test_job *test = *state;
	test_job_row(test, "orders")->status = LB_STATUS_NEW_EVENT_AVAILABLE;
	test_job_row(test, "rates")->status = LB_STATUS_NEW_EVENT_AVAILABLE;
	test_job_settle(test);
	assert_non_null(test->job.run);
	assert_int_equal(test->job.run->inputs.count, 0);
}

static void settling_twice_changes_nothing_more(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_next_beat(test);
	test_job_settle(test);
	assert_true(lb_changes_empty(&test->changes));
}

static void every_transition_is_audited_with_its_cause(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	assert_int_equal(test->changes.audits.count, 3);
	const struct lb_audit *audit = &test->changes.audits.items[1];
	assert_string_equal(audit->sensor_id, "orders");
	assert_string_equal(audit->from, "NEW_EVENT_AVAILABLE");
	assert_string_equal(audit->to, "IN_PROGRESS");
	assert_string_equal(audit->cause, "run accepted");
	assert_int_equal(audit->run_no, 1);
	assert_string_equal(audit->who, "test");
}

static void two_base_locations_of_one_sensor_are_consumed_together(void **state)
{
	struct test_job *test = *state;
	struct lb_cursor cursors[] = {
		{.sensor = 1, .last_seq = 3, .consumed_seq = 3, .last_event_at_us = TEST_NOW_US},
		{.sensor = 9, .last_seq = 2, .consumed_seq = 0, .last_event_at_us = TEST_NOW_US},
	};
	struct lb_row *orders = test_job_row(test, "orders");
	orders->cursors = cursors;
	orders->cursor_count = 2;
	test_job_deliver(test, "rates", 1);
	assert_int_equal(test->job.run->inputs.count, 2);
	assert_int_equal(input_of(test->job.run, 9)->to_seq, 2);
	assert_null(input_of(test->job.run, 1));
}

static void a_late_refusal_changes_nothing(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	static const char *const tokens[] = {"t0", "t1"}; /* of an older run; of the accepted one */
	for (size_t i = 0; i < 2; i++) {
		test_job_next_beat(test);
		assert_int_equal(lb_job_run_not_accepted(&test->job, tokens[i], true, "no", 0,
							 test->now_us, &test->changes,
							 &test->error),
				 LB_OK);
		test_job_settle(test);
		assert_true(lb_changes_empty(&test->changes));
	}
}

static void a_failure_leaves_rows_alone_that_somebody_ended_by_hand(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_row(test, "rates")->status = LB_STATUS_OTHER;
	test_job_end(test, LB_RUN_FAILED, NULL);
	assert_string_equal(test->changes.audits.items[0].cause, "run failed");
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_FAILED);
	assert_int_equal(test_job_row(test, "rates")->status, LB_STATUS_OTHER);
}

/* As the runner tells it of a run that had failed. */
static void make_good(struct test_job *test, const char *token)
{
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_ended(&test->job, token, LB_RUN_SUCCEEDED, "it was repaired",
					  test->now_us, test->now_us, &test->changes, &test->error),
			 LB_OK);
	test_job_settle(test);
}

static void a_failed_run_that_was_made_good_revives_its_job(void **state)
{
	struct test_job *test = *state;
	static const enum lb_run_state ends[] = {LB_RUN_FAILED, LB_RUN_CANCELED};
	for (size_t i = 0; i < 2; i++) {
		deliver_both(test);
		test_job_accept(test, "t1");
		test_job_end(test, ends[i], NULL);
		make_good(test, "t1");
		assert_int_equal(test->job.run->state, LB_RUN_SUCCEEDED);
		assert_string_equal(test->job.run->message, "it was repaired");
		assert_string_equal(test->changes.audits.items[0].from, lb_run_state_text(ends[i]));
		assert_string_equal(test->changes.audits.items[0].cause, "it was repaired");
		assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
		assert_int_equal(test_job_row(test, "rates")->status, LB_STATUS_COMPLETED);
		make_good(test, "t1");
		assert_true(lb_changes_empty(&test->changes));
	}
}

static void a_revived_job_starts_for_what_came_meanwhile(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, NULL);
	deliver_both(test);
	assert_int_equal(test->job.run->run_no, 1);
	make_good(test, "t1");
	assert_int_equal(test->job.run->run_no, 2);
	assert_int_equal(input_of(test->job.run, 1)->from_seq, 1);
}

static void a_run_that_was_made_good_too_late_changes_nothing(void **state)
{
	struct test_job *test = *state;
	deliver_both(test);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, NULL);
	struct lb_answer answer;
	test_job_next_beat(test);
	assert_int_equal(lb_job_complete(&test->job, NULL, false, test->now_us, &test->changes,
					 &answer, &test->error),
			 LB_OK);
	test_job_settle(test);
	make_good(test, "t1");
	assert_true(lb_changes_empty(&test->changes));
	assert_int_equal(test->job.run->state, LB_RUN_FAILED);
	deliver_both(test);
	make_good(test, "t1"); /* the job has a newer run */
	assert_true(lb_changes_empty(&test->changes));
	test_job_accept(test, "t2");
	test_job_end(test, LB_RUN_FAILED, NULL);
	test_job_end(test, LB_RUN_FAILED, NULL);
	assert_true(lb_changes_empty(&test->changes));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_event_makes_its_row_ready_and_the_last_one_plans_the_run),
		TEST(acceptance_puts_every_row_in_progress),
		TEST(success_completes_the_rows_and_processes_the_sensors),
		TEST(known_fault_data_that_arrives_during_a_run_is_forgotten),
		TEST(an_event_between_plan_and_acceptance_belongs_to_the_next_run),
		TEST(a_newer_event_renews_the_row_that_waits),
		TEST(no_answer_and_refusal_keep_the_run_planned_under_its_token),
		TEST(observations_of_another_run_change_nothing),
		TEST(failure_stops_the_job_with_its_reason),
		TEST(a_failed_run_is_retried_with_its_inputs_and_what_is_new),
		TEST(a_failed_run_that_was_made_good_revives_its_job),
		TEST(a_revived_job_starts_for_what_came_meanwhile),
		TEST(a_run_that_was_made_good_too_late_changes_nothing),
		TEST(a_canceled_run_is_not_retried),
		TEST(a_run_seen_to_end_before_its_acceptance_counts_as_accepted),
		TEST(events_of_a_paused_row_wait_until_it_is_resumed),
		TEST(a_row_set_ready_by_hand_starts_the_job_without_events),
		TEST(settling_twice_changes_nothing_more),
		TEST(every_transition_is_audited_with_its_cause),
		TEST(two_base_locations_of_one_sensor_are_consumed_together),
		TEST(a_late_refusal_changes_nothing),
		TEST(a_failure_leaves_rows_alone_that_somebody_ended_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
