/* random.h: the simulation's one source of chance. A seed gives the same draws on
 * every machine and under every compiler, as long as each statement draws once:
 * the order in which arguments are evaluated is the compiler's. */
#ifndef LB_TESTS_SIM_RANDOM_H
#define LB_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"). */
struct sim_random {
	uint64_t state;
};

#define SIM_MILLION 1000000

uint64_t sim_draw(struct sim_random *random);

/* 0 … bound - 1. bound is not 0. */
uint64_t sim_below(struct sim_random *random, uint64_t bound);

/* low … high, all alike. */
int64_t sim_between(struct sim_random *random, int64_t low, int64_t high);

/* low … high, each order of magnitude alike: waits in real systems are mostly
 * short and sometimes very long. 0 < low <= high. */
int64_t sim_wait(struct sim_random *random, int64_t low, int64_t high);

/* True in so many of a million cases. */
bool sim_chance(struct sim_random *random, uint32_t per_million);

#endif
