/* view.h: the tables as a person with a SQL client reads them, and what readiness
 * means to that person: written a second time, from the promises, without a look at
 * how lakebeat does it. */
#ifndef LB_TESTS_SIM_VIEW_H
#define LB_TESTS_SIM_VIEW_H

#include "core/run.h"
#include "sim/plan.h"

struct sim_world;

#define SIM_STATUS_MAX 24

/* One row of the control table. status: trimmed, in capitals; "" for NULL.
 * last_seq, consumed_seq: events of its sensor, and how many of them runs have taken. */
struct sim_row_view {
	bool exists;
	bool hard;
	bool paused;
	char status[SIM_STATUS_MAX];
	int64_t fetched_at_us;
	int64_t last_seq;
	int64_t consumed_seq;
};

/* A run that is PLANNED or SUBMITTED. */
struct sim_run_view {
	int64_t run_no;
	int attempt;
	enum lb_run_state state;
	char token[LB_TOKEN_LENGTH + 1];
};

/* rows: by job and sensor. live: the job's live run, the newest if there are more;
 * live_count: how many there are. sensors: the store's number of each, 0: unknown. */
struct sim_view {
	struct sim_row_view rows[SIM_JOBS_MAX][SIM_SENSORS_MAX];
	struct sim_run_view live[SIM_JOBS_MAX];
	size_t live_count[SIM_JOBS_MAX];
	int64_t sensors[SIM_SENSORS_MAX];
};

void sim_view_read(struct sim_world *world, struct sim_view *view);

/* A job's number, from its trigger_job_id; SIM_JOBS_MAX: none. And back; static. */
size_t sim_job_number(const char *trigger_job_id);
const char *sim_job_id(size_t job);

/* May a run of the job be planned, by what the rows say? Whether one is in flight
 * is not looked at. */
bool sim_view_is_ready(const struct sim_view *view, size_t job, int64_t max_event_gap_us);

/* Nothing of the job may be started, because people paused it. */
bool sim_view_is_silenced(const struct sim_view *view, size_t job);

/* The row should be given its waiting events. */
bool sim_row_should_take_up(const struct sim_row_view *row);

#endif
