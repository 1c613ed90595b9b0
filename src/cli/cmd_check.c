#include "base/text.h"
#include "cli/app.h"
#include "cli/check_workspace.h"
#include "cli/notifications.h"
#include "cli/s3.h"
#include "cli/words.h"
#include "config/feed_csv.h"
#include "core/names.h"
#include "runners/command/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything that is found, in one list.
 * jobs: of the control table. feed: rows of the data feed. elsewhere: jobs that are
 * started in a workspace. */
struct check {
	struct lb_cli *cli;
	struct lb_arena *arena;
	struct lb_problem_list problems;
	struct lb_job_list jobs;
	struct lb_row_list feed;
	struct lb_workspace_job_list elsewhere;
	bool failed;
};

static void add(struct check *check, enum lb_problem_kind kind, const char *place, const char *text,
		const char *remedy)
{
	struct lb_problem *problem = lb_list_add(check->arena, &check->problems);
	if (problem == NULL || place == NULL || text == NULL) {
		check->failed = true;
		return;
	}
	*problem =
		(struct lb_problem){.kind = kind, .place = place, .text = text, .remedy = remedy};
}

/* Credentials are named, never shown; whether they suffice only the bucket knows. */
static void check_bucket(struct check *check, const struct lb_acon *acon)
{
	const char *base = acon->base_trigger_file_location;
	const char *place =
		lb_arena_printf(check->arena, "%s: base_trigger_file_location", acon->origin);
	char description[LB_AWS_DESCRIPTION_MAX];
	struct lb_error error = {0};
	enum lb_err err = lb_s3_try_bucket(check->cli->config, base, description, &error);
	if (err != LB_OK) {
		add(check, LB_PROBLEM_ERROR, place,
		    lb_arena_printf(check->arena, "%s cannot be listed: %s", base, error.message),
		    NULL);
	} else {
		add(check, LB_PROBLEM_NOTICE, place,
		    lb_arena_printf(check->arena, "%s can be listed, with credentials from %s",
				    base, description),
		    NULL);
	}
}

static void check_bases(struct check *check)
{
	const struct lb_config *config = check->cli->config;
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		const char *base = acon->base_trigger_file_location;
		if (lb_s3_is_location(base)) {
			check_bucket(check, acon);
			continue;
		}
		DIR *folder = opendir(base);
		if (folder != NULL) {
			(void)closedir(folder);
		} else {
			add(check, LB_PROBLEM_WARNING,
			    lb_arena_printf(check->arena, "%s: base_trigger_file_location",
					    acon->origin),
			    lb_arena_printf(check->arena, "%s cannot be read: %s", base,
					    strerror(errno)),
			    "make the folder, or correct the location");
		}
	}
}

/* What is done away with had better be meant. */
static void tell_consumed(struct check *check)
{
	const struct lb_config *config = check->cli->config;
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		const struct lb_clean_rule *rule = &acon->clean_rule;
		if (rule->deed == LB_CONSUMED_KEEP) {
			continue;
		}
		add(check, LB_PROBLEM_NOTICE,
		    lb_arena_printf(check->arena, "%s: options.on_consumed", acon->origin),
		    rule->deed == LB_CONSUMED_DELETE
			    ? "trigger files are deleted when every job has completed with them"
			    : lb_arena_printf(check->arena,
					      "trigger files are moved to %s/<sensor_id>/ when "
					      "every job has completed with them",
					      rule->target),
		    NULL);
	}
}

static const char *describe_counts(struct check *check, const struct lb_sqs_counts *counts)
{
	return counts->visible >= 0 && counts->in_flight >= 0
		       ? lb_arena_printf(check->arena,
					 "the queue can be reached; some %lld messages wait, %lld "
					 "are with somebody",
					 (long long)counts->visible, (long long)counts->in_flight)
		       : "the queue can be reached";
}

static void check_queues(struct check *check)
{
	const struct lb_config *config = check->cli->config;
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		struct lb_sqs_counts counts;
		struct lb_error error = {0};
		if (!acon->use_notifications || acon->queue_url == NULL) {
			continue;
		}
		const char *place = lb_arena_printf(check->arena, "%s: options.cloudFiles.queueUrl",
						    acon->origin);
		if (lb_notifications_try_queue(config, acon, &counts, &error) == LB_OK) {
			add(check, LB_PROBLEM_NOTICE, place, describe_counts(check, &counts), NULL);
		} else {
			add(check, LB_PROBLEM_ERROR, place,
			    lb_arena_strdup(check->arena, error.message), NULL);
		}
	}
}

static enum lb_err load_all(struct lb_store *store, void *data, struct lb_error *error)
{
	struct check *check = data;
	struct lb_job_query query = {.all = true};
	return store->impl->load_jobs(store, &query, check->arena, &check->jobs, error);
}

