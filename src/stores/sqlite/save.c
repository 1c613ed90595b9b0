/* save.c: a decision is carried out, list by list. */
#include "base/text.h"
#include "base/time.h"
#include "stores/sqlite/statement.h"

#include <string.h>

static void bind_key(struct sql *sql, const struct lb_row *row)
{
	sql_bind_text(sql, 1, lb_row_job_id(row));
	sql_bind_text(sql, 2, lb_row_sensor_id(row));
}

static enum lb_err change_row(struct lb_sqlite *sqlite, const struct lb_row *row,
			      struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_CHANGE_ROW);
	bind_key(&sql, row);
	sql_bind_text(&sql, 3, row->status_text);
	sql_bind_timestamp(&sql, 4, row->latest_event_fetched_at_us);
	sql_bind_timestamp(&sql, 5, row->status_changed_at_us);
	sql_bind_timestamp(&sql, 6, row->job_started_at_us);
	sql_bind_timestamp(&sql, 7, row->job_ended_at_us);
	sql_bind_text(&sql, 8, row->declared[LB_DECLARED_job_state]);
	return sql_run(&sql, error);
}

/* The declared columns but the key, in the order of ADD_ROW and UPDATE_ROW. */
static void bind_declared(struct sql *sql, const struct lb_row *row)
{
	static const enum lb_declared columns[] = {
		LB_DECLARED_sensor_source,     LB_DECLARED_sensor_read_type,
		LB_DECLARED_asset_description, LB_DECLARED_upstream_key,
		LB_DECLARED_preprocess_query,  LB_DECLARED_trigger_job_name,
		LB_DECLARED_job_state,         LB_DECLARED_dependency_flag,
	};
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		sql_bind_text(sql, 3 + (int)i, row->declared[columns[i]]);
	}
}

static enum lb_err add_row(struct lb_sqlite *sqlite, const struct lb_row *row,
			   struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_ADD_ROW);
	bind_key(&sql, row);
	bind_declared(&sql, row);
	return sql_run(&sql, error);
}

static enum lb_err update_row(struct lb_sqlite *sqlite, const struct lb_row *row,
			      struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_UPDATE_ROW);
	bind_key(&sql, row);
	bind_declared(&sql, row);
	return sql_run(&sql, error);
}

static enum lb_err remove_row(struct lb_sqlite *sqlite, const struct lb_row *row,
			      struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_REMOVE_ROW);
	bind_key(&sql, row);
	return sql_run(&sql, error);
}

static enum lb_err save_rows(struct lb_sqlite *sqlite, const struct lb_row_ref_list *rows,
			     enum lb_err (*save_row)(struct lb_sqlite *sqlite,
						     const struct lb_row *row,
						     struct lb_error *error),
			     struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < rows->count && err == LB_OK; i++) {
		err = save_row(sqlite, rows->items[i], error);
	}
	return err;
}

static enum lb_err consume(struct lb_sqlite *sqlite, const struct lb_consumed *consumed,
			   struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_CONSUME);
	sql_bind_int(&sql, 1, consumed->sensor);
	sql_bind_text(&sql, 2, consumed->trigger_job_id);
	sql_bind_int(&sql, 3, consumed->seq);
	return sql_run(&sql, error);
}

static enum lb_err add_input(struct lb_sqlite *sqlite, const struct lb_run *run,
			     const struct lb_run_input *input, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_ADD_INPUT);
	sql_bind_int(&sql, 1, run->id);
	sql_bind_int(&sql, 2, input->sensor);
	sql_bind_int(&sql, 3, input->from_seq);
	sql_bind_int(&sql, 4, input->to_seq);
	return sql_run(&sql, error);
}

/* Runs without a token share no key: only tokens are unique. */
static void bind_run(struct sql *sql, const struct lb_run *run)
{
	sql_bind_text(sql, 2, run->trigger_job_id);
	sql_bind_int(sql, 3, run->run_no);
	sql_bind_int(sql, 4, run->attempt);
	sql_bind_text(sql, 5, run->token[0] != '\0' ? run->token : NULL);
	sql_bind_text(sql, 6, lb_run_state_text(run->state));
	sql_bind_text(sql, 7, run->runner);
	sql_bind_text(sql, 8, run->external_id);
	sql_bind_text(sql, 9, run->url);
	sql_bind_text(sql, 10, run->message);
	sql_bind_int(sql, 11, run->tries);
	sql_bind_int(sql, 12, run->refused);
	sql_bind_time(sql, 13, run->planned_at_us);
	sql_bind_time(sql, 14, run->next_try_at_us);
	sql_bind_time(sql, 15, run->submitted_at_us);
	sql_bind_time(sql, 16, run->ended_at_us);
}

