#include "config/settings.h"

#include "base/text.h"
#include "base/time.h"
#include "config/config.h"

#include <assert.h>

/* CHOICE stores the index in its list through an unsigned int. */
static_assert(sizeof(enum lb_log_level) == sizeof(unsigned), "enums are as wide as unsigned");

static const char *const runner_kinds[] = {
	[LB_RUNNER_COMMAND] = "command", [LB_RUNNER_DATABRICKS] = "databricks", NULL};

static const char *const job_parameters[] = {
	[LB_JOB_PARAMETERS_EVENTS] = "events", [LB_JOB_PARAMETERS_NONE] = "none", NULL};

static const char *const log_levels[] = {[LB_LOG_ERROR] = "error",
					 [LB_LOG_WARNING] = "warning",
					 [LB_LOG_INFO] = "info",
					 [LB_LOG_DEBUG] = "debug",
					 NULL};

static const char *const log_formats[] = {[LB_LOG_TEXT] = "text", [LB_LOG_JSON] = "json", NULL};

/* Auto Loader's, in its order; docs/acon.md. */
static const char *const file_formats[] = {"text", "csv", "json",       "avro", "parquet",
					   "orc",  "xml", "binaryFile", NULL};

#define AT(type, field) .offset = offsetof(struct type, field)
#define UP_TO_YEARS(years) ((years)*365 * LB_DAY)
#define GAP_MAX (87600 * LB_HOUR)

static const char *const s3_styles[] = {"auto", "path", "virtual", NULL};

