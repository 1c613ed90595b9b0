#include "stores/sqlite/database.h"

#include "base/time.h"

#include <string.h>

static const char *const sql_texts[SQL_COUNT] = {
#define SQL_TEXT(name, text) [name] = (text),
	SQL_MAP(SQL_TEXT)
#undef SQL_TEXT
};

struct lb_database *lb_database_of(struct lb_store *store)
{
	return (struct lb_database *)store;
}

/* What a result code means to the caller, and what people can do about it. */
static const struct {
	int status;
	enum lb_err err;
	const char *remedy;
} meanings[] = {
	{SQLITE_BUSY, LB_BUSY, "another process holds it; try again"},
	{SQLITE_LOCKED, LB_BUSY, "another process holds it; try again"},
	{SQLITE_NOMEM, LB_NOMEM, NULL},
	{SQLITE_FULL, LB_FULL, "free some space on its disk"},
	{SQLITE_READONLY, LB_IO, "make the file and its folder writable"},
	{SQLITE_PERM, LB_IO, "make the file and its folder writable"},
	{SQLITE_CANTOPEN, LB_IO, "check that its folder exists and may be written"},
	{SQLITE_NOTADB, LB_CORRUPT, "restore it from a backup, or name another file"},
	{SQLITE_CORRUPT, LB_CORRUPT, "restore it from a backup"},
};

enum lb_err lb_database_fail(const struct lb_database *database, int status, struct lb_error *error)
{
	enum lb_err err = LB_IO;
	const char *remedy = NULL;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].status == (status & 0xFF)) {
			err = meanings[i].err;
			remedy = meanings[i].remedy;
		}
	}
	const char *text =
		database->db != NULL ? sqlite3_errmsg(database->db) : sqlite3_errstr(status);
	return lb_fail(error, err, "store %s: %s%s%s", database->path, text,
		       remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
}

/* Appends text up to end, then name as a quoted identifier. */
static void append_quoted(sqlite3_str *out, const char *text, const char *end, const char *name)
{
	sqlite3_str_append(out, text, (int)(end - text));
	sqlite3_str_appendf(out, "\"%w\"", name);
}

char *lb_database_expand(const struct lb_database *database, const char *text)
{
	sqlite3_str *out = sqlite3_str_new(NULL);
	for (const char *brace; (brace = strchr(text, '{')) != NULL;) {
		bool control = strncmp(brace, "{control}", 9) == 0;
		append_quoted(out, text, brace,
			      control ? database->control_table : database->sensor_table);
		text = brace + 9; /* both names have as many letters */
	}
	sqlite3_str_appendall(out, text);
	return sqlite3_str_finish(out);
}

static enum lb_err prepare(struct lb_database *database, enum lb_sql sql, struct lb_error *error)
{
	char *text = lb_database_expand(database, sql_texts[sql]);
	if (text == NULL) {
		return lb_fail_nomem(error);
	}
	int status = sqlite3_prepare_v3(database->db, text, -1, SQLITE_PREPARE_PERSISTENT,
					&database->statements[sql], NULL);
	sqlite3_free(text);
	return status == SQLITE_OK ? LB_OK : lb_database_fail(database, status, error);
}

sqlite3_stmt *lb_database_statement(struct lb_database *database, enum lb_sql sql,
				    struct lb_error *error)
{
	if (database->statements[sql] == NULL && prepare(database, sql, error) != LB_OK) {
		return NULL;
	}
	return database->statements[sql];
}

enum lb_err lb_database_step(struct lb_database *database, sqlite3_stmt *statement, bool *ret_row,
			     struct lb_error *error)
{
	int status = sqlite3_step(statement);
	*ret_row = status == SQLITE_ROW;
	if (status == SQLITE_ROW) {
		return LB_OK;
	}
	enum lb_err err = LB_OK;
	if (status != SQLITE_DONE) {
		err = lb_database_fail(database, status, error);
	}
	(void)sqlite3_reset(statement);
	return err;
}

enum lb_err lb_database_run(struct lb_database *database, sqlite3_stmt *statement,
			    struct lb_error *error)
{
	bool row;
	enum lb_err err = lb_database_step(database, statement, &row, error);
	if (row) {
		(void)sqlite3_reset(statement);
	}
	return err;
}

enum lb_err lb_database_execute(struct lb_database *database, enum lb_sql sql,
				struct lb_error *error)
{
	sqlite3_stmt *statement = lb_database_statement(database, sql, error);
	return statement != NULL ? lb_database_run(database, statement, error) : error->code;
}

/* Binding fails only for a wrong index or no memory; the step that follows then
 * fails too, so that its result need not be looked at here. */
void lb_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	(void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void lb_bind_int(sqlite3_stmt *statement, int index, int64_t number)
{
	(void)sqlite3_bind_int64(statement, index, number);
}

void lb_bind_time(sqlite3_stmt *statement, int index, int64_t time_us)
{
	if (time_us == LB_TIME_NONE) {
		(void)sqlite3_bind_null(statement, index);
	} else {
		lb_bind_int(statement, index, time_us);
	}
}

void lb_bind_timestamp(sqlite3_stmt *statement, int index, int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	if (time_us == LB_TIME_NONE) {
		(void)sqlite3_bind_null(statement, index);
	} else {
		(void)sqlite3_bind_text(statement, index, lb_time_format(time_us, text), -1,
					SQLITE_TRANSIENT);
	}
}

enum lb_err lb_column_text(sqlite3_stmt *statement, int index, struct lb_arena *arena,
			   const char **ret_text, struct lb_error *error)
{
	*ret_text = NULL;
	if (sqlite3_column_type(statement, index) == SQLITE_NULL) {
		return LB_OK;
	}
	const char *text = (const char *)sqlite3_column_text(statement, index);
	*ret_text = lb_arena_strdup(arena, text);
	return *ret_text != NULL ? LB_OK : lb_fail_nomem(error);
}

int64_t lb_column_time(sqlite3_stmt *statement, int index)
{
	return sqlite3_column_type(statement, index) == SQLITE_NULL
		       ? LB_TIME_NONE
		       : sqlite3_column_int64(statement, index);
}

/* What people wrote there and is not a time counts as none. */
int64_t lb_column_timestamp(sqlite3_stmt *statement, int index)
{
	int64_t time_us;
	const char *text = (const char *)sqlite3_column_text(statement, index);
	return text != NULL && lb_time_parse(text, &time_us) ? time_us : LB_TIME_NONE;
}
