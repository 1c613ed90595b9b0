#include "base/text.h"
#include "sources/trigger_file/skip_scan.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 20000
#define TARGETS_MAX 2000

/* A place with sorted keys, and one pass over it. */
struct place {
	char keys[KEYS_MAX][40];
	bool found[KEYS_MAX];
	size_t key_count;
	size_t page_keys;
	char ids[TARGETS_MAX][24];
	char floors[TARGETS_MAX][24];
	struct lb_skip_target targets[TARGETS_MAX];
	size_t carried;
	size_t target_count;
	size_t requests;
};

static struct place place;

static void reset(size_t page_keys)
{
	memset(&place, 0, sizeof(place));
	place.page_keys = page_keys;
}

static void add_key(const char *folder, size_t number)
{
	assert_true(place.key_count < KEYS_MAX);
	(void)snprintf(place.keys[place.key_count++], sizeof(place.keys[0]), "%.24s/%06zu", folder,
		       number);
}

static void add_sensor(const char *sensor_id, const char *floor)
{
	size_t i = place.target_count++;
	assert_true(i < TARGETS_MAX);
	(void)snprintf(place.ids[i], sizeof(place.ids[i]), "%s", sensor_id);
	(void)snprintf(place.floors[i], sizeof(place.floors[i]), "%s", floor);
	place.targets[i] = (struct lb_skip_target){
		.sensor_id = place.ids[i],
		.floor = place.floors[i],
		.large = *floor != '\0' && strtoul(floor, NULL, 10) >= place.page_keys,
		.index = i,
	};
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Lists as S3 does: keys of the prefix greater than start_after, so many at most. */
static void list_page(struct lb_skip_scan *scan, const struct lb_skip_request *request)
{
	const char *start_after = request->start_after;
	const char *prefix = request->prefix != NULL ? request->prefix : "";
	struct lb_error error;
	size_t i = 0;
	while (i < place.key_count && strcmp(place.keys[i], start_after) <= 0) {
		i++;
	}
	size_t end = i;
	const char *shown_to = NULL;
	while (end < place.key_count && lb_text_starts_with(place.keys[end], prefix)) {
		if (end == i + place.page_keys) {
			shown_to = place.keys[end - 1];
			break;
		}
		end++;
	}
	place.carried += end - i;
	for (; i < end; i++) {
		size_t position;
		const char *file_name;
		assert_int_equal(
			lb_skip_scan_key(scan, place.keys[i], &position, &file_name, &error),
			LB_OK);
		if (position < place.target_count) {
			const struct lb_skip_target *target = &place.targets[position];
			char whole[64];
			(void)snprintf(whole, sizeof(whole), "%s/%s", target->sensor_id, file_name);
			assert_string_equal(whole, place.keys[i]);
			assert_false(place.found[i]);
			place.found[i] = true;
		}
	}
	assert_int_equal(lb_skip_scan_page(scan, shown_to, &error), LB_OK);
}

static void run(void)
{
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	qsort(place.keys, place.key_count, sizeof(place.keys[0]), compare_keys);
	memset(place.found, 0, sizeof(place.found));
	place.requests = place.carried = 0;
	lb_skip_targets_sort(place.targets, place.target_count);
	lb_skip_scan_init(&scan, place.targets, place.target_count);
	while (lb_skip_scan_next(&scan, false, &request)) {
		place.requests++;
		assert_true(place.requests <= place.key_count + place.target_count + 1);
		list_page(&scan, &request);
	}
	assert_int_equal(lb_skip_scan_done(&scan), place.target_count);
}

static size_t count_found(void)
{
	size_t count = 0;
	for (size_t i = 0; i < place.key_count; i++) {
		count += place.found[i];
	}
	return count;
}

static void one_listing_serves_many_small_sensors(void **state)
{
	(void)state;
	reset(1000);
	for (size_t s = 0; s < 1000; s++) {
		char id[24];
		(void)snprintf(id, sizeof(id), "s%04zu", s);
		add_sensor(id, "");
		for (size_t f = 0; f < 10; f++) {
			add_key(id, f);
		}
	}
	run();
	assert_int_equal(place.requests, 10);
	assert_int_equal(count_found(), 10000);
}

static void known_territory_is_jumped_over(void **state)
{
	(void)state;
	reset(100);
	for (size_t s = 0; s < 10; s++) {
		char id[24];
		(void)snprintf(id, sizeof(id), "s%zu", s);
		add_sensor(id, "001950");
		for (size_t f = 0; f < 2000; f++) {
			add_key(id, f);
		}
	}
	run();
	assert_int_equal(place.requests, 10); /* 20,000 keys are 200 pages */
	assert_int_equal(place.carried, 490); /* and none of the known ones comes along */
	for (size_t i = 0; i < place.key_count; i++) {
		if (strcmp(strchr(place.keys[i], '/') + 1, "001950") > 0) {
			assert_true(place.found[i]);
		}
	}
}

static void foreign_folders_are_jumped_over(void **state)
{
	(void)state;
	reset(100);
	add_sensor("a", "");
	add_sensor("z", "");
	add_key("a", 1);
	for (size_t f = 0; f < 5000; f++) {
		add_key("foreign", f);
	}
	add_key("z", 1);
	run();
	assert_int_equal(place.requests, 2);
	assert_int_equal(count_found(), 2);
}

static void a_sensor_with_more_new_files_than_a_page_is_listed_to_its_end(void **state)
{
	(void)state;
	reset(100);
	add_sensor("a", "000499");
	add_sensor("b", "");
	for (size_t f = 0; f < 1000; f++) {
		add_key("a", f);
	}
	add_key("b", 7);
	run();
	assert_int_equal(place.requests, 6);
	assert_int_equal(count_found(), 501);
}

/* '-' and '.' sort before '/', which ends "a". */
static void ids_that_begin_alike_keep_their_own_files(void **state)
{
	(void)state;
	static const char *const ids[] = {"a", "a b", "a-b", "a.b", "a0", "ab"};
	for (size_t page_keys = 1; page_keys < 8; page_keys++) {
		reset(page_keys);
		for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
			add_sensor(ids[i], "");
			add_key(ids[i], 1);
			add_key(ids[i], 2);
		}
		run();
		assert_int_equal(count_found(), 12);
	}
}

