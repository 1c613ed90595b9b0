/* runner.h: the command runner from inside; shared by command.c (its life),
 * submit.c and poll.c. Threads: the loop's, but for what is said to be a worker's. */
#ifndef LB_RUNNERS_COMMAND_RUNNER_H
#define LB_RUNNERS_COMMAND_RUNNER_H

#include "runners/command/children.h"
#include "runners/command/command.h"
#include "runners/command/settings.h"

struct lb_command_request;

/* Requests in the order of their submission. */
struct lb_command_queue {
	struct lb_command_request *first;
	struct lb_command_request **end;
};

/* Asked, but not as far as a request, for want of a command or of memory;
 * answered at the loop's next turn. */
struct lb_command_turned_away {
	struct lb_submission *submissions;
	struct lb_poll *polls;
};

/* waiting:     not begun yet.
 * launching:   the batch that the worker has or had; launch_busy: until all of it is settled.
 * children:    supervisors to be waited for.
 * handles:     open handles and work requests; with the last one goes the memory. */
struct lb_command_runner {
	struct lb_runner base;
	struct lb_command_settings settings;
	uv_loop_t *loop;
	int null;
	int64_t keep_us;
	struct lb_command_queue waiting;
	struct lb_command_request *launching;
	bool launch_busy;
	uv_work_t launch_work;
	uv_work_t sweep_work;
	int64_t swept_at_us;
	struct lb_command_children children;
	struct lb_command_turned_away turned_away;
	uv_idle_t next_turn;
	uv_signal_t child_signal;
	size_t handles;
	bool destroyed;
};

struct lb_command_runner *lb_command_runner(struct lb_runner *runner);

/* Something of libuv's has let go of runner. */
void lb_command_runner_release(struct lb_command_runner *runner);

/* Have on_activity called if a supervisor ended. */
void lb_command_runner_notice_ends(struct lb_command_runner *runner);

/* Call done at the loop's next turn. */
void lb_command_runner_turn_away(struct lb_command_runner *runner, struct lb_submission *submission,
				 struct lb_poll *poll);

/* Methods of ports/runner.h. */
void lb_command_submit(struct lb_runner *runner, struct lb_submission *submission);
void lb_command_poll(struct lb_runner *runner, struct lb_poll *poll);

void lb_command_queue_init(struct lb_command_queue *queue);
/* For destroy: no submission is answered any more. */
void lb_command_forget_requests(struct lb_command_runner *runner);

#endif
