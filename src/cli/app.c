#include "cli/app.h"

#include "base/text.h"
#include "base/time.h"
#include "stores/sqlite/sqlite.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int lb_cli_fail(const struct lb_cli *cli, int code, const struct lb_error *error)
{
	struct lb_arena arena = {0};
	const char *text = lb_text_printable(&arena, error->message);
	bool color = cli->color && isatty(STDERR_FILENO) == 1;
	(void)fprintf(stderr, "lakebeat: %s%s%s\n", lb_style_begin(LB_STYLE_BAD, color),
		      text != NULL ? text : "out of memory", lb_style_end(LB_STYLE_BAD, color));
	lb_arena_finish(&arena);
	return code;
}

static enum lb_style style_of(enum lb_problem_kind kind)
{
	return kind == LB_PROBLEM_ERROR     ? LB_STYLE_BAD
	       : kind == LB_PROBLEM_WARNING ? LB_STYLE_BUSY
					    : LB_STYLE_DIM;
}

void lb_cli_print_problems(const struct lb_cli *cli, const struct lb_problem_list *problems)
{
	bool color = cli->color && isatty(STDERR_FILENO) == 1;
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		if (cli->quiet && problem->kind != LB_PROBLEM_ERROR) {
			continue;
		}
		enum lb_style style = style_of(problem->kind);
		(void)fprintf(stderr, "%s%s%s: %s: %s", lb_style_begin(style, color),
			      lb_problem_kind_text(problem->kind), lb_style_end(style, color),
			      problem->place, problem->text);
		if (problem->remedy != NULL) {
			(void)fprintf(stderr, "; %s", problem->remedy);
		}
		(void)fputc('\n', stderr);
	}
}

json_t *lb_json_problems(const struct lb_problem_list *problems)
{
	json_t *list = json_array();
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		(void)json_array_append_new(list,
					    json_pack("{s:s, s:o, s:o, s:o}", "kind",
						      lb_problem_kind_text(problem->kind), "place",
						      lb_json_text(problem->place), "text",
						      lb_json_text(problem->text), "remedy",
						      lb_json_text(problem->remedy)));
	}
	return list;
}

enum lb_err lb_cli_overrides(struct lb_cli *cli, struct lb_overrides *ret_overrides,
			     struct lb_error *error)
{
	const struct lb_arguments *arguments = &cli->arguments;
	struct lb_arena *arena = &cli->arena;
	size_t acon_count;
	const char **acons = lb_argument_all(arguments, "acon", arena, &acon_count);
	if (acons == NULL) {
		return lb_fail_nomem(error);
	}
	*ret_overrides = (struct lb_overrides){
		.config = lb_argument(arguments, "config"),
		.acons = acons,
		.acon_count = acon_count,
		.store = lb_argument(arguments, "store"),
		.runs_directory = lb_argument(arguments, "runs-directory"),
		.log_level = lb_argument(arguments, "log-level"),
		.log_format = lb_argument(arguments, "log-format"),
	};
	const char *words = lb_argument(arguments, "runner-argv");
	if (words == NULL) {
		return LB_OK;
	}
	enum lb_err err = lb_words_split(words, arena, &ret_overrides->runner_argv, error);
	return err == LB_OK ? LB_OK : lb_wrap(error, "--runner-argv");
}

/* Errors are printed always; what is only worth knowing is left to `check`. */
static void print_errors(const struct lb_cli *cli, const struct lb_problem_list *problems)
{
	struct lb_problem_list errors = {0};
	struct lb_arena arena = {0};
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].kind == LB_PROBLEM_NOTICE) {
			continue;
		}
		struct lb_problem *item = lb_list_add(&arena, &errors);
		if (item != NULL) {
			*item = problems->items[i];
		}
	}
	lb_cli_print_problems(cli, &errors);
	lb_arena_finish(&arena);
}

bool lb_cli_load(struct lb_cli *cli)
{
	struct lb_overrides overrides;
	struct lb_problem_list problems = {0};
	struct lb_error error = {0};
	enum lb_err err = lb_cli_overrides(cli, &overrides, &error);
	if (err == LB_OK) {
		err = lb_config_load(&overrides, &cli->arena, &problems, &cli->config, &error);
		print_errors(cli, &problems);
	}
	if (err != LB_OK) {
		(void)lb_cli_fail(cli, LB_EXIT_USAGE, &error);
		return false;
	}
	cli->log.level = cli->config->log_level;
	cli->log.format = cli->config->log_format;
	return true;
}

bool lb_cli_reload(struct lb_cli *cli, struct lb_config **ret_config)
{
	struct lb_arena arena = {0};
	struct lb_overrides overrides;
	struct lb_problem_list problems = {0};
	struct lb_error error = {0};
	enum lb_err err = lb_cli_overrides(cli, &overrides, &error);
	if (err == LB_OK) {
		err = lb_config_load(&overrides, &arena, &problems, ret_config, &error);
	}
	for (size_t i = 0; i < problems.count; i++) {
		const struct lb_problem *problem = &problems.items[i];
		lb_log(&cli->log, problem->kind == LB_PROBLEM_ERROR ? LB_LOG_ERROR : LB_LOG_WARNING,
		       problem->text, "place", problem->place, "remedy", problem->remedy, NULL);
	}
	if (err != LB_OK) {
		lb_log(&cli->log, LB_LOG_ERROR, "new configuration refused, the old one stays",
		       "error", error.message, NULL);
	}
	lb_arena_finish(&arena);
	return err == LB_OK;
}

