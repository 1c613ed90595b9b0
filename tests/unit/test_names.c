#include "base/time.h"
#include "core/names.h"
#include "support/cmocka.h"

#include <string.h>

static void standard_names_are_recognised_in_both_forms(void **state)
{
	(void)state;
	int64_t time_us;
	assert_true(
		lb_trigger_name_parse("my_trigger_20251123_060000.txt", "my_trigger", &time_us));
	assert_int_equal(time_us, 1763877600 * LB_SECOND);
	assert_true(lb_trigger_name_parse("my_trigger_20251123060000.txt", "my_trigger", &time_us));
	assert_int_equal(time_us, 1763877600 * LB_SECOND);
	assert_true(
		lb_trigger_name_parse("my_trigger_20251123_060000_002.txt", "my_trigger", NULL));
}

static void other_names_do_not_follow_the_standard(void **state)
{
	(void)state;
	static const char *const others[] = {"my_trigger_20251123_060000.csv",
					     "my_trigger_20251323_060000.txt",
					     "my_trigger_2O251123_060000.txt",
					     "my_trigger_2025/123_060000.txt",
					     "my_trigger_202511.3_060000.txt",
					     "my_trigger_20251123_O60000.txt",
					     "my_trigger_20251123_06O000.txt",
					     "my_trigger_20251123_06000.txt",
					     "other_20251123_060000.txt",
					     "my_trigger20251123_060000.txt",
					     "my_trigger_20251123_060000.txt ",
					     "my_trigger_20251123_060000_2.txt",
					     "my_trigger",
					     ""};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(lb_trigger_name_parse(others[i], "my_trigger", NULL));
	}
}

static void a_name_reads_back_as_it_was_written(void **state)
{
	(void)state;
	char name[64];
	int64_t time_us;
	assert_true(lb_trigger_name_format("s", 1763877600 * LB_SECOND, 0, name, sizeof(name)));
	assert_string_equal(name, "s_20251123_060000.txt");
	assert_true(lb_trigger_name_format("s", 1763877600 * LB_SECOND, 7, name, sizeof(name)));
	assert_string_equal(name, "s_20251123_060000_007.txt");
	assert_true(lb_trigger_name_parse(name, "s", &time_us));
	assert_false(lb_trigger_name_format("s", 0, 0, name, 10));
}

/* Emitting twice in one second must keep byte order and time order together. */
static void a_suffixed_name_sorts_behind_the_plain_one_and_before_the_next_second(void **state)
{
	(void)state;
	char plain[64];
	char suffixed[64];
	char next[64];
	int64_t time_us = 1763877600 * LB_SECOND;
	assert_true(lb_trigger_name_format("s", time_us, 0, plain, sizeof(plain)));
	assert_true(lb_trigger_name_format("s", time_us, 1, suffixed, sizeof(suffixed)));
	assert_true(lb_trigger_name_format("s", time_us + LB_SECOND, 0, next, sizeof(next)));
	assert_true(strcmp(plain, suffixed) < 0);
	assert_true(strcmp(suffixed, next) < 0);
}

static void sensor_ids_that_would_leave_the_base_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".", "..", "a/b", "/", "../x", "a\nb"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_non_null(lb_sensor_id_problem(bad[i]));
	}
	char long_id[202];
	(void)memset(long_id, 'x', 201);
	long_id[201] = '\0';
	assert_non_null(lb_sensor_id_problem(long_id));
	assert_non_null(lb_sensor_id_problem(NULL));
	assert_non_null(lb_sensor_id_problem("orders\x7F"));
	assert_null(lb_sensor_id_problem("orders landed.v2:eu"));
	assert_null(lb_sensor_id_problem("..."));
}

static void hidden_names_are_never_events(void **state)
{
	(void)state;
	assert_true(lb_trigger_name_is_hidden(".x.txt.tmp"));
	assert_true(lb_trigger_name_is_hidden("_SUCCESS"));
	assert_false(lb_trigger_name_is_hidden("x"));
}

static void a_job_of_a_workspace_is_a_number(void **state)
{
	(void)state;
	static const char *const others[] = {
		"", " ", "job", "5x", "5 5", "-5", "+5", "0", "5.0", "0x5", "9223372036854775808"};
	int64_t number = 7;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(lb_trigger_job_number(others[i], &number));
		assert_int_equal(number, 7);
	}
	assert_true(lb_trigger_job_number("007", &number));
	assert_int_equal(number, 7);
	assert_true(lb_trigger_job_number(" 9223372036854775807\n", &number));
	assert_int_equal(number, INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_names_are_recognised_in_both_forms),
		cmocka_unit_test(other_names_do_not_follow_the_standard),
		cmocka_unit_test(a_name_reads_back_as_it_was_written),
		cmocka_unit_test(
			a_suffixed_name_sorts_behind_the_plain_one_and_before_the_next_second),
		cmocka_unit_test(sensor_ids_that_would_leave_the_base_are_refused),
		cmocka_unit_test(hidden_names_are_never_events),
		cmocka_unit_test(a_job_of_a_workspace_is_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
