/* tables.h: the tables in the middle of the world, in memory or in a real SQLite
 * file, and stores on them that fail as stores do. */
#ifndef LB_TESTS_SIM_TABLES_H
#define LB_TESTS_SIM_TABLES_H

#include "ports/store.h"
#include "support/fake_store.h"

struct sim_world;
struct sim_node;

/* memory: NULL with SQLite. file: NULL with memory. reader: a store for the
 * checkers. */
struct sim_tables {
	struct fake_tables *memory;
	char *file;
	int64_t keep_us;
	struct lb_store *reader;
};

/* What a transaction asked the store to write, for the checkers. */
struct sim_written {
	struct lb_arena arena;
	struct lb_audit_list audits;
	bool any;
};

/* A store on the world's tables. node: whose it is, and who suffers its faults;
 * NULL: a person's, and it does not fail. by_hand: the number of the job whose
 * events a person may consume or forge now, -1: none. */
struct sim_store {
	struct lb_store base;
	struct sim_world *world;
	struct sim_node *node;
	struct lb_store *inner;
	struct sim_written written;
	int by_hand;
};

/* sqlite: in a file below $TMPDIR or /tmp, removed by finish. */
void sim_tables_begin(struct sim_tables *tables, bool sqlite, int64_t keep_us);
void sim_tables_finish(struct sim_tables *tables);

/* Reads the tables, past all faults: body(store, data) in a READ transaction. */
void sim_tables_read(struct sim_world *world,
		     enum lb_err (*body)(struct lb_store *store, void *data,
					 struct lb_error *error),
		     void *data);

void sim_store_open(struct sim_store *store, struct sim_world *world, struct sim_node *node);
/* NULL inner is fine. */
void sim_store_close(struct sim_store *store);

#endif
