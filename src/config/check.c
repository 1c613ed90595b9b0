#include "config/check.h"

#include "base/text.h"
#include "config/acon.h"
#include "config/check_databricks.h"
#include "config/check_notifications.h"
#include "config/check_on_consumed.h"
#include "config/load.h"
#include "config/scope.h"

#include <string.h>

static struct lb_place place_in(const char *origin, const char *key)
{
	return (struct lb_place){origin, 0, 0, key};
}

/* The file in which something about runners and jobs is to be mended. */
static const char *file_name(const struct lb_config *config)
{
	return config->file != NULL ? config->file : "--acon";
}

static void complain_of_other_table(struct lb_report *report, const struct lb_acon *first,
				    const struct lb_acon *acon, const char *key,
				    const char *first_table, const char *table)
{
	if (first_table != NULL && table != NULL && !lb_text_same_word(first_table, table)) {
		lb_report_add(report, LB_PROBLEM_ERROR, place_in(acon->origin, key),
			      "all ACONs of one lakebeat name the same two tables",
			      "%s is not %s, as in %s", table, first_table, first->origin);
	}
}

static void check_same_tables(const struct lb_config *config, struct lb_report *report)
{
	const struct lb_acon *first = &config->acons.items[0];
	for (size_t i = 1; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		complain_of_other_table(report, first, acon, "heartbeat_sensor_db_table",
					first->heartbeat_sensor_db_table,
					acon->heartbeat_sensor_db_table);
		complain_of_other_table(report, first, acon, "lakehouse_engine_sensor_db_table",
					first->lakehouse_engine_sensor_db_table,
					acon->lakehouse_engine_sensor_db_table);
	}
}

static void check_locations(const struct lb_config *config, struct lb_report *report)
{
	for (size_t i = 1; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		for (size_t j = 0; j < i; j++) {
			const struct lb_acon *other = &config->acons.items[j];
			if (acon->base_trigger_file_location != NULL &&
			    lb_text_equal(acon->base_trigger_file_location,
					  other->base_trigger_file_location)) {
				lb_report_add(report, LB_PROBLEM_ERROR,
					      place_in(acon->origin, "base_trigger_file_location"),
					      "leave one of the two ACONs out",
					      "is the location of %s too", other->origin);
			}
		}
	}
}

static void set_store_default(struct lb_config *config, const struct lb_table_name *control,
			      struct lb_report *report)
{
	if (config->store != NULL) {
		return;
	}
	config->store =
		lb_report_kept(report, lb_arena_printf(&config->arena, "sqlite:%s.db",
						       control->database != NULL ? control->database
										 : "lakebeat"));
	lb_scope_origin(LB_SCOPE_FILE, config->origins, "store")->text =
		"default, from heartbeat_sensor_db_table";
}

static void split_store(struct lb_config *config)
{
	config->store_kind = LB_STORE_SQLITE;
	config->store_path = config->store != NULL ? config->store + strlen("sqlite:") : NULL;
}

/* A name that does not parse was reported with its ACON. */
static void set_tables(struct lb_config *config, struct lb_report *report)
{
	const struct lb_acon *first = &config->acons.items[0];
	struct lb_table_name control;
	struct lb_table_name sensor;
	const char *problem;
	if (first->heartbeat_sensor_db_table == NULL ||
	    first->lakehouse_engine_sensor_db_table == NULL ||
	    !lb_table_name_parse(&config->arena, first->heartbeat_sensor_db_table, &control,
				 &problem) ||
	    !lb_table_name_parse(&config->arena, first->lakehouse_engine_sensor_db_table, &sensor,
				 &problem)) {
		return;
	}
	config->control_table = lb_report_kept(report, (void *)(uintptr_t)control.table);
	config->sensor_table = lb_report_kept(report, (void *)(uintptr_t)sensor.table);
	if (lb_text_same_word(control.table, sensor.table)) {
		lb_report_add(report, LB_PROBLEM_ERROR,
			      place_in(first->origin, "lakehouse_engine_sensor_db_table"),
			      "give the sensor table a name of its own",
			      "the control table has the same name, %s", control.table);
	}
	set_store_default(config, &control, report);
}

