/* lifecycle.h: how a trigger job moves from event to run to end.
 *
 *   NULL ──event──► NEW_EVENT_AVAILABLE ──accepted──► IN_PROGRESS ──success──► COMPLETED
 *                        ▲      │                         │                        │
 *                        │      └── refused: stays        └─failure─► FAILED       │
 *                        └──────────────── event ──────────────────────────────────┘
 *
 * Each function applies one observation to one job: it changes *job, appends
 * what is to be saved to *changes, and reports in the audit list what moved and
 * why. Call lb_job_settle once at the end; it takes up events and plans runs.
 * Applying an observation twice changes nothing the second time. Pure: time is
 * an argument, no clock, no I/O. The only error is LB_NOMEM unless said; after
 * an error throw *job and *changes away. */
#ifndef LB_CORE_LIFECYCLE_H
#define LB_CORE_LIFECYCLE_H

#include "core/changes.h"
#include "core/job.h"

/* The runner accepted the run: it is SUBMITTED, all rows are IN_PROGRESS.
 * external_id, url: copied; may be NULL. started_at_us: by the runner's word. */
enum lb_err lb_job_run_accepted(struct lb_job *job, const char *token, const char *external_id,
				const char *url, int64_t now_us, struct lb_changes *changes,
				struct lb_error *error) LB_MUST_CHECK;

/* The run stays PLANNED and is tried again, with the same token, not before
 * next_try_at_us. refused: a definite no (message says why), else no answer. */
enum lb_err lb_job_run_not_accepted(struct lb_job *job, const char *token, bool refused,
				    const char *message, int64_t next_try_at_us, int64_t now_us,
				    struct lb_changes *changes,
				    struct lb_error *error) LB_MUST_CHECK;

/* The run is over: state is SUCCEEDED, FAILED or CANCELED. A run that never was
 * seen accepted counts as accepted first. SUCCEEDED revives a job that is FAILED
 * by this very run, which was made good since: as if it had never failed. */
enum lb_err lb_job_run_ended(struct lb_job *job, const char *token, enum lb_run_state state,
			     const char *message, int64_t ended_at_us, int64_t now_us,
			     struct lb_changes *changes, struct lb_error *error) LB_MUST_CHECK;

/* What a command did, in a sentence for its user. */
struct lb_answer {
	bool changed;
	const char *text; /* in changes' arena */
};

/* `lakebeat complete JOB`: ends the run in flight as SUCCEEDED, or revives a
 * FAILED job. token: of the run that calls it, or NULL when unknown; a PLANNED
 * run is ended only by its own token, because it may never have started.
 * consume_all: with no run in flight, marks all waiting events as done by hand.
 * Otherwise it changes nothing and the answer says so. */
enum lb_err lb_job_complete(struct lb_job *job, const char *token, bool consume_all, int64_t now_us,
			    struct lb_changes *changes, struct lb_answer *ret_answer,
			    struct lb_error *error) LB_MUST_CHECK;

/* `lakebeat retry JOB`: a FAILED (or stray IN_PROGRESS) job gets a new attempt
 * with the inputs of the run it replaces and what is new; a PLANNED run that
 * waits is tried at once. */
enum lb_err lb_job_retry(struct lb_job *job, int64_t now_us, struct lb_changes *changes,
			 struct lb_answer *ret_answer, struct lb_error *error) LB_MUST_CHECK;

/* `lakebeat pause|resume JOB [--sensor S]`: job_state of the job's rows, or of
 * the rows of one sensor_id. LB_NOT_FOUND: the job has no such row. */
enum lb_err lb_job_set_paused(struct lb_job *job, const char *sensor_id, bool paused,
			      int64_t now_us, struct lb_changes *changes,
			      struct lb_answer *ret_answer, struct lb_error *error) LB_MUST_CHECK;

/* Takes up waiting events and, when plan_runs is set and the job is ready,
 * plans its next run: a PLANNED lb_run with inputs and without token, and
 * `consumed` moved over them. Also gathers the job's changed rows into
 * changes->rows_changed; nothing may change the job after it in this beat. */
enum lb_err lb_job_settle(struct lb_job *job, bool plan_runs, int64_t now_us,
			  struct lb_changes *changes, struct lb_error *error) LB_MUST_CHECK;

#endif
