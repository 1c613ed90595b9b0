/* trigger_file.h: the source for sensor_source `trigger_file`. */
#ifndef LB_SOURCES_TRIGGER_FILE_H
#define LB_SOURCES_TRIGGER_FILE_H

#include "ports/source.h"
#include "sources/trigger_file/options.h"

#include <uv.h>

/* A source over a local directory (also NFS and the like).
 * loop:          borrowed; scans run on its worker threads.
 * base_location: a path, or file: URL, copied; need not exist yet.
 * watch:         start inotify with the first scan (`run`); else listings only (`once`).
 * log:           borrowed, for notices about watches that cannot be set.
 * Errors: NOMEM, INVALID (not a local path, bad glob), IO. */
struct lb_log;
enum lb_err lb_trigger_file_local_create(uv_loop_t *loop, const char *base_location,
					 const struct lb_trigger_file_options *options,
					 const struct lb_log *log, struct lb_source **ret_source,
					 struct lb_error *error) LB_MUST_CHECK;

#endif
