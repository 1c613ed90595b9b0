#include "base/text.h"
#include "net/aws_deciding.h"

#include <stdlib.h>
#include <string.h>

static const char *profile_value(const struct lb_aws_deciding *deciding, const char *profile,
				 const char *name)
{
	return lb_aws_profile_value(deciding->profiles, profile, name);
}

enum lb_err lb_aws_add_role(struct lb_aws_deciding *deciding, struct lb_aws_role role)
{
	struct lb_aws_plan *plan = deciding->plan;
	if (plan->role_count == LB_AWS_ROLES_MAX) {
		return lb_fail(deciding->error, LB_INVALID,
			       "more than %d roles would have to be assumed one after the other",
			       LB_AWS_ROLES_MAX);
	}
	plan->roles[plan->role_count++] = role;
	lb_aws_describe(deciding, ", then role %s", role.arn);
	return LB_OK;
}

static enum lb_err from_profile_keys(struct lb_aws_deciding *deciding, const char *profile)
{
	const char *secret = profile_value(deciding, profile, "aws_secret_access_key");
	const struct lb_aws_setting *id =
		lb_aws_profile_setting(deciding->profiles, profile, "aws_access_key_id");
	if (id == NULL) {
		return LB_OK;
	}
	const char *path = deciding->profiles->paths[id->file];
	path = path != NULL ? path : "-";
	if (secret == NULL) {
		return lb_fail(deciding->error, LB_INVALID,
			       "%s:%d: profile '%s' has an aws_access_key_id but no "
			       "aws_secret_access_key",
			       path, id->line, profile);
	}
	lb_aws_describe(deciding, "profile '%s' in %s", profile, path);
	const char *token = profile_value(deciding, profile, "aws_session_token");
	lb_aws_decide_keys(deciding, id->value, secret,
			   token != NULL ? token
					 : profile_value(deciding, profile, "aws_security_token"));
	return LB_OK;
}

static void from_profile_process(struct lb_aws_deciding *deciding, const char *profile)
{
	const struct lb_aws_setting *command =
		lb_aws_profile_setting(deciding->profiles, profile, "credential_process");
	if (command != NULL) {
		const char *path = deciding->profiles->paths[command->file];
		deciding->plan->source = LB_AWS_PROCESS;
		deciding->plan->command = command->value;
		deciding->decided = true;
		lb_aws_describe(deciding, "credential_process of profile '%s' in %s", profile,
				path != NULL ? path : "-");
	}
}

/* What a profile may ask for that is not done here, and what to do instead. */
static enum lb_err refuse_unsupported(const struct lb_aws_deciding *deciding, const char *profile)
{
	static const struct {
		const char *name;
		const char *what;
	} refused[] = {
		{"sso_session", "IAM Identity Center (SSO)"},
		{"sso_start_url", "IAM Identity Center (SSO)"},
		{"sso_account_id", "IAM Identity Center (SSO)"},
		{"login_session", "aws login"},
	};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct lb_aws_setting *setting =
			lb_aws_profile_setting(deciding->profiles, profile, refused[i].name);
		if (setting == NULL) {
			continue;
		}
		const char *path = deciding->profiles->paths[setting->file];
		return lb_fail(deciding->error, LB_UNSUPPORTED,
			       "%s:%d: profile '%s' needs %s, which lakebeat does not support; use "
			       "keys or a role, or set the variables that `aws configure "
			       "export-credentials --profile '%s' --format env` prints",
			       path != NULL ? path : "-", setting->line, profile, refused[i].what,
			       profile);
	}
	return LB_OK;
}

/* credential_source: where the keys come from that assume the role. */
static enum lb_err from_named_source(struct lb_aws_deciding *deciding, const char *profile,
				     const char *source)
{
	enum lb_err err = LB_OK;
	if (strcmp(source, "Environment") == 0) {
		err = lb_aws_from_environment(deciding);
	} else if (strcmp(source, "EcsContainer") == 0) {
		err = lb_aws_from_container(deciding);
	} else if (strcmp(source, "Ec2InstanceMetadata") == 0) {
		err = lb_aws_from_instance(deciding);
	} else {
		return lb_fail(deciding->error, LB_INVALID,
			       "profile '%s': credential_source is none of Environment, "
			       "EcsContainer and Ec2InstanceMetadata",
			       profile);
	}
	if (err == LB_OK && !deciding->decided) {
		return lb_fail(deciding->error, LB_NOT_FOUND,
			       "profile '%s': its credential_source %s has no credentials", profile,
			       source);
	}
	return err;
}

