/* facts.h: what the workspace's answers say of a job and of the one who asks. Pure; any
 * thread. */
#ifndef LB_RUNNERS_DATABRICKS_FACTS_H
#define LB_RUNNERS_DATABRICKS_FACTS_H

#include "runners/databricks/inspect.h"

#include <jansson.h>

/* Of jobs/get: name, is_continuous (and not paused), and max_concurrent_runs, 1 when it is
 * not said, which is the API's default. Errors: CORRUPT (it is no job), NOMEM. */
enum lb_err lb_databricks_read_job(const json_t *json, struct lb_arena *arena,
				   struct lb_databricks_job_facts *facts,
				   struct lb_error *error) LB_MUST_CHECK;

/* The name of a SCIM user or service principal; NULL: it has none, or no memory. */
const char *lb_databricks_principal(const json_t *me, struct lb_arena *arena);

/* acl: of permissions/jobs/ID. */
enum lb_databricks_right lb_databricks_right_of(const json_t *me, const json_t *acl);

#endif
