#include "sim/tables.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/world.h"
#include "stores/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the tables -------------------------------------------------------------- */

static char *make_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/lakebeat-sim-%ld.db",
		       folder != NULL ? folder : "/tmp", (long)getpid());
	return sim_must(strdup(path));
}

static void remove_file(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[600];
		(void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
}

static struct lb_store *open_inner(const struct sim_tables *tables)
{
	struct lb_store *store = NULL;
	if (tables->memory != NULL) {
		store = fake_store_create(tables->memory);
		store->keep_us = tables->keep_us;
		return store;
	}
	struct lb_sqlite_options options = {
		.path = tables->file,
		.control_table = "heartbeat_sensor",
		.sensor_table = "lakehouse_engine_sensors",
		.busy_timeout_us = LB_SECOND,
		.keep_us = tables->keep_us,
		.create = true,
	};
	struct lb_error error;
	if (lb_sqlite_create(&options, &store, &error) != LB_OK) {
		fprintf(stderr, "simulation: %s\n", error.message);
		abort();
	}
	return store;
}

void sim_tables_begin(struct sim_tables *tables, bool sqlite, int64_t keep_us)
{
	*tables = (struct sim_tables){.keep_us = keep_us};
	if (sqlite) {
		tables->file = make_file();
		remove_file(tables->file);
	} else {
		tables->memory = fake_tables_create();
	}
	tables->reader = open_inner(tables);
}

void sim_tables_finish(struct sim_tables *tables)
{
	tables->reader->impl->destroy(tables->reader);
	if (tables->file != NULL) {
		remove_file(tables->file);
	}
	free(tables->file);
	fake_tables_destroy(tables->memory);
}

void sim_tables_read(struct sim_world *world,
		     enum lb_err (*body)(struct lb_store *store, void *data,
					 struct lb_error *error),
		     void *data)
{
	struct lb_store *reader = world->tables.reader;
	struct lb_error error;
	if (reader->impl->transact(reader, LB_STORE_READ, body, data, &error) != LB_OK) {
		sim_fail(world, "tables-readable", "%s", error.message);
	}
}

/* --- a store that fails ------------------------------------------------------ */

/* What a transaction is doing. lost: its commit is to fail. */
struct transaction {
	struct sim_store *store;
	enum lb_err (*body)(struct lb_store *store, void *data, struct lb_error *error);
	void *data;
	bool lost;
};

static struct sim_store *sim_store_of(struct lb_store *store)
{
	return (struct sim_store *)store;
}

static struct sim_memory *owner_of(const struct sim_store *store)
{
	return store->node != NULL ? &store->node->memory : NULL;
}

/* The lakebeat's part of the transaction, in its own memory. */
static enum lb_err run_body(struct lb_store *inner, void *data, struct lb_error *error)
{
	struct transaction *transaction = data;
	struct sim_store *store = transaction->store;
	(void)inner;
	struct sim_memory *before = sim_memory_enter(owner_of(store));
	enum lb_err err = transaction->body(&store->base, transaction->data, error);
	(void)sim_memory_enter(before);
	if (err == LB_OK && transaction->lost) {
		err = lb_fail(error, LB_IO, "the commit was to fail");
	}
	return err;
}

static enum lb_err draw_begin_failure(struct sim_world *world)
{
	static const enum lb_err codes[] = {LB_BUSY, LB_IO, LB_FULL, LB_UNAVAILABLE};
	return codes[sim_below(&world->random, 4)];
}

static enum lb_err transact(struct lb_store *base, enum lb_store_access access,
			    enum lb_err (*body)(struct lb_store *store, void *data,
						struct lb_error *error),
			    void *data, struct lb_error *error)
{
	struct sim_store *store = sim_store_of(base);
	struct sim_world *world = store->world;
	struct transaction transaction = {.store = store, .body = body, .data = data};
	bool writes = access == LB_STORE_WRITE;
	bool doubt = false;
	if (store->node != NULL) {
		const struct sim_troubles *troubles = &world->plan.troubles;
		if (sim_strikes(world, troubles->store_begin_ppm)) {
			return lb_fail(error, draw_begin_failure(world), "the store was to fail");
		}
		transaction.lost = writes && sim_strikes(world, troubles->store_lost_ppm);
		doubt = writes && sim_strikes(world, troubles->store_doubt_ppm);
	}
	struct sim_memory *before = sim_memory_enter(NULL);
	store->written = (struct sim_written){0};
	enum lb_err err =
		store->inner->impl->transact(store->inner, access, run_body, &transaction, error);
	if (err == LB_OK && store->written.any) {
		sim_ledger_commit(world, store);
	}
	lb_arena_finish(&store->written.arena);
	(void)sim_memory_enter(before);
	if (err == LB_OK && doubt) {
		err = lb_fail(error, LB_UNAVAILABLE, "the commit's answer was lost");
	}
	return err;
}

static enum lb_err record(struct lb_store *base, const struct lb_sensor_report_list *reports,
			  size_t *ret_new, struct lb_error *error)
{
	struct sim_store *store = sim_store_of(base);
	struct sim_memory *before = sim_memory_enter(NULL);
	store->written.any = true;
	enum lb_err err = store->inner->impl->record(store->inner, reports, ret_new, error);
	(void)sim_memory_enter(before);
	return err;
}

static const char *keep(struct sim_store *store, const char *text)
{
	return text != NULL ? sim_must(lb_arena_strdup(&store->written.arena, text)) : NULL;
}

static void note_audits(struct sim_store *store, const struct lb_audit_list *audits)
{
	for (size_t i = 0; i < audits->count; i++) {
		struct lb_audit *audit =
			sim_must(lb_list_add(&store->written.arena, &store->written.audits));
		*audit = audits->items[i];
		audit->trigger_job_id = keep(store, audit->trigger_job_id);
		audit->sensor_id = keep(store, audit->sensor_id);
		audit->from = keep(store, audit->from);
		audit->to = keep(store, audit->to);
		audit->cause = keep(store, audit->cause);
		audit->who = keep(store, audit->who);
	}
}

static enum lb_err save(struct lb_store *base, const struct lb_changes *changes,
			struct lb_error *error)
{
	struct sim_store *store = sim_store_of(base);
	struct sim_memory *before = sim_memory_enter(NULL);
	store->written.any = true;
	note_audits(store, &changes->audits);
	enum lb_err err = store->inner->impl->save(store->inner, changes, error);
	(void)sim_memory_enter(before);
	return err;
}

static enum lb_err load_jobs(struct lb_store *base, const struct lb_job_query *query,
			     struct lb_arena *arena, struct lb_job_list *ret_jobs,
			     struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_jobs(inner, query, arena, ret_jobs, error);
}

static enum lb_err load_runs(struct lb_store *base, const struct lb_run_query *query,
			     struct lb_arena *arena, struct lb_run_list *ret_runs,
			     struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_runs(inner, query, arena, ret_runs, error);
}

static enum lb_err load_events(struct lb_store *base, const struct lb_run_input_list *inputs,
			       struct lb_arena *arena, struct lb_event_list *ret_events,
			       struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_events(inner, inputs, arena, ret_events, error);
}

static enum lb_err load_consumed(struct lb_store *base, const struct lb_consumed_query *query,
				 struct lb_arena *arena, struct lb_event_list *ret_events,
				 struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_consumed(inner, query, arena, ret_events, error);
}

static enum lb_err load_sensors(struct lb_store *base, const char *sensor_source,
				const char *base_location, struct lb_arena *arena,
				struct lb_sensor_state_list *ret_sensors, struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_sensors(inner, sensor_source, base_location, arena, ret_sensors,
					 error);
}

static enum lb_err load_audit(struct lb_store *base, const struct lb_audit_query *query,
			      struct lb_arena *arena, struct lb_audit_list *ret_audit,
			      struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_audit(inner, query, arena, ret_audit, error);
}

static enum lb_err load_passes(struct lb_store *base, struct lb_arena *arena,
			       struct lb_pass_cost_list *ret_passes, struct lb_error *error)
{
	struct lb_store *inner = sim_store_of(base)->inner;
	return inner->impl->load_passes(inner, arena, ret_passes, error);
}

static void destroy(struct lb_store *base)
{
	sim_store_close(sim_store_of(base));
}

static const struct lb_store_impl impl = {
	.name = "simulated",
	.transact = transact,
	.record = record,
	.load_jobs = load_jobs,
	.load_runs = load_runs,
	.load_events = load_events,
	.load_consumed = load_consumed,
	.load_sensors = load_sensors,
	.load_audit = load_audit,
	.load_passes = load_passes,
	.save = save,
	.destroy = destroy,
};

void sim_store_open(struct sim_store *store, struct sim_world *world, struct sim_node *node)
{
	struct sim_memory *before = sim_memory_enter(NULL);
	*store = (struct sim_store){.world = world, .node = node, .by_hand = -1};
	store->inner = open_inner(&world->tables);
	store->base.impl = &impl;
	store->base.deployment_id = store->inner->deployment_id;
	store->base.keep_us = store->inner->keep_us;
	(void)sim_memory_enter(before);
}

void sim_store_close(struct sim_store *store)
{
	if (store->inner != NULL) {
		struct sim_memory *before = sim_memory_enter(NULL);
		store->inner->impl->destroy(store->inner);
		store->inner = NULL;
		(void)sim_memory_enter(before);
	}
}
