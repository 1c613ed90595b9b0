#include "runners/databricks/credentials.h"

#include "base/text.h"
#include "net/secret.h"
#include "runners/databricks/profile.h"

#include <stddef.h>
#include <string.h>

enum attribute { HOST, TOKEN, CLIENT_ID, CLIENT_SECRET, AUTH_TYPE, WORKSPACE_ID, ATTRIBUTES };

/* By what names an attribute is given. setting: its offset, or none. */
static const struct {
	const char *key;
	const char *variable;
	ptrdiff_t setting;
} names[ATTRIBUTES] = {
	[HOST] = {"host", "DATABRICKS_HOST", offsetof(struct lb_databricks_settings, domain)},
	[TOKEN] = {"token", "DATABRICKS_TOKEN", offsetof(struct lb_databricks_settings, token)},
	[CLIENT_ID] = {"client_id", "DATABRICKS_CLIENT_ID",
		       offsetof(struct lb_databricks_settings, client_id)},
	[CLIENT_SECRET] = {"client_secret", "DATABRICKS_CLIENT_SECRET",
			   offsetof(struct lb_databricks_settings, client_secret)},
	[AUTH_TYPE] = {"auth_type", "DATABRICKS_AUTH_TYPE",
		       offsetof(struct lb_databricks_settings, auth_type)},
	[WORKSPACE_ID] = {"workspace_id", "DATABRICKS_WORKSPACE_ID", -1},
};

/* What was found so far; texts in arena, or static. */
struct search {
	const struct lb_databricks_settings *settings;
	const char *(*get)(const char *name);
	struct lb_arena *arena;
	struct lb_databricks_text found[ATTRIBUTES];
	bool no_memory;
};

/* The first that gives an attribute is the one. White space around it is none of it. */
static void offer(struct search *search, enum attribute attribute, const char *value,
		  const char *origin)
{
	if (value == NULL || search->found[attribute].value != NULL) {
		return;
	}
	const char *trimmed = lb_text_trim(search->arena, value);
	const char *copy = lb_arena_strdup(search->arena, origin != NULL ? origin : "the settings");
	if (trimmed == NULL || copy == NULL) {
		search->no_memory = true;
	} else if (trimmed[0] != '\0') {
		search->found[attribute] = (struct lb_databricks_text){trimmed, copy};
	}
}

static void take_settings(struct search *search)
{
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (names[i].setting >= 0) {
			struct lb_databricks_text text;
			memcpy(&text, (const char *)search->settings + names[i].setting,
			       sizeof(text));
			offer(search, (enum attribute)i, text.value, text.origin);
		}
	}
}

static void take_environment(struct search *search)
{
	for (int i = 0; i < ATTRIBUTES; i++) {
		offer(search, (enum attribute)i, search->get(names[i].variable), names[i].variable);
	}
}

static void take_profile(struct search *search, const struct lb_databricks_entry_list *entries,
			 const char *profile, const char *path)
{
	const char *origin = lb_arena_printf(search->arena, "[%s] in %s", profile, path);
	search->no_memory = search->no_memory || origin == NULL;
	for (int i = 0; i < ATTRIBUTES && origin != NULL; i++) {
		offer(search, (enum attribute)i,
		      lb_databricks_profile_get(entries, profile, names[i].key), origin);
	}
}

