#include "sources/trigger_file/skip_scan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sensors in the order of their keys: as if each id ended in '/'. */
static int compare_territories(const void *a, const void *b)
{
	const char *x = ((const struct lb_skip_target *)a)->sensor_id;
	const char *y = ((const struct lb_skip_target *)b)->sensor_id;
	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	unsigned char end_x = *x != '\0' ? (unsigned char)*x : '/';
	unsigned char end_y = *y != '\0' ? (unsigned char)*y : '/';
	return (end_x > end_y) - (end_x < end_y);
}

/* Where key lies: below 0 before the sensor's territory, 0 inside, above 0 behind. */
static int place(const char *key, const char *sensor_id)
{
	while (*sensor_id != '\0' && *key == *sensor_id) {
		key++;
		sensor_id++;
	}
	unsigned char here = (unsigned char)*key;
	unsigned char wanted = *sensor_id != '\0' ? (unsigned char)*sensor_id : '/';
	return (here > wanted) - (here < wanted);
}

static bool is_sorted(const struct lb_skip_target *targets, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_territories(&targets[i - 1], &targets[i]) > 0) {
			return false;
		}
	}
	return true;
}

void lb_skip_scan_init(struct lb_skip_scan *scan, struct lb_skip_target *targets, size_t count,
		       bool folder_times)
{
	*scan = (struct lb_skip_scan){
		.targets = targets, .count = count, .folder_times = folder_times};
	if (!is_sorted(targets, count)) {
		qsort(targets, count, sizeof(*targets), compare_territories);
	}
}

void lb_skip_scan_resume(struct lb_skip_scan *scan, const char *sensor_id)
{
	const struct lb_skip_target last = {.sensor_id = sensor_id};
	assert(scan->done == 0);
	while (scan->count > 0 && compare_territories(scan->targets, &last) <= 0) {
		scan->targets++;
		scan->count--;
	}
}

static void finish_target(struct lb_skip_scan *scan)
{
	scan->done++;
	scan->folder_asked = false;
}

/* The later of the target's floor and what the last page showed: going on and
 * jumping are one and the same. */
static void choose_start(struct lb_skip_scan *scan, const struct lb_skip_target *target)
{
	int length = snprintf(scan->start_after, sizeof(scan->start_after), "%s/%s",
			      target->sensor_id, target->floor);
	if (length < 0 || (size_t)length >= sizeof(scan->start_after)) {
		/* No key is that long, so this is no floor. */
		(void)snprintf(scan->start_after, sizeof(scan->start_after), "%s/",
			       target->sensor_id);
	}
	if (strcmp(scan->shown_to, scan->start_after) > 0) {
		memcpy(scan->start_after, scan->shown_to, sizeof(scan->start_after));
	}
}

bool lb_skip_scan_next(struct lb_skip_scan *scan, struct lb_skip_request *ret_request)
{
	if (scan->done == scan->count) {
		return false;
	}
	const struct lb_skip_target *target = &scan->targets[scan->done];
	*ret_request = (struct lb_skip_request){.target = target};
	if (scan->folder_times && !scan->folder_asked) {
		ret_request->kind = LB_SKIP_FOLDER_TIME;
		return true;
	}
	choose_start(scan, target);
	ret_request->kind = LB_SKIP_LIST;
	ret_request->start_after = scan->start_after;
	scan->cursor = scan->done;
	memcpy(scan->last_key, scan->start_after, sizeof(scan->last_key));
	return true;
}

void lb_skip_scan_list_folder(struct lb_skip_scan *scan)
{
	scan->folder_asked = true;
}

void lb_skip_scan_leave(struct lb_skip_scan *scan)
{
	assert(scan->done < scan->count);
	finish_target(scan);
}

static enum lb_err keep_key(char kept[LB_KEY_MAX], const char *key, struct lb_error *error)
{
	size_t size = strlen(key) + 1;
	if (size > LB_KEY_MAX) {
		return lb_fail(error, LB_CORRUPT, "the listing shows a key of %zu bytes: '%.200s…'",
			       size - 1, key);
	}
	memcpy(kept, key, size);
	return LB_OK;
}

enum lb_err lb_skip_scan_key(struct lb_skip_scan *scan, const char *key, size_t *ret_position,
			     const char **ret_file_name, struct lb_error *error)
{
	if (strcmp(key, scan->last_key) <= 0) {
		return lb_fail(error, LB_CORRUPT,
			       "the listing is not in byte order: '%.200s' came after '%.200s'",
			       key, scan->last_key);
	}
	if (keep_key(scan->last_key, key, error) != LB_OK) {
		return error->code;
	}
	while (scan->cursor < scan->count &&
	       place(key, scan->targets[scan->cursor].sensor_id) > 0) {
		scan->cursor++;
	}
	*ret_position = scan->count;
	*ret_file_name = NULL;
	if (scan->cursor < scan->count && place(key, scan->targets[scan->cursor].sensor_id) == 0) {
		*ret_position = scan->cursor;
		*ret_file_name = key + strlen(scan->targets[scan->cursor].sensor_id) + 1;
	}
	return LB_OK;
}

static void finish_shown(struct lb_skip_scan *scan)
{
	while (scan->done < scan->count &&
	       place(scan->shown_to, scan->targets[scan->done].sensor_id) > 0) {
		finish_target(scan);
	}
}

enum lb_err lb_skip_scan_page(struct lb_skip_scan *scan, const char *shown_to,
			      struct lb_error *error)
{
	if (shown_to == NULL) {
		scan->done = scan->count;
		return LB_OK;
	}
	if (strcmp(shown_to, scan->start_after) <= 0) {
		return lb_fail(error, LB_CORRUPT, "the listing does not advance beyond '%.200s'",
			       scan->start_after);
	}
	if (keep_key(scan->shown_to, shown_to, error) != LB_OK) {
		return error->code;
	}
	finish_shown(scan);
	return LB_OK;
}

size_t lb_skip_scan_done(const struct lb_skip_scan *scan)
{
	return scan->done;
}
