#include "engine/beat.h"

#include "base/injection.h"
#include "core/backoff.h"
#include "engine/due.h"
#include "engine/jobs.h"
#include "engine/token.h"

/* What one transaction works on. */
struct fold {
	struct lb_beat *beat;
	struct lb_job_list jobs;
	struct lb_changes changes;
	uint32_t random;
};

/* xorshift32: jitter needs no better. */
static uint32_t draw(struct fold *fold)
{
	uint32_t x = fold->random != 0 ? fold->random : 1;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	fold->random = x;
	return x;
}

/* The job that an observation is about; NULL: about none. */
static const char *job_of(const struct lb_observation *observation)
{
	switch (observation->kind) {
	case LB_OBSERVED_SUBMISSION:
		return observation->submission.trigger_job_id;
	case LB_OBSERVED_RUN:
		return observation->run.trigger_job_id;
	case LB_OBSERVED_COMMAND:
		return observation->command.trigger_job_id;
	case LB_OBSERVED_SENSORS:
	case LB_OBSERVED_PASS:
		break;
	}
	return NULL;
}

static enum lb_err record_events(struct lb_store *store, struct fold *fold, struct lb_error *error)
{
	const struct lb_observation_list *observations = fold->beat->observations;
	for (size_t i = 0; i < observations->count; i++) {
		if (observations->items[i].kind != LB_OBSERVED_SENSORS) {
			continue;
		}
		size_t added = 0;
		enum lb_err err =
			store->impl->record(store, observations->items[i].sensors, &added, error);
		if (err != LB_OK) {
			return err;
		}
		fold->beat->new_events += added;
	}
	return LB_OK;
}

static enum lb_err load_jobs(struct lb_store *store, struct fold *fold, struct lb_error *error)
{
	struct lb_beat *beat = fold->beat;
	const struct lb_observation_list *observations = beat->observations;
	const char **ids = lb_arena_alloc(&beat->arena, observations->count * sizeof(*ids));
	if (ids == NULL) {
		return lb_fail_nomem(error);
	}
	struct lb_job_query query = {
		.job_ids = ids,
		.advanced = beat->new_events > 0,
		.pending = beat->sweep,
	};
	for (size_t i = 0; i < observations->count; i++) {
		const char *id = job_of(&observations->items[i]);
		if (id != NULL) {
			ids[query.job_id_count++] = id;
		}
	}
	if (query.job_id_count == 0 && !query.advanced && !query.pending) {
		return LB_OK;
	}
	enum lb_err err = store->impl->load_jobs(store, &query, &beat->arena, &fold->jobs, error);
	if (err != LB_OK) {
		return err;
	}
	for (size_t i = 0; i < fold->jobs.count; i++) {
		struct lb_job *job = &fold->jobs.items[i];
		job->policy = beat->policies->policy_of(beat->policies->data, job->trigger_job_id);
	}
	return LB_OK;
}

static enum lb_err apply_submission(struct fold *fold, struct lb_job *job,
				    const struct lb_submission_seen *seen, struct lb_error *error)
{
	int64_t now_us = fold->beat->now_us;
	if (seen->outcome == LB_SUBMIT_ACCEPTED) {
		return lb_job_run_accepted(job, seen->token, seen->external_id, seen->url, now_us,
					   &fold->changes, error);
	}
	bool refused = seen->outcome == LB_SUBMIT_REFUSED;
	int tries = job->run != NULL ? job->run->tries + 1 : 1;
	int64_t delay_us = seen->retry_after_us;
	if (delay_us <= 0) {
		delay_us = lb_backoff_us(
			tries, refused ? LB_BACKOFF_REFUSED_BASE_US : LB_BACKOFF_UNANSWERED_BASE_US,
			refused ? LB_BACKOFF_REFUSED_CAP_US : LB_BACKOFF_UNANSWERED_CAP_US,
			draw(fold));
	}
	return lb_job_run_not_accepted(job, seen->token, refused, seen->message, now_us + delay_us,
				       now_us, &fold->changes, error);
}

static enum lb_err obey(struct fold *fold, struct lb_job *job, const struct lb_command *command,
			struct lb_error *error)
{
	int64_t now_us = fold->beat->now_us;
	switch (command->verb) {
	case LB_COMPLETE:
		return lb_job_complete(job, command->token, command->consume_all, now_us,
				       &fold->changes, command->answer, error);
	case LB_RETRY:
		return lb_job_retry(job, now_us, &fold->changes, command->answer, error);
	case LB_PAUSE:
	case LB_RESUME:
		break;
	}
	return lb_job_set_paused(job, command->sensor_id, command->verb == LB_PAUSE, now_us,
				 &fold->changes, command->answer, error);
}

