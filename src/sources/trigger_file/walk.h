/* walk.h: one range of sensors in an object store, looked at in the order of their
 * keys: which request comes next (skip_scan.h), and what its answer means for the
 * sensors' reports (tally.h).
 *
 * Pure: no I/O and no clock. The driver carries the requests out and hands in what
 * they show, each key as it arrives. Several walks may add to one scan.
 *
 *     while (lb_walk_next(walk, narrow, &request)) {
 *         lb_walk_key for each key, then one of
 *         lb_walk_page   the page ended,
 *         lb_walk_break  it broke off, but there is a way on,
 *         lb_walk_fail   this sensor alone cannot be read
 *     }
 *
 * Errors of all functions: NOMEM; CORRUPT (skip_scan.h). They end the walk, and
 * lb_walk_fail_rest tells the sensors that were not reached.
 * Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_WALK_H
#define LB_SOURCES_TRIGGER_FILE_WALK_H

#include "sources/trigger_file/skip_scan.h"
#include "sources/trigger_file/tally.h"

/* Members are private. tally: that of targets[at]; is_open: it was begun.
 * until: the last sensor of the range, while the walk is parked. */
struct lb_walk {
	const struct lb_tally_rules *rules;
	struct lb_skip_scan skip;
	struct lb_tally tally;
	size_t at;
	bool is_open;
	char until[LB_SENSOR_ID_MAX + 1];
};

/* Every sensor of the scan that may be looked for becomes a target, in the arena of
 * the scan and in the order of keys; with refuse, the others are reported. */
enum lb_err lb_walk_choose_targets(const struct lb_tally_rules *rules, bool refuse,
				   struct lb_skip_target **ret_targets, size_t *ret_count,
				   struct lb_error *error) LB_MUST_CHECK;

/* walk: zeroed, or used before. rules, targets: borrowed while the walk lasts, or until
 * it is parked. */
void lb_walk_init(struct lb_walk *walk, const struct lb_tally_rules *rules,
		  const struct lb_skip_target *targets, size_t count);

/* Let go of what was gathered and not reported. */
void lb_walk_finish(struct lb_walk *walk);

/* How much lb_walk_park would report, in bytes. */
size_t lb_walk_bytes(const struct lb_walk *walk);

/* False when every target is finished. narrow: ask for each sensor alone. */
bool lb_walk_next(struct lb_walk *walk, bool narrow, struct lb_skip_request *ret_request);

/* One key of the page, as listed at now_us; borrowed until return. */
enum lb_err lb_walk_key(struct lb_walk *walk, const struct lb_listed *listed, int64_t now_us,
			struct lb_error *error) LB_MUST_CHECK;

/* The page has ended; shown_to as in struct lb_object_request. */
enum lb_err lb_walk_page(struct lb_walk *walk, const char *shown_to,
			 struct lb_error *error) LB_MUST_CHECK;

/* The page broke off. The next request goes on behind its last key; ret_advanced:
 * there was one. */
enum lb_err lb_walk_break(struct lb_walk *walk, bool *ret_advanced,
			  struct lb_error *error) LB_MUST_CHECK;

/* The request's target cannot be read, for the reason that message tells. */
enum lb_err lb_walk_fail(struct lb_walk *walk, const char *message,
			 struct lb_error *error) LB_MUST_CHECK;

/* Nor can all that are left. Without memory for that some are not told. */
void lb_walk_fail_rest(struct lb_walk *walk, const char *message);

bool lb_walk_is_finished(const struct lb_walk *walk);

/* Of how many targets nothing was shown yet. */
size_t lb_walk_left(const struct lb_walk *walk);

/* Give the later half of what was not shown yet to other, which begins there. False
 * when there is too little to share. May be called while a page is coming in. */
bool lb_walk_split(struct lb_walk *walk, struct lb_walk *other);

/* Between two requests: let go of scan and targets. A sensor whose full pass is under
 * way is reported as far as it was shown; another that was not shown to its end is
 * begun again. */
enum lb_err lb_walk_park(struct lb_walk *walk, struct lb_error *error) LB_MUST_CHECK;

/* Go on where the walk was parked, in the scan that rules name now. targets: all of
 * that scan, sorted; the walk picks those of its range. */
void lb_walk_resume(struct lb_walk *walk, const struct lb_skip_target *targets, size_t count);

#endif
