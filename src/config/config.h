/* config.h: what the user configured, checked and whole.
 *
 * Made from the daemon's file (lakebeat.yaml), ACONs and command-line overrides
 * by config/load.h; immutable; passed explicitly. A reload makes a new one. All
 * texts live in its arena. The format is docs/configuration.md. */
#ifndef LB_CONFIG_CONFIG_H
#define LB_CONFIG_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/job.h"
#include "sources/trigger_file/clean_rule.h"
#include "sources/trigger_file/options.h"
#include "sources/trigger_file/s3_place.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the value of a setting came from, for people: "default", "--store",
 * "lakebeat.yaml:3". written: the text with its ${…} as it stands there, when it
 * has one; shown instead of the value. Each struct below has an array of them,
 * one per setting of its scope, in the order of config/settings.h. */
struct lb_origin {
	const char *text;
	const char *written;
};

enum lb_store_kind { LB_STORE_SQLITE, LB_STORE_POSTGRES };

/* One ACON: the original's dictionary.
 * origin: "trigger_file_acon.json", or "lakebeat.yaml:4" for one that stands there.
 * base_trigger_file_location: absolute, or "s3://…", without trailing '/', so that it
 *         names the same sensors from every working directory.
 * domain and token are for Databricks, NULL when not given; token is a secret:
 *         resolved, never printed.
 * max_event_gap_us: below 0: not given.
 * queue_url, queue_region: of notifications; NULL: not given.
 * on_consumed: as it is written, NULL: not given; clean_rule: what it means.
 * fields: names in schema_dict that lakebeat hands on. */
struct lb_acon {
	const char *origin;
	const char *sensor_source;
	const char *data_format;
	const char *heartbeat_sensor_db_table;
	const char *lakehouse_engine_sensor_db_table;
	const char *base_checkpoint_location;
	const char *base_trigger_file_location;
	const char *domain;
	const char *token;
	int64_t max_event_gap_us;
	const char *const *fields;
	size_t field_count;
	unsigned file_format;
	bool use_notifications;
	const char *queue_url;
	const char *queue_region;
	bool validate_options;
	const char *on_consumed;
	struct lb_clean_rule clean_rule;
	struct lb_trigger_file_options trigger_file;
	struct lb_origin *origins;
	struct lb_origin *option_origins;
};

struct lb_acon_list LB_LIST_OF(struct lb_acon);

enum lb_runner_kind { LB_RUNNER_COMMAND, LB_RUNNER_DATABRICKS };

enum lb_job_parameters { LB_JOB_PARAMETERS_EVENTS, LB_JOB_PARAMETERS_NONE };

/* argv: command; NULL-ended, or NULL when only jobs have one.
 * From domain on for databricks only; token and client_secret are secrets:
 * resolved, never printed. */
struct lb_runner_settings {
	const char *name;
	enum lb_runner_kind kind;
	const char *const *argv;
	const char *runs_directory;
	const char *working_directory;
	int max_parallel;
	const char *domain;
	const char *token;
	const char *client_id;
	const char *client_secret;
	const char *profile;
	const char *auth_type;
	int starts_per_second;
	int64_t status_interval_us;
	int64_t revive_interval_us;
	enum lb_job_parameters job_parameters;
	bool queue;
	struct lb_origin *origins;
};

struct lb_runner_settings_list LB_LIST_OF(struct lb_runner_settings);

/* Per trigger_job_id; runner NULL, numbers -1 where not given.
 * argv: of this job's command, NULL: the runner's template. */
struct lb_job_settings {
	const char *trigger_job_id;
	const char *runner;
	const char *const *argv;
	int max_retries;
	int64_t retry_delay_us;
	int64_t max_event_gap_us;
	struct lb_origin *origins;
};

struct lb_job_settings_list LB_LIST_OF(struct lb_job_settings);

/* file:          the daemon's file, NULL: none.
 * store:         as configured, "sqlite:PATH"; store_path: its path.
 * control_table, sensor_table: table names without the database part.
 * base_checkpoint_location: for the sensor table's column, NULL: none.
 * fields:        what any ACON's schema_dict names, each once.
 * jobs:          in byte order of their ids.
 * listen_events: NULL: no events are pushed. listen_events_secret: NULL: none;
 *                resolved, never printed. notified_poll_interval_us: 0: not given.
 * default_runner: NULL: none configured, then sensing is all that works.
 * s3_…: how buckets are reached; NULL where not given. The secret key and the session's
 *                token are secrets: resolved, never printed.
 * list_price:    of 1,000 requests, in millionths.
 * ca_bundle:     certificates to trust in place of the system's; NULL: the system's. */
struct lb_config {
	struct lb_arena arena;
	const char *file;
	const char *store;
	enum lb_store_kind store_kind;
	const char *store_path;
	const char *control_table;
	const char *sensor_table;
	const char *base_checkpoint_location;
	const char *const *fields;
	size_t field_count;
	struct lb_acon_list acons;
	struct lb_runner_settings_list runners;
	const char *default_runner;
	struct lb_job_settings_list jobs;
	const char *feed;
	int64_t poll_interval_us;
	int64_t settle_us;
	int64_t lookback_us;
	bool watch;
	int64_t keep_history_us;
	int64_t busy_timeout_us;
	int max_retries;
	int64_t retry_delay_us;
	int64_t max_event_gap_us;
	const char *listen;
	const char *s3_endpoint;
	const char *s3_region;
	enum lb_s3_style s3_addressing;
	const char *s3_profile;
	const char *s3_role_arn;
	const char *s3_access_key_id;
	const char *s3_secret_access_key;
	const char *s3_session_token;
	const char *ca_bundle;
	const char *listen_events;
	const char *listen_events_secret;
	int64_t notified_poll_interval_us;
	int64_t list_price;
	enum lb_log_level log_level;
	enum lb_log_format log_format;
	struct lb_origin *origins;
};

/* What the settings say of a job; matches lb_policies.policy_of with data =
 * config. Without any runner the policy's runner is "". */
struct lb_policy lb_config_policy_of(const void *config, const char *trigger_job_id);

/* The runner of that name; NULL: there is none. */
const struct lb_runner_settings *lb_config_runner(const struct lb_config *config, const char *name);

/* What is said of that job; NULL: nothing. */
const struct lb_job_settings *lb_config_job(const struct lb_config *config,
					    const char *trigger_job_id);

/* Why the runner of that job cannot start it, as the end of the sentence
 * "trigger_job_id …"; NULL when it can, or there is no runner. */
const char *lb_config_job_problem(const struct lb_config *config, const char *trigger_job_id);

/* LB_INVALID when there is no runner, with what to do about it: for verbs that
 * start jobs. */
enum lb_err lb_config_need_runner(const struct lb_config *config,
				  struct lb_error *error) LB_MUST_CHECK;

/* NULL is fine. */
void lb_config_destroy(struct lb_config *config);

#endif
