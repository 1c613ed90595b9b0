/* folder_lister.h: what the trigger-file source needs of a place whose folders have a
 * time of their own and are shown whole, as local directories.
 *
 * Threads: open to close on one worker thread at a time; the calls block. */
#ifndef LB_SOURCES_TRIGGER_FILE_FOLDER_LISTER_H
#define LB_SOURCES_TRIGGER_FILE_FOLDER_LISTER_H

#include "base/error.h"
#include "sources/trigger_file/listed.h"

struct lb_folder_lister;

struct lb_folder_lister_impl {
	/* Before a pass. Errors: the base location cannot be read at all; then
	 * close is not called. Mandatory. */
	enum lb_err (*open)(struct lb_folder_lister *lister, struct lb_error *error) LB_MUST_CHECK;

	/* When the sensor's folder itself was last changed: no name has come or
	 * gone since. Errors: NOT_FOUND (there is no such folder); any other
	 * concerns this folder alone. Mandatory. */
	enum lb_err (*folder_time)(struct lb_folder_lister *lister, const char *sensor_id,
				   int64_t *ret_time_ns, struct lb_error *error) LB_MUST_CHECK;

	/* All files in the sensor's folder, ascending by key, into arena; none when
	 * there is no such folder. Folders and other things that are not files are
	 * not shown. Errors: NOMEM; any other concerns this folder alone.
	 * Mandatory. */
	enum lb_err (*list)(struct lb_folder_lister *lister, const char *sensor_id,
			    struct lb_arena *arena, struct lb_listed_list *ret_files,
			    struct lb_error *error) LB_MUST_CHECK;

	/* After a pass. Mandatory. */
	void (*close)(struct lb_folder_lister *lister);

	/* Free. Mandatory. */
	void (*destroy)(struct lb_folder_lister *lister);
};

/* folder_time_trust_us: a folder time is worth remembering when it was older
 *                       than this at the time of listing; covers coarse clocks
 *                       and, on network file systems, clocks that differ. May
 *                       be set by open. */
struct lb_folder_lister {
	const struct lb_folder_lister_impl *impl;
	int64_t folder_time_trust_us;
};

#endif
