/* source_folders.c: lakebeat's pass over simulated folders, made at one moment, as a
 * worker thread makes it. */
#include "base/time.h"
#include "sim/node.h"
#include "sim/world.h"
#include "sources/trigger_file/pass.h"

#include <assert.h>
#include <string.h>

struct folders {
	struct lb_source base;
	struct sim_node *node;
	struct lb_folder_lister lister;
	struct lb_filter filter;
	struct lb_recall recall;
	struct lb_pass_rest rest;
	size_t bytes_max;
	atomic_bool stop;
	struct lb_scan *scan;
	int64_t asked_at_us;
};

static struct folders *folders_of(struct lb_folder_lister *lister)
{
	return (struct folders *)(void *)((char *)lister - offsetof(struct folders, lister));
}

static enum lb_err folders_open(struct lb_folder_lister *lister, struct lb_error *error)
{
	struct sim_world *world = folders_of(lister)->node->world;
	if (sim_strikes(world, world->plan.troubles.list_ppm)) {
		return lb_fail(error, LB_IO, "the disk is not mounted");
	}
	return LB_OK;
}

/* File systems stamp with coarse clocks. */
static enum lb_err folder_time(struct lb_folder_lister *lister, const char *sensor_id,
			       int64_t *ret_time_ns, struct lb_error *error)
{
	struct sim_world *world = folders_of(lister)->node->world;
	size_t sensor = sim_bucket_sensor(&world->bucket, sensor_id);
	if (sim_strikes(world, world->plan.troubles.denied_ppm)) {
		return lb_fail(error, LB_IO, "permission denied");
	}
	int64_t changed_us = world->bucket.folders[sensor].changed_at_us;
	*ret_time_ns = (changed_us - changed_us % LB_SECOND) * 1000;
	return LB_OK;
}

static void show_file(struct lb_arena *arena, const char *sensor_id, const struct sim_file *file,
		      struct lb_listed_list *files)
{
	struct lb_listed *listed = sim_must(lb_list_add(arena, files));
	*listed = (struct lb_listed){
		.key = lb_arena_printf(arena, "%s/%s", sensor_id, file->name),
		.etag = lb_arena_printf(arena, "%d", file->etag),
		.modified_at_us = file->modified_at_us,
		.size_bytes = 7,
	};
}

static enum lb_err list_folder(struct lb_folder_lister *lister, const char *sensor_id,
			       struct lb_arena *arena, struct lb_listed_list *ret_files,
			       struct lb_error *error)
{
	struct sim_world *world = folders_of(lister)->node->world;
	const struct sim_folder *folder =
		&world->bucket.folders[sim_bucket_sensor(&world->bucket, sensor_id)];
	if (sim_strikes(world, world->plan.troubles.list_half_ppm)) {
		return lb_fail(error, LB_IO, "the disk fell off");
	}
	for (size_t i = 0; i < folder->count; i++) {
		show_file(arena, sensor_id, folder->files[i], ret_files);
	}
	return LB_OK;
}

static void folders_close(struct lb_folder_lister *lister)
{
	(void)lister;
}

static const struct lb_folder_lister_impl lister_impl = {
	.open = folders_open,
	.folder_time = folder_time,
	.list = list_folder,
	.close = folders_close,
	.destroy = folders_close,
};

/* The port has no room for it; worlds are lived through one at a time. A pass is a
 * moment here: no clock moves on while it lasts. */
static const struct sim_world *world_of_pass;

static int64_t monotonic_us(void)
{
	return world_of_pass->now_us;
}

static void happen_scanned(struct sim_node *node, void *data)
{
	struct folders *self = (struct folders *)node->source;
	struct lb_scan *scan = self->scan;
	(void)data;
	self->scan = NULL;
	scan->done(scan);
}

static void happen_pass(struct sim_node *node, void *data)
{
	struct folders *self = (struct folders *)node->source;
	struct lb_pass pass = {
		.options = &node->world->plan.options,
		.filter = &self->filter,
		.base_location = SIM_BASE,
		.lister = &self->lister,
		.recall = &self->recall,
		.rest = &self->rest,
		.bytes_max = self->bytes_max,
		.monotonic_us = monotonic_us,
		.asked_at_us = self->asked_at_us,
		.stop = &self->stop,
	};
	(void)data;
	world_of_pass = node->world;
	lb_pass_run(&pass, self->scan);
	sim_node_later(node, sim_latency(node->world), happen_scanned, NULL);
}

static void folders_scan(struct lb_source *source, struct lb_scan *scan)
{
	struct folders *self = (struct folders *)source;
	assert(self->scan == NULL);
	self->scan = scan;
	self->asked_at_us = self->node->world->now_us;
	sim_node_later(self->node, sim_latency(self->node->world), happen_pass, NULL);
}

static void folders_destroy(struct lb_source *source)
{
	struct folders *self = (struct folders *)source;
	lb_filter_finish(&self->filter);
	lb_recall_finish(&self->recall);
	lb_pass_rest_finish(&self->rest);
	lb_free(self);
}

static const struct lb_source_impl folders_impl = {
	.name = "trigger_file",
	.scan = folders_scan,
	.destroy = folders_destroy,
};

struct lb_source *sim_source_over_folders(struct sim_node *node)
{
	struct folders *self = sim_must(lb_alloc(sizeof(*self)));
	struct lb_error error;
	self->base.impl = &folders_impl;
	self->base.base_location = SIM_BASE;
	self->node = node;
	self->lister.impl = &lister_impl;
	self->lister.folder_time_trust_us = 2 * LB_SECOND;
	self->bytes_max = 4096;
	if (lb_filter_init(&self->filter, &node->world->plan.options, &error) != LB_OK) {
		sim_fail(node->world, "orderly-ends", "%s", error.message);
	}
	return &self->base;
}
