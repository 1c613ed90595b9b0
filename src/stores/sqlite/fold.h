/* fold.h: SQL function lakebeat_fold(text): trimmed and in lower case, by the
 * rules of lb_text_same_word. NULL is NULL. */
#ifndef LB_STORES_SQLITE_FOLD_H
#define LB_STORES_SQLITE_FOLD_H

#include <sqlite3.h>

/* Makes it known to db; returns SQLite's result code. */
int lb_sqlite_add_fold(sqlite3 *db);

#endif
