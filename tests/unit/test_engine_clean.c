/* Consumed files go when every job is done with them, and no sooner. */
#include "base/time.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

static int setup(void **state)
{
	struct engine_world *world = engine_world_create();
	engine_world_row(world, "orders", "555", "TRUE");
	engine_world_clean(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	engine_world_destroy(*state);
	return 0;
}

static void end_run(struct engine_world *world, const char *job_id, enum lb_run_state state)
{
	const struct fake_run *run = fake_world_newest(engine_world_jobs(world), job_id);
	assert_non_null(run);
	assert_true(fake_world_end(engine_world_jobs(world), run->token, state, "as scripted", 0));
	engine_world_pass(world, LB_SECOND);
}

static void begin(struct engine_world *world)
{
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
}

static uint64_t problems(struct engine_world *world)
{
	return lb_engine_totals(engine_world_engine(world))->problems;
}

static void a_file_goes_when_its_job_has_completed_and_only_once(void **state)
{
	struct engine_world *world = *state;
	begin(world);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, NULL), 1);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->files_cleaned, 1);
}

static void a_failed_run_keeps_its_files_until_a_retry_succeeds(void **state)
{
	struct engine_world *world = *state;
	engine_world_policy(world)->max_retries = 1;
	begin(world);
	end_run(world, "555", LB_RUN_FAILED);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void a_file_of_two_jobs_goes_when_both_have_completed(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "666", "FALSE");
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	end_run(world, "666", LB_RUN_SUCCEEDED);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void a_paused_row_keeps_the_file(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "666", "FALSE");
	struct lb_row row = *fake_tables_find_row(engine_world_tables(world), "orders", "666");
	row.declared[LB_DECLARED_job_state] = "PAUSED";
	fake_tables_put_row(engine_world_tables(world), &row);
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	fake_tables_remove_row(engine_world_tables(world), "orders", "666");
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void a_crash_before_it_was_noted_cleans_once_more(void **state)
{
	struct engine_world *world = *state;
	begin(world);
	engine_world_hold_cleaning(world, true);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	assert_true(engine_world_is_cleaning(world));
	engine_world_crash(world);
	engine_world_hold_cleaning(world, false);
	engine_world_once(world);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
	engine_world_once(world);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void what_cannot_be_noted_is_cleaned_once_more(void **state)
{
	struct engine_world *world = *state;
	begin(world);
	engine_world_hold_cleaning(world, true);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_IO);
	engine_world_hold_cleaning(world, false);
	engine_world_settle(world);
	assert_int_equal(problems(world), 1);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 2);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, NULL), 2);
	assert_int_equal(problems(world), 1);
}

static void a_stuck_sensor_holds_up_no_other_and_is_tried_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "stock", "666", "TRUE");
	engine_world_file(world, "stock", "s.txt");
	engine_world_file(world, "orders", "b.txt");
	engine_world_stick(world, "orders", false);
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	end_run(world, "666", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, "s.txt"), 1);
	assert_int_equal(engine_world_cleaned(world, NULL), 1);
	uint64_t met = problems(world);
	assert_true(met >= 2 && met < 20);
	engine_world_pass(world, LB_SECOND); /* backs off */
	assert_int_equal(problems(world), met);
	engine_world_stick(world, NULL, false);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, NULL), 3);
}

static void a_round_goes_on_behind_a_stuck_sensor_and_says_each_reason(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "stock", "666", "TRUE");
	engine_world_stick(world, "orders", false);
	begin(world);
	engine_world_file(world, "stock", "s.txt");
	engine_world_pass(world, LB_MINUTE);
	engine_world_hold_cleaning(world, true);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	end_run(world, "666", LB_RUN_SUCCEEDED);
	engine_world_hold_cleaning(world, false);
	engine_world_settle(world);
	assert_int_equal(engine_world_cleaned(world, "s.txt"), 1);
	assert_int_equal(problems(world), 1);
	engine_world_file(world, "stock", "t.txt");
	engine_world_hold_cleaning(world, true);
	engine_world_pass(world, LB_MINUTE);
	end_run(world, "666", LB_RUN_SUCCEEDED);
	engine_world_hold_cleaning(world, false);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, "t.txt"), 1);
	engine_world_file(world, "stock", "u.txt");
	engine_world_pass(world, LB_MINUTE);
	engine_world_stick(world, "stock", false);
	end_run(world, "666", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
	assert_int_equal(engine_world_cleaned(world, "u.txt"), 0);
}

