#include "stores/sqlite/sqlite.h"

#include "base/text.h"
#include "stores/sqlite/statement.h"

#include <assert.h>
#include <string.h>

static struct lb_sqlite *lb_sqlite(struct lb_store *store);

/* The store of a call inside of a transaction. */
static struct lb_sqlite *inside(struct lb_store *store, enum lb_store_access access)
{
	struct lb_sqlite *sqlite = lb_sqlite(store);
	assert(sqlite->in_transaction);
	assert(access == LB_STORE_READ || sqlite->access == LB_STORE_WRITE);
	return sqlite;
}

static enum lb_err run(struct lb_sqlite *sqlite, enum sql_id id, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, id);
	return sql_run(&sql, error);
}

static enum lb_err begin(struct lb_sqlite *sqlite, enum lb_store_access access,
			 struct lb_error *error)
{
	enum lb_err err =
		run(sqlite, access == LB_STORE_WRITE ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, error);
	if (err == LB_OK) {
		sqlite->in_transaction = true;
		sqlite->access = access;
	}
	if (err == LB_OK && sqlite->advanced) {
		err = run(sqlite, SQL_CLEAR_ADVANCED, error);
		sqlite->advanced = err != LB_OK;
	}
	return err;
}

/* A write or a flush that fails may have done its work all the same. Then the
 * commit is in the journal as a whole, and counts if the machine stops before
 * anything else is written over it. */
static enum lb_err commit(struct lb_sqlite *sqlite, struct lb_error *error)
{
	bool begun = sqlite3_get_autocommit(sqlite->db) == 0;
	enum lb_err err = run(sqlite, SQL_COMMIT, error);
	if (err == LB_IO && begun) {
		err = lb_fail(error, LB_UNAVAILABLE,
			      "%s could not be written to its disk (%s); the last change may be "
			      "kept or lost; look after the disk",
			      sqlite->path, sqlite3_errstr(sqlite3_extended_errcode(sqlite->db)));
	}
	return err;
}

static void roll_back(struct lb_sqlite *sqlite)
{
	if (sqlite3_get_autocommit(sqlite->db) == 0) {
		struct lb_error ignored;
		(void)run(sqlite, SQL_ROLLBACK, &ignored);
	}
}

/* What SQLite takes for worth writing back. */
#define JOURNAL_PAGES 1000

static enum lb_err transact(struct lb_store *store, enum lb_store_access access,
			    enum lb_err (*body)(struct lb_store *store, void *data,
						struct lb_error *error),
			    void *data, struct lb_error *error)
{
	struct lb_sqlite *sqlite = lb_sqlite(store);
	assert(!sqlite->in_transaction);
	enum lb_err err = begin(sqlite, access, error);
	if (err == LB_OK) {
		err = body(store, data, error);
	}
	if (err == LB_OK) {
		err = commit(sqlite, error);
	}
	if (err != LB_OK) {
		roll_back(sqlite);
	}
	sqlite->in_transaction = false;
	if (access == LB_STORE_READ && sqlite->journal_pages >= JOURNAL_PAGES) {
		lb_sqlite_write_back(sqlite);
	}
	return err;
}

static enum lb_err record(struct lb_store *store, const struct lb_sensor_report_list *reports,
			  size_t *ret_new, struct lb_error *error)
{
	return lb_sqlite_record(inside(store, LB_STORE_WRITE), reports, ret_new, error);
}

static enum lb_err load_jobs(struct lb_store *store, const struct lb_job_query *query,
			     struct lb_arena *arena, struct lb_job_list *ret_jobs,
			     struct lb_error *error)
{
	return lb_sqlite_load_jobs(inside(store, LB_STORE_READ), query, arena, ret_jobs, error);
}

static enum lb_err load_runs(struct lb_store *store, const struct lb_run_query *query,
			     struct lb_arena *arena, struct lb_run_list *ret_runs,
			     struct lb_error *error)
{
	return lb_sqlite_load_runs(inside(store, LB_STORE_READ), query, arena, ret_runs, error);
}

static enum lb_err load_events(struct lb_store *store, const struct lb_run_input_list *inputs,
			       struct lb_arena *arena, struct lb_event_list *ret_events,
			       struct lb_error *error)
{
	return lb_sqlite_load_events(inside(store, LB_STORE_READ), inputs, arena, ret_events,
				     error);
}

static enum lb_err load_consumed(struct lb_store *store, const struct lb_consumed_query *query,
				 struct lb_arena *arena, struct lb_event_list *ret_events,
				 struct lb_error *error)
{
	return lb_sqlite_load_consumed(inside(store, LB_STORE_READ), query, arena, ret_events,
				       error);
}

static enum lb_err load_sensors(struct lb_store *store, const char *sensor_source,
				const char *base_location, struct lb_arena *arena,
				struct lb_sensor_state_list *ret_sensors, struct lb_error *error)
{
	return lb_sqlite_load_sensors(inside(store, LB_STORE_READ), sensor_source, base_location,
				      arena, ret_sensors, error);
}

