/* parameters.h: the body of a request that starts a run.
 *
 * POST /api/2.2/jobs/run-now of the Databricks REST API, "Trigger a new job
 * run". Pure; any thread. */
#ifndef LB_RUNNERS_DATABRICKS_PARAMETERS_H
#define LB_RUNNERS_DATABRICKS_PARAMETERS_H

#include "base/error.h"
#include "ports/runner.h"

/* What job_parameters may be long at most, as JSON. */
#define LB_DATABRICKS_PARAMETERS_BYTES_MAX ((size_t)10000)

/* {"job_id": …, "idempotency_token": …, "queue": {"enabled": …},
 * "job_parameters": {what the newest event hands on, "lakebeat_events": "[…]"}}.
 * lakebeat_events: the events that the run consumes, as a JSON array in a text;
 * when they are too many, the last ones are left out and the array ends in
 * {"truncated": true, "events": all of them, "left_out": so many}.
 * with_parameters: false: no job_parameters, for jobs that refuse them.
 * Owned: lb_free. Errors: REFUSED (the job's id is no number), NOMEM. */
enum lb_err lb_databricks_run_now_body(const struct lb_submission *submission, bool with_parameters,
				       bool queue, char **ret_body,
				       struct lb_error *error) LB_MUST_CHECK;

#endif
