/* step_clean.c: files that every job is done with, done away with. Which ones is asked
 * of the store; what is gone is told to it together with the next question. */
#include "base/text.h"
#include "engine/state.h"

/* A failure is no matter of seconds: somebody has to give a right. */
#define RETRY_US ((int64_t)60 * 1000 * 1000)

/* What is gone, and what comes next. */
struct question {
	struct lb_work work;
	struct lb_engine_cleaner *cleaner;
	struct lb_arena arena;
	struct lb_changes changes;
	struct lb_event_list events;
	enum lb_err err;
	struct lb_error error;
};

static enum lb_err question_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct question *question = data;
	const struct lb_cleaner *cleaner = question->cleaner->cleaner;
	enum lb_err err = LB_OK;
	if (question->changes.cleaned.count > 0) {
		err = store->impl->save(store, &question->changes, error);
	}
	return err == LB_OK ? store->impl->load_consumed(store, cleaner->sensor_source,
							 cleaner->base_location, LB_CLEANING_MAX,
							 &question->arena, &question->events, error)
			    : err;
}

static void question_execute(struct lb_work *work)
{
	struct question *question = (struct question *)work;
	struct lb_store *store = question->cleaner->engine->options.store;
	enum lb_store_access access =
		question->changes.cleaned.count > 0 ? LB_STORE_WRITE : LB_STORE_READ;
	question->err =
		store->impl->transact(store, access, question_body, question, &question->error);
}

/* A failure that stays is said once. */
static void note_outcome(struct lb_engine_cleaner *cleaner, const struct lb_error *error)
{
	struct lb_engine *engine = cleaner->engine;
	bool same = cleaner->failure.code == error->code &&
		    lb_text_equal(cleaner->failure.message, error->message);
	if (error->code != LB_OK && same) {
		engine->totals.problems++;
	} else if (error->code != LB_OK) {
		lb_engine_problem(engine, "consumed files stay where they are",
				  cleaner->cleaner->base_location, error);
	}
	cleaner->failure = *error;
}

/* A mode that ends asks once, and goes on as long as there is something to do. */
static void rest(struct lb_engine_cleaner *cleaner, int64_t pause_us)
{
	struct lb_engine *engine = cleaner->engine;
	cleaner->due_at_us = engine->options.mode == LB_ENGINE_RUN
				     ? lb_engine_monotonic(engine) + pause_us
				     : LB_NEVER;
}

/* How far each sensor is clean: up to the first file that is not gone. */
static enum lb_err sum_up(const struct lb_cleaning *cleaning, struct lb_arena *arena,
			  struct lb_cleaned_list *ret_cleaned)
{
	const struct lb_event_list *events = &cleaning->events;
	struct lb_cleaned *last = NULL;
	bool whole = true;
	int64_t sensor = 0;
	for (size_t i = 0; i < events->count; i++) {
		const struct lb_event *event = &events->items[i];
		if (i == 0 || event->sensor != sensor) {
			sensor = event->sensor;
			last = NULL;
			whole = true;
		}
		whole = whole && cleaning->gone[i];
		if (!whole) {
			continue;
		}
		if (last == NULL) {
			last = lb_list_add(arena, ret_cleaned);
		}
		if (last == NULL) {
			return LB_NOMEM;
		}
		*last = (struct lb_cleaned){.sensor = sensor, .seq = event->seq};
	}
	return LB_OK;
}

static void forget_cleaning(struct lb_engine_cleaner *cleaner)
{
	lb_arena_finish(&cleaner->arena);
	cleaner->cleaning.events = (struct lb_event_list){0};
}

static void cleaned(struct lb_cleaning *cleaning)
{
	struct lb_engine_cleaner *cleaner = cleaning->data;
	struct lb_engine *engine = cleaner->engine;
	cleaner->cleaning_now = false;
	for (size_t i = 0; i < cleaning->events.count; i++) {
		engine->totals.files_cleaned += cleaning->gone[i];
	}
	note_outcome(cleaner, &cleaning->error);
	cleaner->due_at_us = lb_engine_monotonic(engine);
	lb_engine_pump(engine);
}

static void start_cleaning(struct lb_engine_cleaner *cleaner, struct question *question)
{
	cleaner->arena = question->arena;
	question->arena = (struct lb_arena){0};
	cleaner->cleaning = (struct lb_cleaning){
		.events = question->events,
		.done = cleaned,
		.data = cleaner,
	};
	cleaner->cleaning_now = true;
	cleaner->cleaner->impl->clean(cleaner->cleaner, &cleaner->cleaning);
}

static void question_done(struct lb_work *work)
{
	struct question *question = (struct question *)work;
	struct lb_engine_cleaner *cleaner = question->cleaner;
	struct lb_engine *engine = cleaner->engine;
	bool failed = cleaner->cleaning.error.code != LB_OK;
	engine->store_busy = false;
	if (question->err != LB_OK) {
		lb_engine_problem(engine, "cleaning put off", cleaner->cleaner->base_location,
				  &question->error);
		rest(cleaner, RETRY_US);
	} else if (failed || engine->stopping || question->events.count == 0) {
		forget_cleaning(cleaner);
		cleaner->cleaning.error = (struct lb_error){0};
		rest(cleaner, failed ? RETRY_US : engine->options.poll_interval_us);
	} else {
		forget_cleaning(cleaner);
		start_cleaning(cleaner, question);
	}
	lb_arena_finish(&question->arena);
	lb_free(question);
	lb_engine_pump(engine);
}

bool lb_engine_plan_cleaning(struct lb_engine_cleaner *cleaner)
{
	struct lb_engine *engine = cleaner->engine;
	bool has_news = cleaner->cleaning.events.count > 0;
	if (cleaner->cleaning_now || cleaner->due_at_us > lb_engine_monotonic(engine) ||
	    (engine->stopping && !has_news)) {
		return false;
	}
	struct question *question = lb_alloc(sizeof(*question));
	if (question == NULL ||
	    sum_up(&cleaner->cleaning, &question->arena, &question->changes.cleaned) != LB_OK) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		lb_engine_problem(engine, "cleaning put off", cleaner->cleaner->base_location,
				  &error);
		if (question != NULL) {
			lb_arena_finish(&question->arena);
		}
		lb_free(question);
		rest(cleaner, RETRY_US);
		return false;
	}
	question->work = (struct lb_work){.execute = question_execute, .done = question_done};
	question->cleaner = cleaner;
	question->changes.arena = &question->arena;
	engine->store_busy = true;
	engine->options.worker->impl->start(engine->options.worker, &question->work);
	return true;
}
