#include "base/text.h"
#include "support/workspace/must.h"
#include "support/workspace/run_json.h"
#include "support/workspace/workspace.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NO_CREDENTIAL "Credential was not sent or was of an unsupported type for this API."

static const struct settings usual = {
	.token_seconds = 3600,
	.missing_status = 400,
};

void workspace_init(struct workspace *workspace)
{
	*workspace = (struct workspace){
		.settings = usual,
		.access_tokens = must(json_object()),
		.requests = must(json_object()),
		.listening = true,
	};
	world_init(&workspace->world);
	faults_init(&workspace->faults);
	journal_init(&workspace->journal);
}

void workspace_finish(struct workspace *workspace)
{
	world_finish(&workspace->world);
	faults_finish(&workspace->faults);
	journal_finish(&workspace->journal);
	json_decref(workspace->access_tokens);
	json_decref(workspace->requests);
}

bool routes_serve(const struct route *routes, struct workspace *workspace,
		  const struct request *request, struct answer *answer)
{
	for (; routes->path != NULL; routes++) {
		if (strcmp(routes->path, request->path) != 0 ||
		    strcmp(routes->method, request->method) != 0) {
			continue;
		}
		bool in_body = strcmp(request->method, "POST") == 0;
		if (in_body && request->query.count > 0) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "Unknown parameter: %.100s", request->query.items[0].name);
			return true;
		}
		json_t *fields = in_body ? fields_of_body(request, routes->fields, answer)
					 : fields_of_query(request, routes->fields, answer);
		if (fields != NULL) {
			routes->serve(workspace, request, fields, answer);
			json_decref(fields);
		}
		return true;
	}
	return false;
}

void answer_missing(const struct workspace *workspace, struct answer *answer, const char *kind,
		    int64_t id)
{
	bool modern = workspace->settings.missing_status == 404;
	answer_error(answer, modern ? 404 : 400,
		     modern ? "RESOURCE_DOES_NOT_EXIST" : "INVALID_PARAMETER_VALUE",
		     "%s %" PRId64 " does not exist.", kind, id);
}

char *page_token(struct lb_arena *arena, const char *list, int64_t position)
{
	char plain[256];
	int length = snprintf(plain, sizeof(plain), "\xfb\xff%" PRId64 "?%s", position, list);
	char *token = must(lb_arena_alloc(arena, 4 * (size_t)length / 3 + 5));
	(void)EVP_EncodeBlock((unsigned char *)token, (const unsigned char *)plain, length);
	return token;
}

bool page_position(const json_t *fields, const char *list, int64_t *ret_position,
		   struct answer *answer)
{
	const char *token = json_string_value(json_object_get(fields, "page_token"));
	if (token == NULL) {
		return true;
	}
	unsigned char plain[512] = {0};
	size_t length = strlen(token);
	char *end = NULL;
	if (length > 0 && length < 400 &&
	    EVP_DecodeBlock(plain, (const unsigned char *)token, (int)length) > 2) {
		*ret_position = strtoll((const char *)plain + 2, &end, 10);
	}
	if (end == NULL || *end != '?' || strcmp(end + 1, list) != 0) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "Invalid page token: %.100s",
			     token);
		return false;
	}
	return true;
}

static void serve_me(struct workspace *workspace, const struct request *request,
		     const json_t *fields, struct answer *answer)
{
	(void)workspace;
	(void)request;
	(void)fields;
	answer_json(answer, 200,
		    json_pack("{s:[s], s:s, s:s, s:s, s:b, s:[{s:s, s:s, s:b}]}", "schemas",
			      "urn:ietf:params:scim:schemas:core:2.0:User", "id", "1122334455",
			      "userName", PRINCIPAL, "displayName", "Lakebeat", "active", 1,
			      "emails", "type", "work", "value", PRINCIPAL, "primary", 1));
	answer->type = "application/scim+json";
}

static const struct field no_fields[] = {{0}};
static const struct route other_routes[] = {
	{"GET", "/api/2.0/preview/scim/v2/Me", no_fields, serve_me},
	{0},
};

