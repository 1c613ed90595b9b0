/* statement.h: running prepared statements, with one error check at the end.
 *
 *     struct sql sql = sql_begin(sqlite, SQL_ADD_INPUT);
 *     sql_bind_int(&sql, 1, run->id);
 *     err = sql_run(&sql, error);
 *
 * What fails on the way is remembered in code, makes what follows do nothing,
 * and comes out of sql_run or sql_next. */
#ifndef LB_STORES_SQLITE_STATEMENT_H
#define LB_STORES_SQLITE_STATEMENT_H

#include "stores/sqlite/store.h"

/* code: SQLITE_OK, or what failed. */
struct sql {
	struct lb_sqlite *sqlite;
	sqlite3_stmt *statement;
	int code;
};

/* Prepares the statement when it is used for the first time. */
struct sql sql_begin(struct lb_sqlite *sqlite, enum sql_id id);
/* Likewise with a text, kept in *slot. */
struct sql sql_begin_text(struct lb_sqlite *sqlite, sqlite3_stmt **slot, const char *text);

/* Parameters count from 1; all of a statement are bound each time. Texts are
 * borrowed until sql_run, or until sql_next says that there is no more. */
void sql_bind_text(struct sql *sql, int index, const char *text);
void sql_bind_int(struct sql *sql, int index, int64_t number);
/* LB_TIME_NONE is NULL. */
void sql_bind_time(struct sql *sql, int index, int64_t time_us);
/* As ISO 8601 text with microseconds, for the original's tables. */
void sql_bind_timestamp(struct sql *sql, int index, int64_t time_us);

/* Runs a statement that has no results. */
enum lb_err sql_run(struct sql *sql, struct lb_error *error) LB_MUST_CHECK;

/* Goes to the next result, or says that there is none. After an error, or
 * without a result, the statement is at rest; else sql_end puts it there. */
enum lb_err sql_next(struct sql *sql, bool *ret_more, struct lb_error *error) LB_MUST_CHECK;
void sql_end(struct sql *sql);

/* Columns of the result, from 0. Texts are copied into arena; NULL is NULL. */
const char *sql_text(struct sql *sql, int column, struct lb_arena *arena);
int64_t sql_int(struct sql *sql, int column);
bool sql_is_null(struct sql *sql, int column);
/* False: a BLOB, or a text with a NUL. It can be read as a text, but that one is not
 * equal to it, so nothing is found by it. Ask before reading it. */
bool sql_can_be_key(struct sql *sql, int column);
int64_t sql_time(struct sql *sql, int column);
int64_t sql_timestamp(struct sql *sql, int column);

/* The column is text. */
bool sql_text_is(struct sql *sql, int column, const char *text);

/* Remembers that memory is out. */
void sql_no_memory(struct sql *sql);

#endif
