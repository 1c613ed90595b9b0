/* The Jobs API's own: run-now, get, list. */
#include "support/workspace/must.h"
#include "support/workspace/run_json.h"
#include "support/workspace/workspace.h"

#include <inttypes.h>
#include <string.h>

#define TOKEN_CHARACTERS_MAX 64
#define PARAMETERS_BYTES_MAX 10000
#define LIST_LIMIT_MAX 100
#define LIST_LIMIT 20

static const char *const needed[] = {
	[PERMISSION_NONE] = "",
	[PERMISSION_VIEW] = "View or Admin or Manage Run or Owner",
	[PERMISSION_MANAGE_RUN] = "Admin or Manage Run or Owner",
	[PERMISSION_OWNER] = "Admin or Owner",
};

struct job *job_for(const struct workspace *workspace, int64_t id, enum permission permission,
		    struct answer *answer)
{
	struct job *job = world_job(&workspace->world, id);
	if (job == NULL) {
		answer_missing(workspace, answer, "Job", id);
	} else if (job->permission < permission) {
		answer_error(answer, 403, "PERMISSION_DENIED",
			     "User %s does not have %s permissions on job %" PRId64, PRINCIPAL,
			     needed[permission], id);
		job = NULL;
	}
	return job;
}

/* UTF-8: bytes that do not continue a character. */
static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++) {
		count += ((unsigned char)*text & 0xC0) != 0x80;
	}
	return count;
}

static bool accept_token(const char *token, struct answer *answer)
{
	if (token != NULL && characters(token) > TOKEN_CHARACTERS_MAX) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "idempotency_token must have at most %d characters.",
			     TOKEN_CHARACTERS_MAX);
		return false;
	}
	return true;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text > 127) {
			return false;
		}
	}
	return true;
}

/* As {"name": value}, in bytes. */
static size_t json_bytes(const char *name, json_t *value)
{
	char *text = must(json_dumps(value, JSON_COMPACT));
	size_t bytes = strlen(text) + strlen(name) + strlen("{\"\":}");
	free(text);
	return bytes;
}

static bool accept_sizes(const json_t *fields, struct answer *answer)
{
	static const char *const limited[] = {
		"job_parameters",      "notebook_params",     "jar_params", "python_params",
		"spark_submit_params", "python_named_params", "sql_params"};
	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++) {
		json_t *value = json_object_get(fields, limited[i]);
		if (value != NULL && json_bytes(limited[i], value) > PARAMETERS_BYTES_MAX) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "The JSON representation of %s cannot exceed %d bytes.",
				     limited[i], PARAMETERS_BYTES_MAX);
			return false;
		}
	}
	return true;
}

static bool accept_names(const json_t *fields, struct answer *answer)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(fields, "job_parameters"), name, value)
	{
		size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-.");
		if (good == 0 || name[good] != '\0') {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "Invalid parameter name: %.100s", name);
			return false;
		}
	}
	return true;
}

static bool accept_ascii(const json_t *fields, const char *field, struct answer *answer)
{
	size_t index;
	json_t *value;
	json_array_foreach(json_object_get(fields, field), index, value)
	{
		if (!is_ascii(json_string_value(value))) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "Non-ASCII characters are not allowed in %s.", field);
			return false;
		}
	}
	return true;
}

static bool accept_queue(const json_t *fields, struct answer *answer)
{
	const json_t *queue = json_object_get(fields, "queue");
	if (queue != NULL &&
	    (json_object_size(queue) != 1 || !json_is_boolean(json_object_get(queue, "enabled")))) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "queue is {\"enabled\": true} or {\"enabled\": false}.");
		return false;
	}
	return true;
}

static bool accept_choices(const json_t *fields, struct answer *answer)
{
	const char *target = json_string_value(json_object_get(fields, "performance_target"));
	if (target != NULL && strcmp(target, "STANDARD") != 0 &&
	    strcmp(target, "PERFORMANCE_OPTIMIZED") != 0) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "Unknown performance_target.");
		return false;
	}
	if (json_object_get(fields, "notebook_params") != NULL &&
	    json_object_get(fields, "jar_params") != NULL) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "notebook_params cannot be specified in conjunction with jar_params.");
		return false;
	}
	size_t index;
	json_t *value;
	json_array_foreach(json_object_get(fields, "only"), index, value)
	{
		const char *key = json_string_value(value);
		if (strcmp(key + (*key == '+'), TASK_KEY) != 0 && strcmp(key, TASK_KEY "+") != 0) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "No task has key %.100s.", key);
			return false;
		}
	}
	return true;
}

static void answer_run(struct answer *answer, const struct run *run)
{
	char text[96];
	(void)snprintf(text, sizeof(text), "{\"run_id\":%" PRId64 ",\"number_in_job\":%" PRId64 "}",
		       run->id, run->id);
	answer_text(answer, 200, "application/json", text);
}

/* Whether the token had a run already, and what is then said. */
static bool repeat(struct workspace *workspace, const struct job *job, const char *token,
		   const char *parameters, struct answer *answer)
{
	struct world *world = &workspace->world;
	struct run *run = token != NULL ? world_run_of_token(world, token) : NULL;
	if (run == NULL) {
		return false;
	}
	if (!world_run_exists(world, run)) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "The run of this idempotency_token was deleted.");
	} else if (run->job != job) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "This idempotency_token was used for another job.");
	} else {
		run->asked++;
		world->deduplicated++;
		world->bodies_changed += strcmp(run->parameters != NULL ? run->parameters : "",
						parameters != NULL ? parameters : "") != 0;
		answer_run(answer, run);
	}
	return true;
}

