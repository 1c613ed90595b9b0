#include "sources/trigger_file/notification.h"

#include "base/text.h"
#include "base/time.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* One message being read. */
struct reading {
	struct lb_arena *arena;
	struct lb_notifications *result;
	struct lb_error *error;
};

static enum lb_err corrupt(const struct reading *reading, const char *what)
{
	return lb_fail(reading->error, LB_CORRUPT, "the message %s", what);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place, as HTML forms are decoded. False when a '%' is not followed by two
 * hexadecimal digits, or stands for a NUL. */
static bool decode(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		char c = *from == '+' ? ' ' : *from;
		if (c == '%') {
			int high = hex_digit(from[1]);
			int low = high >= 0 ? hex_digit(from[2]) : -1;
			if (low < 0 || high * 16 + low == 0) {
				return false;
			}
			c = (char)(high * 16 + low);
			from += 2;
		}
		*to++ = c;
	}
	*to = '\0';
	return true;
}

/* A number, or one in a text, as Ceph's documentation shows it; else 0. */
static int64_t size_of(const json_t *value)
{
	int64_t size = json_integer_value(value);
	if (json_is_string(value)) {
		size = strtoll(json_string_value(value), NULL, 10);
	}
	return size > 0 ? size : 0;
}

static char *copy_etag(struct lb_arena *arena, const char *etag)
{
	size_t length = etag != NULL ? strlen(etag) : 0;
	if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
		etag++;
		length -= 2;
	}
	return lb_arena_strndup(arena, length > 0 ? etag : "", length);
}

static int64_t time_of(const char *text)
{
	int64_t time_us;
	return text != NULL && lb_time_parse(text, &time_us) ? time_us : LB_TIME_NONE;
}

/* bucket and object are as the two forms have them alike. */
static enum lb_err add(const struct reading *reading, const json_t *bucket, const json_t *object,
		       const char *etag_name, const char *time, bool is_encoded)
{
	const char *name = text_of(bucket, "name");
	const char *key = text_of(object, "key");
	if (name == NULL || *name == '\0') {
		return corrupt(reading, "has an event without bucket.name");
	}
	if (key == NULL || *key == '\0') {
		return corrupt(reading, "has an event without object.key");
	}
	char *decoded = lb_arena_strdup(reading->arena, key);
	if (decoded != NULL && is_encoded && !decode(decoded)) {
		return corrupt(reading, "has an object.key that is not percent-encoded");
	}
	struct lb_notification whole = {
		.bucket = lb_arena_strdup(reading->arena, name),
		.key = decoded,
		.etag = copy_etag(reading->arena, text_of(object, etag_name)),
		.size_bytes = size_of(json_object_get(object, "size")),
		.time_us = time_of(time),
	};
	struct lb_notification *added =
		whole.bucket != NULL && whole.key != NULL && whole.etag != NULL
			? lb_list_add(reading->arena, &reading->result->created)
			: NULL;
	if (added == NULL) {
		return lb_fail_nomem(reading->error);
	}
	*added = whole;
	return LB_OK;
}

/* MinIO writes the "s3:" that the others leave out. ObjectSynced is Ceph's, of an
 * object that came from another zone. */
static bool is_creation(const char *event_name)
{
	if (lb_text_starts_with(event_name, "s3:")) {
		event_name += strlen("s3:");
	}
	return lb_text_starts_with(event_name, "ObjectCreated:") ||
	       lb_text_starts_with(event_name, "ObjectSynced:Create");
}

static enum lb_err read_record(const struct reading *reading, const json_t *record)
{
	const char *event_name = text_of(record, "eventName");
	if (event_name == NULL) {
		return corrupt(reading, "has a record without eventName");
	}
	if (!is_creation(event_name)) {
		reading->result->others++;
		return LB_OK;
	}
	const json_t *s3 = json_object_get(record, "s3");
	const char *from = text_of(record, "eventSource");
	return add(reading, json_object_get(s3, "bucket"), json_object_get(s3, "object"), "eTag",
		   text_of(record, "eventTime"), from == NULL || strcmp(from, "ceph:s3") != 0);
}

static enum lb_err read_records(const struct reading *reading, const json_t *records)
{
	size_t i;
	const json_t *record;
	if (!json_is_array(records)) {
		return corrupt(reading, "has Records that are no list");
	}
	json_array_foreach(records, i, record)
	{
		enum lb_err err = read_record(reading, record);
		if (err != LB_OK) {
			return err;
		}
	}
	return LB_OK;
}

static enum lb_err read_bridged(const struct reading *reading, const json_t *message)
{
	if (strcmp(text_of(message, "detail-type"), "Object Created") != 0) {
		reading->result->others++;
		return LB_OK;
	}
	const json_t *detail = json_object_get(message, "detail");
	return add(reading, json_object_get(detail, "bucket"), json_object_get(detail, "object"),
		   "etag", text_of(message, "time"), false);
}

static enum lb_err read_message(const struct reading *reading, const json_t *message)
{
	const json_t *records = json_object_get(message, "Records");
	if (records != NULL) {
		return read_records(reading, records);
	}
	if (text_of(message, "detail-type") != NULL) {
		return read_bridged(reading, message);
	}
	if (lb_text_equal(text_of(message, "Event"), "s3:TestEvent")) {
		reading->result->is_test = true;
		return LB_OK;
	}
	reading->result->others++;
	return LB_OK;
}

static enum lb_err load(const struct reading *reading, const char *body, size_t length,
			json_t **ret_message)
{
	json_error_t problem;
	*ret_message = NULL;
	if (length > LB_NOTIFICATION_BYTES_MAX) {
		return corrupt(reading, "is larger than 1 MiB");
	}
	json_t *message = json_loadb(body, length, 0, &problem);
	if (message == NULL && json_error_code(&problem) == json_error_out_of_memory) {
		return lb_fail_nomem(reading->error);
	}
	if (!json_is_object(message)) {
		json_decref(message);
		return corrupt(reading, "is not a JSON object");
	}
	*ret_message = message;
	return LB_OK;
}

/* The message that SNS wrapped, else the message itself. */
static enum lb_err unwrap(const struct reading *reading, json_t **message)
{
	if (!lb_text_equal(text_of(*message, "Type"), "Notification")) {
		return LB_OK;
	}
	const json_t *inner = json_object_get(*message, "Message");
	if (!json_is_string(inner)) {
		return corrupt(reading, "is of SNS and has no Message");
	}
	json_t *unwrapped;
	enum lb_err err =
		load(reading, json_string_value(inner), json_string_length(inner), &unwrapped);
	json_decref(*message);
	*message = unwrapped;
	return err;
}

enum lb_err lb_notifications_parse(const char *body, size_t length, struct lb_arena *arena,
				   struct lb_notifications *ret_notifications,
				   struct lb_error *error)
{
	struct reading reading = {arena, ret_notifications, error};
	json_t *message;
	*ret_notifications = (struct lb_notifications){0};
	enum lb_err err = load(&reading, body, length, &message);
	if (err == LB_OK) {
		err = unwrap(&reading, &message);
	}
	if (err == LB_OK) {
		err = read_message(&reading, message);
	}
	json_decref(message);
	return err;
}
