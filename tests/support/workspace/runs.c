/* The Jobs API's runs: get, list, cancel, cancel-all, repair, delete. */
#include "support/workspace/must.h"
#include "support/workspace/run_json.h"
#include "support/workspace/workspace.h"

#include <inttypes.h>
#include <string.h>

#define LIST_LIMIT 20
#define LIST_LIMIT_MAX 24
#define OFFSET_MAX 10000

/* NULL: answered. */
static struct run *run_for(const struct workspace *workspace, const json_t *fields,
			   enum permission permission, struct answer *answer)
{
	int64_t id = field_integer(fields, "run_id", 0);
	struct run *run = world_run(&workspace->world, id);
	if (run == NULL) {
		answer_missing(workspace, answer, "Run", id);
	} else if (run->job->permission < permission) {
		answer_error(answer, 403, "PERMISSION_DENIED",
			     "User %s does not have permission on run %" PRId64, PRINCIPAL, id);
		run = NULL;
	}
	return run;
}

static const char *host_of(const struct request *request)
{
	return request->host != NULL ? request->host : "localhost";
}

static void serve_get(struct workspace *workspace, const struct request *request,
		      const json_t *fields, struct answer *answer)
{
	int64_t at = 0;
	const struct run *run = run_for(workspace, fields, PERMISSION_VIEW, answer);
	if (run == NULL || !page_position(fields, "a run has one page", &at, answer)) {
		return;
	}
	json_t *json = run_json(run, world_now_ms(&workspace->world), host_of(request), true);
	if (field_boolean(fields, "include_history", false)) {
		json_t *history = must(json_pack("[{s:s}]", "type", "ORIGINAL"));
		for (int i = 1; i <= run->repairs; i++) {
			(void)json_array_append_new(
				history, json_pack("{s:s, s:i}", "type", "REPAIR", "id", i));
		}
		(void)json_object_set_new(json, "repair_history", history);
	}
	answer_json(answer, 200, json);
}

struct listing {
	bool active_only;
	bool completed_only;
	int64_t job_id;
	int64_t from_ms;
	int64_t to_ms;
	int64_t offset;
	int64_t limit;
	char name[160];
};

static bool read_listing(const json_t *fields, struct listing *listing, struct answer *answer)
{
	*listing = (struct listing){
		.active_only = field_boolean(fields, "active_only", false),
		.completed_only = field_boolean(fields, "completed_only", false),
		.job_id = field_integer(fields, "job_id", 0),
		.from_ms = field_integer(fields, "start_time_from", 0),
		.to_ms = field_integer(fields, "start_time_to", INT64_MAX),
		.offset = field_integer(fields, "offset", 0),
		.limit = field_integer(fields, "limit", LIST_LIMIT),
	};
	(void)snprintf(listing->name, sizeof(listing->name),
		       "runs %d %d %" PRId64 " %" PRId64 " %" PRId64, listing->active_only,
		       listing->completed_only, listing->job_id, listing->from_ms, listing->to_ms);
	if (listing->active_only && listing->completed_only) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "Only one of active_only and completed_only can be true.");
		return false;
	}
	if (listing->limit < 0 || listing->limit > LIST_LIMIT_MAX) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "Invalid limit %" PRId64 " - it has to be no more than %d.",
			     listing->limit, LIST_LIMIT_MAX);
		return false;
	}
	if (listing->offset < 0 || listing->offset > OFFSET_MAX) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "Invalid offset %" PRId64 ".",
			     listing->offset);
		return false;
	}
	if (listing->limit == 0) {
		listing->limit = LIST_LIMIT_MAX;
	}
	return true;
}

static bool is_listed(const struct world *world, const struct run *run,
		      const struct listing *listing)
{
	return world_run_exists(world, run) && run->job->permission >= PERMISSION_VIEW &&
	       (listing->job_id == 0 || run->job->id == listing->job_id) &&
	       run->created_ms >= listing->from_ms && run->created_ms <= listing->to_ms;
}

/* Runs that are not over, the newest first, then those that are, the last to end
 * first. A position counts the former down from above, the latter below zero. */
