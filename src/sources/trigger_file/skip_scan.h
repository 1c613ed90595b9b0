/* skip_scan.h: one listing for all sensors that steps over what is known.
 *
 * Keys come in byte order, so each sensor's keys lie together (its territory),
 * and everything at or below a sensor's floor is known. A pass lists from the
 * first floor; where a page ends in known or foreign territory it jumps to the
 * next floor, else it goes on from the page's end. That takes about
 * min(keys / page, sensors) pages, whichever is smaller, without being told which.
 *
 * Pure: the caller asks for the next request, carries it out, and says what came.
 *
 *     while (lb_skip_scan_next(scan, &request)) {
 *         FOLDER_TIME → lb_skip_scan_list_folder(scan), or lb_skip_scan_leave(scan)
 *         LIST        → lb_skip_scan_key(scan, key, …) for each key of the page,
 *                       lb_skip_scan_page(scan, shown_to, …)
 *         targets before lb_skip_scan_done(scan) are finished
 *     } */
#ifndef LB_SOURCES_TRIGGER_FILE_SKIP_SCAN_H
#define LB_SOURCES_TRIGGER_FILE_SKIP_SCAN_H

#include "sources/trigger_file/lister.h"

#include <stdbool.h>
#include <stddef.h>

/* One sensor to be listed. sensor_id: may be a folder's name (lb_sensor_id_problem).
 * floor: names at or below it are not asked for; "" lists everything. Both
 * borrowed. index: the caller's own. */
struct lb_skip_target {
	const char *sensor_id;
	const char *floor;
	size_t index;
};

enum lb_skip_request_kind { LB_SKIP_FOLDER_TIME, LB_SKIP_LIST };

/* target: FOLDER_TIME asks for its folder; LIST begins in or before its
 * territory. start_after: LIST; valid until the next call. */
struct lb_skip_request {
	enum lb_skip_request_kind kind;
	const struct lb_skip_target *target;
	const char *start_after;
};

/* Members are private. */
struct lb_skip_scan {
	struct lb_skip_target *targets;
	size_t count;
	size_t done;
	size_t cursor;
	bool folder_times;
	bool folder_asked;
	char start_after[LB_KEY_MAX];
	char last_key[LB_KEY_MAX];
	char shown_to[LB_KEY_MAX];
};

/* targets: borrowed, put into the order of their keys (which is not that of
 * their ids: "a-b/" comes before "a/"). folder_times: ask for each folder's
 * time before it is listed. */
void lb_skip_scan_init(struct lb_skip_scan *scan, struct lb_skip_target *targets, size_t count,
		       bool folder_times);

/* Before the first request: leave out all targets up to the one of sensor_id. */
void lb_skip_scan_resume(struct lb_skip_scan *scan, const char *sensor_id);

/* False when everything was shown. */
bool lb_skip_scan_next(struct lb_skip_scan *scan, struct lb_skip_request *ret_request);

/* Answers FOLDER_TIME: the folder is to be listed. */
void lb_skip_scan_list_folder(struct lb_skip_scan *scan);

/* Whatever the request was, its target is finished. */
void lb_skip_scan_leave(struct lb_skip_scan *scan);

/* Whose key is it? Call for every key of the page, in its order. ret_position: in
 * targets; count when it is nobody's. ret_file_name: points into key.
 * Errors: CORRUPT, the keys are not in ascending byte order, or too long. */
enum lb_err lb_skip_scan_key(struct lb_skip_scan *scan, const char *key, size_t *ret_position,
			     const char **ret_file_name, struct lb_error *error) LB_MUST_CHECK;

/* The page has ended; shown_to as in struct lb_page.
 * Errors: CORRUPT, the page ends where it began, or its end is too long for a key. */
enum lb_err lb_skip_scan_page(struct lb_skip_scan *scan, const char *shown_to,
			      struct lb_error *error) LB_MUST_CHECK;

/* How many targets, from the first, are finished. */
size_t lb_skip_scan_done(const struct lb_skip_scan *scan);

#endif
