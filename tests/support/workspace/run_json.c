#include "support/workspace/run_json.h"

#include "support/workspace/must.h"

#include <string.h>

#define QUEUE_REASON "MAX_CONCURRENT_RUNS_REACHED"

static int64_t running_from_ms(const struct run *run)
{
	int64_t setup_ms = run->outcome->setup_ms;
	return run->begins_ms + (setup_ms >= 0 ? setup_ms : run->job->setup_ms);
}

const char *run_life(const struct run *run, int64_t now_ms)
{
	if (run->phase == PHASE_QUEUED) {
		return "QUEUED";
	}
	if (run->phase == PHASE_ENDED) {
		return run->outcome->life;
	}
	if (run->canceled_ms != 0) {
		return "TERMINATING";
	}
	return now_ms < running_from_ms(run) ? "PENDING" : "RUNNING";
}

static json_t *state_json(const struct run *run, int64_t now_ms)
{
	const struct outcome *outcome = run->outcome;
	bool over = run->phase == PHASE_ENDED;
	bool stopped = run->canceled_ms != 0 || (over && strcmp(outcome->name, "TIMEDOUT") == 0);
	json_t *state = json_pack("{s:s, s:s, s:b}", "life_cycle_state", run_life(run, now_ms),
				  "state_message", over ? outcome->message : "",
				  "user_cancelled_or_timedout", stopped);
	if (over && outcome->result != NULL) {
		(void)json_object_set_new(must(state), "result_state",
					  json_string(outcome->result));
	}
	if (run->phase == PHASE_QUEUED) {
		(void)json_object_set_new(must(state), "queue_reason", json_string(QUEUE_REASON));
	}
	return must(state);
}

static json_t *status_json(const struct run *run, int64_t now_ms)
{
	const struct outcome *outcome = run->outcome;
	if (run->phase == PHASE_ENDED) {
		return must(json_pack("{s:s, s:{s:s, s:s, s:s}}", "state", "TERMINATED",
				      "termination_details", "code", outcome->code, "type",
				      outcome->type, "message", outcome->message));
	}
	if (run->phase == PHASE_QUEUED) {
		return must(json_pack("{s:s, s:{s:s, s:s}}", "state", "QUEUED", "queue_details",
				      "code", QUEUE_REASON, "message",
				      "Queued until other runs of the job are over."));
	}
	return must(json_pack("{s:s}", "state", run_life(run, now_ms)));
}

/* Terms of a run that its task has too. */
static void set_times(json_t *json, const struct run *run)
{
	bool over = run->phase == PHASE_ENDED;
	int64_t begun_ms = run->phase == PHASE_QUEUED ? 0 : run->begins_ms;
	int64_t from_ms = running_from_ms(run) < run->ends_ms ? running_from_ms(run) : run->ends_ms;
	json_t *times = must(
		json_pack("{s:I, s:I, s:I, s:I, s:I}", "start_time", (json_int_t)run->created_ms,
			  "end_time", (json_int_t)(over ? run->ends_ms : 0), "setup_duration",
			  (json_int_t)(over ? from_ms - run->begins_ms : 0), "execution_duration",
			  (json_int_t)(over ? run->ends_ms - from_ms : 0), "cleanup_duration",
			  (json_int_t)0));
	if (begun_ms > run->created_ms) {
		(void)json_object_set_new(times, "queue_duration",
					  json_integer(begun_ms - run->created_ms));
	}
	(void)json_object_update_new(json, times);
}

static json_t *tasks_json(const struct run *run, int64_t now_ms)
{
	json_t *state = state_json(run, now_ms);
	/* A task that failed is over by itself; INTERNAL_ERROR is the run's word for it. */
	if (run->phase == PHASE_ENDED && strcmp(run->outcome->name, "FAILED") == 0) {
		(void)json_object_set_new(state, "life_cycle_state", json_string("TERMINATED"));
	}
	json_t *task = must(json_pack(
		"{s:I, s:s, s:i, s:o, s:o}", "run_id", (json_int_t)(run->id + 1), "task_key",
		TASK_KEY, "attempt_number", 0, "state", state, "status", status_json(run, now_ms)));
	set_times(task, run);
	return must(json_pack("[o]", task));
}

