/* event.h: what sources observe. Plain data; strings are borrowed from the
 * arena of the scan or query that made them. */
#ifndef LB_CORE_EVENT_H
#define LB_CORE_EVENT_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* A file that counts as a delivery.
 * file_name: its name in the sensor's folder, any bytes but NUL and '/'. Unique per sensor.
 * file_path: base location, '/', sensor_id, '/', file_name.
 * etag:      changes when the content does; the server's, or made of time and size. */
struct lb_file {
	const char *file_name;
	const char *file_path;
	const char *etag;
	int64_t modified_at_us;
	int64_t size_bytes;
};

struct lb_file_list LB_LIST_OF(struct lb_file);

/* An lb_file in the event log. seq counts from 1 per sensor. */
struct lb_event {
	int64_t sensor;
	int64_t seq;
	const char *sensor_id;
	struct lb_file file;
	int64_t observed_at_us;
};

struct lb_event_list LB_LIST_OF(struct lb_event);

/* Where a source stands with one sensor; kept in the store between passes.
 * floor:           every file name that is byte-wise at or below it is known; "" at first.
 * folder_time_ns:  the folder's own modification time when it was last listed,
 *                  0 when unknown or too fresh to be trusted. An object store's
 *                  folders have none: there it is a digest of the names and etags
 *                  above floor that the last listing showed, all of them known.
 * full_pass_at_us: when everything was last listed, LB_TIME_NONE: never.
 * ordered:         all names so far follow the standard, so byte order is time order. */
struct lb_checkpoint {
	const char *floor;
	int64_t folder_time_ns;
	int64_t full_pass_at_us;
	bool ordered;
};

/* A sensor to be looked at, as the store knows it.
 * last_error: what the last pass met, NULL: nothing. */
struct lb_sensor {
	const char *sensor_id;
	struct lb_checkpoint checkpoint;
	const char *last_error;
};

struct lb_sensor_list LB_LIST_OF(struct lb_sensor);

/* What one look at one sensor showed. A sensor of which there is nothing new to
 * say (no file, same checkpoint, same error) gets no report at all.
 * base_location:  as the ACON spells it, without a trailing '/'.
 * observed_at_us: when the pass began; becomes latest_event_fetched_timestamp.
 * files:          perhaps new; the event log drops the ones that it knows.
 * checkpoint:     NULL when no listing was finished (a notification, an error).
 * listed_all:     files holds every file of the sensor, so what is missing is gone.
 * existing:       first sight with includeExistingFiles false: the files are
 *                 noted, but no job is to consume them.
 * allow_overwrites: a known name with another etag is a new event.
 * error:          why the sensor could not be read; NULL clears an older error. */
struct lb_sensor_report {
	const char *sensor_source;
	const char *base_location;
	const char *sensor_id;
	int64_t observed_at_us;
	struct lb_file_list files;
	const struct lb_checkpoint *checkpoint;
	bool listed_all;
	bool existing;
	bool allow_overwrites;
	const char *error;
};

struct lb_sensor_report_list LB_LIST_OF(struct lb_sensor_report);

#endif
