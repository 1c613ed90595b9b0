#include "base/text.h"
#include "sources/trigger_file/clean.h"
#include "sources/trigger_file/local.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cleaning: the one under way; NULL: none. */
struct local_cleaner {
	struct lb_cleaner base;
	uv_loop_t *loop;
	char *base_path;
	struct lb_clean_options options;
	struct lb_cleaning *cleaning;
	uv_work_t work;
	atomic_bool stop;
};

static struct local_cleaner *local_of(struct lb_cleaner *cleaner)
{
	return (struct local_cleaner *)cleaner;
}

/* One file on its way out: from path, in the folder origin, to target, in folder; both NULL
 * when it is to be deleted. */
struct departure {
	const struct local_cleaner *cleaner;
	const struct lb_event *event;
	struct lb_arena arena;
	const char *origin;
	const char *path;
	const char *folder;
	const char *target;
	struct lb_error *error;
};

static enum lb_err fail(const struct departure *departure, const char *deed)
{
	int number = errno;
	const char *remedy = number == EACCES || number == EPERM || number == EROFS
				     ? "give lakebeat's user the right to, or leave on_consumed out"
			     : number == EXDEV ? "move files within their file system only"
			     : departure->target != NULL ? "is there a folder to move to?"
							 : "see what is wrong there";
	return lb_fail(departure->error, LB_IO, "cannot %s %s: %s; %s", deed, departure->path,
		       strerror(number), remedy);
}

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

/* Has the folder anything in it? Links to itself and its parent aside. */
static bool has_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t count = 0;
	while (dir != NULL && count < 3 && readdir(dir) != NULL) {
		count++;
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return count == 3;
}

/* A disk that is not mounted looks like one whose files are gone. One that has the sensor's
 * folder, or anything else, is mounted. */
static enum lb_err check_absence(const struct departure *departure, const char *folder)
{
	const char *base = departure->cleaner->base_path;
	if (is_there(folder) || has_entries(base)) {
		return LB_OK;
	}
	return lb_fail(departure->error, LB_IO,
		       "cannot find %s, and nothing else in %s; is its file system mounted?",
		       folder, base);
}

/* What the event's file has become; STAYS: it is as it was. The file may still change between
 * this look and the deed. */
static enum lb_err look(struct departure *departure, enum lb_cleaned_file *ret_file)
{
	const struct lb_event *event = departure->event;
	struct lb_arena *arena = &departure->arena;
	struct lb_listed listed;
	if (lb_local_look(departure->cleaner->base_path, event->sensor_id, event->file.file_name,
			  arena, &listed)) {
		bool same = lb_text_equal(listed.etag, event->file.etag);
		*ret_file = same ? LB_FILE_STAYS : LB_FILE_IS_ANOTHER;
		return LB_OK;
	}
	if (is_there(departure->path)) {
		*ret_file = LB_FILE_IS_ANOTHER; /* a folder, a link to nowhere */
		return LB_OK;
	}
	*ret_file = LB_FILE_GONE;
	return check_absence(departure, departure->origin);
}

static bool make_folders(const struct departure *departure)
{
	const char *target = departure->cleaner->options.rule.target;
	return (mkdir(target, 0777) == 0 || errno == EEXIST) &&
	       (mkdir(departure->folder, 0777) == 0 || errno == EEXIST);
}

static enum lb_err move_away(const struct departure *departure)
{
	if (rename(departure->path, departure->target) == 0) {
		return LB_OK;
	}
	/* There is no such file, or no such folder yet. */
	if (errno == ENOENT && access(departure->path, F_OK) != 0) {
		return LB_OK;
	}
	if (!make_folders(departure) || rename(departure->path, departure->target) != 0) {
		return fail(departure, "move away");
	}
	return LB_OK;
}

