#include "engine/engine.h"

#include "engine/state.h"

#include <assert.h>

int64_t lb_engine_now(struct lb_engine *engine)
{
	return engine->options.clock->impl->now(engine->options.clock);
}

int64_t lb_engine_monotonic(struct lb_engine *engine)
{
	return engine->options.clock->impl->monotonic(engine->options.clock);
}

int64_t lb_engine_monotonic_at(struct lb_engine *engine, int64_t wall_us)
{
	int64_t delay_us = wall_us - lb_engine_now(engine);
	return lb_engine_monotonic(engine) + (delay_us > 0 ? delay_us : 0);
}

/* splitmix64 */
uint32_t lb_engine_draw(struct lb_engine *engine)
{
	engine->random += 0x9E3779B97F4A7C15ULL;
	uint64_t mixed = engine->random;
	mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
	mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
	return (uint32_t)(mixed >> 32);
}

void lb_engine_problem(struct lb_engine *engine, const char *message, const char *subject,
		       const struct lb_error *error)
{
	engine->totals.problems++;
	lb_log(engine->options.log, error->retriable ? LB_LOG_WARNING : LB_LOG_ERROR, message,
	       "subject", subject, "error", error->message, NULL);
}

static bool ends_by_itself(const struct lb_engine *engine)
{
	return engine->options.mode != LB_ENGINE_RUN;
}

/* Passes and polls of a mode that ends come before its first sweep, so that one
 * transaction takes in all of them. Not asked of a RUN that goes on. */
static bool still_observing(const struct lb_engine *engine)
{
	for (size_t i = 0; i < engine->options.source_count; i++) {
		const struct lb_engine_source *source = &engine->sources[i];
		if (source->scanning || (!engine->stopping && source->due_at_us != LB_NEVER)) {
			return true;
		}
	}
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		if (engine->runners[i].polling) {
			return true;
		}
	}
	return false;
}

static bool any_in_flight(const struct lb_engine *engine)
{
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		if (engine->runners[i].in_flight > 0) {
			return true;
		}
	}
	return false;
}

/* All but cleaning, which comes last. */
static bool is_work_done(const struct lb_engine *engine)
{
	return !engine->store_busy && engine->inbox.first == NULL && !still_observing(engine) &&
	       !any_in_flight(engine) &&
	       (engine->stopping || (!engine->sweep && !engine->more_due));
}

static bool may_beat(const struct lb_engine *engine)
{
	return !ends_by_itself(engine) || engine->stopping || !still_observing(engine) ||
	       any_in_flight(engine) || lb_engine_has_unfinished_pass(engine);
}

/* Store work in the order of its urgency. */
static void start_store_work(struct lb_engine *engine)
{
	if (!engine->stopping && lb_engine_plan_polls(engine)) {
		return;
	}
	bool beats_first = may_beat(engine);
	if (beats_first && lb_engine_beat(engine)) {
		return;
	}
	bool may_scan = !engine->stopping && engine->beat_failures == 0;
	for (size_t i = 0; may_scan && i < engine->options.source_count; i++) {
		if (lb_engine_plan_scan(&engine->sources[i])) {
			return;
		}
	}
	/* A pass that was put off for want of memory is no longer waited for. */
	if (!beats_first && may_beat(engine)) {
		(void)lb_engine_beat(engine);
	}
	bool may_clean =
		engine->beat_failures == 0 && (!ends_by_itself(engine) || is_work_done(engine));
	for (size_t i = 0; may_clean && i < engine->options.cleaner_count; i++) {
		if (lb_engine_plan_cleaning(&engine->cleaners[i])) {
			return;
		}
	}
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
	return a_us < b_us ? a_us : b_us;
}

/* When something becomes due that no callback announces. While the store is busy
 * nothing can be started, and its callback pumps anyway. After lb_engine_stop
 * nothing begins but a beat for what was observed before. */
static int64_t next_due(const struct lb_engine *engine)
{
	int64_t at_us = LB_NEVER;
	if (engine->store_busy) {
		return at_us;
	}
	if (engine->beat_failures > 0) {
		at_us = earlier(at_us, engine->beat_not_before_us);
	}
	if (engine->stopping) {
		return at_us;
	}
	if (!ends_by_itself(engine)) {
		at_us = earlier(at_us, engine->sweep_at_us);
	}
	/* A beat that was put off takes the planned runs with it. */
	if (!ends_by_itself(engine) && engine->beat_failures == 0) {
		at_us = earlier(at_us, engine->wake_at_us);
	}
	for (size_t i = 0; i < engine->options.source_count; i++) {
		const struct lb_engine_source *source = &engine->sources[i];
		if (!source->scanning && engine->beat_failures == 0) {
			at_us = earlier(at_us, source->due_at_us);
		}
	}
	for (size_t i = 0; !ends_by_itself(engine) && i < engine->options.cleaner_count; i++) {
		const struct lb_engine_cleaner *cleaner = &engine->cleaners[i];
		if (!cleaner->is_cleaning && engine->beat_failures == 0) {
			at_us = earlier(at_us, cleaner->due_at_us);
		}
	}
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		if (!engine->runners[i].polling) {
			at_us = earlier(at_us, engine->runners[i].due_at_us);
		}
	}
	return at_us;
}

static bool any_is_cleaning(const struct lb_engine *engine)
{
	for (size_t i = 0; i < engine->options.cleaner_count; i++) {
		if (engine->cleaners[i].is_cleaning) {
			return true;
		}
	}
	return false;
}

