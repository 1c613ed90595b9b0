/* request.h: one submission on its way, with all it needs once the submission may
 * be gone. */
#ifndef LB_RUNNERS_COMMAND_REQUEST_H
#define LB_RUNNERS_COMMAND_REQUEST_H

#include "runners/command/runner.h"
#include "runners/command/start.h"

/* submission: NULL when it was forgotten. child: for the supervisor, NULL once it
 * is among the runner's children. start: a worker's while launching; launched:
 * set by then. */
struct lb_command_request {
	struct lb_command_request *next;
	struct lb_submission *submission;
	struct lb_command_child *child;
	struct lb_command_start start;
	struct lb_command_launched launched;
};

/* Errors: NOMEM; REFUSED: there is no command for the job, or none that may be run. */
enum lb_err lb_command_request_create(const struct lb_command_runner *runner,
				      struct lb_submission *submission,
				      struct lb_command_request **ret_request,
				      struct lb_error *error) LB_MUST_CHECK;

void lb_command_request_free(struct lb_command_request *request);

#endif
