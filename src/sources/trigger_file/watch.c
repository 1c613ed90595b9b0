#include "sources/trigger_file/watch.h"

#include "sources/trigger_file/local.h"
#include "sources/trigger_file/watch_list.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE_MASK (IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)
#define FOLDER_MASK (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)
#define READ_BYTES_MAX (64 << 10)

/* base_device, base_inode: the directory that base_path named when base_wd was made. */
struct lb_watch {
	uv_poll_t poll;
	const struct lb_log *log;
	void (*on_news)(const struct lb_watch_news *news, void *data);
	void *data;
	int fd;
	int base_wd;
	dev_t base_device;
	ino_t base_inode;
	bool told_exhausted;
	bool told_remote;
	struct lb_watch_list list;
	char base_path[];
};

static void stop_watching(struct lb_watch *watch, struct lb_watched *folder)
{
	int wd = folder->wd;
	if (wd != LB_NO_WD && lb_watch_list_unlink(&watch->list, folder) && wd != watch->base_wd) {
		(void)inotify_rm_watch(watch->fd, wd);
	}
}

static void drop_folder(struct lb_watched *folder, void *data)
{
	stop_watching(data, folder);
}

static void tell_exhausted(struct lb_watch *watch)
{
	if (watch->told_exhausted) {
		return;
	}
	watch->told_exhausted = true;
	lb_log(watch->log, LB_LOG_WARNING,
	       "inotify watches have run out: some folders are not watched, only polled",
	       "base_location", watch->base_path, "watched",
	       LB_LOG_INT((int64_t)watch->list.wd_count), "sensors",
	       LB_LOG_INT((int64_t)watch->list.count), "remedy",
	       "raise the limit: sysctl fs.inotify.max_user_watches=524288", NULL);
}

/* False when it makes no sense to go on with others. */
static bool start_watching(struct lb_watch *watch, struct lb_watched *folder)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s", watch->base_path, folder->sensor_id);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		return true;
	}
	int wd = inotify_add_watch(watch->fd, path, FOLDER_MASK);
	int problem = wd < 0 ? errno : 0;
	if (wd >= 0 && wd == folder->wd) {
		return true;
	}
	stop_watching(watch, folder);
	if (wd >= 0) {
		lb_watch_list_link(&watch->list, folder, wd);
	} else if (problem == ENOSPC) {
		tell_exhausted(watch);
	}
	return problem != ENOSPC;
}

static void stop_all(struct lb_watch *watch)
{
	struct lb_watch_list *list = &watch->list;
	while (list->wd_count > 0) {
		stop_watching(watch, list->by_wd[list->wd_count - 1]);
	}
	if (watch->base_wd != LB_NO_WD) {
		(void)inotify_rm_watch(watch->fd, watch->base_wd);
		watch->base_wd = LB_NO_WD;
	}
}

static bool refuse_remote(struct lb_watch *watch)
{
	if (!lb_local_is_remote(watch->base_path)) {
		return false;
	}
	if (!watch->told_remote) {
		watch->told_remote = true;
		lb_log(watch->log, LB_LOG_INFO,
		       "the base location is on a network file system: polled, not watched",
		       "base_location", watch->base_path, NULL);
	}
	return true;
}

/* The directory behind the path may be another one than before; then all that is
 * watched lies elsewhere. False when the path leads nowhere. */
static bool follow_base(struct lb_watch *watch)
{
	struct stat st;
	bool found = stat(watch->base_path, &st) == 0;
	if (!found || st.st_dev != watch->base_device || st.st_ino != watch->base_inode) {
		stop_all(watch);
	}
	if (found) {
		watch->base_device = st.st_dev;
		watch->base_inode = st.st_ino;
	}
	return found;
}

