#include "sim/random.h"

uint64_t sim_draw(struct sim_random *random)
{
	random->state += 0x9E3779B97F4A7C15ULL;
	uint64_t mixed = random->state;
	mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
	mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
	return mixed ^ (mixed >> 31);
}

/* The modulo's bias is below one in 2^40 for every bound that is used here. */
uint64_t sim_below(struct sim_random *random, uint64_t bound)
{
	return sim_draw(random) % bound;
}

int64_t sim_between(struct sim_random *random, int64_t low, int64_t high)
{
	return low + (int64_t)sim_below(random, (uint64_t)(high - low) + 1);
}

static unsigned magnitude(int64_t number)
{
	unsigned bits = 0;
	while (number > 1) {
		number >>= 1;
		bits++;
	}
	return bits;
}

int64_t sim_wait(struct sim_random *random, int64_t low, int64_t high)
{
	unsigned bits = (unsigned)sim_between(random, magnitude(low), magnitude(high));
	int64_t from = (int64_t)1 << bits;
	int64_t wait = sim_between(random, from, 2 * from - 1);
	return wait < low ? low : wait > high ? high : wait;
}

bool sim_chance(struct sim_random *random, uint32_t per_million)
{
	return sim_below(random, SIM_MILLION) < per_million;
}
