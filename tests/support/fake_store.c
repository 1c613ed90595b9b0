#include "support/fake_store.h"

#include "support/fake_tables.h"
#include "support/memory.h"

#include <assert.h>

struct fake_store {
	struct lb_store base;
	struct fake_tables *tables;
};

static struct fake_store *fake_store(struct lb_store *store);

/* The tables of a store inside of a transaction. */
static struct fake_tables *tables_of(struct lb_store *store, enum lb_store_access access)
{
	struct fake_tables *tables = fake_store(store)->tables;
	assert(tables->in_transaction);
	assert(access == LB_STORE_READ || tables->access == LB_STORE_WRITE);
	return tables;
}

/* The one call that is to fail. */
static enum lb_err meet_call(struct fake_tables *tables, struct lb_error *error)
{
	if (tables->call_code == LB_OK || tables->calls_left-- > 0) {
		return LB_OK;
	}
	enum lb_err code = tables->call_code;
	tables->call_code = LB_OK;
	return lb_fail(error, code, "this call of the fake store was to fail");
}

static enum lb_err finish(struct fake_tables *tables, struct fake_state *before, enum lb_err err,
			  struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	tables->in_transaction = false;
	if (err == LB_OK) {
		err = meet_call(tables, error);
	}
	if (tables->access == LB_STORE_READ) {
		return err;
	}
	bool lost = err != LB_OK;
	if (err == LB_OK && tables->commit_code != LB_OK) {
		err = lb_fail(error, tables->commit_code, "the fake store's commit was to fail");
		tables->commit_code = LB_OK;
		lost = tables->commit == FAKE_COMMIT_LOST;
	}
	if (lost) {
		struct fake_state failed = tables->state;
		tables->state = *before;
		lb_arena_finish(&failed.arena);
	} else {
		lb_arena_finish(&before->arena);
	}
	return err;
}

static enum lb_err begin(struct fake_tables *tables, enum lb_store_access access,
			 struct fake_state *ret_before, struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	assert(!tables->in_transaction);
	if (tables->begin_code != LB_OK) {
		enum lb_err code = tables->begin_code;
		tables->begin_code = LB_OK;
		return lb_fail(error, code, "the fake store was to fail");
	}
	enum lb_err err = meet_call(tables, error);
	if (err != LB_OK) {
		return err;
	}
	*ret_before = tables->state;
	if (access == LB_STORE_WRITE) {
		fake_state_copy(&tables->state, ret_before);
	}
	for (size_t i = 0; i < tables->state.sensors.count; i++) {
		tables->state.sensors.items[i].advanced = false;
	}
	tables->in_transaction = true;
	tables->access = access;
	return LB_OK;
}

static enum lb_err transact(struct lb_store *store, enum lb_store_access access,
			    enum lb_err (*body)(struct lb_store *store, void *data,
						struct lb_error *error),
			    void *data, struct lb_error *error)
{
	struct fake_tables *tables = fake_store(store)->tables;
	struct fake_state before;
	enum lb_err err = begin(tables, access, &before, error);
	return err == LB_OK ? finish(tables, &before, body(store, data, error), error) : err;
}

static enum lb_err record(struct lb_store *store, const struct lb_sensor_report_list *reports,
			  size_t *ret_new, struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_WRITE);
	enum lb_err err = meet_call(tables, error);
	size_t added = err == LB_OK ? fake_record(tables, reports, store->keep_us) : 0;
	if (ret_new != NULL) {
		*ret_new = added;
	}
	return err;
}

static enum lb_err save(struct lb_store *store, const struct lb_changes *changes,
			struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_WRITE);
	enum lb_err err = meet_call(tables, error);
	if (err == LB_OK) {
		fake_save(tables, changes, store->keep_us);
	}
	return err;
}

static enum lb_err load_jobs(struct lb_store *store, const struct lb_job_query *query,
			     struct lb_arena *arena, struct lb_job_list *ret_jobs,
			     struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	return err == LB_OK ? fake_load_jobs(tables, query, arena, ret_jobs, error) : err;
}

static enum lb_err load_runs(struct lb_store *store, const struct lb_run_query *query,
			     struct lb_arena *arena, struct lb_run_list *ret_runs,
			     struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	return err == LB_OK ? fake_load_runs(tables, query, arena, ret_runs, error) : err;
}

static enum lb_err load_events(struct lb_store *store, const struct lb_run_input_list *inputs,
			       struct lb_arena *arena, struct lb_event_list *ret_events,
			       struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	return err == LB_OK ? fake_load_events(tables, inputs, arena, ret_events, error) : err;
}

static enum lb_err load_consumed(struct lb_store *store, const struct lb_consumed_query *query,
				 struct lb_arena *arena, struct lb_event_list *ret_events,
				 struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	if (err == LB_OK) {
		fake_load_consumed(tables, query, arena, ret_events);
	}
	return err;
}

static enum lb_err load_sensors(struct lb_store *store, const char *sensor_source,
				const char *base_location, struct lb_arena *arena,
				struct lb_sensor_state_list *ret_sensors, struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	return err == LB_OK ? fake_load_sensors(tables, sensor_source, base_location, arena,
						ret_sensors, error)
			    : err;
}

static enum lb_err load_audit(struct lb_store *store, const struct lb_audit_query *query,
			      struct lb_arena *arena, struct lb_audit_list *ret_audit,
			      struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	return err == LB_OK ? fake_load_audit(tables, query, arena, ret_audit, error) : err;
}

static enum lb_err load_passes(struct lb_store *store, struct lb_arena *arena,
			       struct lb_pass_cost_list *ret_passes, struct lb_error *error)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_tables *tables = tables_of(store, LB_STORE_READ);
	enum lb_err err = meet_call(tables, error);
	if (err == LB_OK) {
		fake_load_passes(tables, arena, ret_passes);
	}
	return err;
}

static void destroy(struct lb_store *store)
{
	if (store != NULL) {
		lb_free(fake_store(store));
	}
}

static const struct lb_store_impl impl = {
	.name = "fake",
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

static struct fake_store *fake_store(struct lb_store *store)
{
	assert(store->impl == &impl);
	return (struct fake_store *)store;
}

void fake_tables_fail_call(struct fake_tables *tables, size_t count, enum lb_err code)
{
	tables->calls_left = count;
	tables->call_code = code;
}

size_t fake_tables_calls_left(const struct fake_tables *tables)
{
	return tables->call_code != LB_OK ? tables->calls_left : SIZE_MAX;
}

struct lb_store *fake_store_create(struct fake_tables *tables)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_store *store = fake_must(lb_alloc(sizeof(*store)));
	store->base.impl = &impl;
	store->base.deployment_id = "5f0c2b9e-fa4e-4fa4-8fa4-000000000001";
	store->tables = tables;
	return &store->base;
}
