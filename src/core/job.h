/* job.h: everything about one trigger job that a decision needs, loaded by the
 * store, changed by lifecycle.c, saved by the store. */
#ifndef LB_CORE_JOB_H
#define LB_CORE_JOB_H

#include "core/row.h"
#include "core/run.h"

/* What the control table has no column for; from the settings, per job.
 * max_event_gap_us: 0 means no limit.
 * runner:           name of the runner that starts the job; not NULL. */
struct lb_policy {
	int max_retries;
	int64_t retry_delay_us;
	int64_t max_event_gap_us;
	const char *runner;
};

/* rows: all of the job's, of every source and job_state, in sensor_id order.
 * run:  the latest one, live or ended, with its inputs; NULL when there was none. */
struct lb_job {
	const char *trigger_job_id;
	struct lb_policy policy;
	struct lb_row_list rows;
	struct lb_run *run;
};

struct lb_job_list LB_LIST_OF(struct lb_job);

/* Any of the job's rows has this status. */
bool lb_job_has_row_at(const struct lb_job *job, enum lb_status status);

/* The name in the job's first row that has one, or NULL. */
const char *lb_job_name(const struct lb_job *job);

#endif