/* False when nothing below the base can be watched. */
static bool watch_base(struct lb_watch *watch)
{
	if (!follow_base(watch)) {
		return false;
	}
	if (watch->base_wd != LB_NO_WD) {
		return true;
	}
	if (refuse_remote(watch)) {
		return false;
	}
	watch->base_wd = inotify_add_watch(watch->fd, watch->base_path, BASE_MASK);
	if (watch->base_wd >= 0) {
		return true;
	}
	/* Without the right to read the base, its folders can still be watched. */
	int problem = errno;
	watch->base_wd = LB_NO_WD;
	if (problem == ENOSPC) {
		tell_exhausted(watch);
	}
	return problem != ENOSPC;
}

void lb_watch_prepare(struct lb_watch *watch, const struct lb_sensor_list *sensors, bool hold_first)
{
	lb_watch_list_take(&watch->list, sensors, hold_first, drop_folder, watch);
	if (!watch_base(watch)) {
		return;
	}
	for (size_t i = 0; i < watch->list.count; i++) {
		struct lb_watched *folder = watch->list.by_id[i];
		if (folder->wd == LB_NO_WD && !start_watching(watch, folder)) {
			return;
		}
	}
}

bool lb_watch_release(struct lb_watch *watch, const char *sensor_id)
{
	struct lb_watched *folder = lb_watch_list_find(&watch->list, sensor_id);
	if (folder == NULL) {
		return false;
	}
	bool missed = folder->missed;
	folder->held = false;
	folder->missed = false;
	return missed;
}

size_t lb_watch_count(const struct lb_watch *watch)
{
	return watch->list.wd_count;
}

/* One read of the queue, being sorted by sensor. */
struct gathering {
	struct lb_watch *watch;
	struct lb_watch_news news;
	struct lb_arena arena;
};

static struct lb_arrivals *arrivals_of(struct gathering *gathering, struct lb_watched *folder)
{
	struct lb_arrivals_list *sensors = &gathering->news.sensors;
	if (folder->news > 0) {
		return &sensors->items[folder->news - 1];
	}
	const char *sensor_id = lb_arena_strdup(&gathering->arena, folder->sensor_id);
	struct lb_arrivals *arrivals =
		sensor_id != NULL ? lb_list_add(&gathering->arena, sensors) : NULL;
	if (arrivals != NULL) {
		arrivals->sensor_id = sensor_id;
		folder->news = sensors->count;
	}
	return arrivals;
}

static void gather_file(struct gathering *gathering, struct lb_watched *folder,
			const char *file_name)
{
	if (folder->held) {
		folder->missed = true;
		return;
	}
	struct lb_arrivals *arrivals = arrivals_of(gathering, folder);
	const char **name =
		arrivals != NULL ? lb_list_add(&gathering->arena, &arrivals->file_names) : NULL;
	if (name == NULL) {
		gathering->news.rescan = true;
		return;
	}
	*name = file_name;
}

/* A name came into the base: perhaps a sensor's folder, with files in it by now. */
static void take_base_event(struct gathering *gathering, const struct inotify_event *event,
			    const char *name)
{
	struct lb_watch *watch = gathering->watch;
	if ((event->mask & IN_IGNORED) != 0) {
		watch->base_wd = LB_NO_WD;
		gathering->news.rescan = true;
	}
	if ((event->mask & IN_MOVE_SELF) != 0) {
		stop_all(watch); /* the next scan looks where the path leads now */
		gathering->news.rescan = true;
	}
	struct lb_watched *folder = (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0
					    ? lb_watch_list_find(&watch->list, name)
					    : NULL;
	if (folder != NULL) {
		(void)start_watching(watch, folder);
		gathering->news.rescan = true;
	}
}

static void take_folder_event(struct gathering *gathering, struct lb_watched *folder,
			      const struct inotify_event *event, const char *name)
{
	if ((event->mask & IN_IGNORED) != 0) {
		(void)lb_watch_list_unlink(&gathering->watch->list, folder);
		return;
	}
	if ((event->mask & IN_MOVE_SELF) != 0) {
		stop_watching(gathering->watch, folder);
		gathering->news.rescan = true;
		return;
	}
	if ((event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) == 0) {
		return;
	}
	if (*name == '\0') {
		gathering->news.rescan = true;
	} else {
		gather_file(gathering, folder, name);
	}
}

static void take_event(struct gathering *gathering, const struct inotify_event *event,
		       const char *name)
{
	struct lb_watch *watch = gathering->watch;
	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		gathering->news.rescan = true;
		return;
	}
	if (event->wd == watch->base_wd) {
		take_base_event(gathering, event, name);
		return;
	}
	size_t end;
	size_t first = lb_watch_list_find_wd(&watch->list, event->wd, &end);
	/* Backwards, because an event may take its folder out of the list. */
	while (end > first) {
		take_folder_event(gathering, watch->list.by_wd[--end], event, name);
	}
}

