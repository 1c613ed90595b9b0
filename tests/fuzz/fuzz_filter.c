/* pathGlobFilter. First line: the glob; then names. */
#include "fuzz/fuzz.h"
#include "sources/trigger_file/filter.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	struct lb_trigger_file_options options = {.path_glob_filter = fuzz_line(&rest)};
	struct lb_filter filter = {0};
	struct lb_error error = {0};
	if (lb_filter_init(&filter, &options, &error) == LB_OK) {
		for (const char *name; (name = fuzz_line(&rest)) != NULL;) {
			bool accepted = lb_filter_accepts_name(&filter, name);
			assert(!accepted || (*name != '.' && *name != '_' && *name != '\0'));
			assert(!accepted || strchr(name, '/') == NULL);
		}
	} else {
		fuzz_check_error(&error);
	}
	lb_filter_finish(&filter);
	lb_arena_finish(&arena);
	return 0;
}
