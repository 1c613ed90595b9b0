#include "support/fake_workspace.h"

#include "base/text.h"
#include "base/time.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(struct http_peer_answer *answer, int status, json_t *json)
{
	answer->status = status;
	answer->headers = JSON;
	char *text = json_dumps(json, JSON_COMPACT);
	(void)snprintf(answer->body, sizeof(answer->body), "%s", text);
	free(text);
	json_decref(json);
}

static int find_or_start(struct fake_workspace *workspace, const char *token)
{
	for (int i = 0; i < workspace->starts; i++) {
		if (strcmp(workspace->tokens[i], token) == 0) {
			return i;
		}
	}
	(void)snprintf(workspace->tokens[workspace->starts], LB_TOKEN_LENGTH + 1, "%s", token);
	return workspace->starts++;
}

/* The number of the run that body asks for, or -1: there is no such job. */
static int start_run(struct fake_workspace *workspace, const char *body)
{
	json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	const char *token = json_string_value(json_object_get(json, "idempotency_token"));
	bool known = json_integer_value(json_object_get(json, "job_id")) == 555 && token != NULL &&
		     strlen(token) <= LB_TOKEN_LENGTH;
	int number = known ? find_or_start(workspace, token) : -1;
	json_decref(json);
	return number;
}

static void run_now(struct fake_workspace *workspace, const char *body,
		    struct http_peer_answer *answer)
{
	workspace->run_nows++;
	(void)snprintf(workspace->last_body, sizeof(workspace->last_body), "%s", body);
	const struct fake_script *script = workspace->script_at < workspace->script_count
						   ? &workspace->scripts[workspace->script_at++]
						   : NULL;
	int number = script == NULL || script->after ? start_run(workspace, body) : -1;
	if (script != NULL) {
		answer->status = script->status;
		answer->headers = script->headers != NULL ? script->headers : JSON;
		answer->cut = script->cut;
		(void)snprintf(answer->body, sizeof(answer->body), "%s", script->body);
	} else if (number < 0) {
		say(answer, 404,
		    json_pack("{s:s, s:s}", "error_code", "RESOURCE_DOES_NOT_EXIST", "message",
			      "there is no such job"));
	} else {
		say(answer, 200,
		    json_pack("{s:I}", "run_id", (json_int_t)(FAKE_FIRST_RUN_ID + number)));
	}
}

static json_t *run_json(const struct fake_workspace *workspace, int number)
{
	const char *state = workspace->states[number];
	return json_pack("{s:I, s:{s:s, s:s*, s:s*}}", "run_id",
			 (json_int_t)(FAKE_FIRST_RUN_ID + number), "state", "life_cycle_state",
			 state == NULL ? "RUNNING" : "TERMINATED", "result_state", state,
			 "state_message", workspace->messages[number]);
}

static void get_run(struct fake_workspace *workspace, const char *path,
		    struct http_peer_answer *answer)
{
	workspace->gets++;
	int64_t number = strtoll(strstr(path, "run_id=") + 7, NULL, 10) - FAKE_FIRST_RUN_ID;
	bool known = number >= 0 && number < workspace->starts &&
		     !lb_text_equal(workspace->states[number], "");
	if (workspace->bad_get_status != 0) {
		say(answer, workspace->bad_get_status, json_pack("{s:s}", "error_code", "X"));
	} else if (known) {
		say(answer, 200, run_json(workspace, (int)number));
	} else {
		say(answer, 404,
		    json_pack("{s:s, s:s}", "error_code", "RESOURCE_DOES_NOT_EXIST", "message",
			      "no such run"));
	}
}

/* The others' runs come first; a page token is where the next page begins. */
static void list_runs(struct fake_workspace *workspace, const char *path,
		      struct http_peer_answer *answer)
{
	workspace->pages++;
	const char *token = strstr(path, "page_token=at%2B");
	int at = token != NULL ? atoi(token + strlen("page_token=at%2B")) : 0;
	const char *limited = strstr(path, "limit=");
	int limit = limited != NULL ? atoi(limited + strlen("limit=")) : 0;
	if (limit < 1 || limit > 24 || strstr(path, "active_only=true") == NULL) {
		say(answer, 400, json_pack("{s:s}", "error_code", "INVALID_PARAMETER_VALUE"));
		return;
	}
	json_t *runs = json_array();
	for (; at < workspace->others + workspace->starts; at++) {
		int number = at - workspace->others;
		if (number >= 0 && workspace->states[number] != NULL) {
			continue;
		}
		if ((int)json_array_size(runs) == limit) {
			break;
		}
		json_t *run = number >= 0
				      ? run_json(workspace, number)
				      : json_pack("{s:I, s:{s:s}}", "run_id", (json_int_t)(at + 1),
						  "state", "life_cycle_state", "RUNNING");
		(void)json_array_append_new(runs, run);
	}
	char next[32];
	(void)snprintf(next, sizeof(next), "at+%d", at);
	bool more = at < workspace->others + workspace->starts;
	say(answer, 200,
	    json_pack("{s:o, s:b, s:s*}", "runs", runs, "has_more", more, "next_page_token",
		      more ? next : NULL));
}

