/* source_world.h: a trigger-file source with files to find and an event log to
 * find them for: either the real local source over a real folder, or the source for
 * object stores over a fake listing. The log keeps what the store would keep:
 * which files are known, and each sensor's checkpoint and error. */
#ifndef LB_TESTS_SOURCE_WORLD_H
#define LB_TESTS_SOURCE_WORLD_H

#include "ports/source.h"
#include "sources/trigger_file/object_source.h"
#include "sources/trigger_file/trigger_file.h"
#include "support/fake_object_lister.h"

#include <uv.h>

#define WORLD_SENSORS_MAX 64
#define WORLD_NEW_MAX 256

/* One file by its key, and the tags that tell its versions apart. */
struct world_file {
	const char *key;
	const char *etag;
	bool existing;
};

struct world_file_list LB_LIST_OF(struct world_file);

/* now_us:   what the next look's clock says; files are aged by it.
 * objects:  NULL when the source is local; its base then is `triggers` in the
 *           working directory.
 * options:  taken when the source is made, which the first look does.
 * sensors:  in the order of their ids. before: as they were before the last look.
 * log:      every file ever reported, once.
 * allocations: so many succeed during each scan, then one fails; 0: all succeed.
 *           allocation_failed: one did.
 * deaf:     what comes between looks is not taken.
 * bytes_max: a pass stops when its reports exceed it; 0: the source's own limit.
 * Of the last look (world_look, world_run_until): fresh: how many files were new;
 * reports: how many reports; told: how many files in them; failed, rescan_at_us,
 * unfinished, cost, error as in struct lb_scan; listed_all: how many reports said so. */
struct world {
	uv_loop_t loop;
	struct lb_source *source;
	struct fake_object_lister *objects;
	struct lb_clock clock;
	char base[512];
	struct lb_trigger_file_options options;
	struct lb_log *lb_log;
	int64_t now_us;
	struct lb_arena arena;
	struct lb_sensor_list sensors;
	struct lb_sensor_list before;
	struct world_file_list log;
	bool recorded;
	size_t allocations;
	bool allocation_failed;
	bool deaf;
	size_t bytes_max;

	size_t fresh;
	size_t reports;
	size_t told;
	size_t failed;
	size_t listed_all;
	size_t calls;
	size_t rescans;
	int64_t rescan_at_us;
	bool unfinished;
	struct lb_listing_cost cost;
	struct lb_error error;
};

/* cmocka's setups and teardown; *state becomes the world. */
int world_setup_local(void **state);
int world_setup_objects(void **state);
int world_teardown(void **state);

struct lb_sensor *world_add_sensor(struct world *world, const char *sensor_id);

/* The sensor's place in the log. */
struct lb_sensor *world_sensor(struct world *world, const char *sensor_id);

/* A file that was last changed age_us before now; its folder changes now. */
void world_put(struct world *world, const char *key, int64_t age_us);
void world_remove(struct world *world, const char *key);

/* Make the whole place unreadable, or readable again. */
void world_break(struct world *world, bool broken);

/* One scan, to its end, taken into the log. */
void world_look(struct world *world);

/* What the last look told did not reach the store, and the next look knows that. The
 * log keeps it, so that what is told again is not fresh. */
void world_lose(struct world *world);

/* Let that much time pass, then look. */
void world_look_after(struct world *world, int64_t delay_us);

/* Is the file in the log? */
bool world_knows(const struct world *world, const char *key);
const struct world_file *world_find(const struct world *world, const char *key);

/* Make the source, if that was not done yet: the world's own, or one over a folder
 * lister of the test's. */
void world_open(struct world *world);
void world_open_over(struct world *world, struct lb_folder_lister *lister);

/* Lakebeat ends and starts again: the source is made anew by the next look, the log
 * and the files stay. */
void world_restart(struct world *world);

/* Run the loop, and answer the objects' requests, until *counter is at least count, or fail after a
 * generous while. */
void world_run_until(struct world *world, const size_t *counter, size_t count);

#endif
