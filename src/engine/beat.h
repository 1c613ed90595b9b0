/* beat.h: one transaction: fold in what was observed, decide, record what to do
 * next. The heart of lakebeat's shell: loads the jobs concerned, asks the pure
 * core, saves. Effects are performed by the caller, after the commit only. */
#ifndef LB_ENGINE_BEAT_H
#define LB_ENGINE_BEAT_H

#include "engine/observation.h"
#include "ports/store.h"

/* How the settings treat a job. policy_of: never fails; texts outlive the beat. */
struct lb_policies {
	struct lb_policy (*policy_of)(const void *data, const char *trigger_job_id);
	const void *data;
};

/* A run to be submitted now, with all that its runner needs. */
struct lb_due_run {
	struct lb_run run;
	const char *trigger_job_name;
	struct lb_event_list events;
};

struct lb_due_run_list LB_LIST_OF(struct lb_due_run);

/* A runner as the beat needs to know it. in_flight: tokens whose submission is
 * under way in this process, sorted; they are not handed out again. */
struct lb_beat_runner {
	const char *name;
	int max_parallel;
	const char *const *in_flight;
	size_t in_flight_count;
};

/* At most so many runs are handed out per runner and beat; more follow in the
 * next. */
#define LB_BEAT_DUE_MAX 256

/* In: everything up to runner_count. random: feeds backoff's jitter.
 * sweep:     look at every job something may have to be done for, not only at
 *            those observed (after a start, a scan, an edit by somebody else).
 * plan_runs: false leaves ready jobs alone and hands out no due run.
 * who:       for the audit log; a command brings its own.
 * Out, in arena: due, oldest first; more_due: LB_BEAT_DUE_MAX cut the list;
 * wake_at_us: when the next planned run is due, INT64_MAX: none; audits: what
 * was saved, for the log. */
struct lb_beat {
	const struct lb_observation_list *observations;
	const struct lb_policies *policies;
	int64_t now_us;
	uint32_t random;
	bool sweep;
	bool plan_runs;
	const char *who;
	const struct lb_beat_runner *runners;
	size_t runner_count;

	struct lb_arena arena;
	struct lb_due_run_list due;
	bool more_due;
	int64_t wake_at_us;
	size_t new_events;
	size_t runs_planned;
	struct lb_audit_list audits;
};

/* Errors: those of the store; then nothing was changed (but see transact about
 * UNAVAILABLE) and the same observations may be given again. beat->arena is the
 * caller's to finish, after success and after an error. Blocks: call on a worker. */
enum lb_err lb_beat_run(struct lb_store *store, struct lb_beat *beat,
			struct lb_error *error) LB_MUST_CHECK;

#endif
