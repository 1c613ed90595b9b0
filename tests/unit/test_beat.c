/* Beats one after the other on the fake tables. Each is first tried with every
 * allocation and every call of the store failing, one at a time: then it says so
 * and has changed nothing, and the beat that follows finds what it found. */
#include "base/time.h"
#include "engine/beat.h"
#include "support/cmocka.h"
#include "support/fake_store.h"
#include "support/memory.h"

#include <string.h>

#define NOW_US ((int64_t)1763877600 * LB_SECOND)

struct scene {
	struct fake_tables *tables;
	struct lb_store *store;
	struct lb_policy policy;
	int max_parallel;
	bool sweep;
	int64_t now_us;
	struct lb_arena arena;
	struct lb_beat beat; /* the latest that succeeded */
	struct lb_answer answer;
};

static int setup(void **state)
{
	static struct scene scene;
	scene = (struct scene){.now_us = NOW_US, .policy = {.runner = "fake"}};
	scene.tables = fake_tables_create();
	scene.store = fake_store_create(scene.tables);
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	lb_arena_finish(&scene->beat.arena);
	lb_arena_finish(&scene->arena);
	scene->store->impl->destroy(scene->store);
	fake_tables_destroy(scene->tables);
	return 0;
}

static void add_flagged_row(struct scene *scene, const char *sensor_id, const char *job_id,
			    const char *flag)
{
	struct lb_row row = {
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	row.declared[LB_DECLARED_sensor_source] = "trigger_file";
	row.declared[LB_DECLARED_sensor_id] = sensor_id;
	row.declared[LB_DECLARED_asset_description] = "an asset";
	row.declared[LB_DECLARED_trigger_job_id] = job_id;
	row.declared[LB_DECLARED_job_state] = "UNPAUSED";
	row.declared[LB_DECLARED_dependency_flag] = flag;
	fake_tables_put_row(scene->tables, &row);
}

static void add_row(struct scene *scene, const char *sensor_id, const char *job_id)
{
	add_flagged_row(scene, sensor_id, job_id, "TRUE");
}

static const char *status(const struct scene *scene, const char *sensor_id, const char *job_id)
{
	const char *text = fake_tables_find_row(scene->tables, sensor_id, job_id)->status_text;
	return text != NULL ? text : "NULL";
}

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	struct lb_policy policy = ((const struct scene *)data)->policy;
	if (trigger_job_id[0] == '7') {
		policy.runner = "other";
	}
	return policy;
}

static enum lb_err try_beat(struct scene *scene, const struct lb_observation_list *observations,
			    struct lb_beat *beat)
{
	const struct lb_policies policies = {.policy_of = policy_of, .data = scene};
	const struct lb_beat_runner runners[] = {
		{.name = "fake", .max_parallel = scene->max_parallel},
		{.name = "other"},
	};
	struct lb_error error = {0};
	*beat = (struct lb_beat){
		.observations = observations,
		.policies = &policies,
		.now_us = scene->now_us,
		.sweep = scene->sweep,
		.plan_runs = true,
		.who = "test",
		.runners = runners,
		.runner_count = 2,
	};
	enum lb_err err = lb_beat_run(scene->store, beat, &error);
	assert_int_equal(err, error.code);
	return err;
}

static void assert_fails_without_memory(struct scene *scene,
					const struct lb_observation_list *observations)
{
	/* The beat that would succeed must not: its commit is refused. */
	for (size_t count = 0;; count++) {
		struct lb_beat beat;
		fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_FULL);
		memory_fail_after(count);
		enum lb_err err = try_beat(scene, observations, &beat);
		bool failed = memory_restore();
		lb_arena_finish(&beat.arena);
		if (!failed) {
			assert_int_equal(err, LB_FULL);
			return;
		}
		assert_int_equal(err, LB_NOMEM);
	}
}

static void assert_fails_with_the_store(struct scene *scene,
					const struct lb_observation_list *observations)
{
	for (size_t count = 0;; count++) {
		struct lb_beat beat;
		fake_tables_fail_call(scene->tables, count, LB_BUSY);
		fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_FULL);
		enum lb_err err = try_beat(scene, observations, &beat);
		bool failed = fake_tables_calls_left(scene->tables) == SIZE_MAX;
		lb_arena_finish(&beat.arena);
		if (!failed) {
			fake_tables_fail_call(scene->tables, 0, LB_OK);
			assert_int_equal(err, LB_FULL);
			return;
		}
		assert_int_equal(err, LB_BUSY);
	}
}

