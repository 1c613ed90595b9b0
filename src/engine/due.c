#include "engine/due.h"

#include "base/text.h"
#include "core/readiness.h"
#include "engine/jobs.h"

#include <stdlib.h>

/* What one lb_due_find works on. */
struct search {
	struct lb_store *store;
	struct lb_beat *beat;
	const struct lb_job_list *loaded;
	struct lb_job_list others; /* the jobs of planned runs that the beat has not loaded */
};

static int compare_token(const void *key, const void *item)
{
	return lb_text_compare(key, *(const char *const *)item);
}

static bool is_in_flight(const struct lb_beat_runner *runner, const char *token)
{
	return runner->in_flight_count > 0 &&
	       bsearch(token, runner->in_flight, runner->in_flight_count,
		       sizeof(*runner->in_flight), compare_token) != NULL;
}

static const struct lb_job *find_job(const struct search *search, const char *trigger_job_id)
{
	const struct lb_job *job = lb_jobs_find(search->loaded, trigger_job_id);
	return job != NULL ? job : lb_jobs_find(&search->others, trigger_job_id);
}

/* How many more runs the runner may be given: its limit, less what is SUBMITTED
 * anywhere and what this process is submitting. */
static enum lb_err find_capacity(struct search *search, const struct lb_beat_runner *runner,
				 size_t *ret_capacity, struct lb_error *error)
{
	*ret_capacity = LB_BEAT_DUE_MAX;
	if (runner->max_parallel <= 0) {
		return LB_OK;
	}
	size_t max_parallel = (size_t)runner->max_parallel;
	struct lb_run_list active = {0};
	struct lb_run_query query = {
		.runner = runner->name,
		.state_mask = 1U << LB_RUN_SUBMITTED,
		.limit = max_parallel,
	};
	enum lb_err err = search->store->impl->load_runs(search->store, &query,
							 &search->beat->arena, &active, error);
	if (err != LB_OK) {
		return err;
	}
	size_t taken = active.count + runner->in_flight_count;
	size_t left = taken < max_parallel ? max_parallel - taken : 0;
	if (left < *ret_capacity) {
		*ret_capacity = left;
	}
	return LB_OK;
}

/* Loads the jobs of runs that nobody has loaded yet, in one call. */
static enum lb_err load_other_jobs(struct search *search, const struct lb_run_list *runs,
				   struct lb_error *error)
{
	struct lb_arena *arena = &search->beat->arena;
	const char **ids = lb_arena_alloc(arena, runs->count * sizeof(*ids));
	if (ids == NULL) {
		return lb_fail_nomem(error);
	}
	size_t count = 0;
	for (size_t i = 0; i < runs->count; i++) {
		const char *id = runs->items[i].trigger_job_id;
		if (lb_jobs_find(search->loaded, id) == NULL) {
			ids[count++] = id;
		}
	}
	search->others = (struct lb_job_list){0};
	if (count == 0) {
		return LB_OK;
	}
	struct lb_job_query query = {.job_ids = ids, .job_id_count = count};
	return search->store->impl->load_jobs(search->store, &query, arena, &search->others, error);
}

/* A run that nobody may have started yet waits while its job is paused. */
static bool is_held(const struct search *search, const struct lb_run *run)
{
	const struct lb_job *job = find_job(search, run->trigger_job_id);
	return job != NULL && lb_readiness_is_held(job);
}

static enum lb_err add_due(struct search *search, const struct lb_run *run, struct lb_error *error)
{
	struct lb_due_run *due = lb_list_add(&search->beat->arena, &search->beat->due);
	if (due == NULL) {
		return lb_fail_nomem(error);
	}
	const struct lb_job *job = find_job(search, run->trigger_job_id);
	*due = (struct lb_due_run){
		.run = *run,
		.trigger_job_name = job != NULL ? lb_job_name(job) : NULL,
	};
	return LB_OK;
}

