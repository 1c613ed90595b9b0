/* world.h: one simulated world: upstreams that deliver, a place where files lie,
 * lakebeats that watch it, a job service, people, and the tables in the middle.
 *
 * Everything happens in events on a virtual clock, one after the other. Whoever
 * finds a promise broken calls sim_fail; the world stops before its next event. */
#ifndef LB_TESTS_SIM_WORLD_H
#define LB_TESTS_SIM_WORLD_H

#include "sim/agenda.h"
#include "sim/arrivals.h"
#include "sim/bucket.h"
#include "sim/ledger.h"
#include "sim/node.h"
#include "sim/plan.h"
#include "sim/random.h"
#include "sim/service.h"
#include "sim/tables.h"
#include "sim/trace.h"
#include "sim/view.h"

/* 2025-11-23T06:00:00Z: what the world's wall clock shows at its beginning. */
#define SIM_BEGIN_US ((int64_t)1763877600 * 1000000)

/* What a world went through, for the report. */
struct sim_totals {
	uint64_t events;
	uint64_t files;
	uint64_t crashes;
	uint64_t faults;
	uint64_t commits;
	uint64_t runs;
	uint64_t deeds;
	int64_t time_us;
};

/* now_us: since the beginning. exchanges: on their way over wires. view: the tables as they were
 * after the last commit. failed_check: the name of the broken promise; NULL: none is. */
struct sim_world {
	uint64_t seed;
	struct sim_plan plan;
	struct sim_random random;
	struct sim_trace trace;
	struct sim_agenda agenda;
	int64_t now_us;
	bool healing;
	struct sim_tables tables;
	struct sim_bucket bucket;
	struct sim_arrivals arrivals;
	struct sim_exchange *exchanges;
	struct sim_service service;
	struct sim_node nodes[SIM_NODES_MAX];
	struct sim_view view;
	struct sim_ledger ledger;
	struct sim_totals totals;
	const char *failed_check;
	char failure[512];
};

enum sim_store_kind { SIM_STORE_MEMORY, SIM_STORE_SQLITE };

/* seed: which world. trace_out: where its story goes, or NULL. */
struct sim_world *sim_world_create(uint64_t seed, enum sim_store_kind kind, FILE *trace_out);
void sim_world_destroy(struct sim_world *world);

/* Live through so much time with troubles, then heal and come to rest; false
 * when a promise was broken. */
bool sim_world_run(struct sim_world *world, int64_t duration_us);

/* The wall clock of somebody whose clock is right. */
int64_t sim_wall(const struct sim_world *world);

/* happen(world, data) in delay_us. data: by malloc, happen's own; may be NULL. */
void sim_later(struct sim_world *world, int64_t delay_us, void (*happen)(void *world, void *data),
	       void *data);

/* How long a call takes, drawn anew each time. */
int64_t sim_latency(struct sim_world *world);

/* Does this trouble strike now? Counted as a fault when it does. */
bool sim_strikes(struct sim_world *world, uint32_t per_million);

/* A line of the story. */
#define sim_tell(world, ...) sim_trace_line(&(world)->trace, (world)->now_us, __VA_ARGS__)

/* The promise of that name is broken. The first failure is kept. */
void sim_fail(struct sim_world *world, const char *check, const char *format, ...) LB_PRINTF(3, 4);

#endif
