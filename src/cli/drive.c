#include "cli/drive.h"

#include "cli/databricks.h"
#include "cli/words.h"
#include "runners/command/command.h"
#include "runners/databricks/databricks.h"
#include "sources/trigger_file/clean.h"
#include "sources/trigger_file/object_source.h"
#include "sources/trigger_file/s3_lister.h"
#include "sources/trigger_file/trigger_file.h"

#include <sys/random.h>

/* One client for all that speak HTTP. */
static enum lb_err need_http(struct lb_drive *drive, const struct lb_config *config,
			     struct lb_error *error)
{
	const struct lb_http_options options = {.ca_bundle = lb_s3_ca_bundle(config)};
	return drive->http != NULL ? LB_OK
				   : lb_http_create(drive->loop, &options, &drive->http, error);
}

static enum lb_err open_folders(struct lb_drive *drive, struct lb_cli *cli,
				const struct lb_acon *acon, bool watch,
				struct lb_source **ret_source, struct lb_error *error)
{
	struct lb_trigger_file_options options = acon->trigger_file;
	options.watch = options.watch && watch;
	return lb_trigger_file_local_create(drive->loop, acon->base_trigger_file_location, &options,
					    &cli->log, ret_source, error);
}

static enum lb_err need_s3(struct lb_drive *drive, const struct lb_config *config,
			   struct lb_error *error)
{
	enum lb_err err = need_http(drive, config, error);
	return err != LB_OK || drive->s3.http != NULL
		       ? err
		       : lb_s3_client_open(&drive->s3, config, drive->loop, drive->http, error);
}

static enum lb_err open_bucket(struct lb_drive *drive, const struct lb_config *config,
			       const struct lb_acon *acon, struct lb_source **ret_source,
			       struct lb_error *error)
{
	const char *location = acon->base_trigger_file_location;
	struct lb_s3_place place;
	enum lb_err err = need_s3(drive, config, error);
	if (err == LB_OK) {
		err = lb_s3_find_place(config, location, &drive->arena, &place, error);
	}
	struct lb_object_lister *lister = NULL;
	if (err == LB_OK) {
		struct lb_s3_options options = {
			.loop = drive->loop,
			.http = drive->http,
			.credentials = drive->s3.credentials,
			.place = &place,
		};
		err = lb_s3_lister_create(&options, &lister, error);
	}
	if (err == LB_OK) {
		err = lb_trigger_file_objects_create(location, &acon->trigger_file,
						     lb_host_clock(drive->host), lister, ret_source,
						     error);
	}
	if (err != LB_OK && lister != NULL) {
		lister->impl->destroy(lister);
	}
	return err;
}

static enum lb_err open_source(struct lb_drive *drive, struct lb_cli *cli,
			       const struct lb_config *config, const struct lb_acon *acon,
			       bool watch, struct lb_error *error)
{
	struct lb_source *source = NULL;
	enum lb_err err = lb_s3_is_location(acon->base_trigger_file_location)
				  ? open_bucket(drive, config, acon, &source, error)
				  : open_folders(drive, cli, acon, watch, &source, error);
	if (err != LB_OK) {
		return lb_wrap(error, "%s", acon->origin);
	}
	drive->sources[drive->source_count++] = source;
	return LB_OK;
}

static enum lb_err open_bucket_cleaner(struct lb_drive *drive, const struct lb_config *config,
				       const struct lb_clean_options *options,
				       struct lb_cleaner **ret_cleaner, struct lb_error *error)
{
	struct lb_s3_place place;
	enum lb_err err = need_s3(drive, config, error);
	if (err == LB_OK) {
		err = lb_s3_find_place(config, options->base_location, &drive->arena, &place,
				       error);
	}
	return err == LB_OK ? lb_clean_s3_create(drive->loop, drive->http, drive->s3.credentials,
						 &place, options, ret_cleaner, error)
			    : err;
}

