/* run_columns.h: runs from results that begin with SQL_RUN_COLUMNS and go on
 * with SQL_INPUT_COLUMNS: one line for each input, or one without. */
#ifndef LB_STORES_SQLITE_RUN_COLUMNS_H
#define LB_STORES_SQLITE_RUN_COLUMNS_H

#include "stores/sqlite/statement.h"

/* Fills *run from the result; what fails is remembered in sql. */
void lb_sqlite_read_run(struct sql *sql, struct lb_arena *arena, struct lb_run *run);

/* Adds the result's input to the run, if it has one. */
void lb_sqlite_read_input(struct sql *sql, struct lb_arena *arena, struct lb_run *run);

#endif