static void beat_list(struct scene *scene, const struct lb_observation_list *observations)
{
	assert_fails_without_memory(scene, observations);
	assert_fails_with_the_store(scene, observations);
	fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_OK);
	lb_arena_finish(&scene->beat.arena);
	assert_int_equal(try_beat(scene, observations, &scene->beat), LB_OK);
}

static void observe(struct scene *scene, struct lb_observation_list *list,
		    const struct lb_observation *observation)
{
	struct lb_observation *item = lb_list_add(&scene->arena, list);
	assert_non_null(item);
	*item = *observation;
}

static void beat(struct scene *scene, const struct lb_observation *observation)
{
	struct lb_observation_list observations = {0};
	if (observation != NULL) {
		observe(scene, &observations, observation);
	}
	beat_list(scene, &observations);
}

static struct lb_observation delivery(struct scene *scene, const char *base_location,
				      const char *sensor_id, const char *file_name)
{
	struct lb_sensor_report_list *reports = lb_arena_alloc(&scene->arena, sizeof(*reports));
	assert_non_null(reports);
	struct lb_sensor_report *report = lb_list_add(&scene->arena, reports);
	assert_non_null(report);
	*report = (struct lb_sensor_report){
		.sensor_source = "trigger_file",
		.base_location = base_location,
		.sensor_id = sensor_id,
		.observed_at_us = scene->now_us,
	};
	struct lb_file *file = lb_list_add(&scene->arena, &report->files);
	assert_non_null(file);
	*file = (struct lb_file){.file_name = file_name, .file_path = file_name, .etag = "1"};
	return (struct lb_observation){.kind = LB_OBSERVED_SENSORS, .sensors = reports};
}

static void deliver_to(struct scene *scene, const char *base_location, const char *sensor_id,
		       const char *file_name)
{
	struct lb_observation observation = delivery(scene, base_location, sensor_id, file_name);
	beat(scene, &observation);
}

static void deliver(struct scene *scene, const char *sensor_id, const char *file_name)
{
	deliver_to(scene, "/triggers", sensor_id, file_name);
}

/* The token of the only run that the latest beat handed out. */
static const char *token_due(struct scene *scene)
{
	assert_int_equal(scene->beat.due.count, 1);
	return lb_arena_strdup(&scene->arena, scene->beat.due.items[0].run.token);
}

static void answer(struct scene *scene, const char *job_id, const char *token,
		   enum lb_submit_outcome outcome, int64_t retry_after_us)
{
	bool accepted = outcome == LB_SUBMIT_ACCEPTED;
	beat(scene, &(struct lb_observation){
			    .kind = LB_OBSERVED_SUBMISSION,
			    .submission = {.trigger_job_id = job_id,
					   .token = token,
					   .outcome = outcome,
					   .external_id = accepted ? "17" : NULL,
					   .url = accepted ? "http://jobs/17" : NULL,
					   .message = accepted ? NULL : "not now",
					   .retry_after_us = retry_after_us},
		    });
}

static void end(struct scene *scene, const char *job_id, const char *token, enum lb_run_state state)
{
	beat(scene, &(struct lb_observation){
			    .kind = LB_OBSERVED_RUN,
			    .run = {.trigger_job_id = job_id,
				    .token = token,
				    .state = state,
				    .message = state == LB_RUN_FAILED ? "exit status 3" : NULL,
				    .ended_at_us = scene->now_us},
		    });
}

static void command(struct scene *scene, enum lb_command_verb verb, bool consume_all)
{
	beat(scene, &(struct lb_observation){
			    .kind = LB_OBSERVED_COMMAND,
			    .command = {.verb = verb,
					.trigger_job_id = "555",
					.consume_all = consume_all,
					.who = "somebody",
					.answer = &scene->answer},
		    });
}

static void a_run_is_planned_accepted_and_ended_whole_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	add_row(scene, "rates", "555");
	deliver(scene, "orders", "a.txt");
	deliver(scene, "rates", "b.txt");
	const char *token = token_due(scene);
	assert_int_equal(scene->beat.due.items[0].events.count, 2);
	answer(scene, "555", token, LB_SUBMIT_ACCEPTED, 0);
	assert_string_equal(status(scene, "orders", "555"), "IN_PROGRESS");
	end(scene, "555", token, LB_RUN_SUCCEEDED);
	assert_string_equal(status(scene, "rates", "555"), "COMPLETED");
	/* An answer that comes twice changes nothing. */
	answer(scene, "555", token, LB_SUBMIT_ACCEPTED, 0);
	end(scene, "555", token, LB_RUN_FAILED);
	assert_int_equal(scene->beat.audits.count, 0);
}

