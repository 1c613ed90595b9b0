#include "sources/trigger_file/watch_list.h"

#include "base/time.h"
#include "core/names.h"

#include <string.h>

struct lb_watched *lb_watch_list_find(const struct lb_watch_list *list, const char *sensor_id)
{
	size_t low = 0;
	size_t high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(list->by_id[middle]->sensor_id, sensor_id);
		if (order == 0) {
			return list->by_id[middle];
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}

size_t lb_watch_list_find_wd(const struct lb_watch_list *list, int wd, size_t *ret_end)
{
	size_t low = 0;
	size_t high = list->wd_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->by_wd[middle]->wd < wd) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*ret_end = low;
	while (*ret_end < list->wd_count && list->by_wd[*ret_end]->wd == wd) {
		(*ret_end)++;
	}
	return low;
}

void lb_watch_list_link(struct lb_watch_list *list, struct lb_watched *folder, int wd)
{
	size_t place;
	(void)lb_watch_list_find_wd(list, wd, &place);
	memmove(&list->by_wd[place + 1], &list->by_wd[place],
		(list->wd_count - place) * sizeof(struct lb_watched *));
	list->by_wd[place] = folder;
	list->wd_count++;
	folder->wd = wd;
}

bool lb_watch_list_unlink(struct lb_watch_list *list, struct lb_watched *folder)
{
	size_t end;
	size_t first = lb_watch_list_find_wd(list, folder->wd, &end);
	size_t place = first;
	while (list->by_wd[place] != folder) {
		place++;
	}
	list->wd_count--;
	memmove(&list->by_wd[place], &list->by_wd[place + 1],
		(list->wd_count - place) * sizeof(struct lb_watched *));
	folder->wd = LB_NO_WD;
	return end - first == 1;
}

static bool has_same_sensors(const struct lb_watch_list *list, const struct lb_sensor_list *sensors)
{
	size_t at = 0;
	for (size_t i = 0; i < sensors->count; i++) {
		const char *sensor_id = sensors->items[i].sensor_id;
		if (lb_sensor_id_problem(sensor_id) != NULL) {
			continue;
		}
		if (at == list->count || strcmp(list->by_id[at]->sensor_id, sensor_id) != 0) {
			return false;
		}
		at++;
	}
	return at == list->count;
}

static struct lb_watched *watched_create(const struct lb_sensor *sensor, bool hold_first)
{
	size_t size = strlen(sensor->sensor_id) + 1;
	struct lb_watched *folder = lb_alloc(sizeof(*folder) + size);
	if (folder != NULL) {
		memcpy(folder->sensor_id, sensor->sensor_id, size);
		folder->wd = LB_NO_WD;
		folder->held = hold_first && sensor->checkpoint.full_pass_at_us == LB_TIME_NONE;
	}
	return folder;
}

/* What is being merged: the old list from `old` on has not been looked at yet. */
struct merge {
	struct lb_watch_list *list;
	size_t old;
	void (*drop)(struct lb_watched *folder, void *data);
	void *data;
};

static void drop_next(struct merge *merge)
{
	struct lb_watched *folder = merge->list->by_id[merge->old++];
	merge->drop(folder, merge->data);
	lb_free(folder);
}

/* The folder of that sensor if the old list has it; what stands before it there
 * is wanted no more. */
static struct lb_watched *take_known(struct merge *merge, const char *sensor_id)
{
	while (merge->old < merge->list->count) {
		struct lb_watched *folder = merge->list->by_id[merge->old];
		int order = strcmp(folder->sensor_id, sensor_id);
		if (order >= 0) {
			merge->old += order == 0;
			return order == 0 ? folder : NULL;
		}
		drop_next(merge);
	}
	return NULL;
}

static size_t merge_into(struct merge *merge, const struct lb_sensor_list *sensors, bool hold_first,
			 struct lb_watched **by_id)
{
	size_t count = 0;
	for (size_t i = 0; i < sensors->count; i++) {
		const struct lb_sensor *sensor = &sensors->items[i];
		if (lb_sensor_id_problem(sensor->sensor_id) != NULL) {
			continue;
		}
		struct lb_watched *folder = take_known(merge, sensor->sensor_id);
		if (folder == NULL) {
			folder = watched_create(sensor, hold_first);
		}
		if (folder != NULL) {
			by_id[count++] = folder;
		}
	}
	while (merge->old < merge->list->count) {
		drop_next(merge);
	}
	return count;
}

void lb_watch_list_take(struct lb_watch_list *list, const struct lb_sensor_list *sensors,
			bool hold_first, void (*drop)(struct lb_watched *folder, void *data),
			void *data)
{
	if (has_same_sensors(list, sensors)) {
		return;
	}
	struct lb_watched **by_id = lb_alloc(sensors->count * sizeof(struct lb_watched *));
	struct lb_watched **by_wd = lb_alloc(sensors->count * sizeof(struct lb_watched *));
	if (by_id == NULL || by_wd == NULL) {
		lb_free(by_id);
		lb_free(by_wd);
		return;
	}
	struct merge merge = {.list = list, .drop = drop, .data = data};
	size_t count = merge_into(&merge, sensors, hold_first, by_id);
	if (list->wd_count > 0) {
		memcpy(by_wd, list->by_wd, list->wd_count * sizeof(struct lb_watched *));
	}
	lb_free(list->by_id);
	lb_free(list->by_wd);
	list->by_id = by_id;
	list->by_wd = by_wd;
	list->count = count;
}

void lb_watch_list_finish(struct lb_watch_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		lb_free(list->by_id[i]);
	}
	lb_free(list->by_id);
	lb_free(list->by_wd);
	*list = (struct lb_watch_list){0};
}
