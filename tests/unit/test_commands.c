#include "base/time.h"
#include "support/cmocka.h"
#include "support/jobs.h"

#include <string.h>

static int setup(void **state)
{
	static struct test_job test;
	test_job_init(&test);
	test_job_add(&test, "orders", "TRUE", "UNPAUSED", NULL);
	*state = &test;
	return 0;
}

static int teardown(void **state)
{
	test_job_finish(*state);
	return 0;
}

static struct lb_answer complete(struct test_job *test, const char *token, bool consume_all)
{
	struct lb_answer answer;
	test_job_next_beat(test);
	assert_int_equal(lb_job_complete(&test->job, token, consume_all, test->now_us,
					 &test->changes, &answer, &test->error),
			 LB_OK);
	test_job_settle(test);
	return answer;
}

static struct lb_answer retry(struct test_job *test)
{
	struct lb_answer answer;
	test_job_next_beat(test);
	assert_int_equal(
		lb_job_retry(&test->job, test->now_us, &test->changes, &answer, &test->error),
		LB_OK);
	test_job_settle(test);
	return answer;
}

static void complete_ends_the_run_in_flight(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	assert_true(complete(test, NULL, false).changed);
	assert_int_equal(test->job.run->state, LB_RUN_SUCCEEDED);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
}

static void complete_and_polling_together_are_harmless(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	assert_false(complete(test, "t1", false).changed);
	assert_true(lb_changes_empty(&test->changes));
}

static void a_late_complete_does_not_end_the_next_run(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t2");
	assert_false(complete(test, "t1", false).changed);
	assert_int_equal(test->job.run->state, LB_RUN_SUBMITTED);
}

static void a_stray_complete_loses_no_event(void **state)
{
	struct test_job *test = *state;
	struct lb_row *orders = test_job_row(test, "orders");
	orders->cursors[0].last_seq = 2;
	orders->status = LB_STATUS_OTHER; /* nothing plans a run */
	struct lb_answer answer = complete(test, NULL, false);
	assert_false(answer.changed);
	assert_non_null(strstr(answer.text, "2 events wait"));
	assert_non_null(strstr(answer.text, "--consume-all"));
	assert_int_equal(orders->cursors[0].consumed_seq, 0);
}

static void a_planned_run_is_completed_by_its_own_token_only(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	(void)strcpy(test->job.run->token, "t1");
	assert_false(complete(test, NULL, false).changed);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
	assert_true(complete(test, "t1", false).changed);
	assert_int_equal(test->job.run->state, LB_RUN_SUCCEEDED);
}

static void consume_all_marks_waiting_events_as_done_by_hand(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "rates", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(test, "orders", 3);
	assert_true(complete(test, NULL, true).changed);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
	assert_int_equal(test->changes.consumed.count, 1);
	assert_int_equal(test->changes.consumed.items[0].seq, 3);
}

static void complete_revives_a_failed_job(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, "exit status 1");
	test_job_deliver(test, "orders", 1);
	assert_true(complete(test, NULL, false).changed);
	assert_int_equal(test->job.run->run_no, 2);
	assert_int_equal(test->job.run->state, LB_RUN_PLANNED);
}

static void complete_ends_what_another_program_left_in_progress(void **state)
{
	struct test_job *test = *state;
	test_job_row(test, "orders")->status = LB_STATUS_IN_PROGRESS;
	assert_true(complete(test, NULL, false).changed);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
}

static void retry_gives_a_failed_job_a_new_attempt_with_the_same_inputs(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 2);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, "exit status 1");
	assert_true(retry(test).changed);
	assert_int_equal(test->job.run->run_no, 1);
	assert_int_equal(test->job.run->attempt, 2);
	assert_int_equal(test->job.run->next_try_at_us, TEST_NOW_US);
	assert_int_equal(test->job.run->inputs.items[0].from_seq, 0);
	assert_int_equal(test->job.run->inputs.items[0].to_seq, 2);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_NEW_EVENT_AVAILABLE);
	assert_false(retry(test).changed);
}

static void retry_sends_a_refused_run_at_once(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test->job.run->next_try_at_us = TEST_NOW_US + LB_HOUR;
	assert_true(retry(test).changed);
	assert_int_equal(test->job.run->next_try_at_us, TEST_NOW_US);
	assert_int_equal(test->job.run->attempt, 1);
}

static void retry_of_a_job_that_has_not_failed_changes_nothing(void **state)
{
	struct test_job *test = *state;
	assert_false(retry(test).changed);
	assert_true(lb_changes_empty(&test->changes));
}

static void pause_and_resume_say_how_many_rows_they_changed(void **state)
{
	struct test_job *test = *state;
	struct lb_answer answer;
	assert_int_equal(lb_job_set_paused(&test->job, NULL, true, test->now_us, &test->changes,
					   &answer, &test->error),
			 LB_OK);
	assert_string_equal(answer.text, "job 666: 1 of 1 rows paused");
	assert_string_equal(test_job_row(test, "orders")->declared[LB_DECLARED_job_state],
			    "PAUSED");
	assert_int_equal(lb_job_set_paused(&test->job, NULL, true, test->now_us, &test->changes,
					   &answer, &test->error),
			 LB_OK);
	assert_false(answer.changed);
	assert_int_equal(lb_job_set_paused(&test->job, "nosuch", true, test->now_us, &test->changes,
					   &answer, &test->error),
			 LB_NOT_FOUND);
}

