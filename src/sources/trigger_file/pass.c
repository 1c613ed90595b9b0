#include "sources/trigger_file/pass.h"

#include "base/text.h"
#include "base/time.h"
#include "core/names.h"
#include "sources/trigger_file/skip_scan.h"
#include "sources/trigger_file/tally.h"

#include <uv.h>

/* tally is that of targets[at]; is_open: it was begun. */
struct walk {
	const struct lb_pass *pass;
	struct lb_scan *scan;
	struct lb_tally_rules rules;
	struct lb_skip_scan skip;
	struct lb_tally tally;
	size_t at;
	bool is_open;
	size_t bytes_max; /* of the scan's arena */
	uint64_t began_at_ns;
};

/* The engine's clock, carried on through a long pass. */
static int64_t now_us(const struct walk *walk)
{
	return walk->scan->now_us + (int64_t)((uv_hrtime() - walk->began_at_ns) / 1000);
}

static void open_tally(struct walk *walk)
{
	if (!walk->is_open) {
		size_t index = walk->skip.targets[walk->at].index;
		lb_tally_open(&walk->tally, &walk->rules, &walk->scan->sensors.items[index]);
		walk->is_open = true;
	}
}

static void leave_target(struct walk *walk)
{
	walk->at++;
	walk->is_open = false;
}

/* The targets before end have been shown whole. */
static enum lb_err close_until(struct walk *walk, size_t end, struct lb_error *error)
{
	while (walk->at < end) {
		open_tally(walk);
		if (lb_tally_close(&walk->tally, &walk->rules, error) != LB_OK) {
			return error->code;
		}
		leave_target(walk);
	}
	return LB_OK;
}

static enum lb_err fail_until(struct walk *walk, size_t end, const char *message,
			      struct lb_error *error)
{
	while (walk->at < end) {
		open_tally(walk);
		if (lb_tally_fail(&walk->tally, &walk->rules, message, error) != LB_OK) {
			return error->code;
		}
		leave_target(walk);
	}
	return LB_OK;
}

/* One stat says whether anything happened in a folder. */
static enum lb_err ask_folder(struct walk *walk, const struct lb_skip_target *target,
			      struct lb_error *error)
{
	struct lb_lister *lister = walk->pass->lister;
	const struct lb_sensor *sensor = &walk->scan->sensors.items[target->index];
	struct lb_tally_plan plan = lb_tally_plan(&walk->rules, sensor);
	struct lb_error why;
	int64_t time_ns = 0;
	/* Before the stat, so that a change after it is later than this. */
	int64_t asked_at_us = now_us(walk);
	enum lb_err err = lister->impl->folder_time(lister, target->sensor_id, &time_ns, &why);
	if (err == LB_OK && (plan.folder_time_ns == 0 || plan.folder_time_ns != time_ns)) {
		open_tally(walk);
		walk->tally.folder_time_ns = time_ns;
		walk->tally.listed_at_us = asked_at_us;
		lb_skip_scan_folder(&walk->skip, true);
		return LB_OK;
	}
	lb_skip_scan_folder(&walk->skip, false);
	size_t end = lb_skip_scan_done(&walk->skip);
	if (err == LB_OK) {
		leave_target(walk);
		return LB_OK;
	}
	/* Nothing was delivered yet; the folder comes with the first file. */
	return err == LB_NOT_FOUND ? close_until(walk, end, error)
				   : fail_until(walk, end, why.message, error);
}

static enum lb_err take_key(struct walk *walk, const struct lb_listed *listed, int64_t listed_at_us,
			    struct lb_error *error)
{
	size_t position;
	const char *file_name;
	if (lb_skip_scan_key(&walk->skip, listed->key, &position, &file_name, error) != LB_OK) {
		return error->code;
	}
	if (position == walk->skip.count) {
		return LB_OK;
	}
	if (close_until(walk, position, error) != LB_OK) {
		return error->code;
	}
	open_tally(walk);
	return lb_tally_add(&walk->tally, &walk->rules, file_name, listed, listed_at_us, error);
}

static enum lb_err take_page(struct walk *walk, const struct lb_page *page, int64_t listed_at_us,
			     struct lb_error *error)
{
	for (size_t i = 0; i < page->files.count; i++) {
		if (take_key(walk, &page->files.items[i], listed_at_us, error) != LB_OK) {
			return error->code;
		}
	}
	if (lb_skip_scan_page(&walk->skip, page->shown_to, error) != LB_OK) {
		return error->code;
	}
	size_t done = lb_skip_scan_done(&walk->skip);
	return page->folder_error != NULL ? fail_until(walk, done, page->folder_error, error)
					  : close_until(walk, done, error);
}

static enum lb_err list_page(struct walk *walk, const char *start_after, struct lb_error *error)
{
	struct lb_lister *lister = walk->pass->lister;
	struct lb_page page = {0};
	int64_t listed_at_us = now_us(walk);
	enum lb_err err = lister->impl->list(lister, start_after, &page, error);
	if (err == LB_OK) {
		err = take_page(walk, &page, listed_at_us, error);
	}
	lb_arena_finish(&page.arena);
	return err;
}

/* A sensor that is shown in part only is left to the next pass, unless it is the
 * only one: each pass finishes some sensor. */
static bool is_full(const struct walk *walk)
{
	return walk->at > 0 && walk->at < walk->skip.count &&
	       walk->scan->arena.bytes_used > walk->bytes_max;
}

