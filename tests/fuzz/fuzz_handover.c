/* What a started job is told, made of names that others chose: of jobs and of files.
 * Lines: the job's id, its name; then "=value", a parameter, or "sensor_id/file". */
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "runners/command/handover.h"
#include "runners/databricks/parameters.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Their names are lakebeat's own, with one that would displace the run's. */
static void add_parameter(struct lb_arena *arena, struct lb_parameter_list *list, const char *line)
{
	static const char *const names[] = {"file_name", "file_path", "file_size", "run_token"};
	struct lb_parameter *parameter =
		list->count < sizeof(names) / sizeof(names[0]) ? lb_list_add(arena, list) : NULL;
	if (parameter != NULL) {
		parameter->name = names[list->count - 1];
		parameter->value = line + 1;
	}
}

static void add_event(struct lb_arena *arena, struct lb_event_list *list, const char *line)
{
	struct lb_event *event = lb_list_add(arena, list);
	assert(event != NULL);
	size_t length = strcspn(line, "/");
	event->sensor_id = lb_arena_strndup(arena, line, length);
	event->seq = (int64_t)list->count;
	event->file.file_name = line[length] == '/' ? line + length + 1 : line;
	event->file.file_path = line;
	event->file.modified_at_us = list->count % 2 == 0 ? LB_TIME_NONE : LB_SECOND;
}

static size_t count_named(char **environment, const char *name)
{
	size_t count = 0;
	for (; *environment != NULL; environment++) {
		count += lb_text_starts_with(*environment, name) &&
			 (*environment)[strlen(name)] == '=';
	}
	return count;
}

/* What the run is called is its own, and no name comes twice. */
static void check_environment(char **environment)
{
	assert(count_named(environment, "LAKEBEAT_RUN_TOKEN") == 1);
	for (char **at = environment; *at != NULL; at++) {
		if (lb_text_starts_with(*at, "LAKEBEAT_RUN_TOKEN=")) {
			assert(strcmp(*at, "LAKEBEAT_RUN_TOKEN=" TOKEN) == 0);
		}
		if (lb_text_starts_with(*at, "LAKEBEAT_")) {
			char name[256];
			size_t length = strcspn(*at, "=");
			assert((*at)[length] == '=');
			assert(strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length);
			if (length < sizeof(name)) {
				memcpy(name, *at, length);
				name[length] = '\0';
				assert(count_named(environment, name) == 1);
			}
		}
	}
	assert(count_named(environment, "PATH") == 1);
}

/* The exact path comes through, whatever its bytes. */
static void check_path(const json_t *object, const char *path)
{
	const char *text = json_string_value(json_object_get(object, "file_path"));
	const char *encoded = json_string_value(json_object_get(object, "file_path_base64"));
	assert(text != NULL && (encoded == NULL) == lb_utf8_valid(path));
	if (encoded == NULL) {
		assert(strcmp(text, path) == 0);
		return;
	}
	unsigned char *bytes = lb_alloc(strlen(encoded) + 1);
	assert(bytes != NULL);
	int length = EVP_DecodeBlock(bytes, (const unsigned char *)encoded, (int)strlen(encoded));
	assert(length >= (int)strlen(path) && memcmp(bytes, path, strlen(path)) == 0);
	lb_free(bytes);
}

static void check_events(const struct lb_event_list *events)
{
	char *text = lb_command_events_json(events);
	json_error_t error;
	json_t *array = text != NULL ? json_loads(text, 0, &error) : NULL;
	assert(array != NULL && json_array_size(array) == events->count);
	for (size_t i = 0; i < events->count; i++) {
		check_path(json_array_get(array, i), events->items[i].file.file_path);
	}
	json_decref(array);
	lb_free(text);
}

/* A byte takes six at most. Beyond that, what is handed on has no room for the events,
 * and it is for the workspace to refuse it. */
static bool leaves_room(const struct lb_parameter_list *list)
{
	size_t length = 0;
	for (size_t i = 0; i < list->count; i++) {
		length += 6 * strlen(list->items[i].value) + 100;
	}
	return length < LB_DATABRICKS_PARAMETERS_BYTES_MAX - 200;
}

static void check_parameters(const json_t *body, const struct lb_submission *submission)
{
	const json_t *parameters = json_object_get(body, "job_parameters");
	assert(json_is_object(parameters));
	assert(!leaves_room(submission->parameters) ||
	       json_dumpb(parameters, NULL, 0, JSON_COMPACT) <= LB_DATABRICKS_PARAMETERS_BYTES_MAX);
	const json_t *value = json_object_get(parameters, "lakebeat_events");
	json_t *array = json_loads(json_string_value(value), 0, NULL);
	size_t count = submission->events->count;
	size_t shown = json_array_size(array);
	const json_t *last = json_array_get(array, shown > 0 ? shown - 1 : 0);
	bool truncated = json_object_get(last, "truncated") != NULL;
	assert(json_is_array(array) && (truncated ? shown - 1 < count : shown == count));
	json_decref(array);
}

static void check_body(const struct lb_submission *submission)
{
	char *text;
	struct lb_error error = {0};
	if (lb_databricks_run_now_body(submission, true, true, &text, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	json_t *body = json_loads(text, 0, NULL);
	assert(body != NULL);
	assert(json_integer_value(json_object_get(body, "job_id")) > 0);
	const char *token = json_string_value(json_object_get(body, "idempotency_token"));
	assert(lb_text_equal(token, TOKEN));
	check_parameters(body, submission);
	json_decref(body);
	lb_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "PATH=/bin";
	static char token[] = "LAKEBEAT_RUN_TOKEN=another's";
	static char bare[] = "bare";
	static char *const inherited[] = {path, token, bare, NULL};
	struct lb_arena arena = {0};
	struct lb_event_list events = {0};
	struct lb_parameter_list parameters = {0};
	char *rest = fuzz_text(&arena, data, size);
	struct lb_run run = {
		.trigger_job_id = fuzz_line(&rest), .run_no = 1, .attempt = 1, .token = TOKEN};
	struct lb_submission submission = {.run = &run,
					   .trigger_job_name = fuzz_line(&rest),
					   .events = &events,
					   .parameters = &parameters};
	for (char *line; (line = fuzz_line(&rest)) != NULL;) {
		if (*line == '=') {
			add_parameter(&arena, &parameters, line);
		} else {
			add_event(&arena, &events, line);
		}
	}
	char **environment = lb_command_environment(&arena, inherited, &submission, "/events.json");
	assert(environment != NULL);
	check_environment(environment);
	check_events(&events);
	check_body(&submission);
	lb_arena_finish(&arena);
	return 0;
}
