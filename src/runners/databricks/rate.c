#include "runners/databricks/rate.h"

#include "base/time.h"

#include <assert.h>

void lb_databricks_rate_init(struct lb_databricks_rate *rate, int per_second, int64_t now_us)
{
	assert(per_second >= 0 && per_second <= LB_DATABRICKS_RATE_MAX);
	rate->per_second = per_second;
	rate->oldest = 0;
	for (int i = 0; i < per_second; i++) {
		rate->started_at_us[i] = now_us - LB_SECOND;
	}
}

bool lb_databricks_rate_take(struct lb_databricks_rate *rate, int64_t now_us, int64_t *ret_wait_us)
{
	*ret_wait_us = 0;
	if (rate->per_second == 0) {
		return true;
	}
	int64_t *oldest_us = &rate->started_at_us[rate->oldest];
	int64_t passed_us = now_us - *oldest_us;
	if (passed_us < LB_SECOND) {
		*ret_wait_us = LB_SECOND - passed_us;
		return false;
	}
	*oldest_us = now_us;
	rate->oldest = (rate->oldest + 1) % rate->per_second;
	return true;
}
