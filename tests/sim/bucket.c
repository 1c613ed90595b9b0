#include "sim/bucket.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Their keys sort otherwise than the ids themselves. */
static const char *const sensor_ids[SIM_SENSORS_MAX] = {"orders",    "orders-eu", "orders.v2",
							"orders_eu", "sales x",   "z"};

void sim_bucket_begin(struct sim_world *world)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		struct sim_folder *folder = &world->bucket.folders[i];
		(void)snprintf(folder->sensor_id, sizeof(folder->sensor_id), "%s", sensor_ids[i]);
		folder->changed_at_us = sim_wall(world);
	}
}

void sim_bucket_finish(struct sim_bucket *bucket)
{
	for (size_t i = 0; i < bucket->count; i++) {
		free(bucket->all[i]);
	}
	free(bucket->all);
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		free(bucket->folders[i].files);
	}
}

size_t sim_bucket_sensor(const struct sim_bucket *bucket, const char *sensor_id)
{
	size_t sensor = 0;
	while (sensor < SIM_SENSORS_MAX &&
	       strcmp(bucket->folders[sensor].sensor_id, sensor_id) != 0) {
		sensor++;
	}
	return sensor;
}

struct sim_file *sim_bucket_find(const struct sim_bucket *bucket, size_t sensor, const char *name)
{
	for (size_t i = bucket->count; i > 0; i--) {
		struct sim_file *file = bucket->all[i - 1];
		if (file->sensor == sensor && strcmp(file->name, name) == 0) {
			return file;
		}
	}
	return NULL;
}

