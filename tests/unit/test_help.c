#include "cli/arguments.h"
#include "cli/help.h"
#include "support/cmocka.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Text of one printer; freed by release. */
struct page {
	char *text;
	size_t length;
	FILE *stream;
};

static FILE *begin(struct page *page)
{
	*page = (struct page){0};
	page->stream = open_memstream(&page->text, &page->length);
	assert_non_null(page->stream);
	return page->stream;
}

static char *end(struct page *page)
{
	assert_int_equal(fclose(page->stream), 0);
	return page->text;
}

static void release(struct page *page)
{
	free(page->text);
}

/* Whether needle stands in text, and not as the beginning of a longer name. */
static bool has_word(const char *text, const char *needle)
{
	size_t length = strlen(needle);
	for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle)) {
		if (!isalnum((unsigned char)at[length]) && at[length] != '-') {
			return true;
		}
	}
	return false;
}

static void assert_all_options(const char *text, const struct lb_verb *verb, const char *dashes)
{
	const struct lb_option *option;
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		char needle[80];
		(void)snprintf(needle, sizeof(needle), "%s%s", dashes, option->name);
		assert_true(has_word(text, needle));
	}
}

static void the_overview_names_every_verb(void **state)
{
	(void)state;
	struct page page;
	lb_help_overview(begin(&page), false);
	const char *text = end(&page);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		assert_true(has_word(text, lb_verbs[i]->name));
		assert_non_null(strstr(text, lb_verbs[i]->summary));
		assert_ptr_equal(lb_verb_find(lb_verbs[i]->name), lb_verbs[i]);
	}
	assert_null(strchr(text, '\033'));
	release(&page);
}

static void the_help_of_a_verb_names_all_that_it_takes_in_lines_that_fit(void **state)
{
	(void)state;
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		struct page page;
		const struct lb_verb *verb = lb_verbs[i];
		lb_help_verb(verb, begin(&page), false);
		char *text = end(&page);
		assert_all_options(text, verb, "--");
		assert_true(verb->operands == NULL || strstr(text, verb->operands) != NULL);
		char *examples = strstr(text, "\nExamples");
		if (examples != NULL) {
			*examples = '\0';
		}
		for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
			assert_in_range(strlen(line), 1, 80);
			assert_int_not_equal(line[strlen(line) - 1], ' ');
		}
		release(&page);
	}
}

static void the_manual_page_names_every_verb_and_option(void **state)
{
	(void)state;
	struct page page;
	lb_help_man(begin(&page));
	const char *text = end(&page);
	char *plain = calloc(page.length + 1, 1);
	assert_non_null(plain);
	for (size_t i = 0, out = 0; i < page.length; i++) {
		if (text[i] != '\\' || text[i + 1] != '-') {
			plain[out++] = text[i];
		}
	}
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		char heading[80];
		(void)snprintf(heading, sizeof(heading), ".SS \"lakebeat %s", lb_verbs[i]->name);
		assert_true(has_word(plain, heading));
		assert_all_options(plain, lb_verbs[i], "--");
	}
	free(plain);
	release(&page);
}

static void no_line_of_the_manual_page_is_taken_for_an_unknown_macro(void **state)
{
	(void)state;
	static const char *const macros[] = {".TH ", ".SH ", ".SS ", ".PP", ".TP", ".RS",
					     ".RE",  ".nf",  ".fi",  ".EX", ".EE", ".br"};
	struct page page;
	lb_help_man(begin(&page));
	char *text = end(&page);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		bool known = line[0] != '.' && line[0] != '\'';
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]) && !known; i++) {
			known = strncmp(line, macros[i], strlen(macros[i])) == 0;
		}
		assert_true(known);
	}
	release(&page);
}

static void every_shell_s_completion_names_every_verb_and_option(void **state)
{
	(void)state;
	static const char *const shells[][2] = {{"bash", "--"}, {"zsh", "--"}, {"fish", "-l "}};
	for (size_t i = 0; i < 3; i++) {
		struct page page;
		assert_true(lb_help_completion(shells[i][0], begin(&page)));
		const char *text = end(&page);
		for (size_t j = 0; lb_verbs[j] != NULL; j++) {
			assert_true(has_word(text, lb_verbs[j]->name));
			assert_all_options(text, lb_verbs[j], shells[i][1]);
		}
		release(&page);
	}
}

static void other_shells_get_nothing(void **state)
{
	(void)state;
	struct page page;
	assert_false(lb_help_completion("tcsh", begin(&page)));
	assert_string_equal(end(&page), "");
	release(&page);
}

static void no_verb_has_two_options_of_one_name_or_letter(void **state)
{
	(void)state;
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		const struct lb_option *one;
		const struct lb_option *other;
		for (size_t j = 0; (one = lb_verb_option(lb_verbs[i], j)) != NULL; j++) {
			assert_non_null(one->help);
			for (size_t k = 0; k < j; k++) {
				other = lb_verb_option(lb_verbs[i], k);
				assert_string_not_equal(one->name, other->name);
				assert_true(one->letter == 0 || one->letter != other->letter);
			}
		}
	}
}

/* A line of a shell may begin or end with other commands; lakebeat's own words are
 * what counts. */
static void assert_parses(const char *command)
{
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	struct lb_arguments arguments;
	const char *const *words;
	const char *own = command;
	for (const char *at = command; (at = strstr(at, "lakebeat ")) != NULL; at++) {
		own = at;
	}
	char *line = strndup(own, strcspn(own, "|>)"));
	assert_non_null(line);
	assert_int_equal(lb_words_split(line, &arena, &words, &error), LB_OK);
	const struct lb_verb *verb = lb_verb_find(words[1]);
	assert_non_null(verb);
	char *rest[16];
	size_t count = 0;
	for (; words[count + 2] != NULL && count < 16; count++) {
		rest[count] = lb_arena_strdup(&arena, words[count + 2]);
	}
	if (lb_arguments_parse(verb, count, rest, &arena, &arguments, &error) != LB_OK) {
		fail_msg("%s: %s", command, error.message);
	}
	free(line);
	lb_arena_finish(&arena);
}

static void every_example_is_one_that_lakebeat_takes(void **state)
{
	(void)state;
	size_t count = 0;
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		const struct lb_example *example = lb_verbs[i]->examples;
		for (; example != NULL && example->command != NULL; example++) {
			if (strstr(example->command, "lakebeat ") != NULL) {
				assert_parses(example->command);
				count++;
			}
		}
	}
	assert_true(count > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_overview_names_every_verb),
		cmocka_unit_test(the_help_of_a_verb_names_all_that_it_takes_in_lines_that_fit),
		cmocka_unit_test(the_manual_page_names_every_verb_and_option),
		cmocka_unit_test(no_line_of_the_manual_page_is_taken_for_an_unknown_macro),
		cmocka_unit_test(every_shell_s_completion_names_every_verb_and_option),
		cmocka_unit_test(other_shells_get_nothing),
		cmocka_unit_test(no_verb_has_two_options_of_one_name_or_letter),
		cmocka_unit_test(every_example_is_one_that_lakebeat_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
