#include "base/time.h"
#include "support/cmocka.h"
#include "support/jobs.h"

#define NEW "NEW_EVENT_AVAILABLE"

static int setup(void **state)
{
	static struct test_job test;
	test_job_init(&test);
	*state = &test;
	return 0;
}

static int teardown(void **state)
{
	test_job_finish(*state);
	return 0;
}

static void a_job_starts_when_every_hard_row_has_an_event(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	test_job_add(test, "rates", "TRUE", "UNPAUSED", NULL);
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
	assert_int_equal(test_job_row_verdict(test, "rates"), LB_ROW_WAITS_FOR_EVENT);
	test_job_row(test, "rates")->status = LB_STATUS_NEW_EVENT_AVAILABLE;
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void a_soft_dependency_does_not_block(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	test_job_add(test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
	assert_int_equal(test_job_row_verdict(test, "weather"), LB_ROW_SOFT);
}

/* The original fires here: it only asks that the hard rows share one status. */
static void known_fault_a_soft_event_starts_a_job_whose_hard_rows_merely_agree(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "weather", "FALSE", "UNPAUSED", NEW);
	struct lb_row *hard = test_job_add(test, "orders", "TRUE", "UNPAUSED", NULL);
	static const enum lb_status statuses[] = {
		LB_STATUS_NONE,   LB_STATUS_COMPLETED, LB_STATUS_IN_PROGRESS,
		LB_STATUS_FAILED, LB_STATUS_OTHER,
	};
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		hard->status = statuses[i];
		assert_int_not_equal(test_job_verdict(test), LB_JOB_READY);
	}
}

static void known_fault_a_job_of_soft_rows_only_never_starts(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "a", "FALSE", "UNPAUSED", NEW);
	test_job_add(test, "b", "FALSE", "UNPAUSED", NULL);
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void a_paused_hard_row_without_event_blocks_and_says_so(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	test_job_add(test, "rates", "TRUE", "PAUSED", "COMPLETED");
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
	assert_int_equal(test_job_row_verdict(test, "rates"), LB_ROW_PAUSED);
}

static void paused_rows_start_nothing(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", "PAUSED", NEW);
	assert_int_equal(test_job_verdict(test), LB_JOB_PAUSED);
	test_job_add(test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
}

static void flags_and_states_are_read_whatever_their_case_and_spaces(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE ", " unpaused", NEW);
	test_job_add(test, "rates", "true", "Unpaused", NULL);
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
	test_job_row(test, "rates")->declared[LB_DECLARED_dependency_flag] = "false ";
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void a_row_that_nobody_released_starts_nothing(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", NULL, NEW);
	assert_int_equal(test_job_verdict(test), LB_JOB_PAUSED);
}

static void hard_events_too_far_apart_wait_for_the_older_to_be_renewed(void **state)
{
	struct test_job *test = *state;
	test->job.policy.max_event_gap_us = 6 * LB_HOUR;
	struct lb_row *old = test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	struct lb_row *young = test_job_add(test, "rates", "TRUE", "UNPAUSED", NEW);
	struct lb_row *soft = test_job_add(test, "weather", "FALSE", "UNPAUSED", NEW);
	old->latest_event_fetched_at_us = TEST_NOW_US;
	young->latest_event_fetched_at_us = TEST_NOW_US + 6 * LB_HOUR + 1;
	soft->latest_event_fetched_at_us = TEST_NOW_US - 100 * LB_HOUR;
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
	assert_int_equal(test_job_row_verdict(test, "orders"), LB_ROW_EVENT_TOO_OLD);
	old->latest_event_fetched_at_us += 1;
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void one_run_at_a_time(void **state)
{
	struct test_job *test = *state;
	struct lb_run run = {.state = LB_RUN_SUBMITTED};
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	test->job.run = &run;
	assert_int_equal(test_job_verdict(test), LB_JOB_RUN_IN_FLIGHT);
	run.state = LB_RUN_SUCCEEDED;
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void rows_of_other_sources_count_as_hard_rows(void **state)
{
	struct test_job *test = *state;
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	struct lb_row *kafka = test_job_add(test, "topic", "TRUE", "UNPAUSED", NULL);
	kafka->declared[LB_DECLARED_sensor_source] = "kafka";
	kafka->cursor_count = 0;
	assert_int_equal(test_job_verdict(test), LB_JOB_WAITS);
	kafka->status = LB_STATUS_NEW_EVENT_AVAILABLE;
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void a_planned_run_is_held_while_its_job_is_paused(void **state)
{
	struct test_job *test = *state;
	struct lb_row *orders = test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW);
	test_job_add(test, "weather", "FALSE", "UNPAUSED", NULL);
	assert_false(lb_readiness_is_held(&test->job));
	orders->declared[LB_DECLARED_job_state] = "PAUSED";
	assert_true(lb_readiness_is_held(&test->job));
	orders->status = LB_STATUS_IN_PROGRESS; /* an automatic retry waits */
	assert_false(lb_readiness_is_held(&test->job));
	test_job_row(test, "weather")->declared[LB_DECLARED_job_state] = "PAUSED";
	assert_true(lb_readiness_is_held(&test->job));
}

static void an_event_whose_time_is_unknown_is_never_too_old(void **state)
{
	struct test_job *test = *state;
	test->job.policy.max_event_gap_us = LB_HOUR;
	test_job_add(test, "orders", "TRUE", "UNPAUSED", NEW)->latest_event_fetched_at_us =
		TEST_NOW_US;
	test_job_add(test, "rates", "TRUE", "UNPAUSED", NEW);
	assert_int_equal(test_job_row_verdict(test, "rates"), LB_ROW_HAS_EVENT);
	assert_int_equal(test_job_verdict(test), LB_JOB_READY);
}

static void a_job_without_rows_is_not_held_but_has_nothing_to_start(void **state)
{
	struct test_job *test = *state;
	assert_false(lb_readiness_is_held(&test->job));
	assert_int_equal(test_job_verdict(test), LB_JOB_NO_ROWS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_job_starts_when_every_hard_row_has_an_event),
		TEST(a_soft_dependency_does_not_block),
		TEST(known_fault_a_soft_event_starts_a_job_whose_hard_rows_merely_agree),
		TEST(known_fault_a_job_of_soft_rows_only_never_starts),
		TEST(a_paused_hard_row_without_event_blocks_and_says_so),
		TEST(paused_rows_start_nothing),
		TEST(flags_and_states_are_read_whatever_their_case_and_spaces),
		TEST(a_row_that_nobody_released_starts_nothing),
		TEST(hard_events_too_far_apart_wait_for_the_older_to_be_renewed),
		TEST(one_run_at_a_time),
		TEST(rows_of_other_sources_count_as_hard_rows),
		TEST(a_planned_run_is_held_while_its_job_is_paused),
		TEST(an_event_whose_time_is_unknown_is_never_too_old),
		TEST(a_job_without_rows_is_not_held_but_has_nothing_to_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
