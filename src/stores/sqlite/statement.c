#include "stores/sqlite/statement.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

static int prepare(struct lb_sqlite *sqlite, const char *text, sqlite3_stmt **slot)
{
	char *expanded = lb_sqlite_expand(sqlite, text);
	if (expanded == NULL) {
		return SQLITE_NOMEM;
	}
	int code =
		sqlite3_prepare_v3(sqlite->db, expanded, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
	lb_free(expanded);
	return code;
}

/* SQLite ends a transaction by itself after some errors. Whatever came then
 * would be a transaction of its own. */
static bool transaction_is_over(const struct lb_sqlite *sqlite)
{
	return sqlite->in_transaction && sqlite3_get_autocommit(sqlite->db) != 0;
}

struct sql sql_begin_text(struct lb_sqlite *sqlite, sqlite3_stmt **slot, const char *text)
{
	struct sql sql = {.sqlite = sqlite};
	if (transaction_is_over(sqlite)) {
		sql.code = SQLITE_ABORT;
	} else if (*slot == NULL) {
		sql.code = prepare(sqlite, text, slot);
	}
	sql.statement = *slot;
	return sql;
}

struct sql sql_begin(struct lb_sqlite *sqlite, enum sql_id id)
{
	return sql_begin_text(sqlite, &sqlite->statements[id], sql_texts[id]);
}

static void note(struct sql *sql, int code)
{
	if (sql->code == SQLITE_OK) {
		sql->code = code;
	}
}

void sql_bind_text(struct sql *sql, int index, const char *text)
{
	if (sql->code == SQLITE_OK) {
		note(sql, sqlite3_bind_text(sql->statement, index, text, -1, SQLITE_STATIC));
	}
}

void sql_bind_int(struct sql *sql, int index, int64_t number)
{
	if (sql->code == SQLITE_OK) {
		note(sql, sqlite3_bind_int64(sql->statement, index, number));
	}
}

void sql_bind_time(struct sql *sql, int index, int64_t time_us)
{
	if (time_us != LB_TIME_NONE) {
		sql_bind_int(sql, index, time_us);
	} else if (sql->code == SQLITE_OK) {
		note(sql, sqlite3_bind_null(sql->statement, index));
	}
}

/* Milliseconds would not do: a time that is read back must be equal to the
 * event's, or its row would look changed for ever. */
void sql_bind_timestamp(struct sql *sql, int index, int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	if (time_us == LB_TIME_NONE) {
		sql_bind_time(sql, index, time_us);
		return;
	}
	int64_t micros = (time_us % LB_MS + LB_MS) % LB_MS;
	size_t length = strlen(lb_time_format(time_us - micros, text));
	(void)snprintf(text + length - 1, sizeof(text) - length, "%03dZ", (int)micros);
	if (sql->code == SQLITE_OK) {
		note(sql, sqlite3_bind_text(sql->statement, index, text, -1, SQLITE_TRANSIENT));
	}
}

void sql_end(struct sql *sql)
{
	if (sql->statement != NULL) {
		(void)sqlite3_reset(sql->statement);
	}
}

enum lb_err sql_next(struct sql *sql, bool *ret_more, struct lb_error *error)
{
	*ret_more = false;
	int code = sql->code == SQLITE_OK ? sqlite3_step(sql->statement) : sql->code;
	if (code == SQLITE_ROW) {
		*ret_more = true;
		return LB_OK;
	}
	/* The message is read before the reset, which may clear it. */
	enum lb_err err = LB_OK;
	if (code != SQLITE_DONE) {
		err = lb_sqlite_fail(sql->sqlite, code, error);
	}
	sql_end(sql);
	return err;
}

enum lb_err sql_run(struct sql *sql, struct lb_error *error)
{
	bool more;
	enum lb_err err = sql_next(sql, &more, error);
	if (more) {
		sql_end(sql);
	}
	return err;
}

void sql_no_memory(struct sql *sql)
{
	note(sql, SQLITE_NOMEM);
}

const char *sql_text(struct sql *sql, int column, struct lb_arena *arena)
{
	if (sql_is_null(sql, column)) {
		return NULL;
	}
	const char *text = (const char *)sqlite3_column_text(sql->statement, column);
	char *copy = lb_arena_strdup(arena, text);
	if (copy == NULL) {
		sql_no_memory(sql);
	}
	return copy;
}

bool sql_text_is(struct sql *sql, int column, const char *text)
{
	return lb_text_equal((const char *)sqlite3_column_text(sql->statement, column), text);
}

int64_t sql_int(struct sql *sql, int column)
{
	return sqlite3_column_int64(sql->statement, column);
}

bool sql_is_null(struct sql *sql, int column)
{
	return sqlite3_column_type(sql->statement, column) == SQLITE_NULL;
}

bool sql_can_be_key(struct sql *sql, int column)
{
	if (sqlite3_column_type(sql->statement, column) == SQLITE_BLOB) {
		return false;
	}
	const char *text = (const char *)sqlite3_column_text(sql->statement, column);
	return text == NULL || strlen(text) == (size_t)sqlite3_column_bytes(sql->statement, column);
}

int64_t sql_time(struct sql *sql, int column)
{
	return sql_is_null(sql, column) ? LB_TIME_NONE : sql_int(sql, column);
}

/* People write times by hand; what is not one is as good as none. */
int64_t sql_timestamp(struct sql *sql, int column)
{
	int64_t time_us;
	const char *text = (const char *)sqlite3_column_text(sql->statement, column);
	return lb_time_parse(text, &time_us) ? time_us : LB_TIME_NONE;
}
