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
		.sensor_id = place.ids[i], .floor = place.floors[i], .index = i};
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Lists as S3 does: keys greater than start_after, so many at most. */
static void list_page(struct lb_skip_scan *scan, const char *start_after)
{
	struct lb_error error;
	size_t i = 0;
	while (i < place.key_count && strcmp(place.keys[i], start_after) <= 0) {
		i++;
	}
	size_t end = i + place.page_keys < place.key_count ? i + place.page_keys : place.key_count;
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
	const char *shown_to = end < place.key_count ? place.keys[end - 1] : NULL;
	assert_int_equal(lb_skip_scan_page(scan, shown_to, &error), LB_OK);
}

static void run(void)
{
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	qsort(place.keys, place.key_count, sizeof(place.keys[0]), compare_keys);
	memset(place.found, 0, sizeof(place.found));
	place.requests = 0;
	lb_skip_scan_init(&scan, place.targets, place.target_count, false);
	while (lb_skip_scan_next(&scan, &request)) {
		assert_int_equal(request.kind, LB_SKIP_LIST);
		place.requests++;
		assert_true(place.requests <= place.key_count + place.target_count + 1);
		list_page(&scan, request.start_after);
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

static void a_folder_that_did_not_change_is_not_listed(void **state)
{
	(void)state;
	reset(10);
	add_sensor("a", "");
	add_sensor("b", "");
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	struct lb_error error;
	lb_skip_scan_init(&scan, place.targets, 2, true);

	assert_true(lb_skip_scan_next(&scan, &request));
	assert_int_equal(request.kind, LB_SKIP_FOLDER_TIME);
	assert_string_equal(request.target->sensor_id, "a");
	lb_skip_scan_leave(&scan);

	assert_true(lb_skip_scan_next(&scan, &request));
	assert_int_equal(request.kind, LB_SKIP_FOLDER_TIME);
	assert_string_equal(request.target->sensor_id, "b");
	lb_skip_scan_list_folder(&scan);

	assert_true(lb_skip_scan_next(&scan, &request));
	assert_int_equal(request.kind, LB_SKIP_LIST);
	assert_string_equal(request.start_after, "b/");
	assert_int_equal(lb_skip_scan_page(&scan, "b0", &error), LB_OK);
	assert_false(lb_skip_scan_next(&scan, &request));
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
	lb_skip_scan_init(&scan, place.targets, 1, false);
	assert_true(lb_skip_scan_next(&scan, &request));
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
	lb_skip_scan_init(&scan, place.targets, 1, false);
	assert_true(lb_skip_scan_next(&scan, &request));
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
	lb_skip_scan_init(&scan, NULL, 0, false);
	assert_false(lb_skip_scan_next(&scan, &request));
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
		cmocka_unit_test(a_folder_that_did_not_change_is_not_listed),
		cmocka_unit_test(a_listing_that_is_not_in_byte_order_is_an_error),
		cmocka_unit_test(a_listing_that_does_not_advance_ends_the_pass_with_an_error),
		cmocka_unit_test(no_sensors_need_no_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