static void give_token(struct fake_workspace *workspace, const char *request,
		       struct http_peer_answer *answer)
{
	workspace->oauth_requests++;
	/* base64("id:secret-client") */
	bool allowed =
		strstr(request, "Authorization: Basic aWQ6c2VjcmV0LWNsaWVudA==\r\n") != NULL &&
		strstr(request, "grant_type=client_credentials&scope=all-apis") != NULL;
	if (workspace->oauth_error != NULL || !allowed) {
		answer->status = workspace->oauth_error != NULL ? 401 : 400;
		answer->headers = JSON;
		(void)snprintf(answer->body, sizeof(answer->body), "%s",
			       workspace->oauth_error != NULL ? workspace->oauth_error : "{}");
		return;
	}
	(void)snprintf(workspace->valid_token, sizeof(workspace->valid_token), "secret-%d",
		       workspace->oauth_requests);
	if (workspace->oauth_requests <= FAKE_TOKENS_MAX) {
		workspace->token_ends_us[workspace->oauth_requests - 1] =
			workspace->now_us + atoll(workspace->expires_in) * LB_SECOND;
	}
	say(answer, 200,
	    json_pack("{s:s, s:s, s:s}", "access_token", workspace->valid_token, "token_type",
		      "Bearer", "expires_in", workspace->expires_in));
}

/* Of access tokens those that have not expired, unless the test names another. */
static bool accepts(struct fake_workspace *workspace, const char *request)
{
	const char *sent = strstr(request, "\r\nAuthorization: Bearer ");
	char token[64] = "";
	int number = 0;
	if (sent == NULL || sscanf(sent, "\r\nAuthorization: Bearer %63[^\r]", token) != 1) {
		return false;
	}
	if (sscanf(token, "secret-%d", &number) != 1 || number < 1 || number > FAKE_TOKENS_MAX ||
	    workspace->token_ends_us[number - 1] == 0) {
		return strcmp(token, workspace->valid_token) == 0;
	}
	bool is_over = workspace->now_us >= workspace->token_ends_us[number - 1];
	workspace->last_token_used = number;
	workspace->expired_tokens_seen += is_over;
	return !is_over && lb_text_starts_with(workspace->valid_token, "secret-");
}

static void serve(struct fake_workspace *workspace, const char *request,
		  struct http_peer_answer *answer)
{
	const char *path = strchr(request, ' ') + 1;
	if (lb_text_starts_with(path, "/oidc/v1/token ")) {
		give_token(workspace, request, answer);
		return;
	}
	(void)snprintf(workspace->last_head, sizeof(workspace->last_head), "%s", request);
	if (!accepts(workspace, request)) {
		say(answer, 403,
		    json_pack("{s:i, s:s}", "error_code", 403, "message", "Invalid access token."));
	} else if (lb_text_starts_with(path, "/api/2.2/jobs/run-now ")) {
		run_now(workspace, strstr(request, "\r\n\r\n") + 4, answer);
	} else if (lb_text_starts_with(path, "/api/2.2/jobs/runs/get?run_id=")) {
		get_run(workspace, path, answer);
	} else if (lb_text_starts_with(path, "/api/2.2/jobs/runs/list?")) {
		list_runs(workspace, path, answer);
	} else {
		say(answer, 404, json_pack("{s:s}", "error_code", "ENDPOINT_NOT_FOUND"));
	}
}

void fake_workspace_serve(void *data, const char *request, struct http_peer_answer *answer)
{
	struct fake_workspace *workspace = data;
	(void)pthread_mutex_lock(&workspace->lock);
	serve(workspace, request, answer);
	(void)pthread_mutex_unlock(&workspace->lock);
}

void fake_workspace_init(struct fake_workspace *workspace)
{
	*workspace = (struct fake_workspace){.expires_in = "3600", .valid_token = "secret-pat"};
	(void)pthread_mutex_init(&workspace->lock, NULL);
}

void fake_workspace_finish(struct fake_workspace *workspace)
{
	(void)pthread_mutex_destroy(&workspace->lock);
}

void fake_workspace_set_clock(struct fake_workspace *workspace, int64_t now_us)
{
	(void)pthread_mutex_lock(&workspace->lock);
	workspace->now_us = now_us;
	(void)pthread_mutex_unlock(&workspace->lock);
}

int fake_workspace_starts(struct fake_workspace *workspace)
{
	(void)pthread_mutex_lock(&workspace->lock);
	int starts = workspace->starts;
	(void)pthread_mutex_unlock(&workspace->lock);
	return starts;
}

void fake_workspace_end(struct fake_workspace *workspace, const char *token, const char *result,
			const char *message)
{
	(void)pthread_mutex_lock(&workspace->lock);
	for (int i = 0; i < workspace->starts; i++) {
		if (strcmp(workspace->tokens[i], token) == 0) {
			workspace->states[i] = result;
			workspace->messages[i] = message;
		}
	}
	(void)pthread_mutex_unlock(&workspace->lock);
}
