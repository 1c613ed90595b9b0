#include "net/sigv4_canonical.h"

#include "base/text.h"
#include "net/url.h"

#include <stdlib.h>
#include <string.h>

static bool is_segment(const char *segment, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(segment, text, length) == 0;
}

char *lb_sigv4_normalize(struct lb_arena *arena, const char *path)
{
	char *normal = lb_arena_alloc(arena, strlen(path) + 2);
	if (normal == NULL) {
		return NULL;
	}
	char *out = normal; /* after the last segment; each one is written "/segment" */
	bool slash_at_end = false;
	while (*path != '\0') {
		const char *segment = path + strspn(path, "/");
		size_t length = strcspn(segment, "/");
		path = segment + length;
		slash_at_end = *path == '/' || length == 0 || is_segment(segment, length, ".") ||
			       is_segment(segment, length, "..");
		if (is_segment(segment, length, "..")) {
			while (out > normal && *--out != '/') {
			}
		} else if (length > 0 && !is_segment(segment, length, ".")) {
			*out++ = '/';
			memcpy(out, segment, length);
			out += length;
		}
	}
	if (slash_at_end || out == normal) {
		*out++ = '/';
	}
	*out = '\0';
	return normal;
}

static int compare_parameters(const void *a, const void *b)
{
	const struct lb_sigv4_field *left = a;
	const struct lb_sigv4_field *right = b;
	int order = strcmp(left->name, right->name);
	return order != 0 ? order : strcmp(left->value, right->value);
}

/* The names and values encoded, in the order in which they are signed. */
static struct lb_sigv4_field *
encode_parameters(struct lb_arena *arena, const struct lb_sigv4_field *parameters, size_t count)
{
	struct lb_sigv4_field *encoded = lb_arena_alloc(arena, count * sizeof(*encoded));
	for (size_t i = 0; i < count && encoded != NULL; i++) {
		encoded[i].name = lb_url_encode(arena, parameters[i].name, false);
		encoded[i].value = lb_url_encode(arena, parameters[i].value, false);
		if (encoded[i].name == NULL || encoded[i].value == NULL) {
			return NULL;
		}
	}
	if (encoded != NULL) {
		qsort(encoded, count, sizeof(*encoded), compare_parameters);
	}
	return encoded;
}

char *lb_sigv4_query(struct lb_arena *arena, const struct lb_sigv4_field *parameters, size_t count)
{
	struct lb_sigv4_field *encoded = encode_parameters(arena, parameters, count);
	size_t size = 1;
	for (size_t i = 0; i < count && encoded != NULL; i++) {
		size += strlen(encoded[i].name) + strlen(encoded[i].value) + 2;
	}
	char *query = encoded != NULL ? lb_arena_alloc(arena, size) : NULL;
	char *out = query;
	for (size_t i = 0; i < count && query != NULL; i++) {
		if (i > 0) {
			*out++ = '&';
		}
		out = stpcpy(out, encoded[i].name);
		*out++ = '=';
		out = stpcpy(out, encoded[i].value);
	}
	return query;
}

struct header {
	const char *name;
	const char *value;
	size_t place;
};

static char *fold(struct lb_arena *arena, const char *name)
{
	char *folded = lb_arena_strdup(arena, name);
	for (char *c = folded; c != NULL && *c != '\0'; c++) {
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	}
	return folded;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without blanks at its ends, and one for several between. */
static char *squeeze(struct lb_arena *arena, const char *value)
{
	char *squeezed = lb_arena_alloc(arena, strlen(value) + 1);
	char *out = squeezed;
	for (; squeezed != NULL && *value != '\0'; value++) {
		if (!is_blank(*value)) {
			*out++ = *value;
		} else if (out > squeezed && out[-1] != ' ') {
			*out++ = ' ';
		}
	}
	if (out > squeezed && out[-1] == ' ') {
		out[-1] = '\0';
	}
	return squeezed;
}

static int compare_headers(const void *a, const void *b)
{
	const struct header *left = a;
	const struct header *right = b;
	int order = strcmp(left->name, right->name);
	return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

static struct header *sort_headers(struct lb_arena *arena, const struct lb_sigv4_field *headers,
				   size_t count)
{
	struct header *sorted = lb_arena_alloc(arena, count * sizeof(*sorted));
	for (size_t i = 0; i < count && sorted != NULL; i++) {
		sorted[i].name = fold(arena, headers[i].name);
		sorted[i].value = squeeze(arena, headers[i].value);
		sorted[i].place = i;
		if (sorted[i].name == NULL || sorted[i].value == NULL) {
			return NULL;
		}
	}
	if (sorted != NULL) {
		qsort(sorted, count, sizeof(*sorted), compare_headers);
	}
	return sorted;
}

bool lb_sigv4_headers(struct lb_arena *arena, const struct lb_sigv4_field *headers, size_t count,
		      char **ret_lines, char **ret_names)
{
	struct header *sorted = sort_headers(arena, headers, count);
	size_t size = 1;
	for (size_t i = 0; i < count && sorted != NULL; i++) {
		size += strlen(sorted[i].name) + strlen(sorted[i].value) + 2;
	}
	char *line = sorted != NULL ? lb_arena_alloc(arena, size) : NULL;
	char *name = sorted != NULL ? lb_arena_alloc(arena, size) : NULL;
	*ret_lines = line;
	*ret_names = name;
	for (size_t i = 0; i < count && line != NULL && name != NULL; i++) {
		bool again = i > 0 && lb_text_equal(sorted[i].name, sorted[i - 1].name);
		if (again) {
			line[-1] = ','; /* where the line before ended */
		} else {
			name = stpcpy(stpcpy(name, i > 0 ? ";" : ""), sorted[i].name);
			line = stpcpy(stpcpy(line, sorted[i].name), ":");
		}
		line = stpcpy(stpcpy(line, sorted[i].value), "\n");
	}
	return line != NULL && name != NULL;
}
