/* object_source.h: the source for sensor_source `trigger_file` over an object store.
 *
 * A scan is a pass (object_pass.h) that keeps several requests under way; nothing is
 * told between scans. How objects are found, and what that costs, is
 * docs/discovery.md.
 *
 * Threads: the loop's. No libuv: whatever calls the lister's callbacks drives it. */
#ifndef LB_SOURCES_TRIGGER_FILE_OBJECT_SOURCE_H
#define LB_SOURCES_TRIGGER_FILE_OBJECT_SOURCE_H

#include "ports/clock.h"
#include "ports/source.h"
#include "sources/trigger_file/object_lister.h"
#include "sources/trigger_file/options.h"

/* base_location: the bucket's URL and prefix, copied; only names the sensors' files.
 * options:       copied, but for the texts in it. settle_us is taken for 0, because
 *                an object appears whole; watch is ignored.
 * clock:         borrowed; asked for now() only.
 * lister:        the source's own after success.
 * Errors: NOMEM, INVALID (bad glob). */
enum lb_err lb_trigger_file_objects_create(const char *base_location,
					   const struct lb_trigger_file_options *options,
					   struct lb_clock *clock, struct lb_object_lister *lister,
					   struct lb_source **ret_source,
					   struct lb_error *error) LB_MUST_CHECK;

/* Make each part of a pass end when its reports exceed bytes_max, sooner than by
 * default (object_pass.h); for tests. */
void lb_trigger_file_objects_limit(struct lb_source *source, size_t bytes_max);

#endif
