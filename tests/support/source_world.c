#include "support/source_world.h"

#include "base/text.h"
#include "base/time.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_KEYS 4
#define PARALLEL_MAX 64

static int64_t clock_now(struct lb_clock *clock)
{
	return ((struct world *)(void *)((char *)clock - offsetof(struct world, clock)))->now_us;
}

static const struct lb_clock_impl clock_impl = {.now = clock_now};

static int setup(void **state, bool objects)
{
	struct world *world = calloc(1, sizeof(*world));
	if (world == NULL || folder_setup(NULL) != 0 || uv_loop_init(&world->loop) != 0) {
		return 1;
	}
	world->now_us = INT64_C(1763877600) * LB_SECOND; /* 2025-11-23T06:00:00Z */
	world->clock = (struct lb_clock){.impl = &clock_impl};
	world->recorded = true;
	world->options = (struct lb_trigger_file_options){
		.include_existing_files = true,
		.backfill_interval_us = LB_DAY,
		.lookback_us = LB_HOUR,
		.settle_us = 2 * LB_SECOND,
	};
	if (objects) {
		world->objects = fake_object_lister_create(PAGE_KEYS, PARALLEL_MAX);
		(void)snprintf(world->base, sizeof(world->base), "s3://bucket/triggers");
	} else {
		char here[256];
		if (getcwd(here, sizeof(here)) == NULL || mkdir("triggers", 0700) != 0) {
			return 1;
		}
		(void)snprintf(world->base, sizeof(world->base), "%s/triggers", here);
	}
	*state = world;
	return 0;
}

int world_setup_local(void **state)
{
	return setup(state, false);
}

int world_setup_objects(void **state)
{
	return setup(state, true);
}

int world_teardown(void **state)
{
	struct world *world = *state;
	if (world->source != NULL) {
		world->source->impl->destroy(world->source);
	}
	fake_object_lister_free(world->objects);
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
	int busy = uv_loop_close(&world->loop);
	lb_arena_finish(&world->arena);
	free(world);
	return busy != 0 || folder_teardown(NULL) != 0;
}

struct lb_sensor *world_add_sensor(struct world *world, const char *sensor_id)
{
	struct lb_sensor_list *sensors = &world->sensors;
	assert_non_null(lb_list_add(&world->arena, sensors));
	size_t at = sensors->count - 1;
	while (at > 0 && strcmp(sensors->items[at - 1].sensor_id, sensor_id) > 0) {
		sensors->items[at] = sensors->items[at - 1];
		at--;
	}
	sensors->items[at] = (struct lb_sensor){
		.sensor_id = lb_arena_strdup(&world->arena, sensor_id),
		.checkpoint = {.floor = "", .full_pass_at_us = LB_TIME_NONE},
	};
	return &sensors->items[at];
}

struct lb_sensor *world_sensor(struct world *world, const char *sensor_id)
{
	for (size_t i = 0; i < world->sensors.count; i++) {
		if (strcmp(world->sensors.items[i].sensor_id, sensor_id) == 0) {
			return &world->sensors.items[i];
		}
	}
	fail_msg("no sensor %s", sensor_id);
	return NULL;
}

