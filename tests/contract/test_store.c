/* What every store promises about saving, and about transactions. */
#include "base/text.h"
#include "support/cmocka.h"
#include "support/store_place.h"

#include <string.h>

static int64_t sensor_of(struct store_place *place, const char *sensor_id, const char *job_id)
{
	const struct lb_row *row = place_row(place, sensor_id, job_id);
	assert_int_equal(row->cursor_count, 1);
	return row->cursors[0].sensor;
}

static void refer(struct store_place *place, struct lb_row_ref_list *rows, const struct lb_row *row)
{
	const struct lb_row **item = lb_list_add(&place->arena, rows);
	assert_non_null(item);
	*item = row;
}

static void consumed_never_moves_back(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	place_add_row(place, "a", "2", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	(void)place_deliver(place, "a", "y");
	int64_t sensor = sensor_of(place, "a", "1");
	place_consume(place, sensor, "1", 2);
	place_save(place);
	place_consume(place, sensor, "1", 1);
	place_save(place);
	assert_int_equal(place_row(place, "a", "1")->cursors[0].consumed_seq, 2);
	assert_int_equal(place_row(place, "a", "2")->cursors[0].consumed_seq, 0);
}

static void a_changed_row_keeps_the_texts_that_people_wrote(void **state)
{
	struct store_place *place = *state;
	struct lb_row row = {
		.declared = {"Trigger_File ", "a", "streaming", " x ", "", NULL, "1", "name",
			     "unpaused", "TRUE "},
		.status_text = "completed ",
	};
	place_put_row(place, &row);
	place_add_row(place, "a", "2", "UNPAUSED", "FAILED");
	place_add_row(place, "b", "1", "UNPAUSED", "FAILED");
	struct lb_row changed = *place_row(place, "a", "1");
	changed.status = LB_STATUS_IN_PROGRESS;
	changed.status_text = lb_status_text(LB_STATUS_IN_PROGRESS);
	changed.declared[LB_DECLARED_job_state] = "PAUSED";
	changed.declared[LB_DECLARED_dependency_flag] = "not to be saved";
	refer(place, &place->changes.rows_changed, &changed);
	place_save(place);
	const struct lb_row *read = place_row(place, "a", "1");
	row.declared[LB_DECLARED_job_state] = "PAUSED";
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		assert_true(lb_text_equal(read->declared[column], row.declared[column]));
	}
	assert_int_equal(read->status, LB_STATUS_IN_PROGRESS);
	assert_int_equal(place_row(place, "a", "2")->status, LB_STATUS_FAILED);
	assert_int_equal(place_row(place, "b", "1")->status, LB_STATUS_FAILED);
}

static void times_of_a_row_come_back_to_the_microsecond(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	struct lb_row row = *place_row(place, "a", "1");
	row.latest_event_fetched_at_us = PLACE_NOW_US + 123456;
	row.status_changed_at_us = PLACE_NOW_US + 1;
	row.job_started_at_us = -1;
	row.job_ended_at_us = LB_TIME_NONE;
	refer(place, &place->changes.rows_changed, &row);
	place_save(place);
	const struct lb_row *read = place_row(place, "a", "1");
	assert_int_equal(read->latest_event_fetched_at_us, row.latest_event_fetched_at_us);
	assert_int_equal(read->status_changed_at_us, row.status_changed_at_us);
	assert_int_equal(read->job_started_at_us, -1);
	assert_int_equal(read->job_ended_at_us, LB_TIME_NONE);
	assert_null(read->status_text);
}

static void the_feed_adds_changes_and_removes_rows(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", "FAILED");
	place_add_row(place, "b", "1", "UNPAUSED", "FAILED");
	struct lb_row added = {.declared = {PLACE_SOURCE, "c", "batch", "asset", "key", "query",
					    "1", "name", "PAUSED", "FALSE"},
			       .status_text = "not to be saved"};
	struct lb_row updated = {.declared = {"kafka", "a", NULL, "new asset", NULL, NULL, "1",
					      "new name", "PAUSED", "FALSE"}};
	struct lb_row removed = *place_row(place, "b", "1");
	refer(place, &place->changes.rows_added, &added);
	refer(place, &place->changes.rows_updated, &updated);
	refer(place, &place->changes.rows_removed, &removed);
	place_save(place);
	assert_int_equal(place_job(place, "1")->rows.count, 2);
	const struct lb_row *a = place_row(place, "a", "1");
	const struct lb_row *c = place_row(place, "c", "1");
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		assert_true(lb_text_equal(a->declared[column], updated.declared[column]));
		assert_true(lb_text_equal(c->declared[column], added.declared[column]));
	}
	assert_int_equal(a->status, LB_STATUS_FAILED);
	assert_int_equal(c->status, LB_STATUS_NONE);
	assert_int_equal(c->status_changed_at_us, LB_TIME_NONE);
}

