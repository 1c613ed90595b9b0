/* call.h: one call of the workspace's API, with its credentials.
 *
 * If they are not accepted and others can be had, the call is made once more.
 * Threads: the loop's. */
#ifndef LB_RUNNERS_DATABRICKS_CALL_H
#define LB_RUNNERS_DATABRICKS_CALL_H

#include "runners/databricks/auth.h"

/* Whom calls go to. All borrowed. */
struct lb_databricks_workspace {
	struct lb_clock *clock;
	struct lb_http *http;
	struct lb_databricks_auth *auth;
	const struct lb_databricks_domain *domain;
};

#define LB_DATABRICKS_FIELDS_MAX 4

/* A call; whoever makes it owns it and keeps it in its place until done, or
 * cancel.
 * method, body: borrowed; body NULL: none.
 * path:         "/api/2.2/…", with its query; borrowed.
 * done:         called once; call->reply is finished after it. Never before
 *               start returns, unless the credentials cannot be had.
 * Below the line: its own. */
struct lb_databricks_call {
	const struct lb_databricks_workspace *workspace;
	const char *method;
	const char *path;
	const char *body;
	void (*done)(struct lb_databricks_call *call);
	void *data;
	struct lb_databricks_reply reply;

	struct lb_databricks_waiter waiter;
	struct lb_http_request request;
	struct lb_http_field fields[LB_DATABRICKS_FIELDS_MAX];
	char *url;
	char *header;
	bool repeated;
};

void lb_databricks_call_start(struct lb_databricks_call *call);

/* done is not called any more; nothing if it was, or was never started (zeroed). */
void lb_databricks_call_cancel(struct lb_databricks_call *call);

#endif