size_t sim_folder_upto(const struct sim_folder *folder, const char *name)
{
	size_t low = 0;
	size_t high = folder->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(folder->files[middle]->name, name) <= 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool exists(const struct sim_folder *folder, const char *name)
{
	size_t upto = sim_folder_upto(folder, name);
	return upto > 0 && strcmp(folder->files[upto - 1]->name, name) == 0;
}

static struct sim_file *add_file(struct sim_world *world, size_t sensor, const char *name)
{
	struct sim_bucket *bucket = &world->bucket;
	struct sim_folder *folder = &bucket->folders[sensor];
	if (bucket->count == bucket->capacity) {
		bucket->capacity = bucket->capacity > 0 ? 2 * bucket->capacity : 256;
		bucket->all = sim_must(
			realloc(bucket->all, bucket->capacity * sizeof(struct sim_file *)));
	}
	if (folder->count == folder->capacity) {
		folder->capacity = folder->capacity > 0 ? 2 * folder->capacity : 64;
		folder->files = sim_must(
			realloc(folder->files, folder->capacity * sizeof(struct sim_file *)));
	}
	struct sim_file *file = sim_new(sizeof(*file));
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	file->sensor = sensor;
	file->etag = 1;
	file->delivered = name[0] != '.' && name[0] != '_' && strchr(name, '/') == NULL;
	file->created_at_us = file->modified_at_us = file->whole_at_us = sim_wall(world);
	bucket->all[bucket->count++] = file;
	size_t at = sim_folder_upto(folder, name);
	memmove(&folder->files[at + 1], &folder->files[at],
		(folder->count - at) * sizeof(struct sim_file *));
	folder->files[at] = file;
	folder->count++;
	folder->changed_at_us = sim_wall(world);
	world->totals.files++;
	return file;
}

static void remove_file(struct sim_world *world, struct sim_file *file)
{
	struct sim_folder *folder = &world->bucket.folders[file->sensor];
	size_t at = sim_folder_upto(folder, file->name) - 1;
	memmove(&folder->files[at], &folder->files[at + 1],
		(folder->count - at - 1) * sizeof(struct sim_file *));
	folder->count--;
	folder->changed_at_us = sim_wall(world);
	file->deleted = true;
	sim_tell(world, "%s/%s is deleted", folder->sensor_id, file->name);
}

/* --- upstreams --------------------------------------------------------------- */

static void format_name(const struct sim_folder *folder, int64_t time_us, bool underscore,
			char name[SIM_NAME_MAX])
{
	char text[LB_TIME_TEXT_MAX];
	(void)lb_time_format(time_us, text);
	(void)snprintf(name, SIM_NAME_MAX, "%.40s_%.4s%.2s%.2s%s%.2s%.2s%.2s.txt",
		       folder->sensor_id, text, text + 5, text + 8, underscore ? "_" : "",
		       text + 11, text + 14, text + 17);
}

/* Off the standard; some of them are no deliveries at all. */
static void draw_bad_name(struct sim_world *world, char name[SIM_NAME_MAX])
{
	static const char *const names[] = {"done-%u.txt",   "_SUCCESS-%u", ".part-%u",
					    "orders_2025%u", "%u",          "sub/%u.txt"};
	bool objects = world->plan.place == SIM_OBJECTS;
	unsigned kind = (unsigned)sim_below(&world->random, objects ? 6 : 5);
	unsigned number = (unsigned)sim_below(&world->random, 1000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(name, SIM_NAME_MAX, names[kind], number);
#pragma GCC diagnostic pop
}

static void draw_name(struct sim_world *world, size_t sensor, char name[SIM_NAME_MAX])
{
	const struct sim_troubles *troubles = &world->plan.troubles;
	int64_t time_us = sim_wall(world);
	if (sim_strikes(world, troubles->bad_name_ppm)) {
		draw_bad_name(world, name);
		return;
	}
	if (sim_strikes(world, troubles->late_ppm)) {
		time_us -= sim_wait(&world->random, LB_SECOND, 4 * LB_DAY);
	} else if (sim_strikes(world, troubles->future_ppm)) {
		time_us += sim_wait(&world->random, LB_SECOND, 2 * LB_DAY);
	}
	format_name(&world->bucket.folders[sensor], time_us, sensor != 5, name);
}

/* The writer comes back to its file before it has settled, and so again. */
struct slow_write {
	struct sim_file *file;
};

/* What the log has of it is another version now, where that counts. */
static void touch(const struct sim_world *world, struct sim_file *file)
{
	file->modified_at_us = sim_wall(world);
	file->etag++;
	if (world->plan.options.allow_overwrites) {
		file->recorded = 0;
		memset(file->run_no, 0, sizeof(file->run_no));
	}
}

static void write_more(void *world, void *data)
{
	struct slow_write *slow = data;
	if (!slow->file->deleted) {
		touch(world, slow->file);
	}
	free(slow);
}

static void write_slowly(struct sim_world *world, struct sim_file *file)
{
	int64_t delay_us = 0;
	int64_t parts = sim_between(&world->random, 1, 4);
	for (int64_t i = 0; i < parts; i++) {
		delay_us += sim_between(&world->random, 1, world->plan.options.settle_us - 1);
		struct slow_write *slow = sim_new(sizeof(*slow));
		slow->file = file;
		sim_later(world, delay_us, write_more, slow);
	}
	file->whole_at_us = sim_wall(world) + delay_us;
}

/* Where there is no queue, tells every lakebeat, soon and perhaps twice, that the file
 * is there. */
static void notice(struct sim_world *world, struct sim_file *file)
{
	if (world->plan.notified) {
		sim_arrivals_tell(world, file);
		return;
	}
	for (size_t i = 0; i < world->plan.node_count; i++) {
		if (sim_chance(&world->random, world->plan.troubles.notice_ppm)) {
			sim_node_notice(&world->nodes[i], file);
		}
	}
}

static void write_file(struct sim_world *world, size_t sensor)
{
	char name[SIM_NAME_MAX];
	draw_name(world, sensor, name);
	if (exists(&world->bucket.folders[sensor], name) ||
	    sim_bucket_find(&world->bucket, sensor, name) != NULL) {
		return;
	}
	struct sim_file *file = add_file(world, sensor, name);
	sim_tell(world, "%s/%s is delivered", world->bucket.folders[sensor].sensor_id, name);
	if (world->plan.options.settle_us > 1 &&
	    sim_strikes(world, world->plan.troubles.slow_ppm)) {
		write_slowly(world, file);
	} else {
		notice(world, file);
	}
}

static struct sim_file *draw_file(struct sim_world *world, const struct sim_folder *folder)
{
	size_t at = (size_t)sim_below(&world->random, folder->count);
	return folder->files[at];
}

static void overwrite_some(struct sim_world *world, size_t sensor)
{
	const struct sim_folder *folder = &world->bucket.folders[sensor];
	if (folder->count == 0 || !sim_strikes(world, world->plan.troubles.overwrite_ppm)) {
		return;
	}
	struct sim_file *file = draw_file(world, folder);
	touch(world, file);
	sim_tell(world, "%s/%s is written again", folder->sensor_id, file->name);
	sim_arrivals_tell(world, file);
}

static void remove_some(struct sim_world *world, size_t sensor)
{
	const struct sim_folder *folder = &world->bucket.folders[sensor];
	while (folder->count > 0 && sim_chance(&world->random, world->plan.troubles.remove_ppm)) {
		remove_file(world, draw_file(world, folder));
	}
	while (folder->count > world->plan.files_max) {
		remove_file(world, folder->files[0]);
	}
}

struct upstream {
	size_t sensor;
};

static void deliver(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct upstream *upstream = data;
	if (world->healing) {
		free(upstream);
		return;
	}
	bool burst = sim_strikes(world, world->plan.troubles.burst_ppm);
	int64_t files = burst ? sim_between(&world->random, 2, 16) : 1;
	for (int64_t i = 0; i < files; i++) {
		write_file(world, upstream->sensor);
	}
	sim_arrivals_tell_otherwise(world);
	overwrite_some(world, upstream->sensor);
	remove_some(world, upstream->sensor);
	int64_t wait_us = sim_between(&world->random, 1, 2 * world->plan.delivery_us);
	sim_later(world, wait_us, deliver, upstream);
}

void sim_upstreams_start(struct sim_world *world)
{
	for (size_t i = 0; i < world->plan.sensor_count; i++) {
		struct upstream *upstream = sim_new(sizeof(*upstream));
		upstream->sensor = i;
		sim_later(world, sim_between(&world->random, 1, world->plan.delivery_us), deliver,
			  upstream);
	}
}

void sim_upstream_deliver(struct sim_world *world, size_t sensor)
{
	char name[SIM_NAME_MAX];
	int64_t time_us = sim_wall(world);
	do {
		format_name(&world->bucket.folders[sensor], time_us, sensor != 5, name);
		time_us += LB_SECOND;
	} while (sim_bucket_find(&world->bucket, sensor, name) != NULL);
	const struct sim_file *file = add_file(world, sensor, name);
	sim_tell(world, "%s/%s is delivered", world->bucket.folders[sensor].sensor_id, name);
	if (world->plan.notified) {
		sim_arrivals_tell(world, file);
		sim_arrivals_expect(world, file);
	}
}