static enum lb_err walk_all(struct walk *walk, struct lb_error *error)
{
	struct lb_skip_request request;
	while (!atomic_load_explicit(walk->pass->stop, memory_order_relaxed) && !is_full(walk) &&
	       lb_skip_scan_next(&walk->skip, &request)) {
		enum lb_err err = request.kind == LB_SKIP_FOLDER_TIME
					  ? ask_folder(walk, request.target, error)
					  : list_page(walk, request.start_after, error);
		if (err != LB_OK) {
			return err;
		}
	}
	return LB_OK;
}

static enum lb_err refuse_sensor(struct walk *walk, const struct lb_sensor *sensor,
				 const char *problem, struct lb_error *error)
{
	struct lb_arena *arena = &walk->scan->arena;
	const char *printable = lb_text_printable(arena, sensor->sensor_id);
	const char *message =
		printable != NULL ? lb_arena_printf(arena, "sensor_id '%s' %s", printable, problem)
				  : NULL;
	if (message == NULL) {
		return lb_fail_nomem(error);
	}
	struct lb_tally tally = {0};
	lb_tally_open(&tally, &walk->rules, sensor);
	return lb_tally_fail(&tally, &walk->rules, message, error);
}

/* Every sensor that may be looked for becomes a target; the others are refused. */
static enum lb_err choose_targets(struct walk *walk, struct lb_error *error)
{
	const struct lb_sensor_list *sensors = &walk->scan->sensors;
	struct lb_skip_target *targets =
		lb_arena_alloc(&walk->scan->arena, sensors->count * sizeof(*targets));
	if (targets == NULL) {
		return lb_fail_nomem(error);
	}
	size_t count = 0;
	for (size_t i = 0; i < sensors->count; i++) {
		const struct lb_sensor *sensor = &sensors->items[i];
		const char *problem = lb_sensor_id_problem(sensor->sensor_id);
		if (problem == NULL) {
			targets[count++] = (struct lb_skip_target){
				.sensor_id = sensor->sensor_id,
				.floor = lb_tally_plan(&walk->rules, sensor).floor,
				.index = i,
			};
		} else if (walk->pass->rest->after == NULL &&
			   refuse_sensor(walk, sensor, problem, error) != LB_OK) {
			return error->code;
		}
	}
	bool folder_times = walk->pass->lister->impl->folder_time != NULL;
	lb_skip_scan_init(&walk->skip, targets, count, folder_times);
	if (walk->pass->rest->after != NULL) {
		lb_skip_scan_resume(&walk->skip, walk->pass->rest->after);
	}
	return LB_OK;
}

static enum lb_err prepare(struct walk *walk, struct lb_error *error)
{
	size_t recent_max = walk->pass->lister->page_keys / 2;
	if (walk->pass->lister->impl->folder_time == NULL && recent_max > 0) {
		walk->rules.recent_us = lb_arena_alloc(&walk->scan->arena,
						       recent_max * sizeof(*walk->rules.recent_us));
		if (walk->rules.recent_us == NULL) {
			return lb_fail_nomem(error);
		}
	}
	if (choose_targets(walk, error) != LB_OK) {
		return error->code;
	}
	size_t bytes_max = walk->pass->bytes_max;
	walk->bytes_max =
		walk->scan->arena.bytes_used + (bytes_max > 0 ? bytes_max : LB_PASS_BYTES_MAX);
	return LB_OK;
}

static void look(struct walk *walk)
{
	struct lb_error *error = &walk->scan->error;
	struct lb_lister *lister = walk->pass->lister;
	enum lb_err err = lister->impl->open(lister, error);
	if (err == LB_OK) {
		err = walk_all(walk, error);
		lister->impl->close(lister);
	}
	if (err != LB_OK) {
		/* Without memory for it the pass's own error has to do. */
		struct lb_error ignored;
		(void)fail_until(walk, walk->skip.count, error->message, &ignored);
	}
}

/* Without memory for the place the next pass begins anew, which costs time only. */
static void stop_here(struct walk *walk)
{
	struct lb_pass_rest *rest = walk->pass->rest;
	struct lb_scan *scan = walk->scan;
	lb_free(rest->after);
	rest->after = lb_strdup(walk->skip.targets[walk->at - 1].sensor_id);
	rest->rescan_at_us = scan->rescan_at_us;
	scan->rescan_at_us = LB_TIME_NONE;
	scan->unfinished = true;
}

static void finish(struct walk *walk)
{
	if (walk->scan->error.code == LB_OK && is_full(walk)) {
		stop_here(walk);
		return;
	}
	lb_pass_rest_finish(walk->pass->rest);
	lb_recall_turn(walk->pass->recall);
}

void lb_pass_rest_finish(struct lb_pass_rest *rest)
{
	lb_free(rest->after);
	*rest = (struct lb_pass_rest){0};
}

void lb_pass_run(const struct lb_pass *pass, struct lb_scan *scan)
{
	struct walk walk = {
		.pass = pass,
		.scan = scan,
		.rules = {.options = pass->options,
			  .filter = pass->filter,
			  .lister = pass->lister,
			  .base_location = pass->base_location,
			  .recall = pass->recall,
			  .scan = scan},
		.began_at_ns = uv_hrtime(),
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
	if (prepare(&walk, &scan->error) == LB_OK) {
		look(&walk);
	}
	finish(&walk);
}
