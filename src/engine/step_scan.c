/* step_scan.c: passes of the sources: which sensors, what they showed. */
#include "base/text.h"
#include "base/time.h"
#include "engine/state.h"

#define RESCANS_MAX 3

/* A pass that nobody else has to write for is written down when its requests differ
 * from those of the last by more than this part, so that idle passes write nothing. */
#define COST_NOISE_PARTS 8

/* Asks the store which sensors a source is to look at. */
struct plan {
	struct lb_work work;
	struct lb_engine_source *source;
	struct lb_arena arena;
	struct lb_sensor_state_list states;
	struct lb_pass_cost_list passes;
	enum lb_err err;
	struct lb_error error;
};

static enum lb_err plan_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct plan *plan = data;
	const struct lb_source *source = plan->source->source;
	enum lb_err err =
		store->impl->load_sensors(store, source->impl->name, source->base_location,
					  &plan->arena, &plan->states, error);
	if (err == LB_OK && !plan->source->knows_kept) {
		err = store->impl->load_passes(store, &plan->arena, &plan->passes, error);
	}
	return err;
}

static void plan_execute(struct lb_work *work)
{
	struct plan *plan = (struct plan *)work;
	struct lb_store *store = plan->source->engine->options.store;
	plan->err = store->impl->transact(store, LB_STORE_READ, plan_body, plan, &plan->error);
}

bool lb_engine_has_unfinished_pass(const struct lb_engine *engine)
{
	for (size_t i = 0; i < engine->options.source_count; i++) {
		if (engine->sources[i].unfinished) {
			return true;
		}
	}
	return false;
}

/* When the next pass is due; ends() modes make one, and wait for settling files. */
static void schedule_next(struct lb_engine_source *source, int64_t rescan_at_us)
{
	struct lb_engine *engine = source->engine;
	bool forever = engine->options.mode == LB_ENGINE_RUN;
	source->due_at_us = LB_NEVER;
	if (source->unfinished) {
		source->due_at_us = lb_engine_monotonic(engine);
		return;
	}
	if (forever) {
		source->due_at_us = lb_engine_monotonic(engine) + engine->options.poll_interval_us;
	}
	if (rescan_at_us != LB_TIME_NONE && (forever || source->rescans++ < RESCANS_MAX)) {
		int64_t at_us = lb_engine_monotonic_at(engine, rescan_at_us);
		if (at_us < source->due_at_us) {
			source->due_at_us = at_us;
		}
	}
}

static void log_sensor_errors(struct lb_engine *engine, const struct lb_scan *scan)
{
	for (size_t i = 0; i < scan->reports.count; i++) {
		const struct lb_sensor_report *report = &scan->reports.items[i];
		if (report->error != NULL) {
			lb_log(engine->options.log, LB_LOG_WARNING, "sensor cannot be read",
			       "sensor", report->sensor_id, "error", report->error, NULL);
		}
	}
}