static void a_row_that_comes_back_does_not_consume_again(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	place_consume(place, sensor_of(place, "a", "1"), "1", 1);
	struct lb_row row = *place_row(place, "a", "1");
	refer(place, &place->changes.rows_removed, &row);
	place_save(place);
	assert_int_equal(place_job(place, "1")->rows.count, 0);
	refer(place, &place->changes.rows_added, &row);
	place_save(place);
	assert_int_equal(lb_row_waiting_events(place_row(place, "a", "1")), 0);
}

static void assert_runs_equal(const struct lb_run *a, const struct lb_run *b)
{
	assert_int_equal(a->id, b->id);
	assert_string_equal(a->trigger_job_id, b->trigger_job_id);
	assert_int_equal(a->run_no, b->run_no);
	assert_int_equal(a->attempt, b->attempt);
	assert_string_equal(a->token, b->token);
	assert_int_equal(a->state, b->state);
	assert_true(lb_text_equal(a->runner, b->runner));
	assert_true(lb_text_equal(a->external_id, b->external_id));
	assert_true(lb_text_equal(a->url, b->url));
	assert_true(lb_text_equal(a->message, b->message));
	assert_int_equal(a->tries, b->tries);
	assert_int_equal(a->refused, b->refused);
	assert_int_equal(a->planned_at_us, b->planned_at_us);
	assert_int_equal(a->next_try_at_us, b->next_try_at_us);
	assert_int_equal(a->submitted_at_us, b->submitted_at_us);
	assert_int_equal(a->ended_at_us, b->ended_at_us);
}

static void a_run_comes_back_as_it_was_saved(void **state)
{
	struct store_place *place = *state;
	struct lb_run *run = place_plan(place, "1", 1, 1);
	struct lb_run *other = place_plan(place, "2", 1, 1);
	place_save(place);
	assert_true(run->id > 0 && other->id > run->id);
	assert_runs_equal(place_job(place, "1")->run, run);
	memset(run->token, 'f', LB_TOKEN_LENGTH);
	run->state = LB_RUN_FAILED;
	run->runner = "another";
	run->external_id = "ext 'x'";
	run->url = "http://run/1";
	run->message = "exit status 3\nof the job";
	run->tries = 4;
	run->refused = true;
	run->next_try_at_us = PLACE_NOW_US + 7;
	run->submitted_at_us = PLACE_NOW_US + 8;
	run->ended_at_us = PLACE_NOW_US + 9;
	place_change_run(place, run);
	place_save(place);
	assert_runs_equal(place_job(place, "1")->run, run);
	assert_runs_equal(place_job(place, "2")->run, other);
}

