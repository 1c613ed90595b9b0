/* OAuth for machines: RFC 6749, 4.4, client credentials by HTTP basic
 * authentication, and the discovery document of RFC 8414. */
#include "support/workspace/must.h"
#include "support/workspace/run_json.h"
#include "support/workspace/workspace.h"

#include <openssl/rand.h>
#include <string.h>

/* {"error", "error_description"}, as RFC 6749, 5.2. */
static void refuse(struct answer *answer, int status, const char *error, const char *description)
{
	answer_json(answer, status,
		    json_pack("{s:s, s:s}", "error", error, "error_description", description));
}

/* The value of a form's only field of that name; NULL: none, or more than one.
 * Nothing is decoded: the values that are good need no escapes. */
static const char *form_value(const struct request *request, const char *name)
{
	char *copy = must(lb_arena_strdup(request->arena, request->body));
	const char *found = NULL;
	char *rest = NULL;
	for (char *part = strtok_r(copy, "&", &rest); part != NULL;
	     part = strtok_r(NULL, "&", &rest)) {
		size_t length = strlen(name);
		if (strncmp(part, name, length) == 0 && part[length] == '=') {
			if (found != NULL) {
				return NULL;
			}
			found = part + length + 1;
		}
	}
	return found;
}

static void forget_expired(struct workspace *workspace)
{
	int64_t now_ms = world_now_ms(&workspace->world);
	const char *token;
	json_t *expires;
	void *next;
	json_object_foreach_safe(workspace->access_tokens, next, token, expires)
	{
		if (json_integer_value(expires) <= now_ms) {
			(void)json_object_del(workspace->access_tokens, token);
		}
	}
}

static void give_token(struct workspace *workspace, struct answer *answer)
{
	unsigned char random[16];
	char token[64] = "eyJ";
	(void)RAND_bytes(random, (int)sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		(void)snprintf(token + 3 + 2 * i, 3, "%02x", random[i]);
	}
	int64_t life = workspace->settings.token_seconds;
	forget_expired(workspace);
	if (json_object_size(workspace->access_tokens) >= ACCESS_TOKENS_MAX) {
		json_object_clear(workspace->access_tokens);
	}
	(void)json_object_set_new(workspace->access_tokens, token,
				  json_integer(world_now_ms(&workspace->world) + life * 1000));
	workspace->access_tokens_made++;
	char text[32];
	(void)snprintf(text, sizeof(text), "%lld", (long long)life);
	json_t *expires_in =
		workspace->settings.expires_in_text ? json_string(text) : json_integer(life);
	answer_json(answer, 200,
		    json_pack("{s:s, s:s, s:s, s:o}", "access_token", token, "scope", "all-apis",
			      "token_type", "Bearer", "expires_in", expires_in));
	answer_header(answer, "Cache-Control", "no-store");
}

static void serve_token(struct workspace *workspace, const struct request *request,
			struct answer *answer)
{
	const char *type = request->content_type;
	const char *grant = form_value(request, "grant_type");
	const char *scope = form_value(request, "scope");
	if (type == NULL || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0) {
		refuse(answer, 400, "invalid_request", "The body must be a form.");
	} else if (request->user == NULL || strcmp(request->user, CLIENT_ID) != 0 ||
		   strcmp(request->password, CLIENT_SECRET) != 0) {
		refuse(answer, 401, "invalid_client", "Client authentication failed");
		answer_header(answer, "WWW-Authenticate", "Basic");
	} else if (grant == NULL) {
		refuse(answer, 400, "invalid_request", "grant_type is missing, or there twice");
	} else if (strcmp(grant, "client_credentials") != 0) {
		refuse(answer, 400, "unsupported_grant_type", "The grant type is not supported");
	} else if (scope == NULL || strcmp(scope, "all-apis") != 0) {
		refuse(answer, 400, "invalid_scope", "The scope must be all-apis");
	} else {
		give_token(workspace, answer);
	}
}

/* SCHEME://HOST and the path, as the client knows us. */
static json_t *place(const struct request *request, const char *path)
{
	const char *host = request->host != NULL ? request->host : "localhost";
	return json_string(
		must(lb_arena_printf(request->arena, "%s://%s%s", request->scheme, host, path)));
}

static void serve_discovery(const struct request *request, struct answer *answer)
{
	answer_json(answer, 200,
		    json_pack("{s:o, s:o, s:o}", "issuer", place(request, "/oidc"),
			      "authorization_endpoint", place(request, "/oidc/v1/authorize"),
			      "token_endpoint", place(request, "/oidc/v1/token")));
}

/* What newer clients ask first; without it they know no token endpoint. */
static void serve_host(const struct request *request, struct answer *answer)
{
	answer_json(answer, 200,
		    json_pack("{s:o, s:s, s:s, s:s}", "oidc_endpoint", place(request, "/oidc"),
			      "workspace_id", WORKSPACE_ID, "host_type", "workspace", "cloud",
			      "AWS"));
}

void oauth_serve(struct workspace *workspace, const struct request *request, struct answer *answer)
{
	bool post = strcmp(request->method, "POST") == 0;
	bool get = strcmp(request->method, "GET") == 0;
	if (post && strcmp(request->path, "/oidc/v1/token") == 0) {
		serve_token(workspace, request, answer);
	} else if (get &&
		   strcmp(request->path, "/oidc/.well-known/oauth-authorization-server") == 0) {
		serve_discovery(request, answer);
	} else if (get && strcmp(request->path, "/.well-known/databricks-config") == 0) {
		serve_host(request, answer);
	} else {
		answer_error(answer, 404, "NOT_FOUND", "There is nothing here.");
	}
}

bool oauth_knows(struct workspace *workspace, const char *access_token)
{
	const json_t *expires = json_object_get(workspace->access_tokens, access_token);
	return expires != NULL && json_integer_value(expires) > world_now_ms(&workspace->world);
}
