#include "runners/databricks/call.h"

#include "base/time.h"
#include "net/secret.h"

#include <string.h>

#define TIMEOUT_US LB_MINUTE
#define REPLY_BYTES_MAX ((size_t)16 * 1024 * 1024)

static void forget(struct lb_databricks_call *call)
{
	lb_free(call->url);
	lb_secret_free(call->header);
	call->url = NULL;
	call->header = NULL;
}

/* done may free the call. */
static void finish(struct lb_databricks_call *call, struct lb_databricks_reply *reply)
{
	forget(call);
	call->reply = *reply;
	call->done(call);
	lb_databricks_reply_finish(reply);
}

static void on_answer(struct lb_http_request *request)
{
	struct lb_databricks_call *call = request->data;
	struct lb_databricks_reply reply;
	struct lb_clock *clock = call->workspace->clock;
	lb_databricks_reply_of(request, clock->impl->now(clock), &reply);
	if (reply.meaning == LB_DATABRICKS_CREDENTIAL && !call->repeated &&
	    lb_databricks_auth_reject(call->workspace->auth, call->header)) {
		call->repeated = true;
		lb_databricks_reply_finish(&reply);
		forget(call);
		lb_databricks_auth_want(call->workspace->auth, &call->waiter);
		return;
	}
	finish(call, &reply);
}

static size_t fill_fields(struct lb_databricks_call *call)
{
	size_t count = 0;
	call->fields[count++] = (struct lb_http_field){"Authorization", call->header};
	call->fields[count++] = (struct lb_http_field){"Accept", "application/json"};
	if (call->body != NULL) {
		call->fields[count++] = (struct lb_http_field){"Content-Type", "application/json"};
	}
	if (call->workspace->domain->workspace_id != NULL) {
		call->fields[count++] = (struct lb_http_field){
			"X-Databricks-Workspace-Id", call->workspace->domain->workspace_id};
	}
	return count;
}

static void fail_nomem(struct lb_databricks_call *call)
{
	struct lb_databricks_reply reply = {.meaning = LB_DATABRICKS_LATER};
	(void)lb_fail_nomem(&reply.error);
	finish(call, &reply);
}

static void send_call(struct lb_databricks_call *call)
{
	call->request = (struct lb_http_request){
		.method = call->method,
		.url = call->url,
		.headers = call->fields,
		.header_count = fill_fields(call),
		.body = call->body,
		.body_length = call->body != NULL ? strlen(call->body) : 0,
		.timeout_us = TIMEOUT_US,
		.response_bytes_max = REPLY_BYTES_MAX,
		.done = on_answer,
		.data = call,
	};
	lb_http_submit(call->workspace->http, &call->request);
}

static void on_ready(struct lb_databricks_waiter *waiter, const char *header,
		     const struct lb_databricks_reply *failure)
{
	struct lb_databricks_call *call =
		(void *)((char *)waiter - offsetof(struct lb_databricks_call, waiter));
	if (header == NULL) {
		struct lb_databricks_reply reply = *failure;
		reply.json = NULL;
		finish(call, &reply);
		return;
	}
	const char *origin = call->workspace->domain->origin;
	call->header = lb_strdup(header);
	call->url = lb_alloc(strlen(origin) + strlen(call->path) + 1);
	if (call->header == NULL || call->url == NULL) {
		fail_nomem(call);
		return;
	}
	(void)stpcpy(stpcpy(call->url, origin), call->path);
	send_call(call);
}

void lb_databricks_call_start(struct lb_databricks_call *call)
{
	call->repeated = false;
	call->waiter.ready = on_ready;
	lb_databricks_auth_want(call->workspace->auth, &call->waiter);
}

void lb_databricks_call_cancel(struct lb_databricks_call *call)
{
	if (call->workspace != NULL) {
		lb_databricks_auth_cancel(call->workspace->auth, &call->waiter);
		lb_http_cancel(call->workspace->http, &call->request);
		forget(call);
	}
}
