#include "base/time.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <string.h>

static int setup(void **state)
{
	struct engine_world *world = engine_world_create();
	engine_world_row(world, "orders", "555", "TRUE");
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
}

static void a_trigger_file_starts_its_job_once_and_is_followed_to_the_end(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_file(world, "orders", "orders_20251123_060000.txt");
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_string_equal(engine_world_status(world, "orders", "555"), "IN_PROGRESS");
	const struct fake_run *run = fake_world_newest(engine_world_jobs(world), "555");
	assert_int_equal(run->events.count, 1);
	assert_string_equal(run->parameters.items[0].value, "orders_20251123_060000.txt");
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void the_token_is_durable_before_the_first_request(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle_but_runner(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 0);
	assert_int_equal(engine_world_run(world, "555")->state, LB_RUN_PLANNED);
	assert_int_equal(strlen(engine_world_run(world, "555")->token), LB_TOKEN_LENGTH);
	engine_world_settle(world);
	assert_string_equal(fake_world_newest(engine_world_jobs(world), "555")->token,
			    engine_world_run(world, "555")->token);
}

static void a_crash_between_commit_and_request_sends_the_same_token(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle_but_runner(world);
	char token[LB_TOKEN_LENGTH + 1];
	(void)strcpy(token, engine_world_run(world, "555")->token);
	engine_world_crash(world);
	engine_world_once(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_string_equal(fake_world_newest(engine_world_jobs(world), "555")->token, token);
}

static void a_lost_reply_is_asked_for_again_with_the_same_token(void **state)
{
	struct engine_world *world = *state;
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_LOSE_REPLY});
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	assert_int_equal(engine_world_run(world, "555")->state, LB_RUN_PLANNED);
	engine_world_pass(world, 2 * LB_SECOND);
	assert_int_equal(engine_world_run(world, "555")->state, LB_RUN_SUBMITTED);
	assert_int_equal(fake_world_runs(engine_world_jobs(world))->count, 1);
	assert_int_equal(fake_world_runs(engine_world_jobs(world))->items[0].requests, 2);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_refusal_keeps_the_rows_ready_and_shows_the_reason(void **state)
{
	struct engine_world *world = *state;
	fake_world_script(engine_world_jobs(world),
			  (struct fake_reply){.answer = FAKE_REFUSE, .message = "no such job"});
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	assert_string_equal(engine_world_status(world, "orders", "555"), "NEW_EVENT_AVAILABLE");
	assert_non_null(strstr(engine_world_run(world, "555")->message, "no such job"));
	engine_world_pass(world, 20 * LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 0);
	engine_world_pass(world, 2 * LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

/* The original writes IN_PROGRESS only after all calls of a pass: one connection
 * error fires every job of it again. */
static void known_fault_one_connection_error_starts_the_other_jobs_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "666", "TRUE");
	engine_world_row(world, "orders", "888", "TRUE");
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_ACCEPT});
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_NO_ANSWER});
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_LOSE_REPLY});
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_pass(world, LB_MINUTE);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "666"), 1);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "888"), 1);
}

static void known_fault_one_sensors_error_ends_the_pass_for_all(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "broken", "666", "TRUE");
	engine_world_unreadable(world, "broken", "permission denied");
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->problems, 1);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

/* engine_world_row gives every row the same asset_description. */
static void known_fault_two_sensors_with_one_asset_name_are_refused(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "rates", "555", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "rates", "b.txt");
	engine_world_once(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_non_null(fake_tables_find_entry(engine_world_tables(world), "orders_555"));
	assert_non_null(fake_tables_find_entry(engine_world_tables(world), "rates_555"));
}

static void files_that_come_during_a_run_start_the_job_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_file(world, "orders", "b.txt");
	engine_world_file(world, "orders", "c.txt");
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 2);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->events.count, 2);
}

static void a_busy_store_loses_no_observation(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_file(world, "orders", "a.txt");
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_BUSY);
	engine_world_pass(world, 10 * LB_SECOND);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_commit_whose_reply_was_lost_starts_nothing_twice(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_file(world, "orders", "a.txt");
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_DONE, LB_UNAVAILABLE);
	engine_world_pass(world, 10 * LB_SECOND);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->events.count, 1);
}

