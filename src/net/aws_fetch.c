#include "net/aws_fetch.h"

#include "base/text.h"
#include "base/time.h"
#include "net/aws_fetch_step.h"
#include "net/secret.h"

#include <string.h>

#define TOKEN_BYTES_MAX ((size_t)64 * 1024)

bool lb_aws_call_header(struct lb_aws_fetch *fetch, const char *name, const char *value)
{
	struct lb_sigv4_field *header = lb_list_add(&fetch->arena, &fetch->call.headers);
	if (header == NULL || value == NULL) {
		return false;
	}
	*header = (struct lb_sigv4_field){name, value};
	return true;
}

/* Text that may stand in a header: nothing but printable ASCII. */
bool lb_aws_is_header_value(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7E) {
			return false;
		}
	}
	return true;
}

static char *cut_end(char *text)
{
	size_t length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
		text[--length] = '\0';
	}
	return text;
}

/* The token in a file, without blanks at its end, in the arena. */
enum lb_err lb_aws_read_token(struct lb_aws_fetch *fetch, const char *path, const char **ret_token,
			      struct lb_error *error)
{
	char *text;
	enum lb_err err = lb_secret_read_file(path, TOKEN_BYTES_MAX, &text, error);
	if (err != LB_OK) {
		return lb_wrap(error, "the token in %s", path);
	}
	char *token = lb_arena_strdup(&fetch->arena, cut_end(text));
	lb_secret_free(text);
	if (token == NULL) {
		return lb_fail_nomem(error);
	}
	if (*token == '\0' || !lb_aws_is_header_value(token)) {
		return lb_fail(error, LB_INVALID,
			       "the token in %s is empty or has a character that no token has",
			       path);
	}
	*ret_token = token;
	return LB_OK;
}

/* "AccessDenied: the reason", for people. */
enum lb_err lb_aws_fail_refusal(const struct lb_aws_answer *answer,
				const struct lb_aws_refusal *refusal, struct lb_error *error)
{
	return lb_fail(error, LB_REFUSED, "%s%s%s (HTTP %d)",
		       *refusal->code != '\0' ? refusal->code : "refused",
		       *refusal->message != '\0' ? ": " : "", refusal->message, answer->status);
}

enum lb_err lb_aws_fail_status(const struct lb_aws_answer *answer, struct lb_error *error)
{
	struct lb_aws_refusal refusal;
	lb_aws_reply_refusal(answer->body, answer->length, &refusal);
	return lb_aws_fail_refusal(answer, &refusal, error);
}

void lb_aws_fetch_take_over(struct lb_aws_fetch *fetch, struct lb_aws_session session)
{
	lb_aws_session_finish(&fetch->session);
	fetch->session = session;
	fetch->clock_tried = false;
	fetch->step = fetch->roles_assumed < fetch->plan.role_count ? LB_AWS_STEP_ASSUME_ROLE
								    : LB_AWS_STEP_DONE;
}

static const struct lb_aws_step_impl *const steps[] = {
	[LB_AWS_STEP_WEB_IDENTITY] = &lb_aws_step_web_identity,
	[LB_AWS_STEP_PROCESS] = &lb_aws_step_process,
	[LB_AWS_STEP_CONTAINER] = &lb_aws_step_container,
	[LB_AWS_STEP_INSTANCE_TOKEN] = &lb_aws_step_instance_token,
	[LB_AWS_STEP_INSTANCE_ROLE] = &lb_aws_step_instance_role,
	[LB_AWS_STEP_INSTANCE_KEYS] = &lb_aws_step_instance_keys,
	[LB_AWS_STEP_ASSUME_ROLE] = &lb_aws_step_assume_role,
};

/* Keys are there at once; the other sources must be asked. */
static enum lb_err start_source(struct lb_aws_fetch *fetch, struct lb_error *error)
{
	static const enum lb_aws_step first[] = {
		[LB_AWS_WEB_IDENTITY] = LB_AWS_STEP_WEB_IDENTITY,
		[LB_AWS_PROCESS] = LB_AWS_STEP_PROCESS,
		[LB_AWS_CONTAINER] = LB_AWS_STEP_CONTAINER,
		[LB_AWS_INSTANCE] = LB_AWS_STEP_INSTANCE_TOKEN,
	};
	if (fetch->plan.source != LB_AWS_KEYS) {
		fetch->step = first[fetch->plan.source];
		return LB_OK;
	}
	struct lb_aws_session session;
	enum lb_err err = lb_aws_session_init(&session, &fetch->plan.keys,
					      fetch->plan.keys_expire_at_us, error);
	if (err == LB_OK) {
		lb_aws_fetch_take_over(fetch, session);
	}
	return err;
}

