#include "sim/workspace.h"

#include "base/text.h"
#include "base/time.h"
#include "sim/ending.h"
#include "sim/memory.h"
#include "sim/node.h"
#include "sim/service.h"
#include "sim/world.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_NOW "/api/2.2/jobs/run-now"
#define GET_RUN "/api/2.2/jobs/runs/get?run_id="
#define LIST_RUNS "/api/2.2/jobs/runs/list?active_only=true&limit="
#define PAGE_TOKEN "&page_token="
#define TOKEN_PATH "/oidc/v1/token"

/* The first run's id; more than a double can tell apart. */
#define FIRST_RUN_ID INT64_C(9007199254740993)
#define LIMIT_MAX 24

static void say(struct sim_reply *reply, int status, json_t *json)
{
	reply->status = status;
	reply->content_type = "application/json";
	reply->body = sim_must(json_dumps(sim_must(json), JSON_COMPACT));
	json_decref(json);
}

static void complain(struct sim_reply *reply, int status, const char *code, const char *message)
{
	say(reply, status, json_pack("{s:s, s:s}", "error_code", code, "message", message));
}

/* --- runs -------------------------------------------------------------------- */

int64_t sim_workspace_run_id(const struct sim_service_run *run)
{
	return FIRST_RUN_ID + run->number;
}

static json_t *state_of(const struct sim_service_run *run)
{
	static const char *const lives[] = {"QUEUED", "PENDING", "RUNNING", "TERMINATING",
					    "A_NEW_LIFE"};
	if (!run->over) {
		return json_pack("{s:s, s:s}", "life_cycle_state", lives[run->number % 5],
				 "state_message", "In run");
	}
	const struct sim_ending *ending = run->ending;
	return ending->life == NULL
		       ? NULL
		       : json_pack("{s:s, s:s*, s:s, s:b}", "life_cycle_state", ending->life,
				   "result_state", ending->result, "state_message", ending->message,
				   "user_cancelled_or_timedout", run->outcome == LB_RUN_CANCELED);
}

static json_t *status_of(const struct sim_service_run *run)
{
	if (!run->over) {
		return json_pack("{s:s}", "state", "RUNNING");
	}
	const struct sim_ending *ending = run->ending;
	return ending->code == NULL ? NULL
				    : json_pack("{s:s, s:{s:s, s:s, s:s}}", "state", "TERMINATED",
						"termination_details", "code", ending->code, "type",
						ending->type, "message", ending->message);
}

static json_t *run_json(const struct sim_service_run *run)
{
	json_int_t id = sim_workspace_run_id(run);
	return json_pack("{s:s, s:I, s:I, s:s, s:I, s:o*, s:o*}", "creator_user_name", "lakebeat",
			 "run_id", id, "number_in_job", id, "run_type", "JOB_RUN", "end_time",
			 (json_int_t)(run->over ? run->ended_at_us / LB_MS : 0), "state",
			 state_of(run), "status", status_of(run));
}

/* Both of the ways in which workspaces have put it. */
static void say_missing(struct sim_reply *reply, int64_t run_id)
{
	char message[64];
	(void)snprintf(message, sizeof(message), "Run %" PRId64 " does not exist.", run_id);
	if (run_id % 2 == 0) {
		complain(reply, 404, "RESOURCE_DOES_NOT_EXIST", message);
	} else {
		complain(reply, 400, "INVALID_PARAMETER_VALUE", message);
	}
}

static void get_run(struct sim_world *world, const char *text, struct sim_reply *reply)
{
	const struct sim_service *service = &world->service;
	int64_t run_id = strtoll(text, NULL, 10);
	int64_t number = run_id - FIRST_RUN_ID;
	bool exists = number >= 1 && number <= (int64_t)service->count &&
		      !service->runs[number - 1]->deleted;
	if (exists) {
		say(reply, 200, run_json(service->runs[number - 1]));
	} else {
		say_missing(reply, run_id);
	}
}

/* Somebody else's runs fill the first page. */
static void add_others(json_t *runs, size_t count)
{
	for (size_t i = 1; i <= count; i++) {
		(void)json_array_append_new(runs,
					    json_pack("{s:I, s:{s:s}}", "run_id", (json_int_t)i,
						      "state", "life_cycle_state", "RUNNING"));
	}
}

