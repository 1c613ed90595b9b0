#include "core/backoff.h"
#include "support/cmocka.h"

static void delays_double_up_to_the_cap(void **state)
{
	(void)state;
	assert_int_equal(lb_backoff_us(1, 1000, 60000, UINT32_MAX), 1000);
	assert_int_equal(lb_backoff_us(2, 1000, 60000, UINT32_MAX), 2000);
	assert_int_equal(lb_backoff_us(5, 1000, 60000, UINT32_MAX), 16000);
	assert_int_equal(lb_backoff_us(7, 1000, 60000, UINT32_MAX), 60000);
	assert_int_equal(lb_backoff_us(1000000, 1000, 60000, UINT32_MAX), 60000);
}

static void jitter_stays_in_the_upper_half(void **state)
{
	(void)state;
	assert_int_equal(lb_backoff_us(3, 1000, 60000, 0), 2000);
	for (uint32_t random = 1; random < 0xF0000000U; random += 0x01234567U) {
		int64_t delay_us = lb_backoff_us(3, 1000, 60000, random);
		assert_in_range(delay_us, 2000, 4000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double_up_to_the_cap),
		cmocka_unit_test(jitter_stays_in_the_upper_half),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