static const struct lb_setting file_settings[] = {
	{.key = "store",
	 .type = LB_SETTING_STORE,
	 .otherwise = "`sqlite:<database>.db` in the working directory, `<database>` being the "
		      "part before the dot in `heartbeat_sensor_db_table`",
	 AT(lb_config, store),
	 .fixed = true,
	 .help = "Where the control table and everything else is kept: `sqlite:PATH`."},
	{.key = "acons",
	 .type = LB_SETTING_SECTION,
	 .otherwise = "needed, here or by `--acon`",
	 .help = "The ACONs: a list of files (JSON or YAML) or of the dictionaries themselves. "
		 "`--acon` replaces the whole list. Their keys are told in [acon.md](acon.md)."},
	{.key = "feed",
	 .type = LB_SETTING_PATH,
	 AT(lb_config, feed),
	 .help = "The data feed ([data-feed.md](data-feed.md)), applied at start and when the file "
		 "changes."},
	{.key = "poll_interval",
	 .type = LB_SETTING_DURATION,
	 .fallback = "10s",
	 .least = 100 * LB_MS,
	 .most = LB_DAY,
	 AT(lb_config, poll_interval_us),
	 .help = "Time between two passes over all sensors. What inotify reports does not wait "
		 "for it."},
	{.key = "settle_time",
	 .type = LB_SETTING_DURATION,
	 .fallback = "1s",
	 .least = 0,
	 .most = LB_HOUR,
	 AT(lb_config, settle_us),
	 .help = "A file that only a listing showed counts when it has not changed for so long, "
		 "because it may still be being written."},
	{.key = "lookback",
	 .type = LB_SETTING_DURATION,
	 .fallback = "1 day",
	 .least = 0,
	 .most = UP_TO_YEARS(10),
	 AT(lb_config, lookback_us),
	 .help = "How far behind the newest name a late trigger file is still found by an "
		 "ordinary pass. Later ones are found by the next full pass "
		 "(`cloudFiles.backfillInterval`)."},
	{.key = "watch",
	 .type = LB_SETTING_BOOL,
	 .fallback = "true",
	 AT(lb_config, watch),
	 .help = "Use inotify where the file system supports it. Polling goes on beside it."},
	{.key = "keep_history",
	 .type = LB_SETTING_DURATION,
	 .fallback = "90 days",
	 .least = LB_HOUR,
	 .most = 10000 * LB_DAY,
	 AT(lb_config, keep_history_us),
	 .help = "How long ended runs, their folders and events, and the audit log are kept. "
		 "Events whose file "
		 "is still there are never forgotten."},
	{.key = "busy_timeout",
	 .type = LB_SETTING_DURATION,
	 .fallback = "5s",
	 .least = 0,
	 .most = 10 * LB_MINUTE,
	 AT(lb_config, busy_timeout_us),
	 .fixed = true,
	 .help = "How long to wait for another process that is writing to the store."},
	{.key = "max_retries",
	 .type = LB_SETTING_COUNT,
	 .fallback = "0",
	 .least = 0,
	 .most = 1000,
	 AT(lb_config, max_retries),
	 .help = "New runs of a job after one that failed, before the job is FAILED."},
	{.key = "retry_delay",
	 .type = LB_SETTING_DURATION,
	 .fallback = "10s",
	 .least = 0,
	 .most = 7 * LB_DAY,
	 AT(lb_config, retry_delay_us),
	 .help = "Time between a failed run and the next one."},
	{.key = "max_event_gap_hours",
	 .type = LB_SETTING_HOURS,
	 .otherwise = "that of the ACON",
	 .least = 0,
	 .most = GAP_MAX,
	 AT(lb_config, max_event_gap_us),
	 .help = "The events of a job's hard rows must lie within so many hours, else the job "
		 "waits for the older one to be renewed; 0: no limit."},
	{.key = "default_runner",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "the only runner, when there is one",
	 AT(lb_config, default_runner),
	 .help = "The runner of jobs that name none."},
	{.key = "runners",
	 .type = LB_SETTING_SECTION,
	 .help = "What starts jobs, by name. The settings of each are below. `--runner-argv` adds "
		 "one named `command` and makes it the default."},
	{.key = "jobs",
	 .type = LB_SETTING_SECTION,
	 .help = "What the control table has no column for, by `trigger_job_id`. The settings of "
		 "each are below."},
	{.key = "listen",
	 .type = LB_SETTING_ADDRESS,
	 AT(lb_config, listen),
	 .fixed = true,
	 .help = "Address and port for a status page. This version serves none; the setting is "
		 "checked and otherwise without effect."},
	{.key = "s3_endpoint",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's, Amazon's own",
	 AT(lb_config, s3_endpoint),
	 .fixed = true,
	 .help = "The server that has the buckets of `s3://` locations: `https://HOST[:PORT]` or "
		 "`http://…` ([s3.md](s3.md))."},
	{.key = "s3_region",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`AWS_REGION`, the profile's, `us-east-1`",
	 AT(lb_config, s3_region),
	 .fixed = true,
	 .help = "The buckets' region. A bucket of Amazon's in another one is followed there."},
	{.key = "s3_addressing",
	 .type = LB_SETTING_CHOICE,
	 .fallback = "auto",
	 .choices = s3_styles,
	 AT(lb_config, s3_addressing),
	 .fixed = true,
	 .help = "Whether the bucket's name stands in the host's name (`virtual`) or in the "
		 "`path`; "
		 "`auto`: virtual with Amazon, path with an endpoint of your own."},
	{.key = "s3_profile",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`AWS_PROFILE`, `default`",
	 AT(lb_config, s3_profile),
	 .fixed = true,
	 .help = "A profile in `~/.aws`."},
	{.key = "s3_role_arn",
	 .type = LB_SETTING_TEXT,
	 AT(lb_config, s3_role_arn),
	 .fixed = true,
	 .help = "A role to assume with whatever credentials are found."},
	{.key = "s3_access_key_id",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "the environment's, as the AWS CLI finds them",
	 AT(lb_config, s3_access_key_id),
	 .fixed = true,
	 .help = "The id of the access key; then `s3_secret_access_key` is needed too."},
	{.key = "s3_secret_access_key",
	 .type = LB_SETTING_TEXT,
	 AT(lb_config, s3_secret_access_key),
	 .secret = true,
	 .fixed = true,
	 .help = "The access key itself, best as `${env:…}` or `${file:…}`."},
	{.key = "s3_session_token",
	 .type = LB_SETTING_TEXT,
	 AT(lb_config, s3_session_token),
	 .secret = true,
	 .fixed = true,
	 .help = "Of temporary keys."},
	{.key = "ca_bundle",
	 .type = LB_SETTING_PATH,
	 .otherwise = "`AWS_CA_BUNDLE`, the system's certificates",
	 AT(lb_config, ca_bundle),
	 .fixed = true,
	 .help = "A file of PEM certificates to trust, for S3 and Databricks."},
	{.key = "listen_events",
	 .type = LB_SETTING_ADDRESS,
	 AT(lb_config, listen_events),
	 .help = "Address and port at which `lakebeat run` takes events of new objects that a "
		 "store "
		 "pushes by HTTP, as Ceph and MinIO do ([s3.md](s3.md#notifications))."},
	{.key = "listen_events_secret",
	 .type = LB_SETTING_TEXT,
	 .secret = true,
	 AT(lb_config, listen_events_secret),
	 .help = "What a store has to show there. Needed unless the address is a loopback one. "
		 "Better a reference, `${env:NAME}`, than the secret itself."},
	{.key = "notified_poll_interval",
	 .type = LB_SETTING_DURATION,
	 .otherwise = "`cloudFiles.backfillInterval`",
	 .least = LB_SECOND,
	 .most = UP_TO_YEARS(10),
	 AT(lb_config, notified_poll_interval_us),
	 .help = "Time between two passes over all sensors of a location with "
		 "`cloudFiles.useNotifications`, as long as its notifications are received. "
		 "While they are not, `poll_interval` counts."},
	{.key = "list_price",
	 .type = LB_SETTING_PRICE,
	 .fallback = "0.005",
	 .least = 0,
	 .most = (int64_t)1000 * LB_PRICE_UNIT,
	 AT(lb_config, list_price),
	 .help = "What 1,000 listing requests cost, in any currency; Amazon's price in US dollars "
		 "unless given. `lakebeat status --cost` reckons with it."},
	{.key = "log_level",
	 .type = LB_SETTING_CHOICE,
	 .fallback = "info",
	 .choices = log_levels,
	 AT(lb_config, log_level),
	 .help = "The least urgent lines that are logged."},
	{.key = "log_format",
	 .type = LB_SETTING_CHOICE,
	 .fallback = "text",
	 .choices = log_formats,
	 AT(lb_config, log_format),
	 .help = "`key=value` lines, or one JSON object a line."},
};