static bool name_paths(struct departure *departure)
{
	struct lb_arena *arena = &departure->arena;
	const struct lb_event *event = departure->event;
	const char *target = departure->cleaner->options.rule.target;
	departure->origin =
		lb_arena_printf(arena, "%s/%s", departure->cleaner->base_path, event->sensor_id);
	departure->path = lb_arena_printf(arena, "%s/%s/%s", departure->cleaner->base_path,
					  event->sensor_id, event->file.file_name);
	if (target != NULL) {
		departure->folder = lb_arena_printf(arena, "%s/%s", target, event->sensor_id);
		departure->target = lb_arena_printf(arena, "%s/%s/%s", target, event->sensor_id,
						    event->file.file_name);
	}
	return departure->origin != NULL && departure->path != NULL &&
	       (target == NULL || (departure->folder != NULL && departure->target != NULL));
}

static enum lb_err depart(struct departure *departure, enum lb_cleaned_file *ret_file)
{
	if (!name_paths(departure)) {
		return lb_fail_nomem(departure->error);
	}
	enum lb_err err = look(departure, ret_file);
	if (err != LB_OK || *ret_file != LB_FILE_STAYS) {
		return err;
	}
	if (departure->target != NULL) {
		err = move_away(departure);
	} else if (unlink(departure->path) != 0 && errno != ENOENT) {
		err = fail(departure, "delete");
	}
	*ret_file = LB_FILE_GONE;
	return err;
}

static void execute(uv_work_t *work)
{
	struct local_cleaner *self = work->data;
	struct lb_cleaning *cleaning = self->cleaning;
	int64_t blocked = 0;
	for (size_t i = 0; i < cleaning->events.count && !atomic_load(&self->stop); i++) {
		struct lb_error error = {0};
		struct departure departure = {
			.cleaner = self, .event = &cleaning->events.items[i], .error = &error};
		enum lb_cleaned_file file = cleaning->files[i];
		if (departure.event->sensor == blocked) {
			continue;
		}
		if (depart(&departure, &file) == LB_OK) {
			cleaning->files[i] = file;
		} else {
			blocked = departure.event->sensor;
		}
		lb_arena_finish(&departure.arena);
		if (cleaning->error.code == LB_OK) {
			cleaning->error = error;
		}
	}
}

static void after(uv_work_t *work, int status)
{
	(void)status;
	struct local_cleaner *self = work->data;
	struct lb_cleaning *cleaning = self->cleaning;
	self->cleaning = NULL;
	cleaning->done(cleaning); /* last: it may destroy the cleaner */
}

static void clean(struct lb_cleaner *base, struct lb_cleaning *cleaning)
{
	struct local_cleaner *self = local_of(base);
	self->cleaning = cleaning;
	self->work.data = self;
	atomic_store(&self->stop, false);
	(void)uv_queue_work(self->loop, &self->work, execute, after); /* cannot fail */
}

static void stop(struct lb_cleaner *base)
{
	atomic_store(&local_of(base)->stop, true);
}

static void destroy(struct lb_cleaner *base)
{
	struct local_cleaner *self = local_of(base);
	lb_free((void *)(uintptr_t)self->base.base_location);
	lb_free(self->base_path);
	lb_free(self);
}

static const struct lb_cleaner_impl impl = {.clean = clean, .stop = stop, .destroy = destroy};

enum lb_err lb_clean_local_create(uv_loop_t *loop, const struct lb_clean_options *options,
				  struct lb_cleaner **ret_cleaner, struct lb_error *error)
{
	struct local_cleaner *self = lb_alloc(sizeof(*self));
	if (self == NULL) {
		return lb_fail_nomem(error);
	}
	self->base.impl = &impl;
	self->base.sensor_source = "trigger_file";
	self->base.base_location = lb_text_without_trailing(options->base_location, '/');
	self->loop = loop;
	self->options = *options;
	enum lb_err err = self->base.base_location != NULL
				  ? lb_local_path(options->base_location, &self->base_path, error)
				  : lb_fail_nomem(error);
	if (err != LB_OK) {
		destroy(&self->base);
		return err;
	}
	*ret_cleaner = &self->base;
	return LB_OK;
}
