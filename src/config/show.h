/* show.h: the configuration in effect, for `lakebeat config`. Secrets are shown
 * as "***", and texts with references as they were written. */
#ifndef LB_CONFIG_SHOW_H
#define LB_CONFIG_SHOW_H

#include "config/config.h"
#include "config/settings.h"

#include <jansson.h>
#include <stdio.h>

/* key:    full name: "poll_interval", "runners.local.argv", "acons[0].token".
 * value:  as one would write it; NULL: not given.
 * origin: "default", "lakebeat.yaml:3", "--store"; NULL: not given. */
struct lb_shown {
	const struct lb_setting *setting;
	const char *key;
	const char *value;
	const char *origin;
};

struct lb_shown_list LB_LIST_OF(struct lb_shown);

/* Every setting of the file, of each runner and of each ACON, and what is said
 * of single jobs; in arena. Error: NOMEM. */
enum lb_err lb_config_show(const struct lb_config *config, struct lb_arena *arena,
			   struct lb_shown_list *ret_list, struct lb_error *error) LB_MUST_CHECK;

/* One line per setting: name, value and origin, aligned. Errors: NOMEM, IO. */
enum lb_err lb_config_show_text(const struct lb_config *config, FILE *stream,
				struct lb_error *error) LB_MUST_CHECK;

/* {"file": …, "settings": [{"name", "value", "origin", "reloadable"}, …]};
 * truth values, counts and lists as such, durations as text. *ret_json: owned,
 * json_decref. Error: NOMEM. */
enum lb_err lb_config_show_json(const struct lb_config *config, json_t **ret_json,
				struct lb_error *error) LB_MUST_CHECK;

/* For a reload: *ret_key is a setting that differs and takes effect at start
 * only, in arena; NULL: there is none. Error: NOMEM. */
enum lb_err lb_config_needs_restart(const struct lb_config *before, const struct lb_config *after,
				    struct lb_arena *arena, const char **ret_key,
				    struct lb_error *error) LB_MUST_CHECK;

#endif
