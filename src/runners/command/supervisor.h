/* supervisor.h: the process that stands between lakebeat and one job.
 *
 * It is split off with vfork, so that a job starts within a millisecond however
 * much memory lakebeat has; claims the token; starts the program; tells lakebeat
 * through a pipe; then becomes `lakebeat __supervise …`, waits for the job and
 * records its exit. Killing lakebeat at any point does not touch it.
 *
 * Until that exec it runs in lakebeat's memory, with the thread that split it off
 * standing still: only async-signal-safe functions, and nothing but its own stack
 * may be written. */
#ifndef LB_RUNNERS_COMMAND_SUPERVISOR_H
#define LB_RUNNERS_COMMAND_SUPERVISOR_H

#include "runners/command/record.h"

#include <stdbool.h>
#include <stdint.h>

/* All that the child needs, prepared before the fork; borrowed.
 * directory, output, null, report: descriptors: the run's directory, its output
 *   opened for appending, /dev/null, the pipe's end for one lb_command_report.
 * run_path:   the run's directory, absolute: for `ps`.
 * program:    as configured, for messages.
 * executable: what to exec; NULL: executable_errno says why there is nothing. */
struct lb_command_launch {
	int directory;
	int output;
	int null;
	int report;
	const char *run_path;
	const char *program;
	const char *executable;
	int executable_errno;
	char *const *argv;
	char *const *envp;
	const char *working_directory;
};

enum lb_command_outcome {
	LB_CLAIMED,        /* by this supervisor: the run exists */
	LB_CLAIMED_BEFORE, /* by another one: the run exists */
	LB_NOT_CLAIMED,    /* by nobody: step and number say why */
};

/* One write into a pipe, so one read. job: its pid, 0 when it did not start. */
struct lb_command_report {
	enum lb_command_outcome outcome;
	enum lb_command_step step;
	int number;
	pid_t job;
};

/* Whether a supervisor will be able to become a program of its own; if not it
 * must be split off by fork, and keeps a copy of lakebeat's memory. */
bool lb_command_can_renew(void);

/* The child's life, right after vfork or fork, with all signals blocked. */
_Noreturn void lb_command_supervise(const struct lb_command_launch *launch);

#endif
