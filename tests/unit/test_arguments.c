#include "cli/arguments.h"
#include "support/cmocka.h"

#include <string.h>

static const struct lb_option options[] = {
	{.name = "dry-run", .letter = 'n', .help = "a switch"},
	{.name = "force", .letter = 'f', .help = "a switch"},
	{.name = "limit", .letter = 'l', .value = "COUNT", .help = "a value"},
	{.name = "watch", .letter = 'w', .value = "[SECONDS]", .help = "a value that may lack"},
	{.name = NULL},
};

static const struct lb_verb verb = {
	.name = "try",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 2,
	.options = options,
};

/* What became of one command line. */
struct outcome {
	struct lb_arena arena;
	struct lb_arguments arguments;
	struct lb_error error;
	enum lb_err err;
};

#define PARSE(outcome, ...)                                                                        \
	parse(outcome, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                     \
	      (const char *[]){__VA_ARGS__})

static void parse(struct outcome *outcome, size_t count, const char *const *words)
{
	*outcome = (struct outcome){0};
	char **copies = lb_arena_alloc(&outcome->arena, count * sizeof(*copies));
	assert_non_null(copies);
	for (size_t i = 0; i < count; i++) {
		copies[i] = lb_arena_strdup(&outcome->arena, words[i]);
	}
	outcome->err = lb_arguments_parse(&verb, count, copies, &outcome->arena,
					  &outcome->arguments, &outcome->error);
}

static void finish(struct outcome *outcome)
{
	lb_arena_finish(&outcome->arena);
}

static void assert_refused(struct outcome *outcome, const char *because)
{
	assert_int_equal(outcome->err, LB_INVALID);
	assert_non_null(strstr(outcome->error.message, because));
	finish(outcome);
}

static void a_value_may_stand_in_the_next_word_or_behind_an_equals_sign(void **state)
{
	(void)state;
	struct outcome outcome;
	static const char *const forms[][2] = {
		{"--limit", "5"}, {"--limit=5", "--force"}, {"-l", "5"}, {"-l5", "-f"}};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		PARSE(&outcome, forms[i][0], forms[i][1], "file");
		assert_int_equal(outcome.err, LB_OK);
		assert_string_equal(lb_argument(&outcome.arguments, "limit"), "5");
		assert_string_equal(outcome.arguments.operands.items[0], "file");
		finish(&outcome);
	}
}

static void switches_may_be_joined_and_stand_behind_operands(void **state)
{
	(void)state;
	struct outcome outcome;
	PARSE(&outcome, "file", "-nfl3");
	assert_int_equal(outcome.err, LB_OK);
	assert_true(lb_argument_given(&outcome.arguments, "dry-run"));
	assert_true(lb_argument_given(&outcome.arguments, "force"));
	assert_string_equal(lb_argument(&outcome.arguments, "limit"), "3");
	finish(&outcome);
}

static void a_value_that_may_lack_never_takes_the_next_word(void **state)
{
	(void)state;
	struct outcome outcome;
	PARSE(&outcome, "--watch", "file");
	assert_int_equal(outcome.err, LB_OK);
	assert_true(lb_argument_given(&outcome.arguments, "watch"));
	assert_null(lb_argument(&outcome.arguments, "watch"));
	assert_string_equal(outcome.arguments.operands.items[0], "file");
	finish(&outcome);
}

static void two_dashes_end_the_options_and_one_is_an_operand(void **state)
{
	(void)state;
	struct outcome outcome;
	PARSE(&outcome, "-", "--", "--force");
	assert_int_equal(outcome.err, LB_OK);
	assert_false(lb_argument_given(&outcome.arguments, "force"));
	assert_string_equal(outcome.arguments.operands.items[0], "-");
	assert_string_equal(outcome.arguments.operands.items[1], "--force");
	finish(&outcome);
}