static void what_is_told_of_a_job_that_is_gone_changes_nothing(void **state)
{
	struct scene *scene = *state;
	answer(scene, "555", "t1", LB_SUBMIT_ACCEPTED, 0);
	end(scene, "555", "t1", LB_RUN_SUCCEEDED);
	assert_int_equal(scene->beat.audits.count, 0);
	struct lb_observation_list observations = {0};
	observe(scene, &observations,
		&(struct lb_observation){.kind = LB_OBSERVED_COMMAND,
					 .command = {.verb = LB_RETRY,
						     .trigger_job_id = "555",
						     .answer = &scene->answer}});
	lb_arena_finish(&scene->beat.arena);
	assert_int_equal(try_beat(scene, &observations, &scene->beat), LB_NOT_FOUND);
}

static void a_failed_run_is_tried_again_after_its_delay(void **state)
{
	struct scene *scene = *state;
	scene->policy.max_retries = 1;
	scene->policy.retry_delay_us = LB_MINUTE;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	const char *token = token_due(scene);
	answer(scene, "555", token, LB_SUBMIT_ACCEPTED, 0);
	deliver(scene, "orders", "b.txt");
	end(scene, "555", token, LB_RUN_FAILED);
	assert_int_equal(scene->beat.due.count, 0);
	assert_int_equal(scene->beat.wake_at_us, scene->now_us + LB_MINUTE);
	scene->now_us += LB_MINUTE;
	beat(scene, NULL);
	assert_int_equal(scene->beat.due.items[0].events.count, 2);
	const char *second = token_due(scene);
	assert_string_not_equal(second, token);
	end(scene, "555", second, LB_RUN_FAILED);
	assert_string_equal(status(scene, "orders", "555"), "FAILED");
	command(scene, LB_RETRY, false);
	assert_true(scene->answer.changed);
	end(scene, "555", token_due(scene), LB_RUN_CANCELED);
	assert_string_equal(status(scene, "orders", "555"), "FAILED");
	command(scene, LB_COMPLETE, false);
	assert_true(scene->answer.changed);
	assert_string_equal(status(scene, "orders", "555"), "COMPLETED");
}

static void a_run_that_got_no_answer_waits_as_long_as_it_was_told(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	const char *token = token_due(scene);
	answer(scene, "555", token, LB_SUBMIT_UNANSWERED, 7 * LB_SECOND);
	assert_int_equal(scene->beat.wake_at_us, scene->now_us + 7 * LB_SECOND);
	answer(scene, "555", token, LB_SUBMIT_REFUSED, 0);
	assert_true(scene->beat.wake_at_us > scene->now_us);
	command(scene, LB_RETRY, false);
	assert_string_equal(token_due(scene), token);
}

static void a_beat_sweeps_up_what_others_left_and_leaves_the_rest_alone(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	beat(scene, NULL);
	assert_int_equal(scene->beat.due.count, 0);
	struct lb_row row = *fake_tables_find_row(scene->tables, "orders", "555");
	row.status_text = "NEW_EVENT_AVAILABLE";
	row.status = LB_STATUS_NEW_EVENT_AVAILABLE;
	fake_tables_put_row(scene->tables, &row);
	beat(scene, NULL);
	assert_int_equal(scene->beat.due.count, 0);
	scene->sweep = true;
	beat(scene, NULL);
	assert_int_equal(scene->beat.due.count, 1);
	assert_int_equal(scene->beat.due.items[0].events.count, 0);
}

static void events_are_consumed_by_hand_while_no_run_needs_them(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	add_row(scene, "rates", "555");
	deliver(scene, "orders", "a.txt");
	command(scene, LB_COMPLETE, true);
	assert_true(scene->answer.changed);
	assert_string_equal(status(scene, "orders", "555"), "COMPLETED");
	command(scene, LB_COMPLETE, false);
	assert_false(scene->answer.changed);
	command(scene, LB_RETRY, false);
	assert_false(scene->answer.changed);
}

static void a_paused_jobs_planned_run_is_held_until_it_is_resumed(void **state)
{
	struct scene *scene = *state;
	scene->max_parallel = 1;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	assert_int_equal(scene->beat.due.count, 1);
	command(scene, LB_PAUSE, false);
	assert_int_equal(scene->beat.due.count, 0);
	/* Another job's file: the job of the planned run is loaded for its sake. */
	add_row(scene, "rates", "666");
	deliver(scene, "rates", "b.txt");
	assert_string_equal(scene->beat.due.items[0].run.trigger_job_id, "666");
	answer(scene, "666", token_due(scene), LB_SUBMIT_ACCEPTED, 0);
	command(scene, LB_RESUME, false);
	assert_int_equal(scene->beat.due.count, 0);
	scene->max_parallel = 2;
	beat(scene, NULL);
	assert_string_equal(scene->beat.due.items[0].run.trigger_job_id, "555");
}

