#include "config/load.h"

#include "base/text.h"
#include "config/acon.h"
#include "config/check.h"
#include "config/scope.h"
#include "config/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Reads one file into a tree with its references resolved, and says how to read
 * on from there. False: reported. */
static bool open_document(struct lb_report *report, struct lb_arena *arena, const char *path,
			  struct lb_reader *ret_reader, struct lb_node *ret_root)
{
	struct lb_text_file file LB_CLEANUP(lb_text_file_finish);
	struct lb_error error = {0};
	struct lb_place place = {path, 0, 0, NULL};
	if (lb_text_file_read(path, LB_NODE_BYTES_MAX, &file, &error) != LB_OK) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, NULL, "%s", error.message);
		return false;
	}
	*ret_reader = (struct lb_reader){report, arena, path, NULL, file.world_readable};
	ret_reader->folder = lb_report_kept(report, lb_path_folder(arena, path));
	if (ret_reader->folder == NULL || !lb_node_parse(&file, path, arena, report, ret_root)) {
		return false;
	}
	if (ret_root->kind != LB_NODE_MAP) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, NULL, "is %s, not a dictionary",
			      lb_node_kind_text(ret_root->kind));
		return false;
	}
	lb_secrets_resolve(ret_root, path, ret_reader->folder, arena, report);
	return true;
}

static struct lb_acon *add_acon(struct lb_report *report, struct lb_config *config)
{
	return lb_report_kept(report, lb_list_add(&config->arena, &config->acons));
}

static void read_acon_file(struct lb_report *report, struct lb_config *config, const char *path)
{
	struct lb_reader reader;
	struct lb_node root;
	if (!open_document(report, &config->arena, path, &reader, &root)) {
		return;
	}
	struct lb_acon *acon = add_acon(report, config);
	if (acon != NULL) {
		lb_acon_read(&reader, &root, "", acon);
		acon->origin = path;
	}
}

static void read_inline_acon(const struct lb_reader *reader, struct lb_config *config,
			     const struct lb_node *node, size_t index)
{
	char *prefix = lb_report_kept(reader->report,
				      lb_arena_printf(reader->arena, "acons[%zu].", index));
	struct lb_acon *acon = add_acon(reader->report, config);
	if (prefix == NULL || acon == NULL) {
		return;
	}
	lb_acon_read(reader, node, prefix, acon);
	acon->origin = lb_report_kept(
		reader->report, lb_arena_printf(reader->arena, "%s:%d", reader->file, node->line));
}

static void read_acon_item(const struct lb_reader *reader, struct lb_config *config,
			   const struct lb_node *node, size_t index)
{
	if (node->failed) {
		return;
	}
	if (node->kind == LB_NODE_MAP) {
		read_inline_acon(reader, config, node, index);
	} else if (node->kind == LB_NODE_TEXT && *node->text != '\0') {
		char *path = lb_report_kept(
			reader->report, lb_path_join(reader->arena, reader->folder, node->text));
		if (path != NULL) {
			read_acon_file(reader->report, config, path);
		}
	} else {
		struct lb_place place = {reader->file, node->line, 0, "acons"};
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, "write a file's path",
			      "is neither a path nor an ACON");
	}
}

/* A list, or the only one without a list around it. */
static void read_acons(const struct lb_reader *reader, struct lb_config *config,
		       const struct lb_node *acons)
{
	struct lb_place place = {reader->file, acons != NULL ? acons->line : 0, 0, "acons"};
	if (acons == NULL || acons->kind == LB_NODE_NULL) {
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place,
			      "name the ACON's file, or give it with --acon", "is missing");
		return;
	}
	if (acons->kind != LB_NODE_LIST) {
		read_acon_item(reader, config, acons, 0);
		return;
	}
	if (acons->items.count == 0) {
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place,
			      "name the ACON's file, or give it with --acon", "is an empty list");
	}
	for (size_t i = 0; i < acons->items.count; i++) {
		read_acon_item(reader, config, &acons->items.items[i], i);
	}
}

/* The items of a section that holds a dictionary of dictionaries; key is told
 * with each one that is none. */
static const struct lb_node *named_items(const struct lb_reader *reader, const struct lb_node *root,
					 const char *key)
{
	static const struct lb_node none;
	const struct lb_node *section = lb_node_get(root, key);
	if (section == NULL || section->kind == LB_NODE_NULL) {
		return &none;
	}
	if (section->kind != LB_NODE_MAP) {
		struct lb_place place = {reader->file, section->line, 0, key};
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, NULL,
			      "is %s, not a dictionary", lb_node_kind_text(section->kind));
		return &none;
	}
	return section;
}