static const struct run *run_at(const struct world *world, int64_t position, bool active_only)
{
	const struct run *run = NULL;
	if (position > 0) {
		run = world->runs.items[position - 1];
		return run->phase != PHASE_ENDED ? run : NULL;
	}
	size_t place = (size_t)(-position - 1);
	if (!active_only && position < 0 && place < world->ended.count) {
		run = world->ended.items[place];
	}
	return run != NULL && run->phase == PHASE_ENDED && run->place == place ? run : NULL;
}

/* Negative positions start at the last end: -count … -1. The step from the
 * former to the latter is taken when the walk comes to it. */
static int64_t step(const struct world *world, int64_t position)
{
	if (position > (int64_t)world->oldest_active + 1) {
		return position - 1;
	}
	if (position > 0) {
		return -(int64_t)world->ended.count;
	}
	return position + 1;
}

static int64_t first_position(const struct world *world, const struct listing *listing)
{
	return !listing->completed_only && world->active > 0 ? (int64_t)world->runs.count
							     : -(int64_t)world->ended.count;
}

/* Tokens may be of a world before a reset. */
static int64_t within(const struct world *world, int64_t position)
{
	int64_t most = (int64_t)world->runs.count;
	int64_t least = -(int64_t)world->ended.count;
	return position > most ? most : position < least ? least : position;
}

/* The position where the next page begins, 0: there is none. */
static int64_t gather(const struct workspace *workspace, const struct request *request,
		      struct listing *listing, bool expand, int64_t position, json_t *page)
{
	const struct world *world = &workspace->world;
	int64_t now_ms = world_now_ms(world);
	for (; position != 0; position = step(world, position)) {
		const struct run *run = run_at(world, position, listing->active_only);
		if (position < 0 && listing->active_only) {
			return 0;
		}
		if (run == NULL || !is_listed(world, run, listing) || listing->offset-- > 0) {
			continue;
		}
		listing->offset = 0;
		if ((int64_t)json_array_size(page) == listing->limit) {
			return position;
		}
		(void)json_array_append_new(page, run_json(run, now_ms, host_of(request), expand));
	}
	return 0;
}

static void serve_list(struct workspace *workspace, const struct request *request,
		       const json_t *fields, struct answer *answer)
{
	struct listing listing;
	if (!read_listing(fields, &listing, answer)) {
		return;
	}
	const char *type = json_string_value(json_object_get(fields, "run_type"));
	bool ours = type == NULL || strcmp(type, "JOB_RUN") == 0;
	if (!ours && strcmp(type, "SUBMIT_RUN") != 0 && strcmp(type, "WORKFLOW_RUN") != 0) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "Unknown run_type: %.100s",
			     type);
		return;
	}
	int64_t position = first_position(&workspace->world, &listing);
	if (!page_position(fields, listing.name, &position, answer)) {
		return;
	}
	position = within(&workspace->world, position);
	json_t *page = must(json_array());
	json_t *json = must(json_object());
	bool expand = field_boolean(fields, "expand_tasks", false);
	int64_t next = ours ? gather(workspace, request, &listing, expand, position, page) : 0;
	if (json_array_size(page) > 0) {
		(void)json_object_set(json, "runs", page);
	}
	json_decref(page);
	(void)json_object_set_new(json, "has_more", json_boolean(next != 0));
	if (next != 0) {
		(void)json_object_set_new(
			json, "next_page_token",
			json_string(page_token(request->arena, listing.name, next)));
	}
	answer_json(answer, 200, json);
}

static void serve_cancel(struct workspace *workspace, const struct request *request,
			 const json_t *fields, struct answer *answer)
{
	(void)request;
	struct run *run = run_for(workspace, fields, PERMISSION_MANAGE_RUN, answer);
	if (run != NULL) {
		world_cancel(&workspace->world, run);
		answer_json(answer, 200, json_object());
	}
}

static void serve_cancel_all(struct workspace *workspace, const struct request *request,
			     const json_t *fields, struct answer *answer)
{
	(void)request;
	struct world *world = &workspace->world;
	bool queued = field_boolean(fields, "all_queued_runs", false);
	int64_t id = field_integer(fields, "job_id", 0);
	if (id == 0 && !queued) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "Either job_id or all_queued_runs is needed.");
		return;
	}
	if (id != 0 && job_for(workspace, id, PERMISSION_MANAGE_RUN, answer) == NULL) {
		return;
	}
	for (size_t i = world->runs.count; i > world->oldest_active; i--) {
		struct run *run = world->runs.items[i - 1];
		if ((id == 0 || run->job->id == id) && (!queued || run->phase == PHASE_QUEUED) &&
		    run->phase != PHASE_ENDED) {
			world_cancel(world, run);
		}
	}
	answer_json(answer, 200, json_object());
}

