/* object_lister.h: what the trigger-file source needs of an object store: its keys
 * below one base location in byte order (memcmp), a page at a time, several pages
 * at once. S3's ListObjectsV2 is the model.
 *
 * Keys are relative to the base location and its '/'; keys that are not of the form
 * `<sensor_id>/<file_name>` may be among them.
 *
 * Threads: the loop's, for all methods and callbacks. No callback comes from within
 * list, yield or cancel. */
#ifndef LB_SOURCES_TRIGGER_FILE_OBJECT_LISTER_H
#define LB_SOURCES_TRIGGER_FILE_OBJECT_LISTER_H

#include "base/error.h"
#include "ports/source.h"
#include "sources/trigger_file/listed.h"

/* More requests than these are never under way at once. */
#define LB_OBJECT_REQUESTS_MAX 64

struct lb_object_lister;

/* One page. Owned by the caller, who fills the upper part, the rest zeroed, and
 * keeps it where it is until done was called or it was canceled; from within done
 * on it may be listed again.
 * start_after: show the keys greater than it; no key need be equal to it. It has a
 *              '/' or ends in what follows one ("orders0").
 * prefix:      show the keys that begin with it only: `<sensor_id>/`, this sensor
 *              alone; NULL: all below the base location.
 * on_key:      called for each key as it arrives, in ascending order. listed is
 *              borrowed until return; no method of the lister is called from
 *              within. After an error (which is the caller's) no further key
 *              is shown, and done follows with that error.
 * done:        called exactly once. It may list, cancel, and destroy the lister, which
 *              does not touch the request, nor itself if it was destroyed, after that.
 * data:        the caller's own.
 *
 * Filled by the lister before done:
 * shown_to: NULL: no key of the prefix follows. Else a text that is no less than the
 *           last key shown and greater than start_after; every key up to it
 *           was shown. An empty page may have one. Valid until done returns.
 * error:    code LB_OK, or why the listing ended; shown_to is then ignored. The keys
 *           shown before an error are true and without gaps.
 *           REFUSED:     a definite no for this prefix (access denied); others may
 *                        be allowed.
 *           NOT_FOUND, INVALID, …: this base location cannot be listed at all.
 *           UNAVAILABLE, or anything retriable: the lister has retried as
 *                        often as makes sense, and waited in between.
 * cost:     what it took, added up while it goes on; true also after an error or
 *           when canceled.
 * lister_data: the lister's own. */
struct lb_object_request {
	const char *start_after;
	const char *prefix;
	enum lb_err (*on_key)(struct lb_object_request *request, const struct lb_listed *listed,
			      struct lb_error *error);
	void (*done)(struct lb_object_request *request);
	void *data;

	const char *shown_to;
	struct lb_error error;
	struct lb_listing_cost cost;
	void *lister_data;
};

struct lb_object_lister_impl {
	/* Begin to list. start_after and prefix are borrowed until done. Mandatory. */
	void (*list)(struct lb_object_lister *lister, struct lb_object_request *request);

	/* Call done, later, without asking the store anything: for a pass that has
	 * nothing to ask. start_after is NULL. Mandatory. */
	void (*yield)(struct lb_object_lister *lister, struct lb_object_request *request);

	/* Forget a request that is under way: neither on_key nor done is called
	 * any more. Mandatory. */
	void (*cancel)(struct lb_object_lister *lister, struct lb_object_request *request);

	/* Free. Nothing is under way. Mandatory. */
	void (*destroy)(struct lb_object_lister *lister);
};

/* page_keys:    how many keys a full page carries; a page may be shorter. At least 1.
 * parallel_max: how many requests may be under way at once, 1 to
 *               LB_OBJECT_REQUESTS_MAX. */
struct lb_object_lister {
	const struct lb_object_lister_impl *impl;
	size_t page_keys;
	size_t parallel_max;
};

#endif
