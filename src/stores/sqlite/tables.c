/* tables.c: the original's two tables, under the names that the ACON gives. */
#include "base/text.h"
#include "stores/sqlite/store.h"

#include <string.h>

static const char make_tables[] =
#include "tables.sql.inc"
	;

static const char *const control_columns[] = {
	"sensor_source",
	"sensor_id",
	"sensor_read_type",
	"asset_description",
	"upstream_key",
	"preprocess_query",
	"latest_event_fetched_timestamp",
	"trigger_job_id",
	"trigger_job_name",
	"status",
	"status_change_timestamp",
	"job_start_timestamp",
	"job_end_timestamp",
	"job_state",
	"dependency_flag",
};

static const char *const sensor_columns[] = {
	"sensor_id",           "assets",       "status",         "status_change_timestamp",
	"checkpoint_location", "upstream_key", "upstream_value",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the placeholder at text (behind its '{') stands for: the parts of a name. */
static bool find_placeholder(const struct lb_sqlite *sqlite, const char *text, size_t length,
			     const char *parts[static 3])
{
	const struct {
		const char *placeholder;
		const char *parts[3];
	} known[] = {
		{"control", {"", sqlite->control_table, ""}},
		{"sensor_table", {"", sqlite->sensor_table, ""}},
		{"control_job", {"lakebeat_", sqlite->control_table, "_job"}},
		{"control_sensor", {"lakebeat_", sqlite->control_table, "_sensor"}},
		{"sensor_table_id", {"lakebeat_", sqlite->sensor_table, "_id"}},
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strlen(known[i].placeholder) == length &&
		    memcmp(known[i].placeholder, text, length) == 0) {
			memcpy(parts, known[i].parts, sizeof(known[i].parts));
			return true;
		}
	}
	return false;
}

/* Appends length bytes of text to *out, or only counts them. */
static void put(char **out, size_t *size, const char *text, size_t length)
{
	if (*out != NULL) {
		memcpy(*out, text, length);
		*out += length;
	}
	*size += length;
}

/* Bytes of the expanded text and its NUL; written to out unless it is NULL. */
static size_t expand(const struct lb_sqlite *sqlite, const char *text, char *out)
{
	size_t size = 0;
	const char *parts[3];
	while (*text != '\0') {
		size_t length = *text == '{' ? strcspn(text + 1, "}") : 0;
		if (length > 0 && find_placeholder(sqlite, text + 1, length, parts)) {
			put(&out, &size, "\"", 1);
			for (size_t i = 0; i < COUNT(parts); i++) {
				put(&out, &size, parts[i], strlen(parts[i]));
			}
			put(&out, &size, "\"", 1);
			text += length + 2;
		} else {
			put(&out, &size, text++, 1);
		}
	}
	put(&out, &size, "", 1);
	return size;
}

char *lb_sqlite_expand(const struct lb_sqlite *sqlite, const char *text)
{
	char *expanded = lb_alloc(expand(sqlite, text, NULL));
	if (expanded != NULL) {
		(void)expand(sqlite, text, expanded);
	}
	return expanded;
}

/* Both tables and the three indexes of tables.sql are there. */
static enum lb_err find_objects(struct lb_sqlite *sqlite, bool *ret_found, struct lb_error *error)
{
	static const char text[] =
		"SELECT count(*) FROM sqlite_schema WHERE tbl_name COLLATE NOCASE IN (?1, ?2) "
		"AND (type = 'table' OR name COLLATE NOCASE IN ('lakebeat_' || ?1 || '_job', "
		"'lakebeat_' || ?1 || '_sensor', 'lakebeat_' || ?2 || '_id'))";
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_bind_text(statement, 1, sqlite->control_table, -1, SQLITE_STATIC);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_bind_text(statement, 2, sqlite->sensor_table, -1, SQLITE_STATIC);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	*ret_found = code == SQLITE_ROW && sqlite3_column_int(statement, 0) == 5;
	enum lb_err err = code == SQLITE_ROW ? LB_OK : lb_sqlite_fail(sqlite, code, error);
	(void)sqlite3_finalize(statement);
	return err;
}

/* SQLite makes numbers of what looks like one, but in a column of text: a job
 * "007" would become 7. Its rule: INT anywhere is a number, then CHAR, CLOB and
 * TEXT are text. */
static bool holds_text(const char *type)
{
	return sqlite3_strlike("%INT%", type, 0) != 0 &&
	       (sqlite3_strlike("%CHAR%", type, 0) == 0 ||
		sqlite3_strlike("%CLOB%", type, 0) == 0 || sqlite3_strlike("%TEXT%", type, 0) == 0);
}

