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

enum lb_launch_result {
	LB_LAUNCH_FORKED,  /* supervisor and report are set; report brings one lb_command_report */
	LB_LAUNCH_CLAIMED, /* the token has its run already; job is set */
	LB_LAUNCH_FAILED,  /* outcome and error are set */
};

/* report: descriptor to read from, non-blocking, owned by the caller.
 * job: its pid, 0: unknown. */
struct lb_command_launched {
	enum lb_launch_result result;
	pid_t supervisor;
	int report;
	int64_t job;
	enum lb_submit_outcome outcome;
	struct lb_error error;
};

/* Prepare the run's directory and fork the supervisor. Blocks for file access;
 * any thread. */
struct lb_command_launched lb_command_launch(struct lb_command_start *start);

#endif