/* Where files are kept there is nothing to clean. */
static enum lb_err open_cleaner(struct lb_drive *drive, const struct lb_config *config,
				const struct lb_acon *acon, struct lb_error *error)
{
	const struct lb_clean_options options = {
		.base_location = acon->base_trigger_file_location,
		.rule = acon->clean_rule,
	};
	struct lb_cleaner *cleaner = NULL;
	if (options.rule.deed == LB_CONSUMED_KEEP) {
		return LB_OK;
	}
	enum lb_err err = lb_s3_is_location(options.base_location)
				  ? open_bucket_cleaner(drive, config, &options, &cleaner, error)
				  : lb_clean_local_create(drive->loop, &options, &cleaner, error);
	if (err != LB_OK) {
		return lb_wrap(error, "%s", acon->origin);
	}
	drive->cleaners[drive->cleaner_count++] = cleaner;
	return LB_OK;
}

/* The jobs that have a command of their own, for a runner of kind command. */
static enum lb_err list_jobs(struct lb_drive *drive, const struct lb_config *config,
			     struct lb_command_options *options, struct lb_error *error)
{
	struct lb_command_job *jobs =
		lb_arena_alloc(&drive->arena, (config->jobs.count + 1) * sizeof(*jobs));
	if (jobs == NULL) {
		return lb_fail_nomem(error);
	}
	for (size_t i = 0; i < config->jobs.count; i++) {
		if (config->jobs.items[i].argv != NULL) {
			jobs[options->job_count++] = (struct lb_command_job){
				.trigger_job_id = config->jobs.items[i].trigger_job_id,
				.argv = config->jobs.items[i].argv,
			};
		}
	}
	options->jobs = jobs;
	return LB_OK;
}

static enum lb_err open_command(struct lb_drive *drive, const struct lb_config *config,
				const struct lb_runner_settings *settings,
				struct lb_runner **ret_runner, struct lb_error *error)
{
	struct lb_command_options options = {
		.name = settings->name,
		.argv = settings->argv,
		.runs_directory = settings->runs_directory,
		.working_directory = settings->working_directory,
		.max_parallel = settings->max_parallel,
		.keep_us = config->keep_history_us,
	};
	enum lb_err err = list_jobs(drive, config, &options, error);
	if (err == LB_OK) {
		err = lb_command_runner_create(drive->loop, &options, ret_runner, error);
	}
	return err == LB_OK ? LB_OK : lb_wrap(error, "runner %s", settings->name);
}

static enum lb_err open_databricks(struct lb_drive *drive, const struct lb_config *config,
				   const struct lb_runner_settings *settings,
				   struct lb_runner **ret_runner, struct lb_error *error)
{
	const struct lb_databricks_options options = {
		.name = settings->name,
		.max_parallel = settings->max_parallel,
		.starts_per_second = settings->starts_per_second,
		.poll_interval_us = settings->status_interval_us,
		.revive_interval_us = settings->revive_interval_us,
		.job_parameters = settings->job_parameters == LB_JOB_PARAMETERS_EVENTS,
		.queue = settings->queue,
	};
	struct lb_databricks_credentials credentials;
	enum lb_err err = need_http(drive, config, error);
	if (err == LB_OK) {
		err = lb_cli_databricks_credentials(settings, &credentials, error);
	}
	return err == LB_OK ? lb_databricks_runner_create(lb_host_clock(drive->host), drive->http,
							  &options, &credentials, ret_runner, error)
			    : err;
}

static enum lb_err open_runner(struct lb_drive *drive, const struct lb_config *config,
			       const struct lb_runner_settings *settings, struct lb_error *error)
{
	struct lb_runner *runner = NULL;
	enum lb_err err = settings->kind == LB_RUNNER_DATABRICKS
				  ? open_databricks(drive, config, settings, &runner, error)
				  : open_command(drive, config, settings, &runner, error);
	if (err == LB_OK) {
		drive->runners[drive->runner_count++] = runner;
	}
	return err;
}

