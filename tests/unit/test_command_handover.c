#include "base/time.h"
#include "runners/command/handover.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void json_is(const char *file_name, const char *file_path, int64_t modified_at_us,
		    const char *expected)
{
	struct lb_event event = {.sensor_id = "s",
				 .file = {.file_name = file_name,
					  .file_path = file_path,
					  .modified_at_us = modified_at_us,
					  .size_bytes = 0}};
	const struct lb_event_list events = {&event, 1, 1};
	char *json = lb_command_events_json(&events);
	assert_string_equal(json, expected);
	lb_free(json);
}

static void no_events_are_an_empty_array(void **state)
{
	(void)state;
	const struct lb_event_list none = {0};
	char *json = lb_command_events_json(&none);
	assert_string_equal(json, "[]\n");
	lb_free(json);
	json = lb_command_events_json(NULL);
	assert_string_equal(json, "[]\n");
	lb_free(json);
}

static void names_with_quotes_and_line_feeds_are_escaped(void **state)
{
	(void)state;
	json_is("a\"\n\xc3\xa9", "/b/s/a\"\n\xc3\xa9", 0,
		"[\n  {\n"
		"    \"sensor_id\": \"s\",\n"
		"    \"file_name\": \"a\\\"\\n\xc3\xa9\",\n"
		"    \"file_path\": \"/b/s/a\\\"\\n\xc3\xa9\",\n"
		"    \"file_modification_time\": \"1970-01-01T00:00:00.000Z\",\n"
		"    \"file_size\": 0\n"
		"  }\n]\n");
}

static void bytes_that_are_not_utf8_are_replaced_and_kept_in_base64(void **state)
{
	(void)state;
	json_is("\xff\xc3.txt", "/b/s/\xff\xc3.txt", LB_TIME_NONE,
		"[\n  {\n"
		"    \"sensor_id\": \"s\",\n"
		"    \"file_name\": \"\xef\xbf\xbd\xef\xbf\xbd.txt\",\n"
		"    \"file_path\": \"/b/s/\xef\xbf\xbd\xef\xbf\xbd.txt\",\n"
		"    \"file_modification_time\": null,\n"
		"    \"file_size\": 0,\n"
		"    \"file_path_base64\": \"L2Ivcy//wy50eHQ=\"\n"
		"  }\n]\n");
}

static const char *value_of(char *const *environment, const char *name)
{
	const char *found = NULL;
	size_t length = strlen(name);
	for (size_t i = 0; environment[i] != NULL; i++) {
		if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
			assert_null(found);
			found = environment[i] + length + 1;
		}
	}
	return found;
}

static void the_runs_variables_win_over_parameters_and_these_over_inherited_ones(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_run run = {
		.trigger_job_id = "555", .run_no = 3, .attempt = 1, .token = "the-token"};
	struct lb_parameter items[] = {
		{"run_no", "99"}, {"file_name", "new"}, {"empty", NULL}, {"gr\xc3\xb6sse", "x"}};
	const struct lb_parameter_list parameters = {items, 4, 4};
	const struct lb_submission submission = {.run = &run, .parameters = &parameters};
	char file_name[] = "LAKEBEAT_FILE_NAME=old";
	char run_no[] = "LAKEBEAT_RUN_NO=98";
	char path[] = "PATH=/bin";
	char *const inherited[] = {file_name, run_no, path, NULL};
	char **environment =
		lb_command_environment(&arena, inherited, &submission, "/r/events.json");
	assert_non_null(environment);
	assert_string_equal(value_of(environment, "LAKEBEAT_RUN_NO"), "3");
	assert_string_equal(value_of(environment, "LAKEBEAT_FILE_NAME"), "new");
	assert_string_equal(value_of(environment, "LAKEBEAT_EMPTY"), "");
	assert_string_equal(value_of(environment, "LAKEBEAT_GR__SSE"), "x");
	assert_string_equal(value_of(environment, "LAKEBEAT_TRIGGER_JOB_NAME"), "");
	assert_string_equal(value_of(environment, "LAKEBEAT_EVENTS_FILE"), "/r/events.json");
	assert_string_equal(value_of(environment, "PATH"), "/bin");
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_events_are_an_empty_array),
		cmocka_unit_test(names_with_quotes_and_line_feeds_are_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_and_kept_in_base64),
		cmocka_unit_test(
			the_runs_variables_win_over_parameters_and_these_over_inherited_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
