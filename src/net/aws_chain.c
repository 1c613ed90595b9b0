#include "net/aws_chain.h"

#include "base/text.h"
#include "base/time.h"
#include "net/aws_deciding.h"
#include "net/aws_endpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ECS_HOST "http://169.254.170.2"
#define INSTANCE_ENDPOINT "http://169.254.169.254"
#define INSTANCE_ENDPOINT_IPV6 "http://[fd00:ec2::254]"

static const char *variable(const struct lb_aws_deciding *deciding, const char *name)
{
	return lb_aws_environment_get(deciding->environment, name);
}

void lb_aws_describe(struct lb_aws_deciding *deciding, const char *format, ...)
{
	size_t used = strlen(deciding->plan->description);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(deciding->plan->description + used, LB_AWS_DESCRIPTION_MAX - used, format,
			args);
	va_end(args);
}

void lb_aws_decide_keys(struct lb_aws_deciding *deciding, const char *id, const char *secret,
			const char *token)
{
	deciding->plan->source = LB_AWS_KEYS;
	deciding->plan->keys = (struct lb_aws_keys){id, secret, token};
	deciding->decided = true;
}

static enum lb_err from_settings(struct lb_aws_deciding *deciding)
{
	const struct lb_aws_settings *settings = deciding->settings;
	if (settings->access_key_id == NULL && settings->secret_access_key == NULL) {
		return LB_OK;
	}
	if (settings->access_key_id == NULL || settings->secret_access_key == NULL) {
		return lb_fail(deciding->error, LB_INVALID,
			       "the settings have an access key id or a secret access key but not "
			       "both; give both, or neither");
	}
	lb_aws_describe(deciding, "settings");
	lb_aws_decide_keys(deciding, settings->access_key_id, settings->secret_access_key,
			   settings->session_token);
	return LB_OK;
}

enum lb_err lb_aws_from_environment(struct lb_aws_deciding *deciding)
{
	const char *id = variable(deciding, "AWS_ACCESS_KEY_ID");
	const char *secret = variable(deciding, "AWS_SECRET_ACCESS_KEY");
	const char *token = variable(deciding, "AWS_SESSION_TOKEN");
	const char *expires = variable(deciding, "AWS_CREDENTIAL_EXPIRATION");
	if (id == NULL) {
		return LB_OK;
	}
	if (secret == NULL) {
		return lb_fail(
			deciding->error, LB_INVALID,
			"AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not; set both "
			"or neither");
	}
	if (expires != NULL && !lb_time_parse(expires, &deciding->plan->keys_expire_at_us)) {
		return lb_fail(deciding->error, LB_INVALID,
			       "AWS_CREDENTIAL_EXPIRATION is not a time like "
			       "2025-11-23T06:00:00Z");
	}
	lb_aws_describe(deciding, "environment variables");
	lb_aws_decide_keys(deciding, id, secret,
			   token != NULL ? token : variable(deciding, "AWS_SECURITY_TOKEN"));
	return LB_OK;
}

void lb_aws_decide_web_identity(struct lb_aws_deciding *deciding, const char *token_file,
				const char *role_arn, const char *session_name)
{
	deciding->plan->source = LB_AWS_WEB_IDENTITY;
	deciding->plan->token_file = token_file;
	deciding->plan->web_role = (struct lb_aws_role){
		.arn = role_arn,
		.session_name = session_name != NULL ? session_name : LB_AWS_SESSION_NAME};
	deciding->decided = true;
}