static void the_audit_log_comes_newest_first(void **state)
{
	struct store_place *place = *state;
	for (int i = 1; i <= 4; i++) {
		struct lb_audit *audit = lb_list_add(&place->arena, &place->changes.audits);
		assert_non_null(audit);
		*audit = (struct lb_audit){
			.at_us = PLACE_NOW_US + i / 2,
			.trigger_job_id = i % 2 == 0 ? "even" : "odd",
			.sensor_id = i == 4 ? "a" : NULL,
			.from = i == 4 ? "FAILED" : NULL,
			.to = i == 4 ? "COMPLETED" : NULL,
			.cause = lb_arena_printf(&place->arena, "cause %d", i),
			.run_no = i,
			.attempt = 2,
			.who = "test",
		};
	}
	place_save(place);
	struct lb_audit_query query = {0};
	struct lb_audit_list audit = place_load_audit(place, &query);
	assert_int_equal(audit.count, 4);
	const struct lb_audit *newest = &audit.items[0];
	assert_int_equal(newest->at_us, PLACE_NOW_US + 2);
	assert_string_equal(newest->trigger_job_id, "even");
	assert_string_equal(newest->sensor_id, "a");
	assert_string_equal(newest->from, "FAILED");
	assert_string_equal(newest->to, "COMPLETED");
	assert_string_equal(newest->cause, "cause 4");
	assert_int_equal(newest->run_no, 4);
	assert_int_equal(newest->attempt, 2);
	assert_string_equal(newest->who, "test");
	assert_null(audit.items[1].sensor_id);
	query = (struct lb_audit_query){.trigger_job_id = "odd", .limit = 1};
	audit = place_load_audit(place, &query);
	assert_int_equal(audit.count, 1);
	assert_string_equal(audit.items[0].cause, "cause 3");
	query = (struct lb_audit_query){.limit = 3};
	assert_int_equal(place_load_audit(place, &query).count, 3);
}

static void note_entry(struct store_place *place, const struct lb_row *row, bool acquired,
		       int64_t at_us)
{
	struct lb_sensor_entry *entry = lb_list_add(&place->arena, &place->changes.sensor_entries);
	assert_non_null(entry);
	*entry = (struct lb_sensor_entry){
		.row = row, .acquired = acquired, .status_changed_at_us = at_us};
	place_save(place);
}

static void the_sensor_table_has_one_entry_for_each_row(void **state)
{
	struct store_place *place = *state;
	struct lb_row row = {.declared = {[LB_DECLARED_sensor_id] = "my sensor.v1:x",
					  [LB_DECLARED_trigger_job_id] = "1",
					  [LB_DECLARED_asset_description] = "my \"asset\"",
					  [LB_DECLARED_upstream_key] = "date"}};
	note_entry(place, &row, true, PLACE_NOW_US + 1);
	struct fake_sensor_entry entry;
	assert_true(place_find_entry(place, "my_sensor_v1_x_1", &entry));
	assert_string_equal(entry.asset, "my_\"asset\"_1");
	assert_string_equal(entry.status, "ACQUIRED_NEW_DATA");
	assert_string_equal(entry.upstream_key, "date");
	assert_int_equal(entry.status_changed_at_us, PLACE_NOW_US + 1);
	row.declared[LB_DECLARED_asset_description] = NULL;
	row.declared[LB_DECLARED_upstream_key] = NULL;
	note_entry(place, &row, false, PLACE_NOW_US + 2);
	assert_true(place_find_entry(place, "my_sensor_v1_x_1", &entry));
	assert_null(entry.asset);
	assert_null(entry.upstream_key);
	assert_string_equal(entry.status, "PROCESSED_NEW_DATA");
	assert_int_equal(entry.status_changed_at_us, PLACE_NOW_US + 2);
	assert_false(place_find_entry(place, "my sensor.v1:x", &entry));
}

/* Does what a beat does, then fails. */
static enum lb_err do_all_and_fail(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	enum lb_err err = store->impl->record(store, &place->reports, NULL, error);
	if (err == LB_OK) {
		err = store->impl->save(store, &place->changes, error);
	}
	return err == LB_OK ? lb_fail(error, LB_REFUSED, "on second thoughts") : err;
}

static void an_error_in_the_body_undoes_everything(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", "FAILED");
	(void)place_deliver(place, "a", "x");
	(void)place_file(place, place_report(place, "a"), "y");
	(void)place_file(place, place_report(place, "new sensor"), "y");
	struct lb_row row = *place_row(place, "a", "1");
	row.status_text = "COMPLETED";
	refer(place, &place->changes.rows_changed, &row);
	place_consume(place, row.cursors[0].sensor, "1", 1);
	(void)place_plan(place, "1", 1, 1);
	struct lb_audit *audit = lb_list_add(&place->arena, &place->changes.audits);
	assert_non_null(audit);
	audit->at_us = PLACE_NOW_US;
	assert_int_equal(place_transact(place, LB_STORE_WRITE, do_all_and_fail, place), LB_REFUSED);

	const struct lb_job *job = place_job(place, "1");
	assert_null(job->run);
	assert_int_equal(job->rows.items[0].status, LB_STATUS_FAILED);
	assert_int_equal(job->rows.items[0].cursors[0].last_seq, 1);
	assert_int_equal(job->rows.items[0].cursors[0].consumed_seq, 0);
	assert_int_equal(place_load_sensors(place, NULL, NULL).count, 1);
	struct lb_audit_query query = {0};
	assert_int_equal(place_load_audit(place, &query).count, 0);
	place->reports = (struct lb_sensor_report_list){0};
	assert_int_equal(place_deliver(place, "a", "y"), 1);
	assert_int_equal(place_sensor(place, "a")->last_seq, 2);
}