static void consume_all_takes_back_a_row_set_ready_by_hand(void **state)
{
	struct test_job *test = *state;
	struct lb_row *rates = test_job_add(test, "rates", "TRUE", "UNPAUSED", NULL);
	rates->status = LB_STATUS_NEW_EVENT_AVAILABLE;
	test_job_row(test, "orders")->cursor_count = 0; /* nobody ever looked at it */
	struct lb_answer answer = complete(test, NULL, true);
	assert_true(answer.changed);
	assert_int_equal(rates->status, LB_STATUS_COMPLETED);
}

static void consume_all_without_events_changes_nothing(void **state)
{
	struct test_job *test = *state;
	struct lb_answer answer = complete(test, NULL, true);
	assert_false(answer.changed);
	assert_non_null(strstr(answer.text, "no event waits"));
}

static void complete_by_the_failed_run_itself_revives_the_job(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "weather", "FALSE", "PAUSED", "COMPLETED")->cursor_count = 0;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, NULL);
	test_job_row(test, "weather")->status = LB_STATUS_COMPLETED;
	assert_true(complete(test, "t1", false).changed);
	assert_int_equal(test_job_row(test, "orders")->status, LB_STATUS_COMPLETED);
	assert_false(complete(test, "t0", false).changed);
}

static void complete_needs_no_events_to_end_a_stray_row(void **state)
{
	struct test_job *test = *state;
	struct lb_row *orders = test_job_row(test, "orders");
	orders->status = LB_STATUS_IN_PROGRESS;
	orders->cursor_count = 0;
	assert_true(complete(test, NULL, false).changed);
	assert_int_equal(test->changes.sensor_entries.count, 0);
}

static void retry_of_a_run_in_flight_changes_nothing(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	struct lb_answer answer = retry(test);
	assert_false(answer.changed);
	assert_non_null(strstr(answer.text, "in flight"));
}

static void retry_reopens_rows_that_another_program_left(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "weather", "FALSE", "UNPAUSED", "COMPLETED");
	test_job_row(test, "orders")->status = LB_STATUS_IN_PROGRESS;
	assert_true(retry(test).changed);
	assert_int_equal(test->job.run->run_no, 1);
	assert_int_equal(test->job.run->attempt, 1);
	assert_int_equal(test_job_row(test, "weather")->status, LB_STATUS_COMPLETED);
}

static void retry_after_a_success_starts_a_run_of_its_own(void **state)
{
	struct test_job *test = *state;
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_SUCCEEDED, NULL);
	test_job_row(test, "orders")->status = LB_STATUS_FAILED; /* by hand */
	assert_true(retry(test).changed);
	assert_int_equal(test->job.run->run_no, 2);
}

static void a_retry_leaves_the_events_of_paused_rows_alone(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "weather", "FALSE", "PAUSED", NULL);
	test_job_deliver(test, "orders", 1);
	test_job_accept(test, "t1");
	test_job_end(test, LB_RUN_FAILED, NULL);
	test_job_deliver(test, "weather", 1);
	assert_true(retry(test).changed);
	assert_int_equal(test->job.run->inputs.count, 1);
}

static void pausing_a_job_without_rows_is_an_error(void **state)
{
	struct test_job *test = *state;
	struct lb_answer answer;
	test->job.rows.count = 0;
	assert_int_equal(lb_job_set_paused(&test->job, NULL, true, test->now_us, &test->changes,
					   &answer, &test->error),
			 LB_NOT_FOUND);
	assert_non_null(strstr(test->error.message, "not in the control table"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(complete_ends_the_run_in_flight),
		TEST(complete_and_polling_together_are_harmless),
		TEST(a_late_complete_does_not_end_the_next_run),
		TEST(a_stray_complete_loses_no_event),
		TEST(a_planned_run_is_completed_by_its_own_token_only),
		TEST(consume_all_marks_waiting_events_as_done_by_hand),
		TEST(complete_revives_a_failed_job),
		TEST(complete_ends_what_another_program_left_in_progress),
		TEST(retry_gives_a_failed_job_a_new_attempt_with_the_same_inputs),
		TEST(retry_sends_a_refused_run_at_once),
		TEST(retry_of_a_job_that_has_not_failed_changes_nothing),
		TEST(pause_and_resume_say_how_many_rows_they_changed),
		TEST(consume_all_takes_back_a_row_set_ready_by_hand),
		TEST(consume_all_without_events_changes_nothing),
		TEST(complete_by_the_failed_run_itself_revives_the_job),
		TEST(complete_needs_no_events_to_end_a_stray_row),
		TEST(retry_of_a_run_in_flight_changes_nothing),
		TEST(retry_reopens_rows_that_another_program_left),
		TEST(retry_after_a_success_starts_a_run_of_its_own),
		TEST(a_retry_leaves_the_events_of_paused_rows_alone),
		TEST(pausing_a_job_without_rows_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
