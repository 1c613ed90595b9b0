/* rate.h: so many starts in any second, and no more. Pure; threads: one at a time.
 *
 * All of them may go at once; the next goes a second after the first of them. */
#ifndef LB_RUNNERS_DATABRICKS_RATE_H
#define LB_RUNNERS_DATABRICKS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define LB_DATABRICKS_RATE_MAX 1000

/* per_second: 0: no limit. started_at_us: of the latest so many; oldest: which of them
 * was first. */
struct lb_databricks_rate {
	int per_second;
	int oldest;
	int64_t started_at_us[LB_DATABRICKS_RATE_MAX];
};

/* per_second: up to LB_DATABRICKS_RATE_MAX. now_us: of a clock that never goes back. */
void lb_databricks_rate_init(struct lb_databricks_rate *rate, int per_second, int64_t now_us);

/* Takes one if there is one. Otherwise ret_wait_us says after how long there
 * will be. */
bool lb_databricks_rate_take(struct lb_databricks_rate *rate, int64_t now_us, int64_t *ret_wait_us);

#endif
