#include "base/time.h"
#include "runners/databricks/rate.h"
#include "support/cmocka.h"

#define STARTS 400

/* Somebody asks every pause_us, and takes what is given. */
static void check_seconds(int per_second, int64_t pause_us)
{
	struct lb_databricks_rate rate;
	int64_t started_at_us[STARTS];
	lb_databricks_rate_init(&rate, per_second, 0);
	int64_t now_us = 0;
	for (int taken = 0; taken < STARTS; now_us += pause_us) {
		int64_t wait_us;
		while (taken < STARTS && lb_databricks_rate_take(&rate, now_us, &wait_us)) {
			started_at_us[taken++] = now_us;
		}
	}
	for (int i = per_second; i < STARTS; i++) {
		assert_true(started_at_us[i] - started_at_us[i - per_second] >= LB_SECOND);
	}
}

static void no_second_sees_more_than_its_share(void **state)
{
	(void)state;
	for (int per_second = 1; per_second <= 100; per_second++) {
		check_seconds(per_second, 1000);
		check_seconds(per_second, 137001);
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
		cmocka_unit_test(no_second_sees_more_than_its_share),
		cmocka_unit_test(whoever_waits_as_told_gets_one),
		cmocka_unit_test(rest_is_not_saved_up),
		cmocka_unit_test(without_a_limit_nobody_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