/* The prefix of an item's keys, "runners.local."; NULL: it was refused. */
static char *item_prefix(const struct lb_reader *reader, const char *section,
			 const struct lb_node *item)
{
	if (item->kind != LB_NODE_MAP && item->kind != LB_NODE_NULL) {
		struct lb_place place = {reader->file, item->line, 0, section};
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, NULL,
			      "%s is %s, not a dictionary", item->key,
			      lb_node_kind_text(item->kind));
		return NULL;
	}
	return lb_report_kept(reader->report,
			      lb_arena_printf(reader->arena, "%s.%s.", section, item->key));
}

static void read_runners(const struct lb_reader *reader, struct lb_config *config,
			 const struct lb_node *root)
{
	const struct lb_node *section = named_items(reader, root, "runners");
	for (size_t i = 0; i < section->items.count; i++) {
		const struct lb_node *item = &section->items.items[i];
		char *prefix = item_prefix(reader, "runners", item);
		struct lb_runner_settings *runner =
			prefix != NULL
				? lb_report_kept(reader->report,
						 lb_list_add(&config->arena, &config->runners))
				: NULL;
		if (runner != NULL) {
			runner->name = item->key;
			runner->origins = lb_scope_read(reader, LB_SCOPE_RUNNER, item, prefix,
							LB_UNKNOWN_IS_ERROR, runner);
		}
	}
}

static int compare_jobs(const void *a, const void *b)
{
	const struct lb_job_settings *one = a;
	const struct lb_job_settings *other = b;
	return strcmp(one->trigger_job_id, other->trigger_job_id);
}

static void read_jobs(const struct lb_reader *reader, struct lb_config *config,
		      const struct lb_node *root)
{
	const struct lb_node *section = named_items(reader, root, "jobs");
	for (size_t i = 0; i < section->items.count; i++) {
		const struct lb_node *item = &section->items.items[i];
		char *prefix = item_prefix(reader, "jobs", item);
		struct lb_job_settings *job =
			prefix != NULL ? lb_report_kept(reader->report,
							lb_list_add(&config->arena, &config->jobs))
				       : NULL;
		if (job != NULL) {
			*job = (struct lb_job_settings){item->key, NULL, NULL, -1, -1, -1, NULL};
			job->origins = lb_scope_read(reader, LB_SCOPE_JOB, item, prefix,
						     LB_UNKNOWN_IS_ERROR, job);
		}
	}
	if (config->jobs.count > 0) {
		qsort(config->jobs.items, config->jobs.count, sizeof(config->jobs.items[0]),
		      compare_jobs);
	}
}

static void read_config_file(struct lb_report *report, struct lb_config *config, const char *path,
			     bool with_acons)
{
	struct lb_reader reader;
	struct lb_node root;
	if (!open_document(report, &config->arena, path, &reader, &root)) {
		return;
	}
	config->origins =
		lb_scope_read(&reader, LB_SCOPE_FILE, &root, "", LB_UNKNOWN_IS_ERROR, config);
	if (with_acons) {
		read_acons(&reader, config, lb_node_get(&root, "acons"));
	}
	read_runners(&reader, config, &root);
	read_jobs(&reader, config, &root);
}

static void read_defaults(struct lb_report *report, struct lb_config *config)
{
	struct lb_reader reader = {report, &config->arena, "default", NULL, false};
	config->origins =
		lb_scope_read(&reader, LB_SCOPE_FILE, NULL, "", LB_UNKNOWN_IS_ERROR, config);
}

static void override(struct lb_report *report, struct lb_config *config, const char *option,
		     const char *key, const char *text)
{
	struct lb_reader reader = {report, &config->arena, option, NULL, false};
	if (text != NULL && config->origins != NULL) {
		lb_scope_override(&reader, LB_SCOPE_FILE, key, text, config->origins, config);
	}
}

static struct lb_runner_settings *command_runner(struct lb_report *report, struct lb_config *config)
{
	for (size_t i = 0; i < config->runners.count; i++) {
		if (strcmp(config->runners.items[i].name, "command") == 0) {
			return &config->runners.items[i];
		}
	}
	struct lb_reader reader = {report, &config->arena, "--runner-argv", NULL, false};
	struct lb_runner_settings *runner =
		lb_report_kept(report, lb_list_add(&config->arena, &config->runners));
	if (runner != NULL) {
		runner->name = "command";
		runner->origins = lb_scope_read(&reader, LB_SCOPE_RUNNER, NULL, "",
						LB_UNKNOWN_IS_ERROR, runner);
	}
	return runner;
}

