#include "net/sqs.h"

#include "base/text.h"
#include "base/time.h"
#include "net/aws_clock.h"
#include "net/aws_reply.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A message may have a megabyte, and twice that as JSON. */
#define REPLY_BYTES_MAX ((size_t)LB_SQS_BATCH_MAX * 2 * 1024 * 1024 + 65536)

/* Longer than the longest wait. */
#define TIMEOUT_US (40 * LB_SECOND)

enum action { RECEIVE, DELETE, LOOK };

static const char *const targets[] = {
	[RECEIVE] = "AmazonSQS.ReceiveMessage",
	[DELETE] = "AmazonSQS.DeleteMessageBatch",
	[LOOK] = "AmazonSQS.GetQueueAttributes",
};

static void finish(struct lb_sqs_call *call)
{
	if (call->error.code != LB_OK) {
		(void)lb_wrap(&call->error, "queue %s", call->sqs->place.name);
	}
	struct lb_arena arena = call->arena;
	lb_arena_wipe(&call->attempt);
	call->pending = false;
	call->arena = (struct lb_arena){0};
	call->done(call); /* it may free the call */
	lb_arena_finish(&arena);
}

/* Of what only a person can mend, what it takes. */
static const char *remedy_of(const char *code)
{
	static const struct {
		const char *word;
		const char *remedy;
	} remedies[] = {
		{"AccessDenied", "allow sqs:ReceiveMessage, sqs:DeleteMessage and "
				 "sqs:GetQueueAttributes on the queue"},
		{"NonExistentQueue", "correct cloudFiles.queueUrl, or its region"},
		{"QueueDoesNotExist", "correct cloudFiles.queueUrl, or its region"},
		{"InvalidAddress", "correct cloudFiles.queueUrl"},
		{"SignatureDoesNotMatch", "check the secret access key and the region"},
		{"InvalidClientTokenId", "check the access key id"},
	};
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (strstr(code, remedies[i].word) != NULL) {
			return remedies[i].remedy;
		}
	}
	return NULL;
}

/* Refusals that are over after a while. */
static bool is_passing(int status, const char *code)
{
	static const char *const words[] = {"Throttl",  "OverLimit",          "RequestLimit",
					    "SlowDown", "ServiceUnavailable", "InternalFailure"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(code, words[i]) != NULL) {
			return true;
		}
	}
	return status >= 500 || status == 429;
}

/* The JSON protocol's own name comes first; proxies and older servers may have none. */
static void read_refusal(const struct lb_http_request *request, struct lb_aws_refusal *refusal)
{
	lb_aws_reply_refusal(request->response, request->response_length, refusal);
	const char *query = lb_http_header(request, "x-amzn-query-error");
	if (*refusal->code == '\0' && query != NULL) {
		(void)snprintf(refusal->code, sizeof(refusal->code), "%.*s",
			       (int)strcspn(query, ";"), query);
	}
}