static enum lb_err open_ports(struct lb_drive *drive, struct lb_cli *cli,
			      const struct lb_config *config, enum lb_engine_mode mode,
			      struct lb_error *error)
{
	drive->sources =
		lb_arena_alloc(&drive->arena, config->acons.count * sizeof(struct lb_source *));
	drive->runners =
		lb_arena_alloc(&drive->arena, config->runners.count * sizeof(struct lb_runner *));
	drive->cleaners =
		lb_arena_alloc(&drive->arena, config->acons.count * sizeof(struct lb_cleaner *));
	if (drive->sources == NULL || drive->runners == NULL || drive->cleaners == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = lb_host_create(drive->loop, &drive->host, error);
	for (size_t i = 0; i < config->acons.count && err == LB_OK; i++) {
		err = open_source(drive, cli, config, &config->acons.items[i],
				  mode == LB_ENGINE_RUN, error);
	}
	for (size_t i = 0; i < config->acons.count && err == LB_OK; i++) {
		err = open_cleaner(drive, config, &config->acons.items[i], error);
	}
	for (size_t i = 0; i < config->runners.count && err == LB_OK; i++) {
		err = open_runner(drive, config, &config->runners.items[i], error);
	}
	return err;
}

static uint64_t random_seed(void)
{
	uint64_t seed = 1;
	ssize_t got = getrandom(&seed, sizeof(seed), 0);
	(void)got; /* jitter is all it is for */
	return seed;
}

/* Only who goes on can be told of anything. */
static enum lb_err open_notifications(struct lb_drive *drive, struct lb_cli *cli,
				      const struct lb_config *config, enum lb_engine_mode mode,
				      struct lb_error *error)
{
	const struct lb_notifications_options options = {
		.config = config,
		.loop = drive->loop,
		.clock = lb_host_clock(drive->host),
		.credentials = drive->s3.credentials,
		.sources = drive->sources,
		.log = &cli->log,
		.random_seed = random_seed(),
	};
	return mode == LB_ENGINE_RUN ? lb_notifications_open(&drive->notifications, &options, error)
				     : LB_OK;
}

static enum lb_err create_engine(struct lb_drive *drive, struct lb_cli *cli,
				 const struct lb_config *config, enum lb_engine_mode mode,
				 void (*on_idle)(void *data), void *data, struct lb_error *error)
{
	struct lb_engine_options options = {
		.mode = mode,
		.store = cli->store,
		.sources = drive->sources,
		.source_count = drive->source_count,
		.runners = drive->runners,
		.runner_count = drive->runner_count,
		.cleaners = drive->cleaners,
		.cleaner_count = drive->cleaner_count,
		.clock = lb_host_clock(drive->host),
		.worker = lb_host_worker(drive->host),
		.log = &cli->log,
		.policies = {.policy_of = lb_config_policy_of, .data = config},
		.fields = config->fields,
		.field_count = config->field_count,
		.poll_interval_us = config->poll_interval_us,
		.random_seed = random_seed(),
		.on_idle = on_idle,
		.data = data,
	};
	return lb_engine_create(&options, &drive->engine, error);
}

enum lb_err lb_drive_open(struct lb_drive *drive, struct lb_cli *cli,
			  const struct lb_config *config, uv_loop_t *loop, enum lb_engine_mode mode,
			  void (*on_idle)(void *data), void *data, struct lb_error *error)
{
	*drive = (struct lb_drive){.loop = loop};
	enum lb_err err = LB_OK;
	if (mode != LB_ENGINE_SENSE) {
		err = lb_config_need_runner(config, error);
	}
	if (err == LB_OK) {
		err = open_ports(drive, cli, config, mode, error);
	}
	if (err == LB_OK) {
		err = open_notifications(drive, cli, config, mode, error);
	}
	if (err == LB_OK) {
		err = create_engine(drive, cli, config, mode, on_idle, data, error);
	}
	if (err != LB_OK) {
		lb_drive_close(drive);
	}
	return err;
}

void lb_drive_stop(struct lb_drive *drive)
{
	lb_notifications_stop(&drive->notifications);
	lb_engine_stop(drive->engine);
}

void lb_drive_close(struct lb_drive *drive)
{
	lb_notifications_close(&drive->notifications);
	for (size_t i = 0; i < drive->source_count; i++) {
		drive->sources[i]->impl->destroy(drive->sources[i]);
	}
	for (size_t i = 0; i < drive->runner_count; i++) {
		drive->runners[i]->impl->destroy(drive->runners[i]);
	}
	for (size_t i = 0; i < drive->cleaner_count; i++) {
		drive->cleaners[i]->impl->destroy(drive->cleaners[i]);
	}
	lb_s3_client_close(&drive->s3);
	lb_http_destroy(drive->http);
	lb_engine_destroy(drive->engine);
	lb_host_destroy(drive->host);
	lb_arena_finish(&drive->arena);
	*drive = (struct lb_drive){.loop = drive->loop};
}

static void stop_loop(void *data)
{
	uv_stop(data);
}

static int print_totals(struct lb_cli *cli, const struct lb_engine_totals *totals)
{
	if (cli->json) {
		return lb_cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "new_events",
						   (json_int_t)totals->new_events, "runs_planned",
						   (json_int_t)totals->runs_planned,
						   "runs_accepted",
						   (json_int_t)totals->runs_accepted, "runs_ended",
						   (json_int_t)totals->runs_ended, "files_cleaned",
						   (json_int_t)totals->files_cleaned, "problems",
						   (json_int_t)totals->problems));
	}
	if (!cli->quiet) {
		(void)printf("%s, %s planned, %llu started, %llu ended",
			     lb_words_count(&cli->arena, totals->new_events, "new event"),
			     lb_words_count(&cli->arena, totals->runs_planned, "run"),
			     (unsigned long long)totals->runs_accepted,
			     (unsigned long long)totals->runs_ended);
		if (totals->files_cleaned > 0) {
			(void)printf(", %s cleaned",
				     lb_words_count(&cli->arena, totals->files_cleaned, "file"));
		}
		if (totals->problems > 0) {
			(void)printf("; %s, see the log and lakebeat status",
				     lb_words_count(&cli->arena, totals->problems, "problem"));
		}
		(void)fputc('\n', stdout);
	}
	return LB_EXIT_OK;
}

