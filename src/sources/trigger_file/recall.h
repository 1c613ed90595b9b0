/* recall.h: what the last passes reported of folders, so that a sensor whose listing
 * begins the same again is not reported again so far. One number per sensor, kept
 * while the process lives; losing it costs a report that the event log drops. (Of an
 * object store the checkpoint keeps that number.)
 *
 * Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_RECALL_H
#define LB_SOURCES_TRIGGER_FILE_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_recall_entry {
	uint64_t sensor;
	uint64_t digest;
};

/* Members are private. Zeroed is empty. known: sorted by sensor; fresh: noted
 * since the last settle. */
struct lb_recall {
	struct lb_recall_entry *known;
	size_t known_count;
	struct lb_recall_entry *fresh;
	size_t fresh_count;
	size_t fresh_capacity;
};

/* A digest is made by mixing texts into it, in order; it begins as LB_DIGEST_EMPTY
 * (the offset basis of FNV-1a, 64 bits). */
#define LB_DIGEST_EMPTY ((uint64_t)0xcbf29ce484222325)
uint64_t lb_digest_mix(uint64_t digest, const char *text);

/* The digest noted for the sensor in the pass before; false: there is none. */
bool lb_recall_find(const struct lb_recall *recall, const char *sensor_id, uint64_t *ret_digest);

/* Note it for the pass after this one. Without memory nothing is noted. */
void lb_recall_note(struct lb_recall *recall, const char *sensor_id, uint64_t digest);

/* A pass has ended: what was noted is known, what was not is forgotten. */
void lb_recall_turn(struct lb_recall *recall);

void lb_recall_finish(struct lb_recall *recall);

#endif
