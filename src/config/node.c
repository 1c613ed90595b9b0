#include "config/node.h"

#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *lb_node_kind_text(enum lb_node_kind kind)
{
	static const char *const texts[] = {"empty", "a text", "a list", "a dictionary"};
	return texts[kind];
}

const struct lb_node *lb_node_get(const struct lb_node *map, const char *key)
{
	for (size_t i = 0; map->kind == LB_NODE_MAP && i < map->items.count; i++) {
		if (strcmp(map->items.items[i].key, key) == 0) {
			return &map->items.items[i];
		}
	}
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct lb_node *one = *(const struct lb_node *const *)a;
	const struct lb_node *other = *(const struct lb_node *const *)b;
	int order = strcmp(one->key, other->key);
	return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

/* By sorting, so that a large dictionary does not cost the square of its size. */
static void check_keys_here(const struct lb_node *map, const char *name, struct lb_report *report)
{
	const struct lb_node **sorted LB_CLEANUP(lb_freep) =
		lb_alloc((map->items.count + 1) * sizeof(const struct lb_node *));
	if (lb_report_kept(report, (void *)sorted) == NULL) {
		return;
	}
	for (size_t i = 0; i < map->items.count; i++) {
		sorted[i] = &map->items.items[i];
	}
	qsort((void *)sorted, map->items.count, sizeof(const struct lb_node *), compare_keys);
	for (size_t i = 1; i < map->items.count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
			struct lb_place place = {name, sorted[i]->line, 0, sorted[i]->key};
			lb_report_add(report, LB_PROBLEM_ERROR, place, "keep one of the two",
				      "is given twice, first on line %d", sorted[i - 1]->line);
		}
	}
}

void lb_node_check_keys(const struct lb_node *node, const char *name, struct lb_report *report)
{
	if (node->kind == LB_NODE_MAP) {
		check_keys_here(node, name, report);
	}
	for (size_t i = 0; i < node->items.count; i++) {
		lb_node_check_keys(&node->items.items[i], name, report);
	}
}

static bool convert(const json_t *json, int depth, struct lb_arena *arena, struct lb_report *report,
		    struct lb_node *node);

static bool add_child(const char *key, const json_t *json, int depth, struct lb_arena *arena,
		      struct lb_report *report, struct lb_node *parent)
{
	struct lb_node child = {0};
	if (key != NULL) {
		child.key = lb_report_kept(report, lb_arena_strdup(arena, key));
	}
	if (!convert(json, depth + 1, arena, report, &child)) {
		return false;
	}
	struct lb_node *added = lb_report_kept(report, lb_list_add(arena, &parent->items));
	if (added != NULL) {
		*added = child;
	}
	return added != NULL && (key == NULL || child.key != NULL);
}

static bool convert_object(const json_t *json, int depth, struct lb_arena *arena,
			   struct lb_report *report, struct lb_node *node)
{
	node->kind = LB_NODE_MAP;
	void *object = (void *)(uintptr_t)json; /* jansson's iterators are not const */
	for (void *at = json_object_iter(object); at != NULL;
	     at = json_object_iter_next(object, at)) {
		if (!add_child(json_object_iter_key(at), json_object_iter_value(at), depth, arena,
			       report, node)) {
			return false;
		}
	}
	return true;
}

static bool convert_array(const json_t *json, int depth, struct lb_arena *arena,
			  struct lb_report *report, struct lb_node *node)
{
	node->kind = LB_NODE_LIST;
	for (size_t i = 0; i < json_array_size(json); i++) {
		if (!add_child(NULL, json_array_get(json, i), depth, arena, report, node)) {
			return false;
		}
	}
	return true;
}

static bool convert_scalar(const json_t *json, struct lb_arena *arena, struct lb_report *report,
			   struct lb_node *node)
{
	char *dumped = json_is_string(json) ? NULL : json_dumps(json, JSON_ENCODE_ANY);
	const char *text = json_is_string(json) ? json_string_value(json) : dumped;
	node->kind = LB_NODE_TEXT;
	node->text = lb_report_kept(report, lb_arena_strdup(arena, text));
	node->written = node->text;
	free(dumped);
	return node->text != NULL;
}

static bool convert(const json_t *json, int depth, struct lb_arena *arena, struct lb_report *report,
		    struct lb_node *node)
{
	if (depth > LB_NODE_DEPTH_MAX) {
		return false;
	}
	if (json_is_object(json)) {
		return convert_object(json, depth, arena, report, node);
	}
	if (json_is_array(json)) {
		return convert_array(json, depth, arena, report, node);
	}
	if (json_is_null(json)) {
		node->kind = LB_NODE_NULL;
		return true;
	}
	return convert_scalar(json, arena, report, node);
}

bool lb_node_parse_json(const struct lb_text_file *file, struct lb_arena *arena,
			struct lb_report *report, struct lb_node *ret_root)
{
	*ret_root = (struct lb_node){0};
	json_t *json = json_loadb(file->bytes, file->length, JSON_REJECT_DUPLICATES, NULL);
	bool done = json != NULL && convert(json, 1, arena, report, ret_root);
	json_decref(json);
	return done;
}
