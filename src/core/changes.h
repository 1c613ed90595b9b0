/* changes.h: what a decision wants saved, all of it in one transaction.
 * Filled by lifecycle.c and feed_plan.c, carried out by a store's save(). */
#ifndef LB_CORE_CHANGES_H
#define LB_CORE_CHANGES_H

#include "core/pass_cost.h"
#include "core/row.h"
#include "core/run.h"

/* `consumed` of (sensor, trigger_job_id) becomes seq. Never moves back. */
struct lb_consumed {
	int64_t sensor;
	const char *trigger_job_id;
	int64_t seq;
};

/* The file of a sensor's event has been dealt with, as those before it: jobs that come to wait
 * for the sensor begin behind it. gone_at_us: when it was known to be gone; LB_TIME_NONE: it is
 * there, and must not be found again. */
struct lb_cleaned {
	int64_t sensor;
	int64_t seq;
	int64_t gone_at_us;
};

/* One entry of the sensor table, written over the one with the same sensor_id
 * (here the mangled key, lb_row_sensor_table_id). row: for the other columns. */
struct lb_sensor_entry {
	const struct lb_row *row;
	bool acquired; /* ACQUIRED_NEW_DATA, else PROCESSED_NEW_DATA */
	int64_t status_changed_at_us;
};

/* One transition, with its cause. sensor_id: NULL when it concerns the whole
 * job; from, to: statuses or run states, NULL for SQL's NULL; run_no 0: none. */
struct lb_audit {
	int64_t at_us;
	const char *trigger_job_id;
	const char *sensor_id;
	const char *from;
	const char *to;
	const char *cause;
	int64_t run_no;
	int attempt;
	const char *who;
};

struct lb_row_ref_list LB_LIST_OF(const struct lb_row *);
struct lb_run_ref_list LB_LIST_OF(struct lb_run *);
struct lb_consumed_list LB_LIST_OF(struct lb_consumed);
struct lb_cleaned_list LB_LIST_OF(struct lb_cleaned);
struct lb_sensor_entry_list LB_LIST_OF(struct lb_sensor_entry);
struct lb_audit_list LB_LIST_OF(struct lb_audit);

/* arena: holds the lists and the texts in them; outlives the save.
 * rows_changed:  the state columns and job_state of these are written.
 * rows_added, rows_updated, rows_removed: by the feed; updated writes the
 *                declared columns only.
 * runs:          id 0 is inserted (with inputs) and receives its id, others are updated.
 * passes:        written over the last one of the same source, location and is_full.
 * who:           for audit entries: "lakebeat", or the person behind a command. */
struct lb_changes {
	struct lb_arena *arena;
	const char *who;
	struct lb_row_ref_list rows_changed;
	struct lb_row_ref_list rows_added;
	struct lb_row_ref_list rows_updated;
	struct lb_row_ref_list rows_removed;
	struct lb_run_ref_list runs;
	struct lb_consumed_list consumed;
	struct lb_cleaned_list cleaned;
	struct lb_sensor_entry_list sensor_entries;
	struct lb_audit_list audits;
	struct lb_pass_cost_list passes;
};

/* Nothing in it, so there is nothing to save. */
bool lb_changes_empty(const struct lb_changes *changes);

#endif
