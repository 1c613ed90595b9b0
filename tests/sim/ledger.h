/* ledger.h: the promises, held against what happens. Each check has a name:
 *
 *   nothing-lost        every delivery that lies there is consumed by each waiting job
 *   nothing-twice       no delivery is in the event log twice, nor in two runs of a job
 *   whole-files         no event of a file whose writer is not done, or that is no delivery
 *   consumed-by-runs    `consumed` is what the runs took, in order and without a gap
 *   consumed-moves-back `consumed` never does
 *   never-too-early     no run is planned while a hard row is not ready
 *   paused-is-silent    nothing is started that people paused
 *   durable-token       no request before its run and token are in the tables
 *   one-live-run        one run of a job at a time, in the tables and at the service
 *   one-run-per-token   the service has one run per token, and one token per attempt
 *   run-numbers         run numbers and attempts follow each other
 *   true-endings        no run is over in the tables while it goes on at the service, nor
 *                       otherwise than it ended there
 *   true-answers        a run is accepted under its own id, and refused by the service only
 *   rate-of-starts      a lakebeat sends no more requests for starts in a second than it may
 *   whole-requests      a request tells the run's events, all and no others
 *   true-audit          the audit log tells every change of a status, and no others
 *   nothing-stuck       at rest nothing waits that could go on
 *   no-spinning         no alarm in the past, which would make a real loop spin
 *   nothing-leaks       a lakebeat that ends by itself frees all its memory
 *   deleted-when-durable a message is deleted when what it tells is in the event log
 *   heard-at-once       when all is well, what a message tells does not wait for a listing
 *   tables-readable     the tables can be read
 *   orderly-ends        a lakebeat that is to end comes to its end */
#ifndef LB_TESTS_SIM_LEDGER_H
#define LB_TESTS_SIM_LEDGER_H

#include "ports/runner.h"
#include "sim/view.h"

#include <stdbool.h>

struct sim_world;
struct sim_node;
struct sim_store;

/* The newest run of a job, and what it took. */
struct sim_run_entry {
	int64_t run_no;
	int attempt;
	bool took[SIM_SENSORS_MAX];
	int64_t from_seq[SIM_SENSORS_MAX];
	int64_t to_seq[SIM_SENSORS_MAX];
};

/* upto:    how far runs, and people by hand, have taken each sensor's events.
 * joined:  the newest event when the row came; older ones may be forgotten already.
 * forged:  a person set the row's status.
 * by_hand: a person took events away from the job, or the job from its sensor. */
struct sim_ledger {
	int64_t last_run_id;
	struct sim_run_entry latest[SIM_JOBS_MAX];
	int64_t upto[SIM_JOBS_MAX][SIM_SENSORS_MAX];
	int64_t joined[SIM_JOBS_MAX][SIM_SENSORS_MAX];
	int64_t last_seq[SIM_SENSORS_MAX];
	bool forged[SIM_JOBS_MAX][SIM_SENSORS_MAX];
	bool by_hand[SIM_JOBS_MAX];
};

/* A transaction that wrote has been committed. */
void sim_ledger_commit(struct sim_world *world, struct sim_store *store);

/* A lakebeat asks the job service for a run. */
void sim_ledger_request(struct sim_node *node, const struct lb_submission *submission);

/* The world has come to rest. Files that were there before since_us were to be
 * consumed. */
void sim_ledger_rest(struct sim_world *world, int64_t since_us);

#endif