static void a_failed_job_stops_until_somebody_helps(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	end_run(world, "555", LB_RUN_FAILED);
	engine_world_pass(world, LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "FAILED");
	engine_world_file(world, "orders", "b.txt");
	engine_world_pass(world, LB_HOUR);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_retry_carries_a_new_token_and_the_same_events(void **state)
{
	struct engine_world *world = *state;
	engine_world_policy(world)->max_retries = 1;
	engine_world_policy(world)->retry_delay_us = 30 * LB_SECOND;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	end_run(world, "555", LB_RUN_FAILED);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	engine_world_pass(world, 30 * LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 2);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->attempt, 2);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->events.count, 1);
}

static void no_more_runs_than_max_parallel_are_under_way(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "666", "TRUE");
	engine_world_row(world, "orders", "888", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 2);
	engine_world_settle(world);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_runs(engine_world_jobs(world))->count, 2);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(fake_world_runs(engine_world_jobs(world))->count, 3);
}

static void a_job_paused_before_its_run_was_sent_stays_silent(void **state)
{
	struct engine_world *world = *state;
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_REFUSE});
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	struct lb_row row = *fake_tables_find_row(engine_world_tables(world), "orders", "555");
	row.declared[LB_DECLARED_job_state] = "PAUSED";
	fake_tables_put_row(engine_world_tables(world), &row);
	engine_world_pass(world, 2 * LB_HOUR);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 0);
	row = *fake_tables_find_row(engine_world_tables(world), "orders", "555");
	row.declared[LB_DECLARED_job_state] = "UNPAUSED";
	fake_tables_put_row(engine_world_tables(world), &row);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_clock_that_jumps_back_starts_nothing_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, LB_SECOND);
	engine_world_set_wall_back(world, 365 * LB_DAY);
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	engine_world_file(world, "orders", "b.txt");
	engine_world_pass(world, LB_MINUTE);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 2);
}

static void once_takes_in_what_ended_since_the_last_time(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_once(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_file(world, "orders", "b.txt");
	engine_world_once(world);
	assert_int_equal(engine_world_run(world, "555")->run_no, 2);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 2);
}

static void sensing_makes_rows_ready_and_triggering_starts_them(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_SENSE, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_string_equal(engine_world_status(world, "orders", "555"), "NEW_EVENT_AVAILABLE");
	assert_null(engine_world_run(world, "555"));
	engine_world_crash(world);
	engine_world_start(world, LB_ENGINE_TRIGGER, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_string_equal(engine_world_status(world, "orders", "555"), "IN_PROGRESS");
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_pass_in_parts_is_recorded_part_by_part(void **state)
{
	struct engine_world *world = *state;
	engine_world_parts(world, 1);
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "orders", "b.txt");
	engine_world_file(world, "orders", "c.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	const struct lb_engine_totals *totals = lb_engine_totals(engine_world_engine(world));
	assert_int_equal(totals->scans, 3);
	assert_int_equal(totals->new_events, 3);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(totals->scans, 3);
}

static void once_plans_no_run_from_a_part_of_a_pass(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "weather", "555", "FALSE");
	engine_world_parts(world, 1);
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "weather", "b.txt");
	engine_world_once(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->events.count, 2);
}

static void once_ends_when_a_part_of_a_pass_cannot_be_recorded(void **state)
{
	struct engine_world *world = *state;
	engine_world_parts(world, 1);
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "orders", "b.txt");
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_FULL);
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->problems, 1);
	engine_world_crash(world);
	engine_world_once(world);
	assert_int_equal(fake_world_newest(engine_world_jobs(world), "555")->events.count, 2);
}

static void once_that_failed_to_record_waits_for_a_poll_in_peace(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_once(world);
	engine_world_parts(world, 1);
	engine_world_file(world, "orders", "b.txt");
	engine_world_file(world, "orders", "c.txt");
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_FULL);
	engine_world_settle_but_runner(world);
	assert_false(engine_world_is_idle(world));
	engine_world_pass(world, LB_MINUTE);
	assert_true(engine_world_is_idle(world));
}

static void a_part_of_a_pass_that_failed_to_be_recorded_is_tried_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_parts(world, 1);
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "orders", "b.txt");
	engine_world_rescan(world);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_BUSY);
	engine_world_settle(world);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->scans, 2);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->scans, 3);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->new_events, 2);
}

static void stopping_waits_for_the_answers_that_are_under_way(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle_but_runner(world);
	lb_engine_stop(engine_world_engine(world));
	assert_false(engine_world_is_idle(world));
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	assert_int_equal(engine_world_run(world, "555")->state, LB_RUN_SUBMITTED);
}

