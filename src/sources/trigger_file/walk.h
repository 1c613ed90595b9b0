/* walk.h: one range of sensors, looked at in the order of their keys: which request
 * comes next (skip_scan.h), and what its answer means for the sensors' reports
 * (tally.h).
 *
 * Pure: no I/O and no clock. The driver carries the requests out and hands in what
 * they show, each key as it arrives.
 *
 *     while (lb_walk_next(walk, &request)) {
 *         FOLDER_TIME → lb_walk_folder, or lb_walk_close when there is no such folder
 *         LIST        → lb_walk_key for each key, then lb_walk_page
 *         either      → lb_walk_fail when this sensor alone cannot be read
 *     }
 *
 * Errors of all functions: NOMEM; CORRUPT (skip_scan.h). They end the walk, and
 * lb_walk_fail_rest tells the sensors that were not reached.
 * Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_WALK_H
#define LB_SOURCES_TRIGGER_FILE_WALK_H

#include "sources/trigger_file/skip_scan.h"
#include "sources/trigger_file/tally.h"

/* Members are private. tally: that of targets[at]; is_open: it was begun. */
struct lb_walk {
	const struct lb_tally_rules *rules;
	struct lb_skip_scan skip;
	struct lb_tally tally;
	size_t at;
	bool is_open;
};

/* Every sensor of the scan that may be looked for becomes a target, in the arena of
 * the scan; with refuse, the others are reported. */
enum lb_err lb_walk_choose_targets(const struct lb_tally_rules *rules, bool refuse,
				   struct lb_skip_target **ret_targets, size_t *ret_count,
				   struct lb_error *error) LB_MUST_CHECK;

/* rules, targets: borrowed while the walk lasts; targets are put in order. */
void lb_walk_init(struct lb_walk *walk, const struct lb_tally_rules *rules,
		  struct lb_skip_target *targets, size_t count);

/* Before the first request: leave out all targets up to the one of sensor_id. */
void lb_walk_resume(struct lb_walk *walk, const char *sensor_id);

/* False when every target is finished. */
bool lb_walk_next(struct lb_walk *walk, struct lb_skip_request *ret_request);

/* The folder's own time, asked for at asked_at_us: is there a need to list it? */
void lb_walk_folder(struct lb_walk *walk, int64_t time_ns, int64_t asked_at_us);

/* One key of the page, as listed at now_us; borrowed until return. */
enum lb_err lb_walk_key(struct lb_walk *walk, const struct lb_listed *listed, int64_t now_us,
			struct lb_error *error) LB_MUST_CHECK;

/* The page has ended; shown_to as in struct lb_page. */
enum lb_err lb_walk_page(struct lb_walk *walk, const char *shown_to,
			 struct lb_error *error) LB_MUST_CHECK;

/* The request's target is finished with what was shown of it, nothing if nothing was. */
enum lb_err lb_walk_close(struct lb_walk *walk, struct lb_error *error) LB_MUST_CHECK;

/* The request's target cannot be read, for the reason that message tells. */
enum lb_err lb_walk_fail(struct lb_walk *walk, const char *message,
			 struct lb_error *error) LB_MUST_CHECK;

/* Nor can all that are left. Without memory for that some are not told. */
void lb_walk_fail_rest(struct lb_walk *walk, const char *message);

/* How many targets are finished, and the last of them; NULL: none. */
size_t lb_walk_done(const struct lb_walk *walk);
const struct lb_skip_target *lb_walk_last_done(const struct lb_walk *walk);

#endif
