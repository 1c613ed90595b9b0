/* aws_chain.h: where AWS credentials come from, decided before anything is asked.
 *
 * The order is that of the AWS SDKs and Tools Reference Guide, "Standardized
 * credential providers", as the SDKs for Java and Go and the AWS CLI go through it:
 *
 *     1. the settings: keys, or a profile (which then must have credentials)
 *     2. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     3. AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (EKS: IAM roles for service accounts)
 *     4. the profile in ~/.aws/config and ~/.aws/credentials: role_arn, then
 *        keys, then credential_process
 *     5. AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (ECS) or _FULL_URI (EKS Pod Identity)
 *     6. the instance metadata service, version 2 only
 *
 * The first that is configured is the one: when it fails, that is an error, and
 * the next is not tried. IAM Identity Center, `aws login` and MFA are not
 * supported, and a profile that needs them says so.
 *
 * Threads: one at a time. Messages never show a key or a token. */
#ifndef LB_NET_AWS_CHAIN_H
#define LB_NET_AWS_CHAIN_H

#include "net/aws_profile.h"
#include "net/sigv4.h"

#include <stdint.h>

/* What lakebeat's own settings say; NULL where they say nothing. role_arn: a
 * role to assume over whatever credentials are found. region, sts_endpoint:
 * before those of environment and profile. All borrowed. */
struct lb_aws_settings {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
	const char *profile;
	const char *region;
	const char *role_arn;
	const char *role_session_name;
	const char *external_id;
	const char *sts_endpoint;
};

enum lb_aws_source {
	LB_AWS_KEYS,
	LB_AWS_WEB_IDENTITY,
	LB_AWS_PROCESS,
	LB_AWS_CONTAINER,
	LB_AWS_INSTANCE
};

/* external_id: NULL for none. duration_seconds: 0 for the service's default. */
struct lb_aws_role {
	const char *arn;
	const char *session_name;
	const char *external_id;
	int duration_seconds;
};

#define LB_AWS_ROLES_MAX 5
#define LB_AWS_DESCRIPTION_MAX 400

/* What to do for credentials: ask the source, then assume the roles in order.
 * keys, keys_expire_at_us: of LB_AWS_KEYS; LB_TIME_NONE: never.
 * web_role, token_file:    of LB_AWS_WEB_IDENTITY.
 * command:                 of LB_AWS_PROCESS.
 * url:                     of LB_AWS_CONTAINER: the whole; of LB_AWS_INSTANCE:
 *                          without a path or a slash at the end.
 * authorization, authorization_file: of LB_AWS_CONTAINER; the value of that
 *                          header, or the file it is in, or neither.
 * sts_endpoint: "scheme://host[:port]"; sts_region: the one to sign for.
 * description: "environment variables", "profile 'x' in /home/u/.aws/credentials",
 *              "…, then role arn:…". No secret in it. */
struct lb_aws_plan {
	enum lb_aws_source source;
	struct lb_aws_keys keys;
	int64_t keys_expire_at_us;
	struct lb_aws_role web_role;
	const char *token_file;
	const char *command;
	const char *url;
	const char *authorization;
	const char *authorization_file;
	struct lb_aws_role roles[LB_AWS_ROLES_MAX];
	size_t role_count;
	const char *sts_endpoint;
	const char *sts_region;
	char description[LB_AWS_DESCRIPTION_MAX];
};

/* Decides. ret_plan borrows from settings, environment and profiles, and from
 * the arena. Errors: NOT_FOUND (nothing is configured; names where was looked),
 * INVALID (something is configured half, or against itself), UNSUPPORTED, NOMEM. */
enum lb_err lb_aws_chain_decide(const struct lb_aws_settings *settings,
				const struct lb_aws_environment *environment,
				const struct lb_aws_profiles *profiles, struct lb_arena *arena,
				struct lb_aws_plan *ret_plan, struct lb_error *error) LB_MUST_CHECK;

#endif
