/* acon.h: reads one ACON, the original's dictionary (docs/acon.md). */
#ifndef LB_CONFIG_ACON_H
#define LB_CONFIG_ACON_H

#include "config/config.h"
#include "config/value.h"

/* Reads and checks map. prefix: before its keys in messages, "" for a file of
 * its own. What is wrong is reported; then the rest of *ret_acon is still set. */
void lb_acon_read(const struct lb_reader *reader, const struct lb_node *map, const char *prefix,
		  struct lb_acon *ret_acon);

/* `database.table`, `catalog.database.table` or `table`. */
struct lb_table_name {
	const char *database; /* NULL: none */
	const char *table;
};

/* False: not such a name, of letters, digits and '_', or one that lakebeat or
 * SQLite keeps for itself; *ret_problem says why. Texts in arena; NULL table
 * with true: exhausted. */
bool lb_table_name_parse(struct lb_arena *arena, const char *text, struct lb_table_name *ret_name,
			 const char **ret_problem);

#endif
