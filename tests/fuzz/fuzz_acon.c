/* One ACON, as people bring it from the original. */
#include "base/text.h"
#include "config/load.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_config *config = NULL;
	struct lb_error error = {0};
	assert(setenv("FUZZ_SECRET", "x", 1) == 0);
	fuzz_confine();
	const char *acon = fuzz_file(data, size);
	struct lb_overrides overrides = {
		.acons = &acon, .acon_count = 1, .store = "sqlite:/nowhere/fuzz.db"};
	enum lb_err err = lb_config_load(&overrides, &arena, &problems, &config, &error);
	fuzz_check_problems(&problems);
	if (err == LB_OK) {
		assert(config->acons.count == 1);
		const char *location = config->acons.items[0].base_trigger_file_location;
		assert(*location == '/' || lb_text_starts_with(location, "s3://"));
		assert(config->acons.items[0].field_count < 64);
	} else {
		fuzz_check_error(&error);
	}
	lb_config_destroy(config);
	lb_arena_finish(&arena);
	return 0;
}