static const struct lb_setting runner_settings[] = {
	{.key = "kind",
	 .type = LB_SETTING_CHOICE,
	 .choices = runner_kinds,
	 .required = true,
	 AT(lb_runner_settings, kind),
	 .help = "`command` starts local programs ([command-runner.md](command-runner.md)), "
		 "`databricks` the jobs of a Databricks workspace "
		 "([databricks-runner.md](databricks-runner.md))."},
	{.key = "argv",
	 .type = LB_SETTING_ARGV,
	 AT(lb_runner_settings, argv),
	 .help = "For `command`: the program and its arguments, as a list; never a shell. "
		 "`{trigger_job_id}` and "
		 "`{trigger_job_name}` are replaced; `{{word}}` stands for `{word}`. A program "
		 "with a slash in its name is relative to the file's folder, others are looked "
		 "for in `PATH`. Needed unless every job has an `argv` of its own."},
	{.key = "runs_directory",
	 .type = LB_SETTING_PATH,
	 .otherwise = "`<store path>.runs`",
	 AT(lb_runner_settings, runs_directory),
	 .fixed = true,
	 .help = "For `command`: where each run keeps its claim, its events, its output and its "
		 "exit status."},
	{.key = "working_directory",
	 .type = LB_SETTING_PATH,
	 .otherwise = "lakebeat's own",
	 AT(lb_runner_settings, working_directory),
	 .help = "For `command`: where the programs are started."},
	{.key = "max_parallel",
	 .type = LB_SETTING_COUNT,
	 .otherwise = "8 for `command`, 0 for `databricks`",
	 .least = 0,
	 .most = 10000,
	 AT(lb_runner_settings, max_parallel),
	 .help = "Runs at a time; more wait. 0: any number."},
	{.key = "domain",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "that of the ACON",
	 AT(lb_runner_settings, domain),
	 .help = "For `databricks`: the workspace's host name, or any URL of it."},
	{.key = "token",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "that of the ACON",
	 .secret = true,
	 AT(lb_runner_settings, token),
	 .help = "For `databricks`: the access token. Better a reference, `${env:NAME}`, than the "
		 "token itself."},
	{.key = "client_id",
	 .type = LB_SETTING_TEXT,
	 AT(lb_runner_settings, client_id),
	 .help = "For `databricks`: a service principal's, for OAuth, instead of `token`."},
	{.key = "client_secret",
	 .type = LB_SETTING_TEXT,
	 .secret = true,
	 AT(lb_runner_settings, client_secret),
	 .help = "For `databricks`: its OAuth secret."},
	{.key = "profile",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`DATABRICKS_CONFIG_PROFILE`",
	 AT(lb_runner_settings, profile),
	 .help = "For `databricks`: a profile in `~/.databrickscfg` that gives what is not given "
		 "here; then nothing is taken from the ACON."},
	{.key = "auth_type",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "by what is given",
	 AT(lb_runner_settings, auth_type),
	 .help = "For `databricks`: `pat` or `oauth-m2m`, to choose when both could be."},
	{.key = "starts_per_second",
	 .type = LB_SETTING_COUNT,
	 .fallback = "10",
	 .least = 0,
	 .most = 1000,
	 AT(lb_runner_settings, starts_per_second),
	 .help = "For `databricks`: how many runs are started a second; more wait. 0: no limit."},
	{.key = "status_interval",
	 .type = LB_SETTING_DURATION,
	 .fallback = "10s",
	 .least = 100 * LB_MS,
	 .most = LB_DAY,
	 AT(lb_runner_settings, status_interval_us),
	 .help = "For `databricks`: time between two looks at how runs stand."},
	{.key = "revive_interval",
	 .type = LB_SETTING_DURATION,
	 .fallback = "1 minute",
	 .least = 0,
	 .most = LB_DAY,
	 AT(lb_runner_settings, revive_interval_us),
	 .help = "For `databricks`: time between two looks whether runs that failed were made "
		 "good, by hand or by a repair. 0: never."},
	{.key = "job_parameters",
	 .type = LB_SETTING_CHOICE,
	 .fallback = "events",
	 .choices = job_parameters,
	 AT(lb_runner_settings, job_parameters),
	 .help = "For `databricks`: whether a run gets the events as job parameters."},
	{.key = "queue",
	 .type = LB_SETTING_BOOL,
	 .fallback = "true",
	 AT(lb_runner_settings, queue),
	 .help = "For `databricks`: whether a run waits when its job has as many runs as it may "
		 "have; otherwise it is skipped, which is a failure."},
};

