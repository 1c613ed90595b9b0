#include "base/time.h"
#include "net/http_value.h"
#include "net/url.h"
#include "support/cmocka.h"

#define NOVEMBER INT64_C(1763877600000000) /* 2025-11-23T06:00:00Z */

static void the_three_forms_of_a_date_mean_the_same(void **state)
{
	(void)state;
	static const char *const dates[] = {"Sun, 23 Nov 2025 06:00:00 GMT",
					    "Sunday, 23-Nov-25 06:00:00 GMT",
					    "Sun Nov 23 06:00:00 2025"};
	for (int i = 0; i < 3; i++) {
		int64_t time_us = 0;
		assert_true(lb_http_date_parse(dates[i], NOVEMBER, &time_us));
		assert_int_equal(time_us, NOVEMBER);
	}
	int64_t time_us = 0;
	assert_true(lb_http_date_parse("Sun Nov  6 08:49:37 1994", NOVEMBER, &time_us));
	assert_int_equal(time_us, INT64_C(784111777000000));
}

static void two_digits_mean_the_nearer_century(void **state)
{
	(void)state;
	int64_t time_us = 0;
	assert_true(lb_http_date_parse("Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER, &time_us));
	assert_int_equal(time_us, INT64_C(784111777000000));
}

static void what_is_no_date_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {NULL,
					    "",
					    "7",
					    "Sun, 31 Feb 2025 06:00:00 GMT",
					    "Sun, 23 Nov 2025 24:00:00 GMT",
					    "Sun, 23 Foo 2025 06:00:00 GMT",
					    "Sun, 23 Nov 2025 06:00:00 CET",
					    "Sun, 23 Nov 2025 06:00:00 GMT and more",
					    "2025-11-23T06:00:00Z"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t time_us = 1;
		assert_false(lb_http_date_parse(texts[i], NOVEMBER, &time_us));
		assert_int_equal(time_us, 1);
	}
}

static int64_t delay(const char *text, const char *date)
{
	int64_t delay_us = -1;
	return lb_http_retry_after_parse(text, date, NOVEMBER, &delay_us) ? delay_us : -1;
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(delay("0", NULL), 0);
	assert_int_equal(delay("7", NULL), 7 * LB_SECOND);
	assert_int_equal(delay("Sun, 23 Nov 2025 06:02:00 GMT", NULL), 2 * LB_MINUTE);
	assert_int_equal(delay("Sun, 23 Nov 2025 05:00:00 GMT", NULL), 0);
	assert_int_equal(delay(NULL, NULL), -1);
	assert_int_equal(delay("", NULL), -1);
	assert_int_equal(delay("-5", NULL), -1);
	assert_int_equal(delay("1.5", NULL), -1);
	assert_int_equal(delay("soon", NULL), -1);
}

static void retry_after_is_measured_by_the_servers_own_clock(void **state)
{
	(void)state;
	assert_int_equal(delay("Sun, 23 Nov 2031 06:02:00 GMT", "Sun, 23 Nov 2031 06:00:00 GMT"),
			 2 * LB_MINUTE);
}

static void nobody_is_made_to_wait_for_ever(void **state)
{
	(void)state;
	assert_int_equal(delay("999999999999999999999999", NULL), LB_HTTP_RETRY_AFTER_MAX_US);
	assert_int_equal(delay("Sun, 23 Nov 9999 06:00:00 GMT", NULL), LB_HTTP_RETRY_AFTER_MAX_US);
}

static void json_is_known_by_its_type(void **state)
{
	(void)state;
	assert_true(lb_http_is_json("application/json"));
	assert_true(lb_http_is_json("Application/JSON; charset=utf-8"));
	assert_true(lb_http_is_json("application/problem+json"));
	assert_false(lb_http_is_json(NULL));
	assert_false(lb_http_is_json("text/html"));
	assert_false(lb_http_is_json("application/jsonlines"));
}

static void a_page_is_known_by_its_type_or_its_beginning(void **state)
{
	(void)state;
	assert_true(lb_http_is_page("text/html; charset=utf-8", ""));
	assert_true(lb_http_is_page(NULL, "\n <!DOCTYPE html><p>"));
	assert_true(lb_http_is_page(NULL, "<HTML>"));
	assert_false(lb_http_is_page("application/json", "<html>"));
	assert_false(lb_http_is_page(NULL, "{}"));
}

static void all_but_the_unreserved_is_encoded(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	assert_string_equal(lb_url_encode(&arena, "aZ09-._~", false), "aZ09-._~");
	assert_string_equal(lb_url_encode(&arena, "a/b c+\xC3\xA9%", false),
			    "a%2Fb%20c%2B%C3%A9%25");
	assert_string_equal(lb_url_encode(&arena, "a/b c", true), "a/b%20c");
	assert_string_equal(lb_url_encode(&arena, "", false), "");
	lb_arena_finish(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_forms_of_a_date_mean_the_same),
		cmocka_unit_test(two_digits_mean_the_nearer_century),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(retry_after_is_measured_by_the_servers_own_clock),
		cmocka_unit_test(nobody_is_made_to_wait_for_ever),
		cmocka_unit_test(json_is_known_by_its_type),
		cmocka_unit_test(a_page_is_known_by_its_type_or_its_beginning),
		cmocka_unit_test(all_but_the_unreserved_is_encoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
