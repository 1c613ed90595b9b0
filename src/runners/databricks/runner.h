/* runner.h: the databricks runner from inside; shared by databricks.c (its life
 * and its queues), submit.c, poll.c and revive.c. Threads: the loop's. */
#ifndef LB_RUNNERS_DATABRICKS_RUNNER_H
#define LB_RUNNERS_DATABRICKS_RUNNER_H

#include "runners/databricks/call.h"
#include "runners/databricks/databricks.h"
#include "runners/databricks/rate.h"

/* Stands for the number of a run that was started and deleted before its number came. */
#define LB_DATABRICKS_DELETED_RUN "deleted"

struct lb_databricks_start;
struct lb_databricks_inquiry;
struct lb_databricks_revival;

/* submissions, polls: asked for, not begun; in order.
 * starts, inquiries, revivals: on their way.
 * looks: that were taken at failed runs.
 * waiter: for credentials, while submissions wait for them.
 * alarm: begins what waits, at the loop's next turn or as the rate allows.
 * gone: of a function that calls others back and goes on; NULL: none does. */
struct lb_databricks_runner {
	struct lb_runner base;
	char *name;
	struct lb_databricks_credentials credentials;
	struct lb_databricks_workspace workspace;
	struct lb_databricks_rate rate;
	bool job_parameters;
	bool queue;
	struct lb_submission *submissions;
	struct lb_submission **submissions_end;
	struct lb_poll *polls;
	struct lb_poll **polls_end;
	struct lb_databricks_start *starts;
	struct lb_databricks_inquiry *inquiries;
	struct lb_databricks_revival *revivals;
	size_t looks;
	struct lb_databricks_waiter waiter;
	struct lb_alarm alarm;
	bool *gone;
};

/* Calls submission->done at once. failure: why there are no credentials. */
void lb_databricks_decline(struct lb_submission *submission,
			   const struct lb_databricks_reply *failure);

/* The run's number there, 0: it has none. */
int64_t lb_databricks_run_id(const struct lb_run *run);

static inline bool lb_databricks_has_failed(const struct lb_run *run)
{
	return run->state == LB_RUN_FAILED || run->state == LB_RUN_CANCELED;
}

/* Calls submission->done, now or later. */
void lb_databricks_start(struct lb_databricks_runner *runner, struct lb_submission *submission);

/* Asks about the runs that are not over. Calls lb_databricks_revive, now or later, or
 * poll->done when the workspace does not answer. */
void lb_databricks_inquire(struct lb_databricks_runner *runner, struct lb_poll *poll);

/* Asks whether those that failed were made good since. Calls poll->done, now or later. */
void lb_databricks_revive(struct lb_databricks_runner *runner, struct lb_poll *poll);

/* For destroy: nobody is answered any more. */
void lb_databricks_forget_starts(struct lb_databricks_runner *runner);
void lb_databricks_forget_inquiries(struct lb_databricks_runner *runner);
void lb_databricks_forget_revivals(struct lb_databricks_runner *runner);

#endif
