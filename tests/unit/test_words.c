#include "base/time.h"
#include "cli/app.h"
#include "cli/words.h"
#include "support/cmocka.h"

#include <string.h>

#define NOW_US (INT64_C(1763877600) * LB_SECOND) /* 2025-11-23 06:00:00 */

static void times_are_in_utc_to_the_second(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	assert_string_equal(lb_words_time(&arena, NOW_US + 999999), "2025-11-23 06:00:00");
	assert_string_equal(lb_words_time(&arena, LB_TIME_NONE), "-");
	lb_arena_finish(&arena);
}

static void distances_are_said_in_whole_seconds_both_ways(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	assert_string_equal(lb_words_distance(&arena, NOW_US, NOW_US), "now");
	assert_string_equal(lb_words_distance(&arena, NOW_US - 1500000, NOW_US), "1 s ago");
	assert_string_equal(lb_words_distance(&arena, NOW_US + 10 * LB_SECOND, NOW_US), "in 10 s");
	assert_string_equal(lb_words_distance(&arena, LB_TIME_NONE, NOW_US), "-");
	lb_arena_finish(&arena);
}

static void one_is_not_many(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	assert_string_equal(lb_words_count(&arena, 0, "run"), "0 runs");
	assert_string_equal(lb_words_count(&arena, 1, "run"), "1 run");
	assert_string_equal(lb_words_count(&arena, 2, "run"), "2 runs");
	lb_arena_finish(&arena);
}

static void a_job_is_called_by_its_name_and_id_made_printable(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_row row = {0};
	struct lb_job job = {.trigger_job_id = "55\n5", .rows = {.items = &row, .count = 1}};
	assert_string_equal(lb_words_job(&arena, &job), "55\\n5");
	row.declared[LB_DECLARED_trigger_job_name] = "orders\x1b";
	assert_string_equal(lb_words_job(&arena, &job), "orders\\x1b (55\\n5)");
	lb_arena_finish(&arena);
}

static void later_attempts_show_in_a_run_s_number(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_run run = {.run_no = 3, .attempt = 1};
	assert_string_equal(lb_words_run(&arena, &run), "3");
	run.attempt = 2;
	assert_string_equal(lb_words_run(&arena, &run), "3.2");
	lb_arena_finish(&arena);
}

static void every_verdict_has_words_and_a_name_of_its_own(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_row row = {.status_text = "odd"};
	struct lb_job job = {.trigger_job_id = "555", .rows = {.items = &row, .count = 1}};
	for (int i = 0; i < LB_ROW_VERDICT_MAX; i++) {
		const char *text = lb_words_row(&arena, &job, &row, (enum lb_row_verdict)i);
		assert_in_range(strlen(text), 2, 200);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(lb_words_row_verdict((enum lb_row_verdict)i),
						lb_words_row_verdict((enum lb_row_verdict)j));
		}
	}
	for (int i = 1; i < LB_JOB_VERDICT_MAX; i++) {
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(lb_words_job_verdict((enum lb_job_verdict)i),
						lb_words_job_verdict((enum lb_job_verdict)j));
		}
	}
	lb_arena_finish(&arena);
}

static void json_has_null_where_there_is_nothing_and_stays_utf8(void **state)
{
	(void)state;
	json_t *json = lb_json_text(NULL);
	assert_true(json_is_null(json));
	json_decref(json);
	json = lb_json_text("a\xff\xc3\xbc");
	assert_string_equal(json_string_value(json), "a\xef\xbf\xbd\xc3\xbc");
	json_decref(json);
	json = lb_json_time(LB_TIME_NONE);
	assert_true(json_is_null(json));
	json_decref(json);
	json = lb_json_time(NOW_US);
	assert_string_equal(json_string_value(json), "2025-11-23T06:00:00.000Z");
	json_decref(json);
}

static void a_row_in_json_has_the_fifteen_columns_and_what_waits(void **state)
{
	(void)state;
	struct lb_row row = {
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	json_t *json = lb_json_row(&row);
	assert_int_equal(json_object_size(json), 16);
	assert_true(json_is_null(json_object_get(json, "status")));
	assert_int_equal(json_integer_value(json_object_get(json, "waiting_events")), 0);
	json_decref(json);
}

static void an_unknown_job_is_answered_with_the_nearest_one(void **state)
{
	(void)state;
	struct lb_error error;
	struct lb_job jobs[] = {{.trigger_job_id = "555555555"}, {.trigger_job_id = "nightly"}};
	struct lb_job_list list = {.items = jobs, .count = 2};
	assert_int_equal(lb_cli_unknown_job(&list, "55555555", &error), LB_NOT_FOUND);
	assert_non_null(strstr(error.message, "did you mean 555555555?"));
	assert_int_equal(lb_cli_unknown_job(&list, "weekly-report", &error), LB_NOT_FOUND);
	assert_non_null(strstr(error.message, "lakebeat status"));
	list.count = 0;
	assert_int_equal(lb_cli_unknown_job(&list, "5", &error), LB_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_in_utc_to_the_second),
		cmocka_unit_test(distances_are_said_in_whole_seconds_both_ways),
		cmocka_unit_test(one_is_not_many),
		cmocka_unit_test(a_job_is_called_by_its_name_and_id_made_printable),
		cmocka_unit_test(later_attempts_show_in_a_run_s_number),
		cmocka_unit_test(every_verdict_has_words_and_a_name_of_its_own),
		cmocka_unit_test(json_has_null_where_there_is_nothing_and_stays_utf8),
		cmocka_unit_test(a_row_in_json_has_the_fifteen_columns_and_what_waits),
		cmocka_unit_test(an_unknown_job_is_answered_with_the_nearest_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
