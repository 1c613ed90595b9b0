#include "base/error.h"
#include "support/cmocka.h"

#include <string.h>

static void context_is_put_before_the_message(void **state)
{
	(void)state;
	struct lb_error error = {0};
	assert_int_equal(lb_fail(&error, LB_BUSY, "locked by %s", "another"), LB_BUSY);
	assert_true(error.retriable);
	assert_int_equal(lb_wrap(&error, "store %s", "a.db"), LB_BUSY);
	assert_string_equal(error.message, "store a.db: locked by another");
}

static void a_message_may_quote_itself(void **state)
{
	(void)state;
	struct lb_error error = {0};
	(void)lb_fail(&error, LB_IO, "first");
	(void)lb_fail(&error, LB_CORRUPT, "second after %s", error.message);
	assert_string_equal(error.message, "second after first");
	assert_false(error.retriable);
}

static void long_messages_are_cut_not_overrun(void **state)
{
	(void)state;
	struct lb_error error = {0};
	char text[3000];
	(void)memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)lb_fail(&error, LB_IO, "%s", text);
	assert_int_equal(strlen(error.message), LB_ERROR_MESSAGE_MAX - 1);
	(void)lb_wrap(&error, "%s", text);
	assert_int_equal(strlen(error.message), LB_ERROR_MESSAGE_MAX - 1);
	assert_int_equal(lb_fail(NULL, LB_IO, "nobody listens"), LB_IO);
}

static void bytes_from_outside_cannot_break_the_line(void **state)
{
	(void)state;
	struct lb_error error = {0};
	(void)lb_fail(&error, LB_CORRUPT, "key '%s'", "a\nb\xff\x1b[31m");
	assert_string_equal(error.message, "key 'a\\nb\\xff\\x1b[31m'");
	(void)lb_wrap(&error, "folder %s", "c\td");
	assert_string_equal(error.message, "folder c\\td: key 'a\\nb\\xff\\x1b[31m'");
	(void)lb_fail(&error, LB_CORRUPT, "%.3s", "ab\xc3\xa9");
	assert_string_equal(error.message, "ab\\xc3");
}

static void a_long_message_is_cut_at_a_whole_character(void **state)
{
	(void)state;
	struct lb_error error = {0};
	char text[LB_ERROR_MESSAGE_MAX + 2];
	(void)memset(text, 'x', sizeof(text));
	(void)strcpy(text + LB_ERROR_MESSAGE_MAX - 3, "\xff");
	(void)lb_fail(&error, LB_IO, "%s", text);
	assert_int_equal(strlen(error.message), LB_ERROR_MESSAGE_MAX - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_put_before_the_message),
		cmocka_unit_test(a_message_may_quote_itself),
		cmocka_unit_test(long_messages_are_cut_not_overrun),
		cmocka_unit_test(bytes_from_outside_cannot_break_the_line),
		cmocka_unit_test(a_long_message_is_cut_at_a_whole_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