/* A store that is not there yet is no problem; one that cannot be used is. */
static void check_store(struct check *check)
{
	struct lb_cli *cli = check->cli;
	struct lb_error error = {0};
	enum lb_err err = lb_cli_open_store(cli->config, false, &cli->store, &error);
	if (err == LB_NOT_FOUND) {
		add(check, LB_PROBLEM_NOTICE, cli->config->store_path, "there is no store yet",
		    "lakebeat feed makes it");
		return;
	}
	if (err == LB_OK) {
		err = lb_cli_read(cli, load_all, check, &error);
	}
	if (err != LB_OK) {
		add(check, LB_PROBLEM_ERROR, "store", lb_arena_strdup(check->arena, error.message),
		    NULL);
	}
}

static void check_feed(struct check *check)
{
	struct lb_error error = {0};
	const char *path = check->cli->config->feed;
	if (path == NULL) {
		return;
	}
	struct lb_problem_list problems = {0};
	enum lb_err err = lb_feed_csv_read(path, check->cli->config, check->arena, &problems,
					   &check->feed, &error);
	for (size_t i = 0; i < problems.count; i++) {
		add(check, problems.items[i].kind, problems.items[i].place, problems.items[i].text,
		    problems.items[i].remedy);
	}
	if (err != LB_OK && problems.count == 0) {
		add(check, LB_PROBLEM_ERROR, path, lb_arena_strdup(check->arena, error.message),
		    NULL);
	}
}

static const char *const *argv_of(const struct lb_config *config, const char *trigger_job_id,
				  const struct lb_runner_settings *runner)
{
	const struct lb_job_settings *job = lb_config_job(config, trigger_job_id);
	return job != NULL && job->argv != NULL ? job->argv : runner->argv;
}

static void check_program(struct check *check, const char *place, const char *const *argv,
			  const struct lb_command_words *words,
			  const struct lb_runner_settings *runner)
{
	struct lb_error error = {0};
	char **expanded;
	int number = 0;
	if (lb_command_template_check(argv, &error) != LB_OK ||
	    lb_command_template_expand(check->arena, argv, words, &expanded, &error) != LB_OK) {
		add(check, LB_PROBLEM_ERROR, place, lb_arena_strdup(check->arena, error.message),
		    NULL);
		return;
	}
	const char *program = expanded[0];
	if (strchr(program, '/') != NULL && program[0] != '/' &&
	    runner->working_directory != NULL) {
		program =
			lb_arena_printf(check->arena, "%s/%s", runner->working_directory, program);
	}
	const char *file = program != NULL ? lb_command_find_program(check->arena, program,
								     getenv("PATH"), &number)
					   : NULL;
	if (file != NULL && access(file, X_OK) != 0) {
		number = errno;
		file = NULL;
	}
	if (file == NULL) {
		add(check, LB_PROBLEM_WARNING, place,
		    lb_arena_printf(check->arena, "its program %s cannot be started: %s",
				    expanded[0], strerror(number)),
		    "make it executable, or correct argv");
	}
}

/* An id that is no number has been told already. */
static void note_workspace_job(struct check *check, const struct lb_runner_settings *runner,
			       const char *trigger_job_id, const char *name)
{
	int64_t number;
	if (!lb_trigger_job_number(trigger_job_id, &number)) {
		return;
	}
	struct lb_workspace_job *job = lb_list_add(check->arena, &check->elsewhere);
	if (job == NULL) {
		check->failed = true;
		return;
	}
	*job = (struct lb_workspace_job){.runner = runner, .number = number, .name = name};
}

static void check_job(struct check *check, const char *trigger_job_id, const char *name)
{
	const struct lb_config *config = check->cli->config;
	struct lb_policy policy = lb_config_policy_of(config, trigger_job_id);
	const struct lb_runner_settings *runner = lb_config_runner(config, policy.runner);
	const char *place = lb_arena_printf(check->arena, "job %s", trigger_job_id);
	struct lb_command_words words = {.trigger_job_id = trigger_job_id,
					 .trigger_job_name = name};
	if (runner == NULL) {
		return;
	}
	if (runner->kind == LB_RUNNER_DATABRICKS) {
		note_workspace_job(check, runner, trigger_job_id, name);
		return;
	}
	const char *const *argv = argv_of(config, trigger_job_id, runner);
	if (argv == NULL) {
		add(check, LB_PROBLEM_ERROR, place,
		    lb_arena_printf(check->arena, "runner %s has no argv for it", runner->name),
		    "give argv for the runner, or for this job");
		return;
	}
	check_program(check, place, argv, &words, runner);
}

/* Those of the feed are checked with its rows. */
static void check_stored_job(struct check *check, const struct lb_job *job)
{
	const char *problem = lb_config_job_problem(check->cli->config, job->trigger_job_id);
	if (problem != NULL) {
		add(check, LB_PROBLEM_ERROR,
		    lb_arena_printf(check->arena, "job %s", job->trigger_job_id),
		    lb_arena_printf(check->arena, "its id %s", problem),
		    "correct the id, or give the job another runner");
	}
	check_job(check, job->trigger_job_id, lb_job_name(job));
}