static void start(struct workspace *workspace, struct job *job, const char *token,
		  const char *parameters, const json_t *queue, struct answer *answer)
{
	int64_t most = workspace->settings.active_runs_max;
	if (most > 0 && (int64_t)workspace->world.active >= most) {
		answer_error(answer, 429, "REQUEST_LIMIT_EXCEEDED",
			     "There are already %zu active runs (limit: %" PRId64 ").",
			     workspace->world.active, most);
		return;
	}
	bool may_wait = field_boolean(queue, "enabled", job->queue);
	struct run *run = world_start(&workspace->world, job, token, parameters, may_wait);
	if (run == NULL) {
		answer_error(answer, 400, "QUOTA_EXCEEDED", "The workspace has too many runs.");
	} else {
		run->asked = 1;
		answer_run(answer, run);
	}
}

static void serve_run_now(struct workspace *workspace, const struct request *request,
			  const json_t *fields, struct answer *answer)
{
	(void)request;
	const char *token = json_string_value(json_object_get(fields, "idempotency_token"));
	if (!accept_token(token, answer) || !accept_sizes(fields, answer) ||
	    !accept_names(fields, answer) || !accept_ascii(fields, "python_params", answer) ||
	    !accept_ascii(fields, "spark_submit_params", answer) || !accept_queue(fields, answer) ||
	    !accept_choices(fields, answer)) {
		return;
	}
	struct job *job = job_for(workspace, field_integer(fields, "job_id", 0),
				  PERMISSION_MANAGE_RUN, answer);
	if (job == NULL) {
		return;
	}
	token = token != NULL && *token != '\0' ? token : NULL;
	json_t *given = json_object_get(fields, "job_parameters");
	char *parameters = given != NULL ? must(json_dumps(given, JSON_COMPACT)) : NULL;
	if (!repeat(workspace, job, token, parameters, answer)) {
		start(workspace, job, token, parameters, json_object_get(fields, "queue"), answer);
	}
	free(parameters);
}

static void serve_get(struct workspace *workspace, const struct request *request,
		      const json_t *fields, struct answer *answer)
{
	(void)request;
	int64_t at = 0;
	const struct job *job =
		job_for(workspace, field_integer(fields, "job_id", 0), PERMISSION_VIEW, answer);
	if (job != NULL && page_position(fields, "a job has one page", &at, answer)) {
		answer_json(answer, 200, job_json(job, true));
	}
}

static bool is_listed(const struct job *job, const char *name)
{
	return job->permission >= PERMISSION_VIEW &&
	       (name == NULL || strcasecmp(name, job->name) == 0);
}

static void serve_list(struct workspace *workspace, const struct request *request,
		       const json_t *fields, struct answer *answer)
{
	const struct job_list *jobs = &workspace->world.jobs;
	const char *name = json_string_value(json_object_get(fields, "name"));
	int64_t limit = field_integer(fields, "limit", LIST_LIMIT);
	int64_t after = INT64_MIN;
	char list[128];
	(void)snprintf(list, sizeof(list), "jobs %.100s", name != NULL ? name : "");
	if (limit < 1 || limit > LIST_LIMIT_MAX) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "Invalid limit %" PRId64 " - it has to be between 1 and %d.", limit,
			     LIST_LIMIT_MAX);
		return;
	}
	if (!page_position(fields, list, &after, answer)) {
		return;
	}
	json_t *page = must(json_array());
	json_t *json = must(json_object());
	bool more = false;
	for (size_t i = 0; i < jobs->count && !more; i++) {
		const struct job *job = jobs->items[i];
		if (job->id <= after || !is_listed(job, name)) {
			continue;
		}
		more = (int64_t)json_array_size(page) == limit;
		if (!more) {
			(void)json_array_append_new(
				page, job_json(job, field_boolean(fields, "expand_tasks", false)));
			(void)json_object_set_new(
				json, "next_page_token",
				json_string(page_token(request->arena, list, job->id)));
		}
	}
	if (!more) {
		(void)json_object_del(json, "next_page_token");
	}
	(void)json_object_set_new(json, "has_more", json_boolean(more));
	if (json_array_size(page) > 0) {
		(void)json_object_set(json, "jobs", page);
	}
	json_decref(page);
	answer_json(answer, 200, json);
}

static const struct field run_now_fields[] = {
	{"job_id", FIELD_INTEGER, true},
	{"idempotency_token", FIELD_TEXT, false},
	{"job_parameters", FIELD_TEXT_MAP, false},
	{"notebook_params", FIELD_TEXT_MAP, false},
	{"jar_params", FIELD_TEXTS, false},
	{"python_params", FIELD_TEXTS, false},
	{"spark_submit_params", FIELD_TEXTS, false},
	{"python_named_params", FIELD_TEXT_MAP, false},
	{"sql_params", FIELD_TEXT_MAP, false},
	{"dbt_commands", FIELD_TEXTS, false},
	{"pipeline_params", FIELD_OBJECT, false},
	{"queue", FIELD_OBJECT, false},
	{"only", FIELD_TEXTS, false},
	{"performance_target", FIELD_TEXT, false},
	{0},
};
static const struct field get_fields[] = {
	{"job_id", FIELD_INTEGER, true},
	{"include_trigger_state", FIELD_BOOLEAN, false},
	{"page_token", FIELD_TEXT, false},
	{0},
};
static const struct field list_fields[] = {
	{"limit", FIELD_INTEGER, false},
	{"name", FIELD_TEXT, false},
	{"expand_tasks", FIELD_BOOLEAN, false},
	{"page_token", FIELD_TEXT, false},
	{0},
};

const struct route jobs_routes[] = {
	{"POST", "/api/2.2/jobs/run-now", run_now_fields, serve_run_now},
	{"GET", "/api/2.2/jobs/get", get_fields, serve_get},
	{"GET", "/api/2.2/jobs/list", list_fields, serve_list},
	{0},
};
