/* The data feed, and what it would change in an empty control table and in one that it
 * made itself. */
#include "base/text.h"
#include "config/feed_csv.h"
#include "core/feed_plan.h"
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_rows(const void *a, const void *b)
{
	const struct lb_row *x = a;
	const struct lb_row *y = b;
	int order = strcmp(lb_row_job_id(x), lb_row_job_id(y));
	return order != 0 ? order : strcmp(lb_row_sensor_id(x), lb_row_sensor_id(y));
}

/* The control table after the feed was applied. */
static struct lb_job_list make_jobs(struct lb_arena *arena, const struct lb_row_list *rows)
{
	struct lb_job_list jobs = {0};
	if (rows->count > 1) {
		qsort(rows->items, rows->count, sizeof(*rows->items), compare_rows);
	}
	for (size_t i = 0; i < rows->count; i++) {
		struct lb_job *job = jobs.count > 0 ? &jobs.items[jobs.count - 1] : NULL;
		const char *id = lb_row_job_id(&rows->items[i]);
		if (job == NULL || strcmp(job->trigger_job_id, id) != 0) {
			job = lb_list_add(arena, &jobs);
			assert(job != NULL);
			job->trigger_job_id = id;
		}
		struct lb_row *row = lb_list_add(arena, &job->rows);
		assert(row != NULL);
		*row = rows->items[i];
	}
	return jobs;
}

static void check_plans(struct lb_arena *arena, const struct lb_row_list *rows)
{
	struct lb_feed_plan plan = {0};
	struct lb_job_list none = {0};
	struct lb_error error;
	assert(lb_feed_plan_make(&none, rows, arena, &plan, &error) == LB_OK);
	assert(plan.changes.count == rows->count && plan.dangers == 0);
	struct lb_job_list jobs = make_jobs(arena, rows);
	struct lb_feed_plan again = {0};
	assert(lb_feed_plan_make(&jobs, rows, arena, &again, &error) == LB_OK);
	assert(again.changes.count == 0 && again.unchanged == rows->count);
}

static void put_field(FILE *stream, const char *text, bool last)
{
	(void)fputs(text != NULL ? "\"" : "", stream);
	for (; text != NULL && *text != '\0'; text++) {
		(void)fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, stream);
	}
	(void)fputs(text != NULL ? "\"" : "", stream);
	(void)fputs(last ? "\r\n" : ",", stream);
}

static char *write_csv(const struct lb_row_list *rows, size_t *ret_size)
{
	char *csv = NULL;
	FILE *stream = open_memstream(&csv, ret_size);
	assert(stream != NULL);
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		put_field(stream, lb_declared_names[i], i + 1 == LB_DECLARED_MAX);
	}
	for (size_t row = 0; row < rows->count; row++) {
		for (int i = 0; i < LB_DECLARED_MAX; i++) {
			put_field(stream, rows->items[row].declared[i], i + 1 == LB_DECLARED_MAX);
		}
	}
	assert(fclose(stream) == 0);
	return csv;
}

/* What was read, written as RFC 4180 says, is read again. */
static void check_round_trip(struct lb_arena *arena, const struct lb_row_list *rows)
{
	size_t size;
	struct lb_problem_list problems = {0};
	struct lb_row_list again = {0};
	struct lb_error error;
	char *csv = write_csv(rows, &size);
	assert(lb_feed_csv_read(fuzz_file((const uint8_t *)csv, size), NULL, arena, &problems,
				&again, &error) == LB_OK);
	assert(again.count == rows->count);
	for (size_t row = 0; row < rows->count; row++) {
		for (int i = 0; i < LB_DECLARED_MAX; i++) {
			assert(lb_text_equal(rows->items[row].declared[i],
					     again.items[row].declared[i]));
		}
	}
	free(csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_row_list rows = {0};
	struct lb_error error = {0};
	enum lb_err err =
		lb_feed_csv_read(fuzz_file(data, size), NULL, &arena, &problems, &rows, &error);
	fuzz_check_problems(&problems);
	if (err != LB_OK) {
		fuzz_check_error(&error);
		lb_arena_finish(&arena);
		return 0;
	}
	for (size_t i = 0; i < rows.count; i++) {
		assert(*lb_row_sensor_id(&rows.items[i]) != '\0');
		assert(*lb_row_job_id(&rows.items[i]) != '\0');
	}
	check_round_trip(&arena, &rows);
	check_plans(&arena, &rows);
	lb_arena_finish(&arena);
	return 0;
}