static enum lb_err add_run(struct lb_sqlite *sqlite, struct lb_run *run, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_ADD_RUN);
	if (sql.code == SQLITE_OK) {
		sql.code = sqlite3_bind_null(sql.statement, 1);
	}
	bind_run(&sql, run);
	enum lb_err err = sql_run(&sql, error);
	if (err == LB_OK) {
		run->id = sqlite3_last_insert_rowid(sqlite->db);
	}
	for (size_t i = 0; i < run->inputs.count && err == LB_OK; i++) {
		err = add_input(sqlite, run, &run->inputs.items[i], error);
	}
	return err;
}

static enum lb_err change_run(struct lb_sqlite *sqlite, const struct lb_run *run,
			      struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_CHANGE_RUN);
	sql_bind_int(&sql, 1, run->id);
	bind_run(&sql, run);
	return sql_run(&sql, error);
}

static enum lb_err write_entry(struct lb_sqlite *sqlite, enum sql_id id,
			       const struct lb_sensor_entry *entry, const char *sensor_id,
			       const char *asset, const char *checkpoint, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, id);
	sql_bind_text(&sql, 1, sensor_id);
	sql_bind_text(&sql, 2, asset);
	sql_bind_text(&sql, 3, entry->acquired ? "ACQUIRED_NEW_DATA" : "PROCESSED_NEW_DATA");
	sql_bind_timestamp(&sql, 4, entry->status_changed_at_us);
	sql_bind_text(&sql, 5, checkpoint);
	sql_bind_text(&sql, 6, entry->row->declared[LB_DECLARED_upstream_key]);
	return sql_run(&sql, error);
}

/* "<base>/lakehouse_engine/sensors/<sensor_id>", as the original has it. */
static const char *name_checkpoint(const struct lb_sqlite *sqlite, const char *sensor_id,
				   struct lb_arena *arena)
{
	const char *base = sqlite->checkpoint_base;
	return lb_arena_printf(arena, "%s%slakehouse_engine/sensors/%s", base,
			       lb_text_ends_with(base, "/") ? "" : "/", sensor_id);
}

/* The table may be older than lakebeat and have no unique index, so that an
 * upsert has nothing to go by. */
static enum lb_err save_entry(struct lb_sqlite *sqlite, const struct lb_sensor_entry *entry,
			      struct lb_arena *arena, struct lb_error *error)
{
	const char *sensor_id = lb_row_sensor_table_id(arena, entry->row);
	const char *asset = lb_row_asset(arena, entry->row);
	const char *checkpoint = NULL;
	if (sensor_id != NULL && sqlite->checkpoint_base != NULL) {
		checkpoint = name_checkpoint(sqlite, sensor_id, arena);
	}
	bool has_asset = entry->row->declared[LB_DECLARED_asset_description] != NULL;
	if (sensor_id == NULL || (asset == NULL && has_asset) ||
	    (checkpoint == NULL && sqlite->checkpoint_base != NULL)) {
		return lb_fail_nomem(error);
	}
	enum lb_err err =
		write_entry(sqlite, SQL_CHANGE_ENTRY, entry, sensor_id, asset, checkpoint, error);
	if (err == LB_OK && sqlite3_changes(sqlite->db) == 0) {
		err = write_entry(sqlite, SQL_ADD_ENTRY, entry, sensor_id, asset, checkpoint,
				  error);
	}
	return err;
}

static enum lb_err add_audit(struct lb_sqlite *sqlite, const struct lb_audit *audit,
			     struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_ADD_AUDIT);
	sql_bind_int(&sql, 1, audit->at_us);
	sql_bind_text(&sql, 2, audit->trigger_job_id);
	sql_bind_text(&sql, 3, audit->sensor_id);
	sql_bind_text(&sql, 4, audit->from);
	sql_bind_text(&sql, 5, audit->to);
	sql_bind_text(&sql, 6, audit->cause);
	sql_bind_int(&sql, 7, audit->run_no);
	sql_bind_int(&sql, 8, audit->attempt);
	sql_bind_text(&sql, 9, audit->who);
	return sql_run(&sql, error);
}

