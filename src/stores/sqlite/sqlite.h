/* sqlite.h: the store in one SQLite file (WAL, synchronous=FULL). */
#ifndef LB_STORES_SQLITE_H
#define LB_STORES_SQLITE_H

#include "ports/store.h"

/* path:          the file; created with mode 0600 when create is set. Copied.
 * control_table, sensor_table: names of the original's two tables in it; letters,
 *                digits and '_'. Copied.
 * checkpoint_base: `base_checkpoint_location` for the sensor table's column, or NULL.
 * busy_timeout_us: how long a call waits for another process.
 * create:        false: LB_NOT_FOUND when the file does not exist. */
struct lb_sqlite_options {
	const char *path;
	const char *control_table;
	const char *sensor_table;
	const char *checkpoint_base;
	int64_t busy_timeout_us;
	int64_t keep_us;
	bool create;
};

/* Opens the file and brings its schema up to date (PRAGMA user_version).
 * Errors: UNSUPPORTED (a newer lakebeat's schema), NOT_FOUND, CORRUPT (not a
 * database; truncated; a table with foreign columns), and those of ports/store.h. */
enum lb_err lb_sqlite_create(const struct lb_sqlite_options *options, struct lb_store **ret_store,
			     struct lb_error *error) LB_MUST_CHECK;

#endif
