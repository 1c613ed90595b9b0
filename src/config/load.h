/* load.h: reads and checks the configuration. */
#ifndef LB_CONFIG_LOAD_H
#define LB_CONFIG_LOAD_H

#include "config/config.h"

enum lb_problem_kind { LB_PROBLEM_ERROR, LB_PROBLEM_WARNING, LB_PROBLEM_NOTICE };

/* One thing that is wrong or worth knowing. place: file, with line or key:
 * "acon.json: options.cloudFiles.formt", "feed.csv:3:7". remedy: NULL, or what
 * to write instead. */
struct lb_problem {
	enum lb_problem_kind kind;
	const char *place;
	const char *text;
	const char *remedy;
};

struct lb_problem_list LB_LIST_OF(struct lb_problem);

/* From the command line; NULL, 0 where not given.
 * config: --config; NULL: lakebeat.yaml in the working directory, if there is
 *         one and no acon is given.
 * acons: --acon, repeated. runner_argv: --runner-argv, split by the caller. */
struct lb_overrides {
	const char *config;
	const char *const *acons;
	size_t acon_count;
	const char *store;
	const char *const *runner_argv;
	const char *runs_directory;
	const char *log_level;
	const char *log_format;
};

/* Reads everything and reports all that is wrong at once.
 * problems: in *problems_arena, in the order of reading; errors, warnings, notices.
 * Returns LB_INVALID when one of them is an error (then *ret_config is NULL and
 * error says how many), NOT_FOUND when there is nothing to read, NOMEM. */
enum lb_err lb_config_load(const struct lb_overrides *overrides, struct lb_arena *problems_arena,
			   struct lb_problem_list *problems, struct lb_config **ret_config,
			   struct lb_error *error) LB_MUST_CHECK;

#endif
