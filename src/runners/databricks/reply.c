#include "runners/databricks/reply.h"

#include "base/text.h"
#include "base/time.h"
#include "net/http_value.h"

#include <stdlib.h>
#include <string.h>

/* What an error's object says. code: NULL when it is no text. */
struct complaint {
	bool is_json;
	const char *code;
	const char *message;
	const json_t *details;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *first_of(const char *one, const char *other)
{
	return one != NULL ? one : other;
}

/* The shapes of the API, of its first version, of SCIM and of OAuth (RFC 6749, 5.2). */
static struct complaint read_complaint(const json_t *json)
{
	struct complaint complaint = {.is_json = json_is_object(json)};
	const char *error = text_of(json, "error");
	const char *description = text_of(json, "error_description");
	complaint.code = text_of(json, "error_code");
	if (complaint.code == NULL && description != NULL) {
		complaint.code = error;
	}
	complaint.message = first_of(text_of(json, "message"), text_of(json, "detail"));
	complaint.message = first_of(complaint.message, first_of(description, error));
	complaint.details = json_object_get(json, "details");
	return complaint;
}

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
	for (size_t i = 0; code != NULL && i < count; i++) {
		if (strcmp(code, codes[i]) == 0) {
			return true;
		}
	}
	return false;
}

#define IS_ONE_OF(code, codes) is_one_of(code, codes, sizeof(codes) / sizeof((codes)[0]))

/* Of a run: "Run 5 does not exist", "Run: 5 in job: 7 doesn't exist". */
static bool says_missing(const char *message)
{
	return message != NULL && lb_text_starts_with(message, "Run") &&
	       (strstr(message, "does not exist") != NULL ||
		strstr(message, "doesn't exist") != NULL);
}

/* How it is put is not documented: "If a run with the provided token is deleted, an error is
 * returned." An access token that was deleted is a matter of credentials, and no run's. */
static bool says_gone(const char *message)
{
	return says_missing(message) ||
	       (message != NULL && strcasestr(message, "run") != NULL &&
		strcasestr(message, "token") != NULL && strcasestr(message, "delete") != NULL);
}

/* A code goes before the status that it came with. */
static enum lb_databricks_meaning judge(int status, const struct complaint *complaint)
{
	static const char *const throttled[] = {
		"REQUEST_LIMIT_EXCEEDED",
		"RESOURCE_EXHAUSTED",
		"TEMPORARILY_UNAVAILABLE",
		"UNAVAILABLE",
		"WORKSPACE_TEMPORARILY_UNAVAILABLE",
		"SERVICE_UNDER_MAINTENANCE",
		"DEADLINE_EXCEEDED",
	};
	static const char *const missing[] = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"};
	const char *code = complaint->code;
	if (status < 400 || status == 408 || status == 409 || status == 425 || status == 429 ||
	    status == 499 || status >= 500 || IS_ONE_OF(code, throttled)) {
		return LB_DATABRICKS_LATER;
	}
	/* An access token that is not valid any more is a 403 with a number for a code. */
	if (status == 401 || (status == 403 && code == NULL) ||
	    lb_text_equal(code, "UNAUTHENTICATED") || lb_text_equal(code, "invalid_client")) {
		return LB_DATABRICKS_CREDENTIAL;
	}
	if ((status == 404 && IS_ONE_OF(code, missing)) ||
	    (status == 400 && says_missing(complaint->message))) {
		return LB_DATABRICKS_MISSING;
	}
	return LB_DATABRICKS_REFUSED;
}

/* google.rpc.RetryInfo among the details: "3.5s". */
static int64_t read_retry_info(const json_t *details)
{
	size_t i;
	const json_t *detail;
	json_array_foreach((json_t *)(uintptr_t)details, i, detail)
	{
		const char *delay = text_of(detail, "retry_delay");
		int64_t delay_us;
		if (delay != NULL && lb_duration_parse(delay, &delay_us)) {
			return delay_us < LB_HTTP_RETRY_AFTER_MAX_US ? delay_us
								     : LB_HTTP_RETRY_AFTER_MAX_US;
		}
	}
	return 0;
}

