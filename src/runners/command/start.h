/* start.h: one request to start a run, from its texts to the forked supervisor. */
#ifndef LB_RUNNERS_COMMAND_START_H
#define LB_RUNNERS_COMMAND_START_H

#include "ports/runner.h"
#include "runners/command/supervisor.h"

/* Everything is set before lb_command_launch runs on a worker, so that the
 * submission may be forgotten meanwhile. Texts live in arena.
 * runs:        descriptor of the runs directory.
 * null:        descriptor of /dev/null.
 * events_json: owned.
 * launch:      the texts for the supervisor; launch sets its descriptors and
 *              executable. */
struct lb_command_start {
	struct lb_arena arena;
	int runs;
	int null;
	const char *token;
	char *events_json;
	struct lb_command_launch launch;
};

/* outcome, error: for the submission. supervisor: pid of the new child, 0: none.
 * job: its pid, 0: unknown. */
struct lb_command_launched {
	enum lb_submit_outcome outcome;
	struct lb_error error;
	pid_t supervisor;
	int64_t job;
};

/* Prepare the run's directory, split off the supervisor, and wait for its report.
 * Blocks for file access, a few of them fsyncs; any thread. */
struct lb_command_launched lb_command_launch(struct lb_command_start *start);

#endif
