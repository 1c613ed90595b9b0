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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_put_before_the_message),
		cmocka_unit_test(a_message_may_quote_itself),
		cmocka_unit_test(long_messages_are_cut_not_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
