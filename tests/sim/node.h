/* node.h: one lakebeat: the real engine, core and trigger-file source over simulated
 * ports. It is started, dies at any point where it waits for something, and comes
 * again. What it allocated goes with it. */
#ifndef LB_TESTS_SIM_NODE_H
#define LB_TESTS_SIM_NODE_H

#include "engine/engine.h"
#include "sim/bucket.h"
#include "sim/memory.h"
#include "sim/tables.h"
#include "sim/view.h"

struct sim_world;

#define SIM_STARTS_MAX 8

/* The latest requests for starts that a lakebeat sent, by the virtual clock; count: of
 * all that it ever sent. */
struct sim_starts {
	int64_t at_us[SIM_STARTS_MAX];
	size_t count;
};

/* life: grows with every death and end, so that nothing reaches a later one.
 * alarms: that are set, the next to go off first; alarm: grows with each change of them,
 * likewise. skew_us: by how much its wall clock is wrong. clock: the engine's; adapters:
 * its adapters', who may act at once. seen: the tables after its last transaction, as it
 * knows them. turns: of a lakebeat that cron runs.
 * databricks, http, starts, sign_in_status: of runner_databricks.c; the last is that of the
 * latest answer. queue_http, notices, queue: of arrivals.c; NULL: it reads no queue. */
struct sim_node {
	struct sim_world *world;
	size_t index;
	unsigned life;
	struct lb_alarm *alarms;
	unsigned alarm;
	unsigned turns;
	bool up;
	bool stopping;
	int64_t skew_us;
	struct sim_memory memory;
	struct sim_store store;
	struct sim_view seen;
	struct lb_clock clock;
	struct lb_clock adapters;
	struct lb_worker worker;
	struct lb_work *work;
	struct lb_runner runner;
	struct lb_runner *databricks;
	struct lb_http *http;
	struct sim_starts starts;
	int sign_in_status;
	struct lb_http *queue_http;
	struct lb_notices *notices;
	struct lb_queue *queue;
	struct lb_source *source;
	struct lb_runner *runners[1];
	struct lb_source *sources[1];
	struct lb_engine *engine;
};

void sim_nodes_start(struct sim_world *world);
void sim_nodes_finish(struct sim_world *world);

/* SIGTERM: it ends what is under way, and comes again later. */
void sim_node_stop(struct sim_node *node);

/* Does it die here, instead of what was about to happen to it? */
bool sim_node_dies(struct sim_node *node);

/* Somebody tells it of a file; of a run that is over. */
void sim_node_notice(struct sim_node *node, struct sim_file *file);
void sim_node_activity(struct sim_node *node);

struct sim_node *sim_node_of_runner(struct lb_runner *runner);

/* happen(node, data) in delay_us, unless the node dies before that or instead of it;
 * with its memory. data: borrowed. */
void sim_node_later(struct sim_node *node, int64_t delay_us,
		    void (*happen)(struct sim_node *node, void *data), void *data);

/* --- runner_plain.c, runner_databricks.c: who starts its jobs ------------------ */

/* Both fill node->runner; the second is lakebeat's own, in the node's memory, over a
 * simulated wire (wire.h). */
void sim_runner_plain_open(struct sim_node *node);
void sim_runner_databricks_open(struct sim_node *node);

/* --- source_folders.c, source_objects.c: where its source looks ---------------- */

/* A source of lakebeat's own over the simulated place, in the node's memory. */
struct lb_source *sim_source_over_folders(struct sim_node *node);
struct lb_source *sim_source_over_objects(struct sim_node *node);

#endif
