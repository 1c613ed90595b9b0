#include "base/text.h"
#include "base/time.h"
#include "net/aws_fetch_step.h"
#include "net/sigv4_canonical.h"

#include <stdio.h>
#include <string.h>

#define STS_TIMEOUT (10 * LB_SECOND)

/* A parameter whose value is NULL is left out. */
static enum lb_err set_form(struct lb_aws_fetch *fetch, struct lb_sigv4_field *parameters,
			    size_t count, struct lb_error *error)
{
	size_t given = 0;
	for (size_t i = 0; i < count; i++) {
		if (parameters[i].value != NULL) {
			parameters[given++] = parameters[i];
		}
	}
	fetch->call.body = lb_sigv4_query(&fetch->arena, parameters, given);
	if (fetch->call.body == NULL) {
		return lb_fail_nomem(error);
	}
	fetch->call.method = "POST";
	fetch->call.body_length = strlen(fetch->call.body);
	fetch->call.timeout_us = STS_TIMEOUT;
	return LB_OK;
}

static const struct lb_sigv4_field form_type = {"Content-Type",
						"application/x-www-form-urlencoded; charset=utf-8"};

static enum lb_err ask_web_identity(struct lb_aws_fetch *fetch, int64_t now_us,
				    struct lb_error *error)
{
	(void)now_us;
	const struct lb_aws_plan *plan = &fetch->plan;
	(void)snprintf(fetch->call.what, sizeof(fetch->call.what),
		       "AssumeRoleWithWebIdentity of %s at %s", plan->web_role.arn,
		       plan->sts_endpoint);
	const char *token;
	enum lb_err err = lb_aws_read_token(fetch, plan->token_file, &token, error);
	if (err != LB_OK) {
		return err;
	}
	struct lb_sigv4_field parameters[] = {
		{"Action", "AssumeRoleWithWebIdentity"},
		{"Version", "2011-06-15"},
		{"RoleArn", plan->web_role.arn},
		{"RoleSessionName", plan->web_role.session_name},
		{"WebIdentityToken", token},
	};
	err = set_form(fetch, parameters, sizeof(parameters) / sizeof(parameters[0]), error);
	fetch->call.url = lb_arena_printf(&fetch->arena, "%s/", plan->sts_endpoint);
	if (err == LB_OK && (fetch->call.url == NULL ||
			     !lb_aws_call_header(fetch, form_type.name, form_type.value))) {
		return lb_fail_nomem(error);
	}
	return err;
}

/* A text that lives in the arena, or NULL for none. */
static const char *number_text(struct lb_arena *arena, int number)
{
	return number > 0 ? lb_arena_printf(arena, "%d", number) : NULL;
}

/* Signs the form and puts what must be sent into the call. */
static enum lb_err sign_form(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error)
{
	const char *host = strstr(fetch->plan.sts_endpoint, "://");
	struct lb_sigv4_request request = {
		.service = &lb_sigv4_sts,
		.region = fetch->plan.sts_region,
		.method = "POST",
		.scheme = lb_text_starts_with(fetch->plan.sts_endpoint, "https") ? "https" : "http",
		.host = host + 3,
		.path = "/",
		.headers = &form_type,
		.header_count = 1,
		.body = fetch->call.body,
		.body_length = fetch->call.body_length,
	};
	struct lb_aws_keys keys = lb_aws_session_keys(&fetch->session);
	struct lb_sigv4_key key = {0};
	struct lb_sigv4_signed result;
	enum lb_err err = lb_sigv4_sign(&request, &keys, lb_aws_clock_now(fetch->clock, now_us),
					&key, &fetch->arena, &result, error);
	lb_sigv4_key_finish(&key);
	if (err != LB_OK) {
		return err;
	}
	fetch->call.url = result.url;
	fetch->call.headers = result.headers;
	return lb_aws_call_header(fetch, form_type.name, form_type.value) ? LB_OK
									  : lb_fail_nomem(error);
}

static enum lb_err ask_assume_role(struct lb_aws_fetch *fetch, int64_t now_us,
				   struct lb_error *error)
{
	const struct lb_aws_role *role = &fetch->plan.roles[fetch->roles_assumed];
	(void)snprintf(fetch->call.what, sizeof(fetch->call.what), "AssumeRole of %s at %s",
		       role->arn, fetch->plan.sts_endpoint);
	const char *duration = number_text(&fetch->arena, role->duration_seconds);
	if (duration == NULL && role->duration_seconds > 0) {
		return lb_fail_nomem(error);
	}
	struct lb_sigv4_field parameters[] = {
		{"Action", "AssumeRole"},
		{"Version", "2011-06-15"},
		{"RoleArn", role->arn},
		{"RoleSessionName", role->session_name},
		{"ExternalId", role->external_id},
		{"DurationSeconds", duration},
	};
	enum lb_err err =
		set_form(fetch, parameters, sizeof(parameters) / sizeof(parameters[0]), error);
	return err == LB_OK ? sign_form(fetch, now_us, error) : err;
}

/* Nothing moves on, so the same call is made once more, signed anew. */
static bool may_retry_clock(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			    const struct lb_aws_refusal *refusal, int64_t now_us)
{
	if (fetch->clock_tried || !lb_aws_clock_blamed(refusal->code, refusal->message)) {
		return false;
	}
	fetch->clock_tried = true;
	return lb_aws_clock_note(fetch->clock, answer->date, now_us);
}

static enum lb_err take_sts(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			    int64_t now_us, struct lb_error *error)
{
	if (answer->status != 200) {
		struct lb_aws_refusal refusal;
		lb_aws_reply_refusal(answer->body, answer->length, &refusal);
		return may_retry_clock(fetch, answer, &refusal, now_us)
			       ? LB_OK
			       : lb_aws_fail_refusal(answer, &refusal, error);
	}
	struct lb_aws_session session;
	enum lb_err err = lb_aws_reply_xml(answer->body, answer->length, &session, error);
	if (err == LB_OK) {
		fetch->roles_assumed += fetch->step == LB_AWS_STEP_ASSUME_ROLE;
		lb_aws_fetch_take_over(fetch, session);
	}
	return err;
}

const struct lb_aws_step_impl lb_aws_step_web_identity = {ask_web_identity, take_sts};
const struct lb_aws_step_impl lb_aws_step_assume_role = {ask_assume_role, take_sts};
