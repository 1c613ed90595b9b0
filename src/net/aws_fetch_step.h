/* aws_fetch_step.h: what the steps of aws_fetch.h share. */
#ifndef LB_NET_AWS_FETCH_STEP_H
#define LB_NET_AWS_FETCH_STEP_H

#include "net/aws_fetch.h"

/* ask: fills fetch->call. take: takes the answer and moves fetch->step on; not
 * called when the service just cannot answer. */
struct lb_aws_step_impl {
	enum lb_err (*ask)(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error);
	enum lb_err (*take)(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			    int64_t now_us, struct lb_error *error);
};

extern const struct lb_aws_step_impl lb_aws_step_web_identity;
extern const struct lb_aws_step_impl lb_aws_step_process;
extern const struct lb_aws_step_impl lb_aws_step_container;
extern const struct lb_aws_step_impl lb_aws_step_instance_token;
extern const struct lb_aws_step_impl lb_aws_step_instance_role;
extern const struct lb_aws_step_impl lb_aws_step_instance_keys;
extern const struct lb_aws_step_impl lb_aws_step_assume_role;

/* Adds a header to the call. False: out of memory, which a NULL value is too. */
bool lb_aws_call_header(struct lb_aws_fetch *fetch, const char *name, const char *value);

/* Text that may stand in a header: nothing but printable ASCII. */
bool lb_aws_is_header_value(const char *text);

/* The token in a file, without blanks at its end, in the arena. */
enum lb_err lb_aws_read_token(struct lb_aws_fetch *fetch, const char *path, const char **ret_token,
			      struct lb_error *error) LB_MUST_CHECK;

/* Fails with what the answer refuses with: "AccessDenied: the reason (HTTP 403)". */
enum lb_err lb_aws_fail_refusal(const struct lb_aws_answer *answer,
				const struct lb_aws_refusal *refusal, struct lb_error *error);
enum lb_err lb_aws_fail_status(const struct lb_aws_answer *answer, struct lb_error *error);

/* These credentials are what comes next: for the next role, or as the result. */
void lb_aws_fetch_take_over(struct lb_aws_fetch *fetch, struct lb_aws_session session);

#endif
