/* readiness.h: may this job start, and if not, why not. The one function that
 * both decides (lifecycle.c) and explains (`lakebeat explain`). Pure. */
#ifndef LB_CORE_READINESS_H
#define LB_CORE_READINESS_H

#include "core/job.h"

/* How one row stands. A hard row blocks unless it HAS_EVENT; a soft one never
 * does. */
enum lb_row_verdict {
	LB_ROW_HAS_EVENT,       /* NEW_EVENT_AVAILABLE */
	LB_ROW_WAITS_FOR_EVENT, /* hard, nothing new */
	LB_ROW_PAUSED,          /* hard and paused, nothing new: cannot become ready */
	LB_ROW_IN_PROGRESS,     /* a run of the job is not over */
	LB_ROW_FAILED,          /* the last run failed; until retry or complete */
	LB_ROW_EVENT_TOO_OLD,   /* hard, NEW_EVENT_AVAILABLE, but over max_event_gap older
				 * than the newest */
	LB_ROW_UNKNOWN_STATUS,  /* a status that lakebeat does not know */
	LB_ROW_SOFT,            /* soft, nothing new */
	LB_ROW_VERDICT_MAX
};

enum lb_job_verdict {
	LB_JOB_READY,
	LB_JOB_WAITS,         /* no unpaused row has an event, or a row blocks */
	LB_JOB_RUN_IN_FLIGHT, /* the latest run is PLANNED or SUBMITTED */
	LB_JOB_FAILED,        /* the latest run failed and nobody resumed it */
	LB_JOB_PAUSED,        /* every row is paused */
	LB_JOB_NO_ROWS,       /* the control table does not know the job */
	LB_JOB_VERDICT_MAX
};

/* rows: one verdict per row of the job, in its order; in the caller's arena. */
struct lb_readiness {
	enum lb_job_verdict verdict;
	enum lb_row_verdict *rows;
};

/* Judges a job as it stands. Error: LB_NOMEM only. */
enum lb_err lb_readiness_judge(const struct lb_job *job, struct lb_arena *arena,
			       struct lb_readiness *ret_readiness,
			       struct lb_error *error) LB_MUST_CHECK;

/* A planned run that nobody may have started yet is held back while its job is
 * paused: every row that has an event, or else every row, is PAUSED. */
bool lb_readiness_is_held(const struct lb_job *job);

#endif