static enum lb_err hand_over(struct lb_engine_source *source, struct lb_error *error)
{
	struct lb_scan *scan = &source->scan;
	if (scan->reports.count == 0) {
		return LB_OK;
	}
	struct lb_batch *batch = lb_inbox_add(&source->engine->inbox);
	if (batch == NULL || lb_batch_adopt_reports(batch, &scan->arena, &scan->reports) != LB_OK) {
		return lb_fail_nomem(error);
	}
	source->told++;
	return LB_OK;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_worth_keeping(const struct lb_engine_source *source, const struct lb_pass_cost *pass)
{
	uint64_t requests = pass->cost.requests;
	uint64_t kept = source->kept[pass->is_full].requests;
	bool writes_anyway = source->scan.reports.count > 0;
	return requests > 0 && requests != kept &&
	       (writes_anyway || difference(requests, kept) * COST_NOISE_PARTS > kept);
}

/* Without memory the next pass tells what it took. */
static void tell_cost(struct lb_engine_source *source, const struct lb_pass_cost *pass)
{
	struct lb_batch *batch = lb_inbox_add(&source->engine->inbox);
	if (batch != NULL && lb_batch_add_pass(batch, pass) == LB_OK) {
		source->kept[pass->is_full] = pass->cost;
	}
}

/* A pass that failed, or was lost on the way, says nothing of what passes take. */
static void note_cost(struct lb_engine_source *source)
{
	const struct lb_scan *scan = &source->scan;
	source->spent.requests += scan->cost.requests;
	source->spent.keys += scan->cost.keys;
	source->spent.bytes += scan->cost.bytes;
	if (source->unfinished) {
		return;
	}
	struct lb_pass_cost pass = {
		.sensor_source = source->source->impl->name,
		.base_location = source->source->base_location,
		.is_full = scan->is_full,
		.ended_at_us = lb_engine_now(source->engine),
		.cost = source->spent,
	};
	source->spent = (struct lb_listing_cost){0};
	if (scan->error.code == LB_OK && !source->lost && is_worth_keeping(source, &pass)) {
		tell_cost(source, &pass);
	}
}

/* What stays broken is said when it breaks and when it is whole again, not at every
 * pass in between. */
static void note_outcome(struct lb_engine_source *source, const struct lb_error *error)
{
	struct lb_engine *engine = source->engine;
	struct lb_error before = source->failure;
	source->failure = *error;
	if (error->code == LB_OK) {
		if (before.code != LB_OK) {
			lb_log(engine->options.log, LB_LOG_INFO, "scan works again", "subject",
			       source->source->base_location, NULL);
		}
	} else if (before.code == error->code && lb_text_equal(before.message, error->message)) {
		engine->totals.problems++;
	} else {
		lb_engine_problem(engine, "scan failed", source->source->base_location, error);
	}
}

static void scan_done(struct lb_scan *scan)
{
	struct lb_engine_source *source = scan->data;
	struct lb_engine *engine = source->engine;
	struct lb_error error = {0};
	engine->totals.scans++;
	engine->totals.problems += scan->failed;
	note_outcome(source, &scan->error);
	if (scan->error.code == LB_OK) {
		log_sensor_errors(engine, scan);
	}
	source->unfinished = scan->unfinished;
	if (hand_over(source, &error) != LB_OK) {
		source->lost = true;
		source->unfinished = false;
		lb_engine_problem(engine, "scan lost, to be repeated",
				  source->source->base_location, &error);
	}
	note_cost(source);
	schedule_next(source, scan->rescan_at_us);
	lb_arena_finish(&scan->arena);
	source->scanning = false;
	engine->sweep = engine->sweep || !source->unfinished;
	lb_engine_pump(engine);
}

static void learn_kept(struct lb_engine_source *source, const struct lb_pass_cost_list *passes)
{
	for (size_t i = 0; i < passes->count; i++) {
		const struct lb_pass_cost *pass = &passes->items[i];
		if (lb_text_equal(pass->base_location, source->source->base_location) &&
		    lb_text_equal(pass->sensor_source, source->source->impl->name)) {
			source->kept[pass->is_full] = pass->cost;
		}
	}
	source->knows_kept = true;
}

/* The sensors' texts stay in the plan's arena, which becomes the scan's: the
 * source adds its reports to the same one. */
static void start_scan(struct lb_engine_source *source, struct plan *plan)
{
	struct lb_scan *scan = &source->scan;
	*scan = (struct lb_scan){
		.recorded = !source->lost && source->told == source->recorded,
		.now_us = lb_engine_now(source->engine),
		.done = scan_done,
		.data = source,
		.rescan_at_us = LB_TIME_NONE,
	};
	for (size_t i = 0; i < plan->states.count; i++) {
		struct lb_sensor *sensor = lb_list_add(&plan->arena, &scan->sensors);
		if (sensor == NULL) {
			(void)lb_fail_nomem(&plan->error);
			plan->err = LB_NOMEM;
			return;
		}
		*sensor = plan->states.items[i].sensor;
	}
	source->lost = false;
	learn_kept(source, &plan->passes);
	scan->arena = plan->arena;
	plan->arena = (struct lb_arena){0};
	source->scanning = true;
	source->source->impl->scan(source->source, scan);
}

static void put_off(struct lb_engine_source *source, const struct lb_error *error)
{
	lb_engine_problem(source->engine, "scan put off", source->source->base_location, error);
	source->unfinished = false;
	source->spent = (struct lb_listing_cost){0};
	schedule_next(source, LB_TIME_NONE);
}

static void plan_done(struct lb_work *work)
{
	struct plan *plan = (struct plan *)work;
	struct lb_engine_source *source = plan->source;
	struct lb_engine *engine = source->engine;
	engine->store_busy = false;
	if (plan->err == LB_OK && !engine->stopping) {
		start_scan(source, plan);
	}
	if (plan->err != LB_OK) {
		put_off(source, &plan->error);
	}
	lb_arena_finish(&plan->arena);
	lb_free(plan);
	lb_engine_pump(engine);
}

bool lb_engine_plan_scan(struct lb_engine_source *source)
{
	struct lb_engine *engine = source->engine;
	if (source->scanning || source->due_at_us > lb_engine_monotonic(engine)) {
		return false;
	}
	struct plan *plan = lb_alloc(sizeof(*plan));
	if (plan == NULL) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		put_off(source, &error);
		return false;
	}
	plan->work = (struct lb_work){.execute = plan_execute, .done = plan_done};
	plan->source = source;
	engine->store_busy = true;
	engine->options.worker->impl->start(engine->options.worker, &plan->work);
	return true;
}

/* While beats fail, what a watch sees is left to the scan that follows: the
 * inbox must not grow without end. */
uint64_t lb_engine_on_reports(struct lb_source *port, const struct lb_sensor_report_list *reports,
			      void *data)
{
	(void)port;
	struct lb_engine_source *source = data;
	struct lb_engine *engine = source->engine;
	struct lb_batch *batch = NULL;
	uint64_t receipt = 0;
	if (engine->beat_failures == 0) {
		batch = lb_inbox_add(&engine->inbox);
	}
	if (batch == NULL || lb_batch_add_reports(batch, reports) != LB_OK) {
		source->lost = true;
		source->due_at_us = lb_engine_monotonic(engine);
	} else {
		receipt = ++source->receipts.told;
	}
	lb_engine_pump(engine);
	return receipt;
}

void lb_engine_on_rescan(struct lb_source *port, void *data)
{
	(void)port;
	struct lb_engine_source *source = data;
	source->due_at_us = lb_engine_monotonic(source->engine);
	lb_engine_pump(source->engine);
}
