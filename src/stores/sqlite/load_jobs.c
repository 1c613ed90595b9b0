/* load_jobs.c: jobs with all their rows, cursors and latest runs, in two queries
 * whatever their number: the wanted ids are gathered in a temporary table. */
#include "base/text.h"
#include "stores/sqlite/run_columns.h"

static enum lb_err want(struct lb_sqlite *sqlite, enum sql_id id, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, id);
	return sql_run(&sql, error);
}

static enum lb_err want_ids(struct lb_sqlite *sqlite, const struct lb_job_query *query,
			    struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < query->job_id_count && err == LB_OK; i++) {
		struct sql sql = sql_begin(sqlite, SQL_WANT_JOB);
		sql_bind_text(&sql, 1, query->job_ids[i]);
		err = sql_run(&sql, error);
	}
	return err;
}

static enum lb_err gather_wanted(struct lb_sqlite *sqlite, const struct lb_job_query *query,
				 struct lb_error *error)
{
	enum lb_err err = want(sqlite, SQL_CLEAR_WANTED, error);
	if (err == LB_OK) {
		err = want_ids(sqlite, query, error);
	}
	if (err == LB_OK && query->all) {
		err = want(sqlite, SQL_WANT_ALL, error);
	}
	if (err == LB_OK && query->advanced) {
		err = want(sqlite, SQL_WANT_ADVANCED, error);
	}
	if (err == LB_OK && query->pending && !query->all) {
		err = want(sqlite, SQL_WANT_PENDING, error);
	}
	return err;
}

/* Columns of SQL_LOAD_ROWS. */
enum {
	COLUMN_JOB,
	COLUMN_HAS_ROW,
	COLUMN_DECLARED,
	COLUMN_STATUS = COLUMN_DECLARED + LB_DECLARED_MAX,
	COLUMN_LATEST_EVENT,
	COLUMN_STATUS_CHANGE,
	COLUMN_JOB_START,
	COLUMN_JOB_END,
	COLUMN_SENSOR,
	COLUMN_LAST_SEQ,
	COLUMN_CONSUMED_SEQ,
	COLUMN_LAST_EVENT,
};

static void read_row(struct sql *sql, struct lb_arena *arena, struct lb_row *row)
{
	/* Before it is read: a BLOB read as a text is one. */
	bool found_by_id = sql_can_be_key(sql, COLUMN_DECLARED + LB_DECLARED_sensor_id);
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		row->declared[i] = sql_text(sql, COLUMN_DECLARED + i, arena);
	}
	row->status_text = sql_text(sql, COLUMN_STATUS, arena);
	/* What is written would not find such a row: it would start its job for ever. */
	if (!found_by_id) {
		row->status_text = "(its sensor_id is not a text)";
	}
	row->status = lb_status_parse(row->status_text);
	row->latest_event_fetched_at_us = sql_timestamp(sql, COLUMN_LATEST_EVENT);
	row->status_changed_at_us = sql_timestamp(sql, COLUMN_STATUS_CHANGE);
	row->job_started_at_us = sql_timestamp(sql, COLUMN_JOB_START);
	row->job_ended_at_us = sql_timestamp(sql, COLUMN_JOB_END);
}

static void read_cursor(struct sql *sql, struct lb_arena *arena, struct lb_row *row)
{
	struct lb_cursor *cursors =
		lb_arena_alloc(arena, (row->cursor_count + 1) * sizeof(*cursors));
	if (cursors == NULL) {
		sql_no_memory(sql);
		return;
	}
	for (size_t i = 0; i < row->cursor_count; i++) {
		cursors[i] = row->cursors[i];
	}
	cursors[row->cursor_count++] = (struct lb_cursor){
		.sensor = sql_int(sql, COLUMN_SENSOR),
		.last_seq = sql_int(sql, COLUMN_LAST_SEQ),
		.consumed_seq = sql_int(sql, COLUMN_CONSUMED_SEQ),
		.last_event_at_us = sql_time(sql, COLUMN_LAST_EVENT),
	};
	row->cursors = cursors;
}

