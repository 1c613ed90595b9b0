/* schema.c: the schema's version, and the steps from one to the next. */
#include "stores/sqlite/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Each migration leads from its index to the next version. They are never
 * changed once released: a new one is added. */
static const char *const migrations[] = {
#include "schema.sql.inc"
	,
#include "schema_2.sql.inc"
};

#define SCHEMA_VERSION ((int)(sizeof(migrations) / sizeof(migrations[0])))

/* One number from a statement; text is ours, so it always gives one. */
static enum lb_err ask_number(struct lb_sqlite *sqlite, const char *text, int *ret_number,
			      struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	enum lb_err err = LB_OK;
	if (code == SQLITE_ROW) {
		*ret_number = sqlite3_column_int(statement, 0);
	} else {
		err = lb_sqlite_fail(sqlite, code, error);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

static enum lb_err find_version(struct lb_sqlite *sqlite, int *ret_version, struct lb_error *error)
{
	*ret_version = 0;
	enum lb_err err = ask_number(sqlite, "PRAGMA user_version", ret_version, error);
	if (err == LB_OK && (*ret_version < 0 || *ret_version > SCHEMA_VERSION)) {
		err = lb_fail(error, LB_UNSUPPORTED,
			      "%s has schema version %d, and this lakebeat knows up to %d; use a "
			      "newer lakebeat; nothing was changed",
			      sqlite->path, *ret_version, SCHEMA_VERSION);
	}
	return err;
}

enum lb_err lb_sqlite_check_version(struct lb_sqlite *sqlite, struct lb_error *error)
{
	int version;
	return find_version(sqlite, &version, error);
}

/* A version 4 UUID (RFC 4122). */
static enum lb_err make_uuid(char uuid[static SQLITE_UUID_LENGTH + 1], struct lb_error *error)
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		return lb_fail(error, LB_IO, "the system gives no random numbers: %s",
			       strerror(errno));
	}
	bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
	char *out = uuid;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out += snprintf(out, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
				bytes[i]);
	}
	return LB_OK;
}

static enum lb_err run_migrations(struct lb_sqlite *sqlite, int version, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (int i = version; i < SCHEMA_VERSION && err == LB_OK; i++) {
		err = lb_sqlite_exec(sqlite, migrations[i], error);
	}
	char uuid[SQLITE_UUID_LENGTH + 1];
	if (err == LB_OK) {
		err = make_uuid(uuid, error);
	}
	if (err == LB_OK) {
		char text[192];
		(void)snprintf(text, sizeof(text),
			       "INSERT OR IGNORE INTO lakebeat_meta VALUES ('deployment_id', '%s');"
			       "PRAGMA user_version = %d",
			       uuid, SCHEMA_VERSION);
		err = lb_sqlite_exec(sqlite, text, error);
	}
	return err;
}

/* Another process may have migrated while this one waited for the lock. */
static enum lb_err migrate_locked(struct lb_sqlite *sqlite, struct lb_error *error)
{
	int version;
	enum lb_err err = find_version(sqlite, &version, error);
	if (err == LB_OK && version < SCHEMA_VERSION) {
		err = run_migrations(sqlite, version, error);
	}
	return err == LB_OK ? lb_sqlite_exec(sqlite, "COMMIT", error) : err;
}

static enum lb_err load_deployment_id(struct lb_sqlite *sqlite, struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db,
				      "SELECT value FROM lakebeat_meta WHERE key = 'deployment_id'",
				      -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	enum lb_err err = LB_OK;
	if (code == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == SQLITE_UUID_LENGTH) {
		memcpy(sqlite->deployment_id, sqlite3_column_text(statement, 0),
		       SQLITE_UUID_LENGTH);
	} else if (code == SQLITE_ROW || code == SQLITE_DONE) {
		err = lb_fail(error, LB_CORRUPT,
			      "%s: lakebeat_meta has no deployment_id; restore it from a backup",
			      sqlite->path);
	} else {
		err = lb_sqlite_fail(sqlite, code, error);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

enum lb_err lb_sqlite_migrate(struct lb_sqlite *sqlite, struct lb_error *error)
{
	int version;
	enum lb_err err = find_version(sqlite, &version, error);
	if (err == LB_OK && version < SCHEMA_VERSION) {
		err = lb_sqlite_exec(sqlite, "BEGIN IMMEDIATE", error);
		if (err == LB_OK) {
			err = migrate_locked(sqlite, error);
		}
		if (err != LB_OK && sqlite3_get_autocommit(sqlite->db) == 0) {
			(void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
		}
	}
	return err == LB_OK ? load_deployment_id(sqlite, error) : err;
}
