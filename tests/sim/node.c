#include "sim/node.h"

#include "base/time.h"
#include "sim/service.h"
#include "sim/world.h"

#include <stddef.h>
#include <stdlib.h>

#define node_of(pointer, member)                                                                   \
	((struct sim_node *)(void *)((char *)(pointer)-offsetof(struct sim_node, member)))

struct sim_node *sim_node_of_runner(struct lb_runner *runner)
{
	return node_of(runner, runner);
}

static void start(void *world, void *data);

/* --- life and death ---------------------------------------------------------- */

/* Nothing that was under way reaches the next life. */
static void end_life(struct sim_node *node)
{
	node->life++;
	node->alarm++;
	node->alarms = NULL;
	node->up = false;
	node->work = NULL;
	node->engine = NULL;
	node->queue = NULL;
	node->notices = NULL;
	node->queue_http = NULL;
	sim_store_close(&node->store);
}

/* Which lakebeat cron or systemd starts next. */
struct turn {
	struct sim_node *node;
};

static void start_in(struct sim_node *node, int64_t delay_us)
{
	struct turn *turn = sim_new(sizeof(*turn));
	turn->node = node;
	sim_later(node->world, delay_us, start, turn);
}

static void die(struct sim_node *node)
{
	struct sim_world *world = node->world;
	sim_tell(world, "lakebeat %zu is killed", node->index);
	world->totals.crashes++;
	end_life(node);
	sim_memory_release(&node->memory);
	start_in(node, sim_wait(&world->random, LB_SECOND, 4 * LB_HOUR));
}

bool sim_node_dies(struct sim_node *node)
{
	struct sim_world *world = node->world;
	if (!sim_chance(&world->random, world->plan.troubles.crash_ppm)) {
		return false;
	}
	die(node);
	return true;
}

/* A process that ends by itself must have freed everything. */
static void happen_end(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct turn *turn = data;
	struct sim_node *node = turn->node;
	struct sim_memory *before = sim_memory_enter(&node->memory);
	sim_arrivals_close(node);
	node->source->impl->destroy(node->source);
	node->runner.impl->destroy(&node->runner);
	lb_engine_destroy(node->engine);
	(void)sim_memory_enter(before);
	end_life(node);
	if (node->memory.first != NULL) {
		sim_fail(world, "nothing-leaks", "lakebeat %zu ended and left memory", node->index);
		sim_memory_release(&node->memory);
	}
	sim_tell(world, "lakebeat %zu has ended", node->index);
	bool cron = world->plan.habits[node->index] != SIM_DAEMON;
	start_in(node, cron ? world->plan.poll_interval_us
			    : sim_wait(&world->random, LB_SECOND, LB_HOUR));
	free(turn);
}

struct node_event {
	void (*happen)(struct sim_node *node, void *data);
	void *data;
};

static void happen_to_node(void *subject, void *data)
{
	struct sim_node *node = subject;
	struct node_event *event = data;
	if (!sim_node_dies(node)) {
		struct sim_memory *before = sim_memory_enter(&node->memory);
		event->happen(node, event->data);
		(void)sim_memory_enter(before);
	}
	free(event);
}

void sim_node_later(struct sim_node *node, int64_t delay_us,
		    void (*happen)(struct sim_node *node, void *data), void *data)
{
	struct node_event *wrapped = sim_new(sizeof(*wrapped));
	*wrapped = (struct node_event){.happen = happen, .data = data};
	sim_agenda_add(&node->world->agenda, (struct sim_event){
						     .at_us = node->world->now_us + delay_us,
						     .life = &node->life,
						     .lived = node->life,
						     .happen = happen_to_node,
						     .subject = node,
						     .data = wrapped,
					     });
}

/* --- clock and worker -------------------------------------------------------- */

static int64_t node_now(const struct sim_node *node)
{
	return sim_wall(node->world) + node->skew_us;
}

static void happen_alarm(void *subject, void *data);

static void wind(struct sim_node *node)
{
	node->alarm++;
	if (node->alarms != NULL) {
		sim_agenda_add(&node->world->agenda, (struct sim_event){
							     .at_us = node->alarms->at_us,
							     .life = &node->alarm,
							     .lived = node->alarm,
							     .happen = happen_alarm,
							     .subject = node,
						     });
	}
}

static void happen_alarm(void *subject, void *data)
{
	struct sim_node *node = subject;
	(void)data;
	if (!sim_node_dies(node)) {
		struct sim_memory *before = sim_memory_enter(&node->memory);
		struct lb_alarm *alarm = node->alarms;
		node->alarms = alarm->next;
		wind(node);
		alarm->on_alarm(alarm->data);
		(void)sim_memory_enter(before);
	}
}

