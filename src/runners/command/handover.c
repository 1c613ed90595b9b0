#include "runners/command/handover.h"

#include "runners/event_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct variable_list LB_LIST_OF(char *);

static bool has_variable(const struct variable_list *list, const char *variable)
{
	size_t length = strcspn(variable, "=");
	for (size_t i = 0; i < list->count; i++) {
		if (strncmp(list->items[i], variable, length) == 0 &&
		    list->items[i][length] == '=') {
			return true;
		}
	}
	return false;
}

/* variable: may be NULL, out of memory. The first of a name wins. */
static bool add_variable(struct lb_arena *arena, struct variable_list *list, char *variable)
{
	if (variable != NULL && has_variable(list, variable)) {
		return true;
	}
	char **added = variable != NULL ? lb_list_add(arena, list) : NULL;
	if (added != NULL) {
		*added = variable;
	}
	return added != NULL;
}

static char *parameter_variable(struct lb_arena *arena, const struct lb_parameter *parameter)
{
	char *variable = lb_arena_printf(arena, "LAKEBEAT_%s=%s", parameter->name,
					 parameter->value != NULL ? parameter->value : "");
	size_t name_end = strlen("LAKEBEAT_") + strlen(parameter->name);
	for (size_t i = 0; variable != NULL && i < name_end; i++) {
		char byte = variable[i];
		if (byte >= 'a' && byte <= 'z') {
			variable[i] = (char)(byte - 'a' + 'A');
		} else if (!(byte >= 'A' && byte <= 'Z') && !(byte >= '0' && byte <= '9')) {
			variable[i] = '_';
		}
	}
	return variable;
}

static bool add_run_variables(struct lb_arena *arena, struct variable_list *list,
			      const struct lb_submission *submission, const char *events_file)
{
	const struct lb_run *run = submission->run;
	const char *name = submission->trigger_job_name;
	char *const variables[] = {
		lb_arena_printf(arena, "LAKEBEAT_TRIGGER_JOB_ID=%s", run->trigger_job_id),
		lb_arena_printf(arena, "LAKEBEAT_TRIGGER_JOB_NAME=%s", name != NULL ? name : ""),
		lb_arena_printf(arena, "LAKEBEAT_RUN_TOKEN=%s", run->token),
		lb_arena_printf(arena, "LAKEBEAT_RUN_NO=%" PRId64, run->run_no),
		lb_arena_printf(arena, "LAKEBEAT_ATTEMPT=%d", run->attempt),
		lb_arena_printf(arena, "LAKEBEAT_EVENTS_FILE=%s", events_file),
	};
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!add_variable(arena, list, variables[i])) {
			return false;
		}
	}
	return true;
}

char **lb_command_environment(struct lb_arena *arena, char *const *inherited,
			      const struct lb_submission *submission, const char *events_file)
{
	struct variable_list list = {0};
	bool enough = add_run_variables(arena, &list, submission, events_file);
	const struct lb_parameter_list *parameters = submission->parameters;
	for (size_t i = 0; enough && parameters != NULL && i < parameters->count; i++) {
		enough = add_variable(arena, &list,
				      parameter_variable(arena, &parameters->items[i]));
	}
	struct variable_list own = list;
	for (size_t i = 0; enough && inherited[i] != NULL; i++) {
		char **added = has_variable(&own, inherited[i]) ? NULL : lb_list_add(arena, &list);
		if (added != NULL) {
			*added = inherited[i];
		}
		enough = added != NULL || has_variable(&own, inherited[i]);
	}
	return enough && lb_list_add(arena, &list) != NULL ? list.items : NULL;
}

static char *dump(const json_t *json)
{
	char *dumped = json_dumps(json, JSON_INDENT(2));
	size_t length = dumped != NULL ? strlen(dumped) : 0;
	char *text = dumped != NULL ? lb_alloc(length + 2) : NULL;
	if (text != NULL) {
		memcpy(text, dumped, length);
		text[length] = '\n';
	}
	free(dumped);
	return text;
}

char *lb_command_events_json(const struct lb_event_list *events)
{
	json_t *array = json_array();
	char *text = NULL;
	bool enough = array != NULL;
	for (size_t i = 0; enough && events != NULL && i < events->count; i++) {
		enough = json_array_append_new(array, lb_event_json(&events->items[i])) == 0;
	}
	if (enough) {
		text = dump(array);
	}
	json_decref(array);
	return text;
}
