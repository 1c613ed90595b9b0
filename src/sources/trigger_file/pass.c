#include "sources/trigger_file/pass.h"

#include "base/time.h"
#include "core/names.h"
#include "sources/trigger_file/tally.h"

#include <string.h>

/* tally: the last one's memory serves the next sensor's.
 * next: the first sensor that was not looked at. done: how many were.
 * bytes_max: of the scan's arena. */
struct pass_run {
	const struct lb_pass *pass;
	struct lb_scan *scan;
	struct lb_tally_rules rules;
	struct lb_tally tally;
	size_t next;
	size_t done;
	size_t bytes_max;
};

/* The engine's clock, carried on through a long pass. */
static int64_t now_us(const struct pass_run *run)
{
	return run->scan->now_us + run->pass->monotonic_us() - run->pass->asked_at_us;
}

static enum lb_err add_files(struct pass_run *run, const char *sensor_id,
			     const struct lb_listed_list *files, int64_t listed_at_us,
			     struct lb_error *error)
{
	size_t name_offset = strlen(sensor_id) + 1;
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < files->count && err == LB_OK; i++) {
		const struct lb_listed *listed = &files->items[i];
		err = lb_tally_add(&run->tally, &run->rules, listed->key + name_offset, listed,
				   listed_at_us, error);
	}
	return err == LB_OK ? lb_tally_close(&run->tally, &run->rules, error) : err;
}

static enum lb_err list_folder(struct pass_run *run, const char *sensor_id, struct lb_error *error)
{
	struct lb_folder_lister *lister = run->pass->lister;
	struct lb_arena arena = {0};
	struct lb_listed_list files = {0};
	struct lb_error why;
	int64_t listed_at_us = now_us(run);
	enum lb_err err = lister->impl->list(lister, sensor_id, &arena, &files, &why);
	if (err == LB_OK) {
		err = add_files(run, sensor_id, &files, listed_at_us, error);
	} else if (err == LB_NOMEM) {
		*error = why;
	} else {
		err = lb_tally_fail(&run->tally, &run->rules, why.message, error);
	}
	lb_arena_finish(&arena);
	return err;
}

/* One stat says whether anything happened in a folder. */
static enum lb_err look_at_folder(struct pass_run *run, const char *sensor_id,
				  struct lb_error *error)
{
	struct lb_folder_lister *lister = run->pass->lister;
	struct lb_tally *tally = &run->tally;
	struct lb_error why;
	int64_t time_ns = 0;
	/* Before the stat, so that a change after it is later than this. */
	tally->listed_at_us = now_us(run);
	enum lb_err err = lister->impl->folder_time(lister, sensor_id, &time_ns, &why);
	if (err == LB_NOT_FOUND) {
		/* Nothing was delivered yet; the folder comes with the first file. */
		return lb_tally_close(tally, &run->rules, error);
	}
	if (err != LB_OK) {
		return lb_tally_fail(tally, &run->rules, why.message, error);
	}
	if (tally->plan.folder_time_ns != 0 && tally->plan.folder_time_ns == time_ns) {
		return LB_OK;
	}
	tally->folder_time_ns = time_ns;
	return list_folder(run, sensor_id, error);
}

static enum lb_err look_at_sensor(struct pass_run *run, struct lb_error *error)
{
	const struct lb_sensor *sensor = &run->scan->sensors.items[run->next];
	lb_tally_open(&run->tally, &run->rules, sensor);
	enum lb_err err = lb_sensor_id_problem(sensor->sensor_id) != NULL
				  ? lb_tally_refuse(&run->tally, &run->rules, error)
				  : look_at_folder(run, sensor->sensor_id, error);
	if (err == LB_OK) {
		run->next++;
		run->done++;
	}
	return err;
}

/* Each pass looks at one sensor at least. */
static bool is_full(const struct pass_run *run)
{
	return run->done > 0 && run->next < run->scan->sensors.count &&
	       run->scan->arena.bytes_used > run->bytes_max;
}

static enum lb_err look_at_all(struct pass_run *run, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	while (err == LB_OK && run->next < run->scan->sensors.count && !is_full(run) &&
	       !atomic_load_explicit(run->pass->stop, memory_order_relaxed)) {
		err = look_at_sensor(run, error);
	}
	return err;
}

/* Without memory for it the pass's own error has to do. */
static void fail_rest(struct pass_run *run, const char *message)
{
	struct lb_error ignored;
	enum lb_err err = LB_OK;
	for (; err == LB_OK && run->next < run->scan->sensors.count; run->next++) {
		lb_tally_open(&run->tally, &run->rules, &run->scan->sensors.items[run->next]);
		err = lb_tally_fail(&run->tally, &run->rules, message, &ignored);
	}
}

static void skip_done(struct pass_run *run)
{
	const char *after = run->pass->rest->after;
	while (after != NULL && run->next < run->scan->sensors.count &&
	       strcmp(run->scan->sensors.items[run->next].sensor_id, after) <= 0) {
		run->next++;
	}
}

static void look(struct pass_run *run)
{
	struct lb_error *error = &run->scan->error;
	struct lb_folder_lister *lister = run->pass->lister;
	enum lb_err err = lister->impl->open(lister, error);
	if (err == LB_OK) {
		run->rules.folder_time_trust_us = lister->folder_time_trust_us;
		err = look_at_all(run, error);
		lister->impl->close(lister);
	}
	if (err != LB_OK) {
		fail_rest(run, error->message);
	}
}

/* Without memory for the place the next pass begins anew, which costs time only. */
static void stop_here(struct pass_run *run)
{
	struct lb_pass_rest *rest = run->pass->rest;
	struct lb_scan *scan = run->scan;
	lb_free(rest->after);
	rest->after = lb_strdup(scan->sensors.items[run->next - 1].sensor_id);
	rest->rescan_at_us = scan->rescan_at_us;
	scan->rescan_at_us = LB_TIME_NONE;
	scan->unfinished = true;
}

static void finish(struct pass_run *run)
{
	if (run->scan->error.code == LB_OK && is_full(run)) {
		stop_here(run);
		return;
	}
	lb_pass_rest_finish(run->pass->rest);
	lb_recall_turn(run->pass->recall);
}

void lb_pass_rest_finish(struct lb_pass_rest *rest)
{
	lb_free(rest->after);
	*rest = (struct lb_pass_rest){0};
}

void lb_pass_run(const struct lb_pass *pass, struct lb_scan *scan)
{
	struct pass_run run = {
		.pass = pass,
		.scan = scan,
		.rules = {.options = pass->options,
			  .filter = pass->filter,
			  .base_location = pass->base_location,
			  .recall = pass->recall,
			  .scan = scan},
	};
	if (!scan->recorded) {
		lb_pass_rest_finish(pass->rest);
		lb_recall_finish(pass->recall);
	}
	scan->reports = (struct lb_sensor_report_list){0};
	scan->failed = 0;
	scan->rescan_at_us = pass->rest->after != NULL ? pass->rest->rescan_at_us : LB_TIME_NONE;
	scan->unfinished = false;
	scan->error = (struct lb_error){0};
	size_t bytes_max = pass->bytes_max > 0 ? pass->bytes_max : LB_PASS_BYTES_MAX;
	run.bytes_max = scan->arena.bytes_used + bytes_max;
	skip_done(&run);
	look(&run);
	finish(&run);
}
