/* store.h: the tables, as the engine sees them.
 *
 * Sets, not rows: each call serves all jobs of a beat, so that round trips do
 * not grow with their number. All methods but destroy are called inside
 * transact's body, on the one thread that runs it.
 *
 * Threads: one transaction at a time per lb_store, on any thread. Several
 *   processes may each have an lb_store on the same tables.
 * Strings: arguments are borrowed until return; results live in the arena given.
 * Errors of all methods: NOMEM; BUSY (another process holds the tables: same
 *   call later); IO, FULL, UNAVAILABLE (the storage fails: later, perhaps after
 *   somebody helped); CORRUPT, UNSUPPORTED (final). After an error in the body
 *   nothing of the transaction is kept. */
#ifndef LB_PORTS_STORE_H
#define LB_PORTS_STORE_H

#include "base/error.h"
#include "core/changes.h"
#include "core/event.h"
#include "core/job.h"

struct lb_store;

enum lb_store_access { LB_STORE_READ, LB_STORE_WRITE };

/* Which jobs to load; the union of all that is set.
 * job_ids:  these, also when they have no rows any more (then with rows empty
 *           and, if there ever was one, their latest run).
 * advanced: those that wait for a sensor whose events record() added in this
 *           transaction.
 * pending:  those that something may have to be done for, found in one query:
 *           an UNPAUSED row with status NULL or COMPLETED and waiting events,
 *           or at NEW_EVENT_AVAILABLE (waiting events or no live run).
 * all:      every job in the control table. */
struct lb_job_query {
	const char *const *job_ids;
	size_t job_id_count;
	bool advanced;
	bool pending;
	bool all;
};

/* NEXT_TRY_FIRST: by next_try_at_us, then id: the order of submission.
 * NEWEST_FIRST: by id, descending. */
enum lb_run_order { LB_RUN_NEXT_TRY_FIRST, LB_RUN_NEWEST_FIRST };

/* Which runs to load; all conditions that are set must hold.
 * state_mask:   bits 1 << enum lb_run_state; 0: any.
 * failed_jobs:  the latest run of each job of which a row is FAILED.
 * with_inputs:  fill inputs (else empty).
 * limit:        at most so many, in order; 0: all. */
struct lb_run_query {
	const char *trigger_job_id;
	const char *runner;
	const char *token;
	unsigned state_mask;
	bool failed_jobs;
	bool with_inputs;
	enum lb_run_order order;
	size_t limit;
};

struct lb_audit_query {
	const char *trigger_job_id; /* NULL: all */
	size_t limit;               /* newest first; 0: all */
};

/* Which files may go: of sensor_source below base_location, of the sensors whose number is
 * greater than after_sensor; at most limit. */
struct lb_consumed_query {
	const char *sensor_source;
	const char *base_location;
	int64_t after_sensor;
	size_t limit;
};

/* A sensor with what status and explain show of it. */
struct lb_sensor_state {
	const char *sensor_source;
	const char *base_location;
	struct lb_sensor sensor;
	int64_t last_seq;
	int64_t last_event_at_us;
};

struct lb_sensor_state_list LB_LIST_OF(struct lb_sensor_state);

struct lb_store_impl {
	const char *name; /* "sqlite": appears in logs */

	/* Run body(data) in one transaction: commit when it returns LB_OK, roll
	 * back otherwise. WRITE transactions of all processes are serialised. When
	 * the commit fails its effect is none, but for UNAVAILABLE: then it may
	 * have happened. Not nested. */
	enum lb_err (*transact)(struct lb_store *store, enum lb_store_access access,
				enum lb_err (*body)(struct lb_store *store, void *data,
						    struct lb_error *error),
				void *data, struct lb_error *error) LB_MUST_CHECK;

