/* runner.h: what starts trigger jobs, as the engine sees it.
 *
 * Exactly once: submit with one token starts at most one run, however often and
 * from however many lakebeats it is called, also across kill -9.
 * Threads: methods and callbacks on the engine's thread. */
#ifndef LB_PORTS_RUNNER_H
#define LB_PORTS_RUNNER_H

#include "base/error.h"
#include "core/event.h"
#include "core/run.h"

struct lb_runner;

enum lb_submit_outcome {
	LB_SUBMIT_ACCEPTED,   /* the run exists; also when an earlier request made it */
	LB_SUBMIT_REFUSED,    /* a definite no: no run exists under this token */
	LB_SUBMIT_UNANSWERED, /* the run may exist: ask again with the same token */
};

/* What the newest event hands on, by the ACON's schema_dict: "file_name" … */
struct lb_parameter {
	const char *name;
	const char *value;
};

struct lb_parameter_list LB_LIST_OF(struct lb_parameter);

/* One request to start run. The engine owns it until done.
 * run, trigger_job_name, events, parameters: borrowed until done. events: what
 *   the run consumes, in sensor_id and seq order; may be empty.
 * Filled before done: outcome; external_id and url (ACCEPTED; borrowed until
 *   done returns, may be NULL); retry_after_us (0: the engine's own backoff);
 *   error (otherwise): message for people.
 * next: the runner's until done, so that it can answer without memory. */
struct lb_submission {
	const struct lb_run *run;
	const char *trigger_job_name;
	const struct lb_event_list *events;
	const struct lb_parameter_list *parameters;
	void (*done)(struct lb_submission *submission);
	void *data;
	struct lb_submission *next;

	enum lb_submit_outcome outcome;
	const char *external_id;
	const char *url;
	int64_t retry_after_us;
	struct lb_error error;
};

/* What became of one run; of one that had failed, see lb_poll. state: SUBMITTED (still going), or
 * how it ended. known: false when the runner could not find out this time. */
struct lb_run_news {
	const struct lb_run *run;
	bool known;
	enum lb_run_state state;
	const char *message;
	int64_t ended_at_us;
};

struct lb_run_news_list LB_LIST_OF(struct lb_run_news);

/* A question about runs. The engine fills news with one item per run (known
 * false) and keeps all of it alive until done; texts go into arena. next: as in
 * lb_submission.
 * Most runs are SUBMITTED. A runner with a revive_interval_us is also asked about
 * runs that are FAILED or CANCELED, each the latest of its job: known is set for
 * one of them only if it was made good since, with SUCCEEDED, a message that says
 * by what, and when that ended.
 * error: filled before done when something could not be found out, for people;
 * code LB_OK: nothing to say. */
struct lb_poll {
	struct lb_run_news_list news;
	struct lb_arena arena;
	struct lb_error error;
	void (*done)(struct lb_poll *poll);
	void *data;
	struct lb_poll *next;
};

struct lb_runner_impl {
	const char *kind; /* "command": appears in settings and logs */

	/* Ask for run to be started; calls done exactly once, never before
	 * returning. Mandatory. */
	void (*submit)(struct lb_runner *runner, struct lb_submission *submission);

	/* Find out how runs stand; calls done exactly once, never
	 * before returning. Mandatory. */
	void (*poll)(struct lb_runner *runner, struct lb_poll *poll);

	/* Forget requests under way without calling done, free. Runs go on. Mandatory. */
	void (*destroy)(struct lb_runner *runner);
};

/* name:         in the settings; owned by the runner.
 * max_parallel: SUBMITTED runs at a time, 0: any number.
 * poll_interval_us: how often the engine polls while runs are SUBMITTED.
 * revive_interval_us: how often the engine asks about runs that failed, if jobs
 *               are still FAILED by them. 0: the runner cannot tell.
 * on_activity:  set by the engine; the runner calls it when a poll would bring
 *               news (a child ended), so that nobody waits for the interval. */
struct lb_runner {
	const struct lb_runner_impl *impl;
	const char *name;
	int max_parallel;
	int64_t poll_interval_us;
	int64_t revive_interval_us;
	void (*on_activity)(struct lb_runner *runner, void *data);
	void *data;
};

#endif
