/* filter.h: which files count as deliveries.
 *
 * By name: only direct children of the sensor's folder, not hidden
 * (core/names.h), and matching pathGlobFilter, which is Hadoop's glob: ? * [a-c]
 * [^a] {a,b} and \ to escape. By time: not older than maxFileAge; and settled,
 * which a file that only a listing showed is when it has not changed for
 * settle_us. A file from the future is settled, so that a clock that is wrong
 * does not hold it back for ever; but one from less than settle_us ahead waits,
 * because it may have been written while the listing went on.
 *
 * Threads: a filter does not change after init; any thread may ask. */
#ifndef LB_SOURCES_TRIGGER_FILE_FILTER_H
#define LB_SOURCES_TRIGGER_FILE_FILTER_H

#include "base/error.h"
#include "sources/trigger_file/options.h"

/* glob: pathGlobFilter in fnmatch's words; NULL: every name. */
struct lb_filter {
	char *glob;
	int64_t max_file_age_us;
	int64_t settle_us;
};

/* Errors: INVALID (pathGlobFilter with unbalanced braces or brackets), NOMEM. */
enum lb_err lb_filter_init(struct lb_filter *filter, const struct lb_trigger_file_options *options,
			   struct lb_error *error) LB_MUST_CHECK;

void lb_filter_finish(struct lb_filter *filter);

/* file_name: the key behind `<sensor_id>/`. */
bool lb_filter_accepts_name(const struct lb_filter *filter, const char *file_name);

bool lb_filter_is_too_old(const struct lb_filter *filter, int64_t modified_at_us, int64_t now_us);

/* LB_TIME_NONE when settled, else the time at which it will be if nothing
 * changes it again. */
int64_t lb_filter_settles_at(const struct lb_filter *filter, int64_t modified_at_us,
			     int64_t now_us);

#endif