static enum lb_err from_source_profile(struct lb_aws_deciding *deciding, const char *profile,
				       const char *source, size_t depth)
{
	if (!lb_aws_profile_exists(deciding->profiles, source)) {
		return lb_fail(deciding->error, LB_INVALID,
			       "profile '%s': there is no profile '%s', its source_profile",
			       profile, source);
	}
	/* A profile may name itself: its keys then assume its role. */
	enum lb_err err = from_profile_keys(deciding, source);
	if (err == LB_OK && !deciding->decided) {
		if (strcmp(profile, source) == 0 || depth >= LB_AWS_ROLES_MAX) {
			return lb_fail(deciding->error, LB_INVALID,
				       "profile '%s': its source_profile leads back to itself, or "
				       "through more than %d profiles",
				       profile, LB_AWS_ROLES_MAX);
		}
		err = lb_aws_from_profile(deciding, source, depth + 1);
	}
	if (err == LB_OK && !deciding->decided) {
		return lb_fail(deciding->error, LB_NOT_FOUND,
			       "profile '%s': its source_profile '%s' has no credentials", profile,
			       source);
	}
	return err;
}

static enum lb_err profile_role(const struct lb_aws_deciding *deciding, const char *profile,
				struct lb_aws_role *ret_role)
{
	const char *name = profile_value(deciding, profile, "role_session_name");
	const char *duration = profile_value(deciding, profile, "duration_seconds");
	*ret_role = (struct lb_aws_role){
		.arn = profile_value(deciding, profile, "role_arn"),
		.session_name = name != NULL ? name : LB_AWS_SESSION_NAME,
		.external_id = profile_value(deciding, profile, "external_id"),
	};
	if (duration == NULL) {
		return LB_OK;
	}
	char *end;
	long seconds = strtol(duration, &end, 10);
	if (*end != '\0' || seconds < 900 || seconds > 43200) {
		return lb_fail(deciding->error, LB_INVALID,
			       "profile '%s': duration_seconds is not a number from 900 to 43200",
			       profile);
	}
	ret_role->duration_seconds = (int)seconds;
	return LB_OK;
}

static enum lb_err from_profile_web_identity(struct lb_aws_deciding *deciding, const char *profile,
					     const char *token_file)
{
	const char *role = profile_value(deciding, profile, "role_arn");
	lb_aws_describe(deciding, "profile '%s', web identity in %s, role %s", profile, token_file,
			role);
	lb_aws_decide_web_identity(deciding, token_file, role,
				   profile_value(deciding, profile, "role_session_name"));
	return LB_OK;
}

static enum lb_err from_profile_role(struct lb_aws_deciding *deciding, const char *profile,
				     size_t depth)
{
	const char *source_profile = profile_value(deciding, profile, "source_profile");
	const char *source = profile_value(deciding, profile, "credential_source");
	const char *token_file = profile_value(deciding, profile, "web_identity_token_file");
	if (token_file != NULL) {
		return from_profile_web_identity(deciding, profile, token_file);
	}
	if (profile_value(deciding, profile, "mfa_serial") != NULL) {
		return lb_fail(deciding->error, LB_UNSUPPORTED,
			       "profile '%s' has an mfa_serial, but nobody is there to type its "
			       "code; use a role that needs none",
			       profile);
	}
	if ((source_profile != NULL) == (source != NULL)) {
		return lb_fail(deciding->error, LB_INVALID,
			       "profile '%s' has a role_arn and %s source_profile %s "
			       "credential_source; it needs one of them",
			       profile, source != NULL ? "both" : "neither",
			       source != NULL ? "and" : "nor");
	}
	struct lb_aws_role role;
	enum lb_err err = profile_role(deciding, profile, &role);
	if (err == LB_OK) {
		err = source != NULL
			      ? from_named_source(deciding, profile, source)
			      : from_source_profile(deciding, profile, source_profile, depth);
	}
	return err == LB_OK ? lb_aws_add_role(deciding, role) : err;
}

/* Leaves it undecided when the profile says nothing about credentials. */
enum lb_err lb_aws_from_profile(struct lb_aws_deciding *deciding, const char *profile, size_t depth)
{
	if (profile_value(deciding, profile, "role_arn") != NULL) {
		return from_profile_role(deciding, profile, depth);
	}
	enum lb_err err = from_profile_keys(deciding, profile);
	if (err == LB_OK && !deciding->decided) {
		err = refuse_unsupported(deciding, profile);
	}
	if (err == LB_OK && !deciding->decided) {
		from_profile_process(deciding, profile);
	}
	return err;
}