static enum lb_err from_web_identity(struct lb_aws_deciding *deciding)
{
	const char *file = variable(deciding, "AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *role = variable(deciding, "AWS_ROLE_ARN");
	if (file == NULL) {
		return LB_OK;
	}
	if (role == NULL) {
		return lb_fail(deciding->error, LB_INVALID,
			       "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not; set "
			       "both or neither");
	}
	lb_aws_describe(deciding, "web identity in %s, role %s", file, role);
	lb_aws_decide_web_identity(deciding, file, role,
				   variable(deciding, "AWS_ROLE_SESSION_NAME"));
	return LB_OK;
}

static enum lb_err decide_container(struct lb_aws_deciding *deciding)
{
	struct lb_aws_plan *plan = deciding->plan;
	const char *relative = variable(deciding, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = variable(deciding, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (relative != NULL && *relative != '/') {
		return lb_fail(deciding->error, LB_INVALID,
			       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with '/'");
	}
	if (relative == NULL && !lb_aws_container_url_allowed(full)) {
		return lb_fail(deciding->error, LB_INVALID,
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this "
			       "machine (loopback, 169.254.170.2, 169.254.170.23, fd00:ec2::23)");
	}
	plan->source = LB_AWS_CONTAINER;
	plan->url =
		relative != NULL ? lb_arena_printf(deciding->arena, ECS_HOST "%s", relative) : full;
	plan->authorization_file = variable(deciding, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	plan->authorization = variable(deciding, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	deciding->decided = true;
	lb_aws_describe(deciding, "container credentials (%s)",
			relative != NULL ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
					 : "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	return plan->url != NULL ? LB_OK : lb_fail_nomem(deciding->error);
}

enum lb_err lb_aws_from_container(struct lb_aws_deciding *deciding)
{
	if (variable(deciding, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == NULL &&
	    variable(deciding, "AWS_CONTAINER_CREDENTIALS_FULL_URI") == NULL) {
		return LB_OK;
	}
	return decide_container(deciding);
}

/* The variable, else the profile's setting. */
static const char *either(const struct lb_aws_deciding *deciding, const char *name,
			  const char *setting)
{
	const char *value = variable(deciding, name);
	return value != NULL ? value
			     : lb_aws_profile_value(deciding->profiles, deciding->profile, setting);
}

static enum lb_err decide_instance(struct lb_aws_deciding *deciding)
{
	const char *endpoint = either(deciding, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
				      "ec2_metadata_service_endpoint");
	const char *mode = either(deciding, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
				  "ec2_metadata_service_endpoint_mode");
	if (endpoint == NULL) {
		endpoint = lb_text_same_word(mode, "ipv6") ? INSTANCE_ENDPOINT_IPV6
							   : INSTANCE_ENDPOINT;
	}
	if (!lb_text_starts_with(endpoint, "http://") &&
	    !lb_text_starts_with(endpoint, "https://")) {
		return lb_fail(deciding->error, LB_INVALID,
			       "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http:// URL");
	}
	size_t length = strlen(endpoint);
	while (endpoint[length - 1] == '/') {
		length--;
	}
	deciding->plan->source = LB_AWS_INSTANCE;
	deciding->plan->url = lb_arena_strndup(deciding->arena, endpoint, length);
	deciding->decided = true;
	lb_aws_describe(deciding, "instance metadata");
	return deciding->plan->url != NULL ? LB_OK : lb_fail_nomem(deciding->error);
}

static bool instance_is_off(const struct lb_aws_deciding *deciding)
{
	return lb_text_same_word(variable(deciding, "AWS_EC2_METADATA_DISABLED"), "true");
}

enum lb_err lb_aws_from_instance(struct lb_aws_deciding *deciding)
{
	return instance_is_off(deciding) ? LB_OK : decide_instance(deciding);
}

static enum lb_err fail_no_profile(const struct lb_aws_deciding *deciding)
{
	const struct lb_aws_profiles *profiles = deciding->profiles;
	const char *config = profiles->paths[LB_AWS_CONFIG_FILE];
	const char *credentials = profiles->paths[LB_AWS_CREDENTIALS_FILE];
	const char *nearest = lb_text_nearest(deciding->profile, profiles->profiles.items,
					      profiles->profiles.count);
	return lb_fail(deciding->error, LB_NOT_FOUND, "there is no profile '%s' in %s or %s%s%s%s",
		       deciding->profile, config != NULL ? config : "~/.aws/config",
		       credentials != NULL ? credentials : "~/.aws/credentials",
		       nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
		       nearest != NULL ? "'?" : "");
}

static enum lb_err from_files(struct lb_aws_deciding *deciding)
{
	if (!lb_aws_profile_exists(deciding->profiles, deciding->profile)) {
		bool chosen = strcmp(deciding->profile, "default") != 0;
		return chosen ? fail_no_profile(deciding) : LB_OK;
	}
	return lb_aws_from_profile(deciding, deciding->profile, 1);
}

static enum lb_err from_chosen_profile(struct lb_aws_deciding *deciding)
{
	if (deciding->settings->profile == NULL) {
		return LB_OK;
	}
	enum lb_err err = lb_aws_profile_exists(deciding->profiles, deciding->profile)
				  ? from_files(deciding)
				  : fail_no_profile(deciding);
	if (err == LB_OK && !deciding->decided) {
		return lb_fail(deciding->error, LB_NOT_FOUND, "profile '%s' has no credentials",
			       deciding->profile);
	}
	return err;
}

static enum lb_err fail_nothing(const struct lb_aws_deciding *deciding)
{
	const char *path = deciding->profiles->paths[LB_AWS_CREDENTIALS_FILE];
	return lb_fail(deciding->error, LB_NOT_FOUND,
		       "no AWS credentials: not in the settings, not in AWS_ACCESS_KEY_ID and "
		       "AWS_SECRET_ACCESS_KEY, no AWS_WEB_IDENTITY_TOKEN_FILE, none for profile "
		       "'%s' in %s, no container, and AWS_EC2_METADATA_DISABLED is true",
		       deciding->profile, path != NULL ? path : "~/.aws/credentials");
}

/* The service's endpoint in the region; without one, the worldwide one. */
static enum lb_err decide_sts(struct lb_aws_deciding *deciding)
{
	struct lb_aws_plan *plan = deciding->plan;
	const char *region = deciding->settings->region;
	const char *endpoint = deciding->settings->sts_endpoint;
	if (region == NULL) {
		region =
			lb_aws_region(deciding->environment, deciding->profiles, deciding->profile);
	}
	if (endpoint == NULL) {
		endpoint = lb_aws_endpoint_url(deciding->environment, deciding->profiles,
					       deciding->profile, "sts");
	}
	if (endpoint != NULL) {
		size_t length = strlen(endpoint);
		bool slash = length > 0 && endpoint[length - 1] == '/';
		plan->sts_endpoint =
			lb_arena_strndup(deciding->arena, endpoint, slash ? length - 1 : length);
	} else if (region != NULL) {
		plan->sts_endpoint = lb_arena_printf(deciding->arena, "https://sts.%s.%s", region,
						     lb_aws_domain(region));
	} else {
		plan->sts_endpoint = "https://sts.amazonaws.com";
	}
	plan->sts_region = region != NULL ? region : "us-east-1";
	if (plan->sts_endpoint != NULL && !lb_aws_endpoint_valid(plan->sts_endpoint)) {
		return lb_fail(
			deciding->error, LB_INVALID,
			"the endpoint of STS is not of the form https://HOST[:PORT]; look at "
			"AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, endpoint_url and the region");
	}
	return plan->sts_endpoint != NULL ? LB_OK : lb_fail_nomem(deciding->error);
}

static enum lb_err add_own_role(struct lb_aws_deciding *deciding)
{
	const struct lb_aws_settings *settings = deciding->settings;
	if (settings->role_arn == NULL) {
		return LB_OK;
	}
	const char *name = settings->role_session_name;
	return lb_aws_add_role(
		deciding,
		(struct lb_aws_role){.arn = settings->role_arn,
				     .session_name = name != NULL ? name : LB_AWS_SESSION_NAME,
				     .external_id = settings->external_id});
}

enum lb_err lb_aws_chain_decide(const struct lb_aws_settings *settings,
				const struct lb_aws_environment *environment,
				const struct lb_aws_profiles *profiles, struct lb_arena *arena,
				struct lb_aws_plan *ret_plan, struct lb_error *error)
{
	static enum lb_err (*const chain[])(struct lb_aws_deciding *) = {
		from_settings, from_chosen_profile,   lb_aws_from_environment, from_web_identity,
		from_files,    lb_aws_from_container, lb_aws_from_instance,
	};
	*ret_plan = (struct lb_aws_plan){.keys_expire_at_us = LB_TIME_NONE};
	struct lb_aws_deciding deciding = {
		.settings = settings,
		.environment = environment,
		.profiles = profiles,
		.profile = settings->profile != NULL ? settings->profile
						     : lb_aws_profile_chosen(environment),
		.arena = arena,
		.plan = ret_plan,
		.error = error,
	};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]) && !deciding.decided; i++) {
		err = chain[i](&deciding);
		if (err != LB_OK) {
			return err;
		}
	}
	err = deciding.decided ? add_own_role(&deciding) : fail_nothing(&deciding);
	return err == LB_OK ? decide_sts(&deciding) : err;
}