/* GET /api/2.0/permissions/jobs/{job_id} */
static bool serve_permissions(const struct workspace *workspace, const struct request *request,
			      struct answer *answer)
{
	static const char prefix[] = "/api/2.0/permissions/jobs/";
	if (strcmp(request->method, "GET") != 0 || !lb_text_starts_with(request->path, prefix)) {
		return false;
	}
	static const char *const levels[] = {"", "CAN_VIEW", "CAN_MANAGE_RUN", "IS_OWNER"};
	char *end = NULL;
	const char *number = request->path + strlen(prefix);
	int64_t id = strtoll(number, &end, 10);
	if (*number < '0' || *number > '9' || *end != '\0') {
		return false;
	}
	struct job *job = job_for(workspace, id, PERMISSION_VIEW, answer);
	if (job != NULL) {
		char object[64];
		(void)snprintf(object, sizeof(object), "/jobs/%" PRId64, id);
		answer_json(answer, 200,
			    json_pack("{s:s, s:s, s:[{s:s, s:s, s:[{s:s, s:b}]}]}", "object_id",
				      object, "object_type", "job", "access_control_list",
				      "user_name", PRINCIPAL, "display_name", "Lakebeat",
				      "all_permissions", "permission_level",
				      levels[job->permission], "inherited", 0));
	}
	return true;
}

/* Whose it is, or NULL: answered. */
static const char *authenticate(struct workspace *workspace, const struct request *request,
				struct answer *answer)
{
	const char *bearer = request->authorization;
	if (bearer == NULL || strncasecmp(bearer, "Bearer ", 7) != 0) {
		answer_json(answer, 401,
			    json_pack("{s:i, s:s}", "error_code", 401, "message", NO_CREDENTIAL));
		answer_header(answer, "WWW-Authenticate", "Bearer realm=\"DatabricksRealm\"");
		return NULL;
	}
	if (strcmp(bearer + 7, ACCESS_TOKEN) == 0) {
		return "pat";
	}
	if (oauth_knows(workspace, bearer + 7)) {
		return "oauth";
	}
	answer_json(answer, 403,
		    json_pack("{s:i, s:s}", "error_code", 403, "message", "Invalid access token."));
	answer_header(answer, "X-Databricks-Reason-Phrase", "Invalid access token.");
	return NULL;
}

static void serve_route(struct workspace *workspace, const struct request *request,
			struct answer *answer)
{
	if (request->workspace_id != NULL && strcmp(request->workspace_id, WORKSPACE_ID) != 0) {
		answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
			     "X-Databricks-Workspace-Id is of another workspace.");
	} else if (!routes_serve(jobs_routes, workspace, request, answer) &&
		   !routes_serve(runs_routes, workspace, request, answer) &&
		   !routes_serve(other_routes, workspace, request, answer) &&
		   !serve_permissions(workspace, request, answer)) {
		char target[512];
		(void)snprintf(target, sizeof(target), "Bad Target: %.400s", request->path);
		json_t *text = json_string(target);
		answer_json(answer, 404,
			    json_pack("{s:o}", "error", text != NULL ? text : json_null()));
	}
}

static void count_request(struct workspace *workspace, const char *path)
{
	const json_t *count = json_object_get(workspace->requests, path);
	if (count != NULL || json_object_size(workspace->requests) < 1000) {
		(void)json_object_set_new(workspace->requests, path,
					  json_integer(json_integer_value(count) + 1));
	}
}

const char *api_serve(struct workspace *workspace, const struct request *request,
		      struct answer *answer)
{
	const char *who = "none";
	count_request(workspace, request->path);
	world_settle(&workspace->world);
	answer_header(answer, "Server", "databricks");
	answer_header(answer, "X-Databricks-Org-Id", WORKSPACE_ID);
	if (workspace->settings.html) {
		answer_login_page(answer);
	} else if (lb_text_starts_with(request->path, "/oidc/") ||
		   lb_text_starts_with(request->path, "/.well-known/")) {
		who = request->user != NULL ? "basic" : "none";
		oauth_serve(workspace, request, answer);
	} else {
		who = authenticate(workspace, request, answer);
		if (who != NULL) {
			serve_route(workspace, request, answer);
		}
	}
	return who != NULL ? who : request->authorization == NULL ? "none" : "refused";
}
