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
#include "sources/trigger_file/options.h"

#include <stdbool.h>
#include <stdint.h>

enum lb_store_kind { LB_STORE_SQLITE, LB_STORE_POSTGRES };

/* One ACON: the original's dictionary. fields: names in schema_dict.
 * Locations are without trailing '/'. domain and token are for Databricks;
 * token is a secret: resolved, never printed. */
struct lb_acon {
	const char *origin; /* "trigger_file_acon.json", or "lakebeat.yaml:acons[0]" */
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
	struct lb_trigger_file_options trigger_file;
};

struct lb_acon_list LB_LIST_OF(struct lb_acon);

enum lb_runner_kind { LB_RUNNER_COMMAND, LB_RUNNER_DATABRICKS };

struct lb_runner_settings {
	const char *name;
	enum lb_runner_kind kind;
	const char *const *argv; /* command; NULL-ended or NULL */
	const char *runs_directory;
	const char *working_directory;
	int max_parallel;
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
};

struct lb_job_settings_list LB_LIST_OF(struct lb_job_settings);

/* file:          the daemon's file, NULL: none.
 * control_table, sensor_table: table names without the database part.
 * runs in sorted job order; default_runner NULL: none configured. */
struct lb_config {
	struct lb_arena arena;
	const char *file;
	enum lb_store_kind store_kind;
	const char *store_path; /* sqlite: the file; postgres: the URL */
	const char *control_table;
	const char *sensor_table;
	struct lb_acon_list acons;
	struct lb_runner_settings_list runners;
	const char *default_runner;
	struct lb_job_settings_list jobs;
	const char *feed;
	int64_t poll_interval_us;
	int64_t keep_history_us;
	int64_t busy_timeout_us;
	int max_retries;
	int64_t retry_delay_us;
	const char *listen;
	enum lb_log_level log_level;
	enum lb_log_format log_format;
};

/* What the settings say of a job; matches lb_policies.policy_of with data = config. */
struct lb_policy lb_config_policy_of(const void *config, const char *trigger_job_id);

/* NULL is fine. */
void lb_config_destroy(struct lb_config *config);

#endif
