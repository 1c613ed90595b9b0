/* row.h: one row of the control table, "who waits for what".
 *
 * The fifteen columns are the original's (lakehouse-engine's heartbeat control
 * table); one row per (sensor_id, trigger_job_id). People edit the table with
 * SQL, so every column may hold NULL or an unexpected text: the functions here
 * say what that means. Strings are borrowed from the arena that holds the row.
 * Pure; any thread. */
#ifndef LB_CORE_ROW_H
#define LB_CORE_ROW_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* NONE is SQL's NULL; OTHER is a text that lakebeat does not know, written by
 * somebody else: such a row is never taken for ready and never overwritten
 * before its job's next run is accepted. */
enum lb_status {
	LB_STATUS_NONE,
	LB_STATUS_NEW_EVENT_AVAILABLE,
	LB_STATUS_IN_PROGRESS,
	LB_STATUS_COMPLETED,
	LB_STATUS_FAILED,
	LB_STATUS_OTHER,
	LB_STATUS_MAX
};

/* The text in column `status`; NULL for NONE and for OTHER. */
const char *lb_status_text(enum lb_status status);
/* Trimmed, case-insensitive. */
enum lb_status lb_status_parse(const char *text);

/* The ten columns that the data feed declares, in the CSV's order. */
#define LB_DECLARED_MAP(X)                                                                         \
	X(sensor_source)                                                                           \
	X(sensor_id)                                                                               \
	X(sensor_read_type)                                                                        \
	X(asset_description)                                                                       \
	X(upstream_key)                                                                            \
	X(preprocess_query)                                                                        \
	X(trigger_job_id)                                                                          \
	X(trigger_job_name)                                                                        \
	X(job_state)                                                                               \
	X(dependency_flag)

enum lb_declared {
#define LB_DECLARED_ENUM(name) LB_DECLARED_##name,
	LB_DECLARED_MAP(LB_DECLARED_ENUM)
#undef LB_DECLARED_ENUM
		LB_DECLARED_MAX
};

/* Column names by enum lb_declared. */
extern const char *const lb_declared_names[LB_DECLARED_MAX];

/* How far a row's job has come with one sensor's events. Events have sequence
 * numbers 1, 2, 3 … per sensor; those in (consumed_seq, last_seq] wait.
 * sensor: the store's number of the sensor.
 * last_event_at_us: when the newest event was observed, or LB_TIME_NONE. */
struct lb_cursor {
	int64_t sensor;
	int64_t last_seq;
	int64_t consumed_seq;
	int64_t last_event_at_us;
};

/* declared:  the feed's columns, NULL for SQL's NULL.
 * cursors:   one per base location in which the sensor is known; none before
 *            its first event.
 * changed:   set by core when a state column was changed and must be saved. */
struct lb_row {
	const char *declared[LB_DECLARED_MAX];
	enum lb_status status;
	const char *status_text; /* what the column really holds; NULL for SQL's NULL */
	int64_t latest_event_fetched_at_us;
	int64_t status_changed_at_us;
	int64_t job_started_at_us;
	int64_t job_ended_at_us;
	struct lb_cursor *cursors;
	size_t cursor_count;
	bool changed;
};

struct lb_row_list LB_LIST_OF(struct lb_row);

#define lb_row_sensor_id(row) ((row)->declared[LB_DECLARED_sensor_id])
#define lb_row_job_id(row) ((row)->declared[LB_DECLARED_trigger_job_id])

/* Anything but UNPAUSED (trimmed, folded), NULL too, counts as paused: what
 * nobody released starts nothing. */
bool lb_row_is_paused(const struct lb_row *row);

/* dependency_flag is TRUE (trimmed, folded). Anything else is soft. */
bool lb_row_is_hard(const struct lb_row *row);

/* Events wait that no run of the row's job has consumed. */
bool lb_row_has_waiting_events(const struct lb_row *row);
int64_t lb_row_waiting_events(const struct lb_row *row);

/* The row's key in the sensor table (`lakehouse_engine_sensors`): sensor_id with
 * space, dot and colon made '_', then '_' and trigger_job_id. NULL: exhausted. */
char *lb_row_sensor_table_id(struct lb_arena *arena, const struct lb_row *row);
/* The one asset of that entry, from asset_description likewise; NULL: exhausted
 * or no asset_description. */
char *lb_row_asset(struct lb_arena *arena, const struct lb_row *row);

#endif
