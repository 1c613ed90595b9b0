#include "sim/world.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/people.h"
#include "sim/wire.h"

#include <stdarg.h>
#include <stdlib.h>

int64_t sim_wall(const struct sim_world *world)
{
	return SIM_BEGIN_US + world->now_us;
}

void sim_later(struct sim_world *world, int64_t delay_us, void (*happen)(void *world, void *data),
	       void *data)
{
	sim_agenda_add(&world->agenda, (struct sim_event){.at_us = world->now_us + delay_us,
							  .happen = happen,
							  .subject = world,
							  .data = data});
}

int64_t sim_latency(struct sim_world *world)
{
	return sim_wait(&world->random, 1, world->plan.latency_us);
}

bool sim_strikes(struct sim_world *world, uint32_t per_million)
{
	if (per_million == 0) {
		return false;
	}
	bool strikes = sim_chance(&world->random, per_million);
	world->totals.faults += strikes;
	return strikes;
}

void sim_fail(struct sim_world *world, const char *check, const char *format, ...)
{
	if (world->failed_check != NULL) {
		return;
	}
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(world->failure, sizeof(world->failure), format, arguments);
	va_end(arguments);
	world->failed_check = check;
	sim_tell(world, "BROKEN %s: %s", check, world->failure);
}

struct sim_world *sim_world_create(uint64_t seed, enum sim_store_kind kind, FILE *trace_out)
{
	struct sim_world *world = sim_new(sizeof(*world));
	struct sim_memory *before = sim_memory_enter(NULL);
	world->seed = seed;
	world->random.state = seed;
	sim_trace_begin(&world->trace, trace_out);
	sim_plan_draw(&world->plan, &world->random);
	sim_tables_begin(&world->tables, kind == SIM_STORE_SQLITE, world->plan.keep_us);
	sim_bucket_begin(world);
	sim_arrivals_begin(world);
	sim_people_begin(world);
	sim_upstreams_start(world);
	sim_nodes_start(world);
	sim_people_start(world);
	(void)sim_memory_enter(before);
	return world;
}

void sim_world_destroy(struct sim_world *world)
{
	struct sim_memory *before = sim_memory_enter(NULL);
	sim_nodes_finish(world);
	sim_wire_finish(world);
	sim_agenda_finish(&world->agenda);
	sim_arrivals_finish(&world->arrivals);
	sim_service_finish(&world->service);
	sim_bucket_finish(&world->bucket);
	sim_tables_finish(&world->tables);
	(void)sim_memory_enter(before);
	free(world);
}

/* False when a promise was broken. */
static bool pass_time(struct sim_world *world, int64_t until_us)
{
	struct sim_event event;
	while (world->failed_check == NULL && sim_agenda_next_at(&world->agenda) <= until_us) {
		(void)sim_agenda_take(&world->agenda, &event);
		world->now_us = event.at_us;
		world->totals.events++;
		event.happen(event.subject, event.data);
	}
	if (world->failed_check == NULL) {
		world->now_us = until_us;
	}
	return world->failed_check == NULL;
}

/* Long enough for a full pass, for every backoff, and for all that wait in front of a
 * runner with little room. */
static int64_t time_to_rest(const struct sim_world *world)
{
	const struct sim_plan *plan = &world->plan;
	return plan->options.backfill_interval_us + 4 * LB_HOUR +
	       (SIM_HEALED_RUN_US + 2 * plan->poll_interval_us + plan->runner_interval_us) *
		       (2 + SIM_JOBS_MAX);
}

static bool rest(struct sim_world *world)
{
	return world->failed_check == NULL && pass_time(world, world->now_us + time_to_rest(world));
}

#define LAST_ROUNDS 3

/* The storm is over. What it left is put right, and every sensor is delivered to
 * again, so that nothing has a reason to wait. */
static bool come_to_rest(struct sim_world *world)
{
	sim_tell(world, "the storm is over");
	world->healing = true;
	sim_plan_heal(&world->plan);
	sim_service_heal(world);
	bool kept = rest(world);
	for (int round = 0; round < LAST_ROUNDS && kept; round++) {
		sim_people_heal(world);
		/* What came with the last files may wait for the next ones. */
		int64_t since_us = round == 0 ? INT64_MIN : sim_wall(world);
		for (size_t i = 0; i < world->plan.sensor_count; i++) {
			sim_upstream_deliver(world, i);
		}
		kept = rest(world);
		if (kept) {
			sim_ledger_rest(world, since_us);
		}
		kept = world->failed_check == NULL;
	}
	return kept;
}

bool sim_world_run(struct sim_world *world, int64_t duration_us)
{
	struct sim_memory *before = sim_memory_enter(NULL);
	bool kept = pass_time(world, duration_us) && come_to_rest(world);
	world->totals.time_us = world->now_us;
	(void)sim_memory_enter(before);
	return kept;
}
