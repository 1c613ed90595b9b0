#include "core/lifecycle.h"

#include "base/text.h"
#include "base/time.h"
#include "core/readiness.h"
#include "core/transition.h"

static enum lb_err mark_accepted(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
				 struct lb_error *error)
{
	job->run->submitted_at_us = now_us;
	job->run->refused = false;
	job->run->message = NULL;
	enum lb_err err =
		lb_transition_run(job, LB_RUN_SUBMITTED, "run accepted", now_us, changes, error);
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		row->job_started_at_us = now_us;
		row->changed = true;
		if (row->status != LB_STATUS_IN_PROGRESS) {
			err = lb_transition_row(job, row, LB_STATUS_IN_PROGRESS, "run accepted",
						now_us, changes, error);
		}
	}
	return err == LB_OK ? lb_transition_save_run(job->run, changes, error) : err;
}

enum lb_err lb_job_run_accepted(struct lb_job *job, const char *token, const char *external_id,
				const char *url, int64_t now_us, struct lb_changes *changes,
				struct lb_error *error)
{
	if (!lb_transition_is_own_run(job, token) || job->run->state != LB_RUN_PLANNED) {
		return LB_OK;
	}
	enum lb_err err =
		lb_transition_copy_text(changes->arena, external_id, &job->run->external_id, error);
	if (err == LB_OK) {
		err = lb_transition_copy_text(changes->arena, url, &job->run->url, error);
	}
	return err == LB_OK ? mark_accepted(job, now_us, changes, error) : err;
}

enum lb_err lb_job_run_not_accepted(struct lb_job *job, const char *token, bool refused,
				    const char *message, int64_t next_try_at_us, int64_t now_us,
				    struct lb_changes *changes, struct lb_error *error)
{
	if (!lb_transition_is_own_run(job, token) || job->run->state != LB_RUN_PLANNED) {
		return LB_OK;
	}
	struct lb_run *run = job->run;
	bool news = run->refused != refused || !lb_text_equal(run->message, message);
	run->tries++;
	run->refused = refused;
	run->next_try_at_us = next_try_at_us;
	enum lb_err err = lb_transition_copy_text(changes->arena, message, &run->message, error);
	if (err == LB_OK) {
		err = lb_transition_save_run(run, changes, error);
	}
	/* The same answer again is in run's tries, not in the audit log. */
	if (err == LB_OK && news) {
		err = lb_transition_run(job, LB_RUN_PLANNED, run->message, now_us, changes, error);
	}
	return err;
}

static enum lb_err fail_rows(struct lb_job *job, const char *cause, int64_t ended_at_us,
			     int64_t now_us, struct lb_changes *changes, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		if (row->status == LB_STATUS_IN_PROGRESS) {
			row->job_ended_at_us = ended_at_us;
			err = lb_transition_row(job, row, LB_STATUS_FAILED, cause, now_us, changes,
						error);
		}
	}
	return err;
}

/* A canceled run is not retried: somebody wanted it to stop. */
static enum lb_err after_failure(struct lb_job *job, const char *cause, int64_t ended_at_us,
				 int64_t now_us, struct lb_changes *changes, struct lb_error *error)
{
	const struct lb_run *run = job->run;
	if (run->state == LB_RUN_FAILED && run->attempt <= job->policy.max_retries) {
		return lb_transition_begin_attempt(job, now_us + job->policy.retry_delay_us,
						   "automatic retry after a failure", now_us,
						   changes, error);
	}
	return fail_rows(job, cause, ended_at_us, now_us, changes, error);
}

/* Whether the end of the job's latest run is news. */
static bool is_news(const struct lb_job *job, enum lb_run_state state)
{
	bool failed = job->run->state == LB_RUN_FAILED || job->run->state == LB_RUN_CANCELED;
	return lb_run_is_live(job->run) ||
	       (failed && state == LB_RUN_SUCCEEDED && lb_job_has_row_at(job, LB_STATUS_FAILED));
}

