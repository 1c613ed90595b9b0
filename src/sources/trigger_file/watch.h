/* watch.h: inotify over the base location and its sensors' folders: says which
 * files were closed after writing or renamed into place, at once, and when
 * looking again is called for.
 *
 * Watches are an accelerator: what cannot be watched is found by scans.
 * Threads: all calls and callbacks on the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_WATCH_H
#define LB_SOURCES_TRIGGER_FILE_WATCH_H

#include "base/error.h"
#include "base/log.h"
#include "core/event.h"

#include <uv.h>

struct lb_file_name_list LB_LIST_OF(const char *);

/* The files of one sensor that are whole now, in the order in which they came. */
struct lb_arrivals {
	const char *sensor_id;
	struct lb_file_name_list file_names;
};

struct lb_arrivals_list LB_LIST_OF(struct lb_arrivals);

/* What one read of the kernel's queue brought; each sensor once. Borrowed until
 * the callback returns. rescan: something may have been missed, or a folder is new. */
struct lb_watch_news {
	struct lb_arrivals_list sensors;
	bool rescan;
};

struct lb_watch;

/* base_path: copied. log: borrowed, may be NULL; told once when watches run out.
 * on_news is called from within uv_run and from lb_watch_feed only.
 * Errors: NOMEM, IO (no inotify instance to be had: the message has the remedy). */
enum lb_err lb_watch_create(uv_loop_t *loop, const char *base_path, const struct lb_log *log,
			    void (*on_news)(const struct lb_watch_news *news, void *data),
			    void *data, struct lb_watch **ret_watch,
			    struct lb_error *error) LB_MUST_CHECK;

/* Watch the folders of sensors and no others, as far as they exist. Call before
 * a scan begins, so that nothing falls between. hold_first: keep back the files
 * of a sensor that was never fully listed until lb_watch_release. */
void lb_watch_prepare(struct lb_watch *watch, const struct lb_sensor_list *sensors,
		      bool hold_first);

/* The sensor has been fully listed. True when files were kept back: scan again. */
bool lb_watch_release(struct lb_watch *watch, const char *sensor_id);

/* Take what was read from the inotify queue, as inotify(7) describes it. A name that
 * does not end, or is missing, asks for a rescan. */
void lb_watch_feed(struct lb_watch *watch, const void *bytes, size_t length);

/* How many sensors' folders are watched now. */
size_t lb_watch_count(const struct lb_watch *watch);

/* Calls nobody back any more; frees itself within the loop's next turns. NULL is fine. */
void lb_watch_destroy(struct lb_watch *watch);

#endif
