/* One setting's value. First line: its key; then the text, of a list a line each.
 * What is taken lies in its range, and what is shown of it reads back the same. */
#include "base/text.h"
#include "config/config.h"
#include "config/value.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define FOLDER "/folder of the file"

union values {
	struct lb_config file;
	struct lb_runner_settings runner;
	struct lb_job_settings job;
	struct lb_acon acon;
};

static const struct lb_setting *find(const char *key)
{
	const struct lb_setting *setting = NULL;
	for (int scope = 0; setting == NULL && scope < LB_SCOPE_MAX; scope++) {
		setting = lb_setting_find((enum lb_setting_scope)scope, key);
	}
	return setting;
}

static struct lb_node make_list(struct lb_arena *arena, char *rest)
{
	struct lb_node list = {.kind = LB_NODE_LIST, .line = 1};
	for (const char *line; (line = fuzz_line(&rest)) != NULL;) {
		struct lb_node *item = lb_list_add(arena, &list.items);
		assert(item != NULL);
		*item = (struct lb_node){
			.kind = LB_NODE_TEXT, .line = 2, .text = line, .written = line};
	}
	return list;
}

static struct lb_node make_node(struct lb_arena *arena, const struct lb_setting *setting,
				char *text)
{
	if (setting->type == LB_SETTING_ARGV) {
		return make_list(arena, text);
	}
	return (struct lb_node){.kind = LB_NODE_TEXT, .line = 1, .text = text, .written = text};
}

static bool set(struct lb_report *report, const struct lb_setting *setting,
		const struct lb_node *node, union values *values)
{
	struct lb_reader reader = {
		.report = report, .arena = report->arena, .file = "lakebeat.yaml"};
	reader.folder = setting->type == LB_SETTING_PATH ? FOLDER : NULL;
	size_t errors = report->errors;
	bool taken = lb_value_set(&reader, setting, node, setting->key, values);
	assert(taken == (report->errors == errors));
	fuzz_check_problems(report->problems);
	return taken;
}

static void check_range(const struct lb_setting *setting, const union values *values)
{
	const unsigned char *at = (const unsigned char *)values + setting->offset;
	int64_t number = setting->least;
	int count;
	if (setting->type == LB_SETTING_COUNT) {
		memcpy(&count, at, sizeof(count));
		number = count;
	} else if (setting->type == LB_SETTING_DURATION || setting->type == LB_SETTING_HOURS ||
		   setting->type == LB_SETTING_PRICE) {
		memcpy(&number, at, sizeof(number));
	}
	assert(number >= setting->least && number <= setting->most);
	const char *address = NULL;
	if (setting->type == LB_SETTING_ADDRESS) {
		memcpy(&address, at, sizeof(address));
		assert(strpbrk(address, " \t\r\n\x1b") == NULL);
	}
}

static const char *show(struct lb_arena *arena, const struct lb_setting *setting,
			const union values *values)
{
	struct lb_error error;
	const char *text;
	assert(lb_value_text(arena, setting, values, &text, &error) == LB_OK);
	return text;
}

/* As it would be read from a file that somebody wrote by what was shown. */
static struct lb_node read_shown(struct lb_report *report, const struct lb_setting *setting,
				 char *shown)
{
	struct lb_node node;
	struct lb_text_file file = {.bytes = shown, .length = strlen(shown)};
	if (setting->type != LB_SETTING_ARGV) {
		return make_node(report->arena, setting, shown);
	}
	assert(lb_node_parse(&file, "shown", report->arena, report, &node));
	return node;
}

static void check_round_trip(struct lb_report *report, const struct lb_setting *setting,
			     const union values *values)
{
	const char *shown = show(report->arena, setting, values);
	if (shown == NULL) {
		return;
	}
	union values again = {0};
	char *copy = lb_arena_strdup(report->arena, shown);
	assert(copy != NULL);
	struct lb_node node = read_shown(report, setting, copy);
	assert(set(report, setting, &node, &again));
	assert(lb_text_equal(show(report->arena, setting, &again), shown));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_report report = {.arena = &arena, .problems = &problems};
	char *rest = fuzz_text(&arena, data, size);
	const char *key = fuzz_line(&rest);
	const struct lb_setting *setting = find(key);
	/* That a file is UTF-8 is seen to before. */
	if (setting != NULL && setting->type != LB_SETTING_SECTION &&
	    setting->type != LB_SETTING_IGNORED && rest != NULL && lb_utf8_valid(rest)) {
		union values values = {0};
		struct lb_node node = make_node(&arena, setting, rest);
		if (set(&report, setting, &node, &values)) {
			check_range(setting, &values);
			check_round_trip(&report, setting, &values);
		}
	}
	lb_arena_finish(&arena);
	return 0;
}