static const struct lb_setting job_settings[] = {
	{.key = "runner",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`default_runner`",
	 AT(lb_job_settings, runner),
	 .help = "The runner that starts this job."},
	{.key = "argv",
	 .type = LB_SETTING_ARGV,
	 .otherwise = "that of its runner",
	 AT(lb_job_settings, argv),
	 .help = "This job's own program and arguments, as for the runner."},
	{.key = "max_retries",
	 .type = LB_SETTING_COUNT,
	 .otherwise = "the setting of the same name above",
	 .least = 0,
	 .most = 1000,
	 AT(lb_job_settings, max_retries),
	 .help = "As above, for this job."},
	{.key = "retry_delay",
	 .type = LB_SETTING_DURATION,
	 .otherwise = "the setting of the same name above",
	 .least = 0,
	 .most = 7 * LB_DAY,
	 AT(lb_job_settings, retry_delay_us),
	 .help = "As above, for this job."},
	{.key = "max_event_gap_hours",
	 .type = LB_SETTING_HOURS,
	 .otherwise = "the setting of the same name above",
	 .least = 0,
	 .most = GAP_MAX,
	 AT(lb_job_settings, max_event_gap_us),
	 .help = "As above, for this job; 0: no limit."},
};

static const struct lb_setting acon_settings[] = {
	{.key = "sensor_source",
	 .type = LB_SETTING_TEXT,
	 .required = true,
	 AT(lb_acon, sensor_source),
	 .help = "`trigger_file`; the other sources are not served by this version."},
	{.key = "data_format",
	 .type = LB_SETTING_TEXT,
	 .required = true,
	 AT(lb_acon, data_format),
	 .help = "`cloudfiles`."},
	{.key = "heartbeat_sensor_db_table",
	 .type = LB_SETTING_TEXT,
	 .required = true,
	 AT(lb_acon, heartbeat_sensor_db_table),
	 .fixed = true,
	 .help = "The control table, `database.table`."},
	{.key = "lakehouse_engine_sensor_db_table",
	 .type = LB_SETTING_TEXT,
	 .required = true,
	 AT(lb_acon, lakehouse_engine_sensor_db_table),
	 .fixed = true,
	 .help = "The sensor table, `database.table`."},
	{.key = "options", .type = LB_SETTING_SECTION, .help = "Auto Loader's options, below."},
	{.key = "schema_dict",
	 .type = LB_SETTING_SECTION,
	 .otherwise = "all four fields",
	 .help = "A Spark struct whose fields name what an event hands on to the job: "
		 "`file_name`, `file_modification_time`, `file_path`, `file_size`."},
	{.key = "base_checkpoint_location",
	 .type = LB_SETTING_TEXT,
	 AT(lb_acon, base_checkpoint_location),
	 .fixed = true,
	 .help = "Any text: it only names the sensor table's `checkpoint_location`. Lakebeat "
		 "keeps its checkpoints in the store."},
	{.key = "base_trigger_file_location",
	 .type = LB_SETTING_LOCATION,
	 .required = true,
	 AT(lb_acon, base_trigger_file_location),
	 .help = "The folder that holds a folder of trigger files for each `sensor_id`: a path, a "
		 "`file:` URL, or a bucket and prefix, `s3://BUCKET/PREFIX` ([s3.md](s3.md))."},
	{.key = "domain",
	 .type = LB_SETTING_TEXT,
	 AT(lb_acon, domain),
	 .help = "The Databricks workspace's host name; for a runner of kind `databricks` only."},
	{.key = "token",
	 .type = LB_SETTING_TEXT,
	 .secret = true,
	 AT(lb_acon, token),
	 .help = "Its access token; for a runner of kind `databricks` only. Better a reference, "
		 "`${env:NAME}`, than the token itself."},
	{.key = "max_event_gap_hours",
	 .type = LB_SETTING_HOURS,
	 .least = 0,
	 .most = GAP_MAX,
	 AT(lb_acon, max_event_gap_us),
	 .help = "As in the daemon's file, which goes before."},
	{.key = "exec_env",
	 .type = LB_SETTING_IGNORED,
	 .help = "Spark settings: there is no Spark."},
	{.key = "jdbc_db_table",
	 .type = LB_SETTING_IGNORED,
	 .help = "For the source sap_b4 and sap_bw only."},
	{.key = "kafka_configs", .type = LB_SETTING_IGNORED, .help = "For the source kafka only."},
	{.key = "kafka_secret_scope",
	 .type = LB_SETTING_IGNORED,
	 .help = "For the source kafka only."},
};

