/* auth.h: the Authorization header of calls, fetched and renewed where it must be.
 *
 * A personal access token is sent as it is. A service principal's client_id and
 * client_secret are exchanged for an access token at /oidc/v1/token (OAuth 2.0
 * client credentials, RFC 6749, 4.4), which is kept until shortly before it expires, by
 * the smaller of a tenth of its life and 30 seconds, and renewed ahead of that, by the
 * smaller of half its life and 20 minutes, while the old one is still used.
 *
 * Threads: the loop's. */
#ifndef LB_RUNNERS_DATABRICKS_AUTH_H
#define LB_RUNNERS_DATABRICKS_AUTH_H

#include "net/http.h"
#include "ports/clock.h"
#include "runners/databricks/credentials.h"
#include "runners/databricks/reply.h"

struct lb_databricks_auth;

/* Somebody who wants the header, in memory of its own until ready or canceled.
 * ready: called once, perhaps before want returns. header: "Bearer …", borrowed
 * until ready returns; NULL: there is none, and failure says why.
 * next, waiting: auth's. */
struct lb_databricks_waiter {
	void (*ready)(struct lb_databricks_waiter *waiter, const char *header,
		      const struct lb_databricks_reply *failure);
	struct lb_databricks_waiter *next;
	bool waiting;
};

/* clock: asked for monotonic() only. All borrowed, outlive it. */
enum lb_err lb_databricks_auth_create(struct lb_clock *clock, struct lb_http *http,
				      const struct lb_databricks_credentials *credentials,
				      struct lb_databricks_auth **ret_auth,
				      struct lb_error *error) LB_MUST_CHECK;

void lb_databricks_auth_want(struct lb_databricks_auth *auth, struct lb_databricks_waiter *waiter);

/* Does nothing when it is not waiting. */
void lb_databricks_auth_cancel(struct lb_databricks_auth *auth,
			       struct lb_databricks_waiter *waiter);

/* The workspace did not accept this header. Whether another one can be had. */
bool lb_databricks_auth_reject(struct lb_databricks_auth *auth, const char *header);

/* Breaks off what is on its way; the last use of http. Nobody may wait any more. */
void lb_databricks_auth_stop(struct lb_databricks_auth *auth);

/* Stopped. May be called by whom it told the header. NULL is fine. */
void lb_databricks_auth_destroy(struct lb_databricks_auth *auth);

#endif
