#include "base/text.h"
#include "base/time.h"
#include "stores/sqlite/database.h"

/* Fills temp.wanted with the ids of the jobs that query asks for. */
static enum lb_err want_jobs(struct lb_database *database, const struct lb_job_query *query,
			     struct lb_error *error)
{
	enum lb_err err = lb_database_execute(database, SQL_WANTED_CLEAR, error);
	sqlite3_stmt *add = lb_database_statement(database, SQL_WANTED_ADD, error);
	if (add == NULL) {
		return error->code;
	}
	for (size_t i = 0; i < query->job_id_count && err == LB_OK; i++) {
		lb_bind_text(add, 1, query->job_ids[i]);
		err = lb_database_run(database, add, error);
	}
	if (err == LB_OK && query->advanced) {
		err = lb_database_execute(database, SQL_WANTED_ADVANCED, error);
	}
	if (err == LB_OK && query->pending) {
		err = lb_database_execute(database, SQL_WANTED_PENDING, error);
	}
	if (err == LB_OK && query->all) {
		err = lb_database_execute(database, SQL_WANTED_ALL, error);
	}
	return err;
}

/* Columns of SQL_JOB_ROWS. */
enum {
	AT_JOB,
	AT_ROWID,
	AT_DECLARED,
	AT_STATUS = AT_DECLARED + LB_DECLARED_MAX,
	AT_EVENT_FETCHED,
	AT_STATUS_CHANGED,
	AT_JOB_STARTED,
	AT_JOB_ENDED,
	AT_SENSOR,
	AT_LAST_SEQ,
	AT_CONSUMED_SEQ,
	AT_LAST_EVENT,
};

static enum lb_err read_row(sqlite3_stmt *rows, struct lb_arena *arena, struct lb_row *row,
			    struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (int i = 0; i < LB_DECLARED_MAX && err == LB_OK; i++) {
		err = lb_column_text(rows, AT_DECLARED + i, arena, &row->declared[i], error);
	}
	if (err == LB_OK) {
		err = lb_column_text(rows, AT_STATUS, arena, &row->status_text, error);
	}
	row->status = lb_status_parse(row->status_text);
	row->latest_event_fetched_at_us = lb_column_timestamp(rows, AT_EVENT_FETCHED);
	row->status_changed_at_us = lb_column_timestamp(rows, AT_STATUS_CHANGED);
	row->job_started_at_us = lb_column_timestamp(rows, AT_JOB_STARTED);
	row->job_ended_at_us = lb_column_timestamp(rows, AT_JOB_ENDED);
	return err;
}

/* A row comes once per base location in which its sensor is known. */
static enum lb_err add_cursor(sqlite3_stmt *rows, struct lb_arena *arena, struct lb_row *row,
			      struct lb_error *error)
{
	struct lb_cursor *cursors =
		lb_arena_alloc(arena, (row->cursor_count + 1) * sizeof(*cursors));
	if (cursors == NULL) {
		return lb_fail_nomem(error);
	}
	for (size_t i = 0; i < row->cursor_count; i++) {
		cursors[i] = row->cursors[i];
	}
	cursors[row->cursor_count++] = (struct lb_cursor){
		.sensor = sqlite3_column_int64(rows, AT_SENSOR),
		.last_seq = sqlite3_column_int64(rows, AT_LAST_SEQ),
		.consumed_seq = sqlite3_column_int64(rows, AT_CONSUMED_SEQ),
		.last_event_at_us = lb_column_time(rows, AT_LAST_EVENT),
	};
	row->cursors = cursors;
	return LB_OK;
}

static enum lb_err add_job(sqlite3_stmt *rows, struct lb_arena *arena, struct lb_job_list *jobs,
			   struct lb_error *error)
{
	struct lb_job *job = lb_list_add(arena, jobs);
	if (job == NULL) {
		return lb_fail_nomem(error);
	}
	return lb_column_text(rows, AT_JOB, arena, &job->trigger_job_id, error);
}

