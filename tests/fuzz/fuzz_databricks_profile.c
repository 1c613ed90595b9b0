/* ~/.databrickscfg, and each host in it as the address of a workspace. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "runners/databricks/domain.h"
#include "runners/databricks/profile.h"

#include <string.h>

static void check_domain(struct lb_arena *arena, const char *text)
{
	struct lb_databricks_domain domain = {0};
	struct lb_error error = {0};
	if (lb_databricks_domain_parse(text, arena, &domain, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	struct lb_databricks_domain again = {0};
	assert(lb_text_starts_with(domain.origin, "https://") ||
	       lb_text_starts_with(domain.origin, "http://"));
	assert(strpbrk(domain.origin, " @?#\r\n") == NULL);
	assert(lb_databricks_domain_parse(domain.origin, arena, &again, &error) == LB_OK);
	assert(strcmp(again.origin, domain.origin) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	struct lb_databricks_entry_list entries = {0};
	char *text = fuzz_text(&arena, data, size);
	if (lb_databricks_profiles_parse(text, &arena, &entries, &error) != LB_OK) {
		fuzz_check_error(&error);
	}
	for (size_t i = 0; i < entries.count; i++) {
		const struct lb_databricks_entry *entry = &entries.items[i];
		assert(entry->section != NULL);
		assert(lb_databricks_profile_exists(&entries, entry->section));
		if (entry->key != NULL && strcmp(entry->key, "host") == 0) {
			check_domain(&arena, entry->value);
		}
	}
	lb_arena_finish(&arena);
	return 0;
}
