/* The command line. First line: a verb; then a word a line. And the same text as words
 * that a shell would split (--runner-argv). */
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verb.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define WORDS_MAX 64

static void split(struct lb_arena *arena, const char *text)
{
	const char *const *words;
	struct lb_error error = {0};
	if (lb_words_split(text, arena, &words, &error) == LB_OK) {
		assert(words[0] != NULL);
	} else {
		fuzz_check_error(&error);
	}
}

static void parse(struct lb_arena *arena, const struct lb_verb *verb, char *rest)
{
	char *words[WORDS_MAX];
	size_t count = 0;
	while (count < WORDS_MAX && (words[count] = fuzz_line(&rest)) != NULL) {
		count++;
	}
	struct lb_arguments arguments = {0};
	struct lb_error error = {0};
	if (lb_arguments_parse(verb, count, words, arena, &arguments, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	assert(arguments.operands.count <= count);
	for (size_t i = 0; i < arguments.given.count; i++) {
		assert(lb_argument_given(&arguments, arguments.given.items[i].option->name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	split(&arena, rest);
	const char *name = fuzz_line(&rest);
	for (const struct lb_verb *const *verb = lb_verbs; *verb != NULL; verb++) {
		if (lb_text_equal((*verb)->name, name)) {
			parse(&arena, *verb, rest);
		}
	}
	lb_arena_finish(&arena);
	return 0;
}
