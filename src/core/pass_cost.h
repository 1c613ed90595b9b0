/* pass_cost.h: what looking at a source costs. Plain data; strings are borrowed. */
#ifndef LB_CORE_PASS_COST_H
#define LB_CORE_PASS_COST_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* What listing took; zero where it takes no requests.
 * requests: that were sent, repeated ones too.
 * keys:     that came back, known or not.
 * bytes:    of the answers' bodies. */
struct lb_listing_cost {
	uint64_t requests;
	uint64_t keys;
	uint64_t bytes;
};

/* A pass over all sensors of a source, from its first part to its last.
 * base_location: as in the ACON, without a trailing '/'.
 * is_full: some sensor was listed in full because that was due. */
struct lb_pass_cost {
	const char *sensor_source;
	const char *base_location;
	bool is_full;
	int64_t ended_at_us;
	struct lb_listing_cost cost;
};

struct lb_pass_cost_list LB_LIST_OF(struct lb_pass_cost);

#endif
