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

/* over: it is not running any more. outcome: SUCCEEDED, FAILED or CANCELED. number:
 * what the service calls it. released: lakebeat was told by `complete` that it is
 * over, and may start the next. */
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
};

/* runs: all that ever were; owned. */
struct sim_service {
	struct sim_service_run **runs;
	size_t count;
	size_t capacity;
};

void sim_service_finish(struct sim_service *service);

/* NULL: there is none. */
struct sim_service_run *sim_service_find(const struct sim_service *service, const char *token);

/* The runner of a lakebeat that speaks to the service. Its requests reach the
 * service even if it dies meanwhile; the replies do not reach it then. */
extern const struct lb_runner_impl sim_service_runner;

/* Every run that hangs comes to its end; those that start from now on take no longer
 * than this. */
#define SIM_HEALED_RUN_US (10 * LB_MINUTE)
void sim_service_heal(struct sim_world *world);

#endif
