#include "runners/databricks/rate.h"

#include "base/time.h"

/* What one start costs, rounded up, so that there are never too many. */
static int64_t cost_us(const struct lb_databricks_rate *rate)
{
	return (LB_SECOND + rate->per_second - 1) / rate->per_second;
}

void lb_databricks_rate_init(struct lb_databricks_rate *rate, int per_second, int64_t now_us)
{
	*rate = (struct lb_databricks_rate){per_second, LB_SECOND, now_us};
}

bool lb_databricks_rate_take(struct lb_databricks_rate *rate, int64_t now_us, int64_t *ret_wait_us)
{
	*ret_wait_us = 0;
	if (rate->per_second == 0) {
		return true;
	}
	int64_t passed_us = now_us - rate->at_us;
	int64_t cost = cost_us(rate);
	rate->credit_us =
		passed_us < LB_SECOND - rate->credit_us ? rate->credit_us + passed_us : LB_SECOND;
	rate->at_us = now_us;
	if (rate->credit_us < cost) {
		*ret_wait_us = cost - rate->credit_us;
		return false;
	}
	rate->credit_us -= cost;
	return true;
}