/* The newest first; a page's token is the number that it begins below. */
static void list_runs(struct sim_world *world, const char *query, struct sim_reply *reply)
{
	const struct sim_service *service = &world->service;
	const char *token = strstr(query, PAGE_TOKEN);
	char next[32];
	size_t left = world->plan.page_runs;
	json_t *runs = sim_must(json_array());
	size_t at = token != NULL ? strtoull(token + strlen(PAGE_TOKEN), NULL, 10) : service->count;
	if (atoi(query) > LIMIT_MAX) {
		json_decref(runs);
		complain(reply, 400, "INVALID_PARAMETER_VALUE", "Invalid limit");
		return;
	}
	if (token == NULL) {
		add_others(runs, left / 2);
		left -= left / 2;
	}
	for (; at > 0 && left > 0; at--) {
		const struct sim_service_run *run = service->runs[at - 1];
		if (!run->over) {
			(void)json_array_append_new(runs, run_json(run));
			left--;
		}
	}
	(void)snprintf(next, sizeof(next), "%zu", at);
	say(reply, 200,
	    json_pack("{s:o, s:b, s:s*}", "runs", runs, "has_more", at > 0, "next_page_token",
		      at > 0 ? next : NULL));
}

static void follow_runs(struct sim_world *world, const char *path, struct sim_reply *reply)
{
	if (sim_strikes(world, world->plan.troubles.poll_ppm)) {
		bool denied = sim_chance(&world->random, 300000);
		complain(reply, denied ? 403 : 500, denied ? "PERMISSION_DENIED" : "INTERNAL_ERROR",
			 "The request could not be processed.");
	} else if (lb_text_starts_with(path, GET_RUN)) {
		get_run(world, path + strlen(GET_RUN), reply);
	} else {
		list_runs(world, path + strlen(LIST_RUNS), reply);
	}
}

/* --- starts ------------------------------------------------------------------ */

/* How many events a request tells of, those included that it had no room for. */
static size_t count_told(const json_t *body)
{
	const json_t *parameters = json_object_get(body, "job_parameters");
	const char *text = json_string_value(json_object_get(parameters, "lakebeat_events"));
	json_t *events = text != NULL ? json_loads(text, 0, NULL) : NULL;
	size_t count = json_array_size(events);
	const json_t *last = count > 0 ? json_array_get(events, count - 1) : NULL;
	if (json_object_get(last, "truncated") != NULL) {
		count = (size_t)json_integer_value(json_object_get(last, "events"));
	}
	json_decref(events);
	return count;
}

/* NULL: nobody meant this request; a promise is broken. */
static const struct sim_order *read_order(struct sim_world *world, const json_t *body)
{
	const char *token = json_string_value(json_object_get(body, "idempotency_token"));
	const struct sim_order *order =
		token != NULL ? sim_service_order_of(&world->service, token, NULL) : NULL;
	char job_id[32];
	(void)snprintf(job_id, sizeof(job_id), "%" JSON_INTEGER_FORMAT,
		       json_integer_value(json_object_get(body, "job_id")));
	if (order == NULL || sim_job_number(job_id) != order->job) {
		sim_fail(world, "durable-token", "job %s is asked for with a token of its own",
			 job_id);
		return NULL;
	}
	if (count_told(body) != order->event_count) {
		sim_fail(world, "whole-requests", "job %zu run %lld.%d tells %zu of %zu events",
			 order->job, (long long)order->run_no, order->attempt, count_told(body),
			 order->event_count);
	}
	return order;
}

static void refuse(struct sim_world *world, struct sim_reply *reply)
{
	switch (sim_below(&world->random, 3)) {
	case 0:
		complain(reply, 403, "PERMISSION_DENIED",
			 "User x does not have Manage Run permissions on job 7");
		break;
	case 1:
		complain(reply, 404, "RESOURCE_DOES_NOT_EXIST", "Job 7 does not exist.");
		break;
	default:
		complain(reply, 400, "INVALID_PARAMETER_VALUE", "Job 7 does not exist.");
		break;
	}
}

static void run_now(struct sim_world *world, const char *text, struct sim_reply *reply)
{
	json_t *body = sim_must(json_loads(text, JSON_REJECT_DUPLICATES, NULL));
	const struct sim_order *order = read_order(world, body);
	json_decref(body);
	if (order == NULL) {
		complain(reply, 400, "BAD_REQUEST", "");
		return;
	}
	const struct sim_service_run *run = sim_service_find(&world->service, order->token);
	if (run == NULL && sim_strikes(world, world->plan.troubles.refuse_ppm)) {
		refuse(world, reply);
		return;
	}
	if (run != NULL && run->deleted) {
		complain(reply, 400, "INVALID_PARAMETER_VALUE",
			 "The run of this token is deleted.");
		return;
	}
	if (run == NULL) {
		run = sim_service_start(world, order);
	}
	json_int_t id = sim_workspace_run_id(run);
	say(reply, 200, json_pack("{s:I, s:I}", "run_id", id, "number_in_job", id));
}

/* --- the door ---------------------------------------------------------------- */

