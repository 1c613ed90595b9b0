/* state.h: the engine's inside, shared by its step_*.c files only.
 *
 * lb_engine_pump (engine.c) looks at this state after every event and starts
 * whatever is due: store work (a beat, the sensors to scan, the runs to poll, the files
 * to clean; one at a time), scans, submissions, polls and cleanings. Each step file starts
 * one kind of work and takes in its result. */
#ifndef LB_ENGINE_STATE_H
#define LB_ENGINE_STATE_H

#include "engine/engine.h"
#include "engine/inbox.h"

#define LB_NEVER INT64_MAX

/* How far what a source told between passes has come; see ports/source.h. told,
 * taken, recorded: the latest receipt that was given out, that is in a beat, that
 * is durable. dropped: some was given up, and nothing is called durable any more. */
struct lb_engine_receipts {
	uint64_t told;
	uint64_t taken;
	uint64_t recorded;
	bool dropped;
};

/* One source and its passes.
 * due_at_us: monotonic; rescans: passes asked for by settle times since the
 * engine started, bounded in modes that end; lost: reports were dropped, so that
 * the next pass has to tell all again; unfinished: the last pass left sensors to
 * the next; told, taken, recorded: how many of its passes brought reports, how
 * many of those were in the latest beat or an earlier one, and in one that was
 * committed; receipts: of what came between passes; failure: what the latest pass
 * met, code LB_OK: nothing; spent: by the parts of the pass so far; kept: what the
 * last ordinary pass took, and the last full one, as the store has it; knows_kept:
 * the store was asked. */
struct lb_engine_source {
	struct lb_engine *engine;
	struct lb_source *source;
	struct lb_scan scan;
	int64_t due_at_us;
	bool scanning;
	bool lost;
	bool unfinished;
	uint64_t told;
	uint64_t taken;
	uint64_t recorded;
	struct lb_engine_receipts receipts;
	int rescans;
	struct lb_error failure;
	struct lb_listing_cost spent;
	struct lb_listing_cost kept[2];
	bool knows_kept;
};

/* One runner, what is being submitted to it and polled from it.
 * due_at_us: monotonic; when SUBMITTED runs are asked about next.
 * revive_at_us: monotonic; failed ones are asked about with them from then on.
 * failure: what the latest poll met, code LB_OK: nothing. */
struct lb_engine_runner {
	struct lb_engine *engine;
	struct lb_runner *runner;
	struct lb_poll poll;
	struct lb_arena poll_runs;
	int64_t due_at_us;
	int64_t revive_at_us;
	bool polling;
	struct lb_error failure;
	struct lb_engine_submission *submissions;
	size_t in_flight;
};

/* One cleaner and what it does. arena: of cleaning's events, of which the store has not been
 * told yet when is_cleaning is false.
 * due_at_us: monotonic; when the store is asked next. after_sensor: how far this round has
 * come; round_error: the first that it met. tries: rounds in a row that failed; failure: what
 * the latest round met, code LB_OK: nothing. */
struct lb_engine_cleaner {
	struct lb_engine *engine;
	struct lb_cleaner *cleaner;
	struct lb_cleaning cleaning;
	struct lb_arena arena;
	bool is_cleaning;
	int64_t due_at_us;
	int64_t after_sensor;
	struct lb_error round_error;
	int tries;
	struct lb_error failure;
};

struct lb_engine {
	struct lb_engine_options options;
	struct lb_engine_source *sources;
	struct lb_engine_runner *runners;
	struct lb_engine_cleaner *cleaners;
	struct lb_inbox inbox;
	struct lb_alarm alarm;
	struct lb_engine_totals totals;
	uint64_t random;
	bool store_busy;
	bool sweep;
	bool more_due;
	int64_t sweep_at_us; /* monotonic */
	int64_t wake_at_us;  /* monotonic; when a planned run is due */
	int beat_failures;
	int64_t beat_not_before_us; /* monotonic */
	bool stopping;
	bool idle;
};

/* Start whatever is due; then set the alarm, or say that nothing is left. */
void lb_engine_pump(struct lb_engine *engine);

int64_t lb_engine_now(struct lb_engine *engine);
int64_t lb_engine_monotonic(struct lb_engine *engine);
/* When the wall clock will show wall_us, on the monotonic clock; never past. */
int64_t lb_engine_monotonic_at(struct lb_engine *engine, int64_t wall_us);
uint32_t lb_engine_draw(struct lb_engine *engine);

/* Log error and count it as a problem. */
void lb_engine_problem(struct lb_engine *engine, const char *message, const char *subject,
		       const struct lb_error *error);

/* The loop's store is single: these start work on it and return false when
 * nothing was started. */
bool lb_engine_beat(struct lb_engine *engine);
/* Some source is in the middle of what it has to tell. */
bool lb_engine_has_unfinished_pass(const struct lb_engine *engine);
bool lb_engine_plan_scan(struct lb_engine_source *source);
bool lb_engine_plan_polls(struct lb_engine *engine);
bool lb_engine_plan_cleaning(struct lb_engine_cleaner *cleaner);

/* Submits the runs of a beat; see step_submit.c about who owns them. */
struct lb_engine_beat;
void lb_engine_submit(struct lb_engine *engine, struct lb_engine_beat *beat,
		      const struct lb_due_run_list *due);
void lb_engine_beat_unref(struct lb_engine_beat *beat);
void lb_engine_beat_ref(struct lb_engine_beat *beat);

/* Copies of the tokens being submitted to runner, sorted, in arena; NULL: no memory. */
const char **lb_engine_in_flight_tokens(const struct lb_engine_runner *runner,
					struct lb_arena *arena);

/* Called by sources and runners between passes. */
uint64_t lb_engine_on_reports(struct lb_source *source, const struct lb_sensor_report_list *reports,
			      void *data);
void lb_engine_on_rescan(struct lb_source *source, void *data);
void lb_engine_on_activity(struct lb_runner *runner, void *data);

#endif
