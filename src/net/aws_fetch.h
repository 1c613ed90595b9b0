/* aws_fetch.h: one walk from a plan to the credentials that it leads to.
 *
 * It makes no request itself: it says which one is next, and takes the answer.
 *
 *     start ──► next ──► a call to make ──► take ──► next ──► … ──► done
 *
 * Instance metadata takes three calls (a token, the role's name, its keys), a
 * container, a program and web identity one, and each role to assume one more.
 * Defined in the Amazon EC2 User Guide, "Use the Instance Metadata Service"; the
 * AWS SDKs and Tools Reference Guide, "Container credential provider" and
 * "Process credential provider"; the AWS Security Token Service API Reference.
 *
 * Threads: one at a time. No message shows a key or a token. */
#ifndef LB_NET_AWS_FETCH_H
#define LB_NET_AWS_FETCH_H

#include "net/aws_chain.h"
#include "net/aws_clock.h"
#include "net/aws_reply.h"

enum lb_aws_step {
	LB_AWS_STEP_WEB_IDENTITY,
	LB_AWS_STEP_PROCESS,
	LB_AWS_STEP_CONTAINER,
	LB_AWS_STEP_INSTANCE_TOKEN,
	LB_AWS_STEP_INSTANCE_ROLE,
	LB_AWS_STEP_INSTANCE_KEYS,
	LB_AWS_STEP_ASSUME_ROLE,
	LB_AWS_STEP_DONE,
};

/* An HTTP request to make, or if argv is not NULL, a program to run, which
 * prints the answer's body; all in the fetch's arena. headers, body: hold
 * secrets. local: to an address on this machine, so never through a proxy.
 * what: whom it asks, for messages. */
struct lb_aws_call {
	const char *const *argv;
	const char *method;
	const char *url;
	struct lb_sigv4_field_list headers;
	const char *body;
	size_t body_length;
	int64_t timeout_us;
	bool local;
	char what[LB_AWS_DESCRIPTION_MAX];
};

/* What came back. date: that header, or NULL. body: not ended by NUL. */
struct lb_aws_answer {
	int status;
	const char *date;
	const char *body;
	size_t length;
};

/* session: the credentials so far; those to use when step is DONE.
 * description: the plan's, and what was learnt on the way. */
struct lb_aws_fetch {
	struct lb_aws_clock *clock;
	struct lb_aws_profiles profiles;
	struct lb_aws_plan plan;
	enum lb_aws_step step;
	struct lb_aws_session session;
	size_t roles_assumed;
	const char *instance_token;
	const char *instance_role;
	bool clock_tried;
	struct lb_aws_call call;
	struct lb_arena arena;
	char description[LB_AWS_DESCRIPTION_MAX];
};

/* Reads the files, unless the settings have keys, and decides. settings, environment: borrowed
 * until finish. clock: borrowed; set right when a service says that it is wrong. On error
 * *ret_fetch is finished. Errors: as lb_aws_profiles_read, lb_aws_chain_decide. */
enum lb_err lb_aws_fetch_start(const struct lb_aws_settings *settings,
			       const struct lb_aws_environment *environment,
			       struct lb_aws_clock *clock, struct lb_aws_fetch *ret_fetch,
			       struct lb_error *error) LB_MUST_CHECK;

/* Fills fetch->call, unless the step is DONE: then sees that the credentials
 * have not expired. now_us: this machine's time. Errors: a file of a token as
 * lb_secret_read_file, INVALID, NOMEM, UNAVAILABLE (expired). */
enum lb_err lb_aws_fetch_next(struct lb_aws_fetch *fetch, int64_t now_us,
			      struct lb_error *error) LB_MUST_CHECK;

/* Takes the call's answer and goes a step on; nothing to take when DONE. Errors: REFUSED (the
 * service says no), NOT_FOUND (the instance has no role), UNSUPPORTED (instance metadata of version
 * 1 only), UNAVAILABLE (5xx, throttled), CORRUPT, NOMEM. */
enum lb_err lb_aws_fetch_take(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
			      int64_t now_us, struct lb_error *error) LB_MUST_CHECK;

/* The call had no answer, for this reason: fails with it, and says who was
 * asked, and for instance metadata why. */
enum lb_err lb_aws_fetch_lost(const struct lb_aws_fetch *fetch, const struct lb_error *reason,
			      struct lb_error *error);

/* Leaves no trace in memory. Zeroed is fine. */
void lb_aws_fetch_finish(struct lb_aws_fetch *fetch);

#endif