enum lb_err lb_cli_open_store(const struct lb_config *config, bool create,
			      struct lb_store **ret_store, struct lb_error *error)
{
	struct lb_sqlite_options options = {
		.path = config->store_path,
		.control_table = config->control_table,
		.sensor_table = config->sensor_table,
		.checkpoint_base = config->base_checkpoint_location,
		.busy_timeout_us = config->busy_timeout_us,
		.keep_us = config->keep_history_us,
		.create = create,
	};
	return lb_sqlite_create(&options, ret_store, error);
}

int lb_cli_open(struct lb_cli *cli, bool create)
{
	struct lb_error error = {0};
	if (!lb_cli_load(cli)) {
		return LB_EXIT_USAGE;
	}
	enum lb_err err = lb_cli_open_store(cli->config, create, &cli->store, &error);
	if (err == LB_NOT_FOUND) {
		(void)lb_fail(&error, err,
			      "no store yet: %s does not exist; lakebeat feed makes it, or name "
			      "another with --store",
			      cli->config->store_path);
	}
	return err == LB_OK ? LB_EXIT_OK : lb_cli_fail(cli, LB_EXIT_FAILED, &error);
}

enum lb_err lb_cli_read(struct lb_cli *cli,
			enum lb_err (*body)(struct lb_store *store, void *data,
					    struct lb_error *error),
			void *data, struct lb_error *error)
{
	return cli->store->impl->transact(cli->store, LB_STORE_READ, body, data, error);
}

int64_t lb_cli_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * LB_SECOND + now.tv_nsec / 1000;
}

/* A job that calls is known by what its runner told it. */
static const char *calling_run(struct lb_cli *cli)
{
	const char *job = getenv("LAKEBEAT_TRIGGER_JOB_ID");
	const char *run_no = getenv("LAKEBEAT_RUN_NO");
	if (getenv("LAKEBEAT_RUN_TOKEN") == NULL || job == NULL || run_no == NULL) {
		return "";
	}
	const char *text = lb_arena_printf(&cli->arena, ", run %s of job %s", run_no, job);
	return text != NULL ? text : "";
}

const char *lb_cli_who(struct lb_cli *cli)
{
	char host[256] = "localhost";
	const struct passwd *user = getpwuid(getuid());
	(void)gethostname(host, sizeof(host) - 1);
	const char *who =
		lb_arena_printf(&cli->arena, "%s@%s%s", user != NULL ? user->pw_name : "somebody",
				host, calling_run(cli));
	return who != NULL ? who : "somebody";
}

enum lb_err lb_cli_unknown_job(const struct lb_job_list *jobs, const char *trigger_job_id,
			       struct lb_error *error)
{
	struct lb_arena arena = {0};
	const char **ids = lb_arena_alloc(&arena, (jobs->count + 1) * sizeof(*ids));
	for (size_t i = 0; ids != NULL && i < jobs->count; i++) {
		ids[i] = jobs->items[i].trigger_job_id;
	}
	const char *nearest =
		ids != NULL ? lb_text_nearest(trigger_job_id, ids, jobs->count) : NULL;
	enum lb_err err =
		nearest != NULL
			? lb_fail(error, LB_NOT_FOUND,
				  "job %s is not in the control table; did you mean %s?",
				  trigger_job_id, nearest)
			: lb_fail(error, LB_NOT_FOUND,
				  "job %s is not in the control table; lakebeat status shows those "
				  "that are",
				  trigger_job_id);
	lb_arena_finish(&arena);
	return err;
}

json_t *lb_json_text(const char *text)
{
	if (text == NULL) {
		return json_null();
	}
	if (lb_utf8_valid(text)) {
		return json_string(text);
	}
	struct lb_arena arena = {0};
	size_t length = strlen(text);
	char *copy = lb_arena_alloc(&arena, length * 3 + 1);
	char *out = copy;
	for (size_t at = 0; copy != NULL && at < length;) {
		size_t step = lb_utf8_length(text + at, length - at);
		memcpy(out, step > 0 ? text + at : "\xef\xbf\xbd", step > 0 ? step : 3);
		out += step > 0 ? step : 3;
		at += step > 0 ? step : 1;
	}
	json_t *json = copy != NULL ? json_string(copy) : NULL;
	lb_arena_finish(&arena);
	return json;
}

json_t *lb_json_time(int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	return time_us == LB_TIME_NONE ? json_null() : json_string(lb_time_format(time_us, text));
}

int lb_cli_print_json(json_t *json)
{
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) != 0) {
		json_decref(json);
		(void)fprintf(stderr, "lakebeat: cannot print JSON: out of memory or space\n");
		return LB_EXIT_FAILED;
	}
	json_decref(json);
	(void)fputc('\n', stdout);
	return LB_EXIT_OK;
}
