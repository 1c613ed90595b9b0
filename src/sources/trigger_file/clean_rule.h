/* clean_rule.h: what becomes of trigger files that every job is done with: `on_consumed` of
 * the ACON. Pure; any thread. */
#ifndef LB_SOURCES_TRIGGER_FILE_CLEAN_RULE_H
#define LB_SOURCES_TRIGGER_FILE_CLEAN_RULE_H

#include "base/error.h"
#include "base/mem.h"

enum lb_on_consumed { LB_CONSUMED_KEEP, LB_CONSUMED_DELETE, LB_CONSUMED_MOVE };

/* target: MOVE only, without a slash at its end: a folder's path, or a prefix in the same
 * bucket. A file goes to target/sensor_id/file_name, over one of that name. */
struct lb_clean_rule {
	enum lb_on_consumed deed;
	const char *target;
};

/* "keep", "delete" or "move:TARGET", for files below base_location. ret_rule: in arena.
 * Errors: INVALID (another word; a target that is no absolute path, or no prefix), NOMEM. */
enum lb_err lb_clean_rule_parse(const char *text, const char *base_location, struct lb_arena *arena,
				struct lb_clean_rule *ret_rule,
				struct lb_error *error) LB_MUST_CHECK;

/* Would files below base_location be moved to where other, a base location too, looks for trigger
 * files? Errors: INVALID (they would), NOMEM. */
enum lb_err lb_clean_rule_check(const struct lb_clean_rule *rule, const char *base_location,
				const char *other, struct lb_error *error) LB_MUST_CHECK;

#endif