static void set_checkpoint_location(struct lb_config *config, struct lb_report *report)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		if (config->base_checkpoint_location == NULL) {
			config->base_checkpoint_location = acon->base_checkpoint_location;
		} else if (acon->base_checkpoint_location != NULL &&
			   !lb_text_equal(acon->base_checkpoint_location,
					  config->base_checkpoint_location)) {
			lb_report_add(report, LB_PROBLEM_WARNING,
				      place_in(acon->origin, "base_checkpoint_location"), NULL,
				      "has no effect: the sensor table uses the first ACON's");
		}
	}
}

/* The daemon's file goes before ACONs; those must agree. */
static void set_event_gap(struct lb_config *config, struct lb_report *report)
{
	struct lb_origin *origin =
		lb_scope_origin(LB_SCOPE_FILE, config->origins, "max_event_gap_hours");
	const struct lb_acon *giver = NULL;
	for (size_t i = 0; i < config->acons.count && origin->text == NULL; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		if (acon->max_event_gap_us >= 0 && giver != NULL &&
		    giver->max_event_gap_us != acon->max_event_gap_us) {
			lb_report_add(report, LB_PROBLEM_ERROR,
				      place_in(acon->origin, "max_event_gap_hours"),
				      "set max_event_gap_hours in " LB_CONFIG_FILE
				      ", for all or by job",
				      "differs from that in %s", giver->origin);
		}
		giver = giver == NULL && acon->max_event_gap_us >= 0 ? acon : giver;
	}
	if (giver != NULL) {
		config->max_event_gap_us = giver->max_event_gap_us;
		origin->text = giver->origin;
	} else if (origin->text == NULL) {
		config->max_event_gap_us = 0;
		origin->text = "default";
	}
}

static bool list_has(const char *const *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static void set_fields(struct lb_config *config, struct lb_report *report)
{
	size_t room = 0;
	for (size_t i = 0; i < config->acons.count; i++) {
		room += config->acons.items[i].field_count;
	}
	const char **fields =
		lb_report_kept(report, lb_arena_alloc(&config->arena, room * sizeof(const char *)));
	for (size_t i = 0; fields != NULL && i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		for (size_t j = 0; j < acon->field_count; j++) {
			if (!list_has(fields, config->field_count, acon->fields[j])) {
				fields[config->field_count++] = acon->fields[j];
			}
		}
	}
	config->fields = fields;
}

static void set_source_options(struct lb_config *config)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		struct lb_trigger_file_options *options = &config->acons.items[i].trigger_file;
		options->lookback_us = config->lookback_us;
		options->settle_us = config->settle_us;
		options->watch = config->watch;
		options->notified_interval_us = config->notified_poll_interval_us;
	}
}

static void check_runner_name(const struct lb_config *config,
			      const struct lb_runner_settings *runner, struct lb_report *report)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t length = strlen(runner->name);
	if (length == 0 || length > 64 || strspn(runner->name, allowed) != length) {
		lb_report_add(report, LB_PROBLEM_ERROR, place_in(file_name(config), "runners"),
			      "use up to 64 letters, digits, _ and -",
			      "\"%s\" cannot be a runner's name", runner->name);
	}
}

static const char *kind_origin(const struct lb_runner_settings *runner)
{
	return lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, "kind")->text;
}

/* Does some job that this runner starts bring an argv of its own? */
static bool has_job_with_argv(const struct lb_config *config, const char *runner)
{
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct lb_job_settings *job = &config->jobs.items[i];
		const char *name = job->runner != NULL ? job->runner : config->default_runner;
		if (job->argv != NULL && lb_text_equal(name, runner)) {
			return true;
		}
	}
	return false;
}

static void set_max_parallel(struct lb_runner_settings *runner)
{
	struct lb_origin *origin =
		lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, "max_parallel");
	if (origin->text == NULL) {
		runner->max_parallel = runner->kind == LB_RUNNER_COMMAND ? 8 : 0;
		origin->text = "default";
	}
}

