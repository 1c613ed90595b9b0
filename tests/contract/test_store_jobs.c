/* What every store promises about jobs, their rows and their runs. */
#include "base/text.h"
#include "support/cmocka.h"
#include "support/store_place.h"

#include <string.h>

static const struct lb_job_query pending = {.pending = true};

static int64_t sensor_of(struct store_place *place, const char *sensor_id, const char *job_id)
{
	const struct lb_row *row = place_row(place, sensor_id, job_id);
	assert_int_equal(row->cursor_count, 1);
	return row->cursors[0].sensor;
}

static void jobs_come_in_order_with_all_their_rows(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "z", "20", "UNPAUSED", "COMPLETED");
	place_add_row(place, "a", "20", "PAUSED", "FAILED");
	place_add_row(place, "a", "3", "UNPAUSED", NULL);
	struct lb_row other = {.declared = {[LB_DECLARED_sensor_source] = "kafka",
					    [LB_DECLARED_sensor_id] = "m",
					    [LB_DECLARED_trigger_job_id] = "20"}};
	place_put_row(place, &other);
	struct lb_job_query all = {.all = true};
	struct lb_job_list jobs = place_load_jobs(place, &all);
	assert_int_equal(jobs.count, 2);
	assert_string_equal(jobs.items[0].trigger_job_id, "20");
	assert_string_equal(jobs.items[1].trigger_job_id, "3");
	assert_int_equal(jobs.items[0].rows.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const char *const expected[] = {"a", "m", "z"};
		assert_string_equal(lb_row_sensor_id(&jobs.items[0].rows.items[i]), expected[i]);
	}
	assert_int_equal(jobs.items[0].rows.items[0].status, LB_STATUS_FAILED);
	assert_null(jobs.items[0].run);
}

static void jobs_asked_for_come_once_even_without_rows(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_plan(place, "gone", 7, 1);
	place_save(place);
	const char *const ids[] = {"unheard", "1", "gone", "1"};
	struct lb_job_query query = {.job_ids = ids, .job_id_count = 4, .pending = true};
	struct lb_job_list jobs = place_load_jobs(place, &query);
	assert_int_equal(jobs.count, 3);
	assert_string_equal(jobs.items[0].trigger_job_id, "1");
	assert_int_equal(jobs.items[0].rows.count, 1);
	assert_string_equal(jobs.items[1].trigger_job_id, "gone");
	assert_int_equal(jobs.items[1].rows.count, 0);
	assert_non_null(jobs.items[1].run);
	assert_int_equal(jobs.items[1].run->run_no, 7);
	assert_string_equal(jobs.items[2].trigger_job_id, "unheard");
	assert_null(jobs.items[2].run);
}

static void a_row_is_read_as_people_left_it(void **state)
{
	struct store_place *place = *state;
	struct lb_row row = {
		.declared = {"Trigger_File", "a", NULL, "", "key", "select 1", "1", NULL,
			     " unPaused", "TRUE "},
		.status_text = "in_progress ",
		.latest_event_fetched_at_us = PLACE_NOW_US,
		.status_changed_at_us = PLACE_NOW_US + LB_SECOND,
		.job_started_at_us = PLACE_NOW_US + LB_MINUTE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	place_put_row(place, &row);
	const struct lb_row *read = place_row(place, "a", "1");
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		assert_true(lb_text_equal(read->declared[column], row.declared[column]));
	}
	assert_string_equal(read->status_text, "in_progress ");
	assert_int_equal(read->status, LB_STATUS_IN_PROGRESS);
	assert_int_equal(read->latest_event_fetched_at_us, PLACE_NOW_US);
	assert_int_equal(read->status_changed_at_us, PLACE_NOW_US + LB_SECOND);
	assert_int_equal(read->job_started_at_us, PLACE_NOW_US + LB_MINUTE);
	assert_int_equal(read->job_ended_at_us, LB_TIME_NONE);
	assert_int_equal(read->cursor_count, 0);
	row.status_text = "whatever";
	place_put_row(place, &row);
	assert_int_equal(place_row(place, "a", "1")->status, LB_STATUS_OTHER);
}

