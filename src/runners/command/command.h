/* command.h: the runner that starts local programs, exactly once per token.
 *
 * Each run has a directory of its own below runs_directory; a supervisor process
 * that outlives lakebeat claims the token there (O_EXCL, fsynced) before it
 * starts the program, and leaves the exit status there. docs/command-runner.md. */
#ifndef LB_RUNNERS_COMMAND_H
#define LB_RUNNERS_COMMAND_H

#include "base/log.h"
#include "ports/runner.h"

#include <uv.h>

/* name:           in the settings. Copied, as all texts.
 * argv:           NULL-ended template; `{trigger_job_id}` and `{trigger_job_name}`
 *                 in an item are replaced. Never a shell. NULL when only jobs name one.
 * job_argvs:      per trigger_job_id, before argv.
 * runs_directory: where runs keep claim, events, output and exit status; created
 *                 with mode 0700.
 * working_directory: of the jobs, NULL: lakebeat's own.
 * max_parallel:   as in ports/runner.h. */
struct lb_command_job {
	const char *trigger_job_id;
	const char *const *argv;
};

struct lb_command_options {
	const char *name;
	const char *const *argv;
	const struct lb_command_job *jobs;
	size_t job_count;
	const char *runs_directory;
	const char *working_directory;
	int max_parallel;
};

/* Errors: NOMEM, INVALID (empty argv, unknown placeholder), IO (runs_directory). */
enum lb_err lb_command_runner_create(uv_loop_t *loop, const struct lb_command_options *options,
				     const struct lb_log *log, struct lb_runner **ret_runner,
				     struct lb_error *error) LB_MUST_CHECK;

#endif