static enum lb_err check_column(const struct lb_sqlite *sqlite, const char *table,
				sqlite3_stmt *statement, const char *wanted, struct lb_error *error)
{
	const char *name = (const char *)sqlite3_column_text(statement, 0);
	const char *type = (const char *)sqlite3_column_text(statement, 1);
	if (name == NULL || type == NULL) {
		return lb_fail_nomem(error);
	}
	if (wanted == NULL) {
		return lb_fail(
			error, LB_CORRUPT,
			"%s: table %s has a column %s that the original has not; drop it, or "
			"name another table",
			sqlite->path, table, name);
	}
	if (sqlite3_stricmp(name, wanted) != 0) {
		return lb_fail(error, LB_CORRUPT,
			       "%s: table %s has column %s where the original has %s; name another "
			       "table, or make this one anew",
			       sqlite->path, table, name, wanted);
	}
	if (!lb_text_ends_with(wanted, "_timestamp") && !holds_text(type)) {
		return lb_fail(error, LB_CORRUPT,
			       "%s: column %s of table %s is declared '%s', which SQLite does not "
			       "keep as text; declare it TEXT",
			       sqlite->path, name, table, type);
	}
	return LB_OK;
}

static enum lb_err check_columns(struct lb_sqlite *sqlite, const char *table,
				 const char *const *columns, size_t count, sqlite3_stmt *statement,
				 struct lb_error *error)
{
	enum lb_err err = LB_OK;
	size_t found = 0;
	int code = sqlite3_step(statement);
	for (; code == SQLITE_ROW && err == LB_OK; found++) {
		err = check_column(sqlite, table, statement, found < count ? columns[found] : NULL,
				   error);
		code = err == LB_OK ? sqlite3_step(statement) : code;
	}
	if (err == LB_OK && code != SQLITE_DONE) {
		err = lb_sqlite_fail(sqlite, code, error);
	}
	if (err == LB_OK && found > 0 && found < count) {
		err = lb_fail(error, LB_CORRUPT,
			      "%s: table %s lacks the column %s; name another table, or make this "
			      "one anew",
			      sqlite->path, table, columns[found]);
	}
	return err;
}

/* A table that is not there has no column to complain about. */
static enum lb_err check_table(struct lb_sqlite *sqlite, const char *table,
			       const char *const *columns, size_t count, struct lb_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db,
				      "SELECT name, type FROM pragma_table_xinfo(?1) ORDER BY cid",
				      -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	}
	enum lb_err err = code == SQLITE_OK
				  ? check_columns(sqlite, table, columns, count, statement, error)
				  : lb_sqlite_fail(sqlite, code, error);
	(void)sqlite3_finalize(statement);
	return err;
}

/* The one unique index is why rows of the same key are an error. */
static enum lb_err make_missing(struct lb_sqlite *sqlite, struct lb_error *error)
{
	char *expanded LB_CLEANUP(lb_freep) = lb_sqlite_expand(sqlite, make_tables);
	if (expanded == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = lb_sqlite_exec(sqlite, "BEGIN IMMEDIATE", error);
	if (err == LB_OK) {
		err = lb_sqlite_exec(sqlite, expanded, error);
		if ((sqlite3_errcode(sqlite->db) & 0xFF) == SQLITE_CONSTRAINT) {
			err = lb_fail(error, LB_CORRUPT,
				      "%s: table %s has several rows of one sensor_id and "
				      "trigger_job_id; keep one of each",
				      sqlite->path, sqlite->control_table);
		}
	}
	if (err == LB_OK) {
		err = lb_sqlite_exec(sqlite, "COMMIT", error);
	}
	if (err != LB_OK && sqlite3_get_autocommit(sqlite->db) == 0) {
		(void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return err;
}

enum lb_err lb_sqlite_prepare_tables(struct lb_sqlite *sqlite, struct lb_error *error)
{
	enum lb_err err = check_table(sqlite, sqlite->control_table, control_columns,
				      COUNT(control_columns), error);
	if (err == LB_OK) {
		err = check_table(sqlite, sqlite->sensor_table, sensor_columns,
				  COUNT(sensor_columns), error);
	}
	bool found = false;
	if (err == LB_OK) {
		err = find_objects(sqlite, &found, error);
	}
	return err == LB_OK && !found ? make_missing(sqlite, error) : err;
}
