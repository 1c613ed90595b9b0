/* fake_runner.h: ports/runner.h from a script, in memory.
 *
 * A fake_world is what exists outside of lakebeat: runs by token. It survives a
 * "crash", that is destroying a runner and creating another on the same world,
 * and several runners may work on one world. Nothing happens inside submit or
 * poll: the test pumps, so every interleaving can be written down.
 *
 * Whatever the script says, a token that has a run is never started again:
 * ACCEPT, REFUSE and LOSE_REPLY all find the run that is there. */
#ifndef LB_TESTS_FAKE_RUNNER_H
#define LB_TESTS_FAKE_RUNNER_H

#include "ports/runner.h"

#include <stdbool.h>
#include <stddef.h>

enum fake_answer {
	FAKE_ACCEPT,     /* the run starts; also when the script is empty */
	FAKE_REFUSE,     /* a definite no */
	FAKE_NO_ANSWER,  /* nothing starts, and the caller cannot know it */
	FAKE_LOSE_REPLY, /* the run starts, but the caller learns nothing */
};

/* The reply to one submission. retry_after_us, message: 0, NULL for none. */
struct fake_reply {
	enum fake_answer answer;
	int64_t retry_after_us;
	const char *message;
};

/* One token that was asked for. requests: how often; started: a run exists.
 * order: 1 for the world's first start, 2 for the next … (0: not started).
 * events, parameters: copies of the newest request's. */
struct fake_run {
	char token[LB_TOKEN_LENGTH + 1];
	const char *trigger_job_id;
	const char *trigger_job_name;
	const char *external_id;
	int64_t run_no;
	int attempt;
	size_t requests;
	bool started;
	size_t order;
	enum lb_run_state state;
	const char *message;
	int64_t ended_at_us;
	struct lb_event_list events;
	struct lb_parameter_list parameters;
};

struct fake_run_list LB_LIST_OF(struct fake_run);

struct fake_world;

/* Out of memory ends the test program; so no errors here. */
struct fake_world *fake_world_create(void);
void fake_world_destroy(struct fake_world *world);

/* The next submissions to be pumped get these replies, one each, in order.
 * reply.message is copied. */
void fake_world_script(struct fake_world *world, struct fake_reply reply);

/* While blind, polls find nothing out (known is false), and say why. why: lives as
 * long; NULL: not blind any more. */
void fake_world_set_blind(struct fake_world *world, const char *why);

/* All tokens ever asked for, in order of their first request. Borrowed until
 * the next pump. */
const struct fake_run_list *fake_world_runs(const struct fake_world *world);
/* NULL when nobody asked. */
const struct fake_run *fake_world_find(const struct fake_world *world, const char *token);
/* The job's newest started run; NULL when it has none. */
const struct fake_run *fake_world_newest(const struct fake_world *world,
					 const char *trigger_job_id);
/* How many runs the job was started with. */
size_t fake_world_starts(const struct fake_world *world, const char *trigger_job_id);

/* The run ends, once more if it is made good; the next pump of a runner calls its on_activity.
 * False when no run was started under token. message: copied, may be NULL. */
bool fake_world_end(struct fake_world *world, const char *token, enum lb_run_state state,
		    const char *message, int64_t ended_at_us);

/* world: borrowed. name: copied. Destroyed through its impl, like every runner. */
struct lb_runner *fake_runner_create(struct fake_world *world, const char *name);

/* Perform and answer the oldest request, or notice an end; false: nothing to do.
 * The runner may be destroyed by the callback. */
bool fake_runner_pump(struct lb_runner *runner);

/* Requests that wait to be pumped. */
size_t fake_runner_pending(const struct lb_runner *runner);

#endif