static enum lb_err load_audit(struct lb_store *store, const struct lb_audit_query *query,
			      struct lb_arena *arena, struct lb_audit_list *ret_audit,
			      struct lb_error *error)
{
	return lb_sqlite_load_audit(inside(store, LB_STORE_READ), query, arena, ret_audit, error);
}

static enum lb_err load_passes(struct lb_store *store, struct lb_arena *arena,
			       struct lb_pass_cost_list *ret_passes, struct lb_error *error)
{
	return lb_sqlite_load_passes(inside(store, LB_STORE_READ), arena, ret_passes, error);
}

static enum lb_err save(struct lb_store *store, const struct lb_changes *changes,
			struct lb_error *error)
{
	return lb_sqlite_save(inside(store, LB_STORE_WRITE), changes, error);
}

static void destroy(struct lb_store *store)
{
	if (store == NULL) {
		return;
	}
	struct lb_sqlite *sqlite = lb_sqlite(store);
	for (size_t i = 0; i < SQL_MAX; i++) {
		(void)sqlite3_finalize(sqlite->statements[i]);
	}
	for (size_t i = 0; i < SQLITE_RUN_QUERIES_MAX; i++) {
		(void)sqlite3_finalize(sqlite->run_queries[i]);
	}
	(void)sqlite3_close(sqlite->db);
	lb_free(sqlite->path);
	lb_free(sqlite->control_table);
	lb_free(sqlite->sensor_table);
	lb_free(sqlite->checkpoint_base);
	lb_free(sqlite);
}

static const struct lb_store_impl impl = {
	.name = "sqlite",
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

static struct lb_sqlite *lb_sqlite(struct lb_store *store)
{
	assert(store->impl == &impl);
	return (struct lb_sqlite *)store;
}

/* Names go into SQL text between double quotes, and must not hide lakebeat's
 * own tables. */
static enum lb_err check_name(const char *what, const char *name, struct lb_error *error)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_");
	if (length == 0 || name[length] != '\0') {
		return lb_fail(error, LB_INVALID,
			       "%s '%s': a table's name is made of letters, digits and '_'", what,
			       name);
	}
	if (sqlite3_strnicmp(name, "lakebeat_", 9) == 0 ||
	    sqlite3_strnicmp(name, "sqlite_", 7) == 0) {
		return lb_fail(error, LB_INVALID,
			       "%s '%s': names that begin with lakebeat_ or sqlite_ are taken",
			       what, name);
	}
	return LB_OK;
}

static enum lb_err check_options(const struct lb_sqlite_options *options, struct lb_error *error)
{
	if (options->path[0] == '\0') {
		return lb_fail(error, LB_INVALID, "the store's path is empty");
	}
	enum lb_err err = check_name("control table", options->control_table, error);
	if (err == LB_OK) {
		err = check_name("sensor table", options->sensor_table, error);
	}
	if (err == LB_OK && sqlite3_stricmp(options->control_table, options->sensor_table) == 0) {
		err = lb_fail(error, LB_INVALID,
			      "the control table and the sensor table are both named '%s'",
			      options->control_table);
	}
	return err;
}

static enum lb_err copy_options(struct lb_sqlite *sqlite, const struct lb_sqlite_options *options,
				struct lb_error *error)
{
	sqlite->base.impl = &impl;
	sqlite->base.deployment_id = sqlite->deployment_id;
	sqlite->base.keep_us = options->keep_us;
	sqlite->busy_timeout_us = options->busy_timeout_us;
	sqlite->path = lb_strdup(options->path);
	sqlite->control_table = lb_strdup(options->control_table);
	sqlite->sensor_table = lb_strdup(options->sensor_table);
	sqlite->checkpoint_base = lb_strdup(options->checkpoint_base);
	if (sqlite->path == NULL || sqlite->control_table == NULL || sqlite->sensor_table == NULL ||
	    (options->checkpoint_base != NULL && sqlite->checkpoint_base == NULL)) {
		return lb_fail_nomem(error);
	}
	return LB_OK;
}

static enum lb_err prepare(struct lb_sqlite *sqlite, const struct lb_sqlite_options *options,
			   struct lb_error *error)
{
	enum lb_err err = copy_options(sqlite, options, error);
	if (err == LB_OK) {
		err = lb_sqlite_open(sqlite, options, error);
	}
	if (err == LB_OK) {
		err = lb_sqlite_migrate(sqlite, error);
	}
	return err == LB_OK ? lb_sqlite_prepare_tables(sqlite, error) : err;
}

enum lb_err lb_sqlite_create(const struct lb_sqlite_options *options, struct lb_store **ret_store,
			     struct lb_error *error)
{
	enum lb_err err = check_options(options, error);
	if (err != LB_OK) {
		return err;
	}
	struct lb_sqlite *sqlite = lb_alloc(sizeof(*sqlite));
	if (sqlite == NULL) {
		return lb_fail_nomem(error);
	}
	sqlite->base.impl = &impl;
	err = prepare(sqlite, options, error);
	if (err != LB_OK) {
		destroy(&sqlite->base);
		return err;
	}
	*ret_store = &sqlite->base;
	return LB_OK;
}