static void give_token(struct sim_world *world, const struct sim_message *message,
		       struct sim_reply *reply)
{
	/* base64("client:secret-client") */
	bool allowed = strcmp(message->authorization, "Basic Y2xpZW50OnNlY3JldC1jbGllbnQ=") == 0 &&
		       strstr(message->body, "grant_type=client_credentials") != NULL;
	if (!allowed || sim_strikes(world, world->plan.troubles.credential_ppm)) {
		say(reply, 401,
		    json_pack("{s:s, s:s}", "error", "invalid_client", "error_description",
			      "Client authentication failed"));
		return;
	}
	char token[32];
	(void)snprintf(token, sizeof(token), "access-%" PRId64, ++world->service.tokens);
	say(reply, 200,
	    json_pack("{s:s, s:s, s:s}", "access_token", token, "token_type", "Bearer",
		      "expires_in", "3600"));
}

static bool is_allowed(struct sim_world *world, const char *authorization)
{
	struct sim_service *service = &world->service;
	bool struck = sim_strikes(world, world->plan.troubles.credential_ppm);
	if (!world->plan.oauth) {
		return !struck && strcmp(authorization, "Bearer " SIM_WORKSPACE_PAT) == 0;
	}
	if (struck) {
		service->valid_from = service->tokens + 1; /* somebody revoked them */
	}
	return lb_text_starts_with(authorization, "Bearer access-") &&
	       strtoll(authorization + strlen("Bearer access-"), NULL, 10) >= service->valid_from;
}

static void refuse_credentials(struct sim_world *world, struct sim_reply *reply)
{
	if (sim_chance(&world->random, 500000)) {
		say(reply, 403,
		    json_pack("{s:i, s:s}", "error_code", 403, "message", "Invalid access token."));
	} else {
		complain(reply, 401, "UNAUTHENTICATED", "Credential was not sent.");
	}
}

static void throttle(struct sim_world *world, struct sim_reply *reply)
{
	int minutes = (int)sim_between(&world->random, 0, 10);
	switch (sim_below(&world->random, 3)) {
	case 0:
		complain(reply, 429, "REQUEST_LIMIT_EXCEEDED", "There are already 5 active runs");
		(void)snprintf(reply->retry_after, sizeof(reply->retry_after), "%d", 60 * minutes);
		break;
	case 1:
		say(reply, 503,
		    json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "error_code", "TEMPORARILY_UNAVAILABLE",
			      "message", "Try again.", "details", "@type",
			      "type.googleapis.com/google.rpc.RetryInfo", "retry_delay", "3.5s"));
		break;
	default:
		complain(reply, 400, "REQUEST_LIMIT_EXCEEDED", "Too many requests.");
		break;
	}
}

void sim_workspace_answer(struct sim_world *world, const struct sim_message *message,
			  struct sim_reply *ret_reply)
{
	const char *path = message->path;
	if (sim_strikes(world, world->plan.troubles.throttle_ppm)) {
		throttle(world, ret_reply);
	} else if (strcmp(path, TOKEN_PATH) == 0) {
		give_token(world, message, ret_reply);
	} else if (!is_allowed(world, message->authorization)) {
		refuse_credentials(world, ret_reply);
	} else if (strcmp(path, RUN_NOW) == 0 && strcmp(message->method, "POST") == 0) {
		run_now(world, message->body, ret_reply);
	} else if (lb_text_starts_with(path, GET_RUN) || lb_text_starts_with(path, LIST_RUNS)) {
		follow_runs(world, path, ret_reply);
	} else {
		complain(ret_reply, 404, "ENDPOINT_NOT_FOUND", "No API found for the request.");
	}
}

/* --- who sends --------------------------------------------------------------- */

/* Of a request that is made once more with other credentials, one start is one. */
static void check_rate(struct sim_node *node, const struct sim_order *order)
{
	struct sim_world *world = node->world;
	struct sim_starts *starts = &node->starts;
	size_t most = (size_t)world->plan.starts_per_second;
	if (most == 0 || order->status == 401 || order->status == 403) {
		return;
	}
	if (starts->count >= most &&
	    world->now_us - starts->at_us[(starts->count - most) % SIM_STARTS_MAX] < LB_SECOND) {
		sim_fail(world, "rate-of-starts",
			 "lakebeat %zu asks for more than %zu starts in a second", node->index,
			 most);
	}
	starts->at_us[starts->count++ % SIM_STARTS_MAX] = world->now_us;
}

struct sim_order *sim_workspace_watch(struct sim_node *node, const char *path, const char *body)
{
	if (strcmp(path, RUN_NOW) != 0) {
		return NULL;
	}
	json_t *json = json_loads(body, 0, NULL);
	const char *token = json_string_value(json_object_get(json, "idempotency_token"));
	struct sim_order *order =
		token != NULL ? sim_service_order_of(&node->world->service, token, node) : NULL;
	json_decref(json);
	if (order != NULL) {
		check_rate(node, order);
	}
	return order;
}

void sim_workspace_heard(struct sim_node *node, const char *path, struct sim_order *order,
			 int status)
{
	if (order != NULL) {
		order->status = status;
	}
	if (strcmp(path, TOKEN_PATH) == 0) {
		node->sign_in_status = status;
	}
}
