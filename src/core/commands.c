/* commands.c: what people and jobs ask for; declared in lifecycle.h. */
#include "base/text.h"
#include "core/lifecycle.h"
#include "core/transition.h"

#include <string.h>

static enum lb_err answer(struct lb_answer *ret_answer, bool changed, const char *text,
			  struct lb_error *error)
{
	if (text == NULL) {
		return lb_fail_nomem(error);
	}
	*ret_answer = (struct lb_answer){.changed = changed, .text = text};
	return LB_OK;
}

static int64_t waiting_events(const struct lb_job *job)
{
	int64_t waiting = 0;
	for (size_t i = 0; i < job->rows.count; i++) {
		waiting += lb_row_waiting_events(&job->rows.items[i]);
	}
	return waiting;
}

/* Marks all that waits as done by hand; rows without a live run only. */
static enum lb_err consume_by_hand(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
				   struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		err = lb_transition_consume(job, row, NULL, changes, error);
		if (err == LB_OK && row->status == LB_STATUS_NEW_EVENT_AVAILABLE) {
			err = lb_transition_row(job, row, LB_STATUS_COMPLETED,
						"events marked as done by hand", now_us, changes,
						error);
		}
		if (err == LB_OK && row->cursor_count > 0) {
			err = lb_transition_sensor(row, false, now_us, changes, error);
		}
	}
	return err;
}

static enum lb_err complete_live_run(struct lb_job *job, const char *token, int64_t now_us,
				     struct lb_changes *changes, struct lb_answer *ret_answer,
				     struct lb_error *error)
{
	struct lb_run *run = job->run;
	if (token != NULL && strcmp(token, run->token) != 0) {
		return answer(ret_answer, false,
			      lb_arena_printf(changes->arena,
					      "nothing changed: the run that calls is over, and "
					      "run %lld of job %s is another one",
					      (long long)run->run_no, job->trigger_job_id),
			      error);
	}
	if (token == NULL && run->state == LB_RUN_PLANNED) {
		return answer(ret_answer, false,
			      lb_arena_printf(changes->arena,
					      "nothing changed: run %lld of job %s is planned, but "
					      "is not known to have started",
					      (long long)run->run_no, job->trigger_job_id),
			      error);
	}
	enum lb_err err = lb_job_run_ended(job, run->token, LB_RUN_SUCCEEDED,
					   "completed by command", now_us, now_us, changes, error);
	if (err != LB_OK) {
		return err;
	}
	return answer(ret_answer, true,
		      lb_arena_printf(changes->arena, "job %s: run %lld is completed",
				      job->trigger_job_id, (long long)run->run_no),
		      error);
}

static enum lb_err complete_idle_job(struct lb_job *job, bool consume_all, int64_t now_us,
				     struct lb_changes *changes, struct lb_answer *ret_answer,
				     struct lb_error *error)
{
	bool revived = lb_job_has_row_at(job, LB_STATUS_FAILED) ||
		       lb_job_has_row_at(job, LB_STATUS_IN_PROGRESS);
	int64_t waiting = waiting_events(job);
	enum lb_err err = LB_OK;
	if (revived) {
		err = lb_transition_complete_rows(job, "completed by command", now_us, now_us,
						  changes, error);
	}
	bool by_hand = consume_all &&
		       (waiting > 0 || lb_job_has_row_at(job, LB_STATUS_NEW_EVENT_AVAILABLE));
	if (err == LB_OK && by_hand) {
		err = consume_by_hand(job, now_us, changes, error);
	}
	if (err != LB_OK) {
		return err;
	}
	const char *text;
	if (by_hand) {
		text = lb_arena_printf(changes->arena,
				       "job %s: %lld waiting events are marked as done by hand",
				       job->trigger_job_id, (long long)waiting);
	} else if (revived) {
		text = lb_arena_printf(changes->arena, "job %s is completed", job->trigger_job_id);
	} else if (waiting > 0) {
		text = lb_arena_printf(changes->arena,
				       "nothing changed: no run of job %s is in flight, and %lld "
				       "events wait for one; --consume-all marks them as done",
				       job->trigger_job_id, (long long)waiting);
	} else {
		text = lb_arena_printf(changes->arena,
				       "nothing changed: no run of job %s is in flight and no "
				       "event waits",
				       job->trigger_job_id);
	}
	return answer(ret_answer, revived || by_hand, text, error);
}

enum lb_err lb_job_complete(struct lb_job *job, const char *token, bool consume_all, int64_t now_us,
			    struct lb_changes *changes, struct lb_answer *ret_answer,
			    struct lb_error *error)
{
	if (lb_run_is_live(job->run)) {
		return complete_live_run(job, token, now_us, changes, ret_answer, error);
	}
	/* The last task of a run that polling saw end already. */
	if (token != NULL && lb_transition_is_own_run(job, token) &&
	    job->run->state == LB_RUN_SUCCEEDED) {
		return answer(ret_answer, false,
			      lb_arena_printf(changes->arena,
					      "nothing to do: run %lld of job %s is completed "
					      "already",
					      (long long)job->run->run_no, job->trigger_job_id),
			      error);
	}
	return complete_idle_job(job, consume_all, now_us, changes, ret_answer, error);
}

