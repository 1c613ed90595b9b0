/* load_history.c: events, of runs and to be cleaned, the audit log, and what passes cost. */
#include "stores/sqlite/statement.h"

#include <limits.h>

static void read_event(struct sql *sql, int64_t sensor, struct lb_arena *arena,
		       struct lb_event *event)
{
	const char *base_location = (const char *)sqlite3_column_text(sql->statement, 2);
	*event = (struct lb_event){
		.sensor = sensor,
		.seq = sql_int(sql, 0),
		.sensor_id = sql_text(sql, 1, arena),
		.file = {.file_name = sql_text(sql, 3, arena),
			 .etag = sql_text(sql, 4, arena),
			 .modified_at_us = sql_time(sql, 5),
			 .size_bytes = sql_int(sql, 6)},
		.observed_at_us = sql_int(sql, 7),
	};
	if (sql->code == SQLITE_OK) {
		event->file.file_path = lb_arena_printf(arena, "%s/%s/%s", base_location,
							event->sensor_id, event->file.file_name);
		if (event->file.file_path == NULL) {
			sql_no_memory(sql);
		}
	}
}

static enum lb_err load_input(struct lb_sqlite *sqlite, const struct lb_run_input *input,
			      struct lb_arena *arena, struct lb_event_list *events,
			      struct lb_error *error)
{
	bool more;
	struct sql sql = sql_begin(sqlite, SQL_LOAD_EVENTS);
	sql_bind_int(&sql, 1, input->sensor);
	sql_bind_int(&sql, 2, input->from_seq);
	sql_bind_int(&sql, 3, input->to_seq);
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		struct lb_event *event = lb_list_add(arena, events);
		if (event == NULL) {
			sql_no_memory(&sql);
		} else {
			read_event(&sql, input->sensor, arena, event);
		}
		err = sql_next(&sql, &more, error);
	}
	return err;
}

enum lb_err lb_sqlite_load_consumed(struct lb_sqlite *sqlite, const struct lb_consumed_query *query,
				    struct lb_arena *arena, struct lb_event_list *ret_events,
				    struct lb_error *error)
{
	bool more;
	struct sql sql = sql_begin(sqlite, SQL_LOAD_CONSUMED);
	*ret_events = (struct lb_event_list){0};
	sql_bind_text(&sql, 1, query->sensor_source);
	sql_bind_text(&sql, 2, query->base_location);
	sql_bind_int(&sql, 3, query->after_sensor);
	sql_bind_int(&sql, 4, (int64_t)query->limit);
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		struct lb_event *event = lb_list_add(arena, ret_events);
		if (event == NULL) {
			sql_no_memory(&sql);
		} else {
			read_event(&sql, sql_int(&sql, 8), arena, event);
		}
		err = sql_next(&sql, &more, error);
	}
	return err;
}

/* One range of the log for each input: here a query costs no round trip. */
enum lb_err lb_sqlite_load_events(struct lb_sqlite *sqlite, const struct lb_run_input_list *inputs,
				  struct lb_arena *arena, struct lb_event_list *ret_events,
				  struct lb_error *error)
{
	enum lb_err err = LB_OK;
	*ret_events = (struct lb_event_list){0};
	for (size_t i = 0; i < inputs->count && err == LB_OK; i++) {
		err = load_input(sqlite, &inputs->items[i], arena, ret_events, error);
	}
	return err;
}

static void read_audit(struct sql *sql, struct lb_arena *arena, struct lb_audit *audit)
{
	*audit = (struct lb_audit){
		.at_us = sql_int(sql, 0),
		.trigger_job_id = sql_text(sql, 1, arena),
		.sensor_id = sql_text(sql, 2, arena),
		.from = sql_text(sql, 3, arena),
		.to = sql_text(sql, 4, arena),
		.cause = sql_text(sql, 5, arena),
		.run_no = sql_int(sql, 6),
		.attempt = (int)sql_int(sql, 7),
		.who = sql_text(sql, 8, arena),
	};
}

enum lb_err lb_sqlite_load_audit(struct lb_sqlite *sqlite, const struct lb_audit_query *query,
				 struct lb_arena *arena, struct lb_audit_list *ret_audit,
				 struct lb_error *error)
{
	bool of_job = query->trigger_job_id != NULL;
	struct sql sql = sql_begin(sqlite, of_job ? SQL_LOAD_AUDIT_OF_JOB : SQL_LOAD_AUDIT);
	sql_bind_int(&sql, 1,
		     query->limit > 0 && query->limit < INT_MAX ? (int64_t)query->limit : -1);
	if (of_job) {
		sql_bind_text(&sql, 2, query->trigger_job_id);
	}
	*ret_audit = (struct lb_audit_list){0};
	bool more;
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		struct lb_audit *audit = lb_list_add(arena, ret_audit);
		if (audit == NULL) {
			sql_no_memory(&sql);
		} else {
			read_audit(&sql, arena, audit);
		}
		err = sql_next(&sql, &more, error);
	}
	return err;
}

static void read_pass(struct sql *sql, struct lb_arena *arena, struct lb_pass_cost *pass)
{
	*pass = (struct lb_pass_cost){
		.sensor_source = sql_text(sql, 0, arena),
		.base_location = sql_text(sql, 1, arena),
		.is_full = sql_int(sql, 2) != 0,
		.ended_at_us = sql_int(sql, 3),
		.cost = {.requests = (uint64_t)sql_int(sql, 4),
			 .keys = (uint64_t)sql_int(sql, 5),
			 .bytes = (uint64_t)sql_int(sql, 6)},
	};
}

enum lb_err lb_sqlite_load_passes(struct lb_sqlite *sqlite, struct lb_arena *arena,
				  struct lb_pass_cost_list *ret_passes, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_LOAD_PASSES);
	*ret_passes = (struct lb_pass_cost_list){0};
	bool more;
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		struct lb_pass_cost *pass = lb_list_add(arena, ret_passes);
		if (pass == NULL) {
			sql_no_memory(&sql);
		} else {
			read_pass(&sql, arena, pass);
		}
		err = sql_next(&sql, &more, error);
	}
	return err;
}
