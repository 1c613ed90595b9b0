#include "config/show.h"

#include "base/text.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

/* Where lines go, and which of them. given_only: leave out what is not given. */
struct showing {
	struct lb_arena *arena;
	struct lb_shown_list *list;
	bool given_only;
	struct lb_error *error;
};

static enum lb_err shown_value(const struct showing *showing, const struct lb_setting *setting,
			       const struct lb_origin *origin, const void *base,
			       const char **ret_value)
{
	enum lb_err err = lb_value_text(showing->arena, setting, base, ret_value, showing->error);
	if (err != LB_OK || *ret_value == NULL) {
		return err;
	}
	if (setting->secret) {
		*ret_value = "***";
	} else if (origin->written != NULL) {
		*ret_value = origin->written;
	}
	return LB_OK;
}

static enum lb_err show_setting(const struct showing *showing, const struct lb_setting *setting,
				const struct lb_origin *origin, const char *prefix,
				const void *base)
{
	const char *value = NULL;
	enum lb_err err = shown_value(showing, setting, origin, base, &value);
	if (err != LB_OK || (value == NULL && showing->given_only)) {
		return err;
	}
	char *key = lb_arena_printf(showing->arena, "%s%s", prefix, setting->key);
	struct lb_shown *shown = lb_list_add(showing->arena, showing->list);
	if (key == NULL || shown == NULL) {
		return lb_fail_nomem(showing->error);
	}
	*shown = (struct lb_shown){setting, key, value, value != NULL ? origin->text : NULL};
	return LB_OK;
}

static enum lb_err show_scope(const struct showing *showing, enum lb_setting_scope scope,
			      const struct lb_origin *origins, const char *prefix, const void *base)
{
	if (prefix == NULL) {
		return lb_fail_nomem(showing->error);
	}
	size_t count;
	const struct lb_setting *rows = lb_settings_of(scope, &count);
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < count && err == LB_OK; i++) {
		if (rows[i].type != LB_SETTING_SECTION && rows[i].type != LB_SETTING_IGNORED) {
			err = show_setting(showing, &rows[i], &origins[i], prefix, base);
		}
	}
	return err;
}

static enum lb_err show_acon(const struct showing *showing, const struct lb_acon *acon,
			     size_t index)
{
	char *prefix = lb_arena_printf(showing->arena, "acons[%zu].", index);
	enum lb_err err = show_scope(showing, LB_SCOPE_ACON, acon->origins, prefix, acon);
	if (err != LB_OK) {
		return err;
	}
	prefix = lb_arena_printf(showing->arena, "acons[%zu].options.", index);
	return show_scope(showing, LB_SCOPE_OPTION, acon->option_origins, prefix, acon);
}

enum lb_err lb_config_show(const struct lb_config *config, struct lb_arena *arena,
			   struct lb_shown_list *ret_list, struct lb_error *error)
{
	*ret_list = (struct lb_shown_list){0};
	struct showing showing = {arena, ret_list, false, error};
	enum lb_err err = show_scope(&showing, LB_SCOPE_FILE, config->origins, "", config);
	for (size_t i = 0; i < config->runners.count && err == LB_OK; i++) {
		const struct lb_runner_settings *runner = &config->runners.items[i];
		err = show_scope(&showing, LB_SCOPE_RUNNER, runner->origins,
				 lb_arena_printf(arena, "runners.%s.", runner->name), runner);
	}
	showing.given_only = true;
	for (size_t i = 0; i < config->jobs.count && err == LB_OK; i++) {
		const struct lb_job_settings *job = &config->jobs.items[i];
		err = show_scope(&showing, LB_SCOPE_JOB, job->origins,
				 lb_arena_printf(arena, "jobs.%s.", job->trigger_job_id), job);
	}
	showing.given_only = false;
	for (size_t i = 0; i < config->acons.count && err == LB_OK; i++) {
		err = show_acon(&showing, &config->acons.items[i], i);
	}
	return err;
}

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