static void rows_without_a_key_do_no_harm(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, NULL, "1", NULL, NULL);
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	place_add_row(place, "a", NULL, "UNPAUSED", NULL);
	place_add_row(place, NULL, NULL, "UNPAUSED", "NEW_EVENT_AVAILABLE");
	(void)place_deliver(place, "a", "x");
	struct lb_job_query query = {.all = true, .pending = true};
	assert_string_equal(place_job_ids(place, &query), "1");
	assert_string_equal(place_job_ids(place, &pending), "1");
	assert_int_equal(place_job(place, "1")->rows.count, 2);
	assert_int_equal(place_row(place, NULL, "1")->cursor_count, 0);
}

static void a_row_knows_its_sensor_from_the_first_event_on(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_report(place, "a");
	(void)place_record(place);
	assert_int_equal(place_row(place, "a", "1")->cursor_count, 0);
	(void)place_deliver(place, "a", "x");
	const struct lb_row *row = place_row(place, "a", "1");
	assert_int_equal(row->cursor_count, 1);
	assert_int_equal(row->cursors[0].last_seq, 1);
	assert_int_equal(row->cursors[0].consumed_seq, 0);
}

/* A transaction that records the place's reports and asks who is concerned. */
static enum lb_err record_and_ask(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	struct lb_job_query query = {.advanced = true};
	struct lb_job_list jobs;
	enum lb_err err = store->impl->record(store, &place->reports, NULL, error);
	if (err == LB_OK) {
		err = store->impl->load_jobs(store, &query, &place->arena, &jobs, error);
	}
	place->reports = (struct lb_sensor_report_list){0};
	if (err == LB_OK) {
		place->changes.who = "";
		for (size_t i = 0; i < jobs.count; i++) {
			place->changes.who =
				lb_arena_printf(&place->arena, "%s[%s]", place->changes.who,
						jobs.items[i].trigger_job_id);
		}
	}
	return err;
}

static const char *ids_advanced(struct store_place *place)
{
	assert_int_equal(place_transact(place, LB_STORE_WRITE, record_and_ask, place), LB_OK);
	return place->changes.who;
}

static void advanced_are_the_jobs_whose_sensors_got_events_in_this_transaction(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	place_add_row(place, "b", "1", "UNPAUSED", NULL);
	place_add_row(place, "b", "2", "PAUSED", "FAILED");
	place_add_row(place, "c", "3", "UNPAUSED", NULL);
	(void)place_deliver(place, "c", "known");
	(void)place_file(place, place_report(place, "b"), "x");
	(void)place_file(place, place_report(place, "c"), "known");
	(void)place_file(place, place_report(place, "nobody waits for this one"), "x");
	assert_string_equal(ids_advanced(place), "[1][2]");
	(void)place_file(place, place_report(place, "b"), "x");
	assert_string_equal(ids_advanced(place), "");
	(void)place_file(place, place_report(place, "c"), "y");
	assert_string_equal(ids_advanced(place), "[3]");
}

static void pending_is_an_unpaused_row_that_may_take_up_events(void **state)
{
	static const struct {
		const char *job_id;
		const char *job_state;
		const char *status;
		bool pending;
	} cases[] = {
		{"01", "UNPAUSED", NULL, true},
		{"02", "UNPAUSED", "COMPLETED", true},
		{"03", " unpaused\t", "completed ", true},
		{"04", "UNPAUSED", "IN_PROGRESS", false},
		{"05", "UNPAUSED", "FAILED", false},
		{"06", "UNPAUSED", "something else", false},
		{"07", "PAUSED", NULL, false},
		{"08", "PAUSED", "COMPLETED", false},
		{"09", NULL, NULL, false},
		{"10", "PAUSED", "NEW_EVENT_AVAILABLE", false},
		{"11", "UNPAUSED", "New_Event_Available", true},
	};
	const size_t count = sizeof(cases) / sizeof(cases[0]);
	struct store_place *place = *state;
	for (size_t i = 0; i < count; i++) {
		place_add_row(place, "a", cases[i].job_id, cases[i].job_state, cases[i].status);
	}
	assert_string_equal(place_job_ids(place, &pending), "11");
	(void)place_deliver(place, "a", "x");
	const char *ids = "";
	for (size_t i = 0; i < count; i++) {
		if (cases[i].pending) {
			ids = lb_arena_printf(&place->arena, "%s%s%s", ids, i > 0 ? " " : "",
					      cases[i].job_id);
		}
	}
	assert_string_equal(place_job_ids(place, &pending), ids);
	int64_t sensor = sensor_of(place, "a", "01");
	for (size_t i = 0; i < count; i++) {
		place_consume(place, sensor, cases[i].job_id, 1);
	}
	place_save(place);
	assert_string_equal(place_job_ids(place, &pending), "11");
}