static void check_runner(struct lb_config *config, struct lb_runner_settings *runner,
			 struct lb_report *report)
{
	char *key =
		lb_report_kept(report, lb_arena_printf(&config->arena, "runners.%s", runner->name));
	if (key == NULL || runner->origins == NULL) {
		return;
	}
	check_runner_name(config, runner, report);
	if (kind_origin(runner) == NULL) {
		return; /* reported as missing */
	}
	struct lb_place place = place_in(kind_origin(runner), key);
	set_max_parallel(runner);
	if (runner->kind == LB_RUNNER_DATABRICKS) {
		lb_config_check_databricks(config, runner, key, kind_origin(runner), report);
		return;
	}
	if (runner->argv == NULL && !has_job_with_argv(config, runner->name)) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, "write argv: [PROGRAM, ARGUMENT, …]",
			      "has no argv, and no job of it has one");
	}
	if (runner->runs_directory == NULL && config->store_path != NULL) {
		runner->runs_directory = lb_report_kept(
			report, lb_arena_printf(&config->arena, "%s.runs", config->store_path));
		lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, "runs_directory")->text =
			"default, from store";
	}
}

static const char *suggest_runner(const struct lb_config *config, const char *name,
				  struct lb_report *report)
{
	const char *names[64];
	size_t count = 0;
	for (; count < config->runners.count && count < 64; count++) {
		names[count] = config->runners.items[count].name;
	}
	return lb_report_did_you_mean(report, name, names, count, "name one of runners");
}

static void set_default_runner(struct lb_config *config, struct lb_report *report)
{
	struct lb_origin *origin =
		lb_scope_origin(LB_SCOPE_FILE, config->origins, "default_runner");
	if (config->default_runner == NULL && config->runners.count == 1) {
		config->default_runner = config->runners.items[0].name;
		origin->text = "default, the only runner";
	} else if (config->default_runner == NULL && config->runners.count > 1) {
		lb_report_add(report, LB_PROBLEM_ERROR,
			      place_in(file_name(config), "default_runner"), "name one of runners",
			      "is missing, and there are %zu runners", config->runners.count);
	} else if (config->default_runner != NULL &&
		   lb_config_runner(config, config->default_runner) == NULL) {
		lb_report_add(report, LB_PROBLEM_ERROR, place_in(origin->text, "default_runner"),
			      suggest_runner(config, config->default_runner, report),
			      "there is no runner %s", config->default_runner);
	}
}

/* A job that is listed without a setting has no place of its own. */
static void check_job_id(const struct lb_config *config, const struct lb_job_settings *job,
			 struct lb_report *report)
{
	const char *problem = lb_config_job_problem(config, job->trigger_job_id);
	char *key = lb_arena_printf(report->arena, "jobs.%s", job->trigger_job_id);
	if (problem != NULL) {
		lb_report_add(report, LB_PROBLEM_ERROR, place_in(file_name(config), key),
			      "correct the id, or give the job another runner", "%s", problem);
	}
}

static void check_jobs(const struct lb_config *config, struct lb_report *report)
{
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct lb_job_settings *job = &config->jobs.items[i];
		check_job_id(config, job, report);
		if (job->runner == NULL || job->origins == NULL ||
		    lb_config_runner(config, job->runner) != NULL) {
			continue;
		}
		char *key = lb_arena_printf(report->arena, "jobs.%s.runner", job->trigger_job_id);
		const char *origin = lb_scope_origin(LB_SCOPE_JOB, job->origins, "runner")->text;
		lb_report_add(report, LB_PROBLEM_ERROR, place_in(origin, key),
			      suggest_runner(config, job->runner, report), "there is no runner %s",
			      job->runner);
	}
}

static void check_listen(const struct lb_config *config, struct lb_report *report)
{
	const char *origin = lb_scope_origin(LB_SCOPE_FILE, config->origins, "listen")->text;
	if (config->listen != NULL) {
		lb_report_add(report, LB_PROBLEM_WARNING, place_in(origin, "listen"), NULL,
			      "has no effect: this version serves no status page");
	}
}

void lb_config_check(struct lb_config *config, struct lb_report *report)
{
	if (config->acons.count > 0) {
		check_same_tables(config, report);
		check_locations(config, report);
		set_tables(config, report);
		set_checkpoint_location(config, report);
		set_event_gap(config, report);
		set_fields(config, report);
		set_source_options(config);
	}
	split_store(config);
	set_default_runner(config, report);
	for (size_t i = 0; i < config->runners.count; i++) {
		check_runner(config, &config->runners.items[i], report);
	}
	check_jobs(config, report);
	check_listen(config, report);
	lb_config_check_notifications(config, report);
	lb_config_check_on_consumed(config, report);
}