static const char *not_empty(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *named_profile(const struct search *search)
{
	const char *profile = not_empty(search->settings->profile.value);
	return profile != NULL ? profile : not_empty(search->get("DATABRICKS_CONFIG_PROFILE"));
}

static const char *file_path(const struct search *search)
{
	const char *path = not_empty(search->get("DATABRICKS_CONFIG_FILE"));
	const char *home = not_empty(search->get("HOME"));
	if (path == NULL && home == NULL) {
		return "";
	}
	if (path != NULL && (!lb_text_starts_with(path, "~/") || home == NULL)) {
		return lb_arena_strdup(search->arena, path);
	}
	return lb_arena_printf(search->arena, "%s/%s", home,
			       path != NULL ? path + 2 : ".databrickscfg");
}

/* named: NULL: whichever is the default, if there is one. */
static enum lb_err take_text(struct search *search, char *text, const char *path, const char *named,
			     struct lb_error *error)
{
	struct lb_databricks_entry_list entries = {0};
	enum lb_err err = lb_databricks_profiles_parse(text, search->arena, &entries, error);
	if (err != LB_OK) {
		return lb_wrap(error, "%s", path);
	}
	if (named == NULL) {
		named = lb_databricks_profile_get(&entries, "__settings__", "default_profile");
	}
	const char *profile = named != NULL ? named : "DEFAULT";
	if (named != NULL && !lb_databricks_profile_exists(&entries, named)) {
		return lb_fail(error, LB_NOT_FOUND, "there is no profile %s in %s", named, path);
	}
	take_profile(search, &entries, profile, path);
	return LB_OK;
}

static enum lb_err take_file(struct search *search, struct lb_error *error)
{
	const char *named = named_profile(search);
	bool skipped = named == NULL &&
		       (search->found[HOST].value != NULL || search->found[TOKEN].value != NULL ||
			search->found[CLIENT_ID].value != NULL ||
			search->found[CLIENT_SECRET].value != NULL);
	const char *path = skipped ? "" : file_path(search);
	if (path == NULL) {
		return lb_fail_nomem(error);
	}
	if (skipped || (named == NULL && path[0] == '\0')) {
		return LB_OK;
	}
	char *text = NULL;
	enum lb_err err = lb_secret_read_file(path, LB_DATABRICKS_FILE_BYTES_MAX, &text, error);
	if (err == LB_NOT_FOUND && named == NULL) {
		return LB_OK;
	}
	if (err != LB_OK) {
		return named != NULL ? lb_wrap(error, "profile %s: %s", named, path)
				     : lb_wrap(error, "%s", path);
	}
	err = take_text(search, text, path, named, error);
	lb_secret_free(text);
	return err;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f) {
			return false;
		}
	}
	return true;
}

static enum lb_err check_secrets(const struct search *search, struct lb_error *error)
{
	for (int i = TOKEN; i <= CLIENT_SECRET; i++) {
		const struct lb_databricks_text *text = &search->found[i];
		if (text->value != NULL && !is_printable(text->value)) {
			return lb_fail(error, LB_INVALID,
				       "%s from %s holds white space, or other characters that "
				       "cannot be sent",
				       names[i].key, text->origin);
		}
	}
	return LB_OK;
}

static const struct lb_databricks_text *oauth_given(const struct search *search)
{
	return search->found[CLIENT_ID].value != NULL ? &search->found[CLIENT_ID]
						      : &search->found[CLIENT_SECRET];
}

static enum lb_err choose_kind(const struct search *search, enum lb_databricks_kind *ret_kind,
			       struct lb_error *error)
{
	const struct lb_databricks_text *type = &search->found[AUTH_TYPE];
	const struct lb_databricks_text *token = &search->found[TOKEN];
	const struct lb_databricks_text *oauth = oauth_given(search);
	*ret_kind = token->value != NULL ? LB_DATABRICKS_PAT : LB_DATABRICKS_OAUTH;
	if (type->value != NULL) {
		*ret_kind = lb_text_same_word(type->value, "pat") ? LB_DATABRICKS_PAT
								  : LB_DATABRICKS_OAUTH;
		return *ret_kind == LB_DATABRICKS_PAT || lb_text_same_word(type->value, "oauth-m2m")
			       ? LB_OK
			       : lb_fail(error, LB_UNSUPPORTED,
					 "auth_type \"%.40s\" from %s is not supported: use pat or "
					 "oauth-m2m",
					 type->value, type->origin);
	}
	if (token->value != NULL && oauth->value != NULL) {
		return lb_fail(error, LB_INVALID,
			       "two kinds of credentials are configured, token from %s and %s from "
			       "%s: leave one out, or choose by auth_type (pat or oauth-m2m)",
			       token->origin,
			       oauth == &search->found[CLIENT_ID] ? "client_id" : "client_secret",
			       oauth->origin);
	}
	return LB_OK;
}