#define CONTENT_IS_NOT_READ "The content of trigger files is not read."
#define FOR_NOTIFICATIONS "Auto Loader's, to create notifications; lakebeat creates none."
#define EVERYTHING_IS_TAKEN "A beat takes in all new files, however many."

static const struct lb_setting option_settings[] = {
	{.key = "cloudFiles.format",
	 .type = LB_SETTING_CHOICE,
	 .fallback = "text",
	 .choices = file_formats,
	 AT(lb_acon, file_format),
	 .help = "Any of Auto Loader's formats. " CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.includeExistingFiles",
	 .type = LB_SETTING_BOOL,
	 .fallback = "true",
	 AT(lb_acon, trigger_file.include_existing_files),
	 .help = "Whether files that are there when a sensor is first looked at are events."},
	{.key = "cloudFiles.allowOverwrites",
	 .type = LB_SETTING_BOOL,
	 .fallback = "false",
	 AT(lb_acon, trigger_file.allow_overwrites),
	 .help = "Whether a file that is written again under the same name is a new event."},
	{.key = "cloudFiles.maxFileAge",
	 .type = LB_SETTING_DURATION,
	 .otherwise = "no limit",
	 .least = LB_SECOND,
	 .most = 10000 * LB_DAY,
	 AT(lb_acon, trigger_file.max_file_age_us),
	 .help = "Older files are no events."},
	{.key = "cloudFiles.backfillInterval",
	 .type = LB_SETTING_DURATION,
	 .fallback = "1 day",
	 .least = LB_SECOND,
	 .most = UP_TO_YEARS(10),
	 AT(lb_acon, trigger_file.backfill_interval_us),
	 .help = "Time between full passes, which list every file."},
	{.key = "cloudFiles.useNotifications",
	 .type = LB_SETTING_BOOL,
	 .fallback = "false",
	 AT(lb_acon, use_notifications),
	 .help = "Whether new objects are told by notifications, so that passes need not look for "
		 "them ([s3.md](s3.md#notifications)). Needs an S3 location, and "
		 "`cloudFiles.queueUrl` or `listen_events`. `lakebeat run` only; `once` lists."},
	{.key = "cloudFiles.queueUrl",
	 .type = LB_SETTING_TEXT,
	 AT(lb_acon, queue_url),
	 .help = "The SQS queue that the bucket notifies. Lakebeat creates none."},
	{.key = "cloudFiles.region",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "that in the queue's URL, else `AWS_REGION`, the profile's",
	 AT(lb_acon, queue_region),
	 .help = "The queue's region."},
	{.key = "cloudFiles.validateOptions",
	 .type = LB_SETTING_BOOL,
	 .fallback = "true",
	 AT(lb_acon, validate_options),
	 .help = "`false` makes unknown `cloudFiles.*` options warnings instead of errors."},
	{.key = "on_consumed",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "`keep`",
	 AT(lb_acon, on_consumed),
	 .help = "What becomes of a file when every job that waits for its sensor has completed "
		 "with it: `keep`, `delete`, or `move:TARGET`, where TARGET is a prefix in the "
		 "same "
		 "bucket, or the absolute path of a folder, outside of all base locations "
		 "([discovery.md](discovery.md#files-that-are-done-with))."},
	{.key = "pathGlobFilter",
	 .type = LB_SETTING_TEXT,
	 .otherwise = "all files",
	 AT(lb_acon, trigger_file.path_glob_filter),
	 .help = "Only files whose name matches this glob are events."},
	{.key = "cloudFiles.useIncrementalListing",
	 .type = LB_SETTING_IGNORED,
	 .help = "Deprecated in Auto Loader; lakebeat always lists from what it knows."},
	{.key = "cloudFiles.fetchParallelism",
	 .type = LB_SETTING_IGNORED,
	 .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.pathRewrites", .type = LB_SETTING_IGNORED, .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.awsAccessKey", .type = LB_SETTING_IGNORED, .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.awsSecretKey", .type = LB_SETTING_IGNORED, .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.roleArn", .type = LB_SETTING_IGNORED, .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.useManagedFileEvents",
	 .type = LB_SETTING_IGNORED,
	 .help = FOR_NOTIFICATIONS},
	{.key = "cloudFiles.maxFilesPerTrigger",
	 .type = LB_SETTING_IGNORED,
	 .help = EVERYTHING_IS_TAKEN},
	{.key = "cloudFiles.maxBytesPerTrigger",
	 .type = LB_SETTING_IGNORED,
	 .help = EVERYTHING_IS_TAKEN},
	{.key = "cloudFiles.schemaLocation",
	 .type = LB_SETTING_IGNORED,
	 .help = CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.schemaHints", .type = LB_SETTING_IGNORED, .help = CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.schemaEvolutionMode",
	 .type = LB_SETTING_IGNORED,
	 .help = CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.inferColumnTypes",
	 .type = LB_SETTING_IGNORED,
	 .help = CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.partitionColumns",
	 .type = LB_SETTING_IGNORED,
	 .help = CONTENT_IS_NOT_READ},
	{.key = "cloudFiles.useStrictGlobber",
	 .type = LB_SETTING_IGNORED,
	 .help = "`pathGlobFilter` matches file names, where the two ways agree."},
	{.key = "cloudFiles.cleanSource",
	 .type = LB_SETTING_IGNORED,
	 .help = "`on_consumed` says what becomes of trigger files, by what jobs have done."},
};