static enum lb_err take_row(sqlite3_stmt *rows, struct lb_arena *arena, struct lb_job_list *jobs,
			    int64_t *rowid, struct lb_error *error)
{
	const char *id = (const char *)sqlite3_column_text(rows, AT_JOB);
	struct lb_job *job = jobs->count > 0 ? &jobs->items[jobs->count - 1] : NULL;
	enum lb_err err = LB_OK;
	if (job == NULL || !lb_text_equal(job->trigger_job_id, id)) {
		err = add_job(rows, arena, jobs, error);
		*rowid = 0;
	}
	if (err != LB_OK || sqlite3_column_type(rows, AT_ROWID) == SQLITE_NULL) {
		return err;
	}
	job = &jobs->items[jobs->count - 1];
	if (*rowid != sqlite3_column_int64(rows, AT_ROWID)) {
		*rowid = sqlite3_column_int64(rows, AT_ROWID);
		struct lb_row *row = lb_list_add(arena, &job->rows);
		err = row != NULL ? read_row(rows, arena, row, error) : lb_fail_nomem(error);
	}
	if (err == LB_OK && sqlite3_column_type(rows, AT_SENSOR) != SQLITE_NULL) {
		err = add_cursor(rows, arena, &job->rows.items[job->rows.count - 1], error);
	}
	return err;
}

static enum lb_err load_rows(struct lb_database *database, struct lb_arena *arena,
			     struct lb_job_list *jobs, struct lb_error *error)
{
	sqlite3_stmt *rows = lb_database_statement(database, SQL_JOB_ROWS, error);
	if (rows == NULL) {
		return error->code;
	}
	int64_t rowid = 0;
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, rows, &row, error)) == LB_OK && row) {
		err = take_row(rows, arena, jobs, &rowid, error);
		if (err != LB_OK) {
			(void)sqlite3_reset(rows);
			return err;
		}
	}
	return err;
}

/* Runs come in the jobs' order, at most one a job. */
static enum lb_err load_latest_runs(struct lb_database *database, struct lb_arena *arena,
				    struct lb_job_list *jobs, struct lb_error *error)
{
	sqlite3_stmt *runs = lb_database_statement(database, SQL_JOB_RUNS, error);
	if (runs == NULL) {
		return error->code;
	}
	size_t at = 0;
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, runs, &row, error)) == LB_OK && row) {
		struct lb_run *run = lb_arena_alloc(arena, sizeof(*run));
		err = run != NULL ? lb_database_read_run(runs, arena, run, error)
				  : lb_fail_nomem(error);
		if (err != LB_OK) {
			(void)sqlite3_reset(runs);
			return err;
		}
		while (at < jobs->count &&
		       !lb_text_equal(jobs->items[at].trigger_job_id, run->trigger_job_id)) {
			at++;
		}
		if (at < jobs->count) {
			jobs->items[at].run = run;
		}
	}
	return err;
}

static enum lb_err load_inputs(struct lb_database *database, struct lb_arena *arena,
			       struct lb_job_list *jobs, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < jobs->count && err == LB_OK; i++) {
		if (jobs->items[i].run != NULL) {
			err = lb_database_read_inputs(database, jobs->items[i].run, arena, error);
		}
	}
	return err;
}

/* A job that somebody named and nobody knows is no job. */
static void drop_unknown(struct lb_job_list *jobs)
{
	size_t kept = 0;
	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->items[i].rows.count > 0 || jobs->items[i].run != NULL) {
			jobs->items[kept++] = jobs->items[i];
		}
	}
	jobs->count = kept;
}

enum lb_err lb_database_load_jobs(struct lb_store *store, const struct lb_job_query *query,
				  struct lb_arena *arena, struct lb_job_list *ret_jobs,
				  struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	*ret_jobs = (struct lb_job_list){0};
	enum lb_err err = want_jobs(database, query, error);
	if (err == LB_OK) {
		err = load_rows(database, arena, ret_jobs, error);
	}
	if (err == LB_OK) {
		err = load_latest_runs(database, arena, ret_jobs, error);
	}
	if (err == LB_OK) {
		err = load_inputs(database, arena, ret_jobs, error);
	}
	drop_unknown(ret_jobs);
	return err;
}
