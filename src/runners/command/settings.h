/* settings.h: a runner's own copy of its options, and the argv of a job. */
#ifndef LB_RUNNERS_COMMAND_SETTINGS_H
#define LB_RUNNERS_COMMAND_SETTINGS_H

#include "runners/command/command.h"

/* Texts live in arena. jobs: sorted by trigger_job_id.
 * runs_path: absolute; runs: its descriptor, kept open, so that a file system
 * that is unmounted or replaced under the path cannot make claims disappear. */
struct lb_command_settings {
	struct lb_arena arena;
	const char *name;
	const char *const *argv;
	struct lb_command_job *jobs;
	size_t job_count;
	const char *working_directory;
	const char *runs_path;
	int runs;
};

/* Errors as lb_command_runner_create. Safe to finish whatever it returns. */
enum lb_err lb_command_settings_init(struct lb_command_settings *settings,
				     const struct lb_command_options *options,
				     struct lb_error *error) LB_MUST_CHECK;

void lb_command_settings_finish(struct lb_command_settings *settings);

/* The template for trigger_job_id; NULL: none. */
const char *const *lb_command_settings_argv(const struct lb_command_settings *settings,
					    const char *trigger_job_id);

#endif
