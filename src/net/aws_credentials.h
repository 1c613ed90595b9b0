/* aws_credentials.h: AWS credentials that are there when they are needed.
 *
 * Found in the order of aws_chain.h, asked for once however many want them,
 * renewed five minutes ahead of their expiry. While a renewal fails, it is
 * tried again every half minute, and the old ones serve until they expire. The
 * files of ~/.aws are read anew each time, so what is changed there is taken up.
 *
 * Threads: the loop's. The files are small and local; reading them blocks. */
#ifndef LB_NET_AWS_CREDENTIALS_H
#define LB_NET_AWS_CREDENTIALS_H

#include "net/aws_transport.h"

#include <uv.h>

struct lb_aws_credentials;

/* settings: copied. loop, transport, environment's data: borrowed, outlive the
 * credentials. now: this machine's time in microseconds since 1970. */
struct lb_aws_credentials_options {
	struct lb_aws_settings settings;
	struct lb_aws_environment environment;
	uv_loop_t *loop;
	struct lb_aws_transport *transport;
	int64_t (*now)(void *data);
	void *now_data;
};

/* Somebody who wants credentials, in memory of its own until done or canceled.
 * keys: borrowed until done returns; NULL on an error, which then says what was
 * asked and what to do. Fields below the line are the credentials' own. */
struct lb_aws_waiter {
	void (*done)(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		     const struct lb_error *error);
	void *data;
	/* ---- */
	struct lb_aws_waiter *next;
};

/* Finds out nothing yet. Errors: NOMEM. */
enum lb_err lb_aws_credentials_create(const struct lb_aws_credentials_options *options,
				      struct lb_aws_credentials **ret_credentials,
				      struct lb_error *error) LB_MUST_CHECK;

/* Gives up what is under way; who still waits is not called. Frees itself
 * within the loop's next turns and leaves no trace in memory. NULL is fine. */
void lb_aws_credentials_destroy(struct lb_aws_credentials *credentials);

/* Calls waiter->done once, later: never from within. One who waits already
 * waits on. */
void lb_aws_credentials_get(struct lb_aws_credentials *credentials, struct lb_aws_waiter *waiter);

/* The waiter is not called any more; fine when it does not wait. */
void lb_aws_credentials_cancel(struct lb_aws_credentials *credentials,
			       struct lb_aws_waiter *waiter);

/* A service refused the keys of this id (ExpiredToken, InvalidAccessKeyId): they
 * are not given out again, the next who asks makes that new ones are found. Of
 * keys that have been replaced meanwhile this says nothing. */
void lb_aws_credentials_reject(struct lb_aws_credentials *credentials, const char *access_key_id);

/* The time to sign with: this machine's, set right by what servers said. */
int64_t lb_aws_credentials_now(const struct lb_aws_credentials *credentials);

/* Takes over the Date header of an answer that refused the time of a request
 * (lb_aws_clock_blamed); true: sign anew and try again, once. */
bool lb_aws_credentials_note_date(struct lb_aws_credentials *credentials, const char *date_header);

/* Where the keys come from, "environment variables", "instance metadata, role
 * x"; "" before any were found. Never a secret. */
const char *lb_aws_credentials_description(const struct lb_aws_credentials *credentials);

/* Why the last renewal failed, while the old keys still serve; NULL if it did not. */
const struct lb_error *lb_aws_credentials_problem(const struct lb_aws_credentials *credentials);

/* Where the keys would come from, without asking any server. Errors: as
 * lb_aws_fetch_start. */
enum lb_err lb_aws_credentials_find(const struct lb_aws_settings *settings,
				    const struct lb_aws_environment *environment,
				    char ret_description[static LB_AWS_DESCRIPTION_MAX],
				    struct lb_error *error) LB_MUST_CHECK;

#endif
