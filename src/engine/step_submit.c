/* step_submit.c: asking runners to start what a beat planned. Only runs that a
 * committed transaction handed out come here, each with its durable token. */
#include "base/injection.h"
#include "base/text.h"
#include "engine/parameters.h"
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

/* One request under way; the run and its events live in beat. */
struct lb_engine_submission {
	struct lb_engine_submission *next;
	struct lb_submission submission;
	struct lb_engine_runner *runner;
	struct lb_engine_beat *beat;
	struct lb_arena arena;
	struct lb_parameter_list parameters;
};

static int compare_tokens(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **lb_engine_in_flight_tokens(const struct lb_engine_runner *runner,
					struct lb_arena *arena)
{
	const char **tokens = lb_arena_alloc(arena, runner->in_flight * sizeof(*tokens));
	size_t count = 0;
	for (const struct lb_engine_submission *item = runner->submissions;
	     tokens != NULL && item != NULL; item = item->next) {
		/* The answer may come, and the run be freed, while the beat works. */
		tokens[count] = lb_arena_strdup(arena, item->submission.run->token);
		if (tokens[count++] == NULL) {
			return NULL;
		}
	}
	if (tokens != NULL && count > 1) {
		qsort(tokens, count, sizeof(*tokens), compare_tokens);
	}
	return tokens;
}

static void forget(struct lb_engine_submission *item)
{
	struct lb_engine_submission **link = &item->runner->submissions;
	while (*link != item) {
		link = &(*link)->next;
	}
	*link = item->next;
	item->runner->in_flight--;
	lb_engine_beat_unref(item->beat);
	lb_arena_finish(&item->arena);
	lb_free(item);
}

static void take_in_answer(struct lb_engine *engine, const struct lb_submission *submission)
{
	bool accepted = submission->outcome == LB_SUBMIT_ACCEPTED;
	struct lb_submission_seen seen = {
		.trigger_job_id = submission->run->trigger_job_id,
		.token = submission->run->token,
		.outcome = submission->outcome,
		.external_id = accepted ? submission->external_id : NULL,
		.url = accepted ? submission->url : NULL,
		.message = accepted ? NULL : submission->error.message,
		.retry_after_us = submission->retry_after_us,
	};
	if (accepted) {
		engine->totals.runs_accepted++;
	} else {
		lb_engine_problem(engine,
				  submission->outcome == LB_SUBMIT_REFUSED
					  ? "run refused"
					  : "run not accepted yet, to be asked again",
				  seen.trigger_job_id, &submission->error);
	}
	/* Without memory the answer is forgotten, and asked for again by token. */
	struct lb_batch *batch = lb_inbox_add(&engine->inbox);
	if (batch == NULL || lb_batch_add_submission(batch, &seen) != LB_OK) {
		engine->sweep = true;
	}
}

static void done(struct lb_submission *submission)
{
	struct lb_engine_submission *item = submission->data;
	struct lb_engine_runner *runner = item->runner;
	struct lb_engine *engine = runner->engine;
	LB_INJECTION_POINT("answer-received");
	take_in_answer(engine, submission);
	forget(item);
	int64_t poll_at_us = lb_engine_monotonic(engine) + runner->runner->poll_interval_us;
	if (engine->options.mode == LB_ENGINE_RUN && poll_at_us < runner->due_at_us) {
		runner->due_at_us = poll_at_us;
	}
	lb_engine_pump(engine);
}

static struct lb_engine_runner *find_runner(struct lb_engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->options.runner_count; i++) {
		if (lb_text_equal(engine->runners[i].runner->name, name)) {
			return &engine->runners[i];
		}
	}
	return NULL;
}

static void submit_one(struct lb_engine *engine, struct lb_engine_beat *beat,
		       const struct lb_due_run *due)
{
	struct lb_engine_runner *runner = find_runner(engine, due->run.runner);
	struct lb_engine_submission *item = runner != NULL ? lb_alloc(sizeof(*item)) : NULL;
	if (item == NULL) {
		engine->sweep = true;
		return;
	}
	if (lb_parameters_make(&due->events, engine->options.fields, engine->options.field_count,
			       &item->arena, &item->parameters) != LB_OK) {
		lb_arena_finish(&item->arena);
		lb_free(item);
		engine->sweep = true;
		return;
	}
	item->submission = (struct lb_submission){
		.run = &due->run,
		.trigger_job_name = due->trigger_job_name,
		.events = &due->events,
		.parameters = &item->parameters,
		.done = done,
		.data = item,
	};
	item->runner = runner;
	item->beat = beat;
	lb_engine_beat_ref(beat);
	item->next = runner->submissions;
	runner->submissions = item;
	runner->in_flight++;
	runner->runner->impl->submit(runner->runner, &item->submission);
}

void lb_engine_submit(struct lb_engine *engine, struct lb_engine_beat *beat,
		      const struct lb_due_run_list *due)
{
	for (size_t i = 0; i < due->count; i++) {
		submit_one(engine, beat, &due->items[i]);
	}
}
