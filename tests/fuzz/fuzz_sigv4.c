/* Requests to sign: texts ended by NUL; the path, then names and values of
 * parameters. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "net/sigv4_canonical.h"

#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 16

/* The next text of the input. */
static const char *take(struct lb_arena *arena, const uint8_t **data, size_t *size)
{
	const uint8_t *end = memchr(*data, 0, *size);
	size_t length = end != NULL ? (size_t)(end - *data) : *size;
	const char *text = lb_arena_strndup(arena, (const char *)*data, length);
	assert(text != NULL);
	size_t step = length < *size ? length + 1 : length;
	*data += step;
	*size -= step;
	return text;
}

static int digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;
	assert(found != NULL);
	return (int)(found - digits);
}

/* Undoes percent-encoding up to one of the characters in ends. */
static const char *decode(struct lb_arena *arena, const char **text, const char *ends)
{
	size_t length = strcspn(*text, ends);
	char *out = lb_arena_alloc(arena, length + 1);
	assert(out != NULL);
	char *end = out;
	for (size_t i = 0; i < length; i++) {
		char c = (*text)[i];
		assert(c > 0x20 && c < 0x7F && strchr("?#&=+\"<>\\^`{|}", c) == NULL);
		if (c == '%') {
			c = (char)(digit((*text)[i + 1]) * 16 + digit((*text)[i + 2]));
			i += 2;
		}
		*end++ = c;
	}
	*text += length;
	return out;
}

static size_t occurrences(const struct lb_sigv4_field *fields, size_t count,
			  const struct lb_sigv4_field *field)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		found += strcmp(fields[i].name, field->name) == 0 &&
			 strcmp(fields[i].value, field->value) == 0;
	}
	return found;
}

/* Reads the query back: the same parameters, and again the same query. */
static void check_query(struct lb_arena *arena, const struct lb_sigv4_field *parameters,
			size_t count, const char *query)
{
	struct lb_sigv4_field read[PARAMETERS_MAX];
	const char *at = query;
	for (size_t i = 0; i < count; i++) {
		read[i].name = decode(arena, &at, "=");
		assert(*at++ == '=');
		read[i].value = decode(arena, &at, "&");
		assert(*at == (i + 1 < count ? '&' : '\0'));
		at += *at == '&';
	}
	for (size_t i = 0; i < count; i++) {
		assert(occurrences(parameters, count, &parameters[i]) ==
		       occurrences(read, count, &parameters[i]));
	}
	char *again = lb_sigv4_query(arena, read, count);
	assert(again != NULL && strcmp(again, query) == 0);
}

/* Its names, as they are encoded, never fall. */
static void check_sorted(struct lb_arena *arena, const char *query)
{
	const char *before = "";
	for (const char *at = query; *at != '\0';) {
		const char *name = lb_arena_strndup(arena, at, strcspn(at, "="));
		assert(name != NULL && strcmp(before, name) <= 0);
		before = name;
		at += strcspn(at, "&");
		at += *at == '&';
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_sigv4_field parameters[PARAMETERS_MAX];
	const char *path = take(&arena, &data, &size);
	size_t count = 0;
	for (; size > 0 && count < PARAMETERS_MAX; count++) {
		parameters[count].name = take(&arena, &data, &size);
		parameters[count].value = take(&arena, &data, &size);
	}
	struct lb_sigv4_request request = {.service = size % 2 ? &lb_sigv4_s3 : &lb_sigv4_sqs,
					   .region = "r",
					   .method = "GET",
					   .scheme = "https",
					   .host = "h",
					   .path = path,
					   .parameters = parameters,
					   .parameter_count = count};
	struct lb_aws_keys keys = {"A", "S", NULL};
	struct lb_sigv4_key key = {0};
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	enum lb_err err = lb_sigv4_sign(&request, &keys, 0, &key, &arena, &result, &error);
	assert((err == LB_OK) == (*path == '/'));
	if (err == LB_OK) {
		const char *at = result.url + strlen("https://h");
		assert(strcmp(decode(&arena, &at, "?"), path) == 0);
		assert((*at == '?') == (count > 0));
		check_query(&arena, parameters, count, count > 0 ? at + 1 : "");
		check_sorted(&arena, count > 0 ? at + 1 : "");
		char *normal = lb_sigv4_normalize(&arena, path);
		assert(normal != NULL && *normal == '/' && strstr(normal, "//") == NULL);
		assert(strcmp(lb_sigv4_normalize(&arena, normal), normal) == 0);
	}
	lb_sigv4_key_finish(&key);
	lb_arena_finish(&arena);
	return 0;
}
