/* databricks.h: starts Databricks jobs and follows their runs.
 *
 * POST /api/2.2/jobs/run-now with the run's token as idempotency_token, so that
 * asking again finds the run that an earlier request started; then GET
 * /api/2.2/jobs/runs/list and /runs/get until it is over. */
#ifndef LB_RUNNERS_DATABRICKS_DATABRICKS_H
#define LB_RUNNERS_DATABRICKS_DATABRICKS_H

#include "net/http.h"
#include "ports/clock.h"
#include "ports/runner.h"
#include "runners/databricks/credentials.h"

/* name:            copied.
 * max_parallel:    as in ports/runner.h.
 * starts_per_second: 0: no limit.
 * poll_interval_us, revive_interval_us: as in ports/runner.h.
 * job_parameters:  false: runs are started without any.
 * queue:           a run that has to wait for another of its job is queued;
 *                  false: it is skipped, which is a failure. */
struct lb_databricks_options {
	const char *name;
	int max_parallel;
	int starts_per_second;
	int64_t poll_interval_us;
	int64_t revive_interval_us;
	bool job_parameters;
	bool queue;
};

/* clock, http: borrowed; not used after destroy. credentials: taken over, also on
 * errors. Errors: NOMEM. Threads: the loop's. An answer may destroy the runner. */
enum lb_err lb_databricks_runner_create(struct lb_clock *clock, struct lb_http *http,
					const struct lb_databricks_options *options,
					struct lb_databricks_credentials *credentials,
					struct lb_runner **ret_runner,
					struct lb_error *error) LB_MUST_CHECK;

#endif
