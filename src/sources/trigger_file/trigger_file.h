/* trigger_file.h: the source for sensor_source `trigger_file`.
 *
 * This one looks at folders; object_source.h at object stores.
 * A scan is a pass (pass.h) on one of libuv's worker threads; between scans, a
 * local source that watches reports what inotify tells, at once. How files are
 * found, and what that costs, is docs/discovery.md.
 *
 * Threads: the loop's. A source that was destroyed frees its last handles within
 * the loop's next turns. */
#ifndef LB_SOURCES_TRIGGER_FILE_H
#define LB_SOURCES_TRIGGER_FILE_H

#include "ports/source.h"
#include "sources/trigger_file/options.h"

#include <uv.h>

struct lb_log;
struct lb_folder_lister;

/* A source over a local directory (also NFS and the like).
 * loop:          borrowed; scans run on its worker threads.
 * base_location: a path, or file: URL, copied; need not exist yet.
 * options:       copied, but for the texts in it; with watch, inotify starts
 *                with the first scan (`run`); else listings only (`once`).
 * log:           borrowed, may be NULL; for notices about watches that cannot be set.
 * Errors: NOMEM, INVALID (not a local path, bad glob). */
enum lb_err lb_trigger_file_local_create(uv_loop_t *loop, const char *base_location,
					 const struct lb_trigger_file_options *options,
					 const struct lb_log *log, struct lb_source **ret_source,
					 struct lb_error *error) LB_MUST_CHECK;

/* A source over any folder lister, without watching. lister: the source's own after
 * success. Errors: NOMEM, INVALID (bad glob). */
enum lb_err lb_trigger_file_create(uv_loop_t *loop, const char *base_location,
				   const struct lb_trigger_file_options *options,
				   struct lb_folder_lister *lister, struct lb_source **ret_source,
				   struct lb_error *error) LB_MUST_CHECK;

/* Make each pass stop when its reports exceed bytes_max, sooner than by default
 * (pass.h); for tests. */
void lb_trigger_file_limit_passes(struct lb_source *source, size_t bytes_max);

/* inotify's events as if they had come from the kernel; for tests of what cannot
 * be provoked (an overflow). Nothing happens before the first scan. */
void lb_trigger_file_feed(struct lb_source *source, const void *bytes, size_t length);

#endif