static void a_person_waking_the_engine_is_not_made_to_wait(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_file(world, "orders", "a.txt");
	lb_engine_wake(engine_world_engine(world), true);
	engine_world_settle(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void what_came_between_passes_is_called_recorded_when_it_is_durable(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	uint64_t first = engine_world_watch(world, "orders", "a.txt");
	uint64_t second = engine_world_watch(world, "orders", "b.txt");
	assert_true(first > 0 && second > first);
	assert_true(engine_world_recorded(world) < first);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_BUSY);
	engine_world_settle(world);
	assert_true(engine_world_recorded(world) < first);
	engine_world_pass(world, LB_SECOND);
	assert_true(engine_world_recorded(world) == second);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->new_events, 2);
}

static void a_source_that_does_not_ask_is_not_told_what_is_recorded(void **state)
{
	struct engine_world *world = *state;
	engine_world_ask_nothing(world);
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	assert_true(engine_world_watch(world, "orders", "a.txt") > 0);
	engine_world_settle(world);
	assert_true(engine_world_recorded(world) == 0);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->new_events, 1);
}

static void what_comes_while_the_store_fails_gets_no_receipt(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_BUSY);
	uint64_t first = engine_world_watch(world, "orders", "a.txt");
	engine_world_settle(world);
	assert_true(engine_world_watch(world, "orders", "b.txt") == 0);
	engine_world_pass(world, LB_MINUTE);
	assert_true(engine_world_recorded(world) == first);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->new_events, 2);
}

static void what_a_stopping_engine_gave_up_is_never_called_recorded(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle_but_runner(world);
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_FULL);
	uint64_t receipt = engine_world_watch(world, "orders", "b.txt");
	lb_engine_stop(engine_world_engine(world));
	engine_world_settle(world); /* the answers of the runner bring a beat that succeeds */
	assert_true(engine_world_is_idle(world));
	assert_true(engine_world_recorded(world) < receipt);
}

static void runs_of_several_runners_are_followed_side_by_side(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "666", "TRUE");
	engine_world_row(world, "orders", "777", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_pass(world, LB_SECOND); /* still going */
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->runs_ended, 0);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	end_run(world, "666", LB_RUN_CANCELED);
	end_run(world, "777", LB_RUN_FAILED);
	engine_world_pass(world, 2 * LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
	assert_string_equal(engine_world_status(world, "orders", "666"), "FAILED");
	assert_string_equal(engine_world_status(world, "orders", "777"), "FAILED");
}

static void a_run_that_is_made_good_revives_its_job(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	end_run(world, "555", LB_RUN_FAILED);
	engine_world_pass(world, LB_SECOND);
	engine_world_file(world, "orders", "b.txt");
	engine_world_pass(world, 2 * LB_MINUTE); /* it is asked about, and has still failed */
	assert_string_equal(engine_world_status(world, "orders", "555"), "FAILED");
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "FAILED");
	engine_world_pass(world, LB_MINUTE);
	assert_string_equal(engine_world_status(world, "orders", "555"), "IN_PROGRESS");
	assert_int_equal(engine_world_run(world, "555")->run_no, 2);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 2);
}

static void a_runner_that_cannot_tell_revives_no_job(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "777", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_once(world);
	end_run(world, "555", LB_RUN_FAILED);
	end_run(world, "777", LB_RUN_FAILED);
	engine_world_once(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	end_run(world, "777", LB_RUN_SUCCEEDED);
	engine_world_once(world);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
	assert_string_equal(engine_world_status(world, "orders", "777"), "FAILED");
}

static void once_revives_a_job_whose_run_was_made_good(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_once(world);
	end_run(world, "555", LB_RUN_FAILED);
	engine_world_once(world);
	assert_string_equal(engine_world_status(world, "orders", "555"), "FAILED");
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_once(world);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
	assert_string_equal(engine_world_run(world, "555")->message, "as scripted");
}

static void a_runner_that_keeps_us_waiting_is_not_asked_twice(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "777", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	for (int i = 0; i < 5; i++) {
		engine_world_wait(world, 10 * LB_SECOND);
		assert_true(engine_world_requests(world) <= 2);
	}
	engine_world_answer_first_runner(world);
	engine_world_wait(world, 10 * LB_SECOND);
	assert_int_equal(engine_world_requests(world), 2);
	engine_world_settle(world);
}

static void a_run_that_nobody_can_find_out_about_is_asked_about_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	fake_world_set_blind(engine_world_jobs(world), "the service is down");
	engine_world_pass(world, LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "IN_PROGRESS");
	fake_world_set_blind(engine_world_jobs(world), NULL);
	engine_world_pass(world, LB_SECOND);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
}

