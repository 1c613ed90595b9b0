#include "support/workspace/fields.h"

#include "support/workspace/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const wanted[] = {"int",    "boolean", "string", "array of strings",
				     "object", "object",  "value"};

static const struct field *find(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++) {
		if (strcmp(fields->name, name) == 0) {
			return fields;
		}
	}
	return NULL;
}

static bool all_texts(json_t *json)
{
	size_t index;
	const char *name;
	json_t *value;
	json_array_foreach(json, index, value)
	{
		if (!json_is_string(value)) {
			return false;
		}
	}
	json_object_foreach(json, name, value)
	{
		if (!json_is_string(value)) {
			return false;
		}
	}
	return true;
}

static bool has_type(json_t *value, enum field_type type)
{
	switch (type) {
	case FIELD_INTEGER:
		return json_is_integer(value);
	case FIELD_BOOLEAN:
		return json_is_boolean(value);
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_TEXTS:
		return json_is_array(value) && all_texts(value);
	case FIELD_TEXT_MAP:
		return json_is_object(value) && all_texts(value);
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_ANY:
		return true;
	}
	return false;
}

static const char *word_of(const json_t *value)
{
	static const char *const words[] = {"OBJECT",  "ARRAY", "STRING", "NUMBER",
					    "DECIMAL", "BOOL",  "BOOL",   "NULL"};
	return words[json_typeof(value)];
}

static bool refuse_missing(json_t *json, const struct field *fields, struct answer *answer)
{
	for (; fields->name != NULL; fields++) {
		if (fields->required && json_object_get(json, fields->name) == NULL) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "Missing required field: %s", fields->name);
			return true;
		}
	}
	return false;
}

static bool accept_fields(json_t *json, const struct field *fields, struct answer *answer)
{
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		const struct field *field = find(fields, name);
		if (field == NULL) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE",
				     "Unknown field: %.100s", name);
			return false;
		}
		if (!has_type(value, field->type)) {
			answer_error(answer, 400, "MALFORMED_REQUEST",
				     "Could not parse request object: Expected %s for field %s, "
				     "found %s",
				     wanted[field->type], name, word_of(value));
			return false;
		}
	}
	return !refuse_missing(json, fields, answer);
}

static bool is_json(const char *content_type)
{
	return content_type != NULL && strncasecmp(content_type, "application/json", 16) == 0 &&
	       strchr("; ", content_type[16]) != NULL;
}

json_t *fields_of_body(const struct request *request, const struct field *fields,
		       struct answer *answer)
{
	json_error_t error;
	if (request->too_long) {
		answer_error(answer, 413, "MALFORMED_REQUEST", "The request is longer than 10 MB.");
		return NULL;
	}
	if (!is_json(request->content_type)) {
		answer_error(answer, 415, "MALFORMED_REQUEST",
			     "Send Content-Type: application/json.");
		return NULL;
	}
	json_t *json = json_loadb(request->body, request->length, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		answer_error(answer, 400, "MALFORMED_REQUEST",
			     "Could not parse request object: %s\n at [line: %d, column: %d]",
			     error.text, error.line, error.column);
	} else if (!json_is_object(json)) {
		answer_error(answer, 400, "MALFORMED_REQUEST",
			     "Invalid JSON given in the body of the request - expected a map");
	} else if (accept_fields(json, fields, answer)) {
		return json;
	}
	json_decref(json);
	return NULL;
}

/* A text that is no integer or boolean stays one, and is then of another type. */
static json_t *value_of(const char *text, enum field_type type)
{
	char *end = NULL;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (type == FIELD_INTEGER && *text != '\0' && *end == '\0' && errno == 0 &&
	    strchr(" \t\n\v\f\r+", *text) == NULL) {
		return must(json_integer(number));
	}
	if (type == FIELD_BOOLEAN && strcmp(text, "true") == 0) {
		return json_true();
	}
	if (type == FIELD_BOOLEAN && strcmp(text, "false") == 0) {
		return json_false();
	}
	json_t *json = json_string(text);
	return json != NULL ? json : json_null();
}

json_t *fields_of_query(const struct request *request, const struct field *fields,
			struct answer *answer)
{
	json_t *json = must(json_object());
	for (size_t i = 0; i < request->query.count; i++) {
		const struct pair *pair = &request->query.items[i];
		const struct field *field = find(fields, pair->name);
		if (field == NULL || json_object_get(json, pair->name) != NULL) {
			answer_error(answer, 400, "INVALID_PARAMETER_VALUE", "%s parameter: %.100s",
				     field == NULL ? "Unknown" : "Repeated", pair->name);
			json_decref(json);
			return NULL;
		}
		(void)json_object_set_new(json, pair->name, value_of(pair->value, field->type));
	}
	if (request->length > 0) {
		answer_error(answer, 400, "MALFORMED_REQUEST", "A %s request has no body.",
			     request->method);
	} else if (accept_fields(json, fields, answer)) {
		return json;
	}
	json_decref(json);
	return NULL;
}

int64_t field_integer(const json_t *fields, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(fields, name);
	return value != NULL ? json_integer_value(value) : otherwise;
}

bool field_boolean(const json_t *fields, const char *name, bool otherwise)
{
	const json_t *value = json_object_get(fields, name);
	return value != NULL ? json_is_true(value) : otherwise;
}
