/* options.h: how the trigger-file source treats what it finds. From the ACON's
 * `options` (Auto Loader's words) and the settings. */
#ifndef LB_SOURCES_TRIGGER_FILE_OPTIONS_H
#define LB_SOURCES_TRIGGER_FILE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* path_glob_filter:       `pathGlobFilter`, on file names; NULL: all. Owned by the config.
 * include_existing_files: `cloudFiles.includeExistingFiles`, default true.
 * allow_overwrites:       `cloudFiles.allowOverwrites`, default false.
 * max_file_age_us:        `cloudFiles.maxFileAge`, 0: no limit.
 * backfill_interval_us:   `cloudFiles.backfillInterval`, default 1 day: time between full passes.
 * lookback_us:            a floor trails the newest name by at least so much.
 * settle_us:              a file that only a listing showed counts when it has
 *                         not changed for so long.
 * watch:                  use inotify where the file system supports it.
 * notified_interval_us:   time between passes over all sensors while notifications of
 *                         new objects are received; 0: backfill_interval_us. */
struct lb_trigger_file_options {
	const char *path_glob_filter;
	bool include_existing_files;
	bool allow_overwrites;
	int64_t max_file_age_us;
	int64_t backfill_interval_us;
	int64_t lookback_us;
	int64_t settle_us;
	bool watch;
	int64_t notified_interval_us;
};

#endif
