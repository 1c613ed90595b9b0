/* app.h: what verbs work with: the configuration, the store, sources, runners and
 * the engine, opened as far as a verb needs them. */
#ifndef LB_CLI_APP_H
#define LB_CLI_APP_H

#include "base/log.h"
#include "cli/arguments.h"
#include "cli/table.h"
#include "config/load.h"
#include "engine/engine.h"
#include "ports/store.h"

#include <jansson.h>

/* One call of lakebeat. arena lives as long; store NULL until opened. */
struct lb_cli {
	struct lb_arguments arguments;
	struct lb_arena arena;
	bool json;
	bool color;
	bool quiet;
	struct lb_log log;
	struct lb_config *config;
	struct lb_store *store;
};

/* Prints error to standard error and returns code. */
int lb_cli_fail(const struct lb_cli *cli, int code, const struct lb_error *error);

/* Loads the configuration, printing every problem; false: the verb returns
 * LB_EXIT_USAGE. */
bool lb_cli_load(struct lb_cli *cli);

/* A configuration made anew from the same command line; false: refused, and said
 * in the log. *ret_config: owned. */
bool lb_cli_reload(struct lb_cli *cli, struct lb_config **ret_config);

/* What the command line says, in arena. LB_INVALID, NOMEM. */
enum lb_err lb_cli_overrides(struct lb_cli *cli, struct lb_overrides *ret_overrides,
			     struct lb_error *error) LB_MUST_CHECK;

/* Prints problems to standard error; with quiet only errors. */
void lb_cli_print_problems(const struct lb_cli *cli, const struct lb_problem_list *problems);

/* [{"kind", "place", "text", "remedy"}, …]; a new reference. */
json_t *lb_json_problems(const struct lb_problem_list *problems);

/* Loads the configuration and opens its store. create: make the file if it is
 * missing. Returns LB_EXIT_OK or what the verb is to return. */
int lb_cli_open(struct lb_cli *cli, bool create);
enum lb_err lb_cli_open_store(const struct lb_config *config, bool create,
			      struct lb_store **ret_store, struct lb_error *error) LB_MUST_CHECK;

/* Runs body in a READ transaction. */
enum lb_err lb_cli_read(struct lb_cli *cli,
			enum lb_err (*body)(struct lb_store *store, void *data,
					    struct lb_error *error),
			void *data, struct lb_error *error) LB_MUST_CHECK;

/* Wall clock, microseconds. */
int64_t lb_cli_now(void);

/* Who calls, for the audit log: "user@host", or "user@host, run 3 of job 555"; in
 * arena, never NULL. */
const char *lb_cli_who(struct lb_cli *cli);

/* The known job nearest to an unknown one goes into the message. LB_NOT_FOUND. */
enum lb_err lb_cli_unknown_job(const struct lb_job_list *jobs, const char *trigger_job_id,
			       struct lb_error *error);

/* JSON of text, invalid UTF-8 replaced by U+FFFD; of a time as ISO 8601; null for
 * NULL and LB_TIME_NONE. New references; NULL: no memory. */
json_t *lb_json_text(const char *text);
json_t *lb_json_time(int64_t time_us);

/* Prints json and takes its reference; returns LB_EXIT_OK, or FAILED when it is
 * NULL. */
int lb_cli_print_json(json_t *json);

#endif
