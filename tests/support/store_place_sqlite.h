/* store_place_sqlite.h: the SQLite side of store_place.h; all SQL is plain, on
 * connections of its own, as somebody with the sqlite3 shell would run it. */
#ifndef LB_TESTS_STORE_PLACE_SQLITE_H
#define LB_TESTS_STORE_PLACE_SQLITE_H

#include "stores/sqlite/sqlite.h"
#include "support/store_place.h"

/* The options that the place's store is opened with; create is set. */
struct lb_sqlite_options sqlite_place_options(const struct store_place *place);

struct lb_store *sqlite_place_open(struct store_place *place);
void sqlite_place_put_row(struct store_place *place, const struct lb_row *row);
bool sqlite_place_find_entry(struct store_place *place, const char *sensor_id,
			     struct fake_sensor_entry *ret_entry);

/* Runs SQL on the place's file; ends the test when it fails. */
void sqlite_place_exec(const struct store_place *place, const char *sql);
/* The first column of the first result as text in the place's arena; NULL when
 * there is none, or it is NULL. */
const char *sqlite_place_ask(struct store_place *place, const char *sql);

#endif