static void a_row_with_an_event_is_pending_unless_its_job_has_a_live_run(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", "NEW_EVENT_AVAILABLE");
	(void)place_deliver(place, "a", "x");
	place_consume(place, sensor_of(place, "a", "1"), "1", 1);
	struct lb_run *run = place_plan(place, "1", 1, 1);
	place_save(place);
	assert_string_equal(place_job_ids(place, &pending), "");
	for (int state_no = LB_RUN_SUBMITTED; state_no < LB_RUN_STATE_MAX; state_no++) {
		run->state = (enum lb_run_state)state_no;
		place_change_run(place, run);
		place_save(place);
		assert_string_equal(place_job_ids(place, &pending),
				    state_no == LB_RUN_SUBMITTED ? "" : "1");
	}
	(void)place_plan(place, "1", 1, 2);
	place_save(place);
	assert_string_equal(place_job_ids(place, &pending), "");
	(void)place_deliver(place, "a", "y");
	assert_string_equal(place_job_ids(place, &pending), "1");
}

static void a_row_added_later_waits_for_what_is_there(void **state)
{
	struct store_place *place = *state;
	(void)place_deliver(place, "a", "x");
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	assert_string_equal(place_job_ids(place, &pending), "1");
}

static void a_job_comes_with_its_latest_attempt_and_its_inputs(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	place_add_row(place, "b", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	(void)place_deliver(place, "b", "x");
	(void)place_deliver(place, "b", "y");
	int64_t a = sensor_of(place, "a", "1");
	int64_t b = sensor_of(place, "b", "1");
	place_add_input(place, place_plan(place, "1", 1, 1), a, 0, 1);
	place_save(place);
	struct lb_run *second = place_plan(place, "1", 1, 2);
	place_add_input(place, second, a, 0, 1);
	place_add_input(place, second, b, 1, 2);
	place_save(place);
	(void)place_plan(place, "2", 5, 1);
	place_save(place);
	const struct lb_run *run = place_job(place, "1")->run;
	assert_non_null(run);
	assert_int_equal(run->id, second->id);
	assert_int_equal(run->attempt, 2);
	assert_int_equal(run->inputs.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct lb_run_input *input = &run->inputs.items[i];
		bool is_a = input->sensor == a;
		assert_string_equal(input->sensor_id, is_a ? "a" : "b");
		assert_int_equal(input->from_seq, is_a ? 0 : 1);
		assert_int_equal(input->to_seq, is_a ? 1 : 2);
	}
	place_add_input(place, place_plan(place, "1", 2, 1), a, 1, 1);
	place_save(place);
	assert_int_equal(place_job(place, "1")->run->run_no, 2);
}

static const char *tokens(struct store_place *place, struct lb_run_query query)
{
	struct lb_run_list runs = place_load_runs(place, &query);
	const char *text = "";
	for (size_t i = 0; i < runs.count; i++) {
		text = lb_arena_printf(&place->arena, "%s%s%s", text, i > 0 ? " " : "",
				       runs.items[i].token);
	}
	return text;
}

/* Runs a.1.1 SUBMITTED on local, b.1.1 PLANNED for later, c.1.1 FAILED on
 * another runner, a.2.1 PLANNED at once, d.1.1 CANCELED, e.1.1 SUCCEEDED. */
static void plan_some(struct store_place *place)
{
	place_plan(place, "a", 1, 1)->state = LB_RUN_SUBMITTED;
	place_save(place);
	place_plan(place, "b", 1, 1)->next_try_at_us = PLACE_NOW_US + 1;
	place_save(place);
	struct lb_run *failed = place_plan(place, "c", 1, 1);
	failed->state = LB_RUN_FAILED;
	failed->runner = "other";
	place_save(place);
	(void)place_plan(place, "a", 2, 1);
	place_save(place);
	place_plan(place, "d", 1, 1)->state = LB_RUN_CANCELED;
	place_save(place);
	place_plan(place, "e", 1, 1)->state = LB_RUN_SUCCEEDED;
	place_save(place);
}

static void runs_are_found_by_every_condition(void **state)
{
	struct store_place *place = *state;
	plan_some(place);
	const unsigned planned = 1U << LB_RUN_PLANNED;
	const unsigned submitted = 1U << LB_RUN_SUBMITTED;
	const unsigned ended = 1U << LB_RUN_FAILED | 1U << LB_RUN_CANCELED;
#define Q(...) tokens(place, (struct lb_run_query){.order = LB_RUN_NEWEST_FIRST, __VA_ARGS__})
	assert_string_equal(Q(.limit = 0), "e.1.1 d.1.1 a.2.1 c.1.1 b.1.1 a.1.1");
	assert_string_equal(Q(.limit = 2), "e.1.1 d.1.1");
	assert_string_equal(Q(.trigger_job_id = "a"), "a.2.1 a.1.1");
	assert_string_equal(Q(.trigger_job_id = "a", .state_mask = submitted), "a.1.1");
	assert_string_equal(Q(.runner = "other"), "c.1.1");
	assert_string_equal(Q(.runner = "other", .state_mask = planned), "");
	assert_string_equal(Q(.runner = "local", .state_mask = planned), "a.2.1 b.1.1");
	assert_string_equal(Q(.token = "b.1.1"), "b.1.1");
	assert_string_equal(Q(.token = "b.1.1", .trigger_job_id = "a"), "");
	assert_string_equal(Q(.token = "none"), "");
	assert_string_equal(Q(.state_mask = planned | submitted), "a.2.1 b.1.1 a.1.1");
	assert_string_equal(Q(.state_mask = ended), "d.1.1 c.1.1");
	assert_string_equal(Q(.state_mask = 1U << LB_RUN_SUCCEEDED), "e.1.1");
	assert_string_equal(Q(.state_mask = ended | planned, .limit = 3), "d.1.1 a.2.1 c.1.1");
#undef Q
}

static void runs_come_in_the_order_of_their_next_try(void **state)
{
	struct store_place *place = *state;
	plan_some(place);
	struct lb_run_query query = {
		.runner = "local",
		.state_mask = 1U << LB_RUN_PLANNED,
		.order = LB_RUN_NEXT_TRY_FIRST,
	};
	assert_string_equal(tokens(place, query), "a.2.1 b.1.1");
	(void)place_plan(place, "f", 1, 1);
	place_save(place);
	assert_string_equal(tokens(place, query), "a.2.1 f.1.1 b.1.1");
	query.limit = 2;
	assert_string_equal(tokens(place, query), "a.2.1 f.1.1");
}

static void runs_that_jobs_are_failed_by_come_by_themselves(void **state)
{
	struct store_place *place = *state;
	static const char *const statuses[] = {"FAILED", " failed ", "COMPLETED", "FAILED",
					       "FAILED"};
	static const char *const jobs[] = {"a", "b", "c", "d", "e"};
	for (size_t i = 0; i < 5; i++) {
		place_add_row(place, "orders", jobs[i], "UNPAUSED", statuses[i]);
		place_add_row(place, "rates", jobs[i], "UNPAUSED", statuses[i]);
		for (int attempt = 1; i < 4 && attempt <= 2; attempt++) {
			place_plan(place, jobs[i], 1, attempt)->state =
				i == 3 && attempt == 2 ? LB_RUN_SUCCEEDED : LB_RUN_FAILED;
			place_save(place);
		}
	}
	struct lb_run_query query = {
		.state_mask = 1U << LB_RUN_FAILED | 1U << LB_RUN_CANCELED,
		.order = LB_RUN_NEWEST_FIRST,
		.failed_jobs = true,
	};
	assert_string_equal(tokens(place, query), "b.1.2 a.1.2");
	query.state_mask = 0;
	assert_string_equal(tokens(place, query), "d.1.2 b.1.2 a.1.2");
}

static void inputs_of_runs_come_when_asked_for(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	int64_t sensor = sensor_of(place, "a", "1");
	for (int i = 1; i <= 3; i++) {
		place_add_input(place, place_plan(place, "1", i, 1), sensor, i - 1, i);
	}
	place_save(place);
	struct lb_run_query query = {.order = LB_RUN_NEXT_TRY_FIRST, .limit = 2};
	struct lb_run_list runs = place_load_runs(place, &query);
	assert_int_equal(runs.count, 2);
	assert_int_equal(runs.items[0].inputs.count, 0);
	query.with_inputs = true;
	runs = place_load_runs(place, &query);
	assert_int_equal(runs.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(runs.items[i].inputs.count, 1);
		assert_int_equal(runs.items[i].inputs.items[0].to_seq, i + 1);
		assert_string_equal(runs.items[i].inputs.items[0].sensor_id, "a");
	}
}

static void events_come_in_the_order_of_inputs_then_numbers(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	place_add_row(place, "b", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "a1");
	(void)place_deliver(place, "b", "b1");
	(void)place_deliver(place, "a", "a2");
	(void)place_deliver(place, "a", "a3");
	struct lb_run_input items[] = {
		{.sensor = sensor_of(place, "b", "1"), .from_seq = 0, .to_seq = 9},
		{.sensor = sensor_of(place, "a", "1"), .from_seq = 1, .to_seq = 3},
		{.sensor = sensor_of(place, "a", "1"), .from_seq = 0, .to_seq = 1},
		{.sensor = sensor_of(place, "a", "1"), .from_seq = 3, .to_seq = 3},
		{.sensor = 12345, .from_seq = 0, .to_seq = 9},
	};
	struct lb_run_input_list inputs = {.items = items, .count = 5};
	struct lb_event_list events = place_load_events(place, &inputs);
	assert_int_equal(events.count, 4);
	for (size_t i = 0; i < events.count; i++) {
		const char *const expected[] = {"b1", "a2", "a3", "a1"};
		assert_string_equal(events.items[i].file.file_name, expected[i]);
	}
	assert_int_equal(events.items[1].sensor, items[1].sensor);
	assert_int_equal(events.items[1].seq, 2);
}

#define PROMISE(place, test)                                                                       \
	{                                                                                          \
#place ": " #test, test, place##_place_setup, place_teardown, NULL                 \
	}
#define PROMISES(place)                                                                            \
	PROMISE(place, jobs_come_in_order_with_all_their_rows),                                    \
		PROMISE(place, jobs_asked_for_come_once_even_without_rows),                        \
		PROMISE(place, a_row_is_read_as_people_left_it),                                   \
		PROMISE(place, rows_without_a_key_do_no_harm),                                     \
		PROMISE(place, a_row_knows_its_sensor_from_the_first_event_on),                    \
		PROMISE(place,                                                                     \
			advanced_are_the_jobs_whose_sensors_got_events_in_this_transaction),       \
		PROMISE(place, pending_is_an_unpaused_row_that_may_take_up_events),                \
		PROMISE(place, a_row_with_an_event_is_pending_unless_its_job_has_a_live_run),      \
		PROMISE(place, a_row_added_later_waits_for_what_is_there),                         \
		PROMISE(place, a_job_comes_with_its_latest_attempt_and_its_inputs),                \
		PROMISE(place, runs_are_found_by_every_condition),                                 \
		PROMISE(place, runs_come_in_the_order_of_their_next_try),                          \
		PROMISE(place, runs_that_jobs_are_failed_by_come_by_themselves),                   \
		PROMISE(place, inputs_of_runs_come_when_asked_for),                                \
		PROMISE(place, events_come_in_the_order_of_inputs_then_numbers)

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES(fake), PROMISES(sqlite)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
