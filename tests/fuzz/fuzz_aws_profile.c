/* The INI files of ~/.aws: the first byte says which of the two. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "net/aws_chain.h"

#include <stdlib.h>
#include <string.h>

static const char *no_variable(void *data, const char *name)
{
	(void)data;
	(void)name;
	return NULL;
}

/* Each text that was read lies within the file, ends, and is trimmed. */
static void check_settings(const struct lb_aws_profiles *profiles, const char *text, size_t length)
{
	for (size_t i = 0; i < profiles->settings.count; i++) {
		const struct lb_aws_setting *setting = &profiles->settings.items[i];
		assert(setting->value >= text && setting->value <= text + length);
		assert(setting->name >= text && setting->name < text + length);
		assert(*setting->name != '\0' && setting->line > 0);
		assert(strchr(setting->name, '=') == NULL);
		assert(*setting->value != ' ' && *setting->value != '\t');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	enum lb_aws_file file = data[0] & 1 ? LB_AWS_CREDENTIALS_FILE : LB_AWS_CONFIG_FILE;
	char *text = lb_alloc(size);
	assert(text != NULL);
	memcpy(text, data + 1, size - 1);
	size_t length = strlen(text);
	struct lb_aws_profiles profiles = {0};
	struct lb_error error = {0};
	if (lb_aws_profiles_parse(&profiles, file, text, &error) == LB_OK) {
		check_settings(&profiles, text, length);
		struct lb_aws_environment environment = {no_variable, NULL};
		struct lb_aws_plan plan;
		struct lb_arena arena = {0};
		for (size_t i = 0; i < profiles.profiles.count; i++) {
			struct lb_aws_settings settings = {.profile = profiles.profiles.items[i]};
			struct lb_error unused = {0};
			(void)!lb_aws_chain_decide(&settings, &environment, &profiles, &arena,
						   &plan, &unused);
		}
		lb_arena_finish(&arena);
	}
	lb_aws_profiles_finish(&profiles);
	return 0;
}
