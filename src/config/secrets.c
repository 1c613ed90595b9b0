#include "config/secrets.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES_MAX ((size_t)64 * 1024)

struct resolving {
	const char *file;
	const char *folder;
	struct lb_arena *arena;
	struct lb_report *report;
};

bool lb_secrets_hidden(const struct lb_node *node)
{
	return node->kind == LB_NODE_TEXT && node->text != node->written;
}

static const char *from_environment(const struct resolving *resolving, struct lb_place place,
				    const char *name)
{
	const char *value = getenv(name);
	if (value == NULL) {
		lb_report_add(resolving->report, LB_PROBLEM_ERROR, place,
			      "set it where lakebeat is started",
			      "the environment variable %s is not set", name);
	} else if (!lb_utf8_valid(value)) {
		lb_report_add(resolving->report, LB_PROBLEM_ERROR, place, NULL,
			      "the environment variable %s is not UTF-8 text", name);
		return NULL;
	}
	return value;
}

static char *keep_content(const struct resolving *resolving, struct lb_place place,
			  const char *path, const struct lb_text_file *content)
{
	if (lb_text_file_bad_line(content) > 0) {
		lb_report_add(resolving->report, LB_PROBLEM_ERROR, place, NULL,
			      "%s is not UTF-8 text", path);
		return NULL;
	}
	if (content->world_readable) {
		lb_report_add(resolving->report, LB_PROBLEM_NOTICE, place,
			      "if it is a secret: chmod o-r", "everybody may read %s", path);
	}
	size_t length = content->length;
	while (length > 0 && strchr("\r\n", content->bytes[length - 1]) != NULL) {
		length--;
	}
	return lb_report_kept(resolving->report,
			      lb_arena_strndup(resolving->arena, content->bytes, length));
}

static const char *from_file(const struct resolving *resolving, struct lb_place place,
			     const char *name)
{
	char *path = lb_report_kept(resolving->report,
				    lb_path_join(resolving->arena, resolving->folder, name));
	if (path == NULL) {
		return NULL;
	}
	struct lb_text_file content LB_CLEANUP(lb_text_file_finish);
	struct lb_error error = {0};
	if (lb_text_file_read(path, SECRET_BYTES_MAX, &content, &error) != LB_OK) {
		lb_report_add(resolving->report, LB_PROBLEM_ERROR, place, NULL, "%s: %s", path,
			      error.message);
		return NULL;
	}
	return keep_content(resolving, place, path, &content);
}

/* What the reference between ${ and } stands for; NULL: reported. */
static const char *resolve_reference(const struct resolving *resolving, struct lb_place place,
				     const char *reference)
{
	if (lb_text_starts_with(reference, "env:") && reference[4] != '\0') {
		return from_environment(resolving, place, reference + 4);
	}
	if (lb_text_starts_with(reference, "file:") && reference[5] != '\0' &&
	    strcmp(reference, "file:-") != 0) {
		return from_file(resolving, place, reference + 5);
	}
	lb_report_add(resolving->report, LB_PROBLEM_ERROR, place,
		      "write ${env:NAME}, ${file:PATH}, or $${ for the characters themselves",
		      "${%s} is not a reference", reference);
	return NULL;
}

/* Appends to out (in the arena; copied anew, texts are short). */
static const char *append(const struct resolving *resolving, const char *out, const char *more,
			  size_t length)
{
	return lb_report_kept(resolving->report,
			      lb_arena_printf(resolving->arena, "%s%.*s", out, (int)length, more));
}

static const char *expand(const struct resolving *resolving, struct lb_place place,
			  const char *text)
{
	const char *out = "";
	while (out != NULL) {
		const char *opening = strstr(text, "${");
		if (opening == NULL) {
			return append(resolving, out, text, strlen(text));
		}
		if (opening > text && opening[-1] == '$') {
			out = append(resolving, out, text, (size_t)(opening - 1 - text));
			out = out != NULL ? append(resolving, out, "${", 2) : NULL;
			text = opening + 2;
			continue;
		}
		const char *closing = strchr(opening, '}');
		if (closing == NULL) {
			lb_report_add(resolving->report, LB_PROBLEM_ERROR, place,
				      "write $${ for the characters themselves",
				      "${ has no closing }");
			return NULL;
		}
		out = append(resolving, out, text, (size_t)(opening - text));
		char *reference = lb_report_kept(resolving->report,
						 lb_arena_strndup(resolving->arena, opening + 2,
								  (size_t)(closing - opening - 2)));
		const char *value = out != NULL && reference != NULL
					    ? resolve_reference(resolving, place, reference)
					    : NULL;
		if (value != NULL) {
			char *written = lb_report_kept(
				resolving->report,
				lb_arena_printf(resolving->arena, "${%s}", reference));
			lb_report_hide(resolving->report, value, written != NULL ? written : "***");
		}
		out = value != NULL ? append(resolving, out, value, strlen(value)) : NULL;
		text = closing + 1;
	}
	return NULL;
}

static void resolve(const struct resolving *resolving, struct lb_node *node, const char *key)
{
	if (node->kind == LB_NODE_TEXT && strstr(node->written, "${") != NULL) {
		struct lb_place place = {resolving->file, node->line, 0, key};
		const char *text = expand(resolving, place, node->written);
		node->failed = text == NULL;
		node->text = text != NULL ? text : "";
	}
	for (size_t i = 0; i < node->items.count; i++) {
		struct lb_node *item = &node->items.items[i];
		char *path = NULL;
		if (item->key != NULL) {
			path = lb_arena_printf(resolving->arena, "%s%s%s", key,
					       *key != '\0' ? "." : "", item->key);
		} else {
			path = lb_arena_printf(resolving->arena, "%s[%zu]", key, i);
		}
		if (lb_report_kept(resolving->report, path) != NULL) {
			resolve(resolving, item, path);
		}
	}
}

void lb_secrets_resolve(struct lb_node *node, const char *file, const char *folder,
			struct lb_arena *arena, struct lb_report *report)
{
	struct resolving resolving = {file, folder, arena, report};
	resolve(&resolving, node, "");
}