/* Ids, floors and keys by chance: what lies above a floor is found, once, for
 * about the smaller of two prices. */
static void any_layout_is_shown_whole_for_the_smaller_price(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		srand(seed);
		size_t sensors = 1 + (size_t)rand() % 40;
		size_t files_max = 1 + (size_t)rand() % 100;
		reset(1 + (size_t)rand() % 50);
		for (size_t s = 0; s < sensors; s++) {
			char id[24];
			char floor[24] = "";
			(void)snprintf(id, sizeof(id), "s%02zu", s);
			size_t files = (size_t)rand() % files_max;
			if (rand() % 2 == 0 && files > 0) {
				(void)snprintf(floor, sizeof(floor), "%06zu",
					       (size_t)rand() % files);
			}
			if (rand() % 4 > 0) {
				add_sensor(id, floor);
			}
			for (size_t f = 0; f < files; f++) {
				add_key(id, f);
			}
		}
		run();
		size_t above = 0;
		for (size_t t = 0; t < place.target_count; t++) {
			const struct lb_skip_target *target = &place.targets[t];
			size_t length = strlen(target->sensor_id);
			for (size_t i = 0; i < place.key_count; i++) {
				if (strncmp(place.keys[i], target->sensor_id, length) == 0 &&
				    strcmp(place.keys[i] + length + 1, target->floor) > 0) {
					above++;
					assert_true(place.found[i]);
				}
			}
		}
		assert_true(place.requests <= place.key_count / place.page_keys + 1);
		assert_true(place.requests <= above / place.page_keys + place.target_count);
	}
}

