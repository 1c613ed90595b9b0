/* What tests and people tell the workspace: its own small API, on a port of its own.
 *
 * GET  /_control/state      counts, the clock, tokens' number
 * POST /_control/reset      everything as at the start, but no jobs
 * POST /_control/settings   some of: token_seconds, expires_in_text, active_runs_max,
 *                           missing_status, html
 * POST /_control/jobs       {job_id} and some of: name, setup_ms, duration_ms, cancel_ms,
 *                           max_concurrent_runs, queue, permission (NONE, CAN_VIEW,
 *                           CAN_MANAGE_RUN, IS_OWNER), continuous (PAUSED, UNPAUSED),
 *                           parameters, outcomes (outcome.h)
 * POST /_control/jobs/delete {job_id}
 * GET  /_control/runs       [job_id, from, limit]: with their tokens and parameters, and
 *                           how many requests they are the answer to; deleted ones too
 * POST /_control/runs       {job_id, count}: somebody else starts runs
 * POST /_control/runs/end   {run_id, outcome}
 * POST /_control/runs/delete {run_id}: behind everybody's back
 * POST /_control/clock      {advance_ms, runs}
 * POST /_control/faults     (faults.h); GET: how often they were met
 * POST /_control/faults/clear
 * GET  /_control/requests   [from, limit] (journal.h)
 * POST /_control/tokens/revoke  OAuth's access tokens are good no more
 * POST /_control/listening  {on}: false: connections to the API are refused */
#include "support/workspace/must.h"
#include "support/workspace/run_json.h"
#include "support/workspace/workspace.h"

#include <string.h>

#define LIST_LIMIT 1000
#define LIST_LIMIT_MAX 100000
#define COUNT_MAX 100000
#define OUTCOMES_MAX 1000
#define ADVANCE_MS_MAX DURATION_MS_MAX

static void say_done(struct answer *answer)
{
	answer_json(answer, 200, json_object());
}

static void say_wrong(struct answer *answer, const char *what)
{
	answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "%s", what);
}

static void serve_state(struct workspace *workspace, const struct request *request,
			const json_t *fields, struct answer *answer)
{
	(void)request;
	(void)fields;
	const struct world *world = &workspace->world;
	answer_json(answer, 200,
		    json_pack("{s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}",
			      "now_ms", (json_int_t)world_now_ms(world), "clock_runs",
			      world->clock_runs, "listening", workspace->listening, "jobs",
			      (json_int_t)world->jobs.count, "runs", (json_int_t)world->runs.count,
			      "active", (json_int_t)world->active, "tokens",
			      (json_int_t)json_object_size(world->tokens), "deduplicated",
			      (json_int_t)world->deduplicated, "bodies_changed",
			      (json_int_t)world->bodies_changed, "access_tokens_made",
			      (json_int_t)workspace->access_tokens_made, "requests_logged",
			      (json_int_t)workspace->journal.count, "requests",
			      workspace->requests));
}

static void serve_reset(struct workspace *workspace, const struct request *request,
			const json_t *fields, struct answer *answer)
{
	(void)request;
	(void)fields;
	workspace_finish(workspace);
	workspace_init(workspace);
	say_done(answer);
}

static void serve_settings(struct workspace *workspace, const struct request *request,
			   const json_t *fields, struct answer *answer)
{
	(void)request;
	struct settings settings = workspace->settings;
	settings.token_seconds = field_integer(fields, "token_seconds", settings.token_seconds);
	settings.expires_in_text =
		field_boolean(fields, "expires_in_text", settings.expires_in_text);
	settings.active_runs_max =
		field_integer(fields, "active_runs_max", settings.active_runs_max);
	settings.missing_status =
		(int)field_integer(fields, "missing_status", settings.missing_status);
	settings.html = field_boolean(fields, "html", settings.html);
	if ((settings.missing_status != 400 && settings.missing_status != 404) ||
	    settings.token_seconds < 0 || settings.token_seconds > ADVANCE_MS_MAX / 1000 ||
	    settings.active_runs_max < 0) {
		say_wrong(answer, "a setting is out of its range");
		return;
	}
	workspace->settings = settings;
	say_done(answer);
}

static bool read_permission(const json_t *fields, enum permission *permission)
{
	static const char *const words[] = {"NONE", "CAN_VIEW", "CAN_MANAGE_RUN", "IS_OWNER"};
	const char *word = json_string_value(json_object_get(fields, "permission"));
	if (word == NULL) {
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*permission = (enum permission)i;
			return true;
		}
	}
	return false;
}

