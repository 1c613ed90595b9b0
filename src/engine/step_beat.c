/* step_beat.c: beats, one at a time, on the worker. */
#include "core/backoff.h"
#include "engine/state.h"

#include <assert.h>

#define BEAT_RETRY_BASE_US ((int64_t)100 * 1000)
#define BEAT_RETRY_CAP_US ((int64_t)30 * 1000 * 1000)

/* A beat and everything its result points into. Submissions of its due runs
 * hold references. */
struct lb_engine_beat {
	struct lb_work work;
	struct lb_engine *engine;
	unsigned references;
	struct lb_inbox taken;
	struct lb_arena arena;
	struct lb_observation_list observations;
	struct lb_beat beat;
	enum lb_err err;
	struct lb_error error;
};

void lb_engine_beat_ref(struct lb_engine_beat *step)
{
	step->references++;
}

void lb_engine_beat_unref(struct lb_engine_beat *step)
{
	assert(step->references > 0);
	if (--step->references > 0) {
		return;
	}
	lb_inbox_finish(&step->taken);
	lb_arena_finish(&step->beat.arena);
	lb_arena_finish(&step->arena);
	lb_free(step);
}

static void execute(struct lb_work *work)
{
	struct lb_engine_beat *step = (struct lb_engine_beat *)work;
	step->err = lb_beat_run(step->engine->options.store, &step->beat, &step->error);
}

/* Runs are worth a line each, and one that failed is worth somebody's eye; rows are
 * for those who look closely. */
static enum lb_log_level audit_level(const struct lb_audit *audit)
{
	if (audit->sensor_id != NULL) {
		return LB_LOG_DEBUG;
	}
	enum lb_run_state state = lb_run_state_parse(audit->to);
	return state == LB_RUN_FAILED || state == LB_RUN_CANCELED ? LB_LOG_WARNING : LB_LOG_INFO;
}

static void log_audits(const struct lb_engine *engine, const struct lb_audit_list *audits)
{
	for (size_t i = 0; i < audits->count; i++) {
		const struct lb_audit *audit = &audits->items[i];
		lb_log(engine->options.log, audit_level(audit), audit->cause, "job",
		       audit->trigger_job_id, "sensor", audit->sensor_id, "from", audit->from, "to",
		       audit->to, "run", audit->run_no > 0 ? LB_LOG_INT(audit->run_no) : NULL,
		       "attempt", audit->attempt > 1 ? LB_LOG_INT(audit->attempt) : NULL, NULL);
	}
}

/* Somebody may be done with files now; a cleaner that met a failure keeps its pause, and one
 * that is through for good its rest. */
static void wake_cleaners(struct lb_engine *engine, const struct lb_audit_list *audits)
{
	bool succeeded = false;
	for (size_t i = 0; i < audits->count; i++) {
		succeeded |= lb_run_state_parse(audits->items[i].to) == LB_RUN_SUCCEEDED;
	}
	for (size_t i = 0; succeeded && i < engine->options.cleaner_count; i++) {
		struct lb_engine_cleaner *cleaner = &engine->cleaners[i];
		if (cleaner->tries == 0 && cleaner->due_at_us != LB_NEVER) {
			cleaner->due_at_us = lb_engine_monotonic(engine);
		}
	}
}

static void announce_recorded(struct lb_engine_source *source)
{
	struct lb_engine_receipts *receipts = &source->receipts;
	const struct lb_source_impl *impl = source->source->impl;
	if (receipts->dropped || receipts->taken == receipts->recorded) {
		return;
	}
	receipts->recorded = receipts->taken;
	if (impl->recorded != NULL) {
		impl->recorded(source->source, receipts->recorded);
	}
}

static void take_in_result(struct lb_engine *engine, struct lb_engine_beat *step)
{
	const struct lb_beat *beat = &step->beat;
	engine->beat_failures = 0;
	engine->totals.beats++;
	for (size_t i = 0; i < engine->options.source_count; i++) {
		engine->sources[i].recorded = engine->sources[i].taken;
		announce_recorded(&engine->sources[i]);
	}
	engine->totals.new_events += beat->new_events;
	engine->totals.runs_planned += beat->runs_planned;
	engine->more_due = beat->more_due;
	engine->wake_at_us = beat->wake_at_us == LB_NEVER
				     ? LB_NEVER
				     : lb_engine_monotonic_at(engine, beat->wake_at_us);
	if (beat->new_events > 0) {
		lb_log(engine->options.log, LB_LOG_INFO, "events found", "count",
		       LB_LOG_INT((int64_t)beat->new_events), NULL);
	}
	log_audits(engine, &beat->audits);
	wake_cleaners(engine, &beat->audits);
	lb_engine_submit(engine, step, &beat->due);
}

static void give_up_unfinished_passes(struct lb_engine *engine)
{
	for (size_t i = 0; i < engine->options.source_count; i++) {
		struct lb_engine_source *source = &engine->sources[i];
		if (source->unfinished) {
			source->unfinished = false;
			source->due_at_us = LB_NEVER;
		}
	}
}

/* A mode that ends does not wait for better times: the next lakebeat observes the
 * same again. What is still under way is taken in by a beat of its own. */