int lb_drive_pass(struct lb_cli *cli, enum lb_engine_mode mode)
{
	int code = lb_cli_open(cli, true);
	if (code != LB_EXIT_OK) {
		return code;
	}
	/* A pass is short; what it found and did is printed at its end. */
	if (!lb_argument_given(&cli->arguments, "log-level") && cli->log.level > LB_LOG_WARNING) {
		cli->log.level = LB_LOG_WARNING;
	}
	struct lb_error error = {0};
	struct lb_drive drive;
	uv_loop_t loop;
	if (uv_loop_init(&loop) != 0) {
		(void)lb_fail(&error, LB_IO, "cannot make an event loop");
		return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	enum lb_err err =
		lb_drive_open(&drive, cli, cli->config, &loop, mode, stop_loop, &loop, &error);
	if (err == LB_OK) {
		lb_engine_start(drive.engine);
		(void)uv_run(&loop, UV_RUN_DEFAULT);
		code = print_totals(cli, lb_engine_totals(drive.engine));
		if (lb_engine_totals(drive.engine)->problems > 0) {
			code = LB_EXIT_FAILED;
		}
		lb_drive_close(&drive);
	} else {
		code = lb_cli_fail(cli, err == LB_INVALID ? LB_EXIT_USAGE : LB_EXIT_FAILED, &error);
	}
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&loop);
	return code;
}
