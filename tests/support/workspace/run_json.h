/* run_json.h: runs and jobs as the Jobs API shows them (GET /api/2.2/jobs/runs/get
 * and /api/2.2/jobs/get). Each run has one task, "main". */
#ifndef LB_TESTS_WORKSPACE_RUN_JSON_H
#define LB_TESTS_WORKSPACE_RUN_JSON_H

#include "support/workspace/world.h"

#define TASK_KEY "main"
#define CREATOR "engineer@example.com"
#define PRINCIPAL "lakebeat@example.com"
#define WORKSPACE_ID "1234567890123456"

/* host: of the address that people open. A new reference. */
json_t *run_json(const struct run *run, int64_t now_ms, const char *host, bool with_tasks);
json_t *job_json(const struct job *job, bool with_tasks);

/* QUEUED, PENDING, RUNNING, TERMINATING, or how it ended. */
const char *run_life(const struct run *run, int64_t now_ms);

#endif
