/* skip_scan.h: one listing for several sensors that steps over what is known.
 *
 * Keys come in byte order, so each sensor's keys lie together (its territory),
 * and everything at or below a sensor's floor is known. The listing begins at the
 * first floor. Where a page ends in known or foreign territory it jumps to the next
 * floor, else it goes on from the page's end. That takes about
 * min(keys / page, sensors) pages, whichever is smaller, without being told which.
 * But where a large history follows, whose keys are mostly known, a page stops at the
 * end of its sensor: the keys would be carried for nothing.
 *
 * Pure: the caller asks for the next request, carries it out, and says what came.
 *
 *     while (lb_skip_scan_next(scan, false, &request)) {
 *         lb_skip_scan_key(scan, key, …) for each key of the page,
 *         lb_skip_scan_page(scan, shown_to, …)
 *         targets before lb_skip_scan_done(scan) are finished
 *     } */
#ifndef LB_SOURCES_TRIGGER_FILE_SKIP_SCAN_H
#define LB_SOURCES_TRIGGER_FILE_SKIP_SCAN_H

#include "base/error.h"
#include "core/names.h"
#include "sources/trigger_file/listed.h"

#include <stdbool.h>
#include <stddef.h>

/* One sensor to be listed. sensor_id: may be a folder's name (lb_sensor_id_problem).
 * floor: names at or below it are not asked for; "" lists everything. Both
 * borrowed. large: so much lies below the floor that no listing should run into it.
 * index: the caller's own. */
struct lb_skip_target {
	const char *sensor_id;
	const char *floor;
	bool large;
	size_t index;
};

/* Into the order of their keys, which is not that of their ids: "a-b/" comes before
 * "a/". All functions below expect this order. */
void lb_skip_targets_sort(struct lb_skip_target *targets, size_t count);

/* How many targets, from the first, come no later than that of sensor_id. */
size_t lb_skip_targets_up_to(const struct lb_skip_target *targets, size_t count,
			     const char *sensor_id);

/* How many targets, from the first, lie wholly before key. */
size_t lb_skip_targets_before(const struct lb_skip_target *targets, size_t count, const char *key);

/* How many targets, from the first, share their pages: up to the next large one,
 * before which a listing may be cut without making it dearer. At least 1. */
size_t lb_skip_targets_together(const struct lb_skip_target *targets, size_t count);

/* target: the one that is being asked for first.
 * start_after: valid until the next call.
 * prefix: `<sensor_id>/` of the target, which is listed alone, or NULL. */
struct lb_skip_request {
	const struct lb_skip_target *target;
	const char *start_after;
	const char *prefix;
};

/* Members are private. */
struct lb_skip_scan {
	const struct lb_skip_target *targets;
	size_t count;
	size_t done;
	size_t cursor;
	bool alone;
	char prefix[LB_SENSOR_ID_MAX + 2];
	char start_after[LB_KEY_MAX];
	char last_key[LB_KEY_MAX];
	char shown_to[LB_KEY_MAX];
};

/* targets: borrowed. */
void lb_skip_scan_init(struct lb_skip_scan *scan, const struct lb_skip_target *targets,
		       size_t count);

/* Go on behind what was shown, with targets of which none lies before that. */
void lb_skip_scan_resume(struct lb_skip_scan *scan, const struct lb_skip_target *targets,
			 size_t count);

/* False when everything was shown. narrow: ask for each target alone. */
bool lb_skip_scan_next(struct lb_skip_scan *scan, bool narrow, struct lb_skip_request *ret_request);

/* Whose key is it? Call for every key of the page, in its order. ret_position: in
 * targets; count when it is nobody's. ret_file_name: points into key.
 * Errors: CORRUPT, the keys are not in ascending byte order, too long, or not of the
 * prefix. */
enum lb_err lb_skip_scan_key(struct lb_skip_scan *scan, const char *key, size_t *ret_position,
			     const char **ret_file_name, struct lb_error *error) LB_MUST_CHECK;

/* The page has ended; shown_to as in struct lb_object_request.
 * Errors: CORRUPT, the page ends where it began or before its last key, or its end
 * is too long for a key. */
enum lb_err lb_skip_scan_page(struct lb_skip_scan *scan, const char *shown_to,
			      struct lb_error *error) LB_MUST_CHECK;

/* The page broke off behind its last key; the next request goes on there. False when
 * there was no key. */
bool lb_skip_scan_break(struct lb_skip_scan *scan);

/* The request's target is finished, whatever was shown of it. */
void lb_skip_scan_leave(struct lb_skip_scan *scan);

/* Does what was shown end inside the first unfinished target? */
bool lb_skip_scan_is_inside(const struct lb_skip_scan *scan);

/* Between two requests: forget what was shown of a target that is not finished. */
void lb_skip_scan_restart(struct lb_skip_scan *scan);

/* Of how many targets nothing was shown yet; the one that is being shown counts. */
size_t lb_skip_scan_left(const struct lb_skip_scan *scan);

/* Cut off the later half of the targets of which nothing was shown; they are
 * another scan's from here on. ret_targets: the first of them. Returns how many,
 * 0 when there are too few to share. */
size_t lb_skip_scan_split(struct lb_skip_scan *scan, const struct lb_skip_target **ret_targets);

/* How many targets, from the first, are finished. */
size_t lb_skip_scan_done(const struct lb_skip_scan *scan);

#endif
