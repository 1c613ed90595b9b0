#include "base/time.h"
#include "sources/trigger_file/filter.h"
#include "support/cmocka.h"

#include <string.h>

#define NOW (INT64_C(1763877600) * LB_SECOND)

static struct lb_filter make_filter(struct lb_trigger_file_options options)
{
	struct lb_filter filter;
	struct lb_error error = {0};
	if (lb_filter_init(&filter, &options, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
	return filter;
}

static bool glob_matches(const char *glob, const char *file_name)
{
	struct lb_filter filter =
		make_filter((struct lb_trigger_file_options){.path_glob_filter = glob});
	bool matches = lb_filter_accepts_name(&filter, file_name);
	lb_filter_finish(&filter);
	return matches;
}

static void without_a_glob_every_visible_name_counts(void **state)
{
	(void)state;
	assert_true(glob_matches(NULL, "anything at all\n\xff.bin"));
	assert_false(glob_matches(NULL, ".hidden"));
	assert_false(glob_matches(NULL, "_SUCCESS"));
	assert_false(glob_matches(NULL, ""));
}

static void what_lies_deeper_is_no_file_of_the_sensor(void **state)
{
	(void)state;
	assert_false(glob_matches(NULL, "sub/file.txt"));
	assert_false(glob_matches("*", "sub/file.txt"));
	assert_false(glob_matches(NULL, "marker/"));
}

static void a_glob_means_what_hadoop_means_by_it(void **state)
{
	(void)state;
	assert_true(glob_matches("*.txt", "a.txt"));
	assert_false(glob_matches("*.txt", "a.csv"));
	assert_true(glob_matches("a?[0-9][^x].txt", "ab7y.txt"));
	assert_false(glob_matches("a?[0-9][^x].txt", "ab7x.txt"));
	assert_true(glob_matches("*.{txt,csv}", "a.csv"));
	assert_true(glob_matches("*.{t{x,s}v,csv}", "a.tsv"));
	assert_false(glob_matches("*.{txt,csv}", "a.json"));
	assert_true(glob_matches("a,b", "a,b"));
	assert_true(glob_matches("\\{a\\}", "{a}"));
	assert_true(glob_matches("[{,]x", ",x"));
}

static void what_only_a_shell_knows_has_no_meaning_in_a_glob(void **state)
{
	(void)state;
	assert_true(glob_matches("copy(1).txt", "copy(1).txt"));
	assert_true(glob_matches("*(1).txt", "copy(1).txt"));
	assert_false(glob_matches("+(a).txt", "aaa.txt"));
	assert_true(glob_matches("a|b", "a|b"));
	assert_false(glob_matches("a|b", "a"));
}

static void a_glob_without_its_closing_bracket_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"*.{txt,csv", "a}", "[a-z", "a\\", "}{"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct lb_filter filter;
		struct lb_error error = {0};
		struct lb_trigger_file_options options = {.path_glob_filter = bad[i]};
		assert_int_equal(lb_filter_init(&filter, &options, &error), LB_INVALID);
		assert_non_null(strstr(error.message, bad[i]));
		assert_non_null(strstr(error.message, "pathGlobFilter"));
	}
}

static void names_that_are_not_utf8_match_byte_for_byte(void **state)
{
	(void)state;
	assert_true(glob_matches("*.txt", "caf\xe9.txt"));
	assert_true(glob_matches("caf\xe9.txt", "caf\xe9.txt"));
	assert_false(glob_matches("caf\xe9.txt", "cafe.txt"));
}

static void a_file_is_too_old_only_beyond_its_maximum_age(void **state)
{
	(void)state;
	struct lb_filter filter =
		make_filter((struct lb_trigger_file_options){.max_file_age_us = LB_DAY});
	assert_false(lb_filter_is_too_old(&filter, NOW - LB_DAY, NOW));
	assert_true(lb_filter_is_too_old(&filter, NOW - LB_DAY - 1, NOW));
	struct lb_filter unlimited = make_filter((struct lb_trigger_file_options){0});
	assert_false(lb_filter_is_too_old(&unlimited, 0, NOW));
}

static void a_file_settles_when_it_has_not_changed_for_the_settle_time(void **state)
{
	(void)state;
	struct lb_filter filter =
		make_filter((struct lb_trigger_file_options){.settle_us = 2 * LB_SECOND});
	assert_int_equal(lb_filter_settles_at(&filter, NOW - LB_SECOND, NOW), NOW + LB_SECOND);
	assert_int_equal(lb_filter_settles_at(&filter, NOW - 2 * LB_SECOND, NOW), LB_TIME_NONE);
	/* It may have been written after the listing began. */
	assert_int_equal(lb_filter_settles_at(&filter, NOW + 1, NOW), NOW + 1 + 2 * LB_SECOND);
}

static void a_wrong_clock_does_not_hold_a_file_back_for_ever(void **state)
{
	(void)state;
	struct lb_filter filter =
		make_filter((struct lb_trigger_file_options){.settle_us = 2 * LB_SECOND});
	assert_int_equal(lb_filter_settles_at(&filter, NOW + LB_DAY, NOW), LB_TIME_NONE);
	assert_int_equal(lb_filter_settles_at(&filter, NOW + 2 * LB_SECOND, NOW), LB_TIME_NONE);
}

static void without_a_settle_time_every_file_is_settled(void **state)
{
	(void)state;
	struct lb_filter filter = make_filter((struct lb_trigger_file_options){0});
	assert_int_equal(lb_filter_settles_at(&filter, NOW, NOW), LB_TIME_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_glob_every_visible_name_counts),
		cmocka_unit_test(what_lies_deeper_is_no_file_of_the_sensor),
		cmocka_unit_test(a_glob_means_what_hadoop_means_by_it),
		cmocka_unit_test(what_only_a_shell_knows_has_no_meaning_in_a_glob),
		cmocka_unit_test(a_glob_without_its_closing_bracket_is_refused),
		cmocka_unit_test(names_that_are_not_utf8_match_byte_for_byte),
		cmocka_unit_test(a_file_is_too_old_only_beyond_its_maximum_age),
		cmocka_unit_test(a_file_settles_when_it_has_not_changed_for_the_settle_time),
		cmocka_unit_test(a_wrong_clock_does_not_hold_a_file_back_for_ever),
		cmocka_unit_test(without_a_settle_time_every_file_is_settled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
