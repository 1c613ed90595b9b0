#include "sources/trigger_file/object_notice.h"

#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/listed.h"
#include "sources/trigger_file/s3_place.h"

#include <stdlib.h>
#include <string.h>

bool lb_object_place_parse(const char *base_location, struct lb_object_place *ret_place)
{
	if (!lb_s3_is_location(base_location)) {
		return false;
	}
	const char *bucket = strstr(base_location, "://") + 3;
	const char *slash = bucket + strcspn(bucket, "/");
	*ret_place = (struct lb_object_place){
		.bucket = bucket,
		.bucket_length = (size_t)(slash - bucket),
		.prefix = slash + strspn(slash, "/"),
	};
	return true;
}

enum lb_err lb_noticed_sensors_take(struct lb_noticed_sensors *sensors,
				    const struct lb_sensor_list *list,
				    const struct lb_trigger_file_options *options,
				    struct lb_error *error)
{
	struct lb_noticed_sensors fresh = {0};
	size_t count = list->count;
	fresh.ids = lb_arena_alloc(&fresh.arena, (count + 1) * sizeof(*fresh.ids));
	fresh.held = lb_arena_alloc(&fresh.arena, (count + 1) * sizeof(*fresh.held));
	bool whole = fresh.ids != NULL && fresh.held != NULL;
	for (size_t i = 0; whole && i < count; i++) {
		const struct lb_sensor *sensor = &list->items[i];
		fresh.ids[i] = lb_arena_strdup(&fresh.arena, sensor->sensor_id);
		fresh.held[i] = !options->include_existing_files &&
				sensor->checkpoint.full_pass_at_us == LB_TIME_NONE;
		whole = fresh.ids[i] != NULL;
	}
	if (!whole) {
		lb_noticed_sensors_finish(&fresh);
		return lb_fail_nomem(error);
	}
	fresh.count = count;
	lb_noticed_sensors_finish(sensors);
	*sensors = fresh;
	return LB_OK;
}

void lb_noticed_sensors_finish(struct lb_noticed_sensors *sensors)
{
	lb_arena_finish(&sensors->arena);
	*sensors = (struct lb_noticed_sensors){0};
}

/* The key behind the base location and its '/'; NULL: it is elsewhere. */
static const char *relative_key(const struct lb_object_place *place,
				const struct lb_notification *told)
{
	if (strlen(told->bucket) != place->bucket_length ||
	    strncmp(told->bucket, place->bucket, place->bucket_length) != 0) {
		return NULL;
	}
	size_t length = strlen(place->prefix);
	if (length == 0) {
		return told->key;
	}
	bool is_below = lb_text_starts_with(told->key, place->prefix) && told->key[length] == '/';
	return is_below ? told->key + length + 1 : NULL;
}

struct folder {
	const char *name;
	size_t length;
};

static int compare_id(const void *key, const void *item)
{
	const struct folder *folder = key;
	const char *id = *(const char *const *)item;
	int order = strncmp(folder->name, id, folder->length);
	return order != 0 ? order : -(id[folder->length] != '\0');
}

/* The place among the sensors; false: nobody waits for it. */
static bool find_sensor(const struct lb_noticed_sensors *sensors, const char *key,
			const char *slash, size_t *ret_index)
{
	struct folder folder = {key, (size_t)(slash - key)};
	const char **found = sensors->count > 0 ? bsearch(&folder, sensors->ids, sensors->count,
							  sizeof(*found), compare_id)
						: NULL;
	if (found != NULL) {
		*ret_index = (size_t)(found - sensors->ids);
	}
	return found != NULL;
}

/* The report on that sensor at the end of the list, or a new one there. */
static struct lb_sensor_report *report_on(const struct lb_notice_rules *rules,
					  const char *sensor_id, struct lb_arena *arena,
					  struct lb_sensor_report_list *reports)
{
	struct lb_sensor_report *last =
		reports->count > 0 ? &reports->items[reports->count - 1] : NULL;
	if (last != NULL && last->sensor_id == sensor_id) {
		return last;
	}
	struct lb_sensor_report *added = lb_list_add(arena, reports);
	if (added != NULL) {
		*added = (struct lb_sensor_report){
			.sensor_source = "trigger_file",
			.base_location = rules->base_location,
			.sensor_id = sensor_id,
			.observed_at_us = rules->now_us,
			.allow_overwrites = rules->options->allow_overwrites,
		};
	}
	return added;
}

static bool add_file(const struct lb_notice_rules *rules, const char *sensor_id, const char *key,
		     const struct lb_notification *told, struct lb_arena *arena,
		     struct lb_sensor_report_list *reports)
{
	char *path = lb_arena_printf(arena, "%s/%s", rules->base_location, key);
	struct lb_sensor_report *report =
		path != NULL ? report_on(rules, sensor_id, arena, reports) : NULL;
	struct lb_file *file = report != NULL ? lb_list_add(arena, &report->files) : NULL;
	if (file == NULL) {
		return false;
	}
	*file = (struct lb_file){
		.file_name = strrchr(path, '/') + 1,
		.file_path = path,
		.etag = told->etag,
		.modified_at_us = told->time_us != LB_TIME_NONE ? told->time_us : rules->now_us,
		.size_bytes = told->size_bytes,
	};
	return true;
}

/* Without an etag an overwritten file cannot be told from one that is known. */
static bool is_unclear(const struct lb_notice_rules *rules, size_t sensor,
		       const struct lb_notification *told)
{
	return rules->sensors->held[sensor] ||
	       (rules->options->allow_overwrites && *told->etag == '\0');
}

enum lb_err lb_object_notice_reports(const struct lb_notice_rules *rules,
				     const struct lb_notification_list *told,
				     struct lb_arena *arena,
				     struct lb_sensor_report_list *ret_reports, bool *ret_unclear,
				     struct lb_error *error)
{
	*ret_reports = (struct lb_sensor_report_list){0};
	*ret_unclear = false;
	for (size_t i = 0; i < told->count; i++) {
		const struct lb_notification *one = &told->items[i];
		const char *key = relative_key(&rules->place, one);
		const char *slash = key != NULL ? strchr(key, '/') : NULL;
		size_t sensor;
		if (slash == NULL || strlen(key) >= LB_KEY_MAX ||
		    !find_sensor(rules->sensors, key, slash, &sensor) ||
		    !lb_filter_accepts_name(rules->filter, slash + 1) ||
		    (one->time_us != LB_TIME_NONE &&
		     lb_filter_is_too_old(rules->filter, one->time_us, rules->now_us))) {
			continue;
		}
		if (is_unclear(rules, sensor, one)) {
			*ret_unclear = true;
		} else if (!add_file(rules, rules->sensors->ids[sensor], key, one, arena,
				     ret_reports)) {
			return lb_fail_nomem(error);
		}
	}
	return LB_OK;
}