static void a_run_that_waits_behind_a_held_one_wakes_the_next_beat(void **state)
{
	struct scene *scene = *state;
	scene->max_parallel = 1;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	command(scene, LB_PAUSE, false);
	add_row(scene, "rates", "666");
	deliver(scene, "rates", "b.txt");
	answer(scene, "666", token_due(scene), LB_SUBMIT_UNANSWERED, LB_MINUTE);
	assert_int_equal(scene->beat.due.count, 0);
	assert_int_equal(scene->beat.wake_at_us, scene->now_us + LB_MINUTE);
}

static void a_run_whose_rows_were_removed_goes_its_way(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	const char *token = token_due(scene);
	fake_tables_remove_row(scene->tables, "orders", "555");
	beat(scene, NULL);
	assert_string_equal(token_due(scene), token);
	answer(scene, "555", token, LB_SUBMIT_ACCEPTED, 0);
	assert_int_equal(scene->beat.due.count, 0);
	struct lb_observation_list observations = {0};
	observe(scene, &observations,
		&(struct lb_observation){.kind = LB_OBSERVED_COMMAND,
					 .command = {.verb = LB_RETRY,
						     .trigger_job_id = "555",
						     .answer = &scene->answer}});
	lb_arena_finish(&scene->beat.arena);
	assert_int_equal(try_beat(scene, &observations, &scene->beat), LB_NOT_FOUND);
}

static void an_answer_for_a_job_that_never_ran_changes_nothing(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	answer(scene, "555", "t1", LB_SUBMIT_UNANSWERED, 0);
	assert_int_equal(scene->beat.audits.count, 0);
}

static void completing_a_run_in_flight_is_one_transaction(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	deliver(scene, "orders", "a.txt");
	answer(scene, "555", token_due(scene), LB_SUBMIT_ACCEPTED, 0);
	command(scene, LB_COMPLETE, false);
	assert_true(scene->answer.changed);
	assert_string_equal(scene->beat.audits.items[0].who, "somebody");
	beat(scene, &(struct lb_observation){.kind = LB_OBSERVED_COMMAND,
					     .command = {.verb = LB_PAUSE,
							 .trigger_job_id = "555",
							 .answer = &scene->answer}});
	assert_string_equal(scene->beat.audits.items[0].who, "test");
}

static void rows_that_fail_together_are_retried_together(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	add_row(scene, "rates", "555");
	for (int i = 0; i < 12; i++) {
		add_flagged_row(scene, lb_arena_printf(&scene->arena, "soft %d", i), "555",
				"FALSE");
	}
	deliver(scene, "orders", "a.txt");
	deliver(scene, "rates", "b.txt");
	end(scene, "555", token_due(scene), LB_RUN_FAILED);
	command(scene, LB_RETRY, false);
	assert_int_equal(scene->beat.due.items[0].events.count, 2);
	end(scene, "555", token_due(scene), LB_RUN_FAILED);
	command(scene, LB_COMPLETE, true);
	assert_string_equal(status(scene, "rates", "555"), "COMPLETED");
}

static void one_sensor_in_two_places_is_consumed_in_one_run(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	add_row(scene, "rates", "555");
	deliver_to(scene, "/east", "orders", "a.txt");
	deliver_to(scene, "/west", "orders", "a.txt");
	deliver(scene, "rates", "b.txt");
	assert_int_equal(scene->beat.due.items[0].events.count, 3);
}

static void everything_observed_at_once_is_one_transaction(void **state)
{
	struct scene *scene = *state;
	scene->policy.retry_delay_us = LB_HOUR;
	add_row(scene, "orders", "555");
	add_row(scene, "orders", "777");
	deliver(scene, "orders", "a.txt");
	assert_int_equal(scene->beat.due.count, 2);
	struct lb_observation_list observations = {0};
	for (size_t i = 0; i < 2; i++) {
		const struct lb_run *run = &scene->beat.due.items[i].run;
		observe(scene, &observations,
			&(struct lb_observation){
				.kind = LB_OBSERVED_SUBMISSION,
				.submission = {.trigger_job_id = lb_arena_strdup(
						       &scene->arena, run->trigger_job_id),
					       .token = lb_arena_strdup(&scene->arena, run->token),
					       .outcome = LB_SUBMIT_UNANSWERED,
					       .message = "not now",
					       .retry_after_us = (int64_t)(i + 1) * LB_SECOND}});
	}
	beat_list(scene, &observations);
	assert_int_equal(scene->beat.due.count, 0);
	assert_int_equal(scene->beat.wake_at_us, scene->now_us + LB_SECOND);
}