/* Whichever way the halves go, each key is found by one of them. */
static void a_scan_that_is_split_shares_the_rest(void **state)
{
	(void)state;
	reset(10);
	for (size_t s = 0; s < 8; s++) {
		char id[24];
		(void)snprintf(id, sizeof(id), "s%zu", s);
		add_sensor(id, "");
		for (size_t f = 0; f < 7; f++) {
			add_key(id, f);
		}
	}
	struct lb_skip_scan first;
	struct lb_skip_scan second;
	struct lb_skip_request request;
	lb_skip_scan_init(&first, place.targets, place.target_count);
	assert_true(lb_skip_scan_next(&first, false, &request));
	list_page(&first, &request);
	const struct lb_skip_target *targets;
	assert_int_equal(lb_skip_scan_left(&first), 7);
	assert_int_equal(lb_skip_scan_split(&first, &targets), 3);
	assert_string_equal(targets[0].sensor_id, "s5");
	lb_skip_scan_init(&second, targets, 3);
	place.target_count = 5;
	while (lb_skip_scan_next(&first, false, &request)) {
		list_page(&first, &request);
	}
	assert_int_equal(count_found(), 35);
	assert_true(lb_skip_scan_next(&second, false, &request));
	assert_string_equal(request.start_after, "s5/");
	assert_int_equal(lb_skip_scan_left(&second), 3);
}

static void a_page_that_breaks_off_goes_on_behind_its_last_key(void **state)
{
	(void)state;
	reset(10);
	add_sensor("a", "");
	add_sensor("b", "");
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	struct lb_error error;
	size_t position;
	const char *file_name;
	lb_skip_scan_init(&scan, place.targets, 2);
	assert_true(lb_skip_scan_next(&scan, false, &request));
	assert_null(request.prefix);
	assert_false(lb_skip_scan_break(&scan));
	assert_true(lb_skip_scan_next(&scan, false, &request));
	assert_int_equal(lb_skip_scan_key(&scan, "b/1", &position, &file_name, &error), LB_OK);
	assert_true(lb_skip_scan_break(&scan));
	assert_int_equal(lb_skip_scan_done(&scan), 1);
	assert_true(lb_skip_scan_next(&scan, false, &request));
	assert_string_equal(request.start_after, "b/1");
	assert_string_equal(request.prefix, "b/");
}

static void a_listing_that_is_not_in_byte_order_is_an_error(void **state)
{
	(void)state;
	reset(10);
	add_sensor("a", "");
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	struct lb_error error;
	size_t position;
	const char *file_name;
	lb_skip_scan_init(&scan, place.targets, 1);
	assert_true(lb_skip_scan_next(&scan, false, &request));
	assert_int_equal(lb_skip_scan_key(&scan, "a/2", &position, &file_name, &error), LB_OK);
	assert_int_equal(lb_skip_scan_key(&scan, "a/1", &position, &file_name, &error), LB_CORRUPT);
	assert_non_null(strstr(error.message, "'a/1' came after 'a/2'"));
}

static void a_listing_that_does_not_advance_ends_the_pass_with_an_error(void **state)
{
	(void)state;
	reset(10);
	add_sensor("a", "");
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	struct lb_error error;
	lb_skip_scan_init(&scan, place.targets, 1);
	assert_true(lb_skip_scan_next(&scan, false, &request));
	assert_int_equal(lb_skip_scan_page(&scan, "a/", &error), LB_CORRUPT);

	char monster[2 * LB_KEY_MAX];
	memset(monster, 'a', sizeof(monster) - 1);
	monster[sizeof(monster) - 1] = '\0';
	assert_int_equal(lb_skip_scan_page(&scan, monster, &error), LB_CORRUPT);
}

static void no_sensors_need_no_request(void **state)
{
	(void)state;
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	lb_skip_scan_init(&scan, NULL, 0);
	assert_false(lb_skip_scan_next(&scan, false, &request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_listing_serves_many_small_sensors),
		cmocka_unit_test(known_territory_is_jumped_over),
		cmocka_unit_test(foreign_folders_are_jumped_over),
		cmocka_unit_test(a_sensor_with_more_new_files_than_a_page_is_listed_to_its_end),
		cmocka_unit_test(ids_that_begin_alike_keep_their_own_files),
		cmocka_unit_test(any_layout_is_shown_whole_for_the_smaller_price),
		cmocka_unit_test(a_scan_that_is_split_shares_the_rest),
		cmocka_unit_test(a_page_that_breaks_off_goes_on_behind_its_last_key),
		cmocka_unit_test(a_listing_that_is_not_in_byte_order_is_an_error),
		cmocka_unit_test(a_listing_that_does_not_advance_ends_the_pass_with_an_error),
		cmocka_unit_test(no_sensors_need_no_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
