/* plan.h: what kind of world a seed makes: how large it is, who lives in it, and
 * what goes wrong how often. Every kind of trouble is absent from some worlds, so
 * that none hides behind another. */
#ifndef LB_TESTS_SIM_PLAN_H
#define LB_TESTS_SIM_PLAN_H

#include "core/job.h"
#include "sim/random.h"
#include "sources/trigger_file/options.h"

#define SIM_SENSORS_MAX 6
#define SIM_JOBS_MAX 6
#define SIM_NODES_MAX 4

/* How a lakebeat is run: as a daemon, by cron as `once`, or by cron as `sense` and
 * `trigger` in turn. */
enum sim_habit { SIM_DAEMON, SIM_CRON_ONCE, SIM_CRON_HALVES };

/* Where trigger files lie: in a local folder, or in an object store that lists in
 * pages. */
enum sim_place { SIM_FOLDERS, SIM_OBJECTS };

/* Each `…_ppm`: in so many of a million chances.
 * crash:        a lakebeat dies, at each point where it waits for something.
 * store_begin, store_lost, store_doubt: a transaction does not begin; its commit fails
 *               without effect; it takes effect and says that it may not have.
 * list, list_half, denied: a listing fails; fails half way; one sensor may not be read.
 * reply, request: the job service's reply is lost; the request is.
 * refuse, throttle: a definite no; try again later.
 * run_fails, run_hangs, run_skipped, run_deleted: what becomes of a run.
 * poll:         a poll finds nothing out.
 * garble:       what comes back from the workspace is a page, an error of whatever stands
 *               in between, or broken off, although the request was carried out.
 * untold, poison: the store does not tell of a file; something is in the queue that tells
 *               of none.
 * credential:   it does not accept the credentials.
 * completes:    a run's last task calls `lakebeat complete`.
 * late, future, bad_name, burst, overwrite, remove, slow: what an upstream does at a
 *               delivery. notice: somebody tells lakebeat of the file at once. */
struct sim_troubles {
	uint32_t crash_ppm;
	uint32_t store_begin_ppm;
	uint32_t store_lost_ppm;
	uint32_t store_doubt_ppm;
	uint32_t list_ppm;
	uint32_t list_half_ppm;
	uint32_t denied_ppm;
	uint32_t reply_ppm;
	uint32_t request_ppm;
	uint32_t refuse_ppm;
	uint32_t throttle_ppm;
	uint32_t run_fails_ppm;
	uint32_t run_hangs_ppm;
	uint32_t run_skipped_ppm;
	uint32_t run_deleted_ppm;
	uint32_t poll_ppm;
	uint32_t garble_ppm;
	uint32_t credential_ppm;
	uint32_t untold_ppm;
	uint32_t poison_ppm;
	uint32_t completes_ppm;
	uint32_t late_ppm;
	uint32_t future_ppm;
	uint32_t bad_name_ppm;
	uint32_t burst_ppm;
	uint32_t overwrite_ppm;
	uint32_t remove_ppm;
	uint32_t slow_ppm;
	uint32_t notice_ppm;
};

/* delivery_us: between two deliveries of an upstream. operator_us: between two
 * deeds of people, 0: nobody is there. skew_us: by how much clocks may be wrong.
 * files_max: the upstream keeps so many files a sensor. page_keys, parallel_max: of an
 * object store.
 * max_parallel: of the runner, 0: any number.
 * workspace: jobs are started by lakebeat's own databricks runner, in a simulated workspace
 * with page_runs runs on a page; starts_per_second: the runner's limit, 0: none; oauth: it
 * signs in as a service principal.
 * notified: an object store tells of new files by a queue, whose messages are shown again
 * when they were not deleted for visibility_us, and are gone after retention_us. */
struct sim_plan {
	enum sim_place place;
	size_t sensor_count;
	size_t job_count;
	size_t node_count;
	enum sim_habit habits[SIM_NODES_MAX];
	int64_t skew_us;
	int64_t poll_interval_us;
	int64_t runner_interval_us;
	int64_t delivery_us;
	int64_t run_us;
	int64_t operator_us;
	int64_t latency_us;
	int64_t keep_us;
	size_t files_max;
	size_t page_keys;
	size_t parallel_max;
	int max_parallel;
	bool workspace;
	size_t page_runs;
	int starts_per_second;
	bool oauth;
	bool notified;
	int64_t visibility_us;
	int64_t retention_us;
	struct lb_trigger_file_options options;
	struct lb_policy policies[SIM_JOBS_MAX];
	struct sim_troubles troubles;
};

void sim_plan_draw(struct sim_plan *plan, struct sim_random *random);

/* Nothing goes wrong any more. */
void sim_plan_heal(struct sim_plan *plan);

#endif