static bool read_outcomes(struct world *world, const json_t *fields, struct job *job)
{
	json_t *list = json_object_get(fields, "outcomes");
	struct outcome_list outcomes = {0};
	if (list == NULL) {
		return true;
	}
	size_t index;
	json_t *word;
	json_array_foreach(list, index, word)
	{
		const struct outcome *outcome = outcome_read(&world->arena, word);
		if (outcome == NULL) {
			return false;
		}
		*(const struct outcome **)must(lb_list_add(&world->arena, &outcomes)) = outcome;
	}
	job->outcomes = outcomes;
	job->next_outcome = 0;
	return json_is_array(list) && outcomes.count <= OUTCOMES_MAX;
}

static bool read_continuous(const json_t *fields, struct job *job)
{
	static const char *const words[] = {"PAUSED", "UNPAUSED"};
	const char *word = json_string_value(json_object_get(fields, "continuous"));
	for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			job->continuous = words[i];
			return true;
		}
	}
	return word == NULL;
}

static bool read_times(const json_t *fields, struct job *job)
{
	job->setup_ms = field_integer(fields, "setup_ms", job->setup_ms);
	job->duration_ms = field_integer(fields, "duration_ms", job->duration_ms);
	job->cancel_ms = field_integer(fields, "cancel_ms", job->cancel_ms);
	return job->setup_ms >= 0 && job->setup_ms <= DURATION_MS_MAX && job->duration_ms >= 0 &&
	       job->duration_ms <= DURATION_MS_MAX && job->cancel_ms >= 0 &&
	       job->cancel_ms <= DURATION_MS_MAX;
}

static void serve_make_job(struct workspace *workspace, const struct request *request,
			   const json_t *fields, struct answer *answer)
{
	(void)request;
	struct world *world = &workspace->world;
	int64_t id = field_integer(fields, "job_id", 0);
	bool fresh = world_job(world, id) == NULL;
	struct job *job = world_make_job(world, id);
	if (job == NULL) {
		say_wrong(answer, "too many jobs");
		return;
	}
	struct job changed = *job;
	int64_t most = field_integer(fields, "max_concurrent_runs", job->max_concurrent_runs);
	if (!read_times(fields, &changed) || !read_permission(fields, &changed.permission) ||
	    !read_outcomes(world, fields, &changed) || !read_continuous(fields, &changed) ||
	    most < 0 || most > 1000) {
		if (fresh) {
			world_delete_job(world, id);
		}
		say_wrong(answer, "a value is out of its range; see control.c and outcome.h");
		return;
	}
	const char *name = json_string_value(json_object_get(fields, "name"));
	json_t *parameters = json_object_get(fields, "parameters");
	*job = changed;
	job->max_concurrent_runs = (int)most;
	job->queue = field_boolean(fields, "queue", job->queue);
	world_make_room(world, job);
	if (name != NULL) {
		job->name = must(lb_arena_strdup(&world->arena, name));
	}
	if (parameters != NULL) {
		json_decref(job->parameters);
		job->parameters = json_deep_copy(parameters);
	}
	say_done(answer);
}

static void serve_delete_job(struct workspace *workspace, const struct request *request,
			     const json_t *fields, struct answer *answer)
{
	(void)request;
	world_delete_job(&workspace->world, field_integer(fields, "job_id", 0));
	say_done(answer);
}

static json_t *known_run(const struct workspace *workspace, const struct run *run)
{
	json_t *json = must(json_pack(
		"{s:I, s:I, s:s, s:s?, s:s?, s:I, s:b, s:i, s:I, s:I}", "run_id",
		(json_int_t)run->id, "job_id", (json_int_t)run->job->id, "life_cycle_state",
		run_life(run, world_now_ms(&workspace->world)), "result_state",
		run->phase == PHASE_ENDED ? run->outcome->result : NULL, "token", run->token,
		"asked", (json_int_t)run->asked, "deleted", run->deleted, "repairs", run->repairs,
		"created_ms", (json_int_t)run->created_ms, "ends_ms",
		(json_int_t)(run->phase == PHASE_ENDED ? run->ends_ms : 0)));
	json_t *parameters =
		run->parameters != NULL ? must(json_loads(run->parameters, 0, NULL)) : json_null();
	(void)json_object_set_new(json, "job_parameters", parameters);
	return json;
}

