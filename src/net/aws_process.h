/* aws_process.h: runs a program that prints credentials (credential_process).
 * Threads: the loop's. */
#ifndef LB_NET_AWS_PROCESS_H
#define LB_NET_AWS_PROCESS_H

#include "net/aws_transport.h"

#include <uv.h>

/* Starts argv[0], looked for in PATH, with no input and its error output thrown
 * away (it may hold secrets). exchange->done gets what it printed, as the body
 * of an answer of status 200, or why there is nothing: it failed, printed more
 * than LB_AWS_REPLY_BYTES_MAX, or took longer than timeout_us and was killed.
 * exchange lives until then, or until cancel. What was printed is zeroed after.
 * Errors: NOT_FOUND or IO (it cannot be started; done is not called), NOMEM. */
enum lb_err lb_aws_process_start(uv_loop_t *loop, const char *const *argv, int64_t timeout_us,
				 struct lb_aws_exchange *exchange,
				 struct lb_error *error) LB_MUST_CHECK;

/* Kills the program; done is not called. */
void lb_aws_process_cancel(struct lb_aws_exchange *exchange);

#endif
