/* step_poll.c: asking runners how submitted runs stand. */
#include "base/injection.h"
#include "base/text.h"
#include "engine/state.h"

/* Asks the store which runs are SUBMITTED, for all runners at once; and, when that is
 * due for some runner, which jobs are FAILED by which runs. */
struct plan {
	struct lb_work work;
	struct lb_engine *engine;
	struct lb_arena arena;
	struct lb_run_list runs;
	bool reviving;
	struct lb_run_list failed;
	enum lb_err err;
	struct lb_error error;
};

static enum lb_err plan_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct plan *plan = data;
	struct lb_run_query submitted = {.state_mask = 1U << LB_RUN_SUBMITTED};
	enum lb_err err =
		store->impl->load_runs(store, &submitted, &plan->arena, &plan->runs, error);
	if (err != LB_OK || !plan->reviving) {
		return err;
	}
	struct lb_run_query failed = {
		.state_mask = 1U << LB_RUN_FAILED | 1U << LB_RUN_CANCELED,
		.failed_jobs = true,
	};
	return store->impl->load_runs(store, &failed, &plan->arena, &plan->failed, error);
}

static void plan_execute(struct lb_work *work)
{
	struct plan *plan = (struct plan *)work;
	struct lb_store *store = plan->engine->options.store;
	plan->err = store->impl->transact(store, LB_STORE_READ, plan_body, plan, &plan->error);
}

static bool is_over(enum lb_run_state state)
{
	return state == LB_RUN_SUCCEEDED || state == LB_RUN_FAILED || state == LB_RUN_CANCELED;
}

/* Adds the runs that are over, or were made good, to the inbox; returns how many are
 * still going. */
static size_t take_in_news(struct lb_engine *engine, const struct lb_poll *poll)
{
	size_t going = 0;
	struct lb_batch *batch = NULL;
	for (size_t i = 0; i < poll->news.count; i++) {
		const struct lb_run_news *news = &poll->news.items[i];
		bool live = lb_run_is_live(news->run);
		if (!news->known || !is_over(news->state)) {
			going += live;
			continue;
		}
		struct lb_run_seen seen = {
			.trigger_job_id = news->run->trigger_job_id,
			.token = news->run->token,
			.state = news->state,
			.message = news->message,
			.ended_at_us = news->ended_at_us,
		};
		LB_INJECTION_POINT("end-received");
		if (batch == NULL) {
			batch = lb_inbox_add(&engine->inbox);
		}
		/* Without memory the run stays SUBMITTED and is asked about again. */
		if (batch == NULL || lb_batch_add_run(batch, &seen) != LB_OK) {
			going += live;
			continue;
		}
		engine->totals.runs_ended++;
	}
	return going;
}

static int64_t next_poll(struct lb_engine_runner *runner, size_t going)
{
	struct lb_engine *engine = runner->engine;
	if (engine->options.mode != LB_ENGINE_RUN || (going == 0 && runner->in_flight == 0)) {
		return LB_NEVER;
	}
	return lb_engine_monotonic(engine) + runner->runner->poll_interval_us;
}

/* A service that is down is worth a line when that begins, and when it ends; the poll
 * counts as a problem each time. */
static void note_outcome(struct lb_engine_runner *runner, const struct lb_error *error)
{
	struct lb_engine *engine = runner->engine;
	struct lb_error before = runner->failure;
	runner->failure = *error;
	if (error->code == LB_OK) {
		if (before.code != LB_OK) {
			lb_log(engine->options.log, LB_LOG_INFO, "runs can be asked about again",
			       "subject", runner->runner->name, NULL);
		}
	} else if (before.code == error->code && lb_text_equal(before.message, error->message)) {
		engine->totals.problems++;
	} else {
		lb_engine_problem(engine, "how runs stand could not be found out",
				  runner->runner->name, error);
	}
}

static void poll_done(struct lb_poll *poll)
{
	struct lb_engine_runner *runner = poll->data;
	struct lb_engine *engine = runner->engine;
	LB_INJECTION_POINT("news-received");
	note_outcome(runner, &poll->error);
	size_t going = take_in_news(engine, poll);
	int64_t next_us = next_poll(runner, going);
	if (next_us < runner->due_at_us) {
		runner->due_at_us = next_us;
	}
	runner->polling = false;
	lb_arena_finish(&poll->arena);
	lb_arena_finish(&runner->poll_runs);
	lb_engine_pump(engine);
}

