/* command.h: the runner that starts local programs, exactly once per token.
 *
 * Each run has a directory of its own below runs_directory; a supervisor process
 * that outlives lakebeat claims the token there (an exclusive link, fsynced)
 * before it starts the program, and leaves the exit status there. The whole
 * mechanism is docs/command-runner.md. */
#ifndef LB_RUNNERS_COMMAND_H
#define LB_RUNNERS_COMMAND_H

#include "ports/runner.h"

#include <uv.h>

/* The command of one job. argv: NULL-ended template; NULL: as the options have it. */
struct lb_command_job {
	const char *trigger_job_id;
	const char *const *argv;
};

/* name:           in the settings. Copied, as all texts.
 * argv:           NULL-ended template; `{trigger_job_id}` and `{trigger_job_name}`
 *                 in an item are replaced; `{{word}}` stands for `{word}`, and `${word}`
 *                 stays as it is. Never a shell. NULL when only jobs name one.
 * jobs:           per trigger_job_id, before argv.
 * runs_directory: where runs keep claim, events, output and exit status; created
 *                 with mode 0700 where it is missing.
 * working_directory: of the jobs, NULL: lakebeat's own.
 * max_parallel:   as in ports/runner.h.
 * keep_us:        how long the directories of ended runs are kept; 0: for ever. */
struct lb_command_options {
	const char *name;
	const char *const *argv;
	const struct lb_command_job *jobs;
	size_t job_count;
	const char *runs_directory;
	const char *working_directory;
	int max_parallel;
	int64_t keep_us;
};

/* loop: borrowed; after destroy it must turn until the runner's handles are closed.
 * Errors: NOMEM, INVALID (empty argv, unknown placeholder), IO (runs_directory). */
enum lb_err lb_command_runner_create(uv_loop_t *loop, const struct lb_command_options *options,
				     struct lb_runner **ret_runner,
				     struct lb_error *error) LB_MUST_CHECK;

/* For main, before anything else: a supervisor replaces lakebeat's memory image
 * by running the program anew, as `lakebeat __supervise …`. Returns -1 when this
 * is not such a process, otherwise the status to exit with. A program that never
 * calls it works as well, but its supervisors keep their copy of its memory. */
int lb_command_supervise_main(int argc, char **argv);

#endif
