/* step_clean.c: files that every job is done with, done away with. Which ones is asked of
 * the store; what is gone is told to it together with the next question, so that a crash in
 * between repeats what does no harm. A round goes once over the sensors: one whose files cannot
 * be cleaned is passed over, and tried again in the next round. */
#include "base/text.h"
#include "base/time.h"
#include "core/backoff.h"
#include "engine/state.h"

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
	const struct lb_engine_cleaner *cleaner = question->cleaner;
	enum lb_err err = LB_OK;
	if (!lb_changes_empty(&question->changes)) {
		err = store->impl->save(store, &question->changes, error);
	}
	const struct lb_consumed_query query = {
		.sensor_source = cleaner->cleaner->sensor_source,
		.base_location = cleaner->cleaner->base_location,
		.after_sensor = cleaner->after_sensor,
		.limit = LB_CLEANING_MAX,
	};
	return err == LB_OK ? store->impl->load_consumed(store, &query, &question->arena,
							 &question->events, error)
			    : err;
}

static void question_execute(struct lb_work *work)
{
	struct question *question = (struct question *)work;
	struct lb_store *store = question->cleaner->engine->options.store;
	bool writes = !lb_changes_empty(&question->changes);
	question->err = store->impl->transact(store, writes ? LB_STORE_WRITE : LB_STORE_READ,
					      question_body, question, &question->error);
}

/* A failure that stays is said once. */
static void note_outcome(struct lb_engine_cleaner *cleaner, const struct lb_error *error)
{
	struct lb_engine *engine = cleaner->engine;
	const char *base = cleaner->cleaner->base_location;
	if (error->code == LB_OK) {
		if (cleaner->failure.code != LB_OK) {
			lb_log(engine->options.log, LB_LOG_INFO,
			       "consumed files can be cleaned again", "subject", base, NULL);
		}
	} else if (cleaner->failure.code == error->code &&
		   lb_text_equal(cleaner->failure.message, error->message)) {
		engine->totals.problems++;
	} else {
		lb_engine_problem(engine, "consumed files stay where they are", base, error);
	}
	cleaner->failure = *error;
}

/* The round is over. A mode that ends makes one. */
static void end_round(struct lb_engine_cleaner *cleaner, const struct lb_error *error)
{
	struct lb_engine *engine = cleaner->engine;
	int64_t pause_us = engine->options.poll_interval_us;
	note_outcome(cleaner, error);
	cleaner->tries = error->code == LB_OK ? 0 : cleaner->tries + 1;
	if (cleaner->tries > 0) {
		pause_us = lb_backoff_us(cleaner->tries, LB_BACKOFF_UNANSWERED_BASE_US,
					 LB_BACKOFF_UNANSWERED_CAP_US, lb_engine_draw(engine));
	}
	cleaner->round_error = (struct lb_error){0};
	cleaner->after_sensor = 0;
	cleaner->due_at_us = engine->options.mode == LB_ENGINE_RUN
				     ? lb_engine_monotonic(engine) + pause_us
				     : LB_NEVER;
}

/* Of each sensor, the files up to the first one that stays: the store knows how far it is
 * clean, and no more. */
static enum lb_err sum_up(const struct lb_cleaning *cleaning, struct lb_changes *changes,
			  int64_t now_us)
{
	const struct lb_event_list *events = &cleaning->events;
	int64_t blocked = 0;
	for (size_t i = 0; i < events->count; i++) {
		const struct lb_event *event = &events->items[i];
		if (cleaning->files[i] == LB_FILE_STAYS) {
			blocked = event->sensor;
		}
		if (event->sensor == blocked) {
			continue;
		}
		struct lb_cleaned *cleaned = lb_list_add(changes->arena, &changes->cleaned);
		if (cleaned == NULL) {
			return LB_NOMEM;
		}
		*cleaned = (struct lb_cleaned){
			.sensor = event->sensor,
			.seq = event->seq,
			.gone_at_us = cleaning->files[i] == LB_FILE_GONE ? now_us : LB_TIME_NONE,
		};
	}
	return LB_OK;
}

static void forget_cleaning(struct lb_engine_cleaner *cleaner)
{
	lb_arena_finish(&cleaner->arena);
	cleaner->cleaning.events = (struct lb_event_list){0};
}

static void take_in_file(struct lb_engine *engine, const struct lb_event *event,
			 enum lb_cleaned_file file)
{
	engine->totals.files_cleaned += file == LB_FILE_GONE;
	if (file == LB_FILE_IS_ANOTHER) {
		lb_log(engine->options.log, LB_LOG_INFO,
		       "a consumed file was written again, and is left alone", "sensor",
		       event->sensor_id, "file", event->file.file_path, NULL);
	}
}

/* The round goes on with the last sensor, which may have more files, or behind it. */
static void cleaned(struct lb_cleaning *cleaning)
{
	struct lb_engine_cleaner *cleaner = cleaning->data;
	struct lb_engine *engine = cleaner->engine;
	const struct lb_event_list *events = &cleaning->events;
	int64_t last = events->items[events->count - 1].sensor;
	cleaner->after_sensor = last - 1;
	for (size_t i = 0; i < events->count; i++) {
		take_in_file(engine, &events->items[i], cleaning->files[i]);
		if (cleaning->files[i] == LB_FILE_STAYS && events->items[i].sensor == last) {
			cleaner->after_sensor = last;
		}
	}
	if (cleaner->round_error.code == LB_OK) {
		cleaner->round_error = cleaning->error;
	}
	cleaner->is_cleaning = false;
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
	cleaner->is_cleaning = true;
	cleaner->cleaner->impl->clean(cleaner->cleaner, &cleaner->cleaning);
}

static void question_done(struct lb_work *work)
{
	struct question *question = (struct question *)work;
	struct lb_engine_cleaner *cleaner = question->cleaner;
	struct lb_engine *engine = cleaner->engine;
	bool may_pass = cleaner->round_error.retriable;
	engine->store_busy = false;
	forget_cleaning(cleaner);
	if (question->err != LB_OK) {
		end_round(cleaner, &question->error);
	} else if (may_pass || engine->stopping || question->events.count == 0) {
		struct lb_error error = cleaner->round_error;
		end_round(cleaner, &error);
	} else {
		start_cleaning(cleaner, question);
	}
	lb_arena_finish(&question->arena);
	lb_free(question);
	lb_engine_pump(engine);
}

static struct question *create(struct lb_engine_cleaner *cleaner)
{
	struct question *question = lb_alloc(sizeof(*question));
	if (question == NULL) {
		return NULL;
	}
	question->work = (struct lb_work){.execute = question_execute, .done = question_done};
	question->cleaner = cleaner;
	question->changes.arena = &question->arena;
	if (sum_up(&cleaner->cleaning, &question->changes, lb_engine_now(cleaner->engine)) !=
	    LB_OK) {
		lb_arena_finish(&question->arena);
		lb_free(question);
		return NULL;
	}
	return question;
}

bool lb_engine_plan_cleaning(struct lb_engine_cleaner *cleaner)
{
	struct lb_engine *engine = cleaner->engine;
	bool has_news = cleaner->cleaning.events.count > 0;
	if (cleaner->is_cleaning || cleaner->due_at_us > lb_engine_monotonic(engine) ||
	    (engine->stopping && !has_news)) {
		return false;
	}
	struct question *question = create(cleaner);
	if (question == NULL) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		forget_cleaning(cleaner);
		end_round(cleaner, &error);
		return false;
	}
	engine->store_busy = true;
	engine->options.worker->impl->start(engine->options.worker, &question->work);
	return true;
}
