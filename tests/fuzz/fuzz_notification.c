/* Messages of queues about new objects, and a record of S3's whose key is the whole
 * input. */
#include "base/text.h"
#include "base/time.h"
#include "core/names.h"
#include "fuzz/fuzz.h"
#include "net/url.h"
#include "sources/trigger_file/notification.h"
#include "sources/trigger_file/object_notice.h"

#include <string.h>

static void check_parsed(const struct lb_notifications *notifications, size_t size)
{
	for (size_t i = 0; i < notifications->created.count; i++) {
		const struct lb_notification *created = &notifications->created.items[i];
		assert(*created->bucket != '\0' && *created->key != '\0');
		assert(strlen(created->key) < size && created->etag != NULL);
		assert(created->size_bytes >= 0);
	}
	assert(notifications->created.count + notifications->others <= size);
	assert(!notifications->is_test || notifications->created.count == 0);
}

/* Whatever the key's bytes are, they are the same once its encoding is undone. */
static void check_key(struct lb_arena *arena, const char *key)
{
	struct lb_notifications notifications;
	struct lb_error error = {0};
	const char *encoded = lb_url_encode(arena, key, strlen(key) % 2 == 0);
	const char *message = lb_arena_printf(
		arena,
		"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":"
		"{\"name\":\"b\"},\"object\":{\"key\":\"%s\"}}}]}",
		encoded);
	assert(message != NULL);
	assert(lb_notifications_parse(message, strlen(message), arena, &notifications, &error) ==
	       LB_OK);
	assert(notifications.created.count == 1);
	assert(strcmp(notifications.created.items[0].key, key) == 0);
}

/* What is told of becomes a file of the sensor in whose folder it is, or nothing. */
static void check_reports(struct lb_arena *arena, const struct lb_notification_list *told)
{
	static const char *ids[] = {"orders", "orders-eu"};
	static bool held[] = {false, false};
	static const struct lb_trigger_file_options options;
	static const struct lb_filter filter;
	const struct lb_noticed_sensors sensors = {.ids = ids, .held = held, .count = 2};
	struct lb_notice_rules rules = {.options = &options,
					.filter = &filter,
					.base_location = "s3://lake/triggers",
					.sensors = &sensors,
					.now_us = 1};
	struct lb_sensor_report_list reports;
	struct lb_error error;
	bool unclear;
	assert(lb_object_place_parse(rules.base_location, &rules.place));
	assert(lb_object_notice_reports(&rules, told, arena, &reports, &unclear, &error) == LB_OK);
	assert(!unclear && reports.count <= told->count);
	for (size_t i = 0; i < reports.count; i++) {
		const struct lb_sensor_report *report = &reports.items[i];
		for (size_t j = 0; j < report->files.count; j++) {
			const struct lb_file *file = &report->files.items[j];
			const char *path = lb_arena_printf(arena, "s3://lake/triggers/%s/%s",
							   report->sensor_id, file->file_name);
			assert(lb_text_equal(path, file->file_path));
			assert(strchr(file->file_name, '/') == NULL);
			assert(!lb_trigger_name_is_hidden(file->file_name));
		}
	}
}

static void check_message(struct lb_arena *arena, const uint8_t *data, size_t size)
{
	struct lb_notifications notifications;
	struct lb_error error = {0};
	if (lb_notifications_parse((const char *)data, size, arena, &notifications, &error) ==
	    LB_OK) {
		check_parsed(&notifications, size);
		check_reports(arena, &notifications.created);
	} else {
		fuzz_check_error(&error);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	const char *key = fuzz_text(&arena, data, size);
	check_message(&arena, data, size);
	if (*key != '\0' && strlen(key) < LB_NOTIFICATION_BYTES_MAX / 4) {
		check_key(&arena, key);
	}
	lb_arena_finish(&arena);
	return 0;
}
