/* watch_list.h: the sensors' folders and their inotify watch descriptors, found
 * by sensor_id and by descriptor. Knows no inotify itself. Threads: one. */
#ifndef LB_SOURCES_TRIGGER_FILE_WATCH_LIST_H
#define LB_SOURCES_TRIGGER_FILE_WATCH_LIST_H

#include "core/event.h"

#include <stdbool.h>
#include <stddef.h>

#define LB_NO_WD (-1)

/* wd:     LB_NO_WD while the folder is not watched.
 * held:   its files are kept back until it was fully listed once.
 * missed: some were.
 * news:   its place in the news being gathered, plus one; 0: none yet. */
struct lb_watched {
	int wd;
	bool held;
	bool missed;
	size_t news;
	char sensor_id[];
};

/* Zeroed is empty. by_id: all sensors, by sensor_id. by_wd: those that are
 * watched, by wd; folders that are one directory under two names share a wd. */
struct lb_watch_list {
	struct lb_watched **by_id;
	size_t count;
	struct lb_watched **by_wd;
	size_t wd_count;
};

/* NULL: none. */
struct lb_watched *lb_watch_list_find(const struct lb_watch_list *list, const char *sensor_id);

/* Where in by_wd the folders with wd begin; ret_end: where they end. */
size_t lb_watch_list_find_wd(const struct lb_watch_list *list, int wd, size_t *ret_end);

/* folder has no wd yet. */
void lb_watch_list_link(struct lb_watch_list *list, struct lb_watched *folder, int wd);

/* True when no other folder has its wd. */
bool lb_watch_list_unlink(struct lb_watch_list *list, struct lb_watched *folder);

/* Make the list that of sensors, but for ids that cannot be folders; those that
 * it knows stay as they are. drop(folder, data) is called before a folder is
 * freed; it unlinks it. hold_first: a new one that was never fully listed is
 * held. Without memory the list stays, or lacks sensors. */
void lb_watch_list_take(struct lb_watch_list *list, const struct lb_sensor_list *sensors,
			bool hold_first, void (*drop)(struct lb_watched *folder, void *data),
			void *data);

void lb_watch_list_finish(struct lb_watch_list *list);

#endif