static bool is_finished(const struct lb_engine *engine)
{
	return (ends_by_itself(engine) || engine->stopping) && is_work_done(engine) &&
	       !any_is_cleaning(engine);
}

static void begin_sweep_when_due(struct lb_engine *engine)
{
	int64_t now_us = lb_engine_monotonic(engine);
	if (ends_by_itself(engine) || engine->stopping || now_us < engine->sweep_at_us) {
		return;
	}
	engine->sweep = true;
	engine->sweep_at_us = now_us + engine->options.poll_interval_us;
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		engine->runners[i].due_at_us = earlier(engine->runners[i].due_at_us, now_us);
	}
}

static void set_alarm(struct lb_engine *engine, int64_t at_us)
{
	struct lb_clock *clock = engine->options.clock;
	clock->impl->set_alarm(clock, &engine->alarm, at_us);
}

void lb_engine_pump(struct lb_engine *engine)
{
	if (engine->idle) {
		return;
	}
	begin_sweep_when_due(engine);
	if (!engine->store_busy) {
		start_store_work(engine);
	}
	if (is_finished(engine)) {
		engine->idle = true;
		set_alarm(engine, LB_NEVER);
		engine->options.on_idle(engine->options.data);
		return;
	}
	set_alarm(engine, next_due(engine));
}

static void on_alarm(void *data)
{
	lb_engine_pump(data);
}

static void connect(struct lb_engine *engine)
{
	int64_t now_us = lb_engine_monotonic(engine);
	bool scans = engine->options.mode != LB_ENGINE_TRIGGER;
	for (size_t i = 0; i < engine->options.source_count; i++) {
		struct lb_engine_source *source = &engine->sources[i];
		source->engine = engine;
		source->source = engine->options.sources[i];
		source->due_at_us = scans ? now_us : LB_NEVER;
		source->source->on_reports = lb_engine_on_reports;
		source->source->on_rescan = lb_engine_on_rescan;
		source->source->data = source;
	}
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		struct lb_engine_runner *runner = &engine->runners[i];
		runner->engine = engine;
		runner->runner = engine->options.runners[i];
		runner->due_at_us = now_us;
		runner->runner->on_activity = lb_engine_on_activity;
		runner->runner->data = runner;
	}
	for (size_t i = 0; i < engine->options.cleaner_count; i++) {
		struct lb_engine_cleaner *cleaner = &engine->cleaners[i];
		cleaner->engine = engine;
		cleaner->cleaner = engine->options.cleaners[i];
		cleaner->due_at_us = engine->options.mode != LB_ENGINE_SENSE ? now_us : LB_NEVER;
	}
	engine->alarm = (struct lb_alarm){.on_alarm = on_alarm, .data = engine};
}

enum lb_err lb_engine_create(const struct lb_engine_options *options, struct lb_engine **ret_engine,
			     struct lb_error *error)
{
	struct lb_engine *engine = lb_alloc(sizeof(*engine));
	if (engine == NULL) {
		return lb_fail_nomem(error);
	}
	engine->options = *options;
	engine->random = options->random_seed;
	engine->sources = lb_alloc(options->source_count * sizeof(*engine->sources));
	engine->runners = lb_alloc(options->runner_count * sizeof(*engine->runners));
	engine->cleaners = lb_alloc(options->cleaner_count * sizeof(*engine->cleaners));
	engine->idle = true; /* until started */
	if (engine->sources == NULL || engine->runners == NULL || engine->cleaners == NULL) {
		lb_engine_destroy(engine);
		return lb_fail_nomem(error);
	}
	connect(engine);
	*ret_engine = engine;
	return LB_OK;
}

void lb_engine_start(struct lb_engine *engine)
{
	assert(engine->idle);
	engine->idle = false;
	engine->sweep = true;
	engine->wake_at_us = LB_NEVER;
	engine->sweep_at_us = lb_engine_monotonic(engine) + engine->options.poll_interval_us;
	lb_engine_pump(engine);
}

void lb_engine_wake(struct lb_engine *engine, bool rescan)
{
	engine->sweep = true;
	for (size_t i = 0; rescan && i < engine->options.source_count; i++) {
		engine->sources[i].due_at_us = lb_engine_monotonic(engine);
	}
	lb_engine_pump(engine);
}

void lb_engine_stop(struct lb_engine *engine)
{
	engine->stopping = true;
	for (size_t i = 0; i < engine->options.cleaner_count; i++) {
		struct lb_cleaner *cleaner = engine->cleaners[i].cleaner;
		if (engine->cleaners[i].is_cleaning) {
			cleaner->impl->stop(cleaner);
		}
	}
	lb_engine_pump(engine);
}

const struct lb_engine_totals *lb_engine_totals(const struct lb_engine *engine)
{
	return &engine->totals;
}

void lb_engine_destroy(struct lb_engine *engine)
{
	if (engine == NULL) {
		return;
	}
	assert(engine->idle);
	lb_inbox_finish(&engine->inbox);
	for (size_t i = 0; engine->cleaners != NULL && i < engine->options.cleaner_count; i++) {
		lb_arena_finish(&engine->cleaners[i].arena);
	}
	lb_free(engine->cleaners);
	lb_free(engine->sources);
	lb_free(engine->runners);
	lb_free(engine);
}