/* argv: copied, because the configuration outlives the command line's words. */
static void override_runner(struct lb_report *report, struct lb_config *config,
			    const char *const *argv)
{
	size_t count = 0;
	while (argv[count] != NULL) {
		count++;
	}
	struct lb_runner_settings *runner = command_runner(report, config);
	const char **copy = lb_report_kept(
		report, lb_arena_alloc(&config->arena, (count + 1) * sizeof(const char *)));
	for (size_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = lb_report_kept(report, lb_arena_strdup(&config->arena, argv[i]));
	}
	if (count == 0) {
		struct lb_place place = {"--runner-argv", 0, 0, NULL};
		lb_report_add(report, LB_PROBLEM_ERROR, place, NULL, "names no program");
	}
	if (runner == NULL || runner->origins == NULL || copy == NULL) {
		return;
	}
	runner->kind = LB_RUNNER_COMMAND;
	runner->argv = copy;
	struct lb_origin origin = {"--runner-argv", NULL};
	*lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, "kind") = origin;
	*lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, "argv") = origin;
	override(report, config, "--runner-argv", "default_runner", "command");
}

static void override_runs_directory(struct lb_report *report, struct lb_config *config,
				    const char *path)
{
	struct lb_reader reader = {report, &config->arena, "--runs-directory", NULL, false};
	for (size_t i = 0; path != NULL && i < config->runners.count; i++) {
		struct lb_runner_settings *runner = &config->runners.items[i];
		if (runner->origins != NULL) {
			lb_scope_override(&reader, LB_SCOPE_RUNNER, "runs_directory", path,
					  runner->origins, runner);
		}
	}
}

static void apply_overrides(struct lb_report *report, struct lb_config *config,
			    const struct lb_overrides *overrides)
{
	override(report, config, "--store", "store", overrides->store);
	override(report, config, "--log-level", "log_level", overrides->log_level);
	override(report, config, "--log-format", "log_format", overrides->log_format);
	if (overrides->runner_argv != NULL && config->origins != NULL) {
		override_runner(report, config, overrides->runner_argv);
	}
	override_runs_directory(report, config, overrides->runs_directory);
}

static const char *find_config_file(const struct lb_overrides *overrides)
{
	if (overrides->config != NULL) {
		return overrides->config;
	}
	return overrides->acon_count == 0 && access(LB_CONFIG_FILE, F_OK) == 0 ? LB_CONFIG_FILE
									       : NULL;
}

static void read_everything(const struct lb_overrides *overrides, struct lb_report *report,
			    struct lb_config *config)
{
	config->max_event_gap_us = -1;
	if (config->file != NULL) {
		read_config_file(report, config, config->file, overrides->acon_count == 0);
	} else {
		read_defaults(report, config);
	}
	for (size_t i = 0; i < overrides->acon_count; i++) {
		char *path = lb_report_kept(report,
					    lb_arena_strdup(&config->arena, overrides->acons[i]));
		if (path != NULL) {
			read_acon_file(report, config, path);
		}
	}
	apply_overrides(report, config, overrides);
	if (!report->exhausted && config->origins != NULL) {
		lb_config_check(config, report);
	}
}

enum lb_err lb_config_load(const struct lb_overrides *overrides, struct lb_arena *problems_arena,
			   struct lb_problem_list *problems, struct lb_config **ret_config,
			   struct lb_error *error)
{
	*ret_config = NULL;
	const char *file = find_config_file(overrides);
	if (file == NULL && overrides->acon_count == 0) {
		return lb_fail(error, LB_NOT_FOUND,
			       "there is no " LB_CONFIG_FILE
			       " here, and neither --config nor --acon is given");
	}
	struct lb_config *config = lb_alloc(sizeof(*config));
	if (config == NULL) {
		return lb_fail_nomem(error);
	}
	lb_arena_init(&config->arena, CONFIG_BYTES_MAX);
	struct lb_report report = {.arena = problems_arena, .problems = problems};
	config->file =
		lb_report_kept(&report, lb_arena_strdup(&config->arena, file != NULL ? file : ""));
	config->file = file != NULL ? config->file : NULL;
	read_everything(overrides, &report, config);
	enum lb_err err =
		lb_report_finish(&report, file != NULL ? file : overrides->acons[0], error);
	if (err != LB_OK) {
		lb_config_destroy(config);
		return err;
	}
	*ret_config = config;
	return LB_OK;
}
