/* source_objects.c: lakebeat's own source over a simulated object store, which lists in
 * pages, is slow, breaks off half way and refuses. */
#include "base/text.h"
#include "sim/node.h"
#include "sim/world.h"
#include "sources/trigger_file/object_source.h"

#include <stdio.h>
#include <string.h>

/* listings: all that are under way, the canceled ones too. */
struct objects {
	struct lb_object_lister base;
	struct sim_node *node;
	struct listing *listings;
};

/* A request under way. request: NULL when it was canceled. */
struct listing {
	struct objects *objects;
	struct listing *next;
	struct lb_object_request *request;
	char shown_to[LB_KEY_MAX];
};

static struct objects *objects_of(struct lb_object_lister *lister)
{
	return (struct objects *)lister;
}

static void forget(struct listing *listing)
{
	struct listing **link = &listing->objects->listings;
	while (*link != listing) {
		link = &(*link)->next;
	}
	*link = listing->next;
	lb_free(listing);
}

/* Which of the folder's keys come first behind start_after. */
static size_t first_behind(const struct sim_folder *folder, const char *start_after)
{
	char prefix[SIM_NAME_MAX + 1];
	int length = snprintf(prefix, sizeof(prefix), "%s/", folder->sensor_id);
	if (lb_text_starts_with(start_after, prefix)) {
		return sim_folder_upto(folder, start_after + length);
	}
	return strcmp(prefix, start_after) > 0 ? 0 : folder->count;
}

static bool is_wanted(const struct sim_folder *folder, const char *prefix)
{
	size_t length = strlen(folder->sensor_id);
	return prefix == NULL || (strncmp(prefix, folder->sensor_id, length) == 0 &&
				  strcmp(prefix + length, "/") == 0);
}

/* The folder whose keys come next behind those of `before`; NULL: none. Keys sort
 * as if ids ended in '/'. */
static const struct sim_folder *next_folder(const struct sim_world *world, const char *before)
{
	const struct sim_folder *next = NULL;
	char least[SIM_NAME_MAX + 1] = "";
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const struct sim_folder *folder = &world->bucket.folders[i];
		char prefix[SIM_NAME_MAX + 1];
		(void)snprintf(prefix, sizeof(prefix), "%s/", folder->sensor_id);
		if (strcmp(prefix, before) > 0 && (next == NULL || strcmp(prefix, least) < 0)) {
			next = folder;
			memcpy(least, prefix, sizeof(least));
		}
	}
	return next;
}

static enum lb_err show_file(struct listing *listing, const struct sim_folder *folder,
			     const struct sim_file *file)
{
	char key[LB_KEY_MAX];
	char etag[16];
	(void)snprintf(key, sizeof(key), "%s/%s", folder->sensor_id, file->name);
	(void)snprintf(etag, sizeof(etag), "%d", file->etag);
	struct lb_listed listed = {
		.key = key,
		.etag = etag,
		.modified_at_us = file->modified_at_us,
		.size_bytes = 7,
	};
	struct lb_object_request *request = listing->request;
	request->cost.keys++;
	memcpy(listing->shown_to, key, sizeof(key));
	return request->on_key(request, &listed, &request->error);
}

/* Shows at most so many keys; true when more follow. */
static bool show_page(struct listing *listing, size_t keys)
{
	struct lb_object_request *request = listing->request;
	const struct sim_world *world = listing->objects->node->world;
	char prefix[SIM_NAME_MAX + 1] = "";
	for (const struct sim_folder *folder; (folder = next_folder(world, prefix)) != NULL;) {
		(void)snprintf(prefix, sizeof(prefix), "%s/", folder->sensor_id);
		if (!is_wanted(folder, request->prefix)) {
			continue;
		}
		for (size_t i = first_behind(folder, request->start_after); i < folder->count;
		     i++) {
			if (keys-- == 0) {
				return true;
			}
			if (show_file(listing, folder, folder->files[i]) != LB_OK) {
				return false;
			}
		}
	}
	return false;
}

static void happen_done(struct sim_node *node, void *data)
{
	struct listing *listing = data;
	struct lb_object_request *request = listing->request;
	(void)node;
	if (request != NULL) {
		request->done(request);
	}
	forget(listing);
}

static void end_listing(struct listing *listing)
{
	struct sim_node *node = listing->objects->node;
	sim_node_later(node, sim_latency(node->world), happen_done, listing);
}

/* What a page shows is what lies there at one moment; it takes its time to arrive. */
static void happen_page(struct sim_node *node, void *data)
{
	struct listing *listing = data;
	struct lb_object_request *request = listing->request;
	struct sim_world *world = node->world;
	const struct sim_troubles *troubles = &world->plan.troubles;
	if (request == NULL) {
		forget(listing);
		return;
	}
	size_t keys = node->world->plan.page_keys;
	bool refused = sim_strikes(world, troubles->denied_ppm);
	bool failed = sim_strikes(world, troubles->list_ppm);
	bool breaks = sim_strikes(world, troubles->list_half_ppm);
	bool is_short = sim_chance(&world->random, 100000);
	if (breaks || is_short) {
		keys = (size_t)sim_between(&world->random, 1, (int64_t)keys);
	}
	bool more = !refused && !failed && show_page(listing, keys);
	request->shown_to = NULL;
	if (refused) {
		(void)lb_fail(&request->error, LB_REFUSED, "access denied");
	} else if (failed || breaks) {
		(void)lb_fail(&request->error, LB_UNAVAILABLE, "slow down");
	} else if (more) {
		request->shown_to = listing->shown_to;
	}
	end_listing(listing);
}

static struct listing *begin_listing(struct lb_object_lister *lister,
				     struct lb_object_request *request)
{
	struct listing *listing = sim_must(lb_alloc(sizeof(*listing)));
	struct objects *objects = objects_of(lister);
	listing->objects = objects;
	listing->request = request;
	listing->next = objects->listings;
	objects->listings = listing;
	request->lister_data = listing;
	return listing;
}

static void list(struct lb_object_lister *lister, struct lb_object_request *request)
{
	struct sim_node *node = objects_of(lister)->node;
	request->cost.requests++;
	sim_node_later(node, sim_latency(node->world), happen_page, begin_listing(lister, request));
}

static void yield(struct lb_object_lister *lister, struct lb_object_request *request)
{
	end_listing(begin_listing(lister, request));
}

static void cancel(struct lb_object_lister *lister, struct lb_object_request *request)
{
	struct listing *listing = request->lister_data;
	(void)lister;
	listing->request = NULL;
}

static void destroy(struct lb_object_lister *lister)
{
	struct objects *objects = objects_of(lister);
	while (objects->listings != NULL) {
		forget(objects->listings);
	}
	lb_free(objects);
}

static const struct lb_object_lister_impl impl = {
	.list = list,
	.yield = yield,
	.cancel = cancel,
	.destroy = destroy,
};

struct lb_source *sim_source_over_objects(struct sim_node *node)
{
	struct objects *objects = sim_must(lb_alloc(sizeof(*objects)));
	struct lb_source *source = NULL;
	struct lb_error error;
	objects->base.impl = &impl;
	objects->base.page_keys = node->world->plan.page_keys;
	objects->base.parallel_max = node->world->plan.parallel_max;
	objects->node = node;
	if (lb_trigger_file_objects_create(SIM_BASE, &node->world->plan.options, &node->clock,
					   &objects->base, &source, &error) != LB_OK) {
		sim_fail(node->world, "orderly-ends", "%s", error.message);
	}
	lb_trigger_file_objects_limit(source, 4096);
	return source;
}
