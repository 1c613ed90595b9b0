/* The whole configuration file, lakebeat.yaml: YAML and JSON, all settings, inline ACONs,
 * references to secrets. */
#include "config/load.h"
#include "config/show.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "hunter2-of-the-fuzzer"

/* What was written openly is no secret. */
static bool is_written(const uint8_t *data, size_t size)
{
	return memmem(data, size, SECRET, strlen(SECRET)) != NULL;
}

static void check_secrets(const struct lb_problem_list *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		assert(strstr(problems->items[i].text, SECRET) == NULL);
		assert(strstr(problems->items[i].place, SECRET) == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_config *config = NULL;
	struct lb_error error = {0};
	struct lb_overrides overrides = {.config = fuzz_file(data, size)};
	assert(setenv("FUZZ_SECRET", SECRET, 1) == 0);
	enum lb_err err = lb_config_load(&overrides, &arena, &problems, &config, &error);
	assert((err == LB_OK) == (config != NULL));
	fuzz_check_problems(&problems);
	bool secret = !is_written(data, size);
	if (secret) {
		check_secrets(&problems);
	}
	if (err != LB_OK) {
		fuzz_check_error(&error);
		assert(!secret || strstr(error.message, SECRET) == NULL);
	}
	lb_config_destroy(config);
	lb_arena_finish(&arena);
	return 0;
}