static void what_is_wrong_is_said_with_the_nearest_option(void **state)
{
	(void)state;
	struct outcome outcome;
	PARSE(&outcome, "file", "--forse");
	assert_refused(&outcome, "did you mean --force?");
	PARSE(&outcome, "file", "--jsn=1");
	assert_refused(&outcome, "did you mean --json?");
	PARSE(&outcome, "file", "--entirely-else");
	assert_refused(&outcome, "try knows no option --entirely-else");
	PARSE(&outcome, "file", "-nx");
	assert_refused(&outcome, "try knows no option -x");
	PARSE(&outcome, "file", "--force=yes");
	assert_refused(&outcome, "--force takes no value");
	PARSE(&outcome, "file", "--limit");
	assert_refused(&outcome, "--limit COUNT");
	PARSE(&outcome, "file", "-l");
	assert_refused(&outcome, "--limit COUNT");
	PARSE(&outcome, "file", "-l1", "-l2");
	assert_refused(&outcome, "--limit is given twice");
	PARSE(&outcome, "--force");
	assert_refused(&outcome, "try needs FILE");
	PARSE(&outcome, "a", "b", "c");
	assert_refused(&outcome, "try has no use for 'c'");
}

static void an_option_of_any_length_is_refused_without_harm(void **state)
{
	(void)state;
	struct outcome outcome;
	char word[3000];
	memset(word, 'x', sizeof(word) - 1);
	word[0] = word[1] = '-';
	word[sizeof(word) - 1] = '\0';
	PARSE(&outcome, "file", word);
	assert_refused(&outcome, "knows no option");
}

static void help_goes_before_missing_operands(void **state)
{
	(void)state;
	struct outcome outcome;
	PARSE(&outcome, "-h");
	assert_int_equal(outcome.err, LB_OK);
	finish(&outcome);
}

static void options_that_repeat_give_all_their_values_in_order(void **state)
{
	(void)state;
	struct outcome outcome;
	size_t count;
	PARSE(&outcome, "file", "--acon", "a.json", "--acon=b.json", "-a", "c.json");
	assert_int_equal(outcome.err, LB_OK);
	const char **values = lb_argument_all(&outcome.arguments, "acon", &outcome.arena, &count);
	assert_non_null(values);
	assert_int_equal(count, 3);
	assert_string_equal(values[0], "a.json");
	assert_string_equal(values[2], "c.json");
	finish(&outcome);
}

static void a_number_has_bounds_and_nothing_behind_it(void **state)
{
	(void)state;
	static const char *const bad[] = {"0", "11", "-1", "1x", "", "99999999999999999999"};
	struct outcome outcome;
	long number;
	PARSE(&outcome, "file", "--limit", "10");
	assert_int_equal(
		lb_argument_number(&outcome.arguments, "limit", 10, 7, &number, &outcome.error),
		LB_OK);
	assert_int_equal(number, 10);
	assert_int_equal(
		lb_argument_number(&outcome.arguments, "watch", 10, 7, &number, &outcome.error),
		LB_OK);
	assert_int_equal(number, 7);
	finish(&outcome);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		PARSE(&outcome, "file", "--limit", bad[i]);
		outcome.err = lb_argument_number(&outcome.arguments, "limit", 10, 7, &number,
						 &outcome.error);
		assert_refused(&outcome, "from 1 to 10");
	}
}

static void words_are_split_as_a_shell_would_without_expanding(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_error error;
	const char *const *words;
	assert_int_equal(lb_words_split(" ./a 'b c'\t\"d \\\" e\" f\\ g $HOME * '' x'y'z", &arena,
					&words, &error),
			 LB_OK);
	static const char *const expected[] = {"./a",   "b c", "d \" e", "f g",
					       "$HOME", "*",   "",       "xyz"};
	for (size_t i = 0; i < 8; i++) {
		assert_string_equal(words[i], expected[i]);
	}
	assert_null(words[8]);
	assert_int_equal(lb_words_split("a 'open", &arena, &words, &error), LB_INVALID);
	assert_non_null(strstr(error.message, "not closed"));
	assert_int_equal(lb_words_split(" \t", &arena, &words, &error), LB_INVALID);
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_may_stand_in_the_next_word_or_behind_an_equals_sign),
		cmocka_unit_test(switches_may_be_joined_and_stand_behind_operands),
		cmocka_unit_test(a_value_that_may_lack_never_takes_the_next_word),
		cmocka_unit_test(two_dashes_end_the_options_and_one_is_an_operand),
		cmocka_unit_test(what_is_wrong_is_said_with_the_nearest_option),
		cmocka_unit_test(an_option_of_any_length_is_refused_without_harm),
		cmocka_unit_test(help_goes_before_missing_operands),
		cmocka_unit_test(options_that_repeat_give_all_their_values_in_order),
		cmocka_unit_test(a_number_has_bounds_and_nothing_behind_it),
		cmocka_unit_test(words_are_split_as_a_shell_would_without_expanding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