static int compare_jobs(const void *a, const void *b)
{
	const struct lb_row *const *one = a;
	const struct lb_row *const *other = b;
	return lb_text_compare(lb_row_job_id(*one), lb_row_job_id(*other));
}

/* Each job of the feed once. */
static void check_feed_jobs(struct check *check)
{
	size_t count = check->feed.count;
	const struct lb_row **rows = lb_arena_alloc(check->arena, (count + 1) * sizeof(*rows));
	if (rows == NULL) {
		check->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		rows[i] = &check->feed.items[i];
	}
	qsort(rows, count, sizeof(*rows), compare_jobs);
	for (size_t i = 0; i < count; i++) {
		const char *id = lb_row_job_id(rows[i]);
		if (id != NULL && (i == 0 || !lb_text_equal(id, lb_row_job_id(rows[i - 1])))) {
			check_job(check, id, rows[i]->declared[LB_DECLARED_trigger_job_name]);
		}
	}
}

/* The feed's jobs if there is a feed, otherwise the control table's. */
static void check_jobs(struct check *check)
{
	struct lb_error error = {0};
	const struct lb_config *config = check->cli->config;
	if (lb_config_need_runner(config, &error) != LB_OK) {
		add(check, LB_PROBLEM_WARNING, config->file != NULL ? config->file : "command line",
		    lb_arena_strdup(check->arena, error.message), NULL);
		return;
	}
	check_feed_jobs(check);
	for (size_t i = 0; check->feed.count == 0 && i < check->jobs.count; i++) {
		check_stored_job(check, &check->jobs.items[i]);
	}
}

static void check_workspaces(struct check *check)
{
	const struct lb_config *config = check->cli->config;
	struct lb_report report = {.arena = check->arena, .problems = &check->problems};
	for (size_t i = 0; i < config->runners.count; i++) {
		if (config->runners.items[i].kind == LB_RUNNER_DATABRICKS) {
			lb_check_workspace(config, &config->runners.items[i], &check->elsewhere,
					   &report);
		}
	}
	check->failed |= report.exhausted;
}

static size_t count_errors(const struct lb_problem_list *problems)
{
	size_t errors = 0;
	for (size_t i = 0; i < problems->count; i++) {
		errors += problems->items[i].kind == LB_PROBLEM_ERROR;
	}
	return errors;
}

static int print_result(const struct check *check)
{
	const struct lb_problem_list *problems = &check->problems;
	size_t errors = count_errors(problems);
	size_t others = problems->count - errors;
	int code = errors > 0 ? LB_EXIT_USAGE : LB_EXIT_OK;
	if (check->cli->json) {
		int printed = lb_cli_print_json(json_pack("{s:b, s:o}", "ok", errors == 0,
							  "problems", lb_json_problems(problems)));
		return printed == LB_EXIT_OK ? code : printed;
	}
	lb_cli_print_problems(check->cli, problems);
	if (!check->cli->quiet) {
		(void)printf("%s: %s, %s\n", errors > 0 ? "not ready" : "ready to run",
			     lb_words_count(check->arena, errors, "error"),
			     others == 1
				     ? "1 warning or notice"
				     : lb_words_count(check->arena, others, "warnings and notice"));
	}
	return code;
}

static int run(struct lb_cli *cli)
{
	struct check check = {.cli = cli, .arena = &cli->arena};
	struct lb_overrides overrides;
	struct lb_error error = {0};
	enum lb_err err = lb_cli_overrides(cli, &overrides, &error);
	if (err == LB_OK) {
		err = lb_config_load(&overrides, check.arena, &check.problems, &cli->config,
				     &error);
	}
	if (err != LB_OK && check.problems.count == 0) {
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	if (err == LB_OK) {
		check_bases(&check);
		tell_consumed(&check);
		check_queues(&check);
		check_store(&check);
		check_feed(&check);
		check_jobs(&check);
		check_workspaces(&check);
	}
	if (check.failed) {
		(void)lb_fail_nomem(&error);
		return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	return print_result(&check);
}

static const struct lb_example examples[] = {
	{"lakebeat check", "before the first run, and after every change"},
	{"lakebeat check --acon trigger_file_acon.json", "an ACON alone"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_check = {
	.name = "check",
	.summary = "say everything that is wrong with the configuration",
	.description =
		"Reads the configuration, the ACONs and the data feed, and looks at the store, the "
		"base locations, the jobs' programs, and in a Databricks workspace at the jobs "
		"there. Says everything that is wrong at once, each with its place and a remedy, "
		"and changes nothing.\n\n"
		"Exits with 2 when there is an error; warnings and notices alone exit with 0.",
	.examples = examples,
	.run = run,
};
