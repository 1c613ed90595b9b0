#include "core/readiness.h"

#include "base/time.h"

static bool has_event(const struct lb_row *row)
{
	return row->status == LB_STATUS_NEW_EVENT_AVAILABLE;
}

/* When the newest event of any hard row was fetched; LB_TIME_NONE: unknown. */
static int64_t newest_hard_event(const struct lb_job *job)
{
	int64_t newest_us = LB_TIME_NONE;
	for (size_t i = 0; i < job->rows.count; i++) {
		const struct lb_row *row = &job->rows.items[i];
		if (lb_row_is_hard(row) && has_event(row) &&
		    row->latest_event_fetched_at_us > newest_us) {
			newest_us = row->latest_event_fetched_at_us;
		}
	}
	return newest_us;
}

/* A row set to NEW_EVENT_AVAILABLE by hand may have no time; it is not judged. */
static bool is_too_old(const struct lb_row *row, int64_t newest_us, int64_t max_gap_us)
{
	return max_gap_us > 0 && lb_row_is_hard(row) &&
	       row->latest_event_fetched_at_us != LB_TIME_NONE &&
	       newest_us - row->latest_event_fetched_at_us > max_gap_us;
}

static enum lb_row_verdict judge_row(const struct lb_row *row, int64_t newest_us,
				     int64_t max_gap_us)
{
	switch (row->status) {
	case LB_STATUS_NEW_EVENT_AVAILABLE:
		return is_too_old(row, newest_us, max_gap_us) ? LB_ROW_EVENT_TOO_OLD
							      : LB_ROW_HAS_EVENT;
	case LB_STATUS_IN_PROGRESS:
		return LB_ROW_IN_PROGRESS;
	case LB_STATUS_FAILED:
		return LB_ROW_FAILED;
	case LB_STATUS_OTHER:
		return LB_ROW_UNKNOWN_STATUS;
	case LB_STATUS_NONE:
	case LB_STATUS_COMPLETED:
	case LB_STATUS_MAX:
		break;
	}
	if (!lb_row_is_hard(row)) {
		return LB_ROW_SOFT;
	}
	return lb_row_is_paused(row) ? LB_ROW_PAUSED : LB_ROW_WAITS_FOR_EVENT;
}

static bool every_row_is_paused(const struct lb_job *job)
{
	for (size_t i = 0; i < job->rows.count; i++) {
		if (!lb_row_is_paused(&job->rows.items[i])) {
			return false;
		}
	}
	return true;
}

static bool any_row_failed(const struct lb_job *job)
{
	for (size_t i = 0; i < job->rows.count; i++) {
		if (job->rows.items[i].status == LB_STATUS_FAILED) {
			return true;
		}
	}
	return false;
}

/* At least one unpaused row has an event, and no hard row blocks. */
static bool rows_allow_start(const struct lb_job *job, const enum lb_row_verdict *verdicts)
{
	bool triggered = false;
	for (size_t i = 0; i < job->rows.count; i++) {
		const struct lb_row *row = &job->rows.items[i];
		if (lb_row_is_hard(row) && verdicts[i] != LB_ROW_HAS_EVENT) {
			return false;
		}
		triggered = triggered || (has_event(row) && !lb_row_is_paused(row));
	}
	return triggered;
}

static enum lb_job_verdict judge_job(const struct lb_job *job, const enum lb_row_verdict *verdicts)
{
	if (lb_run_is_live(job->run)) {
		return LB_JOB_RUN_IN_FLIGHT;
	}
	if (job->rows.count == 0) {
		return LB_JOB_NO_ROWS;
	}
	if (every_row_is_paused(job)) {
		return LB_JOB_PAUSED;
	}
	if (rows_allow_start(job, verdicts)) {
		return LB_JOB_READY;
	}
	return any_row_failed(job) ? LB_JOB_FAILED : LB_JOB_WAITS;
}

enum lb_err lb_readiness_judge(const struct lb_job *job, struct lb_arena *arena,
			       struct lb_readiness *ret_readiness, struct lb_error *error)
{
	enum lb_row_verdict *verdicts = lb_arena_alloc(arena, job->rows.count * sizeof(*verdicts));
	if (verdicts == NULL) {
		return lb_fail_nomem(error);
	}
	int64_t newest_us = newest_hard_event(job);
	for (size_t i = 0; i < job->rows.count; i++) {
		verdicts[i] =
			judge_row(&job->rows.items[i], newest_us, job->policy.max_event_gap_us);
	}
	*ret_readiness = (struct lb_readiness){
		.verdict = judge_job(job, verdicts),
		.rows = verdicts,
	};
	return LB_OK;
}

bool lb_readiness_is_held(const struct lb_job *job)
{
	bool events = false;
	for (size_t i = 0; i < job->rows.count; i++) {
		const struct lb_row *row = &job->rows.items[i];
		if (has_event(row) && !lb_row_is_paused(row)) {
			return false;
		}
		events = events || has_event(row);
	}
	return events || (job->rows.count > 0 && every_row_is_paused(job));
}
