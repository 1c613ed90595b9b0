#include "sources/trigger_file/recall.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

uint64_t lb_digest_mix(uint64_t digest, const char *text)
{
	const uint64_t prime = 0x100000001b3;
	for (const char *c = text; *c != '\0'; c++) {
		digest = (digest ^ (unsigned char)*c) * prime;
	}
	return digest * prime; /* the NUL: "ab", "c" is not "a", "bc" */
}

static int compare_entries(const void *a, const void *b)
{
	uint64_t x = ((const struct lb_recall_entry *)a)->sensor;
	uint64_t y = ((const struct lb_recall_entry *)b)->sensor;
	return (x > y) - (x < y);
}

bool lb_recall_find(const struct lb_recall *recall, const char *sensor_id, uint64_t *ret_digest)
{
	if (recall->known_count == 0) {
		return false;
	}
	struct lb_recall_entry wanted = {.sensor = lb_digest_mix(LB_DIGEST_EMPTY, sensor_id)};
	const struct lb_recall_entry *found = bsearch(&wanted, recall->known, recall->known_count,
						      sizeof(wanted), compare_entries);
	if (found != NULL) {
		*ret_digest = found->digest;
	}
	return found != NULL;
}

static bool make_room(struct lb_recall *recall)
{
	if (recall->fresh_count < recall->fresh_capacity) {
		return true;
	}
	size_t capacity = recall->fresh_capacity > 0 ? 2 * recall->fresh_capacity : 64;
	struct lb_recall_entry *moved = lb_alloc(capacity * sizeof(*moved));
	if (moved == NULL) {
		return false;
	}
	if (recall->fresh_count > 0) {
		memcpy(moved, recall->fresh, recall->fresh_count * sizeof(*moved));
	}
	lb_free(recall->fresh);
	recall->fresh = moved;
	recall->fresh_capacity = capacity;
	return true;
}

void lb_recall_note(struct lb_recall *recall, const char *sensor_id, uint64_t digest)
{
	if (make_room(recall)) {
		recall->fresh[recall->fresh_count++] = (struct lb_recall_entry){
			.sensor = lb_digest_mix(LB_DIGEST_EMPTY, sensor_id), .digest = digest};
	}
}

void lb_recall_turn(struct lb_recall *recall)
{
	lb_free(recall->known);
	recall->known = recall->fresh;
	recall->known_count = recall->fresh_count;
	if (recall->known_count > 0) {
		qsort(recall->known, recall->known_count, sizeof(*recall->known), compare_entries);
	}
	recall->fresh = NULL;
	recall->fresh_count = 0;
	recall->fresh_capacity = 0;
}

void lb_recall_finish(struct lb_recall *recall)
{
	lb_free(recall->known);
	lb_free(recall->fresh);
	*recall = (struct lb_recall){0};
}
