/* feed_plan.h: what a data feed would change in the control table. Pure.
 *
 * The feed is the whole truth: rows it lacks are removed, also those of other
 * sources, as in the original. Keys are (sensor_id, trigger_job_id). */
#ifndef LB_CORE_FEED_PLAN_H
#define LB_CORE_FEED_PLAN_H

#include "core/changes.h"
#include "core/job.h"

enum lb_feed_change_kind { LB_FEED_ADD, LB_FEED_UPDATE, LB_FEED_REMOVE };

/* row:     the row as it will be (ADD, UPDATE) or was (REMOVE).
 * old_row: UPDATE only; the differing columns are those whose declared texts differ.
 * danger:  REMOVE only, NULL or why removing needs force ("run 3 is in flight",
 *          "2 events are not consumed yet"). */
struct lb_feed_change {
	enum lb_feed_change_kind kind;
	const struct lb_row *row;
	const struct lb_row *old_row;
	const char *danger;
};

struct lb_feed_change_list LB_LIST_OF(struct lb_feed_change);
struct lb_feed_notice_list LB_LIST_OF(const char *);

/* changes: in (trigger_job_id, sensor_id) order.
 * notices: what is allowed but perhaps not meant (a job of soft rows only).
 * dangers: how many changes have one. */
struct lb_feed_plan {
	struct lb_feed_change_list changes;
	struct lb_feed_notice_list notices;
	size_t unchanged;
	size_t dangers;
};

/* jobs:   the control table as it stands, with cursors and latest runs.
 * wanted: the feed's rows; declared columns only, unique keys. */
enum lb_err lb_feed_plan_make(const struct lb_job_list *jobs, const struct lb_row_list *wanted,
			      struct lb_arena *arena, struct lb_feed_plan *ret_plan,
			      struct lb_error *error) LB_MUST_CHECK;

/* Appends the plan to *changes, with one audit entry per change. */
enum lb_err lb_feed_plan_apply(const struct lb_feed_plan *plan, int64_t now_us,
			       struct lb_changes *changes, struct lb_error *error) LB_MUST_CHECK;

#endif
