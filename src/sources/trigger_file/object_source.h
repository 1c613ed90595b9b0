/* object_source.h: the source for sensor_source `trigger_file` over an object store.
 *
 * A scan is a pass (object_pass.h) that keeps several requests under way. Between
 * scans, whoever hears of new objects may tell the source (lb_trigger_file_objects_tell).
 * How objects are found, and what that costs, is docs/discovery.md.
 *
 * Threads: the loop's. No libuv: whatever calls the lister's callbacks drives it. */
#ifndef LB_SOURCES_TRIGGER_FILE_OBJECT_SOURCE_H
#define LB_SOURCES_TRIGGER_FILE_OBJECT_SOURCE_H

#include "ports/clock.h"
#include "ports/source.h"
#include "sources/trigger_file/notification.h"
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

/* What became of notifications that the source was told. */
enum lb_told {
	LB_TOLD_NOTHING, /* none of them is for it, or a listing that follows finds it */
	LB_TOLD_TAKEN,   /* on_recorded will name the receipt, or a later one */
	LB_TOLD_LATER,   /* it cannot take them now; to be told again */
};

/* Hand in what a notification told of; objects elsewhere, and what does not count as
 * a delivery, are passed over. Borrowed until return. LB_TOLD_TAKEN: *ret_receipt is
 * greater than those before. Not from within on_recorded. */
enum lb_told lb_trigger_file_objects_tell(struct lb_source *source,
					  const struct lb_notification_list *told,
					  uint64_t *ret_receipt);

/* on_recorded: called when all that was taken up to that receipt is durable; under the
 * rules of `recorded` in ports/source.h. Before the first scan. */
void lb_trigger_file_objects_listen(struct lb_source *source,
				    void (*on_recorded)(void *data, struct lb_source *source,
							uint64_t receipt),
				    void *data);

/* Whether every new object will be told, as far as anybody knows; false at first.
 * Meanwhile scans list a sensor when its full pass is due or its last listing failed,
 * and all of them at first, when notified_interval_us has passed, and when something
 * that was told could not be taken. */
void lb_trigger_file_objects_trust(struct lb_source *source, bool trusted);

/* Make each part of a pass end when its reports exceed bytes_max, sooner than by
 * default (object_pass.h); for tests. */
void lb_trigger_file_objects_limit(struct lb_source *source, size_t bytes_max);

#endif