/* The runs outlive the plan: each runner keeps copies of its own. */
static bool copy_runs(struct lb_engine_runner *runner, const struct lb_run_list *runs,
		      struct lb_run_list *ret_copies)
{
	struct lb_arena *arena = &runner->poll_runs;
	for (size_t i = 0; i < runs->count; i++) {
		const struct lb_run *run = &runs->items[i];
		if (!lb_text_equal(run->runner, runner->runner->name)) {
			continue;
		}
		struct lb_run *copy = lb_list_add(arena, ret_copies);
		if (copy == NULL) {
			return false;
		}
		*copy = *run;
		copy->trigger_job_id = lb_arena_strdup(arena, run->trigger_job_id);
		copy->external_id = lb_arena_strdup(arena, run->external_id);
		copy->runner = runner->runner->name;
		copy->url = NULL;
		copy->message = NULL;
		if (copy->trigger_job_id == NULL ||
		    (copy->external_id == NULL) != (run->external_id == NULL)) {
			return false;
		}
	}
	return true;
}

static bool may_revive(const struct lb_engine_runner *runner, int64_t now_us)
{
	return !runner->polling && runner->runner->revive_interval_us > 0 &&
	       runner->revive_at_us <= now_us;
}

/* Those that failed go along when it is time for them. */
static bool copy_all_runs(struct lb_engine_runner *runner, const struct plan *plan,
			  struct lb_run_list *ret_copies)
{
	int64_t now_us = lb_engine_monotonic(runner->engine);
	bool ok = copy_runs(runner, &plan->runs, ret_copies);
	if (ok && plan->reviving && may_revive(runner, now_us)) {
		runner->revive_at_us = now_us + runner->runner->revive_interval_us;
		ok = copy_runs(runner, &plan->failed, ret_copies);
	}
	return ok;
}

static void start_poll(struct lb_engine_runner *runner, const struct plan *plan)
{
	struct lb_run_list copies = {0};
	runner->poll = (struct lb_poll){.done = poll_done, .data = runner};
	bool ok = copy_all_runs(runner, plan, &copies);
	for (size_t i = 0; ok && i < copies.count; i++) {
		struct lb_run_news *news = lb_list_add(&runner->poll.arena, &runner->poll.news);
		ok = news != NULL;
		if (ok) {
			*news = (struct lb_run_news){.run = &copies.items[i]};
		}
	}
	if (!ok || copies.count == 0) {
		lb_arena_finish(&runner->poll.arena);
		lb_arena_finish(&runner->poll_runs);
		return;
	}
	runner->polling = true;
	runner->runner->impl->poll(runner->runner, &runner->poll);
}

static void plan_done(struct lb_work *work)
{
	struct plan *plan = (struct plan *)work;
	struct lb_engine *engine = plan->engine;
	engine->store_busy = false;
	if (plan->err != LB_OK) {
		lb_engine_problem(engine, "poll put off", NULL, &plan->error);
	}
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		struct lb_engine_runner *runner = &engine->runners[i];
		if (plan->err == LB_OK && !runner->polling && !engine->stopping) {
			start_poll(runner, plan);
		}
	}
	lb_arena_finish(&plan->arena);
	lb_free(plan);
	lb_engine_pump(engine);
}

static bool any_due(struct lb_engine *engine)
{
	int64_t now_us = lb_engine_monotonic(engine);
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		struct lb_engine_runner *runner = &engine->runners[i];
		if (!runner->polling && runner->due_at_us <= now_us) {
			return true;
		}
	}
	return false;
}

bool lb_engine_plan_polls(struct lb_engine *engine)
{
	if (!any_due(engine)) {
		return false;
	}
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		if (!engine->runners[i].polling) {
			engine->runners[i].due_at_us = LB_NEVER;
		}
	}
	/* Without memory the sweep polls again. */
	struct plan *plan = lb_alloc(sizeof(*plan));
	if (plan == NULL) {
		return false;
	}
	plan->work = (struct lb_work){.execute = plan_execute, .done = plan_done};
	plan->engine = engine;
	int64_t now_us = lb_engine_monotonic(engine);
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		plan->reviving = plan->reviving || may_revive(&engine->runners[i], now_us);
	}
	engine->store_busy = true;
	engine->options.worker->impl->start(engine->options.worker, &plan->work);
	return true;
}

void lb_engine_on_activity(struct lb_runner *port, void *data)
{
	(void)port;
	struct lb_engine_runner *runner = data;
	runner->due_at_us = lb_engine_monotonic(runner->engine);
	lb_engine_pump(runner->engine);
}