static void set_time(const char *path, int64_t time_us)
{
	struct timespec time = {.tv_sec = time_us / LB_SECOND,
				.tv_nsec = time_us % LB_SECOND * 1000};
	struct timespec times[2] = {time, time};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The folder that path lies in, made when missing. Returns the path's last '/'. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

/* The sensor's folder has changed at the world's time, not at the machine's. */
static void stamp_folder(const struct world *world, char *path)
{
	*strrchr(path, '/') = '\0';
	set_time(path, world->now_us);
}

void world_put(struct world *world, const char *key, int64_t age_us)
{
	if (world->objects != NULL) {
		fake_object_lister_put(world->objects, key, world->now_us - age_us, 7);
		return;
	}
	char path[512];
	(void)snprintf(path, sizeof(path), "triggers/%s", key);
	make_folders(path);
	folder_write(path, "Success");
	set_time(path, world->now_us - age_us);
	stamp_folder(world, path);
}

void world_remove(struct world *world, const char *key)
{
	if (world->objects != NULL) {
		fake_object_lister_remove(world->objects, key);
		return;
	}
	char path[512];
	(void)snprintf(path, sizeof(path), "triggers/%s", key);
	assert_int_equal(unlink(path), 0);
	stamp_folder(world, path);
}

void world_break(struct world *world, bool broken)
{
	if (world->objects != NULL) {
		world->objects->fails = broken ? "the bucket is gone" : NULL;
	} else {
		assert_int_equal(broken ? rename("triggers", "gone") : rename("gone", "triggers"),
				 0);
	}
}

const struct world_file *world_find(const struct world *world, const char *key)
{
	for (size_t i = 0; i < world->log.count; i++) {
		if (strcmp(world->log.items[i].key, key) == 0) {
			return &world->log.items[i];
		}
	}
	return NULL;
}

bool world_knows(const struct world *world, const char *key)
{
	return world_find(world, key) != NULL;
}

static bool knows_version(const struct world *world, const char *key, const char *etag)
{
	for (size_t i = 0; i < world->log.count; i++) {
		const struct world_file *file = &world->log.items[i];
		if (strcmp(file->key, key) == 0 &&
		    (etag == NULL || strcmp(file->etag, etag) == 0)) {
			return true;
		}
	}
	return false;
}

static void take_file(struct world *world, const struct lb_sensor_report *report,
		      const struct lb_file *file)
{
	char path[2048];
	(void)snprintf(path, sizeof(path), "%s/%s/%s", world->base, report->sensor_id,
		       file->file_name);
	assert_string_equal(file->file_path, path);
	const char *key = path + strlen(world->base) + 1;
	if (knows_version(world, key, report->allow_overwrites ? file->etag : NULL)) {
		return;
	}
	struct world_file *known = lb_list_add(&world->arena, &world->log);
	assert_non_null(known);
	*known = (struct world_file){.key = lb_arena_strdup(&world->arena, key),
				     .etag = lb_arena_strdup(&world->arena, file->etag),
				     .existing = report->existing};
	world->fresh++;
}

/* As a store keeps them. */
static void take_state(struct world *world, const struct lb_sensor_report *report)
{
	struct lb_sensor *sensor = world_sensor(world, report->sensor_id);
	if (report->checkpoint != NULL) {
		sensor->checkpoint = *report->checkpoint;
		sensor->checkpoint.floor =
			lb_arena_strdup(&world->arena, report->checkpoint->floor);
	}
	sensor->last_error = lb_arena_strdup(&world->arena, report->error);
}

static void take_reports(struct world *world, const struct lb_sensor_report_list *reports)
{
	for (size_t i = 0; i < reports->count; i++) {
		const struct lb_sensor_report *report = &reports->items[i];
		assert_string_equal(report->sensor_source, "trigger_file");
		assert_string_equal(report->base_location, world->base);
		for (size_t f = 0; f < report->files.count; f++) {
			take_file(world, report, &report->files.items[f]);
		}
		world->reports++;
		world->told += report->files.count;
		world->listed_all += report->listed_all;
		take_state(world, report);
	}
}

static uint64_t on_reports(struct lb_source *source, const struct lb_sensor_report_list *reports,
			   void *data)
{
	(void)source;
	struct world *world = data;
	for (size_t i = 0; i < reports->count; i++) {
		assert_null(reports->items[i].checkpoint);
	}
	if (world->deaf) {
		return 0;
	}
	world->calls++;
	take_reports(world, reports);
	return world->calls;
}

static void on_rescan(struct lb_source *source, void *data)
{
	(void)source;
	struct world *world = data;
	world->rescans++;
}

static void listen_to(struct world *world)
{
	world->source->on_reports = on_reports;
	world->source->on_rescan = on_rescan;
	world->source->data = world;
}

void world_open_over(struct world *world, struct lb_folder_lister *lister)
{
	struct lb_error error;
	if (lb_trigger_file_create(&world->loop, world->base, &world->options, lister,
				   &world->source, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
	listen_to(world);
}

void world_open(struct world *world)
{
	struct lb_error error;
	if (world->source != NULL) {
		return;
	}
	enum lb_err err =
		world->objects != NULL
			? lb_trigger_file_objects_create(world->base, &world->options,
							 &world->clock, &world->objects->base,
							 &world->source, &error)
			: lb_trigger_file_local_create(&world->loop, world->base, &world->options,
						       world->lb_log, &world->source, &error);
	if (err != LB_OK) {
		fail_msg("%s", error.message);
	}
	listen_to(world);
}

void world_restart(struct world *world)
{
	world->source->impl->destroy(world->source);
	world->source = NULL;
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
}

/* lb_alloc knows no context, and the scan runs on another thread. */
static atomic_size_t allocations_left;
static atomic_bool allocation_failed;

static void *failing_alloc(size_t size)
{
	if (atomic_fetch_sub(&allocations_left, 1) == 0) {
		atomic_store(&allocation_failed, true);
		return NULL;
	}
	return calloc(1, size > 0 ? size : 1);
}

static void begin_failing(const struct world *world)
{
	if (world->allocations > 0) {
		atomic_store(&allocations_left, world->allocations - 1);
		atomic_store(&allocation_failed, false);
		lb_set_allocator(failing_alloc, free);
	}
}

static void end_failing(struct world *world)
{
	lb_set_allocator(NULL, NULL);
	world->allocation_failed = world->allocations > 0 && atomic_load(&allocation_failed);
}

struct look {
	struct lb_scan scan;
	size_t done;
};

static void on_done(struct lb_scan *scan)
{
	struct look *look = scan->data;
	look->done++;
}

static void keep_sensors(struct world *world)
{
	world->before = (struct lb_sensor_list){0};
	for (size_t i = 0; i < world->sensors.count; i++) {
		struct lb_sensor *sensor = lb_list_add(&world->arena, &world->before);
		assert_non_null(sensor);
		*sensor = world->sensors.items[i];
	}
}

void world_lose(struct world *world)
{
	assert_int_equal(world->before.count, world->sensors.count);
	for (size_t i = 0; i < world->before.count; i++) {
		world->sensors.items[i] = world->before.items[i];
	}
	world->recorded = false;
}

void world_look(struct world *world)
{
	world_open(world);
	keep_sensors(world);
	if (world->objects != NULL) {
		lb_trigger_file_objects_limit(world->source, world->bytes_max);
	} else {
		lb_trigger_file_limit_passes(world->source, world->bytes_max);
	}
	world->fresh = world->reports = world->told = world->listed_all = 0;
	struct look look = {
		.scan = {.sensors = world->sensors,
			 .recorded = world->recorded,
			 .now_us = world->now_us,
			 .done = on_done,
			 .data = &look},
	};
	begin_failing(world);
	world->source->impl->scan(world->source, &look.scan);
	assert_int_equal(look.done, 0);
	world_run_until(world, &look.done, 1);
	end_failing(world);
	assert_int_equal(look.done, 1);
	take_reports(world, &look.scan.reports);
	for (size_t i = 0; i < look.scan.reports.count; i++) {
		assert_true(look.scan.reports.items[i].observed_at_us == look.scan.now_us);
	}
	world->failed = look.scan.failed;
	world->rescan_at_us = look.scan.rescan_at_us;
	world->unfinished = look.scan.unfinished;
	world->cost = look.scan.cost;
	world->error = look.scan.error;
	lb_arena_finish(&look.scan.arena);
}

void world_look_after(struct world *world, int64_t delay_us)
{
	world->now_us += delay_us;
	world_look(world);
}

static void on_tick(uv_timer_t *timer)
{
	size_t *ticks = timer->data;
	(*ticks)++;
}

void world_run_until(struct world *world, const size_t *counter, size_t count)
{
	uv_timer_t timer;
	size_t ticks = 0;
	(void)uv_timer_init(&world->loop, &timer);
	timer.data = &ticks;
	(void)uv_timer_start(&timer, on_tick, 100, 100);
	while (*counter < count && ticks < 200) {
		if (world->objects == NULL || !fake_object_lister_pump(world->objects)) {
			(void)uv_run(&world->loop, UV_RUN_ONCE);
		}
	}
	uv_close((uv_handle_t *)&timer, NULL);
	(void)uv_run(&world->loop, UV_RUN_NOWAIT);
	assert_true(*counter >= count);
}
