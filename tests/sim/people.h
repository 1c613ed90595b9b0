/* people.h: those who run the commands, edit the control table with SQL, change the
 * data feed, set clocks and stop lakebeats; and the jobs that call `complete`. */
#ifndef LB_TESTS_SIM_PEOPLE_H
#define LB_TESTS_SIM_PEOPLE_H

#include "sim/service.h"

struct sim_world;

/* The first data feed: who waits for what, as the seed has it. */
void sim_people_begin(struct sim_world *world);

/* They do something now and then. */
void sim_people_start(struct sim_world *world);

/* A run's own last task: `lakebeat complete`, with its token, or as people have it in
 * old jobs, without. */
void sim_people_complete(struct sim_world *world, const struct sim_service_run *run);

/* Everything that people or failures stopped goes on: all rows are resumed, statuses
 * that nobody knows are cleared, failed jobs are tried again. */
void sim_people_heal(struct sim_world *world);

#endif
