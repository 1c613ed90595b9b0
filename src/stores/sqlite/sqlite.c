#include "stores/sqlite/sqlite.h"

#include "base/time.h"
#include "stores/sqlite/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void roll_back(struct lb_database *database)
{
	struct lb_error ignored;
	/* Some errors have rolled back already; then there is nothing left to do. */
	if (sqlite3_get_autocommit(database->db) == 0) {
		enum lb_err err = lb_database_execute(database, SQL_ROLLBACK, &ignored);
		(void)err;
	}
}

/* Storage may fail with the commit already on disk. */
static enum lb_err commit(struct lb_database *database, struct lb_error *error)
{
	enum lb_err err = lb_database_execute(database, SQL_COMMIT, error);
	if (err == LB_IO) {
		error->code = err = LB_UNAVAILABLE;
	}
	return err;
}

static enum lb_err transact(struct lb_store *store, enum lb_store_access access,
			    enum lb_err (*body)(struct lb_store *store, void *data,
						struct lb_error *error),
			    void *data, struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	assert(!database->in_transaction);
	enum lb_err err = lb_database_execute(
		database, access == LB_STORE_WRITE ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, error);
	if (err != LB_OK) {
		return err;
	}
	database->in_transaction = true;
	err = lb_database_execute(database, SQL_ADVANCED_CLEAR, error);
	if (err == LB_OK) {
		err = body(store, data, error);
	}
	if (err == LB_OK) {
		err = commit(database, error);
	}
	if (err != LB_OK) {
		roll_back(database);
	}
	database->in_transaction = false;
	return err;
}

static void destroy(struct lb_store *store)
{
	struct lb_database *database = lb_database_of(store);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		(void)sqlite3_finalize(database->statements[i]);
	}
	(void)sqlite3_close(database->db);
	lb_free(database->path);
	lb_free(database->control_table);
	lb_free(database->sensor_table);
	lb_free(database->checkpoint_base);
	lb_free(database);
}

static const struct lb_store_impl sqlite_impl = {
	.name = "sqlite",
	.transact = transact,
	.record = lb_database_record,
	.load_jobs = lb_database_load_jobs,
	.load_runs = lb_database_load_runs,
	.load_events = lb_database_load_events,
	.load_sensors = lb_database_load_sensors,
	.load_audit = lb_database_load_audit,
	.save = lb_database_save,
	.destroy = destroy,
};

/* lb_word(text): trimmed and in lower case, as base/text.h compares words. */
static void sql_word(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const char *text = (const char *)sqlite3_value_text(values[0]);
	char word[256];
	size_t length = 0;
	if (text == NULL) {
		return;
	}
	text += strspn(text, " \t\n\v\f\r");
	for (; text[length] != '\0' && length < sizeof(word); length++) {
		char c = text[length];
		word[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	while (length > 0 && strchr(" \t\n\v\f\r", word[length - 1]) != NULL) {
		length--;
	}
	sqlite3_result_text(context, word, (int)length, SQLITE_TRANSIENT);
}

/* The file must be there with mode 0600 before SQLite opens it: -wal and -shm
 * take their mode from it. */
static enum lb_err create_file(const struct lb_database *database, bool create,
			       struct lb_error *error)
{
	if (access(database->path, F_OK) == 0) {
		return LB_OK;
	}
	if (!create) {
		return lb_fail(error, LB_NOT_FOUND, "store %s: there is no such file yet",
			       database->path);
	}
	int fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return lb_fail(error, LB_IO,
			       "store %s: cannot create it: %s; check that its folder exists and "
			       "may be written",
			       database->path, strerror(errno));
	}
	(void)close(fd);
	return LB_OK;
}

static enum lb_err execute(struct lb_database *database, const char *sql, struct lb_error *error)
{
	int status = sqlite3_exec(database->db, sql, NULL, NULL, NULL);
	return status == SQLITE_OK ? LB_OK : lb_database_fail(database, status, error);
}

static enum lb_err open_database(struct lb_database *database, int64_t busy_timeout_us,
				 struct lb_error *error)
{
	int status = sqlite3_open_v2(database->path, &database->db,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (status == SQLITE_OK) {
		status = sqlite3_busy_timeout(database->db, (int)(busy_timeout_us / LB_MS));
	}
	if (status == SQLITE_OK) {
		status = sqlite3_create_function_v2(database->db, "lb_word", 1,
						    SQLITE_UTF8 | SQLITE_DETERMINISTIC |
							    SQLITE_INNOCUOUS,
						    NULL, sql_word, NULL, NULL, NULL);
	}
	if (status != SQLITE_OK) {
		return lb_database_fail(database, status, error);
	}
	return execute(database,
		       "pragma journal_mode = wal; pragma synchronous = full;"
		       "pragma foreign_keys = on; pragma temp_store = memory;"
		       "pragma trusted_schema = off;"
		       "create temp table wanted (trigger_job_id text primary key) without rowid;"
		       "create temp table advanced (sensor integer primary key);",
		       error);
}

static bool copy_options(struct lb_database *database, const struct lb_sqlite_options *options)
{
	database->path = lb_strdup(options->path);
	database->control_table = lb_strdup(options->control_table);
	database->sensor_table = lb_strdup(options->sensor_table);
	database->checkpoint_base = lb_strdup(options->checkpoint_base);
	database->store.keep_us = options->keep_us;
	return database->path != NULL && database->control_table != NULL &&
	       database->sensor_table != NULL &&
	       (database->checkpoint_base != NULL || options->checkpoint_base == NULL);
}

enum lb_err lb_sqlite_create(const struct lb_sqlite_options *options, struct lb_store **ret_store,
			     struct lb_error *error)
{
	struct lb_database *database = lb_alloc(sizeof(*database));
	if (database == NULL) {
		return lb_fail_nomem(error);
	}
	database->store.impl = &sqlite_impl;
	database->store.deployment_id = database->deployment_id;
	enum lb_err err = copy_options(database, options) ? LB_OK : lb_fail_nomem(error);
	if (err == LB_OK) {
		err = create_file(database, options->create, error);
	}
	if (err == LB_OK) {
		err = open_database(database, options->busy_timeout_us, error);
	}
	if (err == LB_OK) {
		err = lb_database_migrate(database, error);
	}
	if (err != LB_OK) {
		destroy(&database->store);
		return err;
	}
	*ret_store = &database->store;
	return LB_OK;
}