/* A sensor that is known in several base locations gives its row several lines,
 * one after the other. Rows without sensor_id have no cursor, and so one each. */
static struct lb_row *find_row(struct sql *sql, struct lb_arena *arena, struct lb_job *job)
{
	struct lb_row_list *rows = &job->rows;
	const int sensor_id = COLUMN_DECLARED + LB_DECLARED_sensor_id;
	if (rows->count > 0 && !sql_is_null(sql, COLUMN_SENSOR) &&
	    sql_text_is(sql, sensor_id, lb_row_sensor_id(&rows->items[rows->count - 1]))) {
		return &rows->items[rows->count - 1];
	}
	struct lb_row *row = lb_list_add(arena, rows);
	if (row == NULL) {
		sql_no_memory(sql);
		return NULL;
	}
	read_row(sql, arena, row);
	return row;
}

static struct lb_job *find_job(struct sql *sql, struct lb_arena *arena, struct lb_job_list *jobs)
{
	if (jobs->count > 0 &&
	    sql_text_is(sql, COLUMN_JOB, jobs->items[jobs->count - 1].trigger_job_id)) {
		return &jobs->items[jobs->count - 1];
	}
	struct lb_job *job = lb_list_add(arena, jobs);
	if (job == NULL) {
		sql_no_memory(sql);
		return NULL;
	}
	job->trigger_job_id = sql_text(sql, COLUMN_JOB, arena);
	return job;
}

static void read_line(struct sql *sql, struct lb_arena *arena, struct lb_job_list *jobs)
{
	if (!sql_can_be_key(sql, COLUMN_JOB)) {
		return;
	}
	struct lb_job *job = find_job(sql, arena, jobs);
	struct lb_row *row = NULL;
	if (job != NULL && sql_int(sql, COLUMN_HAS_ROW) != 0) {
		row = find_row(sql, arena, job);
	}
	if (row != NULL && !sql_is_null(sql, COLUMN_SENSOR)) {
		read_cursor(sql, arena, row);
	}
}

static enum lb_err load_rows(struct lb_sqlite *sqlite, struct lb_arena *arena,
			     struct lb_job_list *jobs, struct lb_error *error)
{
	bool more;
	struct sql sql = sql_begin(sqlite, SQL_LOAD_ROWS);
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		read_line(&sql, arena, jobs);
		err = sql_next(&sql, &more, error);
	}
	return err;
}

/* The line is about job's latest run, or about its next input. */
static void read_latest_run(struct sql *sql, struct lb_arena *arena, struct lb_job *job)
{
	if (job->run == NULL) {
		job->run = lb_arena_alloc(arena, sizeof(*job->run));
		if (job->run == NULL) {
			sql_no_memory(sql);
			return;
		}
		lb_sqlite_read_run(sql, arena, job->run);
	}
	lb_sqlite_read_input(sql, arena, job->run);
}

/* Jobs and runs come in the same order, so one walk finds each run's job. */
static enum lb_err load_latest_runs(struct lb_sqlite *sqlite, struct lb_arena *arena,
				    struct lb_job_list *jobs, struct lb_error *error)
{
	bool more;
	size_t at = 0;
	struct sql sql = sql_begin(sqlite, SQL_LOAD_LATEST_RUNS);
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		while (at < jobs->count && !sql_text_is(&sql, 1, jobs->items[at].trigger_job_id)) {
			at++;
		}
		if (at < jobs->count) {
			read_latest_run(&sql, arena, &jobs->items[at]);
		}
		err = sql_next(&sql, &more, error);
	}
	return err;
}

enum lb_err lb_sqlite_load_jobs(struct lb_sqlite *sqlite, const struct lb_job_query *query,
				struct lb_arena *arena, struct lb_job_list *ret_jobs,
				struct lb_error *error)
{
	*ret_jobs = (struct lb_job_list){0};
	enum lb_err err = gather_wanted(sqlite, query, error);
	if (err == LB_OK) {
		err = load_rows(sqlite, arena, ret_jobs, error);
	}
	if (err == LB_OK && ret_jobs->count > 0) {
		err = load_latest_runs(sqlite, arena, ret_jobs, error);
	}
	return err;
}