static void refuse(struct lb_sqs_call *call, int status, const struct lb_aws_refusal *refusal)
{
	const char *remedy = remedy_of(refusal->code);
	bool passing = is_passing(status, refusal->code);
	(void)lb_fail(&call->error, passing ? LB_UNAVAILABLE : LB_REFUSED,
		      "HTTP status %d%s%s%s%s%s%s", status, *refusal->code != '\0' ? ", " : "",
		      refusal->code, *refusal->message != '\0' ? ": " : "", refusal->message,
		      remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
}

/* True when a second try with another time, or other credentials, makes sense. */
static bool can_repeat(struct lb_sqs_call *call, const struct lb_http_request *request,
		       const struct lb_aws_refusal *refusal)
{
	struct lb_aws_credentials *credentials = call->sqs->credentials;
	if (call->repeated) {
		return false;
	}
	if (lb_aws_clock_blamed(refusal->code, refusal->message)) {
		return lb_aws_credentials_note_date(credentials, lb_http_header(request, "Date"));
	}
	bool stale = strstr(refusal->code, "ExpiredToken") != NULL ||
		     strstr(refusal->code, "InvalidClientTokenId") != NULL ||
		     strstr(refusal->code, "UnrecognizedClient") != NULL;
	if (stale) {
		lb_aws_credentials_reject(credentials, call->access_key_id);
	}
	return stale;
}

static void read_answer(struct lb_sqs_call *call, const struct lb_http_request *request)
{
	const char *body = request->response;
	size_t length = request->response_length;
	enum lb_err err;
	switch ((enum action)call->action) {
	case RECEIVE:
		err = lb_sqs_reply_messages(body, length, &call->arena, &call->messages,
					    &call->error);
		break;
	case DELETE:
		err = lb_sqs_reply_deleted(body, length, call->failed, call->code, &call->error);
		break;
	case LOOK:
	default:
		err = lb_sqs_reply_counts(body, length, &call->counts, &call->error);
		break;
	}
	(void)err; /* it is in call->error */
}

static void on_answer(struct lb_http_request *request)
{
	struct lb_sqs_call *call = request->data;
	struct lb_aws_refusal refusal;
	if (request->error.code != LB_OK) {
		call->error = request->error;
	} else if (request->status == 200) {
		read_answer(call, request);
	} else {
		read_refusal(request, &refusal);
		if (can_repeat(call, request, &refusal)) {
			call->repeated = true;
			lb_arena_wipe(&call->attempt);
			lb_aws_credentials_get(call->sqs->credentials, &call->waiter);
			return;
		}
		refuse(call, request->status, &refusal);
	}
	finish(call);
}

static enum lb_err sign(struct lb_sqs_call *call, const struct lb_aws_keys *keys,
			struct lb_sigv4_signed *ret_signed)
{
	struct lb_sqs *sqs = call->sqs;
	const struct lb_sigv4_field headers[] = {
		{"Content-Type", "application/x-amz-json-1.0"},
		{"X-Amz-Target", targets[call->action]},
	};
	const char *host = strstr(sqs->place.endpoint, "://");
	char scheme[8];
	(void)snprintf(scheme, sizeof(scheme), "%.*s", (int)(host - sqs->place.endpoint),
		       sqs->place.endpoint);
	const struct lb_sigv4_request request = {
		.service = &lb_sigv4_sqs,
		.region = sqs->place.region,
		.method = "POST",
		.scheme = scheme,
		.host = host + 3,
		.path = "/",
		.headers = headers,
		.header_count = 2,
		.body = call->body,
		.body_length = strlen(call->body),
	};
	return lb_sigv4_sign(&request, keys, lb_aws_credentials_now(sqs->credentials), &sqs->key,
			     &call->attempt, ret_signed, &call->error);
}

static bool send_signed(struct lb_sqs_call *call, const struct lb_sigv4_signed *signed_request)
{
	size_t count = signed_request->headers.count;
	struct lb_http_field *fields =
		lb_arena_alloc(&call->attempt, (count + 2) * sizeof(*fields));
	if (fields == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		fields[i].name = signed_request->headers.items[i].name;
		fields[i].value = signed_request->headers.items[i].value;
	}
	fields[count] = (struct lb_http_field){"Content-Type", "application/x-amz-json-1.0"};
	fields[count + 1] = (struct lb_http_field){"X-Amz-Target", targets[call->action]};
	call->request = (struct lb_http_request){
		.method = "POST",
		.url = signed_request->url,
		.headers = fields,
		.header_count = count + 2,
		.body = call->body,
		.body_length = strlen(call->body),
		.timeout_us = TIMEOUT_US,
		.response_bytes_max = REPLY_BYTES_MAX,
		.done = on_answer,
		.data = call,
	};
	lb_http_submit(call->sqs->http, &call->request);
	return true;
}

static void on_keys(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		    const struct lb_error *error)
{
	struct lb_sqs_call *call = waiter->data;
	struct lb_sigv4_signed signed_request;
	if (keys == NULL) {
		call->error = *error;
	} else if (call->body == NULL) {
		(void)lb_fail_nomem(&call->error);
	} else if (sign(call, keys, &signed_request) == LB_OK) {
		(void)snprintf(call->access_key_id, sizeof(call->access_key_id), "%s",
			       keys->access_key_id);
		if (send_signed(call, &signed_request)) {
			return;
		}
		(void)lb_fail_nomem(&call->error);
	}
	finish(call);
}

/* body: a reference that is taken; NULL: no memory. */
static void begin(struct lb_sqs *sqs, struct lb_sqs_call *call, enum action action, json_t *body)
{
	*call = (struct lb_sqs_call){
		.done = call->done,
		.data = call->data,
		.sqs = sqs,
		.action = (int)action,
		.pending = true,
		.waiter = {.done = on_keys, .data = call},
	};
	size_t size = body != NULL ? json_dumpb(body, NULL, 0, JSON_COMPACT) : 0;
	char *text = size > 0 ? lb_arena_alloc(&call->arena, size + 1) : NULL;
	if (text != NULL && json_dumpb(body, text, size, JSON_COMPACT) == size) {
		call->body = text;
	}
	json_decref(body);
	lb_aws_credentials_get(sqs->credentials, &call->waiter);
}

void lb_sqs_receive(struct lb_sqs *sqs, struct lb_sqs_call *call, int wait_seconds)
{
	begin(sqs, call, RECEIVE,
	      json_pack("{s: s, s: i, s: i}", "QueueUrl", sqs->place.url, "MaxNumberOfMessages",
			LB_SQS_BATCH_MAX, "WaitTimeSeconds", wait_seconds));
}

static json_t *entries_of(const char *const *handles, size_t count)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < count; i++) {
		char id[2] = {(char)('0' + i), '\0'};
		if (json_array_append_new(entries, json_pack("{s: s, s: s}", "Id", id,
							     "ReceiptHandle", handles[i])) != 0) {
			json_decref(entries);
			return NULL;
		}
	}
	return entries;
}

void lb_sqs_delete(struct lb_sqs *sqs, struct lb_sqs_call *call, const char *const *handles,
		   size_t count)
{
	json_t *entries = entries_of(handles, count);
	begin(sqs, call, DELETE,
	      entries != NULL
		      ? json_pack("{s: s, s: o}", "QueueUrl", sqs->place.url, "Entries", entries)
		      : NULL);
}

void lb_sqs_look(struct lb_sqs *sqs, struct lb_sqs_call *call)
{
	begin(sqs, call, LOOK,
	      json_pack("{s: s, s: [s, s]}", "QueueUrl", sqs->place.url, "AttributeNames",
			"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"));
}

void lb_sqs_cancel(struct lb_sqs_call *call)
{
	if (!call->pending) {
		return;
	}
	lb_aws_credentials_cancel(call->sqs->credentials, &call->waiter);
	lb_http_cancel(call->sqs->http, &call->request);
	lb_arena_wipe(&call->attempt);
	lb_arena_finish(&call->arena);
	call->pending = false;
}
