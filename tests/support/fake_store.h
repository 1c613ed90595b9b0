/* fake_store.h: ports/store.h in memory.
 *
 * A fake_tables is what a database file is: it survives a "crash", that is
 * destroying a store and creating another on the same tables; several stores may
 * have the same tables open. Running out of memory ends the test program; so no
 * errors here. It holds the promises of the port as strictly as it can: a call
 * outside of a transaction, or one that writes in a READ transaction, aborts. */
#ifndef LB_TESTS_FAKE_STORE_H
#define LB_TESTS_FAKE_STORE_H

#include "ports/store.h"

struct fake_tables;

struct fake_tables *fake_tables_create(void);
void fake_tables_destroy(struct fake_tables *tables);

/* tables: borrowed. Destroyed through its impl, like every store. */
struct lb_store *fake_store_create(struct fake_tables *tables);

/* What people do with SQL, outside of any transaction. put: replaces the row of
 * the same key, or adds it; cursors and changed are ignored, texts are copied. */
void fake_tables_put_row(struct fake_tables *tables, const struct lb_row *row);
void fake_tables_remove_row(struct fake_tables *tables, const char *sensor_id,
			    const char *trigger_job_id);

/* The row of that key, without cursors, valid until the next change; NULL: none. */
const struct lb_row *fake_tables_find_row(const struct fake_tables *tables, const char *sensor_id,
					  const char *trigger_job_id);

/* One entry of the sensor table. asset: the only one; NULL: none. */
struct fake_sensor_entry {
	const char *sensor_id;
	const char *asset;
	const char *status;
	const char *upstream_key;
	int64_t status_changed_at_us;
};

/* sensor_id: the mangled key. Valid until the next change; NULL: none. */
const struct fake_sensor_entry *fake_tables_find_entry(const struct fake_tables *tables,
						       const char *sensor_id);

/* When a commit that is made to fail does so: with its effect, or without. */
enum fake_commit { FAKE_COMMIT_LOST, FAKE_COMMIT_DONE };

/* The next WRITE transaction whose body succeeds returns code all the same. DONE
 * goes with LB_UNAVAILABLE only, as the port says. */
void fake_tables_fail_commit(struct fake_tables *tables, enum fake_commit commit, enum lb_err code);

/* The next transaction fails with code before its body is called. */
void fake_tables_fail_begin(struct fake_tables *tables, enum lb_err code);

/* The call after count others fails with code, once; a transaction's begin and
 * its commit count as calls. How many are left until it fails; SIZE_MAX: it has. */
void fake_tables_fail_call(struct fake_tables *tables, size_t count, enum lb_err code);
size_t fake_tables_calls_left(const struct fake_tables *tables);

#endif
