/* service.h: the job service, as the Jobs API behaves: it accepts, refuses, loses
 * requests and replies, starts one run per token, and its runs succeed, fail, hang,
 * are skipped or deleted. */
#ifndef LB_TESTS_SIM_SERVICE_H
#define LB_TESTS_SIM_SERVICE_H

#include "base/time.h"
#include "ports/runner.h"
#include "sim/plan.h"

#include <stdbool.h>

struct sim_world;
struct sim_node;
struct sim_file;
struct sim_ending;

/* What a lakebeat asked to be started, kept for as long as the world lasts.
 * event_count: how many events it told. files: those of them that still count.
 * node: whose it is. Of runner_databricks.c: done, data: the submission's own. status: of the
 * latest answer that reached it, 0: none did. */
struct sim_order {
	char token[LB_TOKEN_LENGTH + 1];
	size_t job;
	int64_t run_no;
	int attempt;
	size_t event_count;
	struct sim_node *node;
	void (*done)(struct lb_submission *submission);
	void *data;
	int status;
	size_t file_count;
	struct sim_file *files[];
};

/* over: it is not running any more. outcome: SUCCEEDED, FAILED or CANCELED. number:
 * what the service calls it. released: lakebeat was told by `complete` that it is
 * over, and may start the next. ending: how the workspace puts it; deleted: it does not
 * know of it any more. */
struct sim_service_run {
	char token[LB_TOKEN_LENGTH + 1];
	size_t job;
	int64_t run_no;
	int attempt;
	int64_t number;
	bool over;
	bool released;
	enum lb_run_state outcome;
	int64_t ended_at_us;
	const char *message;
	const struct sim_ending *ending;
	bool deleted;
};

/* runs: all that ever were; orders: likewise, oldest first; owned. tokens: how many access
 * tokens the workspace gave out, valid_from: the first of them that is good. */
struct sim_service {
	struct sim_service_run **runs;
	size_t count;
	size_t capacity;
	struct sim_order **orders;
	size_t order_count;
	size_t order_capacity;
	int64_t tokens;
	int64_t valid_from;
};

void sim_service_finish(struct sim_service *service);

/* NULL: there is none. */
struct sim_service_run *sim_service_find(const struct sim_service *service, const char *token);

/* A lakebeat asks for a run, which is held against the tables. Borrowed. */
struct sim_order *sim_service_order(struct sim_node *node, struct lb_submission *submission);

/* The latest order of a token, from node, or with NULL from anybody; NULL: nobody asked
 * with it. */
struct sim_order *sim_service_order_of(const struct sim_service *service, const char *token,
				       const struct sim_node *node);

/* The run begins. */
struct sim_service_run *sim_service_start(struct sim_world *world, const struct sim_order *order);

/* Every run that hangs comes to its end; those that start from now on take no longer
 * than this. */
#define SIM_HEALED_RUN_US (10 * LB_MINUTE)
void sim_service_heal(struct sim_world *world);

#endif
