/* domain.h: a workspace's address, as people write it. Pure; any thread.
 *
 * People paste what their browser shows. The Databricks SDKs take the scheme as
 * given or https, and drop the path and the query, from which they take the
 * workspace's id. */
#ifndef LB_RUNNERS_DATABRICKS_DOMAIN_H
#define LB_RUNNERS_DATABRICKS_DOMAIN_H

#include "base/error.h"
#include "base/mem.h"

/* origin:       "https://host" or "https://host:port", in small letters.
 * workspace_id: digits, from ?o=, ?w= or ?workspace_id=; NULL: none. */
struct lb_databricks_domain {
	const char *origin;
	const char *workspace_id;
};

/* ret_domain: in arena. Errors: INVALID (no host, a user's name, http to another
 * machine than this one, which would send the token in the clear, …), NOMEM. */
enum lb_err lb_databricks_domain_parse(const char *text, struct lb_arena *arena,
				       struct lb_databricks_domain *ret_domain,
				       struct lb_error *error) LB_MUST_CHECK;

/* The page of a run: where the workspace's own pages link to. NULL: no memory. */
char *lb_databricks_run_url(const struct lb_databricks_domain *domain, int64_t job_id,
			    int64_t run_id, struct lb_arena *arena);

#endif