	/* Append the reports' new files to the event log, each under the next seq
	 * of its sensor, in the reports' order, and keep checkpoints and errors.
	 * A file is new when its sensor has no event of that name (with
	 * allow_overwrites: of that name and etag). `existing` reports move the
	 * point from which rows without `consumed` start. With listed_all, events
	 * whose file is gone are forgotten once every waiting row has consumed them
	 * and they are older than keep_us, but for those that a waiting job's latest
	 * run needs, unless it succeeded; ended runs and audit entries of that age
	 * go with them (never a job's latest run). A report that is older than the
	 * sensor's latest full listing adds no file that was older than keep_us by
	 * then, because that listing may have had it forgotten. ret_new (may be
	 * NULL): how many events were added. */
	enum lb_err (*record)(struct lb_store *store, const struct lb_sensor_report_list *reports,
			      size_t *ret_new, struct lb_error *error) LB_MUST_CHECK;

	/* Jobs with all their rows, cursors, latest run and its inputs, sorted by
	 * trigger_job_id; rows by sensor_id. policy is left zero. */
	enum lb_err (*load_jobs)(struct lb_store *store, const struct lb_job_query *query,
				 struct lb_arena *arena, struct lb_job_list *ret_jobs,
				 struct lb_error *error) LB_MUST_CHECK;

	enum lb_err (*load_runs)(struct lb_store *store, const struct lb_run_query *query,
				 struct lb_arena *arena, struct lb_run_list *ret_runs,
				 struct lb_error *error) LB_MUST_CHECK;

	/* The events that inputs name, in the inputs' order, then seq. Forgotten
	 * ones are missing. */
	enum lb_err (*load_events)(struct lb_store *store, const struct lb_run_input_list *inputs,
				   struct lb_arena *arena, struct lb_event_list *ret_events,
				   struct lb_error *error) LB_MUST_CHECK;

	/* Events that every waiting row is done with, paused ones too: its job has consumed
	 * them, and no run since the job's last success has them among its inputs, unless
	 * the row is COMPLETED with no run in flight (somebody said so). None of a sensor
	 * that no row waits for, of `existing` reports, and of those up to what save() was
	 * told in `cleaned`. Sorted by sensor, then seq. */
	enum lb_err (*load_consumed)(struct lb_store *store, const struct lb_consumed_query *query,
				     struct lb_arena *arena, struct lb_event_list *ret_events,
				     struct lb_error *error) LB_MUST_CHECK;

	/* With base_location: the distinct sensor_ids of sensor_source in the
	 * control table (compared folded), with their checkpoints under that base
	 * location, sorted by sensor_id. Without (NULL, NULL): every sensor that
	 * was ever looked at, sorted by sensor_id, source, base location. */
	enum lb_err (*load_sensors)(struct lb_store *store, const char *sensor_source,
				    const char *base_location, struct lb_arena *arena,
				    struct lb_sensor_state_list *ret_sensors,
				    struct lb_error *error) LB_MUST_CHECK;

	enum lb_err (*load_audit)(struct lb_store *store, const struct lb_audit_query *query,
				  struct lb_arena *arena, struct lb_audit_list *ret_audit,
				  struct lb_error *error) LB_MUST_CHECK;

	/* The passes that were saved, sorted by base location, source, is_full. */
	enum lb_err (*load_passes)(struct lb_store *store, struct lb_arena *arena,
				   struct lb_pass_cost_list *ret_passes,
				   struct lb_error *error) LB_MUST_CHECK;

	/* Carry out changes; inserted runs receive their id. Where files were cleaned, events
	 * that have been gone for keep_us are forgotten, under record()'s conditions. */
	enum lb_err (*save)(struct lb_store *store, const struct lb_changes *changes,
			    struct lb_error *error) LB_MUST_CHECK;

	/* Close and free; the tables stay. */
	void (*destroy)(struct lb_store *store);
};

/* deployment_id: made once per set of tables, part of every token; owned by the
 *                store, valid from its creation.
 * keep_us:       how long history is kept that could be forgotten; 0: for ever. */
struct lb_store {
	const struct lb_store_impl *impl;
	const char *deployment_id;
	int64_t keep_us;
};

#endif