static void change_alarm(struct sim_node *node, struct lb_alarm *alarm, int64_t at_us)
{
	struct lb_alarm **place = &node->alarms;
	while (*place != NULL && *place != alarm) {
		place = &(*place)->next;
	}
	if (*place != NULL) {
		*place = alarm->next;
	}
	if (at_us != INT64_MAX) {
		place = &node->alarms;
		while (*place != NULL && (*place)->at_us <= at_us) {
			place = &(*place)->next;
		}
		alarm->at_us = at_us;
		alarm->next = *place;
		*place = alarm;
	}
	wind(node);
}

static int64_t engine_now(struct lb_clock *clock)
{
	return node_now(node_of(clock, clock));
}

static int64_t engine_monotonic(struct lb_clock *clock)
{
	return node_of(clock, clock)->world->now_us;
}

static void set_engine_alarm(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us)
{
	struct sim_node *node = node_of(clock, clock);
	struct sim_world *world = node->world;
	if (at_us != INT64_MAX && (at_us <= world->now_us || node->work != NULL)) {
		sim_fail(world, "no-spinning", "lakebeat %zu sets an alarm that cannot help",
			 node->index);
	}
	change_alarm(node, alarm, at_us);
}

static const struct lb_clock_impl engine_clock = {
	.now = engine_now, .monotonic = engine_monotonic, .set_alarm = set_engine_alarm};

static int64_t adapters_now(struct lb_clock *clock)
{
	return node_now(node_of(clock, adapters));
}

static int64_t adapters_monotonic(struct lb_clock *clock)
{
	return node_of(clock, adapters)->world->now_us;
}

static void set_adapters_alarm(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us)
{
	struct sim_node *node = node_of(clock, adapters);
	change_alarm(node, alarm, at_us > node->world->now_us ? at_us : node->world->now_us);
}

static const struct lb_clock_impl adapters_clock = {
	.now = adapters_now, .monotonic = adapters_monotonic, .set_alarm = set_adapters_alarm};

static void happen_done(struct sim_node *node, void *data)
{
	struct lb_work *work = node->work;
	(void)data;
	node->work = NULL;
	work->done(work);
}

/* A process may die when the transaction is committed and it does not know yet. */
static void happen_execute(struct sim_node *node, void *data)
{
	(void)data;
	node->work->execute(node->work);
	node->seen = node->world->view;
	sim_node_later(node, sim_latency(node->world), happen_done, NULL);
}

static void start_work(struct lb_worker *worker, struct lb_work *work)
{
	struct sim_node *node = node_of(worker, worker);
	node->work = work;
	sim_node_later(node, sim_latency(node->world), happen_execute, NULL);
}

static const struct lb_worker_impl worker_impl = {.start = start_work};

/* --- a lakebeat -------------------------------------------------------------- */

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	const struct sim_world *world = data;
	return world->plan.policies[sim_job_number(trigger_job_id)];
}

/* Not from within the engine. */
static void on_idle(void *data)
{
	struct sim_node *node = data;
	struct turn *turn = sim_new(sizeof(*turn));
	turn->node = node;
	node->up = false;
	sim_agenda_add(&node->world->agenda, (struct sim_event){
						     .at_us = node->world->now_us,
						     .life = &node->life,
						     .lived = node->life,
						     .happen = happen_end,
						     .subject = node->world,
						     .data = turn,
					     });
}

static enum lb_engine_mode choose_mode(struct sim_node *node)
{
	switch (node->world->plan.habits[node->index]) {
	case SIM_CRON_ONCE:
		return LB_ENGINE_ONCE;
	case SIM_CRON_HALVES:
		return node->turns++ % 2 == 0 ? LB_ENGINE_SENSE : LB_ENGINE_TRIGGER;
	case SIM_DAEMON:
		break;
	}
	return LB_ENGINE_RUN;
}

static void create_engine(struct sim_node *node)
{
	static const char *const fields[] = {"file_name", "file_modification_time"};
	struct sim_world *world = node->world;
	struct lb_engine_options options = {
		.mode = choose_mode(node),
		.store = &node->store.base,
		.sources = node->sources,
		.source_count = 1,
		.runners = node->runners,
		.runner_count = 1,
		.clock = &node->clock,
		.worker = &node->worker,
		.policies = {.policy_of = policy_of, .data = world},
		.fields = fields,
		.field_count = 2,
		.poll_interval_us = world->plan.poll_interval_us,
		.random_seed = sim_draw(&world->random),
		.on_idle = on_idle,
		.data = node,
	};
	struct lb_error error;
	if (lb_engine_create(&options, &node->engine, &error) != LB_OK) {
		sim_fail(world, "orderly-ends", "%s", error.message);
	}
}

