#include "base/time.h"
#include "support/cmocka.h"

static void a_time_reads_back_as_it_was_written(void **state)
{
	(void)state;
	char text[LB_TIME_TEXT_MAX];
	int64_t times[] = {0, 1763877600123000, -1000, 951782400000000, 253402300799999000};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t again;
		assert_true(lb_time_parse(lb_time_format(times[i], text), &again));
		assert_int_equal(again, times[i]);
	}
	assert_string_equal(lb_time_format(1763877600123456, text), "2025-11-23T06:00:00.123Z");
	assert_string_equal(lb_time_format(LB_TIME_NONE, text), "");
}

static void times_are_read_as_people_write_them(void **state)
{
	(void)state;
	int64_t time_us;
	assert_true(lb_time_parse("2025-11-23 06:00:00", &time_us));
	assert_int_equal(time_us, 1763877600000000);
	assert_true(lb_time_parse("2025-11-23T07:30:00.5+01:30", &time_us));
	assert_int_equal(time_us, 1763877600500000);
}

static void what_is_not_a_time_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
					  "2025-02-29T00:00:00Z",
					  "2025-11-23",
					  "2025-13-01T00:00:00Z",
					  "2025-11-23T24:00:00Z",
					  "2025-11-23T06:00:00Zx",
					  "2025-11-23T06:00:00.Z",
					  "25-11-23T06:00:00Z",
					  "0001-01-01T09:00:00+18:00",
					  "9999-12-31T23:59:59-00:01"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t time_us;
		assert_false(lb_time_parse(bad[i], &time_us));
	}
	int64_t time_us;
	assert_false(lb_time_parse(NULL, &time_us));
}

static void durations_are_read_in_sparks_words_and_ours(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {{"10s", 10 * LB_SECOND},
		    {"250ms", 250 * LB_MS},
		    {"1 day", LB_DAY},
		    {"2 weeks", 14 * LB_DAY},
		    {"90 minutes", 90 * LB_MINUTE},
		    {"1.5h", 90 * LB_MINUTE},
		    {"7", 7 * LB_SECOND},
		    {" 0.25 s ", 250 * LB_MS},
		    {"864000000000000us", 10000 * LB_DAY},
		    {"863999999999999.999 us", 10000 * LB_DAY - 1}};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t us;
		assert_true(lb_duration_parse(good[i].text, &us));
		assert_int_equal(us, good[i].us);
	}
	static const char *const bad[] = {"",
					  "s",
					  "-1s",
					  "1 fortnight",
					  "1e9 days",
					  "99999999999999999999",
					  "20000 days",
					  "1 day 2 hours",
					  "864000000000001us",
					  "10000.001 days"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t us;
		assert_false(lb_duration_parse(bad[i], &us));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_reads_back_as_it_was_written),
		cmocka_unit_test(times_are_read_as_people_write_them),
		cmocka_unit_test(what_is_not_a_time_is_refused),
		cmocka_unit_test(durations_are_read_in_sparks_words_and_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
