#include "stores/sqlite/database.h"

#include <jansson.h>
#include <stdlib.h>

static enum lb_err save_row_state(struct lb_database *database, const struct lb_row *row,
				  struct lb_error *error)
{
	sqlite3_stmt *update = lb_database_statement(database, SQL_ROW_STATE, error);
	if (update == NULL) {
		return error->code;
	}
	lb_bind_text(update, 1, lb_row_job_id(row));
	lb_bind_text(update, 2, lb_row_sensor_id(row));
	lb_bind_timestamp(update, 3, row->latest_event_fetched_at_us);
	lb_bind_text(update, 4, row->status_text);
	lb_bind_timestamp(update, 5, row->status_changed_at_us);
	lb_bind_timestamp(update, 6, row->job_started_at_us);
	lb_bind_timestamp(update, 7, row->job_ended_at_us);
	lb_bind_text(update, 8, row->declared[LB_DECLARED_job_state]);
	return lb_database_run(database, update, error);
}

static enum lb_err declare_row(struct lb_database *database, enum lb_sql sql,
			       const struct lb_row *row, struct lb_error *error)
{
	sqlite3_stmt *statement = lb_database_statement(database, sql, error);
	if (statement == NULL) {
		return error->code;
	}
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		lb_bind_text(statement, i + 1, row->declared[i]);
	}
	return lb_database_run(database, statement, error);
}

static enum lb_err remove_row(struct lb_database *database, const struct lb_row *row,
			      struct lb_error *error)
{
	sqlite3_stmt *statement = lb_database_statement(database, SQL_ROW_REMOVE, error);
	if (statement == NULL) {
		return error->code;
	}
	lb_bind_text(statement, 1, lb_row_job_id(row));
	lb_bind_text(statement, 2, lb_row_sensor_id(row));
	return lb_database_run(database, statement, error);
}

static enum lb_err save_rows(struct lb_database *database, const struct lb_changes *changes,
			     struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < changes->rows_removed.count && err == LB_OK; i++) {
		err = remove_row(database, changes->rows_removed.items[i], error);
	}
	for (size_t i = 0; i < changes->rows_added.count && err == LB_OK; i++) {
		err = declare_row(database, SQL_ROW_ADD, changes->rows_added.items[i], error);
	}
	for (size_t i = 0; i < changes->rows_updated.count && err == LB_OK; i++) {
		err = declare_row(database, SQL_ROW_DECLARE, changes->rows_updated.items[i], error);
	}
	for (size_t i = 0; i < changes->rows_changed.count && err == LB_OK; i++) {
		err = save_row_state(database, changes->rows_changed.items[i], error);
	}
	return err;
}

static void bind_run(sqlite3_stmt *statement, const struct lb_run *run)
{
	lb_bind_text(statement, 6, lb_run_state_text(run->state));
	lb_bind_text(statement, 8, run->external_id);
	lb_bind_text(statement, 9, run->url);
	lb_bind_text(statement, 10, run->message);
	lb_bind_int(statement, 11, run->tries);
	lb_bind_int(statement, 12, run->refused);
	lb_bind_time(statement, 14, run->next_try_at_us);
	lb_bind_time(statement, 15, run->submitted_at_us);
	lb_bind_time(statement, 16, run->ended_at_us);
}

static enum lb_err change_run(struct lb_database *database, const struct lb_run *run,
			      struct lb_error *error)
{
	sqlite3_stmt *update = lb_database_statement(database, SQL_RUN_CHANGE, error);
	if (update == NULL) {
		return error->code;
	}
	lb_bind_int(update, 1, run->id);
	bind_run(update, run);
	return lb_database_run(database, update, error);
}

static enum lb_err add_inputs(struct lb_database *database, const struct lb_run *run,
			      struct lb_error *error)
{
	sqlite3_stmt *insert = lb_database_statement(database, SQL_RUN_INPUT_ADD, error);
	enum lb_err err = insert != NULL ? LB_OK : error->code;
	for (size_t i = 0; i < run->inputs.count && err == LB_OK; i++) {
		const struct lb_run_input *input = &run->inputs.items[i];
		lb_bind_int(insert, 1, run->id);
		lb_bind_int(insert, 2, input->sensor);
		lb_bind_int(insert, 3, input->from_seq);
		lb_bind_int(insert, 4, input->to_seq);
		err = lb_database_run(database, insert, error);
	}
	return err;
}

static enum lb_err add_run(struct lb_database *database, struct lb_run *run, struct lb_error *error)
{
	sqlite3_stmt *insert = lb_database_statement(database, SQL_RUN_ADD, error);
	if (insert == NULL) {
		return error->code;
	}
	lb_bind_text(insert, 2, run->trigger_job_id);
	lb_bind_int(insert, 3, run->run_no);
	lb_bind_int(insert, 4, run->attempt);
	lb_bind_text(insert, 5, run->token);
	lb_bind_text(insert, 7, run->runner);
	lb_bind_time(insert, 13, run->planned_at_us);
	bind_run(insert, run);
	enum lb_err err = lb_database_run(database, insert, error);
	if (err != LB_OK) {
		return err;
	}
	run->id = sqlite3_last_insert_rowid(database->db);
	return add_inputs(database, run, error);
}