static void start(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct turn *turn = data;
	struct sim_node *node = turn->node;
	free(turn);
	struct sim_memory *before = sim_memory_enter(&node->memory);
	sim_tell(world, "lakebeat %zu starts", node->index);
	sim_store_open(&node->store, world, node);
	node->up = true;
	node->stopping = false;
	node->seen = world->view;
	node->clock = (struct lb_clock){.impl = &engine_clock};
	node->adapters = (struct lb_clock){.impl = &adapters_clock};
	node->worker = (struct lb_worker){.impl = &worker_impl};
	if (world->plan.workspace) {
		sim_runner_databricks_open(node);
	} else {
		sim_runner_plain_open(node);
	}
	node->source = world->plan.place == SIM_FOLDERS ? sim_source_over_folders(node)
							: sim_source_over_objects(node);
	node->sources[0] = node->source;
	node->runners[0] = &node->runner;
	if (world->plan.notified && world->plan.habits[node->index] == SIM_DAEMON) {
		sim_arrivals_open(node);
	}
	create_engine(node);
	lb_engine_start(node->engine);
	(void)sim_memory_enter(before);
}

void sim_nodes_start(struct sim_world *world)
{
	for (size_t i = 0; i < world->plan.node_count; i++) {
		struct sim_node *node = &world->nodes[i];
		node->world = world;
		node->index = i;
		node->skew_us =
			sim_between(&world->random, -world->plan.skew_us, world->plan.skew_us);
		start_in(node, sim_between(&world->random, 0, world->plan.poll_interval_us));
	}
}

void sim_nodes_finish(struct sim_world *world)
{
	for (size_t i = 0; i < world->plan.node_count; i++) {
		sim_store_close(&world->nodes[i].store);
		sim_memory_release(&world->nodes[i].memory);
	}
}

void sim_node_stop(struct sim_node *node)
{
	if (!node->up || node->stopping) {
		return;
	}
	sim_tell(node->world, "person: stops lakebeat %zu", node->index);
	node->stopping = true;
	struct sim_memory *before = sim_memory_enter(&node->memory);
	sim_arrivals_stop(node);
	lb_engine_stop(node->engine);
	(void)sim_memory_enter(before);
}

static void happen_activity(struct sim_node *node, void *data)
{
	(void)data;
	if (node->up && node->runner.on_activity != NULL) {
		node->runner.on_activity(&node->runner, node->runner.data);
	}
}

void sim_node_activity(struct sim_node *node)
{
	if (node->up) {
		sim_node_later(node, sim_latency(node->world), happen_activity, NULL);
	}
}

/* As inotify or a queue tells it: the file as it is now. */
static void happen_notice(struct sim_node *node, void *data)
{
	const struct sim_file *file = data;
	const char *sensor_id = node->world->bucket.folders[file->sensor].sensor_id;
	if (!node->up || node->source->on_reports == NULL || file->deleted || !file->delivered) {
		return;
	}
	struct lb_arena arena = {0};
	struct lb_file item = {
		.file_name = file->name,
		.file_path = lb_arena_printf(&arena, "%s/%s/%s", SIM_BASE, sensor_id, file->name),
		.etag = lb_arena_printf(&arena, "%d", file->etag),
		.modified_at_us = file->modified_at_us,
		.size_bytes = 7,
	};
	struct lb_sensor_report report = {
		.sensor_source = "trigger_file",
		.base_location = SIM_BASE,
		.sensor_id = sensor_id,
		.observed_at_us = node->clock.impl->now(&node->clock),
		.files = {.items = &item, .count = 1},
		.allow_overwrites = node->world->plan.options.allow_overwrites,
	};
	struct lb_sensor_report_list reports = {.items = &report, .count = 1};
	(void)node->source->on_reports(node->source, &reports, node->source->data);
	lb_arena_finish(&arena);
}

/* Queues deliver at least once. */
void sim_node_notice(struct sim_node *node, struct sim_file *file)
{
	if (!node->up) {
		return;
	}
	sim_node_later(node, sim_latency(node->world), happen_notice, file);
	if (sim_chance(&node->world->random, 50000)) {
		sim_node_later(node, sim_latency(node->world), happen_notice, file);
	}
}
