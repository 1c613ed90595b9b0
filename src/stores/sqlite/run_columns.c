#include "stores/sqlite/run_columns.h"

#include <string.h>

static void read_token(struct sql *sql, int column, struct lb_run *run)
{
	const char *token = (const char *)sqlite3_column_text(sql->statement, column);
	if (token != NULL) {
		(void)strncpy(run->token, token, LB_TOKEN_LENGTH);
	}
}

/* A state that is none, written by somebody else, counts as over. */
static enum lb_run_state read_state(struct sql *sql, int column)
{
	enum lb_run_state state =
		lb_run_state_parse((const char *)sqlite3_column_text(sql->statement, column));
	return state != LB_RUN_STATE_MAX ? state : LB_RUN_CANCELED;
}

void lb_sqlite_read_run(struct sql *sql, struct lb_arena *arena, struct lb_run *run)
{
	*run = (struct lb_run){
		.id = sql_int(sql, 0),
		.trigger_job_id = sql_text(sql, 1, arena),
		.run_no = sql_int(sql, 2),
		.attempt = (int)sql_int(sql, 3),
		.state = read_state(sql, 5),
		.runner = sql_text(sql, 6, arena),
		.external_id = sql_text(sql, 7, arena),
		.url = sql_text(sql, 8, arena),
		.message = sql_text(sql, 9, arena),
		.tries = (int)sql_int(sql, 10),
		.refused = sql_int(sql, 11) != 0,
		.planned_at_us = sql_time(sql, 12),
		.next_try_at_us = sql_time(sql, 13),
		.submitted_at_us = sql_time(sql, 14),
		.ended_at_us = sql_time(sql, 15),
	};
	read_token(sql, 4, run);
}

void lb_sqlite_read_input(struct sql *sql, struct lb_arena *arena, struct lb_run *run)
{
	const int first = SQL_RUN_COLUMN_COUNT;
	if (sql_is_null(sql, first)) {
		return;
	}
	struct lb_run_input *input = lb_list_add(arena, &run->inputs);
	if (input == NULL) {
		sql_no_memory(sql);
		return;
	}
	*input = (struct lb_run_input){
		.sensor = sql_int(sql, first),
		.sensor_id = sql_text(sql, first + 1, arena),
		.from_seq = sql_int(sql, first + 2),
		.to_seq = sql_int(sql, first + 3),
	};
}
