#include "config/scope.h"

#include "base/text.h"
#include "config/secrets.h"

#include <string.h>

static char *full_key(const struct lb_reader *reader, const char *prefix, const char *key)
{
	return lb_report_kept(reader->report, lb_arena_printf(reader->arena, "%s%s", prefix, key));
}

/* A key of one kind of file met in the other. */
static const char *misplaced(enum lb_setting_scope scope, const char *key)
{
	if (scope == LB_SCOPE_FILE && lb_setting_find(LB_SCOPE_ACON, key) != NULL) {
		return "this belongs into an ACON: give that file with --acon, or name it under "
		       "acons";
	}
	if (scope == LB_SCOPE_ACON && lb_setting_find(LB_SCOPE_FILE, key) != NULL) {
		return "this belongs into the daemon's file: give that with --config";
	}
	if (scope == LB_SCOPE_ACON && lb_setting_find(LB_SCOPE_OPTION, key) != NULL) {
		return "this belongs under options";
	}
	return NULL;
}

static void report_unknown(const struct lb_reader *reader, enum lb_setting_scope scope,
			   const struct lb_node *item, const char *key,
			   enum lb_unknown_keys unknown)
{
	const char *keys[LB_SETTING_KEYS_MAX];
	size_t count = lb_setting_keys(scope, keys);
	bool auto_loader = strncasecmp(item->key, "cloudFiles.", strlen("cloudFiles.")) == 0;
	bool error = unknown == LB_UNKNOWN_IS_ERROR ||
		     (unknown == LB_UNKNOWN_OPTION_IS_ERROR && auto_loader);
	const char *remedy = misplaced(scope, item->key);
	if (remedy == NULL) {
		remedy = lb_report_did_you_mean(reader->report, item->key, keys, count, NULL);
	}
	struct lb_place place = {reader->file, item->line, 0, key};
	lb_report_add(reader->report, error ? LB_PROBLEM_ERROR : LB_PROBLEM_WARNING, place, remedy,
		      error ? "is not a known key" : "is not a known key; it has no effect");
}

/* The text as written, where that differs from the value. */
static const char *written_text(const struct lb_reader *reader, const struct lb_node *node)
{
	if (lb_secrets_hidden(node)) {
		return node->written;
	}
	bool hidden = false;
	for (size_t i = 0; node->kind == LB_NODE_LIST && i < node->items.count; i++) {
		hidden = hidden || lb_secrets_hidden(&node->items.items[i]);
	}
	if (!hidden) {
		return NULL;
	}
	const char **texts =
		lb_arena_alloc(reader->arena, (node->items.count + 1) * sizeof(const char *));
	for (size_t i = 0; texts != NULL && i < node->items.count; i++) {
		texts[i] = node->items.items[i].written;
	}
	return lb_report_kept(reader->report,
			      texts != NULL ? lb_value_argv_text(reader->arena, texts) : NULL);
}

static void set_origin(const struct lb_reader *reader, const struct lb_node *node,
		       struct lb_origin *origin)
{
	origin->text = lb_report_kept(
		reader->report,
		node->line > 0 ? lb_arena_printf(reader->arena, "%s:%d", reader->file, node->line)
			       : lb_arena_strdup(reader->arena, reader->file));
	origin->written = written_text(reader, node);
}

static void read_item(const struct lb_reader *reader, const struct lb_setting *setting,
		      const struct lb_node *item, const char *key, struct lb_origin *origin,
		      void *base)
{
	struct lb_place place = {reader->file, item->line, 0, key};
	if (origin->text != NULL) {
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, "keep one of the two",
			      "is given twice, in two spellings");
		return;
	}
	if (item->kind == LB_NODE_NULL) {
		return;
	}
	set_origin(reader, item, origin);
	if (setting->type == LB_SETTING_IGNORED) {
		lb_report_add(reader->report, LB_PROBLEM_NOTICE, place, NULL,
			      "has no effect here. %s", setting->help);
	} else if (setting->type != LB_SETTING_SECTION && !item->failed) {
		(void)lb_value_set(reader, setting, item, key, base);
	}
}

static void read_items(const struct lb_reader *reader, enum lb_setting_scope scope,
		       const struct lb_node *map, const char *prefix, enum lb_unknown_keys unknown,
		       struct lb_origin *origins, void *base)
{
	size_t count;
	const struct lb_setting *rows = lb_settings_of(scope, &count);
	for (size_t i = 0; i < map->items.count; i++) {
		const struct lb_node *item = &map->items.items[i];
		const struct lb_setting *setting = lb_setting_find(scope, item->key);
		char *key = full_key(reader, prefix, item->key);
		if (key == NULL) {
			return;
		}
		if (setting == NULL) {
			report_unknown(reader, scope, item, key, unknown);
		} else {
			read_item(reader, setting, item, key, &origins[setting - rows], base);
		}
	}
}

/* Defaults pass through the same checks as what people write. */
static void set_default(const struct lb_reader *reader, const struct lb_setting *setting,
			struct lb_origin *origin, void *base)
{
	struct lb_node node = {.kind = LB_NODE_TEXT, .text = setting->fallback};
	node.written = node.text;
	(void)lb_value_set(reader, setting, &node, setting->key, base);
	origin->text = "default";
}

static void finish_row(const struct lb_reader *reader, const struct lb_setting *setting, int line,
		       const char *prefix, struct lb_origin *origin, void *base)
{
	if (origin->text != NULL) {
		return;
	}
	if (setting->fallback != NULL) {
		set_default(reader, setting, origin, base);
	} else if (setting->required) {
		char *key = full_key(reader, prefix, setting->key);
		struct lb_place place = {reader->file, line, 0, key};
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, NULL, "is missing");
	}
}

struct lb_origin *lb_scope_read(const struct lb_reader *reader, enum lb_setting_scope scope,
				const struct lb_node *map, const char *prefix,
				enum lb_unknown_keys unknown, void *base)
{
	size_t count;
	const struct lb_setting *rows = lb_settings_of(scope, &count);
	struct lb_origin *origins = lb_report_kept(
		reader->report, lb_arena_alloc(reader->arena, count * sizeof(*origins)));
	if (origins == NULL) {
		return NULL;
	}
	if (map != NULL) {
		read_items(reader, scope, map, prefix, unknown, origins, base);
	}
	for (size_t i = 0; i < count; i++) {
		/* Without a dictionary nothing can be asked of it. */
		if (map != NULL || !rows[i].required) {
			finish_row(reader, &rows[i], map != NULL ? map->line : 0, prefix,
				   &origins[i], base);
		}
	}
	return origins;
}

struct lb_origin *lb_scope_origin(enum lb_setting_scope scope, struct lb_origin *origins,
				  const char *key)
{
	size_t count;
	return &origins[lb_setting_find(scope, key) - lb_settings_of(scope, &count)];
}

void lb_scope_override(const struct lb_reader *reader, enum lb_setting_scope scope, const char *key,
		       const char *text, struct lb_origin *origins, void *base)
{
	struct lb_node node = {.kind = LB_NODE_TEXT, .text = text, .written = text};
	if (lb_value_set(reader, lb_setting_find(scope, key), &node, NULL, base)) {
		*lb_scope_origin(scope, origins, key) = (struct lb_origin){reader->file, NULL};
	}
}