static void serve_repair(struct workspace *workspace, const struct request *request,
			 const json_t *fields, struct answer *answer)
{
	(void)request;
	struct run *run = run_for(workspace, fields, PERMISSION_MANAGE_RUN, answer);
	if (run == NULL) {
		return;
	}
	const char *result = run->outcome->result;
	if (run->phase != PHASE_ENDED) {
		answer_error(answer, 400, "INVALID_STATE", "Run %" PRId64 " is active.", run->id);
	} else if (result != NULL && strcmp(result, "SUCCESS") == 0) {
		answer_error(answer, 400, "INVALID_STATE", "Run %" PRId64 " has not failed.",
			     run->id);
	} else if (field_integer(fields, "latest_repair_id", 0) != run->repairs) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "latest_repair_id is not that of the latest repair.");
	} else if (!field_boolean(fields, "rerun_all_failed_tasks", false) &&
		   json_array_size(json_object_get(fields, "rerun_tasks")) == 0) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "Either rerun_tasks or rerun_all_failed_tasks is needed.");
	} else {
		world_repair(&workspace->world, run);
		answer_json(answer, 200, json_pack("{s:i}", "repair_id", run->repairs));
	}
}

static void serve_delete(struct workspace *workspace, const struct request *request,
			 const json_t *fields, struct answer *answer)
{
	(void)request;
	struct run *run = run_for(workspace, fields, PERMISSION_OWNER, answer);
	if (run == NULL) {
		return;
	}
	if (run->phase != PHASE_ENDED) {
		answer_error(answer, 400, "INVALID_STATE",
			     "Run %" PRId64 " is active and cannot be deleted.", run->id);
		return;
	}
	world_delete(&workspace->world, run);
	answer_json(answer, 200, json_object());
}

static const struct field get_fields[] = {
	{"run_id", FIELD_INTEGER, true},
	{"include_history", FIELD_BOOLEAN, false},
	{"include_resolved_values", FIELD_BOOLEAN, false},
	{"page_token", FIELD_TEXT, false},
	{0},
};
static const struct field list_fields[] = {
	{"job_id", FIELD_INTEGER, false},
	{"active_only", FIELD_BOOLEAN, false},
	{"completed_only", FIELD_BOOLEAN, false},
	{"run_type", FIELD_TEXT, false},
	{"start_time_from", FIELD_INTEGER, false},
	{"start_time_to", FIELD_INTEGER, false},
	{"expand_tasks", FIELD_BOOLEAN, false},
	{"limit", FIELD_INTEGER, false},
	{"offset", FIELD_INTEGER, false},
	{"page_token", FIELD_TEXT, false},
	{0},
};
static const struct field run_fields[] = {
	{"run_id", FIELD_INTEGER, true},
	{0},
};
static const struct field cancel_all_fields[] = {
	{"job_id", FIELD_INTEGER, false},
	{"all_queued_runs", FIELD_BOOLEAN, false},
	{0},
};
static const struct field repair_fields[] = {
	{"run_id", FIELD_INTEGER, true},
	{"latest_repair_id", FIELD_INTEGER, false},
	{"rerun_all_failed_tasks", FIELD_BOOLEAN, false},
	{"rerun_tasks", FIELD_TEXTS, false},
	{"rerun_dependent_tasks", FIELD_BOOLEAN, false},
	{"job_parameters", FIELD_TEXT_MAP, false},
	{0},
};

const struct route runs_routes[] = {
	{"GET", "/api/2.2/jobs/runs/get", get_fields, serve_get},
	{"GET", "/api/2.2/jobs/runs/list", list_fields, serve_list},
	{"POST", "/api/2.2/jobs/runs/cancel", run_fields, serve_cancel},
	{"POST", "/api/2.2/jobs/runs/cancel-all", cancel_all_fields, serve_cancel_all},
	{"POST", "/api/2.2/jobs/runs/repair", repair_fields, serve_repair},
	{"POST", "/api/2.2/jobs/runs/delete", run_fields, serve_delete},
	{0},
};