/* How wide a column is; long values do not push the others away. */
static int wider(int width, const char *text)
{
	size_t length = strlen(text);
	return length <= 48 && (int)length > width ? (int)length : width;
}

static enum lb_err print_list(struct lb_arena *arena, const struct lb_shown_list *list,
			      FILE *stream, struct lb_error *error)
{
	int key_width = 0;
	int value_width = 0;
	for (size_t i = 0; i < list->count; i++) {
		key_width = wider(key_width, list->items[i].key);
		value_width = wider(value_width, or_dash(list->items[i].value));
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct lb_shown *shown = &list->items[i];
		char *value = lb_text_printable(arena, or_dash(shown->value));
		char *key = lb_text_printable(arena, shown->key);
		if (value == NULL || key == NULL) {
			return lb_fail_nomem(error);
		}
		if (fprintf(stream, "%-*s  %-*s  %s\n", key_width, key, value_width, value,
			    shown->origin != NULL ? shown->origin : "not given") < 0) {
			return lb_fail(error, LB_IO, "cannot write");
		}
	}
	return LB_OK;
}

enum lb_err lb_config_show_text(const struct lb_config *config, FILE *stream,
				struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	struct lb_shown_list list;
	enum lb_err err = lb_config_show(config, &arena, &list, error);
	return err == LB_OK ? print_list(&arena, &list, stream, error) : err;
}

static json_t *value_json(const struct lb_shown *shown)
{
	if (shown->value == NULL) {
		return json_null();
	}
	json_t *parsed = NULL;
	if (shown->setting->type == LB_SETTING_BOOL || shown->setting->type == LB_SETTING_COUNT ||
	    shown->setting->type == LB_SETTING_ARGV) {
		parsed = json_loads(shown->value, JSON_DECODE_ANY, NULL);
	}
	/* A reference, "${env:N}", stands for what would have been a number. */
	return parsed != NULL ? parsed : json_string(shown->value);
}

static json_t *shown_json(const struct lb_shown *shown)
{
	return json_pack("{s:s, s:o, s:s?, s:b}", "name", shown->key, "value", value_json(shown),
			 "origin", shown->origin, "reloadable", !shown->setting->fixed);
}

enum lb_err lb_config_show_json(const struct lb_config *config, json_t **ret_json,
				struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	struct lb_shown_list list;
	enum lb_err err = lb_config_show(config, &arena, &list, error);
	if (err != LB_OK) {
		return err;
	}
	json_t *settings = json_array();
	for (size_t i = 0; i < list.count; i++) {
		if (json_array_append_new(settings, shown_json(&list.items[i])) != 0) {
			json_decref(settings);
			return lb_fail_nomem(error);
		}
	}
	*ret_json = json_pack("{s:s?, s:o}", "file", config->file, "settings", settings);
	return *ret_json != NULL ? LB_OK : lb_fail_nomem(error);
}

static const struct lb_shown *find_shown(const struct lb_shown_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, key) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

enum lb_err lb_config_needs_restart(const struct lb_config *before, const struct lb_config *after,
				    struct lb_arena *arena, const char **ret_key,
				    struct lb_error *error)
{
	struct lb_shown_list old;
	struct lb_shown_list new;
	*ret_key = NULL;
	enum lb_err err = lb_config_show(before, arena, &old, error);
	if (err == LB_OK) {
		err = lb_config_show(after, arena, &new, error);
	}
	if (err != LB_OK) {
		return err;
	}
	for (size_t i = 0; i < old.count && *ret_key == NULL; i++) {
		const struct lb_shown *was = &old.items[i];
		const struct lb_shown *is = was->setting->fixed ? find_shown(&new, was->key) : NULL;
		if (is != NULL && !lb_text_equal(was->value, is->value)) {
			*ret_key = was->key;
		}
	}
	return LB_OK;
}