enum lb_err lb_aws_fetch_start(const struct lb_aws_settings *settings,
			       const struct lb_aws_environment *environment,
			       struct lb_aws_clock *clock, struct lb_aws_fetch *ret_fetch,
			       struct lb_error *error)
{
	*ret_fetch = (struct lb_aws_fetch){.clock = clock};
	enum lb_err err = LB_OK;
	if (settings->access_key_id == NULL) { /* else a file that is not needed may be bad */
		err = lb_aws_profiles_read(environment, &ret_fetch->profiles, error);
	}
	if (err == LB_OK) {
		err = lb_aws_chain_decide(settings, environment, &ret_fetch->profiles,
					  &ret_fetch->arena, &ret_fetch->plan, error);
	}
	if (err == LB_OK) {
		memcpy(ret_fetch->description, ret_fetch->plan.description,
		       sizeof(ret_fetch->description));
		err = start_source(ret_fetch, error);
	}
	if (err != LB_OK) {
		lb_aws_fetch_finish(ret_fetch);
	}
	return err;
}

static enum lb_err check_expiry(const struct lb_aws_fetch *fetch, int64_t now_us,
				struct lb_error *error)
{
	char text[LB_TIME_TEXT_MAX];
	int64_t expires_at_us = fetch->session.expires_at_us;
	if (expires_at_us == LB_TIME_NONE ||
	    expires_at_us > lb_aws_clock_now(fetch->clock, now_us)) {
		return LB_OK;
	}
	return lb_fail(error, LB_UNAVAILABLE, "%s: the credentials expired at %s",
		       fetch->description, lb_time_format(expires_at_us, text));
}

enum lb_err lb_aws_fetch_next(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error)
{
	if (fetch->step == LB_AWS_STEP_DONE) {
		return check_expiry(fetch, now_us, error);
	}
	fetch->call = (struct lb_aws_call){0};
	enum lb_err err = steps[fetch->step]->ask(fetch, now_us, error);
	return err == LB_OK ? LB_OK : lb_wrap(error, "%s", fetch->call.what);
}

static bool is_throttled(const struct lb_aws_answer *answer)
{
	struct lb_aws_refusal refusal;
	if (answer->status < 400) {
		return false;
	}
	lb_aws_reply_refusal(answer->body, answer->length, &refusal);
	return lb_text_starts_with(refusal.code, "Throttling") ||
	       strcmp(refusal.code, "RequestLimitExceeded") == 0;
}

enum lb_err lb_aws_fetch_take(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			      int64_t now_us, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	if (fetch->step == LB_AWS_STEP_DONE) {
		return LB_OK; /* nothing was asked */
	}
	if (answer->status >= 500 || answer->status == 429 || is_throttled(answer)) {
		err = lb_fail(error, LB_UNAVAILABLE, "it cannot answer just now (HTTP %d)",
			      answer->status);
	} else {
		err = steps[fetch->step]->take(fetch, answer, now_us, error);
	}
	return err == LB_OK ? LB_OK : lb_wrap(error, "%s", fetch->call.what);
}

/* Everybody without credentials ends at the instance metadata, most of them on
 * no instance, some in a container that its tokens do not reach. */
enum lb_err lb_aws_fetch_lost(const struct lb_aws_fetch *fetch, const struct lb_error *reason,
			      struct lb_error *error)
{
	if (fetch->step != LB_AWS_STEP_INSTANCE_TOKEN) {
		return lb_fail(error, reason->code, "%s: %s", fetch->call.what, reason->message);
	}
	const char *path = fetch->profiles.paths[LB_AWS_CREDENTIALS_FILE];
	return lb_fail(error, reason->code,
		       "no AWS credentials in the settings, the environment and %s, and %s does "
		       "not answer: %s; give keys, or on an instance set its metadata's hop limit "
		       "to 2 if this runs in a container",
		       path != NULL ? path : "~/.aws/credentials", fetch->call.what,
		       reason->message);
}

void lb_aws_fetch_finish(struct lb_aws_fetch *fetch)
{
	lb_aws_session_finish(&fetch->session);
	lb_aws_profiles_finish(&fetch->profiles);
	lb_arena_wipe(&fetch->arena);
	*fetch = (struct lb_aws_fetch){0};
}
