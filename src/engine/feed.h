/* feed.h: applies a data feed to the control table in one transaction. */
#ifndef LB_ENGINE_FEED_H
#define LB_ENGINE_FEED_H

#include "core/feed_plan.h"
#include "ports/store.h"

/* wanted:  the feed's rows, already checked (config/feed_csv.h).
 * dry_run: plan only. force: also remove what is dangerous to remove.
 * existing: false (cloudFiles.includeExistingFiles): an added row on a known
 *          sensor starts behind the events that are already there.
 * Out, in arena: plan; applied. */
struct lb_feed {
	const struct lb_row_list *wanted;
	int64_t now_us;
	const char *who;
	bool dry_run;
	bool force;
	bool existing;

	struct lb_arena arena;
	struct lb_feed_plan plan;
	bool applied;
};

/* LB_REFUSED: the plan has dangers and force is not set; nothing changed, the
 * plan is there to be shown. Other errors: the store's. feed->arena is the
 * caller's to finish in any case. Blocks. */
enum lb_err lb_feed_run(struct lb_store *store, struct lb_feed *feed,
			struct lb_error *error) LB_MUST_CHECK;

#endif