/* Hands out runs, oldest first, until capacity is used up. */
static enum lb_err hand_out(struct search *search, const struct lb_beat_runner *runner,
			    const struct lb_run_list *planned, size_t capacity,
			    size_t *ret_handed_out, struct lb_error *error)
{
	struct lb_beat *beat = search->beat;
	*ret_handed_out = 0;
	for (size_t i = 0; i < planned->count; i++) {
		const struct lb_run *run = &planned->items[i];
		if (run->next_try_at_us > beat->now_us) {
			if (run->next_try_at_us < beat->wake_at_us) {
				beat->wake_at_us = run->next_try_at_us;
			}
			return LB_OK;
		}
		if (is_in_flight(runner, run->token) || is_held(search, run)) {
			continue;
		}
		if (*ret_handed_out == capacity) {
			beat->more_due = beat->more_due || capacity == LB_BEAT_DUE_MAX;
			return LB_OK;
		}
		enum lb_err err = add_due(search, run, error);
		if (err != LB_OK) {
			return err;
		}
		(*ret_handed_out)++;
	}
	return LB_OK;
}

/* Runs in flight or held stand in front of the others; the window grows until
 * they no longer hide what is due. */
static enum lb_err find_for_runner(struct search *search, const struct lb_beat_runner *runner,
				   struct lb_error *error)
{
	size_t capacity;
	enum lb_err err = find_capacity(search, runner, &capacity, error);
	size_t window = capacity + runner->in_flight_count + 1;
	size_t first = search->beat->due.count;
	bool cut = err == LB_OK;
	while (cut) {
		struct lb_run_list planned = {0};
		struct lb_run_query query = {
			.runner = runner->name,
			.state_mask = 1U << LB_RUN_PLANNED,
			.order = LB_RUN_NEXT_TRY_FIRST,
			.with_inputs = true,
			.limit = window,
		};
		err = search->store->impl->load_runs(search->store, &query, &search->beat->arena,
						     &planned, error);
		if (err == LB_OK) {
			err = load_other_jobs(search, &planned, error);
		}
		search->beat->due.count = first;
		size_t handed_out = 0;
		if (err == LB_OK) {
			err = hand_out(search, runner, &planned, capacity, &handed_out, error);
		}
		cut = err == LB_OK && capacity > 0 && handed_out == 0 && planned.count == window &&
		      planned.items[window - 1].next_try_at_us <= search->beat->now_us;
		window *= 4;
	}
	return err;
}

/* Gives each due run its part of events, which come in the runs' order. */
static void deal_events(struct lb_beat *beat, const struct lb_event_list *events)
{
	size_t at = 0;
	for (size_t i = 0; i < beat->due.count; i++) {
		struct lb_due_run *due = &beat->due.items[i];
		size_t count = lb_run_count_events(&due->run, events, at);
		if (count > 0) {
			due->events = (struct lb_event_list){
				.items = &events->items[at], .count = count, .capacity = count};
			at += count;
		}
	}
}

static enum lb_err load_events(struct search *search, struct lb_error *error)
{
	struct lb_beat *beat = search->beat;
	struct lb_run_input_list inputs = {0};
	for (size_t i = 0; i < beat->due.count; i++) {
		const struct lb_run *run = &beat->due.items[i].run;
		for (size_t j = 0; j < run->inputs.count; j++) {
			struct lb_run_input *input = lb_list_add(&beat->arena, &inputs);
			if (input == NULL) {
				return lb_fail_nomem(error);
			}
			*input = run->inputs.items[j];
		}
	}
	if (inputs.count == 0) {
		return LB_OK;
	}
	struct lb_event_list events = {0};
	enum lb_err err = search->store->impl->load_events(search->store, &inputs, &beat->arena,
							   &events, error);
	if (err == LB_OK) {
		deal_events(beat, &events);
	}
	return err;
}

enum lb_err lb_due_find(struct lb_store *store, struct lb_beat *beat,
			const struct lb_job_list *loaded, struct lb_error *error)
{
	struct search search = {.store = store, .beat = beat, .loaded = loaded};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < beat->runner_count && err == LB_OK; i++) {
		err = find_for_runner(&search, &beat->runners[i], error);
	}
	return err == LB_OK ? load_events(&search, error) : err;
}
