/* world.h: the jobs and runs of a stand-in workspace, and its clock.
 *
 * Pure memory: no HTTP and no JSON but the parameters that pass through. Time is
 * the workspace's own, in milliseconds since 1970; it runs, or stands still
 * until it is advanced. What happens as time passes happens in its order, when
 * world_settle is called.
 *
 * What the service is documented to do: a run that a job has no room for is
 * queued or skipped; a token that was used gives its run, also when that is over;
 * runs are removed 60 days after their end. What is not documented: that queued runs
 * start in the order of their coming.
 *
 * One thread. */
#ifndef LB_TESTS_WORKSPACE_WORLD_H
#define LB_TESTS_WORKSPACE_WORLD_H

#include "support/workspace/outcome.h"

#define JOBS_MAX 10000
#define RUNS_MAX 1000000

/* More than a double can tell apart, as real ids may be. Task runs have ids of their own. */
#define FIRST_RUN_ID INT64_C(9007199254740993)
#define RUN_ID_STEP 2

/* In the order of what they allow. */
enum permission { PERMISSION_NONE, PERMISSION_VIEW, PERMISSION_MANAGE_RUN, PERMISSION_OWNER };

struct outcome_list LB_LIST_OF(const struct outcome *);

/* parameters: the job's own, an object of texts; a reference is held.
 * outcomes: of its runs, in order; the last one of all further runs.
 * cancel_ms: how long a run takes to end that is canceled.
 * continuous: the pause_status of its continuous mode; NULL: it has none.
 * running: runs that have room; first_queued: those that wait. */
struct job {
	int64_t id;
	const char *name;
	int64_t created_ms;
	int64_t setup_ms;
	int64_t duration_ms;
	int64_t cancel_ms;
	int max_concurrent_runs;
	bool queue;
	enum permission permission;
	const char *continuous;
	json_t *parameters;
	struct outcome_list outcomes;
	size_t next_outcome;
	int running;
	struct run *first_queued;
	struct run *last_queued;
};

enum phase { PHASE_QUEUED, PHASE_ADMITTED, PHASE_ENDED };

/* job: lives as long as the world, also when it is deleted.
 * token: NULL: started without.
 * begins_ms: when its setup begins; ends_ms: when it is over.
 * canceled_ms: 0: it is not.
 * parameters: of run-now's job_parameters, as JSON text; NULL: none.
 * asked: how many requests it is the answer to; 0: somebody else started it.
 * repairs: how often it was repaired.
 * place: where it stands in the world's `ended`. */
struct run {
	int64_t id;
	struct job *job;
	const char *token;
	const char *parameters;
	const struct outcome *outcome;
	enum phase phase;
	int64_t created_ms;
	int64_t begins_ms;
	int64_t ends_ms;
	int64_t canceled_ms;
	int64_t asked;
	int repairs;
	bool deleted;
	size_t place;
	struct run *next_queued;
};

struct job_list LB_LIST_OF(struct job *);
struct run_list LB_LIST_OF(struct run *);

struct due {
	int64_t at_ms;
	struct run *run;
};
struct due_list LB_LIST_OF(struct due);

/* jobs: by id. runs: by id, as they came. ended: in the order of their ends; an
 * entry whose run has another place is void.
 * oldest_active: all runs before this one are over.
 * active: how many are not over.
 * tokens: token → index in runs.
 * deduplicated: requests that found their run; bodies_changed: those among them
 * with other parameters than at first. */
struct world {
	struct lb_arena arena;
	struct job_list jobs;
	struct run_list runs;
	struct run_list ended;
	struct due_list due;
	size_t oldest_active;
	size_t active;
	json_t *tokens;
	int64_t deduplicated;
	int64_t bodies_changed;
	bool clock_runs;
	int64_t clock_base_ms;
	int64_t clock_since_ms;
};

void world_init(struct world *world);
void world_finish(struct world *world);

int64_t world_now_ms(const struct world *world);
/* advance_ms: at least 0. */
void world_set_clock(struct world *world, bool runs, int64_t advance_ms);
/* Lets happen what is due by now. */
void world_settle(struct world *world);

/* NULL: there is none. */
struct job *world_job(const struct world *world, int64_t id);
/* A new one with the usual settings, or the one there is; NULL: too many. */
struct job *world_make_job(struct world *world, int64_t id);
/* Its max_concurrent_runs is another now: what waits and has room begins. */
void world_make_room(struct world *world, struct job *job);
void world_delete_job(struct world *world, int64_t id);

/* NULL: there is none, or no more. */
struct run *world_run(const struct world *world, int64_t id);
bool world_run_exists(const struct world *world, const struct run *run);

/* A run by its token, also a deleted one. NULL: the token is new. */
struct run *world_run_of_token(const struct world *world, const char *token);

/* token, parameters: copied; NULL: none. queue: whether it may wait.
 * NULL: the world is full. */
struct run *world_start(struct world *world, struct job *job, const char *token,
			const char *parameters, bool queue);

/* Does nothing when it is over. */
void world_cancel(struct world *world, struct run *run);
/* Over now, so. */
void world_end(struct world *world, struct run *run, const struct outcome *outcome);
/* Of one that is over: it runs again, to its job's next outcome. */
void world_repair(struct world *world, struct run *run);
/* Of any; one that is not over leaves its room to others. */
void world_delete(struct world *world, struct run *run);

/* The index in `runs`. */
size_t world_index(const struct run *run);

#endif