enum lb_err lb_job_run_ended(struct lb_job *job, const char *token, enum lb_run_state state,
			     const char *message, int64_t ended_at_us, int64_t now_us,
			     struct lb_changes *changes, struct lb_error *error)
{
	if (!lb_transition_is_own_run(job, token) || !is_news(job, state)) {
		return LB_OK;
	}
	enum lb_err err = LB_OK;
	if (job->run->state == LB_RUN_PLANNED) {
		err = mark_accepted(job, now_us, changes, error);
	}
	if (err == LB_OK) {
		err = lb_transition_copy_text(changes->arena, message, &job->run->message, error);
	}
	if (err == LB_OK) {
		err = lb_transition_save_run(job->run, changes, error);
	}
	if (err != LB_OK) {
		return err;
	}
	const char *cause = message != NULL             ? job->run->message
			    : state == LB_RUN_SUCCEEDED ? "run succeeded"
			    : state == LB_RUN_FAILED    ? "run failed"
							: "run canceled";
	job->run->ended_at_us = ended_at_us;
	err = lb_transition_run(job, state, cause, now_us, changes, error);
	if (err != LB_OK) {
		return err;
	}
	return state == LB_RUN_SUCCEEDED
		       ? lb_transition_complete_rows(job, cause, ended_at_us, now_us, changes,
						     error)
		       : after_failure(job, cause, ended_at_us, now_us, changes, error);
}

static int64_t newest_event_at(const struct lb_row *row)
{
	int64_t newest_us = LB_TIME_NONE;
	for (size_t i = 0; i < row->cursor_count; i++) {
		const struct lb_cursor *cursor = &row->cursors[i];
		if (cursor->last_seq > cursor->consumed_seq &&
		    cursor->last_event_at_us > newest_us) {
			newest_us = cursor->last_event_at_us;
		}
	}
	return newest_us;
}

static bool takes_up_events(const struct lb_row *row)
{
	return row->status == LB_STATUS_NONE || row->status == LB_STATUS_COMPLETED;
}

static enum lb_err take_up_row(const struct lb_job *job, struct lb_row *row, int64_t now_us,
			       struct lb_changes *changes, struct lb_error *error)
{
	if (lb_row_is_paused(row) || !lb_row_has_waiting_events(row)) {
		return LB_OK;
	}
	int64_t newest_us = newest_event_at(row);
	if (row->status == LB_STATUS_NEW_EVENT_AVAILABLE) {
		if (newest_us > row->latest_event_fetched_at_us) {
			row->latest_event_fetched_at_us = newest_us;
			row->changed = true;
		}
		return LB_OK;
	}
	if (!takes_up_events(row)) {
		return LB_OK;
	}
	row->latest_event_fetched_at_us = newest_us;
	enum lb_err err = lb_transition_row(job, row, LB_STATUS_NEW_EVENT_AVAILABLE,
					    "event observed", now_us, changes, error);
	return err == LB_OK ? lb_transition_sensor(row, true, now_us, changes, error) : err;
}

/* The rows at NEW_EVENT_AVAILABLE are what this run is for; events of a paused
 * row that never took them up keep waiting. */
static enum lb_err plan_run(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
			    struct lb_error *error)
{
	int64_t run_no = job->run != NULL ? job->run->run_no + 1 : 1;
	enum lb_err err = lb_transition_begin_run(job, run_no, 1, now_us,
						  "every hard dependency has a new event", now_us,
						  changes, error);
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		if (row->status == LB_STATUS_NEW_EVENT_AVAILABLE) {
			err = lb_transition_consume(job, row, job->run, changes, error);
		}
	}
	return err;
}

static enum lb_err gather_changed_rows(const struct lb_job *job, struct lb_changes *changes,
				       struct lb_error *error)
{
	for (size_t i = 0; i < job->rows.count; i++) {
		if (job->rows.items[i].changed) {
			const struct lb_row **item =
				lb_list_add(changes->arena, &changes->rows_changed);
			if (item == NULL) {
				return lb_fail_nomem(error);
			}
			*item = &job->rows.items[i];
		}
	}
	return LB_OK;
}

enum lb_err lb_job_settle(struct lb_job *job, bool plan_runs, int64_t now_us,
			  struct lb_changes *changes, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		err = take_up_row(job, &job->rows.items[i], now_us, changes, error);
	}
	if (err == LB_OK && plan_runs) {
		struct lb_readiness readiness;
		err = lb_readiness_judge(job, changes->arena, &readiness, error);
		if (err == LB_OK && readiness.verdict == LB_JOB_READY) {
			err = plan_run(job, now_us, changes, error);
		}
	}
	return err == LB_OK ? gather_changed_rows(job, changes, error) : err;
}
