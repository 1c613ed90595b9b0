/* object_notice.h: objects that a notification told of, as reports of their sensors,
 * under the rules by which a listing would find them.
 *
 * Pure: no I/O and no clock. Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_OBJECT_NOTICE_H
#define LB_SOURCES_TRIGGER_FILE_OBJECT_NOTICE_H

#include "ports/source.h"
#include "sources/trigger_file/filter.h"
#include "sources/trigger_file/notification.h"

/* Where a base location is in S3, as s3_place.h reads it. bucket: bucket_length bytes.
 * prefix: of all keys, without '/' at its end; "": the bucket itself. */
struct lb_object_place {
	const char *bucket;
	size_t bucket_length;
	const char *prefix;
};

/* Of an s3:, s3a: or s3n: URL, without '/' at its end; into it. False: it is none. */
bool lb_object_place_parse(const char *base_location, struct lb_object_place *ret_place);

/* The sensors that may be told of: those of the latest scan. Zeroed: none.
 * ids: ascending; held: as many; of a sensor whose existing files are not to count
 * and have not been looked at yet, so that nobody can say whether an object is one. */
struct lb_noticed_sensors {
	const char **ids;
	bool *held;
	size_t count;
	struct lb_arena arena;
};

/* Copies what is needed. Errors: NOMEM; then *sensors is as before. */
enum lb_err lb_noticed_sensors_take(struct lb_noticed_sensors *sensors,
				    const struct lb_sensor_list *list,
				    const struct lb_trigger_file_options *options,
				    struct lb_error *error) LB_MUST_CHECK;

void lb_noticed_sensors_finish(struct lb_noticed_sensors *sensors);

/* Everything is borrowed. */
struct lb_notice_rules {
	const struct lb_trigger_file_options *options;
	const struct lb_filter *filter;
	const char *base_location;
	struct lb_object_place place;
	const struct lb_noticed_sensors *sensors;
	int64_t now_us;
};

/* Adds what of told is below the base location, of these sensors, and counts.
 * Everything goes into arena, but what is borrowed from rules and told. ret_unclear:
 * only a listing can say of some of it whether it counts. Errors: NOMEM. */
enum lb_err lb_object_notice_reports(const struct lb_notice_rules *rules,
				     const struct lb_notification_list *told,
				     struct lb_arena *arena,
				     struct lb_sensor_report_list *ret_reports, bool *ret_unclear,
				     struct lb_error *error) LB_MUST_CHECK;

#endif
