/* profile.h: what ~/.databrickscfg says.
 *
 * Defined in the Databricks documentation, "Databricks configuration profiles":
 *
 *     ; a comment; so is what follows " #" or " ;" in a value
 *     [DEFAULT]
 *     host  = https://dbc-a1b2c3d4-e5f6.cloud.databricks.com
 *     token = "dapi…"
 *     [__settings__]
 *     default_profile = prod
 *
 * Sections inherit nothing from each other; of a key that stands twice the last
 * counts. Pure; any thread. */
#ifndef LB_RUNNERS_DATABRICKS_PROFILE_H
#define LB_RUNNERS_DATABRICKS_PROFILE_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>

struct lb_databricks_entry {
	const char *section;
	const char *key;
	const char *value;
};

/* Sections without a key are entries with key NULL. */
struct lb_databricks_entry_list LB_LIST_OF(struct lb_databricks_entry);

/* text is taken apart in place; entries borrow from it. Errors: INVALID, naming
 * the line and not what stands there; NOMEM. */
enum lb_err lb_databricks_profiles_parse(char *text, struct lb_arena *arena,
					 struct lb_databricks_entry_list *ret_entries,
					 struct lb_error *error) LB_MUST_CHECK;

bool lb_databricks_profile_exists(const struct lb_databricks_entry_list *entries,
				  const char *section);

/* NULL: it is not there, or empty. */
const char *lb_databricks_profile_get(const struct lb_databricks_entry_list *entries,
				      const char *section, const char *key);

#endif
