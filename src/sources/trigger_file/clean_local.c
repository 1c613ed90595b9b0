#include "base/text.h"
#include "sources/trigger_file/clean.h"
#include "sources/trigger_file/local.h"

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

/* One file on its way out. */
struct departure {
	const struct local_cleaner *cleaner;
	const struct lb_event *event;
	struct lb_arena arena;
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
					       : "see what is wrong there";
	return lb_fail(departure->error, LB_IO, "cannot %s %s: %s; %s", deed, departure->path,
		       strerror(number), remedy);
}

/* Another content is another event, or will be. */
static enum lb_err look(struct departure *departure, bool *ret_stays)
{
	const struct lb_event *event = departure->event;
	struct lb_listed listed;
	*ret_stays = false;
	if (!departure->cleaner->options.check_etag) {
		return LB_OK;
	}
	if (!lb_local_look(departure->cleaner->base_path, event->sensor_id, event->file.file_name,
			   &departure->arena, &listed)) {
		*ret_stays = access(departure->path, F_OK) != 0;
		return *ret_stays ? LB_OK : lb_fail_nomem(departure->error);
	}
	*ret_stays = !lb_text_equal(listed.etag, event->file.etag);
	return LB_OK;
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
	departure->path = lb_arena_printf(arena, "%s/%s/%s", departure->cleaner->base_path,
					  event->sensor_id, event->file.file_name);
	if (target != NULL) {
		departure->folder = lb_arena_printf(arena, "%s/%s", target, event->sensor_id);
		departure->target = lb_arena_printf(arena, "%s/%s/%s", target, event->sensor_id,
						    event->file.file_name);
	}
	return departure->path != NULL &&
	       (target == NULL || (departure->folder != NULL && departure->target != NULL));
}

static enum lb_err depart(struct departure *departure)
{
	bool stays;
	if (!name_paths(departure)) {
		return lb_fail_nomem(departure->error);
	}
	enum lb_err err = look(departure, &stays);
	if (err != LB_OK || stays) {
		return err;
	}
	if (departure->target != NULL) {
		return move_away(departure);
	}
	return unlink(departure->path) == 0 || errno == ENOENT ? LB_OK : fail(departure, "delete");
}

static void execute(uv_work_t *work)
{
	struct local_cleaner *self = work->data;
	struct lb_cleaning *cleaning = self->cleaning;
	for (size_t i = 0; i < cleaning->events.count && !atomic_load(&self->stop); i++) {
		struct lb_error error = {0};
		struct departure departure = {
			.cleaner = self, .event = &cleaning->events.items[i], .error = &error};
		cleaning->gone[i] = depart(&departure) == LB_OK;
		lb_arena_finish(&departure.arena);
		if (!cleaning->gone[i] && cleaning->error.code == LB_OK) {
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
