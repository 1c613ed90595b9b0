/* engine.h: drives sources, beats and runners, for ever or once.
 *
 *     scan ──reports──► inbox ──► beat (on a worker) ──► due runs ──► submit
 *                         ▲                                             │
 *                         └──── answers, run ends (poll), commands ◄────┘
 *
 * Observations pile up in the inbox while a beat commits, so under load beats
 * grow larger, not more frequent. A beat that failed keeps its observations and
 * is tried again with backoff: nothing found is lost while the process lives,
 * and what a killed process had not committed the next scan and poll find again.
 *
 * The engine knows ports only; time, threads and I/O are passed in, so that the
 * simulator runs this very code. Threads: all calls and callbacks on one. */
#ifndef LB_ENGINE_ENGINE_H
#define LB_ENGINE_ENGINE_H

#include "base/log.h"
#include "engine/beat.h"
#include "ports/cleaner.h"
#include "ports/clock.h"
#include "ports/source.h"
#include "ports/worker.h"

enum lb_engine_mode {
	LB_ENGINE_RUN,     /* until lb_engine_stop */
	LB_ENGINE_ONCE,    /* poll, scan, beat, submit, beat; then idle */
	LB_ENGINE_SENSE,   /* poll, scan, beat without planning runs; then idle */
	LB_ENGINE_TRIGGER, /* poll, beat, submit, beat; then idle */
};

/* Everything is borrowed and outlives the engine. fields: the names in the
 * ACON's schema_dict, what parameters are made of.
 * on_idle: called once, when a mode other than RUN has nothing left to do, or
 *          after lb_engine_stop when everything under way has ended. */
struct lb_engine_options {
	enum lb_engine_mode mode;
	struct lb_store *store;
	struct lb_source *const *sources;
	size_t source_count;
	struct lb_runner *const *runners;
	size_t runner_count;
	struct lb_cleaner *const *cleaners;
	size_t cleaner_count;
	struct lb_clock *clock;
	struct lb_worker *worker;
	const struct lb_log *log;
	struct lb_policies policies;
	const char *const *fields;
	size_t field_count;
	int64_t poll_interval_us;
	uint64_t random_seed;
	void (*on_idle)(void *data);
	void *data;
};

/* What happened so far. problems: passes, sensors and beats that failed (each
 * was logged); once exits 1 when there are any. */
struct lb_engine_totals {
	uint64_t scans;
	uint64_t beats;
	uint64_t new_events;
	uint64_t runs_planned;
	uint64_t runs_accepted;
	uint64_t runs_ended;
	uint64_t files_cleaned;
	uint64_t problems;
};

struct lb_engine;

enum lb_err lb_engine_create(const struct lb_engine_options *options, struct lb_engine **ret_engine,
			     struct lb_error *error) LB_MUST_CHECK;

/* Begin; returns at once, everything else happens in callbacks. */
void lb_engine_start(struct lb_engine *engine);

/* Somebody else changed the tables or the settings: sweep soon, and in RUN mode
 * scan soon when rescan is set. */
void lb_engine_wake(struct lb_engine *engine, bool rescan);

/* Finish the beat under way and the answers awaited, start nothing new, then
 * on_idle. What is not waited for is found again by the next lakebeat. */
void lb_engine_stop(struct lb_engine *engine);

const struct lb_engine_totals *lb_engine_totals(const struct lb_engine *engine);

/* Only when idle, or never started. NULL is fine. */
void lb_engine_destroy(struct lb_engine *engine);

#endif
