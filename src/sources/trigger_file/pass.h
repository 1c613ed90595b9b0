/* pass.h: one look at all sensors: skip-scan over a lister, one tally a sensor.
 * Blocks; runs on a worker thread. */
#ifndef LB_SOURCES_TRIGGER_FILE_PASS_H
#define LB_SOURCES_TRIGGER_FILE_PASS_H

#include "ports/source.h"
#include "sources/trigger_file/filter.h"
#include "sources/trigger_file/lister.h"
#include "sources/trigger_file/recall.h"

#include <stdatomic.h>

/* Everything is borrowed until return. stop: set from another thread, ends the
 * pass early; what it has reported by then is true. */
struct lb_pass {
	const struct lb_trigger_file_options *options;
	const struct lb_filter *filter;
	const char *base_location;
	struct lb_lister *lister;
	struct lb_recall *recall;
	const atomic_bool *stop;
};

/* Fills the lower part of scan as ports/source.h says. */
void lb_pass_run(const struct lb_pass *pass, struct lb_scan *scan);

#endif
