#include "sources/trigger_file/trigger_file.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/local.h"
#include "sources/trigger_file/pass.h"
#include "sources/trigger_file/watch.h"

#include <assert.h>
#include <string.h>
#include <time.h>

/* base_path: what base_location means to the kernel, for watching; NULL: not local.
 * watch:     NULL before the first scan, and where inotify is not to be had.
 * scan:      the one under way, NULL: none; asked for at asked_at_us, monotonic. ended is posted
 * when its worker is through. is_destroyed: freed as soon as the worker's callback came. */
struct trigger_file {
	struct lb_source base;
	uv_loop_t *loop;
	char *base_location;
	char *base_path;
	struct lb_trigger_file_options options;
	struct lb_filter filter;
	struct lb_folder_lister *lister;
	struct lb_recall recall;
	struct lb_pass_rest rest;
	size_t pass_bytes_max;
	const struct lb_log *log;
	struct lb_watch *watch;
	bool watch_failed;
	uv_work_t work;
	uv_sem_t ended;
	struct lb_scan *scan;
	int64_t asked_at_us;
	atomic_bool stop;
	bool is_destroyed;
};

static struct trigger_file *trigger_file_of(struct lb_source *source)
{
	return (struct trigger_file *)source;
}

static void release(struct trigger_file *self)
{
	if (self->lister != NULL) {
		self->lister->impl->destroy(self->lister);
	}
	lb_filter_finish(&self->filter);
	lb_recall_finish(&self->recall);
	lb_pass_rest_finish(&self->rest);
	lb_free(self->base_location);
	lb_free(self->base_path);
	uv_sem_destroy(&self->ended);
	lb_free(self);
}

static int64_t wall_clock_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * LB_SECOND + now.tv_nsec / 1000;
}

/* A watch's news become reports, as a scan would make them. */
struct bulletin {
	struct trigger_file *self;
	int64_t now_us;
	struct lb_arena arena;
	struct lb_sensor_report_list reports;
};

static bool add_file(struct bulletin *bulletin, struct lb_sensor_report *report,
		     const char *file_name)
{
	const struct trigger_file *self = bulletin->self;
	struct lb_arena *arena = &bulletin->arena;
	struct lb_listed listed;
	if (!lb_filter_accepts_name(&self->filter, file_name) ||
	    !lb_local_look(self->base_path, report->sensor_id, file_name, arena, &listed) ||
	    lb_filter_is_too_old(&self->filter, listed.modified_at_us, bulletin->now_us)) {
		return true;
	}
	char *path = lb_arena_printf(arena, "%s/%s", self->base_location, listed.key);
	struct lb_file *file = path != NULL ? lb_list_add(arena, &report->files) : NULL;
	if (file == NULL) {
		return false;
	}
	*file = (struct lb_file){
		.file_name = strrchr(path, '/') + 1,
		.file_path = path,
		.etag = listed.etag,
		.modified_at_us = listed.modified_at_us,
		.size_bytes = listed.size_bytes,
	};
	return true;
}

/* False when memory ran out. */
static bool add_report(struct bulletin *bulletin, const struct lb_arrivals *arrivals)
{
	const struct trigger_file *self = bulletin->self;
	struct lb_sensor_report report = {
		.sensor_source = self->base.impl->name,
		.base_location = self->base_location,
		.sensor_id = arrivals->sensor_id,
		.observed_at_us = bulletin->now_us,
		.allow_overwrites = self->options.allow_overwrites,
	};
	for (size_t i = 0; i < arrivals->file_names.count; i++) {
		if (!add_file(bulletin, &report, arrivals->file_names.items[i])) {
			return false;
		}
	}
	if (report.files.count == 0) {
		return true;
	}
	struct lb_sensor_report *added = lb_list_add(&bulletin->arena, &bulletin->reports);
	if (added != NULL) {
		*added = report;
	}
	return added != NULL;
}

static void on_news(const struct lb_watch_news *news, void *data)
{
	struct trigger_file *self = data;
	struct lb_source *base = &self->base;
	struct bulletin bulletin = {.self = self, .now_us = wall_clock_us()};
	bool rescan = news->rescan;
	for (size_t i = 0; i < news->sensors.count; i++) {
		rescan |= !add_report(&bulletin, &news->sensors.items[i]);
	}
	if (bulletin.reports.count > 0 && base->on_reports != NULL) {
		(void)base->on_reports(base, &bulletin.reports, base->data);
	}
	lb_arena_finish(&bulletin.arena);
	if (rescan && base->on_rescan != NULL) {
		base->on_rescan(base, base->data);
	}
}

static void start_watch(struct trigger_file *self)
{
	struct lb_error error;
	if (lb_watch_create(self->loop, self->base_path, self->log, on_news, self, &self->watch,
			    &error) != LB_OK) {
		self->watch_failed = true;
		lb_log(self->log, LB_LOG_WARNING, "the base location is polled, not watched",
		       "base_location", self->base_location, "reason", error.message, NULL);
	}
}

static void prepare_watch(struct trigger_file *self, const struct lb_scan *scan)
{
	if (!self->options.watch || self->base_path == NULL || self->watch_failed) {
		return;
	}
	if (self->watch == NULL) {
		start_watch(self);
	}
	if (self->watch != NULL) {
		lb_watch_prepare(self->watch, &scan->sensors,
				 !self->options.include_existing_files);
	}
}

