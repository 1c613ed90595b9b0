#include "sources/trigger_file/pass.h"

#include "base/time.h"
#include "sources/trigger_file/walk.h"

/* bytes_max: of the scan's arena. */
struct pass_run {
	const struct lb_pass *pass;
	struct lb_scan *scan;
	struct lb_tally_rules rules;
	struct lb_walk walk;
	size_t bytes_max;
	int64_t began_at_us;
};

/* The engine's clock, carried on through a long pass. */
static int64_t now_us(const struct pass_run *run)
{
	return run->scan->now_us + run->pass->monotonic_us() - run->began_at_us;
}

/* One stat says whether anything happened in a folder. */
static enum lb_err ask_folder(struct pass_run *run, const struct lb_skip_target *target,
			      struct lb_error *error)
{
	struct lb_lister *lister = run->pass->lister;
	struct lb_error why;
	int64_t time_ns = 0;
	/* Before the stat, so that a change after it is later than this. */
	int64_t asked_at_us = now_us(run);
	enum lb_err err = lister->impl->folder_time(lister, target->sensor_id, &time_ns, &why);
	if (err == LB_OK) {
		lb_walk_folder(&run->walk, time_ns, asked_at_us);
		return LB_OK;
	}
	/* Nothing was delivered yet; the folder comes with the first file. */
	return err == LB_NOT_FOUND ? lb_walk_close(&run->walk, error)
				   : lb_walk_fail(&run->walk, why.message, error);
}

static enum lb_err take_page(struct pass_run *run, const struct lb_page *page, int64_t listed_at_us,
			     struct lb_error *error)
{
	if (page->folder_error != NULL) {
		return lb_walk_fail(&run->walk, page->folder_error, error);
	}
	for (size_t i = 0; i < page->files.count; i++) {
		if (lb_walk_key(&run->walk, &page->files.items[i], listed_at_us, error) != LB_OK) {
			return error->code;
		}
	}
	return lb_walk_page(&run->walk, page->shown_to, error);
}

static enum lb_err list_page(struct pass_run *run, const char *start_after, struct lb_error *error)
{
	struct lb_lister *lister = run->pass->lister;
	struct lb_page page = {0};
	int64_t listed_at_us = now_us(run);
	enum lb_err err = lister->impl->list(lister, start_after, &page, error);
	if (err == LB_OK) {
		err = take_page(run, &page, listed_at_us, error);
	}
	lb_arena_finish(&page.arena);
	return err;
}

/* A sensor that is shown in part only is left to the next pass, unless it is the
 * only one: each pass finishes some sensor. */
static bool is_full(const struct pass_run *run)
{
	size_t done = lb_walk_done(&run->walk);
	return done > 0 && done < run->walk.skip.count &&
	       run->scan->arena.bytes_used > run->bytes_max;
}

static enum lb_err walk_all(struct pass_run *run, struct lb_error *error)
{
	struct lb_skip_request request;
	while (!atomic_load_explicit(run->pass->stop, memory_order_relaxed) && !is_full(run) &&
	       lb_walk_next(&run->walk, &request)) {
		enum lb_err err = request.kind == LB_SKIP_FOLDER_TIME
					  ? ask_folder(run, request.target, error)
					  : list_page(run, request.start_after, error);
		if (err != LB_OK) {
			return err;
		}
	}
	return LB_OK;
}

static enum lb_err prepare(struct pass_run *run, struct lb_error *error)
{
	const struct lb_lister *lister = run->pass->lister;
	const char *after = run->pass->rest->after;
	size_t recent_max = lister->page_keys / 2;
	run->rules.folder_times = lister->impl->folder_time != NULL;
	run->rules.page_keys = lister->page_keys;
	if (!run->rules.folder_times && recent_max > 0) {
		run->rules.recent_us = lb_arena_alloc(&run->scan->arena,
						      recent_max * sizeof(*run->rules.recent_us));
		if (run->rules.recent_us == NULL) {
			return lb_fail_nomem(error);
		}
	}
	struct lb_skip_target *targets;
	size_t count;
	if (lb_walk_choose_targets(&run->rules, after == NULL, &targets, &count, error) != LB_OK) {
		return error->code;
	}
	lb_walk_init(&run->walk, &run->rules, targets, count);
	if (after != NULL) {
		lb_walk_resume(&run->walk, after);
	}
	size_t bytes_max = run->pass->bytes_max;
	run->bytes_max =
		run->scan->arena.bytes_used + (bytes_max > 0 ? bytes_max : LB_PASS_BYTES_MAX);
	return LB_OK;
}

static void look(struct pass_run *run)
{
	struct lb_error *error = &run->scan->error;
	struct lb_lister *lister = run->pass->lister;
	enum lb_err err = lister->impl->open(lister, error);
	if (err == LB_OK) {
		run->rules.folder_time_trust_us = lister->folder_time_trust_us;
		err = walk_all(run, error);
		lister->impl->close(lister);
	}
	if (err != LB_OK) {
		lb_walk_fail_rest(&run->walk, error->message);
	}
}

/* Without memory for the place the next pass begins anew, which costs time only. */
static void stop_here(struct pass_run *run)
{
	struct lb_pass_rest *rest = run->pass->rest;
	struct lb_scan *scan = run->scan;
	lb_free(rest->after);
	rest->after = lb_strdup(lb_walk_last_done(&run->walk)->sensor_id);
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
		.began_at_us = pass->monotonic_us(),
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
	if (prepare(&run, &scan->error) == LB_OK) {
		look(&run);
	}
	finish(&run);
}
