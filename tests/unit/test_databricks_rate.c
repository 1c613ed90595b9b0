#include "base/time.h"
#include "runners/databricks/rate.h"
#include "support/cmocka.h"

static void a_second_never_sees_more_than_twice_its_share(void **state)
{
	(void)state;
	for (int per_second = 1; per_second <= 100; per_second++) {
		struct lb_databricks_rate rate;
		lb_databricks_rate_init(&rate, per_second, 0);
		int taken = 0;
		for (int64_t now_us = 0; now_us < LB_SECOND; now_us += 1000) {
			int64_t wait_us;
			while (lb_databricks_rate_take(&rate, now_us, &wait_us)) {
				taken++;
			}
			assert_true(wait_us > 0);
		}
		assert_in_range(taken, per_second, 2 * per_second);
	}
}

static void whoever_waits_as_told_gets_one(void **state)
{
	(void)state;
	struct lb_databricks_rate rate;
	lb_databricks_rate_init(&rate, 3, 0);
	int64_t now_us = 0;
	int64_t wait_us;
	int taken = 0;
	for (int i = 0; i < 1000; i++) {
		if (lb_databricks_rate_take(&rate, now_us, &wait_us)) {
			taken++;
		} else {
			now_us += wait_us;
			assert_true(lb_databricks_rate_take(&rate, now_us, &wait_us));
			taken++;
		}
	}
	assert_int_equal(taken, 1000);
	assert_in_range(now_us, 332 * LB_SECOND, 334 * LB_SECOND);
}

static void rest_is_not_saved_up(void **state)
{
	(void)state;
	struct lb_databricks_rate rate;
	lb_databricks_rate_init(&rate, 10, 0);
	int64_t wait_us;
	int taken = 0;
	while (lb_databricks_rate_take(&rate, LB_DAY, &wait_us)) {
		taken++;
	}
	assert_int_equal(taken, 10);
}

static void without_a_limit_nobody_waits(void **state)
{
	(void)state;
	struct lb_databricks_rate rate;
	lb_databricks_rate_init(&rate, 0, 0);
	for (int i = 0; i < 10000; i++) {
		int64_t wait_us = 1;
		assert_true(lb_databricks_rate_take(&rate, 0, &wait_us));
		assert_int_equal(wait_us, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_never_sees_more_than_twice_its_share),
		cmocka_unit_test(whoever_waits_as_told_gets_one),
		cmocka_unit_test(rest_is_not_saved_up),
		cmocka_unit_test(without_a_limit_nobody_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