static void serve_runs(struct workspace *workspace, const struct request *request,
		       const json_t *fields, struct answer *answer)
{
	(void)request;
	const struct run_list *runs = &workspace->world.runs;
	int64_t job_id = field_integer(fields, "job_id", 0);
	int64_t at = field_integer(fields, "from", 0);
	int64_t limit = field_integer(fields, "limit", LIST_LIMIT);
	if (at < 0 || limit < 1 || limit > LIST_LIMIT_MAX) {
		say_wrong(answer, "from or limit is out of its range");
		return;
	}
	json_t *list = must(json_array());
	for (; at < (int64_t)runs->count && (int64_t)json_array_size(list) < limit; at++) {
		if (job_id == 0 || runs->items[at]->job->id == job_id) {
			(void)json_array_append_new(list, known_run(workspace, runs->items[at]));
		}
	}
	answer_json(answer, 200, json_pack("{s:o, s:I}", "runs", list, "next", (json_int_t)at));
}

static void serve_start_runs(struct workspace *workspace, const struct request *request,
			     const json_t *fields, struct answer *answer)
{
	(void)request;
	struct world *world = &workspace->world;
	struct job *job = world_job(world, field_integer(fields, "job_id", 0));
	int64_t count = field_integer(fields, "count", 1);
	if (job == NULL || count < 1 || count > COUNT_MAX) {
		say_wrong(answer, "no such job, or too many");
		return;
	}
	json_t *ids = must(json_array());
	for (int64_t i = 0; i < count; i++) {
		const struct run *run = world_start(world, job, NULL, NULL, job->queue);
		if (run != NULL) {
			(void)json_array_append_new(ids, json_integer(run->id));
		}
	}
	answer_json(answer, 200, json_pack("{s:o}", "run_ids", ids));
}

static void serve_end_run(struct workspace *workspace, const struct request *request,
			  const json_t *fields, struct answer *answer)
{
	(void)request;
	struct world *world = &workspace->world;
	struct run *run = world_run(world, field_integer(fields, "run_id", 0));
	const struct outcome *outcome =
		outcome_read(&world->arena, json_object_get(fields, "outcome"));
	if (run == NULL || outcome == NULL) {
		say_wrong(answer, run == NULL ? "no such run" : "no such outcome");
		return;
	}
	world_end(world, run, outcome);
	say_done(answer);
}

static void serve_delete_run(struct workspace *workspace, const struct request *request,
			     const json_t *fields, struct answer *answer)
{
	(void)request;
	struct run *run = world_run(&workspace->world, field_integer(fields, "run_id", 0));
	if (run == NULL) {
		say_wrong(answer, "no such run");
		return;
	}
	world_delete(&workspace->world, run);
	say_done(answer);
}

static void serve_clock(struct workspace *workspace, const struct request *request,
			const json_t *fields, struct answer *answer)
{
	(void)request;
	struct world *world = &workspace->world;
	int64_t advance_ms = field_integer(fields, "advance_ms", 0);
	if (advance_ms < 0 || advance_ms > ADVANCE_MS_MAX) {
		say_wrong(answer, "advance_ms is out of its range");
		return;
	}
	world_set_clock(world, field_boolean(fields, "runs", world->clock_runs), advance_ms);
	world_settle(world);
	answer_json(answer, 200, json_pack("{s:I}", "now_ms", (json_int_t)world_now_ms(world)));
}

static void serve_faults(struct workspace *workspace, const struct request *request,
			 const json_t *fields, struct answer *answer)
{
	(void)request;
	(void)fields;
	answer_json(answer, 200, faults_json(&workspace->faults));
}

static void serve_add_fault(struct workspace *workspace, const struct request *request,
			    const json_t *fields, struct answer *answer)
{
	const char *problem = NULL;
	(void)fields;
	json_t *json = must(json_loadb(request->body, request->length, 0, NULL));
	int number = faults_add(&workspace->faults, json, &problem);
	json_decref(json);
	if (number == 0) {
		say_wrong(answer, problem);
		return;
	}
	answer_json(answer, 200, json_pack("{s:i}", "fault", number));
}

static void serve_clear_faults(struct workspace *workspace, const struct request *request,
			       const json_t *fields, struct answer *answer)
{
	(void)request;
	(void)fields;
	faults_clear(&workspace->faults);
	say_done(answer);
}

static void serve_requests(struct workspace *workspace, const struct request *request,
			   const json_t *fields, struct answer *answer)
{
	(void)request;
	int64_t from = field_integer(fields, "from", 0);
	int64_t limit = field_integer(fields, "limit", LIST_LIMIT);
	if (from < 0 || limit < 1 || limit > LIST_LIMIT_MAX) {
		say_wrong(answer, "from or limit is out of its range");
		return;
	}
	answer_json(answer, 200, journal_json(&workspace->journal, from, limit));
}

