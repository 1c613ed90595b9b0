/* engine_world.h: the real engine in a world that a test turns by hand: a clock,
 * a worker and a source that do nothing until pumped, the store and the runner in
 * memory. Killing lakebeat is destroying the engine's half and starting another. */
#ifndef LB_TESTS_ENGINE_WORLD_H
#define LB_TESTS_ENGINE_WORLD_H

#include "engine/engine.h"
#include "support/fake_runner.h"
#include "support/fake_store.h"

struct engine_world;

struct engine_world *engine_world_create(void);
void engine_world_destroy(struct engine_world *world);

/* Survive lakebeat. */
struct fake_tables *engine_world_tables(struct engine_world *world);
struct fake_world *engine_world_jobs(struct engine_world *world);
struct lb_policy *engine_world_policy(struct engine_world *world);

/* A row of the control table, UNPAUSED, trigger_file. A job whose id begins with a
 * 7 has a runner of its own, which cannot tell whether failed runs were made good. */
void engine_world_row(struct engine_world *world, const char *sensor_id, const char *job_id,
		      const char *flag);

/* A file that the next pass shows (every pass from now on). */
void engine_world_file(struct engine_world *world, const char *sensor_id, const char *file_name);
/* From the next start on consumed files are cleaned. Held: cleanings begin and do not end. */
void engine_world_clean(struct engine_world *world);
void engine_world_hold_cleaning(struct engine_world *world, bool held);
bool engine_world_is_cleaning(const struct engine_world *world);
/* Files of that sensor cannot be cleaned, NULL: they can; for_all: which may pass, and concerns
 * all sensors. A file of that name was written again, NULL: none was. */
void engine_world_stick(struct engine_world *world, const char *sensor_id, bool for_all);
void engine_world_rewrite(struct engine_world *world, const char *file_name);
/* How often the file was cleaned; NULL: all files. */
size_t engine_world_cleaned(const struct engine_world *world, const char *file_name);
/* Passes are made in parts of so many files; 0: all at once. */
void engine_world_parts(struct engine_world *world, size_t files);

/* Each part of a pass takes so many requests from now on. */
void engine_world_cost(struct engine_world *world, uint64_t requests, bool is_full);
/* The tables keep a pass of another location. */
void engine_world_keep_pass(struct engine_world *world, const char *sensor_source,
			    const char *base_location, uint64_t requests);
/* What the tables keep of our last such pass; NULL: nothing. Valid until the next call. */
const struct lb_pass_cost *engine_world_kept_pass(struct engine_world *world, bool is_full);

/* A file that the source sees between passes; passes show it too. The receipt that the
 * engine gave for it. */
uint64_t engine_world_watch(struct engine_world *world, const char *sensor_id,
			    const char *file_name);

/* From its next start on the source does not ask what is recorded. */
void engine_world_ask_nothing(struct engine_world *world);
/* The latest receipt of which the engine said that it is recorded; 0: none. */
uint64_t engine_world_recorded(const struct engine_world *world);

/* Passes fail whole from now on; NULL: they no longer do. */
void engine_world_fail_passes(struct engine_world *world, const char *message);
/* Each pass sees a file that it can judge only so much later. */
void engine_world_settling(struct engine_world *world, int64_t settle_us);

/* The source asks for a scan between passes. */
void engine_world_rescan(struct engine_world *world);

/* A sensor that cannot be read from now on; NULL message: it can again. */
void engine_world_unreadable(struct engine_world *world, const char *sensor_id,
			     const char *message);

/* Lakebeat begins; a crash leaves everything that was under way unfinished. */
void engine_world_start(struct engine_world *world, enum lb_engine_mode mode, int max_parallel);
void engine_world_crash(struct engine_world *world);
struct lb_engine *engine_world_engine(struct engine_world *world);
bool engine_world_is_idle(const struct engine_world *world);

/* Everything that is ready to happen happens; submissions and polls last. */
void engine_world_settle(struct engine_world *world);
/* The same, but requests to the runner stay unanswered. */
void engine_world_settle_but_runner(struct engine_world *world);
/* So many things happen; false: so many are not to be done now. */
bool engine_world_steps(struct engine_world *world, int steps);
/* Requests that the runners have not answered; the first runner answers its own. */
size_t engine_world_requests(const struct engine_world *world);
void engine_world_answer_first_runner(struct engine_world *world);
/* Both clocks move on; all settles but requests to the runners. */
void engine_world_wait(struct engine_world *world, int64_t duration_us);
/* Both clocks move on (or wall_us alone, also back), alarms go off, all settles. */
void engine_world_pass(struct engine_world *world, int64_t duration_us);
void engine_world_set_wall_back(struct engine_world *world, int64_t duration_us);

/* `once` from start to end. */
void engine_world_once(struct engine_world *world);

/* The job's latest run, from the tables; NULL: none. Valid until the next call. */
const struct lb_run *engine_world_run(struct engine_world *world, const char *job_id);
const char *engine_world_status(struct engine_world *world, const char *sensor_id,
				const char *job_id);

#endif