static enum lb_err check_complete(const struct search *search, enum lb_databricks_kind kind,
				  struct lb_error *error)
{
	const struct lb_databricks_text *found = search->found;
	if (found[HOST].value == NULL) {
		return lb_fail(error, LB_INVALID,
			       "no workspace is configured: give domain, DATABRICKS_HOST or a "
			       "profile in ~/.databrickscfg");
	}
	if (kind == LB_DATABRICKS_PAT && found[TOKEN].value == NULL) {
		return lb_fail(error, LB_INVALID,
			       "auth_type is pat (from %s), but there is no token",
			       found[AUTH_TYPE].origin);
	}
	if (kind == LB_DATABRICKS_PAT ||
	    (found[CLIENT_ID].value != NULL && found[CLIENT_SECRET].value != NULL)) {
		return LB_OK;
	}
	if (oauth_given(search)->value == NULL) {
		return lb_fail(error, LB_INVALID,
			       "no credentials are configured: give token, or client_id and "
			       "client_secret, in the settings, as DATABRICKS_TOKEN … or in a "
			       "profile in ~/.databrickscfg");
	}
	bool has_id = found[CLIENT_ID].value != NULL;
	return lb_fail(error, LB_INVALID, "there is a %s, from %s, but no %s",
		       has_id ? "client_id" : "client_secret", oauth_given(search)->origin,
		       has_id ? "client_secret" : "client_id");
}

static enum lb_err decide(const struct search *search,
			  struct lb_databricks_credentials *credentials, struct lb_error *error)
{
	const struct lb_databricks_text *found = search->found;
	enum lb_err err = choose_kind(search, &credentials->kind, error);
	err = err == LB_OK ? check_complete(search, credentials->kind, error) : err;
	err = err == LB_OK ? check_secrets(search, error) : err;
	if (err != LB_OK) {
		return err;
	}
	err = lb_databricks_domain_parse(found[HOST].value, search->arena, &credentials->domain,
					 error);
	if (err != LB_OK) {
		return lb_wrap(error, "domain from %s", found[HOST].origin);
	}
	const char *workspace_id = found[WORKSPACE_ID].value;
	if (credentials->domain.workspace_id == NULL && workspace_id != NULL &&
	    strspn(workspace_id, "0123456789") == strlen(workspace_id)) {
		credentials->domain.workspace_id = workspace_id;
	}
	bool pat = credentials->kind == LB_DATABRICKS_PAT;
	credentials->token = pat ? found[TOKEN].value : NULL;
	credentials->client_id = pat ? NULL : found[CLIENT_ID].value;
	credentials->client_secret = pat ? NULL : found[CLIENT_SECRET].value;
	credentials->origin = found[pat ? TOKEN : CLIENT_ID].origin;
	return LB_OK;
}

enum lb_err lb_databricks_credentials_find(const struct lb_databricks_settings *settings,
					   const char *(*get)(const char *name),
					   struct lb_databricks_credentials *ret_credentials,
					   struct lb_error *error)
{
	*ret_credentials = (struct lb_databricks_credentials){0};
	struct search search = {.settings = settings, .get = get, .arena = &ret_credentials->arena};
	take_settings(&search);
	take_environment(&search);
	enum lb_err err = take_file(&search, error);
	if (err == LB_OK && search.no_memory) {
		err = lb_fail_nomem(error);
	}
	err = err == LB_OK ? decide(&search, ret_credentials, error) : err;
	if (err != LB_OK) {
		lb_databricks_credentials_finish(ret_credentials);
	}
	return err;
}

void lb_databricks_credentials_finish(struct lb_databricks_credentials *credentials)
{
	lb_arena_wipe(&credentials->arena);
	*credentials = (struct lb_databricks_credentials){0};
}