static void a_stuck_sensor_is_passed_over_within_a_cleaning(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "stock", "666", "TRUE");
	engine_world_stick(world, "orders", false);
	begin(world);
	engine_world_file(world, "stock", "s.txt");
	end_run(world, "555", LB_RUN_SUCCEEDED);
	for (int i = 0; i < 10; i++) {
		engine_world_pass(world, 10 * LB_MINUTE); /* pauses grow */
	}
	end_run(world, "666", LB_RUN_SUCCEEDED);
	assert_int_equal(engine_world_cleaned(world, "s.txt"), 0);
	engine_world_pass(world, 10 * LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, "s.txt"), 1);
	assert_int_equal(engine_world_cleaned(world, NULL), 1);
}

static void a_stop_at_any_moment_leaves_the_rest_to_the_next(void **state)
{
	for (int steps = 0; steps < 30; steps++) {
		(void)teardown(state);
		(void)setup(state);
		struct engine_world *world = *state;
		begin(world);
		const struct fake_run *run = fake_world_newest(engine_world_jobs(world), "555");
		assert_true(fake_world_end(engine_world_jobs(world), run->token, LB_RUN_SUCCEEDED,
					   "", 0));
		lb_engine_wake(engine_world_engine(world), false);
		(void)engine_world_steps(world, steps);
		lb_engine_stop(engine_world_engine(world));
		engine_world_settle(world);
		assert_true(engine_world_is_idle(world));
		engine_world_crash(world);
		engine_world_once(world);
		engine_world_once(world);
		assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
	}
}

static void an_outage_is_waited_out(void **state)
{
	struct engine_world *world = *state;
	engine_world_stick(world, "orders", true);
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	assert_int_equal(problems(world), 1);
	engine_world_stick(world, NULL, false);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void a_file_that_was_written_again_is_passed_over_once(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "b.txt");
	engine_world_rewrite(world, "a.txt");
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_rewrite(world, NULL);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 0);
	assert_int_equal(engine_world_cleaned(world, "b.txt"), 1);
}

static void once_cleans_at_its_end_and_sense_does_not(void **state)
{
	struct engine_world *world = *state;
	begin(world);
	const struct fake_run *run = fake_world_newest(engine_world_jobs(world), "555");
	assert_true(fake_world_end(engine_world_jobs(world), run->token, LB_RUN_SUCCEEDED, "", 0));
	engine_world_crash(world);
	engine_world_start(world, LB_ENGINE_SENSE, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	engine_world_crash(world);
	engine_world_once(world);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void a_stop_waits_for_what_is_under_way_and_begins_nothing(void **state)
{
	struct engine_world *world = *state;
	begin(world);
	engine_world_hold_cleaning(world, true);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	lb_engine_stop(engine_world_engine(world));
	engine_world_settle(world);
	assert_false(engine_world_is_idle(world));
	engine_world_hold_cleaning(world, false);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
	engine_world_crash(world);
	engine_world_once(world);
	assert_int_equal(engine_world_cleaned(world, "a.txt"), 1);
}

static void without_a_cleaner_files_are_kept(void **state)
{
	struct engine_world *world = engine_world_create();
	engine_world_row(world, "orders", "555", "TRUE");
	*state = world;
	begin(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(engine_world_cleaned(world, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_goes_when_its_job_has_completed_and_only_once),
		TEST(a_failed_run_keeps_its_files_until_a_retry_succeeds),
		TEST(a_file_of_two_jobs_goes_when_both_have_completed),
		TEST(a_paused_row_keeps_the_file),
		TEST(a_crash_before_it_was_noted_cleans_once_more),
		TEST(what_cannot_be_noted_is_cleaned_once_more),
		TEST(a_stuck_sensor_holds_up_no_other_and_is_tried_again),
		TEST(a_round_goes_on_behind_a_stuck_sensor_and_says_each_reason),
		TEST(a_stuck_sensor_is_passed_over_within_a_cleaning),
		TEST(a_stop_at_any_moment_leaves_the_rest_to_the_next),
		TEST(an_outage_is_waited_out),
		TEST(a_file_that_was_written_again_is_passed_over_once),
		TEST(once_cleans_at_its_end_and_sense_does_not),
		TEST(a_stop_waits_for_what_is_under_way_and_begins_nothing),
		cmocka_unit_test_teardown(without_a_cleaner_files_are_kept, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
