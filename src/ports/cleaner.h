/* cleaner.h: what does away with files that every job is done with, as the engine sees it.
 *
 * A cleaner serves one sensor_source below one base location (one ACON), whose files it
 * deletes or moves away. Asking again for what is gone already is fine. Where files are kept
 * there is no cleaner, and nothing is paid.
 * Threads: all methods and callbacks on the engine's thread; a cleaner that blocks does so
 * on a worker of its own. */
#ifndef LB_PORTS_CLEANER_H
#define LB_PORTS_CLEANER_H

#include "base/error.h"
#include "core/event.h"

/* At most so many files at once. */
#define LB_CLEANING_MAX 256

struct lb_cleaner;

/* What became of a file. STAYS: it is where it was, or nobody knows. GONE: it is deleted or
 * moved away, by this cleaning or before. ANOTHER: a file of that name is there, but its content
 * is not the event's: it was written again, and is left alone. */
enum lb_cleaned_file { LB_FILE_STAYS, LB_FILE_GONE, LB_FILE_IS_ANOTHER };

/* Files to be done away with. The engine owns it, fills the upper part, and keeps it until
 * done.
 * events: of this cleaner's base location, those of a sensor next to each other; 1 to
 *         LB_CLEANING_MAX.
 * files:  one for each event, STAYS at first. When a file cannot be cleaned, those of its sensor
 *         after it need not be tried.
 * error:  why some stay, the first reason met; code LB_OK: none does, or it was stopped.
 *         Retriable: it concerns all of them, and may pass. */
struct lb_cleaning {
	struct lb_event_list events;
	void (*done)(struct lb_cleaning *cleaning);
	void *data;

	enum lb_cleaned_file files[LB_CLEANING_MAX];
	struct lb_error error;
};

struct lb_cleaner_impl {
	/* Calls done exactly once, never before returning. One cleaning at a time. */
	void (*clean)(struct lb_cleaner *cleaner, struct lb_cleaning *cleaning);

	/* Of the cleaning under way: no further file is begun, done comes soon. */
	void (*stop)(struct lb_cleaner *cleaner);

	/* Free. No cleaning is under way. */
	void (*destroy)(struct lb_cleaner *cleaner);
};

/* sensor_source, base_location: as those of the source; owned by the cleaner. */
struct lb_cleaner {
	const struct lb_cleaner_impl *impl;
	const char *sensor_source;
	const char *base_location;
};

#endif
