#include "base/mem.h"
#include "base/text.h"
#include "support/cmocka.h"

#include <string.h>

static void words_are_the_same_whatever_their_case_and_white_space(void **state)
{
	(void)state;
	assert_true(lb_text_same_word("TRUE ", "true"));
	assert_true(lb_text_same_word("\tUnpaused", "UNPAUSED"));
	assert_false(lb_text_same_word("TRUE", "TRUES"));
	assert_false(lb_text_same_word("", NULL));
	assert_true(lb_text_same_word(NULL, NULL));
}

static void control_characters_and_bad_utf8_cannot_steer_a_terminal(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	assert_string_equal(lb_text_printable(&arena, "a\nb"), "a\\nb");
	assert_string_equal(lb_text_printable(&arena, "\x1b[2J"), "\\x1b[2J");
	assert_string_equal(lb_text_printable(&arena, "\xff\xc3\xa9"), "\\xff\xc3\xa9");
	assert_string_equal(lb_text_printable(&arena, "\xc2\x9b"), "\\xc2\\x9b");
	assert_string_equal(lb_text_printable(&arena, NULL), "");
	lb_arena_finish(&arena);
}

static void overlong_and_surrogate_sequences_are_not_utf8(void **state)
{
	(void)state;
	assert_true(lb_utf8_valid("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x98"));
	assert_false(lb_utf8_valid("\xc0\x80"));
	assert_false(lb_utf8_valid("\xed\xa0\x80"));
	assert_false(lb_utf8_valid("\xf4\x90\x80\x80"));
	assert_false(lb_utf8_valid("cut\xe2\x82"));
}

static void a_typo_finds_the_word_that_was_meant(void **state)
{
	(void)state;
	static const char *const words[] = {"status", "sense", "trigger", "cloudFiles.format"};
	assert_string_equal(lb_text_nearest("stauts", words, 4), "status");
	assert_string_equal(lb_text_nearest("cloudFiles.fromat", words, 4), "cloudFiles.format");
	assert_null(lb_text_nearest("banana", words, 4));
	assert_null(lb_text_nearest("", words, 4));
}

static void a_cut_leaves_no_half_of_a_letter(void **state)
{
	(void)state;
	assert_int_equal(lb_utf8_cut("abc", 5), 3);
	assert_int_equal(lb_utf8_cut("abc", 3), 3);
	assert_int_equal(lb_utf8_cut("abc", 2), 2);
	assert_int_equal(lb_utf8_cut("a\xC3\xA9", 2), 1);
	assert_int_equal(lb_utf8_cut("a\xF0\x9F\x8C\x8A!", 4), 1);
	assert_int_equal(lb_utf8_cut("a\xF0\x9F\x8C\x8A!", 5), 5);
	assert_int_equal(lb_utf8_cut("\xC3\xA9", 1), 0);
	assert_int_equal(lb_utf8_cut("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_the_same_whatever_their_case_and_white_space),
		cmocka_unit_test(control_characters_and_bad_utf8_cannot_steer_a_terminal),
		cmocka_unit_test(overlong_and_surrogate_sequences_are_not_utf8),
		cmocka_unit_test(a_typo_finds_the_word_that_was_meant),
		cmocka_unit_test(a_cut_leaves_no_half_of_a_letter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
