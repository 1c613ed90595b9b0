/* arrivals.h: the queue that an object store's notifications go through, as SQS has it:
 * each message is given out at least once, in any order, to whoever asks; for a while
 * nobody else gets it, and whoever does not delete it by the receipt gets it again. */
#ifndef LB_TESTS_SIM_ARRIVALS_H
#define LB_TESTS_SIM_ARRIVALS_H

#include "base/error.h"
#include "sim/plan.h"

#include <stddef.h>
#include <stdint.h>

struct sim_world;
struct sim_node;
struct sim_file;
struct sim_trip;

/* file, etag: what it tells of; file NULL: of nothing that counts. Times by the virtual
 * clock. receives: how often it was given out, the latest under that receipt. poison:
 * nobody can read it. */
struct sim_letter {
	int64_t number;
	char *body;
	const struct sim_file *file;
	int etag;
	bool poison;
	int64_t visible_at_us;
	int64_t expires_at_us;
	int receives;
};

/* letters: that are in the queue; owned. posted: how many there ever were. parked: calls
 * that wait for a letter, in order. waited_since_us: by sensor, since when somebody waits
 * for it without a break; INT64_MAX: nobody does. */
struct sim_arrivals {
	struct sim_letter **letters;
	size_t count;
	size_t capacity;
	int64_t posted;
	struct sim_trip *parked;
	uint64_t trips;
	int64_t waited_since_us[SIM_SENSORS_MAX];
};

void sim_arrivals_begin(struct sim_world *world);
void sim_arrivals_finish(struct sim_arrivals *arrivals);

/* The store tells of the file as it is now; perhaps never, perhaps twice. */
void sim_arrivals_tell(struct sim_world *world, const struct sim_file *file);

/* Something that nobody waits for, or that nobody can read. */
void sim_arrivals_tell_otherwise(struct sim_world *world);

/* The tables have changed. */
void sim_arrivals_look(struct sim_world *world);

/* All is well, and the file was told of: it is to be in the event log before long. */
void sim_arrivals_expect(struct sim_world *world, const struct sim_file *file);

/* The reader of a lakebeat, in its memory: of a daemon whose source is there. And its end:
 * stop as with SIGTERM, close before the source goes. Fine without a reader. */
void sim_arrivals_open(struct sim_node *node);
void sim_arrivals_stop(struct sim_node *node);
void sim_arrivals_close(struct sim_node *node);

#endif
