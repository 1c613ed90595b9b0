/* bucket.h: the place where trigger files lie, and what is true about each file,
 * so that at the end every one can be accounted for. */
#ifndef LB_TESTS_SIM_BUCKET_H
#define LB_TESTS_SIM_BUCKET_H

#include "sim/plan.h"

#include <stddef.h>
#include <stdint.h>

#define SIM_NAME_MAX 96

struct sim_world;

/* One file, from its first byte to its deletion and beyond. wall times.
 * sensor:      its number.
 * etag:        grows when it is written again.
 * delivered:   its name makes it a delivery.
 * whole_at_us: when its writer is done with it.
 * deleted:     it is not there any more.
 * recorded:    how often the event log has it; where overwriting counts, this etag of it.
 * run_no:      by job: the run that was started with it, 0: none yet; likewise. */
struct sim_file {
	size_t sensor;
	char name[SIM_NAME_MAX];
	int etag;
	bool delivered;
	int64_t created_at_us;
	int64_t modified_at_us;
	int64_t whole_at_us;
	bool deleted;
	int recorded;
	int64_t run_no[SIM_JOBS_MAX];
};

/* files: of one sensor, those that are there, by name. changed_at_us: the folder's
 * own time. unreadable: nobody may list it now. */
struct sim_folder {
	char sensor_id[SIM_NAME_MAX];
	struct sim_file **files;
	size_t count;
	size_t capacity;
	int64_t changed_at_us;
	bool unreadable;
};

/* all: every file that ever was; owned. */
struct sim_bucket {
	struct sim_folder folders[SIM_SENSORS_MAX];
	struct sim_file **all;
	size_t count;
	size_t capacity;
};

#define SIM_BUCKET "lake"
#define SIM_PREFIX "triggers"
#define SIM_BASE "s3://" SIM_BUCKET "/" SIM_PREFIX

void sim_bucket_begin(struct sim_world *world);
void sim_bucket_finish(struct sim_bucket *bucket);

/* Upstreams start to deliver. */
void sim_upstreams_start(struct sim_world *world);

/* One file for a sensor, now, under the standard name, whole at once. */
void sim_upstream_deliver(struct sim_world *world, size_t sensor);

/* A sensor's number by its id; SIM_SENSORS_MAX: none. */
size_t sim_bucket_sensor(const struct sim_bucket *bucket, const char *sensor_id);

/* The newest incarnation of a name, there or deleted; NULL: there never was one. */
struct sim_file *sim_bucket_find(const struct sim_bucket *bucket, size_t sensor, const char *name);

/* How many of the folder's files have names up to and including name. */
size_t sim_folder_upto(const struct sim_folder *folder, const char *name);

#endif
