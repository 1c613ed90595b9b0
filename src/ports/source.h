/* source.h: where events come from, as the engine sees it.
 *
 * A source serves one sensor_source below one base location (one ACON).
 * Threads: all methods and callbacks on the engine's thread; a source that
 * blocks does so on a worker of its own. */
#ifndef LB_PORTS_SOURCE_H
#define LB_PORTS_SOURCE_H

#include "base/error.h"
#include "core/event.h"
#include "core/pass_cost.h"

struct lb_source;

/* One pass over sensors. The engine allocates it, fills the upper part, and
 * keeps it alive until done was called.
 * sensors:        borrowed; sorted by sensor_id in byte order, without duplicates.
 * recorded:       all that this source's earlier scans reported was taken over, so
 *                 that it need not be told twice; false is always safe, and costs
 *                 reports that the event log drops.
 * arena:          what reports point into; only the source uses it until done.
 * reports:        filled by the source. Sensors with nothing to say have none.
 * failed:         how many sensors could not be read, also when their error is the
 *                 same as last time and so not reported again.
 * rescan_at_us:   wall-clock time at which to look again, because a file seen now
 *                 will have settled (now_us: at once), or LB_TIME_NONE.
 * unfinished:     reports are enough for one transaction, and sensors are left: scan
 *                 again, with all of them, as soon as the reports are recorded. The
 *                 source goes on where it stopped, or begins anew if recorded is
 *                 false then.
 * cost:           of this scan.
 * is_full:        some sensor is listed in full because that is due; the same in all
 *                 parts of a pass.
 * error:          code LB_OK, or why the whole pass failed (reports may still
 *                 hold what was found before; they are true). Each sensor that
 *                 was not reached has a report with this error, but for those
 *                 that had the same last_error already. */
struct lb_scan {
	struct lb_sensor_list sensors;
	bool recorded;
	int64_t now_us;
	struct lb_arena arena;
	void (*done)(struct lb_scan *scan);
	void *data;

	struct lb_sensor_report_list reports;
	size_t failed;
	int64_t rescan_at_us;
	bool unfinished;
	struct lb_listing_cost cost;
	bool is_full;
	struct lb_error error;
};

struct lb_source_impl {
	const char *name; /* sensor_source it serves: "trigger_file" */

	/* Look once at every sensor of scan; calls scan->done exactly once, never
	 * before returning. One scan at a time. Mandatory. */
	void (*scan)(struct lb_source *source, struct lb_scan *scan);

	/* All that on_reports took under a receipt up to this one is durable: whoever
	 * told the source may forget it. Calls neither on_reports nor on_rescan, and
	 * destroys nothing; and is not called from within these. Optional. */
	void (*recorded)(struct lb_source *source, uint64_t receipt);

	/* Stop watching, wait for a scan that runs, whose done is not called any
	 * more, free. Mandatory. */
	void (*destroy)(struct lb_source *source);
};

/* base_location: as in the ACON, without trailing '/'; owned by the source.
 * on_reports:    set by the engine before the first scan; a source that watches
 *                calls it when something came between scans. reports are
 *                borrowed until return. May be called for sensors of earlier
 *                scans only. Returns a receipt, greater than those before; or 0:
 *                the reports were not taken, and a scan is to find the same.
 * on_rescan:     likewise; a source that watches calls it when it knows that it
 *                may have missed something (an overflow, a new folder): scan
 *                soon. Both may be NULL: then nobody listens between scans. */
struct lb_source {
	const struct lb_source_impl *impl;
	const char *base_location;
	uint64_t (*on_reports)(struct lb_source *source,
			       const struct lb_sensor_report_list *reports, void *data);
	void (*on_rescan)(struct lb_source *source, void *data);
	void *data;
};

#endif
