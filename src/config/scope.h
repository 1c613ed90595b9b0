/* scope.h: reads one dictionary by the rows of one scope of the settings. */
#ifndef LB_CONFIG_SCOPE_H
#define LB_CONFIG_SCOPE_H

#include "config/config.h"
#include "config/value.h"

/* What to make of keys that no row knows. */
enum lb_unknown_keys {
	LB_UNKNOWN_IS_ERROR,
	LB_UNKNOWN_OPTION_IS_ERROR, /* of `cloudFiles.*`; a warning for others */
	LB_UNKNOWN_IS_WARNING,
};

/* Sets every field of base that has a row: to the value in map, else to the
 * default. map may be NULL: defaults only. prefix: before the keys in messages
 * ("runners.local."). Items that are SECTIONs are left to the caller, who finds
 * them with lb_node_get. NULL: exhausted; else an origin per row, in arena. */
struct lb_origin *lb_scope_read(const struct lb_reader *reader, enum lb_setting_scope scope,
				const struct lb_node *map, const char *prefix,
				enum lb_unknown_keys unknown, void *base);

/* The origin of one setting of a scope. */
struct lb_origin *lb_scope_origin(enum lb_setting_scope scope, struct lb_origin *origins,
				  const char *key);

/* Sets one setting from an option of the command line, over what it was. */
void lb_scope_override(const struct lb_reader *reader, enum lb_setting_scope scope, const char *key,
		       const char *text, struct lb_origin *origins, void *base);

#endif
