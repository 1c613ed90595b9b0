/* forget.c: history that nobody needs any more goes. */
#include "base/text.h"
#include "stores/sqlite/statement.h"

#include <stdlib.h>

/* An event old enough to be forgotten, if its file is gone. */
struct candidate {
	int64_t seq;
	const char *file_name;
};

struct candidate_list LB_LIST_OF(struct candidate);

/* The event up to which nobody needs the sensor's events. */
static enum lb_err find_needed_after(struct lb_sqlite *sqlite, int64_t sensor, int64_t last_seq,
				     int64_t *ret_seq, struct lb_error *error)
{
	bool more;
	struct sql sql = sql_begin(sqlite, SQL_NEEDED_AFTER);
	sql_bind_int(&sql, 1, sensor);
	enum lb_err err = sql_next(&sql, &more, error);
	*ret_seq = last_seq;
	if (more) {
		*ret_seq = sql_is_null(&sql, 0) ? last_seq : sql_int(&sql, 0);
		sql_end(&sql);
	}
	return err;
}

static enum lb_err find_candidates(struct lb_sqlite *sqlite, int64_t sensor, int64_t seq,
				   int64_t cutoff_us, struct lb_arena *arena,
				   struct candidate_list *ret_candidates, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_FIND_FORGETTABLE);
	sql_bind_int(&sql, 1, sensor);
	sql_bind_int(&sql, 2, seq);
	sql_bind_int(&sql, 3, cutoff_us);
	bool more;
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		struct candidate *candidate = lb_list_add(arena, ret_candidates);
		if (candidate == NULL) {
			sql_end(&sql);
			return lb_fail_nomem(error);
		}
		candidate->seq = sql_int(&sql, 0);
		candidate->file_name = sql_text(&sql, 1, arena);
		err = sql_next(&sql, &more, error);
	}
	return err;
}

static int compare_names(const void *a, const void *b)
{
	return lb_text_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The names that the report lists, sorted; NULL: no memory. */
static const char **sort_names(const struct lb_file_list *files, struct lb_arena *arena)
{
	const char **names = lb_arena_alloc(arena, files->count * sizeof(*names));
	for (size_t i = 0; names != NULL && i < files->count; i++) {
		names[i] = files->items[i].file_name;
	}
	if (names != NULL && files->count > 1) {
		qsort(names, files->count, sizeof(*names), compare_names);
	}
	return names;
}

static enum lb_err forget_event(struct lb_sqlite *sqlite, int64_t sensor, int64_t seq,
				struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_FORGET_EVENT);
	sql_bind_int(&sql, 1, sensor);
	sql_bind_int(&sql, 2, seq);
	return sql_run(&sql, error);
}

static enum lb_err forget_gone(struct lb_sqlite *sqlite, int64_t sensor,
			       const struct lb_sensor_report *report,
			       const struct candidate_list *candidates, struct lb_arena *arena,
			       struct lb_error *error)
{
	const char **names = sort_names(&report->files, arena);
	if (names == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < candidates->count && err == LB_OK; i++) {
		const struct candidate *candidate = &candidates->items[i];
		if (bsearch(&candidate->file_name, names, report->files.count, sizeof(*names),
			    compare_names) == NULL) {
			err = forget_event(sqlite, sensor, candidate->seq, error);
		}
	}
	return err;
}

enum lb_err lb_sqlite_forget_events(struct lb_sqlite *sqlite, int64_t sensor, int64_t last_seq,
				    const struct lb_sensor_report *report, struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	struct candidate_list candidates = {0};
	int64_t seq;
	int64_t cutoff_us = report->observed_at_us - sqlite->base.keep_us;
	enum lb_err err = find_needed_after(sqlite, sensor, last_seq, &seq, error);
	if (err == LB_OK) {
		err = find_candidates(sqlite, sensor, seq, cutoff_us, &arena, &candidates, error);
	}
	if (err == LB_OK && candidates.count > 0) {
		err = forget_gone(sqlite, sensor, report, &candidates, &arena, error);
	}
	return err;
}

enum lb_err lb_sqlite_forget_cleaned(struct lb_sqlite *sqlite, int64_t sensor, int64_t now_us,
				     struct lb_error *error)
{
	int64_t seq;
	enum lb_err err = find_needed_after(sqlite, sensor, INT64_MAX, &seq, error);
	if (err != LB_OK) {
		return err;
	}
	struct sql sql = sql_begin(sqlite, SQL_FORGET_GONE);
	sql_bind_int(&sql, 1, sensor);
	sql_bind_int(&sql, 2, now_us - sqlite->base.keep_us);
	sql_bind_int(&sql, 3, seq);
	return sql_run(&sql, error);
}

enum lb_err lb_sqlite_forget_history(struct lb_sqlite *sqlite, int64_t now_us,
				     struct lb_error *error)
{
	/* The inputs go first: their runs say which. */
	static const enum sql_id steps[] = {SQL_FORGET_INPUTS, SQL_FORGET_RUNS, SQL_FORGET_AUDITS};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == LB_OK; i++) {
		struct sql sql = sql_begin(sqlite, steps[i]);
		sql_bind_int(&sql, 1, now_us - sqlite->base.keep_us);
		err = sql_run(&sql, error);
	}
	return err;
}
