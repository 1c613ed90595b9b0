/* aws_deciding.h: what the two halves of aws_chain.h share. */
#ifndef LB_NET_AWS_DECIDING_H
#define LB_NET_AWS_DECIDING_H

#include "net/aws_chain.h"

#define LB_AWS_SESSION_NAME "lakebeat" /* of roles that are given none */

/* profile: the one that settings or environment choose. decided: plan has its
 * source; the functions below leave it false when there is nothing to find. */
struct lb_aws_deciding {
	const struct lb_aws_settings *settings;
	const struct lb_aws_environment *environment;
	const struct lb_aws_profiles *profiles;
	const char *profile;
	struct lb_arena *arena;
	struct lb_aws_plan *plan;
	bool decided;
	struct lb_error *error;
};

/* Adds to the plan's description. */
void lb_aws_describe(struct lb_aws_deciding *deciding, const char *format, ...) LB_PRINTF(2, 3);

void lb_aws_decide_keys(struct lb_aws_deciding *deciding, const char *id, const char *secret,
			const char *token);

/* session_name: NULL for the usual one. */
void lb_aws_decide_web_identity(struct lb_aws_deciding *deciding, const char *token_file,
				const char *role_arn, const char *session_name);

enum lb_err lb_aws_add_role(struct lb_aws_deciding *deciding,
			    struct lb_aws_role role) LB_MUST_CHECK;

enum lb_err lb_aws_from_environment(struct lb_aws_deciding *deciding) LB_MUST_CHECK;
enum lb_err lb_aws_from_container(struct lb_aws_deciding *deciding) LB_MUST_CHECK;
enum lb_err lb_aws_from_instance(struct lb_aws_deciding *deciding) LB_MUST_CHECK;

/* An existing profile. depth: profiles on the way to it, itself included. */
enum lb_err lb_aws_from_profile(struct lb_aws_deciding *deciding, const char *profile,
				size_t depth) LB_MUST_CHECK;

#endif