static const char *advice(enum lb_databricks_meaning meaning, int status)
{
	if (meaning == LB_DATABRICKS_CREDENTIAL) {
		return "; renew the token, or correct the credentials";
	}
	return status >= 300 && status < 400 ? "; is domain that of the workspace?" : "";
}

static void describe(const struct lb_databricks_answer *answer, const struct complaint *complaint,
		     struct lb_databricks_reply *reply)
{
	enum lb_err err = reply->meaning == LB_DATABRICKS_LATER     ? LB_UNAVAILABLE
			  : reply->meaning == LB_DATABRICKS_MISSING ? LB_NOT_FOUND
								    : LB_REFUSED;
	const char *code = first_of(complaint->code, "");
	const char *message = first_of(complaint->message, "");
	(void)lb_fail(&reply->error, err, "the workspace answers %d%s%.*s%s%.*s%s", answer->status,
		      code[0] != '\0' ? " " : "", (int)lb_utf8_cut(code, 80), code,
		      message[0] != '\0' ? ": " : "", (int)lb_utf8_cut(message, 600), message,
		      advice(reply->meaning, answer->status));
}

static void fail_later(struct lb_databricks_reply *reply, const char *text)
{
	reply->meaning = LB_DATABRICKS_LATER;
	(void)lb_fail(&reply->error, LB_UNAVAILABLE, "%s", text);
}

static void read_body(const struct lb_databricks_answer *answer, int64_t now_us,
		      struct lb_databricks_reply *reply)
{
	json_t *json = json_loadb(answer->body, answer->length, 0, NULL);
	struct complaint complaint = read_complaint(json);
	if (lb_http_is_page(answer->content_type, answer->body)) {
		fail_later(reply, "what answers is a page for people, as of a login or a proxy, "
				  "and not the API: is domain that of the workspace?");
	} else if (answer->status == 200 && complaint.is_json) {
		reply->meaning = LB_DATABRICKS_DONE;
		reply->json = json_incref(json);
	} else if (answer->status == 200) {
		fail_later(reply, "the workspace's answer is not whole, or not JSON");
	} else {
		reply->meaning = judge(answer->status, &complaint);
		reply->run_is_gone = (reply->meaning == LB_DATABRICKS_MISSING ||
				      reply->meaning == LB_DATABRICKS_REFUSED) &&
				     says_gone(complaint.message);
		describe(answer, &complaint, reply);
	}
	if (reply->meaning == LB_DATABRICKS_LATER &&
	    !lb_http_retry_after_parse(answer->retry_after, answer->date, now_us,
				       &reply->retry_after_us)) {
		reply->retry_after_us = read_retry_info(complaint.details);
	}
	json_decref(json);
}

void lb_databricks_reply_read(const struct lb_databricks_answer *answer, int64_t now_us,
			      struct lb_databricks_reply *ret_reply)
{
	*ret_reply = (struct lb_databricks_reply){.meaning = LB_DATABRICKS_LATER};
	if (answer->error->code == LB_INVALID) {
		ret_reply->meaning = LB_DATABRICKS_REFUSED;
	}
	if (answer->error->code != LB_OK) {
		ret_reply->error = *answer->error;
	} else {
		read_body(answer, now_us, ret_reply);
	}
}

void lb_databricks_reply_of(const struct lb_http_request *request, int64_t now_us,
			    struct lb_databricks_reply *ret_reply)
{
	const struct lb_databricks_answer answer = {
		.error = &request->error,
		.status = request->status,
		.content_type = lb_http_header(request, "Content-Type"),
		.retry_after = lb_http_header(request, "Retry-After"),
		.date = lb_http_header(request, "Date"),
		.body = request->response,
		.length = request->response_length,
	};
	lb_databricks_reply_read(&answer, now_us, ret_reply);
}

void lb_databricks_reply_finish(struct lb_databricks_reply *reply)
{
	json_decref(reply->json);
	reply->json = NULL;
}