/* What existed at first sight is told now, so what comes from here on counts.
 * True when something came in between. */
static bool release_watch(struct trigger_file *self, const struct lb_scan *scan)
{
	bool missed = false;
	for (size_t i = 0; self->watch != NULL && i < scan->reports.count; i++) {
		const struct lb_sensor_report *report = &scan->reports.items[i];
		if (report->existing) {
			missed |= lb_watch_release(self->watch, report->sensor_id);
		}
	}
	return missed;
}

static int64_t monotonic_us(void)
{
	return (int64_t)(uv_hrtime() / 1000);
}

static void execute_pass(uv_work_t *work)
{
	struct trigger_file *self = work->data;
	struct lb_pass pass = {
		.options = &self->options,
		.filter = &self->filter,
		.base_location = self->base_location,
		.lister = self->lister,
		.recall = &self->recall,
		.rest = &self->rest,
		.bytes_max = self->pass_bytes_max,
		.monotonic_us = monotonic_us,
		.asked_at_us = self->asked_at_us,
		.stop = &self->stop,
	};
	lb_pass_run(&pass, self->scan);
	uv_sem_post(&self->ended);
}

static void after_pass(uv_work_t *work, int status)
{
	(void)status;
	struct trigger_file *self = work->data;
	if (self->is_destroyed) {
		release(self);
		return;
	}
	uv_sem_wait(&self->ended);
	struct lb_scan *scan = self->scan;
	self->scan = NULL;
	if (release_watch(self, scan)) {
		scan->rescan_at_us = scan->now_us;
	}
	scan->done(scan); /* last: it may destroy the source */
}

static void trigger_file_scan(struct lb_source *source, struct lb_scan *scan)
{
	struct trigger_file *self = trigger_file_of(source);
	assert(self->scan == NULL);
	prepare_watch(self, scan);
	self->scan = scan;
	self->asked_at_us = monotonic_us();
	self->work.data = self;
	int problem = uv_queue_work(self->loop, &self->work, execute_pass, after_pass);
	assert(problem == 0); /* fails for want of a callback only */
	(void)problem;
}

static void trigger_file_destroy(struct lb_source *source)
{
	struct trigger_file *self = trigger_file_of(source);
	lb_watch_destroy(self->watch);
	if (self->scan == NULL) {
		release(self);
		return;
	}
	self->is_destroyed = true;
	atomic_store(&self->stop, true);
	if (uv_cancel((uv_req_t *)&self->work) != 0) {
		uv_sem_wait(&self->ended);
	}
}

static const struct lb_source_impl trigger_file_impl = {
	.name = "trigger_file",
	.scan = trigger_file_scan,
	.destroy = trigger_file_destroy,
};

static enum lb_err create(uv_loop_t *loop, const char *base_location,
			  const struct lb_trigger_file_options *options,
			  struct trigger_file **ret_self, struct lb_error *error)
{
	struct trigger_file *self = lb_alloc(sizeof(*self));
	if (self == NULL || uv_sem_init(&self->ended, 0) != 0) {
		lb_free(self);
		return lb_fail_nomem(error);
	}
	self->base.impl = &trigger_file_impl;
	self->loop = loop;
	self->options = *options;
	self->base_location = lb_text_without_trailing(base_location, '/');
	self->base.base_location = self->base_location;
	enum lb_err err = self->base_location != NULL
				  ? lb_filter_init(&self->filter, options, error)
				  : lb_fail_nomem(error);
	if (err != LB_OK) {
		release(self);
		return err;
	}
	*ret_self = self;
	return LB_OK;
}

enum lb_err lb_trigger_file_create(uv_loop_t *loop, const char *base_location,
				   const struct lb_trigger_file_options *options,
				   struct lb_folder_lister *lister, struct lb_source **ret_source,
				   struct lb_error *error)
{
	struct trigger_file *self = NULL;
	enum lb_err err = create(loop, base_location, options, &self, error);
	if (self != NULL) {
		self->lister = lister;
		*ret_source = &self->base;
	}
	return err;
}

enum lb_err lb_trigger_file_local_create(uv_loop_t *loop, const char *base_location,
					 const struct lb_trigger_file_options *options,
					 const struct lb_log *log, struct lb_source **ret_source,
					 struct lb_error *error)
{
	struct trigger_file *self = NULL;
	enum lb_err err = create(loop, base_location, options, &self, error);
	if (self == NULL) {
		return err;
	}
	self->log = log;
	err = lb_local_path(base_location, &self->base_path, error);
	if (err == LB_OK) {
		err = lb_local_lister_create(self->base_path, &self->lister, error);
	}
	if (err != LB_OK) {
		release(self);
		return err;
	}
	*ret_source = &self->base;
	return LB_OK;
}

void lb_trigger_file_limit_passes(struct lb_source *source, size_t bytes_max)
{
	trigger_file_of(source)->pass_bytes_max = bytes_max;
}

void lb_trigger_file_feed(struct lb_source *source, const void *bytes, size_t length)
{
	struct trigger_file *self = trigger_file_of(source);
	if (self->watch != NULL) {
		lb_watch_feed(self->watch, bytes, length);
	}
}
