/* load_runs.c: the run history. A query's statement is put together from the
 * conditions that are set, and kept for the next query of the same shape. */
#include "stores/sqlite/run_columns.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

/* How the states are asked for. A single state, and the two of live runs, can be
 * found by an index; the rest is counted out of the mask. */
enum states { STATES_ANY, STATES_ONE_LIVE, STATES_LIVE, STATES_SOME };

#define LIVE_MASK (1U << LB_RUN_PLANNED | 1U << LB_RUN_SUBMITTED)

static enum states find_states(unsigned mask)
{
	if (mask == 0) {
		return STATES_ANY;
	}
	if (mask == 1U << LB_RUN_PLANNED || mask == 1U << LB_RUN_SUBMITTED) {
		return STATES_ONE_LIVE;
	}
	return mask == LIVE_MASK ? STATES_LIVE : STATES_SOME;
}

#define IS_LIVE " AND state IN ('PLANNED', 'SUBMITTED')"

/* The index on live runs serves a query only that says it looks for those. */
static const char *const state_conditions[] = {
	[STATES_ANY] = "",
	[STATES_ONE_LIVE] = " AND state = ?4" IS_LIVE,
	[STATES_LIVE] = IS_LIVE,
	[STATES_SOME] = " AND (?4 >> CASE state WHEN 'PLANNED' THEN 0 WHEN 'SUBMITTED' THEN 1 "
			"WHEN 'SUCCEEDED' THEN 2 WHEN 'FAILED' THEN 3 ELSE 4 END) & 1",
};

static_assert(LB_RUN_PLANNED == 0 && LB_RUN_SUBMITTED == 1 && LB_RUN_SUCCEEDED == 2 &&
		      LB_RUN_FAILED == 3 && LB_RUN_CANCELED == 4 && LB_RUN_STATE_MAX == 5,
	      "the numbers of states are those of the text above");

#define OF_FAILED_JOB                                                                              \
	" AND id IN (SELECT " SQL_LATEST_RUN(                                                      \
		"c.trigger_job_id") " FROM {control} c WHERE "                                     \
				    "c.status = 'FAILED' OR lakebeat_fold(c.status) = 'failed')"

/* A number for the shape of the query, below SQLITE_RUN_QUERIES_MAX. */
static size_t shape_of(const struct lb_run_query *query)
{
	return (size_t)find_states(query->state_mask) | (query->trigger_job_id != NULL ? 4U : 0U) |
	       (query->runner != NULL ? 8U : 0U) | (query->token != NULL ? 16U : 0U) |
	       (query->with_inputs ? 32U : 0U) | (query->order == LB_RUN_NEWEST_FIRST ? 64U : 0U) |
	       (query->failed_jobs ? 128U : 0U);
}

static void write_query(const struct lb_run_query *query, char *text, size_t size)
{
	bool newest = query->order == LB_RUN_NEWEST_FIRST;
	int length = snprintf(
		text, size,
		"SELECT " SQL_RUN_COLUMNS "%s FROM (SELECT * FROM lakebeat_run WHERE true"
		"%s%s%s%s%s ORDER BY %s LIMIT ?5) r %sORDER BY %s%s",
		query->with_inputs ? ", " SQL_INPUT_COLUMNS : "",
		query->trigger_job_id != NULL ? " AND trigger_job_id = ?1" : "",
		query->runner != NULL ? " AND runner = ?2" : "",
		query->token != NULL ? " AND token = ?3" : "",
		state_conditions[find_states(query->state_mask)],
		query->failed_jobs ? OF_FAILED_JOB : "", newest ? "id DESC" : "next_try_at_us, id",
		query->with_inputs ? SQL_JOIN_INPUTS : "",
		newest ? "r.id DESC" : "r.next_try_at_us, r.id",
		query->with_inputs ? ", i.sensor" : "");
	assert(length > 0 && (size_t)length < size);
}

static void bind_query(struct sql *sql, const struct lb_run_query *query)
{
	if (query->trigger_job_id != NULL) {
		sql_bind_text(sql, 1, query->trigger_job_id);
	}
	if (query->runner != NULL) {
		sql_bind_text(sql, 2, query->runner);
	}
	if (query->token != NULL) {
		sql_bind_text(sql, 3, query->token);
	}
	enum states states = find_states(query->state_mask);
	if (states == STATES_ONE_LIVE) {
		enum lb_run_state state = query->state_mask == 1U << LB_RUN_PLANNED
						  ? LB_RUN_PLANNED
						  : LB_RUN_SUBMITTED;
		sql_bind_text(sql, 4, lb_run_state_text(state));
	} else if (states == STATES_SOME) {
		sql_bind_int(sql, 4, query->state_mask);
	}
	sql_bind_int(sql, 5,
		     query->limit > 0 && query->limit < INT_MAX ? (int64_t)query->limit : -1);
}

static void read_line(struct sql *sql, bool with_inputs, struct lb_arena *arena,
		      struct lb_run_list *runs)
{
	bool same = runs->count > 0 && runs->items[runs->count - 1].id == sql_int(sql, 0);
	struct lb_run *run = same ? &runs->items[runs->count - 1] : lb_list_add(arena, runs);
	if (run == NULL) {
		sql_no_memory(sql);
		return;
	}
	if (!same) {
		lb_sqlite_read_run(sql, arena, run);
	}
	if (with_inputs) {
		lb_sqlite_read_input(sql, arena, run);
	}
}

enum lb_err lb_sqlite_load_runs(struct lb_sqlite *sqlite, const struct lb_run_query *query,
				struct lb_arena *arena, struct lb_run_list *ret_runs,
				struct lb_error *error)
{
	char text[1024];
	size_t shape = shape_of(query);
	assert(shape < SQLITE_RUN_QUERIES_MAX);
	write_query(query, text, sizeof(text));
	struct sql sql = sql_begin_text(sqlite, &sqlite->run_queries[shape], text);
	bind_query(&sql, query);
	*ret_runs = (struct lb_run_list){0};
	bool more;
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		read_line(&sql, query->with_inputs, arena, ret_runs);
		err = sql_next(&sql, &more, error);
	}
	return err;
}
