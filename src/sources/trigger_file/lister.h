/* lister.h: what the trigger-file source needs of the place where files lie.
 *
 * A lister shows the keys below one base location in byte order (memcmp), a page
 * at a time, the way object stores do. A key is `<sensor_id>/<file_name>`; keys
 * that are none of that may be among them. How much one page holds is the
 * lister's own affair: a folder, 1000 keys, or anything else.
 *
 * Threads: open to close on one worker thread at a time; the calls block. */
#ifndef LB_SOURCES_TRIGGER_FILE_LISTER_H
#define LB_SOURCES_TRIGGER_FILE_LISTER_H

#include "base/error.h"
#include "base/mem.h"

#include <stdint.h>

/* Room for any key and its NUL. S3 allows 1024 bytes, a file name 255. */
#define LB_KEY_MAX 1280

/* One file. Folders and other things that are not files are never shown. */
struct lb_listed {
	const char *key;
	const char *etag;
	int64_t modified_at_us;
	int64_t size_bytes;
};

struct lb_listed_list LB_LIST_OF(struct lb_listed);

/* What one call showed. The caller gives it zeroed and finishes arena.
 * files:        every key after the start and up to shown_to, ascending.
 * shown_to:     any text, greater than the start; NULL: to the very end.
 * folder_error: why what lies between the start and shown_to could not be read,
 *               although the rest can (files is empty then); NULL: it could. */
struct lb_page {
	struct lb_arena arena;
	struct lb_listed_list files;
	const char *shown_to;
	const char *folder_error;
};

struct lb_lister;

struct lb_lister_impl {
	/* Before a pass. Errors: the base location cannot be read at all; then
	 * close is not called. Mandatory. */
	enum lb_err (*open)(struct lb_lister *lister, struct lb_error *error) LB_MUST_CHECK;

	/* When the sensor's folder itself was last changed: no name has come or
	 * gone since. Errors: NOT_FOUND (there is no such folder); any other
	 * concerns this folder alone. NULL: the lister knows no folder times. */
	enum lb_err (*folder_time)(struct lb_lister *lister, const char *sensor_id,
				   int64_t *ret_time_ns, struct lb_error *error) LB_MUST_CHECK;

	/* Show what comes after the key start_after, which lies in or before some
	 * sensor's folder: it has a '/'. Errors end the pass. Mandatory. */
	enum lb_err (*list)(struct lb_lister *lister, const char *start_after, struct lb_page *page,
			    struct lb_error *error) LB_MUST_CHECK;

	/* After a pass. Mandatory. */
	void (*close)(struct lb_lister *lister);

	/* Free. Mandatory. */
	void (*destroy)(struct lb_lister *lister);
};

/* page_keys:            about how many keys a page carries; unused with folder times.
 * folder_time_trust_us: a folder time is worth remembering when it was older
 *                       than this at the time of listing; covers coarse clocks
 *                       and, on network file systems, clocks that differ. May
 *                       be set by open. */
struct lb_lister {
	const struct lb_lister_impl *impl;
	size_t page_keys;
	int64_t folder_time_trust_us;
};

#endif
