#include "support/fake_object_lister.h"

#include "base/text.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static struct fake_object_lister *fake_of(struct lb_object_lister *lister)
{
	return (struct fake_object_lister *)lister;
}

/* The first file whose key is greater than key, or at least key. */
static size_t find(const struct fake_object_lister *fake, const char *key, bool greater)
{
	size_t low = 0;
	size_t high = fake->files.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(fake->files.items[middle].key, key);
		if (greater ? order <= 0 : order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static void add_waiting(struct lb_object_lister *lister, struct lb_object_request *request)
{
	struct fake_object_lister *fake = fake_of(lister);
	assert_true(fake->waiting_count < lister->parallel_max);
	assert_int_equal(request->error.code, LB_OK);
	request->lister_data = fake;
	fake->waiting[fake->waiting_count++] = request;
	fake->most = fake->waiting_count > fake->most ? fake->waiting_count : fake->most;
}

static void take_waiting(struct fake_object_lister *fake, size_t at)
{
	fake->waiting_count--;
	memmove(&fake->waiting[at], &fake->waiting[at + 1],
		(fake->waiting_count - at) * sizeof(fake->waiting[0]));
}

static void fake_list(struct lb_object_lister *lister, struct lb_object_request *request)
{
	assert_non_null(request->start_after);
	assert_true(request->prefix == NULL ||
		    lb_text_starts_with(request->start_after, request->prefix));
	add_waiting(lister, request);
	fake_of(lister)->cost.requests++;
	request->cost.requests++;
}

static void fake_yield(struct lb_object_lister *lister, struct lb_object_request *request)
{
	assert_null(request->start_after);
	add_waiting(lister, request);
}

static void fake_cancel(struct lb_object_lister *lister, struct lb_object_request *request)
{
	struct fake_object_lister *fake = fake_of(lister);
	size_t at = 0;
	while (fake->waiting[at] != request) {
		at++;
		assert_true(at < fake->waiting_count);
	}
	take_waiting(fake, at);
}

static void fake_destroy(struct lb_object_lister *lister)
{
	assert_int_equal(fake_of(lister)->waiting_count, 0);
}

static const struct lb_object_lister_impl fake_impl = {
	.list = fake_list,
	.yield = fake_yield,
	.cancel = fake_cancel,
	.destroy = fake_destroy,
};

struct fake_object_lister *fake_object_lister_create(size_t page_keys, size_t parallel_max)
{
	struct fake_object_lister *fake = calloc(1, sizeof(*fake));
	if (fake == NULL) {
		abort();
	}
	fake->base.impl = &fake_impl;
	fake->base.page_keys = page_keys;
	fake->base.parallel_max = parallel_max;
	fake->fails_after = SIZE_MAX;
	return fake;
}

void fake_object_lister_free(struct fake_object_lister *fake)
{
	if (fake != NULL) {
		lb_arena_finish(&fake->arena);
		free(fake);
	}
}

static bool is_refused(const struct fake_object_lister *fake,
		       const struct lb_object_request *request)
{
	return request->prefix == NULL ? fake->refuses_broad
				       : lb_text_equal(request->prefix, fake->refused);
}

/* False when the request is not to be shown a key. */
static bool admit(struct fake_object_lister *fake, struct lb_object_request *request)
{
	if (fake->fails != NULL || fake->fails_after == 0) {
		const char *message = fake->fails != NULL ? fake->fails : "the listing broke off";
		(void)lb_fail(&request->error, LB_UNAVAILABLE, "%s", message);
		return false;
	}
	fake->fails_after -= fake->fails_after < SIZE_MAX;
	if (is_refused(fake, request)) {
		(void)lb_fail(&request->error, LB_REFUSED, "access to '%s' is denied",
			      request->prefix != NULL ? request->prefix : "");
		return false;
	}
	return true;
}

/* What the caller is shown lives for the call only. */
static bool show(struct fake_object_lister *fake, struct lb_object_request *request, size_t at)
{
	struct lb_listed listed = fake->files.items[at];
	char key[LB_KEY_MAX];
	(void)strncpy(key, listed.key, sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	listed.key = key;
	fake->cost.keys++;
	request->cost.keys++;
	bool good = request->on_key(request, &listed, &request->error) == LB_OK;
	memset(key, 'x', sizeof(key));
	return good;
}

static void show_page(struct fake_object_lister *fake, struct lb_object_request *request)
{
	size_t first = find(fake, request->start_after, true);
	size_t keys_max = fake->page_max > 0 ? fake->page_max : fake->base.page_keys;
	size_t end = first;
	while (end < fake->files.count &&
	       (request->prefix == NULL ||
		lb_text_starts_with(fake->files.items[end].key, request->prefix))) {
		if (end == first + keys_max) {
			request->shown_to = fake->files.items[end - 1].key;
			break;
		}
		end++;
	}
	bool breaks = fake->breaks > 0;
	fake->breaks -= breaks;
	for (size_t i = first; i < end; i++) {
		if (breaks && i == first + fake->breaks_after) {
			break;
		}
		if (!show(fake, request, fake->disordered ? end - 1 - (i - first) : i)) {
			return;
		}
	}
	if (breaks) {
		(void)lb_fail(&request->error, LB_UNAVAILABLE, "the connection was lost");
	}
}

bool fake_object_lister_pump(struct fake_object_lister *fake)
{
	if (fake->waiting_count == 0) {
		return false;
	}
	size_t at = fake->last_first ? fake->waiting_count - 1 : 0;
	struct lb_object_request *request = fake->waiting[at];
	if (fake->clock_us != NULL) {
		*fake->clock_us += fake->page_us;
	}
	if (request->start_after != NULL && admit(fake, request)) {
		show_page(fake, request);
	}
	take_waiting(fake, at);
	request->done(request);
	return true;
}

void fake_object_lister_put(struct fake_object_lister *fake, const char *key,
			    int64_t modified_at_us, int64_t size_bytes)
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

void fake_object_lister_remove(struct fake_object_lister *fake, const char *key)
{
	size_t at = find(fake, key, false);
	if (at < fake->files.count && strcmp(fake->files.items[at].key, key) == 0) {
		fake->files.count--;
		memmove(&fake->files.items[at], &fake->files.items[at + 1],
			(fake->files.count - at) * sizeof(struct lb_listed));
	}
}
