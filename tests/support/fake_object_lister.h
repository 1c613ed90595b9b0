/* fake_object_lister.h: an object store's listing in memory. Requests wait until the
 * test answers them; counts what they cost and fails when told to. */
#ifndef LB_TESTS_FAKE_OBJECT_LISTER_H
#define LB_TESTS_FAKE_OBJECT_LISTER_H

#include "sources/trigger_file/object_lister.h"

#include <stdbool.h>

/* files:   ascending by key.
 * waiting: requests that were not answered yet, in the order in which they came.
 *          most: how many there were at once since somebody set it to 0.
 * cost:    likewise since then; requests that were canceled or failed count.
 * page_max: a page carries no more keys than that, whatever follows; 0: page_keys.
 * fails:   every request fails with this message, UNAVAILABLE; NULL: none does.
 * fails_after: so many are answered, then they fail so; SIZE_MAX: never.
 * breaks_after, breaks: the next so many answers break off behind so many keys,
 *          UNAVAILABLE.
 * refuses_broad, refused: listings without a prefix, and of this prefix, are refused.
 * disordered: pages are shown backwards.
 * last_first: the latest request is answered first.
 * clock_us, page_us: what an answer adds to which clock; NULL: to none. */
struct fake_object_lister {
	struct lb_object_lister base;
	struct lb_arena arena;
	struct lb_listed_list files;
	struct lb_object_request *waiting[LB_OBJECT_REQUESTS_MAX];
	size_t waiting_count;
	size_t most;
	struct lb_listing_cost cost;
	size_t page_max;
	const char *fails;
	size_t fails_after;
	size_t breaks_after;
	size_t breaks;
	bool refuses_broad;
	const char *refused;
	bool disordered;
	bool last_first;
	int64_t *clock_us;
	int64_t page_us;
};

/* The lister's destroy leaves it, so that it can serve another source. */
struct fake_object_lister *fake_object_lister_create(size_t page_keys, size_t parallel_max);
void fake_object_lister_free(struct fake_object_lister *fake);

/* Answers one request; false when none waits. */
bool fake_object_lister_pump(struct fake_object_lister *fake);

/* Adds the key, or replaces what it was. The etag is made of time and size. */
void fake_object_lister_put(struct fake_object_lister *fake, const char *key,
			    int64_t modified_at_us, int64_t size_bytes);

void fake_object_lister_remove(struct fake_object_lister *fake, const char *key);

#endif
