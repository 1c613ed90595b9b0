/* object_pass.h: looks at all sensors in an object store, with several requests under
 * way at once: each is a walk's (walk.h) over a range of sensors of its own.
 *
 * Ranges begin as large as they can be without making the pass dearer. While pages
 * are full, they are halved, although each may then end in a page that is not: the
 * more often the more requests it takes anyway, but by a few only in passes that look
 * for what is new. So a pass takes at most
 *
 *     min(ceil(keys / page), sensors) + LB_OBJECT_SPLITS_MAX
 *
 * requests when every sensor has as many keys as the others and nothing is new.
 *
 * A look at much that is new is made in parts (`unfinished` in ports/source.h). What
 * is left is remembered by key intervals: one per walk, which may begin in the
 * middle of a sensor, and all sensors behind those that any walk has begun with.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_OBJECT_PASS_H
#define LB_SOURCES_TRIGGER_FILE_OBJECT_PASS_H

#include "base/time.h"
#include "ports/clock.h"
#include "ports/source.h"
#include "sources/trigger_file/object_lister.h"
#include "sources/trigger_file/walk.h"

/* How often ranges are halved at most in a pass that looks for what is new; a full
 * pass begins with as many, because nobody may know yet how much there is. */
#define LB_OBJECT_SPLITS_MAX 7

/* A part ends behind the page with which its reports exceed the first, or when it has
 * something to report and has lasted for the second. What is under way then still
 * comes in, a page a request. */
#define LB_OBJECT_PASS_BYTES_MAX ((size_t)8 << 20)
#define LB_OBJECT_PASS_DURATION_US (5 * LB_SECOND)

/* Everything is borrowed. */
struct lb_object_pass_options {
	const struct lb_trigger_file_options *options;
	const struct lb_filter *filter;
	const char *base_location;
	struct lb_object_lister *lister;
	struct lb_clock *clock;
};

struct lb_object_pass;

/* Errors: NOMEM. */
enum lb_err lb_object_pass_create(const struct lb_object_pass_options *options,
				  struct lb_object_pass **ret_pass,
				  struct lb_error *error) LB_MUST_CHECK;

/* Make parts end when their reports exceed bytes_max; 0: the default. For tests. */
void lb_object_pass_limit(struct lb_object_pass *pass, size_t bytes_max);

/* As the scan method in ports/source.h. */
void lb_object_pass_run(struct lb_object_pass *pass, struct lb_scan *scan);

/* Cancels what is under way; NULL is fine. */
void lb_object_pass_destroy(struct lb_object_pass *pass);

#endif