static enum lb_err save_runs(struct lb_database *database, const struct lb_changes *changes,
			     struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < changes->runs.count && err == LB_OK; i++) {
		struct lb_run *run = changes->runs.items[i];
		err = run->id == 0 ? add_run(database, run, error)
				   : change_run(database, run, error);
	}
	return err;
}

static enum lb_err save_consumed(struct lb_database *database, const struct lb_changes *changes,
				 struct lb_error *error)
{
	sqlite3_stmt *move = lb_database_statement(database, SQL_CONSUMED_MOVE, error);
	enum lb_err err = move != NULL ? LB_OK : error->code;
	for (size_t i = 0; i < changes->consumed.count && err == LB_OK; i++) {
		const struct lb_consumed *consumed = &changes->consumed.items[i];
		lb_bind_int(move, 1, consumed->sensor);
		lb_bind_text(move, 2, consumed->trigger_job_id);
		lb_bind_int(move, 3, consumed->seq);
		err = lb_database_run(database, move, error);
	}
	return err;
}

/* --- the sensor table ------------------------------------------------------ */

/* A JSON array of one string, or of none. Owned by the caller (free). */
static char *assets_text(const char *asset)
{
	json_t *assets = json_array();
	if (asset != NULL) {
		(void)json_array_append_new(assets, json_string(asset));
	}
	char *text = json_dumps(assets, JSON_COMPACT);
	json_decref(assets);
	return text;
}

static void bind_entry(sqlite3_stmt *statement, const struct lb_sensor_entry *entry, const char *id,
		       const char *assets, const char *checkpoint)
{
	lb_bind_text(statement, 1, id);
	lb_bind_text(statement, 2, assets);
	lb_bind_text(statement, 3, entry->acquired ? "ACQUIRED_NEW_DATA" : "PROCESSED_NEW_DATA");
	lb_bind_timestamp(statement, 4, entry->status_changed_at_us);
	lb_bind_text(statement, 5, checkpoint);
	lb_bind_text(statement, 6, entry->row->declared[LB_DECLARED_upstream_key]);
}

/* People may have made the table themselves, without a key to conflict on. */
static enum lb_err write_entry(struct lb_database *database, const struct lb_sensor_entry *entry,
			       const char *id, const char *assets, const char *checkpoint,
			       struct lb_error *error)
{
	sqlite3_stmt *update = lb_database_statement(database, SQL_ENTRY_CHANGE, error);
	sqlite3_stmt *insert = lb_database_statement(database, SQL_ENTRY_ADD, error);
	if (update == NULL || insert == NULL) {
		return error->code;
	}
	bind_entry(update, entry, id, assets, checkpoint);
	enum lb_err err = lb_database_run(database, update, error);
	if (err != LB_OK || sqlite3_changes(database->db) > 0) {
		return err;
	}
	bind_entry(insert, entry, id, assets, checkpoint);
	return lb_database_run(database, insert, error);
}

static enum lb_err save_entry(struct lb_database *database, const struct lb_sensor_entry *entry,
			      struct lb_arena *arena, struct lb_error *error)
{
	char *id = lb_row_sensor_table_id(arena, entry->row);
	const char *checkpoint = NULL;
	if (id != NULL && database->checkpoint_base != NULL) {
		checkpoint = lb_arena_printf(arena, "%s/lakehouse_engine/sensors/%s",
					     database->checkpoint_base, id);
	}
	char *assets = assets_text(lb_row_asset(arena, entry->row));
	if (id == NULL || assets == NULL ||
	    (checkpoint == NULL && database->checkpoint_base != NULL)) {
		free(assets);
		return lb_fail_nomem(error);
	}
	enum lb_err err = write_entry(database, entry, id, assets, checkpoint, error);
	free(assets);
	return err;
}

static enum lb_err save_entries(struct lb_database *database, const struct lb_changes *changes,
				struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < changes->sensor_entries.count && err == LB_OK; i++) {
		err = save_entry(database, &changes->sensor_entries.items[i], changes->arena,
				 error);
	}
	return err;
}

static enum lb_err save_audits(struct lb_database *database, const struct lb_changes *changes,
			       struct lb_error *error)
{
	sqlite3_stmt *insert = lb_database_statement(database, SQL_AUDIT_ADD, error);
	enum lb_err err = insert != NULL ? LB_OK : error->code;
	for (size_t i = 0; i < changes->audits.count && err == LB_OK; i++) {
		const struct lb_audit *audit = &changes->audits.items[i];
		lb_bind_time(insert, 1, audit->at_us);
		lb_bind_text(insert, 2, audit->trigger_job_id);
		lb_bind_text(insert, 3, audit->sensor_id);
		lb_bind_text(insert, 4, audit->from);
		lb_bind_text(insert, 5, audit->to);
		lb_bind_text(insert, 6, audit->cause);
		lb_bind_int(insert, 7, audit->run_no);
		lb_bind_int(insert, 8, audit->attempt);
		lb_bind_text(insert, 9, audit->who);
		err = lb_database_run(database, insert, error);
	}
	return err;
}

enum lb_err lb_database_save(struct lb_store *store, const struct lb_changes *changes,
			     struct lb_error *error)
{
	static enum lb_err (*const steps[])(struct lb_database *, const struct lb_changes *,
					    struct lb_error *) = {
		save_rows, save_runs, save_consumed, save_entries, save_audits,
	};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == LB_OK; i++) {
		err = steps[i](lb_database_of(store), changes, error);
	}
	return err;
}