static enum lb_err retry_planned_run(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
				     struct lb_answer *ret_answer, struct lb_error *error)
{
	struct lb_run *run = job->run;
	bool later = run->next_try_at_us > now_us;
	if (later) {
		run->next_try_at_us = now_us;
		enum lb_err err = lb_transition_save_run(run, changes, error);
		if (err == LB_OK) {
			err = lb_transition_run(job, LB_RUN_PLANNED,
						"to be tried at once, by command", now_us, changes,
						error);
		}
		if (err != LB_OK) {
			return err;
		}
	}
	return answer(ret_answer, later,
		      lb_arena_printf(changes->arena,
				      "job %s: run %lld is planned and is tried at once",
				      job->trigger_job_id, (long long)run->run_no),
		      error);
}

/* Rows come from FAILED back to NEW_EVENT_AVAILABLE, as before the first
 * attempt; they go IN_PROGRESS when the new one is accepted. */
static enum lb_err reopen_rows(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
			       struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		if (row->status == LB_STATUS_FAILED || row->status == LB_STATUS_IN_PROGRESS) {
			err = lb_transition_row(job, row, LB_STATUS_NEW_EVENT_AVAILABLE,
						"retry by command", now_us, changes, error);
		}
	}
	return err;
}

enum lb_err lb_job_retry(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
			 struct lb_answer *ret_answer, struct lb_error *error)
{
	if (lb_run_is_live(job->run) && job->run->state == LB_RUN_PLANNED) {
		return retry_planned_run(job, now_us, changes, ret_answer, error);
	}
	if (lb_run_is_live(job->run)) {
		return answer(ret_answer, false,
			      lb_arena_printf(changes->arena,
					      "nothing changed: run %lld of job %s is in flight",
					      (long long)job->run->run_no, job->trigger_job_id),
			      error);
	}
	if (!lb_job_has_row_at(job, LB_STATUS_FAILED) &&
	    !lb_job_has_row_at(job, LB_STATUS_IN_PROGRESS)) {
		return answer(ret_answer, false,
			      lb_arena_printf(changes->arena,
					      "nothing changed: job %s has not failed",
					      job->trigger_job_id),
			      error);
	}
	enum lb_err err = reopen_rows(job, now_us, changes, error);
	/* Without a failed run of ours (rows edited by hand, or left by another
	 * program) the rows' own events start the next run, in lb_job_settle. */
	if (err == LB_OK && job->run != NULL && job->run->state != LB_RUN_SUCCEEDED) {
		err = lb_transition_begin_attempt(job, now_us, "retry by command", now_us, changes,
						  error);
	}
	if (err != LB_OK) {
		return err;
	}
	return answer(ret_answer, true,
		      lb_arena_printf(changes->arena, "job %s: a new attempt is planned",
				      job->trigger_job_id),
		      error);
}

static enum lb_err set_row_paused(const struct lb_job *job, struct lb_row *row, bool paused,
				  int64_t now_us, struct lb_changes *changes,
				  struct lb_error *error)
{
	const char *to = paused ? "PAUSED" : "UNPAUSED";
	struct lb_audit audit = {
		.at_us = now_us,
		.sensor_id = lb_row_sensor_id(row),
		.from = row->declared[LB_DECLARED_job_state],
		.to = to,
		.cause = paused ? "paused by command" : "resumed by command",
	};
	row->declared[LB_DECLARED_job_state] = to;
	row->changed = true;
	return lb_transition_audit(job, changes, audit, error);
}

enum lb_err lb_job_set_paused(struct lb_job *job, const char *sensor_id, bool paused,
			      int64_t now_us, struct lb_changes *changes,
			      struct lb_answer *ret_answer, struct lb_error *error)
{
	size_t matched = 0;
	size_t changed = 0;
	for (size_t i = 0; i < job->rows.count; i++) {
		struct lb_row *row = &job->rows.items[i];
		if (sensor_id != NULL && !lb_text_equal(sensor_id, lb_row_sensor_id(row))) {
			continue;
		}
		matched++;
		if (lb_row_is_paused(row) != paused) {
			enum lb_err err = set_row_paused(job, row, paused, now_us, changes, error);
			if (err != LB_OK) {
				return err;
			}
			changed++;
		}
	}
	if (matched == 0) {
		return sensor_id != NULL
			       ? lb_fail(error, LB_NOT_FOUND, "job %s does not wait for sensor %s",
					 job->trigger_job_id, sensor_id)
			       : lb_fail(error, LB_NOT_FOUND, "job %s is not in the control table",
					 job->trigger_job_id);
	}
	return answer(ret_answer, changed > 0,
		      lb_arena_printf(changes->arena, "job %s: %zu of %zu rows %s",
				      job->trigger_job_id, changed, matched,
				      paused ? "paused" : "resumed"),
		      error);
}
