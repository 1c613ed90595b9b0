#include "stores/sqlite/database.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* schema.sql, made into a string by the build. */
extern const char lb_sqlite_schema[];

#define SCHEMA_VERSION 1

static enum lb_err query_int(struct lb_database *database, const char *sql, int64_t *ret_number,
			     struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int status = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL);
	if (status == SQLITE_OK) {
		status = sqlite3_step(statement);
	}
	enum lb_err err = LB_OK;
	if (status == SQLITE_ROW) {
		*ret_number = sqlite3_column_int64(statement, 0);
	} else {
		err = lb_database_fail(database, status, error);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

static enum lb_err execute(struct lb_database *database, const char *sql, struct lb_error *error)
{
	int status = sqlite3_exec(database->db, sql, NULL, NULL, NULL);
	return status == SQLITE_OK ? LB_OK : lb_database_fail(database, status, error);
}

/* A random UUID (RFC 4122, version 4). */
static enum lb_err make_deployment_id(char id[static 40], struct lb_error *error)
{
	unsigned char b[16];
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
		return lb_fail(error, LB_IO, "the system gives no random numbers");
	}
	b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
	(void)snprintf(id, 40,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
	return LB_OK;
}

static enum lb_err create_schema(struct lb_database *database, struct lb_error *error)
{
	char id[40];
	enum lb_err err = make_deployment_id(id, error);
	if (err != LB_OK) {
		return err;
	}
	char *schema = lb_database_expand(database, lb_sqlite_schema);
	char *rest = sqlite3_mprintf("insert into lakebeat_meta values ('deployment_id', %Q);"
				     "pragma user_version = %d;",
				     id, SCHEMA_VERSION);
	err = schema != NULL && rest != NULL ? LB_OK : lb_fail_nomem(error);
	if (err == LB_OK) {
		err = execute(database, schema, error);
	}
	if (err == LB_OK) {
		err = execute(database, rest, error);
	}
	sqlite3_free(schema);
	sqlite3_free(rest);
	return err;
}

/* The columns of a table that the original's feed and readers rely on, in order. */
static const char control_columns[] =
	"sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,preprocess_query,"
	"latest_event_fetched_timestamp,trigger_job_id,trigger_job_name,status,"
	"status_change_timestamp,job_start_timestamp,job_end_timestamp,job_state,dependency_flag";
static const char sensor_columns[] =
	"sensor_id,assets,status,status_change_timestamp,checkpoint_location,upstream_key,"
	"upstream_value";

static enum lb_err check_columns(struct lb_database *database, const char *table,
				 const char *expected, struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int status = sqlite3_prepare_v2(database->db,
					"select group_concat(name) from pragma_table_info(?1)", -1,
					&statement, NULL);
	if (status == SQLITE_OK) {
		lb_bind_text(statement, 1, table);
		status = sqlite3_step(statement);
	}
	const char *found =
		status == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	enum lb_err err = LB_OK;
	if (status != SQLITE_ROW) {
		err = lb_database_fail(database, status, error);
	} else if (found == NULL || strcmp(found, expected) != 0) {
		err = lb_fail(error, LB_CORRUPT,
			      "store %s: table %s has the columns %s, where %s are expected; name "
			      "another table in the ACON, or rename this one",
			      database->path, table, found != NULL ? found : "(none)", expected);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

static enum lb_err check_tables(struct lb_database *database, struct lb_error *error)
{
	enum lb_err err = check_columns(database, database->control_table, control_columns, error);
	if (err == LB_OK) {
		err = check_columns(database, database->sensor_table, sensor_columns, error);
	}
	return err;
}

static enum lb_err read_deployment_id(struct lb_database *database, struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int status = sqlite3_prepare_v2(
		database->db, "select value from lakebeat_meta where name = 'deployment_id'", -1,
		&statement, NULL);
	if (status == SQLITE_OK) {
		status = sqlite3_step(statement);
	}
	enum lb_err err = LB_OK;
	if (status == SQLITE_ROW) {
		(void)snprintf(database->deployment_id, sizeof(database->deployment_id), "%s",
			       (const char *)sqlite3_column_text(statement, 0));
	} else if (status == SQLITE_DONE) {
		err = lb_fail(error, LB_CORRUPT,
			      "store %s: lakebeat_meta has lost its deployment_id", database->path);
	} else {
		err = lb_database_fail(database, status, error);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

static enum lb_err refuse_newer(const struct lb_database *database, int64_t version,
				struct lb_error *error)
{
	return lb_fail(error, LB_UNSUPPORTED,
		       "store %s: its schema has version %lld, this lakebeat knows versions up to "
		       "%d; use a newer lakebeat",
		       database->path, (long long)version, SCHEMA_VERSION);
}

/* Two processes may open a new file at once: the version is read again with the
 * write lock held. */
static enum lb_err upgrade(struct lb_database *database, struct lb_error *error)
{
	int64_t version = 0;
	enum lb_err err = lb_database_execute(database, SQL_BEGIN_WRITE, error);
	if (err != LB_OK) {
		return err;
	}
	err = query_int(database, "pragma user_version", &version, error);
	if (err == LB_OK && version > SCHEMA_VERSION) {
		err = refuse_newer(database, version, error);
	}
	if (err == LB_OK && version < 1) {
		err = create_schema(database, error);
	}
	if (err == LB_OK) {
		err = check_tables(database, error);
	}
	if (err == LB_OK) {
		err = lb_database_execute(database, SQL_COMMIT, error);
	}
	if (err != LB_OK && sqlite3_get_autocommit(database->db) == 0) {
		struct lb_error ignored;
		enum lb_err rollback_err = lb_database_execute(database, SQL_ROLLBACK, &ignored);
		(void)rollback_err;
	}
	return err;
}

static enum lb_err table_exists(struct lb_database *database, const char *table, bool *ret_exists,
				struct lb_error *error)
{
	int64_t count = 0;
	char *sql = sqlite3_mprintf("select count(*) from pragma_table_info(%Q)", table);
	enum lb_err err =
		sql != NULL ? query_int(database, sql, &count, error) : lb_fail_nomem(error);
	sqlite3_free(sql);
	*ret_exists = count > 0;
	return err;
}

/* The schema is there, but for tables of another name than at its creation. */
static enum lb_err require_tables(struct lb_database *database, struct lb_error *error)
{
	const char *tables[] = {database->control_table, database->sensor_table};
	for (size_t i = 0; i < 2; i++) {
		bool exists;
		enum lb_err err = table_exists(database, tables[i], &exists, error);
		if (err == LB_OK && !exists) {
			err = lb_fail(error, LB_INVALID,
				      "store %s: there is no table %s in it; it was made for other "
				      "tables: name those in the ACON, or use another store",
				      database->path, tables[i]);
		}
		if (err != LB_OK) {
			return err;
		}
	}
	return check_tables(database, error);
}

enum lb_err lb_database_migrate(struct lb_database *database, struct lb_error *error)
{
	int64_t version = 0;
	enum lb_err err = query_int(database, "pragma user_version", &version, error);
	if (err == LB_OK && version > SCHEMA_VERSION) {
		err = refuse_newer(database, version, error);
	} else if (err == LB_OK && version < SCHEMA_VERSION) {
		err = upgrade(database, error);
	} else if (err == LB_OK) {
		err = require_tables(database, error);
	}
	return err == LB_OK ? read_deployment_id(database, error) : err;
}