static void what_was_committed_outlives_the_process(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	(void)place_plan(place, "1", 1, 1);
	place_save(place);
	const char *deployment_id = lb_arena_strdup(&place->arena, place->store->deployment_id);
	place_crash(place);
	assert_string_equal(place->store->deployment_id, deployment_id);
	assert_int_equal(strlen(deployment_id), 36);
	assert_non_null(place_job(place, "1")->run);
	assert_int_equal(lb_row_waiting_events(place_row(place, "a", "1")), 1);
	assert_int_equal(place_deliver(place, "a", "x"), 0);
}

static void two_stores_on_the_same_tables_see_each_others_commits(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	struct lb_store *mine = place->store;
	struct lb_store *other = place_open(place);
	assert_int_equal(place_deliver(place, "a", "x"), 1);
	place->store = other;
	assert_int_equal(place_deliver(place, "a", "x"), 0);
	assert_int_equal(place_deliver(place, "a", "y"), 1);
	place->store = mine;
	assert_int_equal(place_row(place, "a", "1")->cursors[0].last_seq, 2);
	assert_string_equal(mine->deployment_id, other->deployment_id);
	other->impl->destroy(other);
}

static enum lb_err record_only(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	return store->impl->record(store, &place->reports, NULL, error);
}

static void a_commit_that_fails_for_a_test_is_lost_or_done_as_told(void **state)
{
	struct store_place *place = *state;
	(void)place_file(place, place_report(place, "a"), "x");
	fake_tables_fail_begin(place->tables, LB_BUSY);
	assert_int_equal(place_transact(place, LB_STORE_WRITE, record_only, place), LB_BUSY);
	fake_tables_fail_commit(place->tables, FAKE_COMMIT_LOST, LB_FULL);
	assert_int_equal(place_transact(place, LB_STORE_WRITE, record_only, place), LB_FULL);
	assert_int_equal(place_load_sensors(place, NULL, NULL).count, 0);
	fake_tables_fail_commit(place->tables, FAKE_COMMIT_DONE, LB_UNAVAILABLE);
	assert_int_equal(place_transact(place, LB_STORE_WRITE, record_only, place), LB_UNAVAILABLE);
	assert_int_equal(place_record(place), 0);
	assert_int_equal(place_sensor(place, "a")->last_seq, 1);
}

#define PROMISE(place, test)                                                                       \
	{                                                                                          \
#place ": " #test, test, place##_place_setup, place_teardown, NULL                 \
	}
#define PROMISES(place)                                                                            \
	PROMISE(place, consumed_never_moves_back),                                                 \
		PROMISE(place, a_changed_row_keeps_the_texts_that_people_wrote),                   \
		PROMISE(place, times_of_a_row_come_back_to_the_microsecond),                       \
		PROMISE(place, the_feed_adds_changes_and_removes_rows),                            \
		PROMISE(place, a_row_that_comes_back_does_not_consume_again),                      \
		PROMISE(place, a_run_comes_back_as_it_was_saved),                                  \
		PROMISE(place, the_audit_log_comes_newest_first),                                  \
		PROMISE(place, the_sensor_table_has_one_entry_for_each_row),                       \
		PROMISE(place, an_error_in_the_body_undoes_everything),                            \
		PROMISE(place, what_was_committed_outlives_the_process),                           \
		PROMISE(place, two_stores_on_the_same_tables_see_each_others_commits)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISES(fake),
		PROMISES(sqlite),
		PROMISE(fake, a_commit_that_fails_for_a_test_is_lost_or_done_as_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
