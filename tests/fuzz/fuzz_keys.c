/* The keys of a listing, a key a line, as any object store may show them: whatever comes,
 * a pass ends, no sensor gets a key of another, and disorder is an error. An empty line
 * ends a page. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sources/trigger_file/skip_scan.h"

#include <stdio.h>
#include <string.h>

/* True when the page ended well. */
static bool take_page(struct lb_skip_scan *scan, const struct lb_skip_target *targets, size_t count,
		      char **rest)
{
	struct lb_error error = {0};
	const char *last = NULL;
	for (const char *key; (key = fuzz_line(rest)) != NULL && *key != '\0';) {
		size_t position;
		const char *file_name;
		if (lb_skip_scan_key(scan, key, &position, &file_name, &error) != LB_OK) {
			fuzz_check_error(&error);
			return false;
		}
		assert(position <= count && (last == NULL || strcmp(key, last) > 0));
		last = key;
		if (position < count) {
			assert(lb_text_starts_with(key, targets[position].sensor_id));
			assert(file_name[-1] == '/');
			assert((size_t)(file_name - key) ==
			       strlen(targets[position].sensor_id) + 1);
		}
	}
	if (lb_skip_scan_page(scan, *rest != NULL ? last : NULL, &error) != LB_OK) {
		fuzz_check_error(&error);
		return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	struct lb_skip_target targets[] = {
		{.sensor_id = "orders", .floor = "orders_20251123_060000.txt", .large = true},
		{.sensor_id = "orders-eu", .floor = ""},
		{.sensor_id = "orders.v2", .floor = ""},
		{.sensor_id = "z", .floor = "a"},
	};
	size_t count = sizeof(targets) / sizeof(targets[0]);
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	lb_skip_targets_sort(targets, count);
	lb_skip_scan_init(&scan, targets, count);
	size_t pages = 0;
	while (lb_skip_scan_next(&scan, size % 2 == 1, &request) &&
	       take_page(&scan, targets, count, &rest)) {
		assert(pages++ <= size + count);
	}
	lb_arena_finish(&arena);
	return 0;
}
