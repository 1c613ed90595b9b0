/* inspect.h: what the workspace says of jobs before any is started.
 *
 * It is asked who is asking (GET /api/2.0/preview/scim/v2/Me), and of each job its
 * settings (GET /api/2.2/jobs/get) and its permissions (GET /api/2.0/permissions/jobs/ID);
 * nothing is changed. What may pass is tried again twice, after what Retry-After says or
 * a second, but not longer than ten.
 *
 * Threads: the loop's. */
#ifndef LB_RUNNERS_DATABRICKS_INSPECT_H
#define LB_RUNNERS_DATABRICKS_INSPECT_H

#include "net/http.h"
#include "ports/clock.h"
#include "runners/databricks/credentials.h"

/* Whether the one who asks may start the job. The workspace names those who may, people
 * and groups; LACKING: not one of them is he or a group of his that is known.
 * UNKNOWN: it does not say. */
enum lb_databricks_right {
	LB_DATABRICKS_RIGHT_UNKNOWN,
	LB_DATABRICKS_RIGHT_GRANTED,
	LB_DATABRICKS_RIGHT_LACKING,
};

/* A job that is asked about. job_id: given; the rest is the answer.
 * error: code LB_OK: the job exists, and what follows is known. Else NOT_FOUND, REFUSED
 *        (by the workspace, which says why), UNAVAILABLE (no answer that says anything),
 *        NOMEM.
 * name:  NULL: it has none.
 * max_concurrent_runs: 0: every run is skipped.
 * is_continuous: the workspace itself keeps the one run going that such a job may have. */
struct lb_databricks_job_facts {
	int64_t job_id;
	struct lb_error error;
	const char *name;
	int64_t max_concurrent_runs;
	bool is_continuous;
	enum lb_databricks_right right;
};

struct lb_databricks_job_facts_list LB_LIST_OF(struct lb_databricks_job_facts);

/* jobs:  whoever asks owns it; their texts come from arena.
 * arena: borrowed.
 * error: code LB_OK: the workspace accepts the credentials, and jobs were asked about.
 *        Else why nothing was: REFUSED, UNAVAILABLE, NOMEM.
 * principal: who is asking, for people; NULL: the workspace does not say. */
struct lb_databricks_inspection {
	struct lb_databricks_job_facts_list jobs;
	struct lb_arena *arena;
	struct lb_error error;
	const char *principal;
};

/* Runs loop, on which http and clock are, until all is known or given up; nothing else
 * may be under way there. credentials: borrowed. */
void lb_databricks_inspect(uv_loop_t *loop, struct lb_clock *clock, struct lb_http *http,
			   const struct lb_databricks_credentials *credentials,
			   struct lb_databricks_inspection *inspection);

#endif
