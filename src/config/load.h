/* load.h: reads and checks the configuration. */
#ifndef LB_CONFIG_LOAD_H
#define LB_CONFIG_LOAD_H

#include "config/config.h"
#include "config/problem.h"

/* The daemon's file, looked for in the working directory. */
#define LB_CONFIG_FILE "lakebeat.yaml"

/* From the command line; NULL, 0 where not given.
 * config: --config; NULL: lakebeat.yaml in the working directory, if there is
 *         one and no acon is given.
 * acons: --acon, repeated; in place of those in the file.
 * runner_argv: --runner-argv, split by the caller, NULL-ended: the runner
 *         "command", added or changed, and made the default.
 * runs_directory: for every runner of kind command. */
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

/* Reads everything and reports all that is wrong at once. Nothing is changed
 * anywhere. Reads the environment and files for ${…}.
 * problems: in *problems_arena, in the order of reading; errors, warnings, notices.
 * Returns LB_INVALID when one of them is an error (then *ret_config is NULL and
 * error says how many), NOT_FOUND when there is nothing to read, NOMEM. */
enum lb_err lb_config_load(const struct lb_overrides *overrides, struct lb_arena *problems_arena,
			   struct lb_problem_list *problems, struct lb_config **ret_config,
			   struct lb_error *error) LB_MUST_CHECK;

#endif
