/* reply.h: what an answer of the workspace means. Pure; any thread.
 *
 * Errors of the Databricks REST API are JSON objects with error_code and
 * message; older endpoints put a number into error_code, and whatever stands in
 * between (a login, a proxy, a load balancer) answers as it pleases. Decisions
 * hang on the status and on error_code, never on the words of a message, but
 * for one: that a run is gone comes with a code of many meanings. */
#ifndef LB_RUNNERS_DATABRICKS_REPLY_H
#define LB_RUNNERS_DATABRICKS_REPLY_H

#include "net/http.h"

#include <jansson.h>
#include <stdint.h>

/* error: code LB_OK when a whole answer came. Headers: NULL when they did not. */
struct lb_databricks_answer {
	const struct lb_error *error;
	int status;
	const char *content_type;
	const char *retry_after;
	const char *date;
	const char *body;
	size_t length;
};

enum lb_databricks_meaning {
	LB_DATABRICKS_DONE,       /* 200 with a JSON object */
	LB_DATABRICKS_CREDENTIAL, /* the credentials were not accepted */
	LB_DATABRICKS_MISSING,    /* what was asked about does not exist */
	LB_DATABRICKS_REFUSED,    /* a definite no */
	LB_DATABRICKS_LATER,      /* no answer, or one that says nothing: ask again */
};

/* json: DONE only; owned by lb_databricks_reply_finish.
 * error: of anything but DONE, for people: status, code, message.
 * run_is_gone: a definite answer whose reason is that a run was deleted, be it told by the
 *              run's number or by its idempotency_token.
 * retry_after_us: 0: nothing was said. */
struct lb_databricks_reply {
	enum lb_databricks_meaning meaning;
	json_t *json;
	struct lb_error error;
	bool run_is_gone;
	int64_t retry_after_us;
};

void lb_databricks_reply_read(const struct lb_databricks_answer *answer, int64_t now_us,
			      struct lb_databricks_reply *ret_reply);

/* The same of a request that is being done. */
void lb_databricks_reply_of(const struct lb_http_request *request, int64_t now_us,
			    struct lb_databricks_reply *ret_reply);

void lb_databricks_reply_finish(struct lb_databricks_reply *reply);

#endif
