/* pathGlobFilter. First line: the glob; then names. */
#include "fuzz/fuzz.h"
#include "sources/trigger_file/filter.h"

#include <string.h>

static bool is_plain(const char *glob)
{
	return strpbrk(glob, "[]{}\\") == NULL;
}

/* What a glob of '*', '?' and characters means, written down once more. */
static bool matches(const char *glob, const char *name)
{
	const char *star = NULL;
	const char *retry = NULL;
	while (*name != '\0') {
		if (*glob == '*') {
			star = glob++;
			retry = name;
		} else if (*glob == '?' || (*glob == *name && *glob != '\0')) {
			glob++;
			name++;
		} else if (star != NULL) {
			glob = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	return glob[strspn(glob, "*")] == '\0';
}

static void check_name(const struct lb_filter *filter, const char *glob, const char *name)
{
	bool accepted = lb_filter_accepts_name(filter, name);
	bool may_be = *name != '.' && *name != '_' && *name != '\0' && strchr(name, '/') == NULL;
	assert(may_be || !accepted);
	if (may_be && glob != NULL && is_plain(glob)) {
		assert(accepted == matches(glob, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	struct lb_trigger_file_options options = {.path_glob_filter = fuzz_line(&rest)};
	struct lb_filter filter = {0};
	struct lb_error error = {0};
	if (lb_filter_init(&filter, &options, &error) == LB_OK) {
		for (const char *name; (name = fuzz_line(&rest)) != NULL;) {
			check_name(&filter, options.path_glob_filter, name);
		}
	} else {
		fuzz_check_error(&error);
	}
	lb_filter_finish(&filter);
	lb_arena_finish(&arena);
	return 0;
}
