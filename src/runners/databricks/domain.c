#include "runners/databricks/domain.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_CHARACTERS                                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"                                     \
	"0123456789.-_"

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long long port = digits > 0 && digits <= 5 ? strtoll(text, NULL, 10) : 0;
	return text[digits] == '\0' && port >= 1 && port <= 65535;
}

/* "host", "host:port", "[::1]:port" */
static bool is_authority(const char *text)
{
	bool bracket = text[0] == '[';
	size_t length = bracket ? strspn(text + 1, "0123456789abcdefABCDEF:.")
				: strspn(text, HOST_CHARACTERS);
	const char *after = text + length;
	if (bracket) {
		if (after[1] != ']') {
			return false;
		}
		after += 2;
	}
	return length > 0 && text[0] != '.' &&
	       (after[0] == '\0' || (after[0] == ':' && is_port(after + 1)));
}

static bool is_this_machine(const char *authority)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);
		if (strncmp(authority, names[i], length) == 0 &&
		    (authority[length] == '\0' || authority[length] == ':')) {
			return true;
		}
	}
	return false;
}

static void make_small(char *text)
{
	for (; *text != '\0'; text++) {
		*text = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
	}
}

/* The value of a query's parameter if it is a number, or NULL. */
static const char *find_number(const char *query, const char *name, struct lb_arena *arena)
{
	size_t length = strlen(name);
	for (const char *at = query; at != NULL; at = strpbrk(at, "?&")) {
		at += at[0] == '?' || at[0] == '&';
		if (strncmp(at, name, length) == 0 && at[length] == '=') {
			const char *value = at + length + 1;
			size_t digits = strspn(value, "0123456789");
			bool whole = value[digits] == '\0' || strchr("&#", value[digits]) != NULL;
			return digits > 0 && whole ? lb_arena_strndup(arena, value, digits) : NULL;
		}
	}
	return NULL;
}

static const char *find_workspace(const char *rest, struct lb_arena *arena)
{
	static const char *const names[] = {"o", "workspace_id", "w"};
	const char *query = strchr(rest, '?');
	const char *id = NULL;
	for (size_t i = 0; query != NULL && id == NULL && i < 3; i++) {
		id = find_number(query, names[i], arena);
	}
	return id;
}

enum lb_err lb_databricks_domain_parse(const char *text, struct lb_arena *arena,
				       struct lb_databricks_domain *ret_domain,
				       struct lb_error *error)
{
	const char *trimmed = lb_text_trim(arena, text);
	if (trimmed == NULL) {
		return lb_fail_nomem(error);
	}
	bool plain = strncasecmp(trimmed, "http://", 7) == 0;
	bool secure = strncasecmp(trimmed, "https://", 8) == 0;
	const char *rest = trimmed + (plain ? 7 : secure ? 8 : 0);
	char *authority = lb_arena_strndup(arena, rest, strcspn(rest, "/?#"));
	if (authority == NULL) {
		return lb_fail_nomem(error);
	}
	if (strchr(authority, '@') != NULL) {
		return lb_fail(error, LB_INVALID, "a workspace's domain holds no user's name");
	}
	if (!is_authority(authority)) {
		return lb_fail(error, LB_INVALID,
			       "\"%.200s\" is not the domain of a workspace: write it like "
			       "dbc-a1b2c3d4-e5f6.cloud.databricks.com",
			       authority);
	}
	make_small(authority);
	if (plain && !is_this_machine(authority)) {
		return lb_fail(error, LB_INVALID,
			       "http://%.200s would send the token unprotected: use https",
			       authority);
	}
	ret_domain->origin =
		lb_arena_printf(arena, "%s%s", plain ? "http://" : "https://", authority);
	ret_domain->workspace_id = find_workspace(rest + strlen(authority), arena);
	return ret_domain->origin != NULL ? LB_OK : lb_fail_nomem(error);
}

char *lb_databricks_run_url(const struct lb_databricks_domain *domain, int64_t job_id,
			    int64_t run_id, struct lb_arena *arena)
{
	bool known = domain->workspace_id != NULL;
	return lb_arena_printf(arena, "%s/jobs/%" PRId64 "/runs/%" PRId64 "%s%s", domain->origin,
			       job_id, run_id, known ? "?o=" : "",
			       known ? domain->workspace_id : "");
}
