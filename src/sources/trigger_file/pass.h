/* pass.h: one look at all sensors' folders, one tally (tally.h) a sensor.
 * A look that would report more than fits into one transaction is made in several
 * passes. Blocks; runs on a worker thread. */
#ifndef LB_SOURCES_TRIGGER_FILE_PASS_H
#define LB_SOURCES_TRIGGER_FILE_PASS_H

#include "ports/source.h"
#include "sources/trigger_file/filter.h"
#include "sources/trigger_file/folder_lister.h"
#include "sources/trigger_file/recall.h"

#include <stdatomic.h>

/* Where the next pass goes on. Zeroed: at the beginning.
 * after:        the last sensor that was looked at; NULL: none.
 * rescan_at_us: of the passes before; meaningless without after. */
struct lb_pass_rest {
	char *after;
	int64_t rescan_at_us;
};

void lb_pass_rest_finish(struct lb_pass_rest *rest);

/* What a million files need would be there for the first pass only, and stay. */
#define LB_PASS_BYTES_MAX ((size_t)8 << 20)

/* Everything is borrowed until return. bytes_max: how large reports may become
 * before the pass stops behind a sensor; 0: LB_PASS_BYTES_MAX. monotonic_us: a time
 * that never goes back, which carries the scan's now_us on through a long pass, and
 * through the wait for a worker before it: asked_at_us is that time when the scan was
 * asked for. stop: set from another thread, ends the pass early; what it has reported by
 * then is true. */
struct lb_pass {
	const struct lb_trigger_file_options *options;
	const struct lb_filter *filter;
	const char *base_location;
	struct lb_folder_lister *lister;
	struct lb_recall *recall;
	struct lb_pass_rest *rest;
	size_t bytes_max;
	int64_t (*monotonic_us)(void);
	int64_t asked_at_us;
	const atomic_bool *stop;
};

/* Fills the lower part of scan as ports/source.h says. */
void lb_pass_run(const struct lb_pass *pass, struct lb_scan *scan);

#endif
