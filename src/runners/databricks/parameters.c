#include "runners/databricks/parameters.h"

#include "core/names.h"
#include "runners/event_json.h"

#include <string.h>

/* An event has more than 80 bytes of names alone. */
#define LISTED_MAX (LB_DATABRICKS_PARAMETERS_BYTES_MAX / 80)

/* How long text is as a JSON string, its quotes included. */
static size_t json_length(const char *text)
{
	size_t length = 2;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		bool escaped = byte == '"' || byte == '\\' || byte == '\n' || byte == '\r' ||
			       byte == '\t' || byte == '\b' || byte == '\f';
		length += escaped ? 2 : byte < ' ' ? 6 : 1;
	}
	return length;
}

/* Owned: lb_free. NULL: no memory. */
static char *dump(const json_t *json)
{
	size_t length = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = length > 0 ? lb_alloc(length + 1) : NULL;
	if (text != NULL) {
		(void)json_dumpb(json, text, length, JSON_COMPACT);
	}
	return text;
}

/* An array of the first count of some events. total: how many there are in all;
 * if more, a marker says so. Owned: lb_free. NULL: no memory. */
static char *dump_events(const json_t *events, size_t count, size_t total)
{
	json_t *array = json_array();
	bool enough = array != NULL;
	for (size_t i = 0; enough && i < count; i++) {
		enough = json_array_append(array, json_array_get(events, i)) == 0;
	}
	if (enough && count < total) {
		enough = json_array_append_new(array,
					       json_pack("{s:b, s:I, s:I}", "truncated", 1,
							 "events", (json_int_t)total, "left_out",
							 (json_int_t)(total - count))) == 0;
	}
	char *text = enough ? dump(array) : NULL;
	json_decref(array);
	return text;
}

/* All of them if they fit into room bytes; else as many as do beside the marker,
 * found by halving; at least the marker. */
static char *dump_what_fits(const json_t *events, size_t total, size_t room)
{
	size_t too_many = json_array_size(events);
	char *text = dump_events(events, too_many, total);
	if (text == NULL || json_length(text) <= room) {
		return text;
	}
	lb_free(text);
	size_t fits = 0;
	while (too_many - fits > 1) {
		size_t count = fits + (too_many - fits) / 2;
		text = dump_events(events, count, total);
		if (text == NULL) {
			return NULL;
		}
		*(json_length(text) <= room ? &fits : &too_many) = count;
		lb_free(text);
	}
	return dump_events(events, fits, total);
}

/* The first of them, but more than could ever fit. */
static json_t *list_events(const struct lb_event_list *events)
{
	json_t *array = json_array();
	for (size_t i = 0; array != NULL && i < events->count && i < LISTED_MAX; i++) {
		if (json_array_append_new(array, lb_event_json(&events->items[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static size_t dumped_length(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT);
}

/* Adds lakebeat_events in the room that the others leave. */
static bool add_events(json_t *parameters, const struct lb_event_list *events)
{
	static const char rest[] = ",\"lakebeat_events\":";
	static const struct lb_event_list none;
	events = events != NULL ? events : &none;
	json_t *all = list_events(events);
	size_t taken = dumped_length(parameters) + sizeof(rest) - 1;
	size_t room = taken < LB_DATABRICKS_PARAMETERS_BYTES_MAX
			      ? LB_DATABRICKS_PARAMETERS_BYTES_MAX - taken
			      : 0;
	char *text = all != NULL ? dump_what_fits(all, events->count, room) : NULL;
	bool added = text != NULL &&
		     json_object_set_new(parameters, "lakebeat_events", json_string(text)) == 0;
	lb_free(text);
	json_decref(all);
	return added;
}

static json_t *make_parameters(const struct lb_submission *submission)
{
	const struct lb_parameter_list *list = submission->parameters;
	json_t *parameters = json_object();
	bool enough = parameters != NULL;
	for (size_t i = 0; enough && list != NULL && i < list->count; i++) {
		const char *value = list->items[i].value;
		enough = json_object_set_new(parameters, list->items[i].name,
					     lb_event_json_text(value != NULL ? value : "")) == 0;
	}
	if (!enough || !add_events(parameters, submission->events)) {
		json_decref(parameters);
		return NULL;
	}
	return parameters;
}

enum lb_err lb_databricks_run_now_body(const struct lb_submission *submission, bool with_parameters,
				       bool queue, char **ret_body, struct lb_error *error)
{
	int64_t job_id;
	if (!lb_trigger_job_number(submission->run->trigger_job_id, &job_id)) {
		return lb_fail(error, LB_REFUSED,
			       "trigger_job_id \"%.100s\" is not the number of a Databricks job",
			       submission->run->trigger_job_id);
	}
	json_t *body =
		json_pack("{s:I, s:s, s:{s:b}}", "job_id", (json_int_t)job_id, "idempotency_token",
			  submission->run->token, "queue", "enabled", queue ? 1 : 0);
	bool enough = body != NULL &&
		      (!with_parameters || json_object_set_new(body, "job_parameters",
							       make_parameters(submission)) == 0);
	*ret_body = enough ? dump(body) : NULL;
	json_decref(body);
	return *ret_body != NULL ? LB_OK : lb_fail_nomem(error);
}
