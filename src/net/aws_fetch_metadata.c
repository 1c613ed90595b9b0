#include "base/text.h"
#include "base/time.h"
#include "net/aws_fetch_step.h"

#include <stdio.h>
#include <string.h>

#define INSTANCE_TIMEOUT LB_SECOND /* nobody answers where there is no such service */
#define CONTAINER_TIMEOUT (2 * LB_SECOND)
#define INSTANCE_TOKEN_SECONDS "21600" /* the longest there is */
#define INSTANCE_ROLES "/latest/meta-data/iam/security-credentials/"

static enum lb_err ask_container(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error)
{
	(void)now_us;
	const struct lb_aws_plan *plan = &fetch->plan;
	(void)snprintf(fetch->call.what, sizeof(fetch->call.what), "%s", plan->description);
	const char *token = plan->authorization;
	if (plan->authorization_file != NULL) {
		enum lb_err err = lb_aws_read_token(fetch, plan->authorization_file, &token, error);
		if (err != LB_OK) {
			return err;
		}
	}
	if (token != NULL && !lb_aws_is_header_value(token)) {
		return lb_fail(
			error, LB_INVALID,
			"AWS_CONTAINER_AUTHORIZATION_TOKEN has a character that no token has");
	}
	fetch->call.method = "GET";
	fetch->call.url = plan->url;
	fetch->call.timeout_us = CONTAINER_TIMEOUT;
	fetch->call.local = !lb_text_starts_with(plan->url, "https://");
	bool ok = lb_aws_call_header(fetch, "Accept", "application/json") &&
		  (token == NULL || lb_aws_call_header(fetch, "Authorization", token));
	return ok ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err take_container(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
				  int64_t now_us, struct lb_error *error)
{
	(void)now_us;
	if (answer->status != 200) {
		return lb_aws_fail_status(answer, error);
	}
	struct lb_aws_session session;
	enum lb_err err = lb_aws_reply_json(answer->body, answer->length, false, &session, error);
	if (err == LB_OK) {
		lb_aws_fetch_take_over(fetch, session);
	}
	return err;
}

/* A call to the instance metadata service, with the token when there is one. */
static enum lb_err ask_instance(struct lb_aws_fetch *fetch, const char *method, const char *path,
				const char *name, struct lb_error *error)
{
	(void)snprintf(fetch->call.what, sizeof(fetch->call.what), "instance metadata at %s",
		       fetch->plan.url);
	fetch->call.method = method;
	fetch->call.url = lb_arena_printf(&fetch->arena, "%s%s%s", fetch->plan.url, path, name);
	fetch->call.timeout_us = INSTANCE_TIMEOUT;
	fetch->call.local = true;
	bool ok = fetch->call.url != NULL &&
		  (fetch->instance_token != NULL
			   ? lb_aws_call_header(fetch, "X-aws-ec2-metadata-token",
						fetch->instance_token)
			   : lb_aws_call_header(fetch, "X-aws-ec2-metadata-token-ttl-seconds",
						INSTANCE_TOKEN_SECONDS));
	return ok ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err ask_instance_token(struct lb_aws_fetch *fetch, int64_t now_us,
				      struct lb_error *error)
{
	(void)now_us;
	return ask_instance(fetch, "PUT", "/latest/api/token", "", error);
}

#define WORD_BYTES_END 4096

/* The answer's first line, when it is one word; none: what is said when it is not. */
static enum lb_err take_word(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			     const char *none, const char **ret_word, struct lb_error *error)
{
	if (answer->length >= WORD_BYTES_END) {
		return lb_fail(error, LB_CORRUPT, "%s", none);
	}
	char *text = lb_arena_strndup(&fetch->arena, answer->body, answer->length);
	if (text == NULL) {
		return lb_fail_nomem(error);
	}
	text[strcspn(text, "\r\n")] = '\0';
	if (*text == '\0' || strchr(text, ' ') != NULL || !lb_aws_is_header_value(text)) {
		return lb_fail(error, LB_CORRUPT, "%s", none);
	}
	*ret_word = text;
	return LB_OK;
}

static enum lb_err take_instance_token(struct lb_aws_fetch *fetch,
				       const struct lb_aws_answer *answer, int64_t now_us,
				       struct lb_error *error)
{
	(void)now_us;
	if (answer->status == 404 || answer->status == 405) {
		return lb_fail(
			error, LB_UNSUPPORTED,
			"it gives no token (HTTP %d), so it is version 1 only, whose answers "
			"whoever makes the instance fetch a URL can steal; turn on version 2",
			answer->status);
	}
	if (answer->status == 403) {
		return lb_fail(error, LB_REFUSED,
			       "it is turned off for this instance (HTTP 403); turn it on, or set "
			       "AWS_EC2_METADATA_DISABLED=true");
	}
	if (answer->status != 200) {
		return lb_aws_fail_status(answer, error);
	}
	enum lb_err err =
		take_word(fetch, answer, "its token is none", &fetch->instance_token, error);
	if (err == LB_OK) {
		fetch->step = LB_AWS_STEP_INSTANCE_ROLE;
	}
	return err;
}

static enum lb_err ask_instance_role(struct lb_aws_fetch *fetch, int64_t now_us,
				     struct lb_error *error)
{
	(void)now_us;
	return ask_instance(fetch, "GET", INSTANCE_ROLES, "", error);
}

static bool is_role_name(const char *name)
{
	return strlen(name) <= 64 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "_+=,.@-") == strlen(name);
}

static enum lb_err take_instance_role(struct lb_aws_fetch *fetch,
				      const struct lb_aws_answer *answer, int64_t now_us,
				      struct lb_error *error)
{
	(void)now_us;
	if (answer->status == 404) {
		return lb_fail(error, LB_NOT_FOUND,
			       "the instance has no IAM role; attach one to it, or give keys");
	}
	if (answer->status != 200) {
		return lb_aws_fail_status(answer, error);
	}
	static const char none[] = "the name of the instance's role is none";
	const char *role = "";
	enum lb_err err = take_word(fetch, answer, none, &role, error);
	if (err != LB_OK) {
		return err;
	}
	if (!is_role_name(role)) {
		return lb_fail(error, LB_CORRUPT, "%s", none);
	}
	fetch->instance_role = role;
	fetch->step = LB_AWS_STEP_INSTANCE_KEYS;
	return LB_OK;
}

static enum lb_err ask_instance_keys(struct lb_aws_fetch *fetch, int64_t now_us,
				     struct lb_error *error)
{
	(void)now_us;
	return ask_instance(fetch, "GET", INSTANCE_ROLES, fetch->instance_role, error);
}

static enum lb_err take_instance_keys(struct lb_aws_fetch *fetch,
				      const struct lb_aws_answer *answer, int64_t now_us,
				      struct lb_error *error)
{
	(void)now_us;
	if (answer->status != 200) {
		return lb_aws_fail_status(answer, error);
	}
	struct lb_aws_session session;
	enum lb_err err = lb_aws_reply_json(answer->body, answer->length, true, &session, error);
	if (err != LB_OK) {
		return err;
	}
	static const char source[] = "instance metadata";
	(void)snprintf(fetch->description, sizeof(fetch->description), "%s, role %s%s", source,
		       fetch->instance_role, fetch->plan.description + strlen(source));
	lb_aws_fetch_take_over(fetch, session);
	return LB_OK;
}

const struct lb_aws_step_impl lb_aws_step_container = {ask_container, take_container};
const struct lb_aws_step_impl lb_aws_step_instance_token = {ask_instance_token,
							    take_instance_token};
const struct lb_aws_step_impl lb_aws_step_instance_role = {ask_instance_role, take_instance_role};
const struct lb_aws_step_impl lb_aws_step_instance_keys = {ask_instance_keys, take_instance_keys};
