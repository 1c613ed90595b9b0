#include "runners/event_json.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"

#include <openssl/evp.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* One U+FFFD for each byte that is not UTF-8, so at most three times as long. */
json_t *lb_event_json_text(const char *text)
{
	size_t length = strlen(text);
	char *valid = lb_alloc(3 * length + 1);
	size_t end = 0;
	for (size_t i = 0; valid != NULL && i < length;) {
		size_t sequence = lb_utf8_length(text + i, length - i);
		if (sequence > 0) {
			memcpy(valid + end, text + i, sequence);
			end += sequence;
			i += sequence;
		} else {
			memcpy(valid + end, REPLACEMENT, strlen(REPLACEMENT));
			end += strlen(REPLACEMENT);
			i++;
		}
	}
	json_t *json = valid != NULL ? json_stringn(valid, end) : NULL;
	lb_free(valid);
	return json;
}

static json_t *json_base64(const char *text)
{
	size_t length = strlen(text);
	unsigned char *encoded = length < INT32_MAX ? lb_alloc(length / 3 * 4 + 5) : NULL;
	json_t *json = NULL;
	if (encoded != NULL) {
		(void)EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)length);
		json = json_string((const char *)encoded);
	}
	lb_free(encoded);
	return json;
}

static json_t *json_time(int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	return time_us != LB_TIME_NONE ? json_string(lb_time_format(time_us, text)) : json_null();
}

/* json_object_set_new takes each value over, and fails on NULL. */
json_t *lb_event_json(const struct lb_event *event)
{
	const struct lb_file *file = &event->file;
	json_t *object = json_object();
	if (object == NULL ||
	    json_object_set_new(object, "sensor_id", lb_event_json_text(event->sensor_id)) ||
	    json_object_set_new(object, "file_name", lb_event_json_text(file->file_name)) ||
	    json_object_set_new(object, "file_path", lb_event_json_text(file->file_path)) ||
	    json_object_set_new(object, "file_modification_time",
				json_time(file->modified_at_us)) ||
	    json_object_set_new(object, "file_size", json_integer(file->size_bytes)) ||
	    (!lb_utf8_valid(file->file_path) &&
	     json_object_set_new(object, "file_path_base64", json_base64(file->file_path)))) {
		json_decref(object);
		return NULL;
	}
	return object;
}