static void passes_that_fail_are_problems_until_one_works_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_fail_passes(world, "the disk is gone");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_pass(world, 10 * LB_SECOND);
	engine_world_fail_passes(world, "the network is gone");
	engine_world_pass(world, 10 * LB_SECOND);
	const struct lb_engine_totals *totals = lb_engine_totals(engine_world_engine(world));
	assert_int_equal(totals->problems, 3);
	engine_world_fail_passes(world, NULL);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(totals->problems, 3);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void polls_that_fail_are_problems_until_one_works_again(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	const struct lb_engine_totals *totals = lb_engine_totals(engine_world_engine(world));
	static const char *const reasons[] = {"the service is down", "the service is down",
					      "the token has expired"};
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t before = totals->problems;
		fake_world_set_blind(engine_world_jobs(world), reasons[i]);
		engine_world_pass(world, LB_SECOND);
		assert_true(totals->problems > before);
	}
	uint64_t problems = totals->problems;
	fake_world_set_blind(engine_world_jobs(world), NULL);
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(totals->problems, problems);
}

static void a_file_that_settles_is_looked_at_again_when_it_has(void **state)
{
	struct engine_world *world = *state;
	engine_world_settling(world, 2 * LB_SECOND);
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	const struct lb_engine_totals *totals = lb_engine_totals(engine_world_engine(world));
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(totals->scans, 1);
	engine_world_settling(world, LB_HOUR); /* the next pass of its own comes before */
	engine_world_pass(world, LB_SECOND);
	assert_int_equal(totals->scans, 2);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(totals->scans, 3);
}

static void once_waits_for_settling_files_but_not_for_ever(void **state)
{
	struct engine_world *world = *state;
	engine_world_settling(world, 2 * LB_SECOND);
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	engine_world_settle(world);
	for (int i = 0; i < 10 && !engine_world_is_idle(world); i++) {
		engine_world_pass(world, 2 * LB_SECOND);
	}
	assert_true(engine_world_is_idle(world));
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->scans, 4);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
	lb_engine_wake(engine_world_engine(world), false); /* too late, and harmless */
	assert_true(engine_world_is_idle(world));
}

static void stop_at_any_step(struct engine_world *world, enum lb_engine_mode mode, enum lb_err code)
{
	bool more = true;
	for (int steps = 0; more; steps++) {
		engine_world_start(world, mode, 0);
		more = engine_world_steps(world, steps);
		fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, code);
		lb_engine_stop(engine_world_engine(world));
		engine_world_settle(world);
		assert_true(engine_world_is_idle(world));
		engine_world_crash(world);
	}
	fake_tables_fail_commit(engine_world_tables(world), FAKE_COMMIT_LOST, LB_OK);
	engine_world_settling(world, 0);
	engine_world_once(world);
	assert_int_equal(fake_world_starts(engine_world_jobs(world), "555"), 1);
}

static void a_stop_at_any_step_lets_once_end(void **state)
{
	engine_world_settling(*state, 2 * LB_SECOND);
	engine_world_file(*state, "orders", "a.txt");
	stop_at_any_step(*state, LB_ENGINE_ONCE, LB_OK);
}

static void a_stop_at_any_step_lets_the_daemon_end(void **state)
{
	engine_world_file(*state, "orders", "a.txt");
	stop_at_any_step(*state, LB_ENGINE_RUN, LB_OK);
}

static void a_stop_while_the_store_fails_waits_for_no_better_times(void **state)
{
	engine_world_file(*state, "orders", "a.txt");
	stop_at_any_step(*state, LB_ENGINE_RUN, LB_BUSY);
}

static void waking_for_an_edited_row_makes_no_pass(void **state)
{
	struct engine_world *world = *state;
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	lb_engine_wake(engine_world_engine(world), false);
	engine_world_settle(world);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->scans, 1);
}