/* The job's parameters and what run-now put in their place. */
static void set_parameters(json_t *json, const struct run *run)
{
	json_t *given = run->parameters != NULL ? must(json_loads(run->parameters, 0, NULL))
						: must(json_object());
	json_t *list = must(json_array());
	const char *name;
	json_t *value;
	json_object_foreach(run->job->parameters, name, value)
	{
		json_t *own = json_object_get(given, name);
		(void)json_array_append_new(list,
					    json_pack("{s:s, s:O, s:O}", "name", name, "default",
						      value, "value", own != NULL ? own : value));
	}
	json_object_foreach(given, name, value)
	{
		if (json_object_get(run->job->parameters, name) == NULL) {
			(void)json_array_append_new(
				list, json_pack("{s:s, s:O}", "name", name, "value", value));
		}
	}
	if (json_array_size(list) > 0) {
		(void)json_object_set(json, "job_parameters", list);
	}
	json_decref(list);
	json_decref(given);
}

json_t *run_json(const struct run *run, int64_t now_ms, const char *host, bool with_tasks)
{
	char page[256];
	(void)snprintf(page, sizeof(page), "https://%s/?o=" WORKSPACE_ID "#job/%lld/run/%lld", host,
		       (long long)run->job->id, (long long)run->id);
	json_t *json = must(json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "job_id",
		(json_int_t)run->job->id, "run_id", (json_int_t)run->id, "job_run_id",
		(json_int_t)run->id, "number_in_job", (json_int_t)run->id,
		"original_attempt_run_id", (json_int_t)run->id, "creator_user_name", PRINCIPAL,
		"run_name", run->job->name, "run_page_url", page, "run_type", "JOB_RUN", "trigger",
		"ONE_TIME", "state", state_json(run, now_ms), "status", status_json(run, now_ms)));
	set_times(json, run);
	(void)json_object_set_new(
		json, "run_duration",
		json_integer(run->phase == PHASE_ENDED ? run->ends_ms - run->begins_ms : 0));
	set_parameters(json, run);
	if (with_tasks) {
		(void)json_object_set_new(json, "tasks", tasks_json(run, now_ms));
	}
	return json;
}

json_t *job_json(const struct job *job, bool with_tasks)
{
	json_t *settings =
		must(json_pack("{s:s, s:i, s:i, s:s, s:{s:b}}", "name", job->name,
			       "max_concurrent_runs", job->max_concurrent_runs, "timeout_seconds",
			       0, "format", "MULTI_TASK", "queue", "enabled", job->queue));
	if (json_object_size(job->parameters) > 0) {
		json_t *list = must(json_array());
		const char *name;
		json_t *value;
		json_object_foreach(job->parameters, name, value)
		{
			(void)json_array_append_new(
				list, json_pack("{s:s, s:O}", "name", name, "default", value));
		}
		(void)json_object_set_new(settings, "parameters", list);
	}
	if (job->continuous != NULL) {
		(void)json_object_set_new(settings, "continuous",
					  json_pack("{s:s}", "pause_status", job->continuous));
	}
	if (with_tasks) {
		(void)json_object_set_new(
			settings, "tasks",
			json_pack("[{s:s, s:s, s:{s:s, s:s}}]", "task_key", TASK_KEY, "run_if",
				  "ALL_SUCCESS", "notebook_task", "notebook_path",
				  "/Workspace/Shared/main", "source", "WORKSPACE"));
	}
	return must(json_pack("{s:I, s:s, s:s, s:I, s:o}", "job_id", (json_int_t)job->id,
			      "creator_user_name", CREATOR, "run_as_user_name", PRINCIPAL,
			      "created_time", (json_int_t)job->created_ms, "settings", settings));
}
