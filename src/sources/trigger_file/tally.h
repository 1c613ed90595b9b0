/* tally.h: what one pass shows of one sensor, added up into its report.
 *
 * Here stand the rules about sensors: when a full pass is due, first sight,
 * what may be remembered of a folder's time, and how far a floor may move.
 * No I/O, no clock. Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_TALLY_H
#define LB_SOURCES_TRIGGER_FILE_TALLY_H

#include "ports/source.h"
#include "sources/trigger_file/filter.h"
#include "sources/trigger_file/listed.h"
#include "sources/trigger_file/recall.h"

/* The same for all sensors of a pass. Everything is borrowed; reports are added
 * to scan.
 * recall:               what was told of folders; NULL where there are pages.
 * folder_time_trust_us: folder_lister.h; 0: there are no folder times.
 * page_keys:            how many keys a page of the listing carries; 0: a folder is
 *                       shown at once, so that floors are needless. */
struct lb_tally_rules {
	const struct lb_trigger_file_options *options;
	const struct lb_filter *filter;
	const char *base_location;
	struct lb_recall *recall;
	struct lb_scan *scan;
	int64_t folder_time_trust_us;
	size_t page_keys;
};

/* What the pass is to do about a sensor.
 * due:     a full pass is: everything is listed and its report says so.
 * first:   never listed in full before.
 * floor:   where its listing begins, "" for all of it.
 * folder_time_ns: leave it alone when its folder has this time; 0: list it. */
struct lb_tally_plan {
	bool due;
	bool first;
	const char *floor;
	int64_t folder_time_ns;
};

/* Whether everything of the sensor is to be listed at now_us. A clock that was set back
 * must not put that off. */
bool lb_tally_is_due(const struct lb_trigger_file_options *options, const struct lb_sensor *sensor,
		     int64_t now_us);

struct lb_tally_plan lb_tally_plan(const struct lb_tally_rules *rules,
				   const struct lb_sensor *sensor);

/* Members are private to tally.c, but for folder_time_ns and listed_at_us: the
 * folder's time as it was before the listing, 0 unknown, and the wall-clock time
 * then.
 * arena:    where pages' files are gathered; a folder's are in the scan's.
 * files:    accepted, and not reported yet. in_parts: others were; told: their digest.
 * keys:     how many were shown, accepted or not.
 * newest_us: the time in the last standard name, LB_TIME_NONE: there was none. */
struct lb_tally {
	const struct lb_sensor *sensor;
	struct lb_tally_plan plan;
	int64_t folder_time_ns;
	int64_t listed_at_us;
	struct lb_arena arena;
	struct lb_file_list files;
	bool in_parts;
	uint64_t told;
	bool unsettled;
	bool ordered;
	char form;
	size_t keys;
	int64_t newest_us;
};

/* Begin with a sensor. tally: zeroed, finished, or used before in the same scan: then
 * its list's memory serves again. */
void lb_tally_open(struct lb_tally *tally, const struct lb_tally_rules *rules,
		   const struct lb_sensor *sensor);

/* One key of the sensor's, as listed at now_us. Errors: NOMEM. */
enum lb_err lb_tally_add(struct lb_tally *tally, const struct lb_tally_rules *rules,
			 const char *file_name, const struct lb_listed *listed, int64_t now_us,
			 struct lb_error *error) LB_MUST_CHECK;

/* All of the sensor was shown, or it has no folder: report what is new. */
enum lb_err lb_tally_close(struct lb_tally *tally, const struct lb_tally_rules *rules,
			   struct lb_error *error) LB_MUST_CHECK;

/* The sensor's id cannot be a folder (lb_sensor_id_problem): report that. */
enum lb_err lb_tally_refuse(struct lb_tally *tally, const struct lb_tally_rules *rules,
			    struct lb_error *error) LB_MUST_CHECK;

/* In a full pass: report what was shown so far; the scan is about to be over. */
enum lb_err lb_tally_park(struct lb_tally *tally, const struct lb_tally_rules *rules,
			  struct lb_error *error) LB_MUST_CHECK;

/* Go on in another scan; sensor is the same one there. */
void lb_tally_resume(struct lb_tally *tally, const struct lb_sensor *sensor);

/* The sensor could not be read, or not to its end: report message, and the files
 * that were seen before. */
enum lb_err lb_tally_fail(struct lb_tally *tally, const struct lb_tally_rules *rules,
			  const char *message, struct lb_error *error) LB_MUST_CHECK;

/* Let go of what was gathered and not reported. Unnecessary for folders. */
void lb_tally_finish(struct lb_tally *tally);

#endif