static void each_run_gets_its_own_part_of_a_sensors_events(void **state)
{
	struct scene *scene = *state;
	add_row(scene, "orders", "555");
	add_row(scene, "orders", "666");
	deliver(scene, "orders", "a.txt");
	assert_int_equal(scene->beat.due.count, 2);
	end(scene, "666", lb_arena_strdup(&scene->arena, scene->beat.due.items[1].run.token),
	    LB_RUN_SUCCEEDED);
	deliver(scene, "orders", "b.txt");
	assert_int_equal(scene->beat.due.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(scene->beat.due.items[i].events.count, 1);
		assert_int_equal(scene->beat.due.items[i].events.items[0].seq, i + 1);
	}
}

/* Only the lists are long: the fakes would take hours to fail at every step. */
static void a_beat_hands_out_so_many_runs_and_says_that_more_are_due(void **state)
{
	struct scene *scene = *state;
	static const int limits[] = {0, 1000};
	scene->sweep = true;
	for (int i = 0; i < LB_BEAT_DUE_MAX + 44; i++) {
		add_row(scene, "orders", lb_arena_printf(&scene->arena, "job %d", i));
		add_row(scene, "orders", lb_arena_printf(&scene->arena, "7 job %d", i));
	}
	const struct lb_observation_list none = {0};
	struct lb_observation_list observations = {0};
	struct lb_observation observation = delivery(scene, "/triggers", "orders", "a.txt");
	observe(scene, &observations, &observation);
	assert_int_equal(try_beat(scene, &observations, &scene->beat), LB_OK);
	for (size_t i = 0; i < 2; i++) {
		scene->max_parallel = limits[i];
		lb_arena_finish(&scene->beat.arena);
		assert_int_equal(try_beat(scene, &none, &scene->beat), LB_OK);
		assert_int_equal(scene->beat.due.count, 2 * LB_BEAT_DUE_MAX);
		assert_true(scene->beat.more_due);
	}
}

static void runs_that_are_held_do_not_hide_the_one_behind_them(void **state)
{
	struct scene *scene = *state;
	static const char *const held[] = {"111", "222", "333"};
	for (size_t i = 0; i < 3; i++) {
		add_row(scene, "orders", held[i]);
	}
	deliver(scene, "orders", "a.txt");
	for (size_t i = 0; i < 3; i++) {
		beat(scene, &(struct lb_observation){.kind = LB_OBSERVED_COMMAND,
						     .command = {.verb = LB_PAUSE,
								 .trigger_job_id = held[i],
								 .answer = &scene->answer}});
	}
	scene->max_parallel = 1;
	add_row(scene, "rates", "555");
	deliver(scene, "rates", "b.txt");
	assert_string_equal(scene->beat.due.items[0].run.trigger_job_id, "555");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_planned_accepted_and_ended_whole_or_not_at_all),
		TEST(what_is_told_of_a_job_that_is_gone_changes_nothing),
		TEST(a_failed_run_is_tried_again_after_its_delay),
		TEST(a_run_that_got_no_answer_waits_as_long_as_it_was_told),
		TEST(a_beat_sweeps_up_what_others_left_and_leaves_the_rest_alone),
		TEST(events_are_consumed_by_hand_while_no_run_needs_them),
		TEST(a_paused_jobs_planned_run_is_held_until_it_is_resumed),
		TEST(a_run_that_waits_behind_a_held_one_wakes_the_next_beat),
		TEST(a_run_whose_rows_were_removed_goes_its_way),
		TEST(an_answer_for_a_job_that_never_ran_changes_nothing),
		TEST(completing_a_run_in_flight_is_one_transaction),
		TEST(rows_that_fail_together_are_retried_together),
		TEST(one_sensor_in_two_places_is_consumed_in_one_run),
		TEST(everything_observed_at_once_is_one_transaction),
		TEST(each_run_gets_its_own_part_of_a_sensors_events),
		TEST(a_beat_hands_out_so_many_runs_and_says_that_more_are_due),
		TEST(runs_that_are_held_do_not_hide_the_one_behind_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
