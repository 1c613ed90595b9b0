/* token.h: the idempotency token of a run. */
#ifndef LB_ENGINE_TOKEN_H
#define LB_ENGINE_TOKEN_H

#include "base/error.h"
#include "core/run.h"

/* hex SHA-256 over deployment_id, trigger_job_id, run_no and attempt, each ended
 * by NUL (numbers as decimal text), into run->token: 64 characters, the Jobs
 * API's maximum. Error: NOMEM. Any thread. */
enum lb_err lb_token_make(const char *deployment_id, struct lb_run *run,
			  struct lb_error *error) LB_MUST_CHECK;

#endif