static void serve_revoke(struct workspace *workspace, const struct request *request,
			 const json_t *fields, struct answer *answer)
{
	(void)request;
	(void)fields;
	(void)json_object_clear(workspace->access_tokens);
	say_done(answer);
}

static void serve_listening(struct workspace *workspace, const struct request *request,
			    const json_t *fields, struct answer *answer)
{
	(void)request;
	workspace->listening = field_boolean(fields, "on", true);
	say_done(answer);
}

static const struct field no_fields[] = {{0}};
static const struct field setting_fields[] = {
	{"token_seconds", FIELD_INTEGER, false},
	{"expires_in_text", FIELD_BOOLEAN, false},
	{"active_runs_max", FIELD_INTEGER, false},
	{"missing_status", FIELD_INTEGER, false},
	{"html", FIELD_BOOLEAN, false},
	{0},
};
static const struct field job_fields[] = {
	{"job_id", FIELD_INTEGER, true},     {"name", FIELD_TEXT, false},
	{"setup_ms", FIELD_INTEGER, false},  {"duration_ms", FIELD_INTEGER, false},
	{"cancel_ms", FIELD_INTEGER, false}, {"max_concurrent_runs", FIELD_INTEGER, false},
	{"queue", FIELD_BOOLEAN, false},     {"permission", FIELD_TEXT, false},
	{"continuous", FIELD_TEXT, false},   {"parameters", FIELD_TEXT_MAP, false},
	{"outcomes", FIELD_ANY, false},      {0},
};
static const struct field job_id_fields[] = {{"job_id", FIELD_INTEGER, true}, {0}};
static const struct field run_id_fields[] = {{"run_id", FIELD_INTEGER, true}, {0}};
static const struct field runs_fields[] = {
	{"job_id", FIELD_INTEGER, false},
	{"from", FIELD_INTEGER, false},
	{"limit", FIELD_INTEGER, false},
	{0},
};
static const struct field start_fields[] = {
	{"job_id", FIELD_INTEGER, true},
	{"count", FIELD_INTEGER, false},
	{0},
};
static const struct field end_fields[] = {
	{"run_id", FIELD_INTEGER, true},
	{"outcome", FIELD_ANY, true},
	{0},
};
static const struct field clock_fields[] = {
	{"advance_ms", FIELD_INTEGER, false},
	{"runs", FIELD_BOOLEAN, false},
	{0},
};
static const struct field fault_fields[] = {
	{"endpoint", FIELD_ANY, false},
	{"when", FIELD_ANY, false},
	{"skip", FIELD_ANY, false},
	{"count", FIELD_ANY, false},
	{"do", FIELD_TEXT, true},
	{"probability", FIELD_ANY, false},
	{"seed", FIELD_ANY, false},
	{"delay_ms", FIELD_ANY, false},
	{"status", FIELD_ANY, false},
	{"body", FIELD_ANY, false},
	{"headers", FIELD_ANY, false},
	{"content_type", FIELD_ANY, false},
	{0},
};
static const struct field request_fields[] = {
	{"from", FIELD_INTEGER, false},
	{"limit", FIELD_INTEGER, false},
	{0},
};
static const struct field on_fields[] = {{"on", FIELD_BOOLEAN, true}, {0}};

static const struct route routes[] = {
	{"GET", "/_control/state", no_fields, serve_state},
	{"POST", "/_control/reset", no_fields, serve_reset},
	{"POST", "/_control/settings", setting_fields, serve_settings},
	{"POST", "/_control/jobs", job_fields, serve_make_job},
	{"POST", "/_control/jobs/delete", job_id_fields, serve_delete_job},
	{"GET", "/_control/runs", runs_fields, serve_runs},
	{"POST", "/_control/runs", start_fields, serve_start_runs},
	{"POST", "/_control/runs/end", end_fields, serve_end_run},
	{"POST", "/_control/runs/delete", run_id_fields, serve_delete_run},
	{"POST", "/_control/clock", clock_fields, serve_clock},
	{"GET", "/_control/faults", no_fields, serve_faults},
	{"POST", "/_control/faults", fault_fields, serve_add_fault},
	{"POST", "/_control/faults/clear", no_fields, serve_clear_faults},
	{"GET", "/_control/requests", request_fields, serve_requests},
	{"POST", "/_control/tokens/revoke", no_fields, serve_revoke},
	{"POST", "/_control/listening", on_fields, serve_listening},
	{0},
};

void control_serve(struct workspace *workspace, const struct request *request,
		   struct answer *answer)
{
	world_settle(&workspace->world);
	if (!routes_serve(routes, workspace, request, answer)) {
		answer_error(answer, 404, "NOT_FOUND", "no such call; see control.c");
	}
}
