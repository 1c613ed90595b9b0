/* notification.h: what messages about new objects say.
 *
 * They come in these forms, found out by what is in them:
 *   S3's own event records: Amazon S3 User Guide, "Event message structure";
 *     likewise from Ceph ("Bucket Notifications") and MinIO. Keys are encoded as
 *     in HTML forms, but for Ceph's.
 *   the same within an envelope of SNS: Amazon SNS Developer Guide, "Parsing
 *     message formats".
 *   an event of EventBridge: Amazon S3 User Guide, "EventBridge event message
 *     structure". Keys are not encoded.
 *   S3's test event: Amazon S3 User Guide, "Walkthrough: Configuring a bucket
 *     for notifications".
 *
 * Pure; any thread. Bodies are outside bytes: anything may stand in them. */
#ifndef LB_SOURCES_TRIGGER_FILE_NOTIFICATION_H
#define LB_SOURCES_TRIGGER_FILE_NOTIFICATION_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* SQS allows as much. */
#define LB_NOTIFICATION_BYTES_MAX ((size_t)1024 * 1024)

/* An object that appeared, or was written again.
 * key:     decoded, any bytes but NUL.
 * etag:    without quotation marks; "" when not told.
 * size_bytes: 0 when not told.
 * time_us: when it happened, by the store's clock; LB_TIME_NONE when not told. */
struct lb_notification {
	const char *bucket;
	const char *key;
	const char *etag;
	int64_t size_bytes;
	int64_t time_us;
};

struct lb_notification_list LB_LIST_OF(struct lb_notification);

/* created: in the message's order. others: how many events of another kind (of
 * deletions, restores, …) or messages of a form that is not known were in it.
 * is_test: it was sent to try out whether it arrives. */
struct lb_notifications {
	struct lb_notification_list created;
	size_t others;
	bool is_test;
};

/* Everything goes into arena. Errors: CORRUPT (not JSON, or an event of a known
 * form that does not say which object; the message names the member), NOMEM. */
enum lb_err lb_notifications_parse(const char *body, size_t length, struct lb_arena *arena,
				   struct lb_notifications *ret_notifications,
				   struct lb_error *error) LB_MUST_CHECK;

#endif