static void give_up(struct lb_engine *engine, struct lb_engine_beat *step)
{
	lb_inbox_finish(&step->taken);
	engine->sweep = false;
	engine->more_due = false;
	give_up_unfinished_passes(engine);
	for (size_t i = 0; i < engine->options.source_count; i++) {
		engine->sources[i].receipts.dropped = true;
	}
}

static void put_off(struct lb_engine *engine, struct lb_engine_beat *step)
{
	engine->beat_failures++;
	int64_t delay_us = lb_backoff_us(engine->beat_failures, BEAT_RETRY_BASE_US,
					 BEAT_RETRY_CAP_US, lb_engine_draw(engine));
	engine->beat_not_before_us = lb_engine_monotonic(engine) + delay_us;
	engine->sweep = true;
	lb_inbox_give_back(&engine->inbox, &step->taken);
}

static void take_in_failure(struct lb_engine *engine, struct lb_engine_beat *step)
{
	bool ends = engine->options.mode != LB_ENGINE_RUN || engine->stopping;
	lb_engine_problem(engine,
			  ends ? "beat failed, the next lakebeat observes the same again"
			       : "beat failed, its observations are kept",
			  NULL, &step->error);
	if (ends) {
		give_up(engine, step);
	} else {
		put_off(engine, step);
	}
}

static void done(struct lb_work *work)
{
	struct lb_engine_beat *step = (struct lb_engine_beat *)work;
	struct lb_engine *engine = step->engine;
	engine->store_busy = false;
	if (step->err == LB_OK) {
		take_in_result(engine, step);
	} else {
		take_in_failure(engine, step);
	}
	lb_engine_beat_unref(step);
	lb_engine_pump(engine);
}

static bool describe_runners(struct lb_engine *engine, struct lb_engine_beat *step)
{
	size_t count = engine->options.runner_count;
	struct lb_beat_runner *runners = lb_arena_alloc(&step->arena, count * sizeof(*runners));
	for (size_t i = 0; runners != NULL && i < count; i++) {
		const struct lb_engine_runner *runner = &engine->runners[i];
		runners[i] = (struct lb_beat_runner){
			.name = runner->runner->name,
			.max_parallel = runner->runner->max_parallel,
			.in_flight = lb_engine_in_flight_tokens(runner, &step->arena),
			.in_flight_count = runner->in_flight,
		};
		if (runners[i].in_flight == NULL) {
			return false;
		}
	}
	step->beat.runners = runners;
	step->beat.runner_count = count;
	return runners != NULL;
}

/* A pass in several parts is one pass: a mode that ends plans no run from a part
 * of what it shows. */
static bool may_plan_runs(const struct lb_engine *engine)
{
	bool waits = engine->options.mode != LB_ENGINE_RUN && lb_engine_has_unfinished_pass(engine);
	return engine->options.mode != LB_ENGINE_SENSE && !engine->stopping && !waits;
}

static struct lb_engine_beat *create(struct lb_engine *engine)
{
	struct lb_engine_beat *step = lb_alloc(sizeof(*step));
	if (step == NULL) {
		return NULL;
	}
	step->work = (struct lb_work){.execute = execute, .done = done};
	step->engine = engine;
	step->references = 1;
	step->beat.observations = &step->observations;
	step->beat.policies = &engine->options.policies;
	step->beat.now_us = lb_engine_now(engine);
	step->beat.random = lb_engine_draw(engine);
	step->beat.sweep = engine->sweep;
	step->beat.plan_runs = may_plan_runs(engine);
	step->beat.who = "lakebeat";
	if (!describe_runners(engine, step) ||
	    lb_inbox_list(&engine->inbox, &step->arena, &step->observations) != LB_OK) {
		lb_engine_beat_unref(step);
		return NULL;
	}
	return step;
}

static bool is_due(struct lb_engine *engine)
{
	int64_t now_us = lb_engine_monotonic(engine);
	if (now_us < engine->beat_not_before_us) {
		return false;
	}
	bool wake = !engine->stopping &&
		    (engine->sweep || engine->more_due ||
		     (engine->options.mode != LB_ENGINE_SENSE && engine->wake_at_us <= now_us));
	return engine->inbox.first != NULL || wake;
}

bool lb_engine_beat(struct lb_engine *engine)
{
	if (!is_due(engine)) {
		return false;
	}
	struct lb_engine_beat *step = create(engine);
	if (step == NULL) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		lb_engine_problem(engine, "beat put off", NULL, &error);
		engine->beat_failures++;
		engine->beat_not_before_us = lb_engine_monotonic(engine) + BEAT_RETRY_CAP_US;
		return false;
	}
	lb_inbox_take(&engine->inbox, &step->taken);
	for (size_t i = 0; i < engine->options.source_count; i++) {
		engine->sources[i].taken = engine->sources[i].told;
		engine->sources[i].receipts.taken = engine->sources[i].receipts.told;
	}
	engine->sweep = false;
	engine->more_due = false;
	engine->wake_at_us = LB_NEVER;
	engine->store_busy = true;
	engine->options.worker->impl->start(engine->options.worker, &step->work);
	return true;
}
