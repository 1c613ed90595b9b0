/* A job's argv as configured, a word a line; the first two lines are the job's id and
 * name, from the control table. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "runners/command/template.h"

#include <string.h>

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	char *rest = fuzz_text(&arena, data, size);
	struct lb_command_words words = {.trigger_job_id = fuzz_line(&rest)};
	words.trigger_job_name = fuzz_line(&rest);
	const char *argv[WORDS_MAX + 1] = {NULL};
	size_t count = 0;
	while (count < WORDS_MAX && (argv[count] = fuzz_line(&rest)) != NULL) {
		count++;
	}
	if (lb_command_template_check(argv, &error) != LB_OK) {
		fuzz_check_error(&error);
		lb_arena_finish(&arena);
		return 0;
	}
	char **expanded;
	enum lb_err err = lb_command_template_expand(&arena, argv, &words, &expanded, &error);
	if (err == LB_OK) {
		for (size_t i = 0; i < count; i++) {
			assert(expanded[i] != NULL);
		}
		assert(expanded[count] == NULL && *expanded[0] != '\0');
		/* A program with a fixed path is never another one for another job. */
		assert(strchr(argv[0], '{') != NULL || strcmp(argv[0], expanded[0]) == 0);
	} else {
		fuzz_check_error(&error);
	}
	lb_arena_finish(&arena);
	return 0;
}
