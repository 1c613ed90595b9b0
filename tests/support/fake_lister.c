#include "support/fake_lister.h"

#include <stdlib.h>
#include <string.h>

static struct fake_lister *fake_of(struct lb_lister *lister)
{
	return (struct fake_lister *)lister;
}

/* The first file whose key is greater than key, or at least key. */
static size_t find(const struct fake_lister *fake, const char *key, bool greater)
{
	size_t i = 0;
	while (i < fake->files.count) {
		int order = strcmp(fake->files.items[i].key, key);
		if (greater ? order > 0 : order >= 0) {
			break;
		}
		i++;
	}
	return i;
}

static enum lb_err fake_open(struct lb_lister *lister, struct lb_error *error)
{
	const char *message = fake_of(lister)->open_fails;
	return message != NULL ? lb_fail(error, LB_UNAVAILABLE, "%s", message) : LB_OK;
}

static enum lb_err fake_list(struct lb_lister *lister, const char *start_after,
			     struct lb_page *page, struct lb_error *error)
{
	struct fake_lister *fake = fake_of(lister);
	fake->lists++;
	if (fake->lists > fake->list_fails_after) {
		return lb_fail(error, LB_UNAVAILABLE, "the listing broke off");
	}
	size_t first = find(fake, start_after, true);
	size_t count = fake->files.count - first;
	if (count > lister->page_keys) {
		count = lister->page_keys;
		page->shown_to = fake->files.items[first + count - 1].key;
	}
	for (size_t i = 0; i < count; i++) {
		struct lb_listed *listed = lb_list_add(&page->arena, &page->files);
		if (listed == NULL) {
			return lb_fail_nomem(error);
		}
		*listed = fake->files.items[first + i];
	}
	return LB_OK;
}

static void fake_close(struct lb_lister *lister)
{
	(void)lister;
}

static void fake_destroy(struct lb_lister *lister)
{
	lb_arena_finish(&fake_of(lister)->arena);
	lb_free(fake_of(lister));
}

static const struct lb_lister_impl fake_impl = {
	.open = fake_open,
	.list = fake_list,
	.close = fake_close,
	.destroy = fake_destroy,
};

struct fake_lister *fake_lister_create(size_t page_keys)
{
	struct fake_lister *fake = lb_alloc(sizeof(*fake));
	if (fake == NULL) {
		abort();
	}
	fake->base.impl = &fake_impl;
	fake->base.page_keys = page_keys;
	fake->list_fails_after = SIZE_MAX;
	return fake;
}

void fake_lister_put(struct fake_lister *fake, const char *key, int64_t modified_at_us,
		     int64_t size_bytes)
{
	size_t at = find(fake, key, false);
	bool known = at < fake->files.count && strcmp(fake->files.items[at].key, key) == 0;
	if (!known) {
		if (lb_list_add(&fake->arena, &fake->files) == NULL) {
			abort();
		}
		memmove(&fake->files.items[at + 1], &fake->files.items[at],
			(fake->files.count - 1 - at) * sizeof(struct lb_listed));
	}
	fake->files.items[at] = (struct lb_listed){
		.key = lb_arena_strdup(&fake->arena, key),
		.etag = lb_arena_printf(&fake->arena, "%lld-%lld", (long long)modified_at_us,
					(long long)size_bytes),
		.modified_at_us = modified_at_us,
		.size_bytes = size_bytes,
	};
}

void fake_lister_remove(struct fake_lister *fake, const char *key)
{
	size_t at = find(fake, key, false);
	if (at < fake->files.count && strcmp(fake->files.items[at].key, key) == 0) {
		fake->files.count--;
		memmove(&fake->files.items[at], &fake->files.items[at + 1],
			(fake->files.count - at) * sizeof(struct lb_listed));
	}
}