static void more_runs_than_one_beat_hands_out_follow_at_once(void **state)
{
	struct engine_world *world = *state;
	struct lb_arena arena = {0};
	for (int i = 0; i < LB_BEAT_DUE_MAX + 44; i++) {
		engine_world_row(world, "orders", lb_arena_printf(&arena, "job %d", i), "TRUE");
	}
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	assert_int_equal(lb_engine_totals(engine_world_engine(world))->runs_accepted,
			 LB_BEAT_DUE_MAX + 45);
	lb_arena_finish(&arena);
}

static void once_records_what_ended_while_an_answer_is_awaited(void **state)
{
	struct engine_world *world = *state;
	engine_world_row(world, "orders", "777", "TRUE");
	engine_world_file(world, "orders", "a.txt");
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	engine_world_settle_but_runner(world);
	engine_world_answer_first_runner(world);
	engine_world_settle_but_runner(world);
	end_run(world, "555", LB_RUN_SUCCEEDED);
	engine_world_answer_first_runner(world);
	engine_world_settle_but_runner(world);
	engine_world_answer_first_runner(world);
	engine_world_settle_but_runner(world);
	assert_string_equal(engine_world_status(world, "orders", "555"), "COMPLETED");
	assert_string_equal(engine_world_status(world, "orders", "777"), "NEW_EVENT_AVAILABLE");
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_trigger_file_starts_its_job_once_and_is_followed_to_the_end),
		TEST(the_token_is_durable_before_the_first_request),
		TEST(a_crash_between_commit_and_request_sends_the_same_token),
		TEST(a_lost_reply_is_asked_for_again_with_the_same_token),
		TEST(a_refusal_keeps_the_rows_ready_and_shows_the_reason),
		TEST(known_fault_one_connection_error_starts_the_other_jobs_again),
		TEST(known_fault_one_sensors_error_ends_the_pass_for_all),
		TEST(known_fault_two_sensors_with_one_asset_name_are_refused),
		TEST(files_that_come_during_a_run_start_the_job_again),
		TEST(a_busy_store_loses_no_observation),
		TEST(a_commit_whose_reply_was_lost_starts_nothing_twice),
		TEST(a_failed_job_stops_until_somebody_helps),
		TEST(a_retry_carries_a_new_token_and_the_same_events),
		TEST(no_more_runs_than_max_parallel_are_under_way),
		TEST(a_job_paused_before_its_run_was_sent_stays_silent),
		TEST(a_clock_that_jumps_back_starts_nothing_again),
		TEST(once_takes_in_what_ended_since_the_last_time),
		TEST(sensing_makes_rows_ready_and_triggering_starts_them),
		TEST(a_pass_in_parts_is_recorded_part_by_part),
		TEST(once_plans_no_run_from_a_part_of_a_pass),
		TEST(once_ends_when_a_part_of_a_pass_cannot_be_recorded),
		TEST(once_that_failed_to_record_waits_for_a_poll_in_peace),
		TEST(a_part_of_a_pass_that_failed_to_be_recorded_is_tried_again),
		TEST(stopping_waits_for_the_answers_that_are_under_way),
		TEST(a_person_waking_the_engine_is_not_made_to_wait),
		TEST(what_came_between_passes_is_called_recorded_when_it_is_durable),
		TEST(a_source_that_does_not_ask_is_not_told_what_is_recorded),
		TEST(what_comes_while_the_store_fails_gets_no_receipt),
		TEST(what_a_stopping_engine_gave_up_is_never_called_recorded),
		TEST(runs_of_several_runners_are_followed_side_by_side),
		TEST(a_runner_that_keeps_us_waiting_is_not_asked_twice),
		TEST(a_run_that_nobody_can_find_out_about_is_asked_about_again),
		TEST(a_run_that_is_made_good_revives_its_job),
		TEST(once_revives_a_job_whose_run_was_made_good),
		TEST(a_runner_that_cannot_tell_revives_no_job),
		TEST(passes_that_fail_are_problems_until_one_works_again),
		TEST(polls_that_fail_are_problems_until_one_works_again),
		TEST(a_file_that_settles_is_looked_at_again_when_it_has),
		TEST(once_waits_for_settling_files_but_not_for_ever),
		TEST(a_stop_at_any_step_lets_once_end),
		TEST(a_stop_at_any_step_lets_the_daemon_end),
		TEST(a_stop_while_the_store_fails_waits_for_no_better_times),
		TEST(waking_for_an_edited_row_makes_no_pass),
		TEST(more_runs_than_one_beat_hands_out_follow_at_once),
		TEST(once_records_what_ended_while_an_answer_is_awaited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