static enum lb_err apply_command(struct fold *fold, struct lb_job *job,
				 const struct lb_command *command, struct lb_error *error)
{
	if (job == NULL || job->rows.count == 0) {
		return lb_fail(error, LB_NOT_FOUND, "job %s is not in the control table",
			       command->trigger_job_id);
	}
	const char *who = fold->changes.who;
	fold->changes.who = command->who != NULL ? command->who : who;
	enum lb_err err = obey(fold, job, command, error);
	fold->changes.who = who;
	return err;
}

static enum lb_err note_pass(struct fold *fold, const struct lb_pass_cost *seen,
			     struct lb_error *error)
{
	struct lb_pass_cost *pass = lb_list_add(fold->changes.arena, &fold->changes.passes);
	if (pass == NULL) {
		return lb_fail_nomem(error);
	}
	*pass = *seen;
	return LB_OK;
}

static enum lb_err apply_observation(struct fold *fold, const struct lb_observation *observation,
				     struct lb_error *error)
{
	const char *id = job_of(observation);
	struct lb_job *job = id != NULL ? lb_jobs_find(&fold->jobs, id) : NULL;
	if (observation->kind == LB_OBSERVED_COMMAND) {
		return apply_command(fold, job, &observation->command, error);
	}
	if (observation->kind == LB_OBSERVED_PASS) {
		return note_pass(fold, &observation->pass, error);
	}
	if (job == NULL) {
		return LB_OK;
	}
	if (observation->kind == LB_OBSERVED_SUBMISSION) {
		return apply_submission(fold, job, &observation->submission, error);
	}
	const struct lb_run_seen *seen = &observation->run;
	return lb_job_run_ended(job, seen->token, seen->state, seen->message, seen->ended_at_us,
				fold->beat->now_us, &fold->changes, error);
}

static enum lb_err decide(struct fold *fold, struct lb_error *error)
{
	const struct lb_observation_list *observations = fold->beat->observations;
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < observations->count && err == LB_OK; i++) {
		err = apply_observation(fold, &observations->items[i], error);
	}
	for (size_t i = 0; i < fold->jobs.count && err == LB_OK; i++) {
		err = lb_job_settle(&fold->jobs.items[i], fold->beat->plan_runs, fold->beat->now_us,
				    &fold->changes, error);
	}
	return err;
}

static enum lb_err make_tokens(struct lb_store *store, struct fold *fold, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < fold->changes.runs.count && err == LB_OK; i++) {
		struct lb_run *run = fold->changes.runs.items[i];
		if (run->id == 0) {
			LB_INJECTION_POINT("token-not-durable");
			err = lb_token_make(store->deployment_id, run, error);
			fold->beat->runs_planned++;
		}
	}
	return err;
}

static enum lb_err save(struct lb_store *store, struct fold *fold, struct lb_error *error)
{
	enum lb_err err = make_tokens(store, fold, error);
	if (err == LB_OK && !lb_changes_empty(&fold->changes)) {
		err = store->impl->save(store, &fold->changes, error);
	}
	fold->beat->audits = fold->changes.audits;
	return err;
}

static enum lb_err beat_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct fold *fold = data;
	enum lb_err err = record_events(store, fold, error);
	LB_INJECTION_POINT("beat-after-record");
	if (err == LB_OK) {
		err = load_jobs(store, fold, error);
	}
	if (err == LB_OK) {
		err = decide(fold, error);
	}
	if (err == LB_OK) {
		err = save(store, fold, error);
	}
	if (err == LB_OK && fold->beat->plan_runs) {
		err = lb_due_find(store, fold->beat, &fold->jobs, error);
	}
	LB_INJECTION_POINT("beat-before-commit");
	return err;
}

enum lb_err lb_beat_run(struct lb_store *store, struct lb_beat *beat, struct lb_error *error)
{
	beat->due = (struct lb_due_run_list){0};
	beat->audits = (struct lb_audit_list){0};
	beat->more_due = false;
	beat->wake_at_us = INT64_MAX;
	beat->new_events = 0;
	beat->runs_planned = 0;
	struct fold fold = {
		.beat = beat,
		.changes = {.arena = &beat->arena, .who = beat->who},
		.random = beat->random,
	};
	enum lb_err err = store->impl->transact(store, LB_STORE_WRITE, beat_body, &fold, error);
	LB_INJECTION_POINT("beat-after-commit");
	return err;
}
