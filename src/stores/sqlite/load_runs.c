#include "base/text.h"
#include "base/time.h"
#include "stores/sqlite/database.h"

#include <stdio.h>

enum lb_err lb_database_read_run(sqlite3_stmt *statement, struct lb_arena *arena,
				 struct lb_run *run, struct lb_error *error)
{
	*run = (struct lb_run){
		.id = sqlite3_column_int64(statement, 0),
		.run_no = sqlite3_column_int64(statement, 2),
		.attempt = sqlite3_column_int(statement, 3),
		.tries = sqlite3_column_int(statement, 10),
		.refused = sqlite3_column_int(statement, 11) != 0,
		.planned_at_us = lb_column_time(statement, 12),
		.next_try_at_us = lb_column_time(statement, 13),
		.submitted_at_us = lb_column_time(statement, 14),
		.ended_at_us = lb_column_time(statement, 15),
	};
	(void)snprintf(run->token, sizeof(run->token), "%s",
		       (const char *)sqlite3_column_text(statement, 4));
	const char *state = (const char *)sqlite3_column_text(statement, 5);
	run->state = lb_run_state_parse(state);
	if (run->state == LB_RUN_STATE_MAX) {
		return lb_fail(error, LB_CORRUPT, "run %lld has the unknown state %s",
			       (long long)run->id, state);
	}
	const struct {
		int column;
		const char **text;
	} texts[] = {
		{1, &run->trigger_job_id}, {6, &run->runner},
		{7, &run->external_id},    {8, &run->url},
		{9, &run->message},
	};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && err == LB_OK; i++) {
		err = lb_column_text(statement, texts[i].column, arena, texts[i].text, error);
	}
	return err;
}

enum lb_err lb_database_read_inputs(struct lb_database *database, struct lb_run *run,
				    struct lb_arena *arena, struct lb_error *error)
{
	sqlite3_stmt *inputs = lb_database_statement(database, SQL_RUN_INPUTS, error);
	if (inputs == NULL) {
		return error->code;
	}
	lb_bind_int(inputs, 1, run->id);
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, inputs, &row, error)) == LB_OK && row) {
		struct lb_run_input *input = lb_list_add(arena, &run->inputs);
		if (input == NULL) {
			(void)sqlite3_reset(inputs);
			return lb_fail_nomem(error);
		}
		input->sensor = sqlite3_column_int64(inputs, 0);
		input->from_seq = sqlite3_column_int64(inputs, 2);
		input->to_seq = sqlite3_column_int64(inputs, 3);
		err = lb_column_text(inputs, 1, arena, &input->sensor_id, error);
		if (err != LB_OK) {
			(void)sqlite3_reset(inputs);
			return err;
		}
	}
	return err;
}

static bool is_single_state(unsigned mask)
{
	return mask == 1U << LB_RUN_PLANNED || mask == 1U << LB_RUN_SUBMITTED;
}

/* Planned or submitted runs by the order of submission have an index. */
static sqlite3_stmt *choose(struct lb_database *database, const struct lb_run_query *query,
			    struct lb_error *error)
{
	bool indexed = is_single_state(query->state_mask) && query->order == LB_RUN_NEXT_TRY_FIRST;
	sqlite3_stmt *runs = lb_database_statement(
		database, indexed ? SQL_RUNS_NEXT_TRY_FIRST : SQL_RUNS_ANY, error);
	if (runs == NULL) {
		return NULL;
	}
	if (indexed) {
		lb_bind_text(runs, 1,
			     lb_run_state_text(query->state_mask == 1U << LB_RUN_PLANNED
						       ? LB_RUN_PLANNED
						       : LB_RUN_SUBMITTED));
	} else {
		lb_bind_int(runs, 1, query->state_mask != 0 ? query->state_mask : ~0U);
		lb_bind_int(runs, 6, query->order == LB_RUN_NEXT_TRY_FIRST ? 0 : 1);
	}
	lb_bind_text(runs, 2, query->runner);
	lb_bind_text(runs, 3, query->trigger_job_id);
	lb_bind_text(runs, 4, query->token);
	lb_bind_int(runs, 5, query->limit > 0 ? (int64_t)query->limit : -1);
	return runs;
}

enum lb_err lb_database_load_runs(struct lb_store *store, const struct lb_run_query *query,
				  struct lb_arena *arena, struct lb_run_list *ret_runs,
				  struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	*ret_runs = (struct lb_run_list){0};
	sqlite3_stmt *runs = choose(database, query, error);
	if (runs == NULL) {
		return error->code;
	}
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, runs, &row, error)) == LB_OK && row) {
		struct lb_run *run = lb_list_add(arena, ret_runs);
		err = run != NULL ? lb_database_read_run(runs, arena, run, error)
				  : lb_fail_nomem(error);
		if (err != LB_OK) {
			(void)sqlite3_reset(runs);
			return err;
		}
	}
	for (size_t i = 0; query->with_inputs && i < ret_runs->count && err == LB_OK; i++) {
		err = lb_database_read_inputs(database, &ret_runs->items[i], arena, error);
	}
	return err;
}

static enum lb_err read_event(sqlite3_stmt *events, const struct lb_run_input *input,
			      struct lb_arena *arena, struct lb_event *event,
			      struct lb_error *error)
{
	*event = (struct lb_event){
		.sensor = input->sensor,
		.seq = sqlite3_column_int64(events, 0),
		.file = {.modified_at_us = lb_column_time(events, 5),
			 .size_bytes = sqlite3_column_int64(events, 6)},
		.observed_at_us = lb_column_time(events, 7),
	};
	enum lb_err err = lb_column_text(events, 1, arena, &event->sensor_id, error);
	if (err == LB_OK) {
		err = lb_column_text(events, 3, arena, &event->file.file_name, error);
	}
	if (err == LB_OK) {
		err = lb_column_text(events, 4, arena, &event->file.etag, error);
	}
	if (err != LB_OK) {
		return err;
	}
	event->file.file_path =
		lb_arena_printf(arena, "%s/%s/%s", (const char *)sqlite3_column_text(events, 2),
				event->sensor_id, event->file.file_name);
	return event->file.file_path != NULL ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err load_input_events(struct lb_database *database, const struct lb_run_input *input,
				     struct lb_arena *arena, struct lb_event_list *list,
				     struct lb_error *error)
{
	sqlite3_stmt *events = lb_database_statement(database, SQL_EVENTS, error);
	if (events == NULL) {
		return error->code;
	}
	lb_bind_int(events, 1, input->sensor);
	lb_bind_int(events, 2, input->from_seq);
	lb_bind_int(events, 3, input->to_seq);
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, events, &row, error)) == LB_OK && row) {
		struct lb_event *event = lb_list_add(arena, list);
		err = event != NULL ? read_event(events, input, arena, event, error)
				    : lb_fail_nomem(error);
		if (err != LB_OK) {
			(void)sqlite3_reset(events);
			return err;
		}
	}
	return err;
}

enum lb_err lb_database_load_events(struct lb_store *store, const struct lb_run_input_list *inputs,
				    struct lb_arena *arena, struct lb_event_list *ret_events,
				    struct lb_error *error)
{
	*ret_events = (struct lb_event_list){0};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < inputs->count && err == LB_OK; i++) {
		err = load_input_events(lb_database_of(store), &inputs->items[i], arena, ret_events,
					error);
	}
	return err;
}
