/* rate.h: so many starts a second, and no more. Pure; threads: one at a time.
 *
 * A bucket that holds at most one second's worth and is refilled steadily. */
#ifndef LB_RUNNERS_DATABRICKS_RATE_H
#define LB_RUNNERS_DATABRICKS_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* per_second: 0: no limit. credit_us: what was not used, as time; at full: a second. */
struct lb_databricks_rate {
	int per_second;
	int64_t credit_us;
	int64_t at_us;
};

/* Full. now_us: of a clock that never goes back. */
void lb_databricks_rate_init(struct lb_databricks_rate *rate, int per_second, int64_t now_us);

/* Takes one if there is one. Otherwise ret_wait_us says after how long there
 * will be. */
bool lb_databricks_rate_take(struct lb_databricks_rate *rate, int64_t now_us, int64_t *ret_wait_us);

#endif