static void forget_places(const struct gathering *gathering)
{
	for (size_t i = 0; i < gathering->news.sensors.count; i++) {
		const char *sensor_id = gathering->news.sensors.items[i].sensor_id;
		lb_watch_list_find(&gathering->watch->list, sensor_id)->news = 0;
	}
}

void lb_watch_feed(struct lb_watch *watch, const void *bytes, size_t length)
{
	struct gathering gathering = {.watch = watch};
	const char *at = bytes;
	struct inotify_event event;
	while (length >= sizeof(event)) {
		memcpy(&event, at, sizeof(event));
		const char *name = at + sizeof(event);
		length -= sizeof(event);
		if (event.len > length) {
			break;
		}
		if (event.len == 0) {
			take_event(&gathering, &event, "");
		} else if (memchr(name, '\0', event.len) != NULL) {
			take_event(&gathering, &event, name);
		} else {
			gathering.news.rescan = true;
		}
		at = name + event.len;
		length -= event.len;
	}
	forget_places(&gathering);
	if (gathering.news.sensors.count > 0 || gathering.news.rescan) {
		watch->on_news(&gathering.news, watch->data);
	}
	lb_arena_finish(&gathering.arena);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)events;
	struct lb_watch *watch = poll->data;
	char bytes[READ_BYTES_MAX];
	ssize_t length = status == 0 ? read(watch->fd, bytes, sizeof(bytes)) : 0;
	if (length > 0) {
		lb_watch_feed(watch, bytes, (size_t)length);
	}
}

static enum lb_err fail_create(struct lb_watch *watch, int problem, struct lb_error *error)
{
	if (watch->fd >= 0) {
		(void)close(watch->fd);
	}
	lb_free(watch);
	const char *remedy = problem == EMFILE ? "; raise the limits: sysctl "
						 "fs.inotify.max_user_instances=1024, ulimit -n"
					       : "";
	return lb_fail(error, LB_IO, "cannot use inotify: %s%s", strerror(problem), remedy);
}

enum lb_err lb_watch_create(uv_loop_t *loop, const char *base_path, const struct lb_log *log,
			    void (*on_news)(const struct lb_watch_news *news, void *data),
			    void *data, struct lb_watch **ret_watch, struct lb_error *error)
{
	size_t path_size = strlen(base_path) + 1;
	struct lb_watch *watch = lb_alloc(sizeof(*watch) + path_size);
	if (watch == NULL) {
		return lb_fail_nomem(error);
	}
	memcpy(watch->base_path, base_path, path_size);
	watch->log = log;
	watch->on_news = on_news;
	watch->data = data;
	watch->base_wd = LB_NO_WD;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		return fail_create(watch, errno, error);
	}
	int problem = uv_poll_init(loop, &watch->poll, watch->fd);
	if (problem != 0) {
		return fail_create(watch, -problem, error);
	}
	watch->poll.data = watch;
	(void)uv_poll_start(&watch->poll, UV_READABLE, on_readable);
	*ret_watch = watch;
	return LB_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct lb_watch *watch = handle->data;
	(void)close(watch->fd);
	lb_watch_list_finish(&watch->list);
	lb_free(watch);
}

void lb_watch_destroy(struct lb_watch *watch)
{
	if (watch != NULL) {
		(void)uv_poll_stop(&watch->poll);
		uv_close((uv_handle_t *)&watch->poll, on_closed);
	}
}
