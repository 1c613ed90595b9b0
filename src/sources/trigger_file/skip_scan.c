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

void lb_skip_targets_sort(struct lb_skip_target *targets, size_t count)
{
	if (!is_sorted(targets, count)) {
		qsort(targets, count, sizeof(*targets), compare_territories);
	}
}

size_t lb_skip_targets_up_to(const struct lb_skip_target *targets, size_t count,
			     const char *sensor_id)
{
	const struct lb_skip_target last = {.sensor_id = sensor_id};
	size_t low = 0;
	while (low < count) {
		size_t middle = low + (count - low) / 2;
		if (compare_territories(&targets[middle], &last) <= 0) {
			low = middle + 1;
		} else {
			count = middle;
		}
	}
	return low;
}

size_t lb_skip_targets_before(const struct lb_skip_target *targets, size_t count, const char *key)
{
	size_t low = 0;
	while (low < count) {
		size_t middle = low + (count - low) / 2;
		if (place(key, targets[middle].sensor_id) > 0) {
			low = middle + 1;
		} else {
			count = middle;
		}
	}
	return low;
}

size_t lb_skip_targets_together(const struct lb_skip_target *targets, size_t count)
{
	size_t together = 1;
	while (together < count && !targets[together].large) {
		together++;
	}
	return together;
}

void lb_skip_scan_restart(struct lb_skip_scan *scan)
{
	assert(scan->done < scan->count);
	(void)snprintf(scan->shown_to, sizeof(scan->shown_to), "%s/",
		       scan->targets[scan->done].sensor_id);
}

void lb_skip_scan_init(struct lb_skip_scan *scan, const struct lb_skip_target *targets,
		       size_t count)
{
	*scan = (struct lb_skip_scan){.targets = targets, .count = count};
	if (count > 0) {
		lb_skip_scan_restart(scan);
	}
}

void lb_skip_scan_resume(struct lb_skip_scan *scan, const struct lb_skip_target *targets,
			 size_t count)
{
	scan->targets = targets;
	scan->count = count;
	scan->done = 0;
	scan->cursor = 0;
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

bool lb_skip_scan_next(struct lb_skip_scan *scan, bool narrow, struct lb_skip_request *ret_request)
{
	if (scan->done == scan->count) {
		return false;
	}
	const struct lb_skip_target *target = &scan->targets[scan->done];
	choose_start(scan, target);
	scan->cursor = scan->done;
	memcpy(scan->last_key, scan->start_after, sizeof(scan->last_key));
	/* Behind the last target there is nothing to be had either. */
	scan->alone = narrow || scan->done + 1 == scan->count || target[1].large;
	(void)snprintf(scan->prefix, sizeof(scan->prefix), "%s/", target->sensor_id);
	*ret_request = (struct lb_skip_request){
		.target = target,
		.start_after = scan->start_after,
		.prefix = scan->alone ? scan->prefix : NULL,
	};
	return true;
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
	if (scan->alone && place(key, scan->targets[scan->done].sensor_id) != 0) {
		return lb_fail(error, LB_CORRUPT, "the listing of '%s' shows '%.200s'",
			       scan->prefix, key);
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
		scan->done++;
	}
}

enum lb_err lb_skip_scan_page(struct lb_skip_scan *scan, const char *shown_to,
			      struct lb_error *error)
{
	if (shown_to == NULL && scan->alone) {
		lb_skip_scan_leave(scan);
		return LB_OK;
	}
	if (shown_to == NULL) {
		scan->done = scan->count;
		return LB_OK;
	}
	if (strcmp(shown_to, scan->start_after) <= 0 || strcmp(shown_to, scan->last_key) < 0) {
		return lb_fail(error, LB_CORRUPT, "the listing does not advance beyond '%.200s'",
			       scan->last_key);
	}
	if (keep_key(scan->shown_to, shown_to, error) != LB_OK) {
		return error->code;
	}
	finish_shown(scan);
	return LB_OK;
}

bool lb_skip_scan_break(struct lb_skip_scan *scan)
{
	if (strcmp(scan->last_key, scan->start_after) == 0) {
		return false;
	}
	memcpy(scan->shown_to, scan->last_key, sizeof(scan->shown_to));
	finish_shown(scan);
	return true;
}

void lb_skip_scan_leave(struct lb_skip_scan *scan)
{
	assert(scan->done < scan->count);
	/* '0' follows '/': the first text behind all keys of the territory. */
	(void)snprintf(scan->shown_to, sizeof(scan->shown_to), "%s0",
		       scan->targets[scan->done].sensor_id);
	scan->done++;
}

bool lb_skip_scan_is_inside(const struct lb_skip_scan *scan)
{
	return scan->done < scan->count &&
	       place(scan->shown_to, scan->targets[scan->done].sensor_id) == 0;
}

size_t lb_skip_scan_left(const struct lb_skip_scan *scan)
{
	return scan->count - (scan->cursor > scan->done ? scan->cursor : scan->done);
}

size_t lb_skip_scan_split(struct lb_skip_scan *scan, const struct lb_skip_target **ret_targets)
{
	size_t half = lb_skip_scan_left(scan) / 2;
	scan->count -= half;
	*ret_targets = scan->targets + scan->count;
	return half;
}

size_t lb_skip_scan_done(const struct lb_skip_scan *scan)
{
	return scan->done;
}