#define ROWS(table)                                                                                \
	{                                                                                          \
		table, sizeof(table) / sizeof((table)[0])                                          \
	}

static const struct {
	const struct lb_setting *rows;
	size_t count;
} scopes[LB_SCOPE_MAX] = {
	[LB_SCOPE_FILE] = ROWS(file_settings),     [LB_SCOPE_RUNNER] = ROWS(runner_settings),
	[LB_SCOPE_JOB] = ROWS(job_settings),       [LB_SCOPE_ACON] = ROWS(acon_settings),
	[LB_SCOPE_OPTION] = ROWS(option_settings),
};

static_assert(sizeof(option_settings) / sizeof(option_settings[0]) <= LB_SETTING_KEYS_MAX,
	      "room for the keys of the largest scope");

const struct lb_setting *lb_settings_of(enum lb_setting_scope scope, size_t *ret_count)
{
	*ret_count = scopes[scope].count;
	return scopes[scope].rows;
}

const struct lb_setting *lb_setting_find(enum lb_setting_scope scope, const char *key)
{
	for (size_t i = 0; i < scopes[scope].count; i++) {
		const struct lb_setting *setting = &scopes[scope].rows[i];
		if (scope == LB_SCOPE_OPTION ? lb_text_same_word(setting->key, key)
					     : lb_text_equal(setting->key, key)) {
			return setting;
		}
	}
	return NULL;
}

size_t lb_setting_keys(enum lb_setting_scope scope, const char *ret_keys[LB_SETTING_KEYS_MAX])
{
	for (size_t i = 0; i < scopes[scope].count; i++) {
		ret_keys[i] = scopes[scope].rows[i].key;
	}
	return scopes[scope].count;
}
