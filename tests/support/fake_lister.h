/* fake_lister.h: an object store's listing in memory: sorted keys, pages of a
 * few, no folder times. Counts requests and fails when told to. */
#ifndef LB_TESTS_FAKE_LISTER_H
#define LB_TESTS_FAKE_LISTER_H

#include "sources/trigger_file/lister.h"

#include <stdbool.h>

/* files:       ascending by key.
 * lists:       calls of list since the last time that somebody set it to 0.
 * open_fails:  open fails with this message; NULL: it does not.
 * list_fails_after: so many calls of list succeed, then they fail; SIZE_MAX: never. */
struct fake_lister {
	struct lb_lister base;
	struct lb_arena arena;
	struct lb_listed_list files;
	size_t lists;
	const char *open_fails;
	size_t list_fails_after;
};

/* Destroyed by its lister method. */
struct fake_lister *fake_lister_create(size_t page_keys);

/* Adds the key, or replaces what it was. The etag is made of time and size. */
void fake_lister_put(struct fake_lister *fake, const char *key, int64_t modified_at_us,
		     int64_t size_bytes);

void fake_lister_remove(struct fake_lister *fake, const char *key);

#endif