static enum lb_err save_pass(struct lb_sqlite *sqlite, const struct lb_pass_cost *pass,
			     struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_SAVE_PASS);
	sql_bind_text(&sql, 1, pass->sensor_source);
	sql_bind_text(&sql, 2, pass->base_location);
	sql_bind_int(&sql, 3, pass->is_full);
	sql_bind_int(&sql, 4, pass->ended_at_us);
	sql_bind_int(&sql, 5, (int64_t)pass->cost.requests);
	sql_bind_int(&sql, 6, (int64_t)pass->cost.keys);
	sql_bind_int(&sql, 7, (int64_t)pass->cost.bytes);
	return sql_run(&sql, error);
}

static enum lb_err save_runs(struct lb_sqlite *sqlite, const struct lb_changes *changes,
			     struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < changes->runs.count && err == LB_OK; i++) {
		struct lb_run *run = changes->runs.items[i];
		err = run->id == 0 ? add_run(sqlite, run, error) : change_run(sqlite, run, error);
	}
	for (size_t i = 0; i < changes->consumed.count && err == LB_OK; i++) {
		err = consume(sqlite, &changes->consumed.items[i], error);
	}
	return err;
}

static enum lb_err note_gone(struct lb_sqlite *sqlite, const struct lb_cleaned *cleaned,
			     struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_NOTE_GONE);
	sql_bind_int(&sql, 1, cleaned->sensor);
	sql_bind_int(&sql, 2, cleaned->seq);
	sql_bind_time(&sql, 3, cleaned->gone_at_us);
	enum lb_err err = sql_run(&sql, error);
	return err == LB_OK && sqlite->base.keep_us > 0
		       ? lb_sqlite_forget_cleaned(sqlite, cleaned->sensor, cleaned->gone_at_us,
						  error)
		       : err;
}

static enum lb_err note_cleaned(struct lb_sqlite *sqlite, const struct lb_cleaned *cleaned,
				struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_NOTE_CLEANED);
	sql_bind_int(&sql, 1, cleaned->sensor);
	sql_bind_int(&sql, 2, cleaned->seq);
	enum lb_err err = sql_run(&sql, error);
	return err == LB_OK && cleaned->gone_at_us != LB_TIME_NONE
		       ? note_gone(sqlite, cleaned, error)
		       : err;
}

/* Where folders are emptied no full pass says what is gone, so history goes from here. */
static enum lb_err save_cleaned(struct lb_sqlite *sqlite, const struct lb_cleaned_list *cleaned,
				struct lb_error *error)
{
	enum lb_err err = LB_OK;
	int64_t now_us = LB_TIME_NONE;
	for (size_t i = 0; i < cleaned->count && err == LB_OK; i++) {
		const struct lb_cleaned *item = &cleaned->items[i];
		now_us = item->gone_at_us > now_us ? item->gone_at_us : now_us;
		err = note_cleaned(sqlite, item, error);
	}
	return err == LB_OK && now_us != LB_TIME_NONE && sqlite->base.keep_us > 0
		       ? lb_sqlite_forget_history(sqlite, now_us, error)
		       : err;
}

static enum lb_err save_logs(struct lb_sqlite *sqlite, const struct lb_changes *changes,
			     struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < changes->sensor_entries.count && err == LB_OK; i++) {
		err = save_entry(sqlite, &changes->sensor_entries.items[i], &arena, error);
	}
	for (size_t i = 0; i < changes->audits.count && err == LB_OK; i++) {
		err = add_audit(sqlite, &changes->audits.items[i], error);
	}
	for (size_t i = 0; i < changes->passes.count && err == LB_OK; i++) {
		err = save_pass(sqlite, &changes->passes.items[i], error);
	}
	return err;
}

enum lb_err lb_sqlite_save(struct lb_sqlite *sqlite, const struct lb_changes *changes,
			   struct lb_error *error)
{
	enum lb_err err = save_rows(sqlite, &changes->rows_removed, remove_row, error);
	if (err == LB_OK) {
		err = save_rows(sqlite, &changes->rows_updated, update_row, error);
	}
	if (err == LB_OK) {
		err = save_rows(sqlite, &changes->rows_added, add_row, error);
	}
	if (err == LB_OK) {
		err = save_rows(sqlite, &changes->rows_changed, change_row, error);
	}
	if (err == LB_OK) {
		err = save_runs(sqlite, changes, error);
	}
	if (err == LB_OK) {
		err = save_cleaned(sqlite, &changes->cleaned, error);
	}
	return err == LB_OK ? save_logs(sqlite, changes, error) : err;
}
