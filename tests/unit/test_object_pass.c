/* Passes over an object store with pages of 1000 keys: what they cost, and that every
 * file is told whatever happens meanwhile. Without any event loop. */
#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/object_pass.h"
#include "sources/trigger_file/object_source.h"
#include "support/cmocka.h"
#include "support/fake_object_lister.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "s3://bucket/triggers"
#define PAGE_KEYS 1000
#define SENSORS_MAX 1200
#define FILES_MAX 400000
#define SMALL_CONSTANT 8

/* A bucket, what the store keeps of it, and the last pass.
 * told:  how often each file of objects was told.
 * floors: what checkpoints point to.
 * hides:  each scan is asked for any half of the sensors.
 * odd_waits: likewise for those with an even number. */
struct bucket {
	struct fake_object_lister *objects;
	struct lb_trigger_file_options options;
	struct lb_source *source;
	struct lb_clock clock;
	int64_t now_us;
	struct lb_sensor sensors[SENSORS_MAX];
	char ids[SENSORS_MAX][16];
	char floors[SENSORS_MAX][64];
	char errors[SENSORS_MAX][64];
	size_t sensor_count;
	unsigned char told[FILES_MAX];
	bool recorded;
	bool hides;
	bool odd_waits;

	bool done;
	size_t parts;
	size_t reports;
	size_t failed;
	size_t files;
	size_t existing;
	size_t bytes_most;
	struct lb_listing_cost cost;
	struct lb_error error;
};

static struct bucket bucket;

static int64_t clock_now(struct lb_clock *clock)
{
	(void)clock;
	return bucket.now_us;
}

static const struct lb_clock_impl clock_impl = {.now = clock_now};

static int setup(void **state)
{
	(void)state;
	memset(&bucket, 0, sizeof(bucket));
	bucket.objects = fake_object_lister_create(PAGE_KEYS, LB_OBJECT_REQUESTS_MAX);
	bucket.clock.impl = &clock_impl;
	bucket.now_us = INT64_C(1763877600) * LB_SECOND; /* 2025-11-23T06:00:00Z */
	bucket.recorded = true;
	bucket.options = (struct lb_trigger_file_options){
		.include_existing_files = true,
		.backfill_interval_us = LB_DAY,
		.lookback_us = LB_HOUR,
	};
	return 0;
}

static void close_source(void)
{
	if (bucket.source != NULL) {
		bucket.source->impl->destroy(bucket.source);
		bucket.source = NULL;
	}
}

static int teardown(void **state)
{
	(void)state;
	close_source();
	fake_object_lister_free(bucket.objects);
	return 0;
}

static void add_sensors(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(bucket.ids[i], sizeof(bucket.ids[i]), "s%04zu", i);
		bucket.sensors[i] = (struct lb_sensor){
			.sensor_id = bucket.ids[i],
			.checkpoint = {.floor = "", .full_pass_at_us = LB_TIME_NONE},
		};
	}
	bucket.sensor_count = count;
}

/* The files of a sensor by number, one every ten minutes, the newest yesterday. */
static void put_file(size_t sensor, size_t number, size_t of)
{
	char name[64];
	char key[128];
	int64_t age_us = LB_DAY + (int64_t)(of - number) * 10 * LB_MINUTE;
	assert_true(lb_trigger_name_format(bucket.ids[sensor], bucket.now_us - age_us, 0, name,
					   sizeof(name)));
	(void)snprintf(key, sizeof(key), "%s/%s", bucket.ids[sensor], name);
	fake_object_lister_put(bucket.objects, key, bucket.now_us - age_us, 7);
	assert_true(bucket.objects->files.count <= FILES_MAX);
}

static void put_history(size_t files)
{
	for (size_t s = 0; s < bucket.sensor_count; s++) {
		for (size_t f = 0; f < files; f++) {
			put_file(s, f, files);
		}
	}
}

static void put_one_new_file_each(void)
{
	memset(bucket.told, 0, sizeof(bucket.told));
	bucket.now_us += 10 * LB_MINUTE;
	for (size_t s = 0; s < bucket.sensor_count; s++) {
		put_file(s, 0, 0);
	}
}

static int compare_key(const void *key, const void *listed)
{
	return strcmp(key, ((const struct lb_listed *)listed)->key);
}

static void note_file(const struct lb_file *file)
{
	assert_true(lb_text_starts_with(file->file_path, BASE "/"));
	const struct lb_listed_list *files = &bucket.objects->files;
	const struct lb_listed *found = bsearch(file->file_path + strlen(BASE "/"), files->items,
						files->count, sizeof(*found), compare_key);
	assert_non_null(found);
	assert_string_equal(found->etag, file->etag);
	bucket.told[found - files->items]++;
	bucket.files++;
}

/* As a store keeps it. */
static void note_report(const struct lb_sensor_report *report)
{
	size_t at = strtoul(report->sensor_id + 1, NULL, 10);
	struct lb_sensor *sensor = &bucket.sensors[at];
	bucket.reports++;
	bucket.existing += report->existing ? report->files.count : 0;
	for (size_t f = 0; f < report->files.count; f++) {
		note_file(&report->files.items[f]);
	}
	if (report->checkpoint != NULL) {
		sensor->checkpoint = *report->checkpoint;
		(void)snprintf(bucket.floors[at], sizeof(bucket.floors[at]), "%s",
			       report->checkpoint->floor);
		sensor->checkpoint.floor = bucket.floors[at];
	}
	sensor->last_error = NULL;
	if (report->error != NULL) {
		(void)snprintf(bucket.errors[at], sizeof(bucket.errors[at]), "%s", report->error);
		sensor->last_error = bucket.errors[at];
	}
}

static void on_done(struct lb_scan *scan)
{
	assert_false(bucket.done);
	bucket.done = true;
	bucket.bytes_most = scan->arena.bytes_used > bucket.bytes_most ? scan->arena.bytes_used
								       : bucket.bytes_most;
	bucket.cost.requests += scan->cost.requests;
	bucket.cost.keys += scan->cost.keys;
	bucket.failed += scan->failed;
	bucket.error = scan->error;
	for (size_t i = 0; i < scan->reports.count; i++) {
		note_report(&scan->reports.items[i]);
	}
}

static void open_source(void)
{
	struct lb_error error;
	if (bucket.source == NULL) {
		assert_int_equal(lb_trigger_file_objects_create(
					 BASE "/", &bucket.options, &bucket.clock,
					 &bucket.objects->base, &bucket.source, &error),
				 LB_OK);
		assert_string_equal(bucket.source->base_location, BASE);
	}
}

/* Returns whether there is another part. */
static bool look_once(void)
{
	open_source();
	/* What sensors point to lasts for one scan only. */
	static struct lb_sensor sensors[SENSORS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < bucket.sensor_count; i++) {
		bool waits = bucket.odd_waits && i % 2 != 0;
		if (!waits && (!bucket.hides || rand() % 2 == 0)) {
			sensors[count++] = bucket.sensors[i];
		}
	}
	struct lb_scan scan = {
		.sensors = {.items = sensors, .count = count},
		.recorded = bucket.recorded,
		.now_us = bucket.now_us,
		.done = on_done,
	};
	bucket.done = false;
	bucket.source->impl->scan(bucket.source, &scan);
	assert_false(bucket.done);
	while (fake_object_lister_pump(bucket.objects)) {
	}
	assert_true(bucket.done);
	bool unfinished = scan.unfinished;
	lb_arena_finish(&scan.arena);
	memset(sensors, 0x55, sizeof(sensors));
	bucket.parts++;
	return unfinished;
}

/* One pass, in as many parts as it takes. */
static void look(void)
{
	bucket.parts = bucket.reports = bucket.failed = bucket.files = bucket.existing = 0;
	bucket.bytes_most = 0;
	bucket.cost = (struct lb_listing_cost){0};
	bucket.objects->most = 0;
	bucket.now_us += LB_MINUTE;
	while (look_once()) {
		assert_true(bucket.parts < 1000);
	}
}

static void assert_all_told(void)
{
	for (size_t i = 0; i < bucket.objects->files.count; i++) {
		if (bucket.told[i] == 0) {
			fail_msg("%s was not told", bucket.objects->files.items[i].key);
		}
	}
}

static void assert_newest_told(void)
{
	const struct lb_listed_list *files = &bucket.objects->files;
	for (size_t i = 0; i < files->count; i++) {
		bool is_newest = i + 1 == files->count ||
				 strncmp(files->items[i].key, files->items[i + 1].key, 6) != 0;
		assert_true(!is_newest || bucket.told[i] > 0);
	}
}

/* min(ceil(keys / page), sensors) */
static size_t fair_price(size_t sensors, size_t files)
{
	size_t pages = (sensors * files + PAGE_KEYS - 1) / PAGE_KEYS;
	return pages < sensors ? pages : sensors;
}

static void assert_price(size_t sensors, size_t files)
{
	if (bucket.cost.requests > fair_price(sensors, files) + SMALL_CONSTANT) {
		fail_msg("%zu sensors of %zu files took %zu requests", sensors, files,
			 (size_t)bucket.cost.requests);
	}
}

static void a_pass_without_news_costs_the_smaller_of_pages_and_sensors(void **state)
{
	static const size_t cases[][2] = {{1, 1},     {1, 5000},  {3, 10},    {1000, 1},
					  {1000, 10}, {1000, 40}, {100, 250}, {60, 500},
					  {60, 700},  {60, 900},  {60, 999},  {60, 1000},
					  {60, 1001}, {30, 1400}, {20, 3000}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t sensors = cases[i][0];
		size_t files = cases[i][1];
		(void)setup(state);
		add_sensors(sensors);
		put_history(files);
		look();
		assert_all_told();
		assert_int_equal(bucket.files, sensors * files);
		look();
		assert_price(sensors, files);
		assert_true(bucket.reports <= LB_OBJECT_REQUESTS_MAX); /* those told in parts */
		look();
		assert_price(sensors, files);
		assert_int_equal(bucket.reports, 0);
		put_one_new_file_each();
		look();
		assert_int_equal(bucket.error.code, LB_OK);
		assert_newest_told();
		assert_price(sensors, files + 1);
		look();
		assert_price(sensors, files + 1);
		look();
		assert_price(sensors, files + 1);
		assert_int_equal(bucket.reports, 0);
		(void)teardown(state);
	}
}

/* Each halved range may cost a request more: few are while a pass is small. */
static void a_pass_of_few_pages_costs_few_requests_more(void **state)
{
	static const size_t cases[][2] = {{1, 0}, {2, 1}, {4, 2}, {8, 3}, {16, 4}, {20, 4}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t pages = cases[i][0];
		(void)setup(state);
		add_sensors(pages * (PAGE_KEYS / 20));
		put_history(20);
		look();
		look();
		assert_in_range(bucket.cost.requests, pages, pages + cases[i][1]);
		assert_int_equal(bucket.reports, 0);
		(void)teardown(state);
	}
}

static void a_hundred_times_the_history_costs_a_request_a_sensor(void **state)
{
	(void)state;
	add_sensors(150);
	put_history(20);
	look();
	look();
	assert_price(150, 20);
	put_history(2000);
	look();
	look();
	look();
	assert_int_equal(bucket.cost.requests, 150);
	assert_int_equal(bucket.reports, 0);
	put_one_new_file_each();
	look();
	assert_newest_told();
	assert_int_equal(bucket.cost.requests, 150);
}

static void what_is_known_of_long_histories_is_not_carried_along(void **state)
{
	(void)state;
	add_sensors(100);
	put_history(1500);
	look();
	look();
	assert_int_equal(bucket.cost.requests, 100);
	assert_true(bucket.cost.keys <= 100 * 8); /* an hour's, with one every ten minutes */
	for (int i = 0; i < 20; i++) {
		put_one_new_file_each();
		look();
		assert_int_equal(bucket.cost.requests, 100);
		assert_true(bucket.cost.keys <= 100 * 9);
		assert_int_equal(bucket.files, 100);
	}
}

/* A short history behind a long one is worth listing on into; a long one is not. */
static void short_histories_share_the_pages_of_long_ones(void **state)
{
	(void)state;
	add_sensors(100);
	for (size_t s = 0; s < 100; s++) {
		for (size_t f = 0; f < (s % 10 == 0 ? 3000U : 5U); f++) {
			put_file(s, f, s % 10 == 0 ? 3000 : 5);
		}
	}
	look();
	look();
	assert_int_equal(bucket.cost.requests, 10);
	assert_true(bucket.cost.keys < 10 * PAGE_KEYS + 500);
}

static void one_request_a_sensor_goes_out_many_at_a_time(void **state)
{
	(void)state;
	add_sensors(150);
	put_history(1500);
	look();
	look();
	assert_int_equal(bucket.objects->most, LB_OBJECT_REQUESTS_MAX);
	bucket.objects->base.parallel_max = 5;
	close_source();
	look();
	assert_int_equal(bucket.objects->most, 5);
	assert_int_equal(bucket.cost.requests, 150);
}

/* Nobody knows yet how much there is. */
static void the_first_pass_goes_out_more_at_a_time_the_longer_it_takes(void **state)
{
	(void)state;
	add_sensors(1000);
	put_history(300);
	look();
	assert_all_told();
	assert_true(bucket.objects->most >= 32);
	assert_true(bucket.cost.requests <= 300 + 300 / 8 + 2 * SMALL_CONSTANT);

	(void)teardown(state);
	(void)setup(state);
	add_sensors(100);
	put_history(5);
	look();
	assert_int_equal(bucket.cost.requests, 1);
}

static void a_first_pass_holds_a_part_at_a_time(void **state)
{
	(void)state;
	add_sensors(200);
	put_history(1000);
	look();
	assert_all_told();
	assert_int_equal(bucket.files, 200000);
	assert_true(bucket.parts > 3);
	size_t page_bytes = PAGE_KEYS * 512;
	assert_true(bucket.bytes_most <=
		    LB_OBJECT_PASS_BYTES_MAX + LB_OBJECT_REQUESTS_MAX * page_bytes);
	look();
	look();
	assert_int_equal(bucket.parts, 1);
	assert_int_equal(bucket.reports, 0);
}

/* Neither is one sensor held whole that fills the memory by itself. */
static void a_huge_sensor_is_told_in_parts(void **state)
{
	(void)state;
	add_sensors(2);
	for (size_t f = 0; f < 100000; f++) {
		put_file(0, f, 100000);
	}
	put_file(1, 0, 1);
	look();
	assert_all_told();
	assert_int_equal(bucket.files, 100001);
	assert_true(bucket.parts > 2);
	assert_true(bucket.bytes_most <= 2 * LB_OBJECT_PASS_BYTES_MAX);
	assert_true(bucket.cost.requests <= 102);
	look();
	look();
	assert_int_equal(bucket.cost.requests, 1);
	assert_int_equal(bucket.reports, 0);
}

/* Also where its first part was told before its last file came. */
static void a_first_sight_in_parts_is_one_first_sight(void **state)
{
	(void)state;
	bucket.options.include_existing_files = false;
	add_sensors(3);
	put_history(35000);
	look();
	assert_all_told();
	assert_true(bucket.parts > 2);
	assert_int_equal(bucket.existing, bucket.files);
	put_one_new_file_each();
	look();
	assert_newest_told();
	assert_int_equal(bucket.existing, 0);
}

static void a_pass_that_takes_long_tells_what_it_has_every_few_seconds(void **state)
{
	(void)state;
	add_sensors(100);
	put_history(1000);
	bucket.objects->clock_us = &bucket.now_us;
	bucket.objects->page_us = 100 * LB_MS;
	look();
	assert_all_told();
	assert_int_equal(bucket.files, 100000);
	assert_true(bucket.parts > 1);
	look();
	look();
	assert_int_equal(bucket.reports, 0);
	assert_int_equal(bucket.parts, 1);
}

static void a_crash_in_the_middle_of_a_long_first_pass_loses_little(void **state)
{
	(void)state;
	add_sensors(200);
	put_history(1000);
	bucket.now_us += LB_MINUTE;
	assert_true(look_once());
	assert_true(look_once());
	assert_true(look_once());
	size_t listed = bucket.files;
	close_source();
	look();
	assert_all_told();
	assert_true(listed + bucket.files <= 200000 + LB_OBJECT_REQUESTS_MAX * 1000);
	assert_true(bucket.cost.requests < 200 + LB_OBJECT_REQUESTS_MAX);
}

static void what_was_not_recorded_begins_the_pass_anew(void **state)
{
	(void)state;
	add_sensors(200);
	put_history(1000);
	bucket.now_us += LB_MINUTE;
	assert_true(look_once());
	for (size_t i = 0; i < bucket.sensor_count; i++) {
		bucket.sensors[i].checkpoint.floor = "";
		bucket.sensors[i].checkpoint.full_pass_at_us = LB_TIME_NONE;
	}
	memset(bucket.told, 0, sizeof(bucket.told));
	bucket.recorded = false;
	bool more = look_once();
	bucket.recorded = true;
	while (more) {
		more = look_once();
	}
	assert_all_told();
}

/* Also those that need no part of the pass that is under way. */
static void sensors_may_come_and_go_between_the_parts(void **state)
{
	(void)state;
	add_sensors(200);
	put_history(1000);
	bucket.sensor_count = 150;
	bucket.now_us += LB_MINUTE;
	assert_true(look_once());
	bucket.sensor_count = 200;
	assert_true(look_once());
	bucket.sensor_count = 100;
	while (look_once()) {
	}
	bucket.sensor_count = 200;
	look();
	assert_all_told();
}

/* In the third part pages run into sensors that nobody has asked for yet. */
static void a_sensor_that_comes_between_the_parts_is_not_begun_in_its_middle(void **state)
{
	(void)state;
	add_sensors(60);
	put_history(2 * PAGE_KEYS - 10);
	open_source();
	lb_trigger_file_objects_limit(bucket.source, 1);
	bucket.now_us += LB_MINUTE;
	bucket.odd_waits = true;
	for (int part = 0; part < 3; part++) {
		assert_true(look_once());
	}
	bucket.odd_waits = false;
	while (look_once()) {
	}
	look();
	assert_all_told();
}

/* A listing of everything is denied, one of each sensor is not. */
static void who_may_list_single_sensors_only_is_served_so(void **state)
{
	(void)state;
	add_sensors(100);
	put_history(10);
	bucket.objects->refuses_broad = true;
	look();
	assert_all_told();
	assert_int_equal(bucket.error.code, LB_OK);
	assert_int_equal(bucket.failed, 0);
	assert_int_equal(bucket.cost.requests, 101);
	assert_int_equal(bucket.objects->most, LB_OBJECT_REQUESTS_MAX);
	look();
	assert_int_equal(bucket.cost.requests, 100);
	bucket.now_us += LB_DAY;
	look();
	assert_int_equal(bucket.cost.requests, 101);
	bucket.objects->refuses_broad = false;
	bucket.now_us += LB_DAY;
	look();
	assert_int_equal(bucket.cost.requests, 1);
}

static void only_who_is_denied_has_the_error(void **state)
{
	(void)state;
	add_sensors(5);
	put_history(10);
	bucket.objects->refuses_broad = true;
	bucket.objects->refused = "s0003/";
	look();
	assert_int_equal(bucket.error.code, LB_OK);
	assert_int_equal(bucket.failed, 1);
	assert_int_equal(bucket.files, 40);
	assert_string_equal(bucket.sensors[3].last_error, "access to 's0003/' is denied");
	look();
	assert_int_equal(bucket.failed, 1);
	assert_int_equal(bucket.reports, 0);
	bucket.objects->refused = NULL;
	look();
	assert_all_told();
	assert_null(bucket.sensors[3].last_error);
}

static void a_page_that_breaks_off_is_gone_on_with(void **state)
{
	(void)state;
	add_sensors(10);
	put_history(50);
	bucket.objects->breaks = 2;
	bucket.objects->breaks_after = 120;
	look();
	assert_int_equal(bucket.error.code, LB_OK);
	assert_int_equal(bucket.files, 500);
	assert_int_equal(bucket.cost.requests, 3);
}

static void pages_that_keep_breaking_off_end_the_pass(void **state)
{
	(void)state;
	add_sensors(10);
	put_history(50);
	bucket.objects->breaks = SIZE_MAX;
	bucket.objects->breaks_after = 60;
	look();
	assert_int_equal(bucket.error.code, LB_UNAVAILABLE);
	assert_int_equal(bucket.cost.requests, 4);
	assert_true(bucket.files >= 150);
	assert_int_equal(bucket.objects->waiting_count, 0);
	assert_null(bucket.sensors[0].last_error);
	assert_string_equal(bucket.sensors[9].last_error, "the connection was lost");
	bucket.objects->breaks = 0;
	look();
	assert_all_told();
	assert_null(bucket.sensors[9].last_error);
}

static void an_error_of_one_request_cancels_the_others(void **state)
{
	(void)state;
	add_sensors(150);
	put_history(1500);
	look();
	bucket.objects->fails_after = 10;
	look();
	assert_int_equal(bucket.error.code, LB_UNAVAILABLE);
	assert_int_equal(bucket.failed, 140);
	assert_int_equal(bucket.objects->waiting_count, 0);
	assert_true(bucket.cost.requests <= 10 + LB_OBJECT_REQUESTS_MAX);
	bucket.objects->fails_after = SIZE_MAX;
	look();
	assert_int_equal(bucket.failed, 0);
	assert_int_equal(bucket.cost.requests, 150);
}

static void keys_out_of_order_end_the_pass(void **state)
{
	(void)state;
	add_sensors(10);
	put_history(5);
	bucket.objects->disordered = true;
	look();
	assert_int_equal(bucket.error.code, LB_CORRUPT);
	assert_true(bucket.failed > 0);
	bucket.objects->disordered = false;
	look();
	assert_all_told();
}

static void never_done(struct lb_scan *scan)
{
	(void)scan;
	fail_msg("done was called after destroy");
}

static void a_source_may_be_destroyed_while_requests_are_under_way(void **state)
{
	(void)state;
	add_sensors(150);
	put_history(1500);
	look();
	open_source();
	struct lb_scan scan = {
		.sensors = {.items = bucket.sensors, .count = bucket.sensor_count},
		.recorded = true,
		.now_us = bucket.now_us,
		.done = never_done,
	};
	bucket.source->impl->scan(bucket.source, &scan);
	assert_true(fake_object_lister_pump(bucket.objects));
	close_source();
	assert_int_equal(bucket.objects->waiting_count, 0);
	lb_arena_finish(&scan.arena);
}

/* Sizes, page lengths, faults, parts and answers in any order, by chance. */
static void whatever_happens_every_file_is_told(void **state)
{
	for (unsigned seed = 1; seed <= 150; seed++) {
		(void)setup(state);
		srand(seed);
		fake_object_lister_free(bucket.objects);
		bucket.objects =
			fake_object_lister_create(1 + (size_t)rand() % 20, 1 + (size_t)rand() % 8);
		bucket.objects->page_max = (size_t)rand() % 3 * 2;
		bucket.objects->last_first = rand() % 2 == 0;
		bucket.objects->refuses_broad = rand() % 4 == 0;
		add_sensors(1 + (size_t)rand() % 30);
		open_source();
		lb_trigger_file_objects_limit(bucket.source, (size_t)rand() % 3 * 4096);
		for (size_t round = 0; round < 6; round++) {
			memset(bucket.told, 0, sizeof(bucket.told));
			for (size_t s = 0; s < bucket.sensor_count; s++) {
				size_t files = (size_t)rand() % 40;
				for (size_t f = 0; f < files && rand() % 3 == 0; f++) {
					put_file(s, f, files);
				}
			}
			bucket.objects->breaks = (size_t)rand() % 3;
			bucket.objects->breaks_after = (size_t)rand() % 5;
			bucket.now_us += LB_DAY; /* each is a full pass */
			bucket.hides = round % 2 == 1;
			look();
			bucket.hides = false;
			bucket.now_us += LB_DAY;
			bool failed;
			do {
				look();
				failed = bucket.error.code != LB_OK;
				bucket.now_us += LB_DAY;
			} while (failed);
			bucket.objects->breaks = 0;
			assert_all_told();
			look();
			assert_int_equal(bucket.error.code, LB_OK);
		}
		(void)teardown(state);
	}
	(void)setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		cmocka_unit_test(a_pass_without_news_costs_the_smaller_of_pages_and_sensors),
		cmocka_unit_test(a_pass_of_few_pages_costs_few_requests_more),
		TEST(a_hundred_times_the_history_costs_a_request_a_sensor),
		TEST(what_is_known_of_long_histories_is_not_carried_along),
		TEST(short_histories_share_the_pages_of_long_ones),
		TEST(one_request_a_sensor_goes_out_many_at_a_time),
		TEST(the_first_pass_goes_out_more_at_a_time_the_longer_it_takes),
		TEST(a_first_pass_holds_a_part_at_a_time),
		TEST(a_huge_sensor_is_told_in_parts),
		TEST(a_first_sight_in_parts_is_one_first_sight),
		TEST(a_pass_that_takes_long_tells_what_it_has_every_few_seconds),
		TEST(a_crash_in_the_middle_of_a_long_first_pass_loses_little),
		TEST(what_was_not_recorded_begins_the_pass_anew),
		TEST(sensors_may_come_and_go_between_the_parts),
		TEST(a_sensor_that_comes_between_the_parts_is_not_begun_in_its_middle),
		TEST(who_may_list_single_sensors_only_is_served_so),
		TEST(only_who_is_denied_has_the_error),
		TEST(a_page_that_breaks_off_is_gone_on_with),
		TEST(pages_that_keep_breaking_off_end_the_pass),
		TEST(an_error_of_one_request_cancels_the_others),
		TEST(keys_out_of_order_end_the_pass),
		TEST(a_source_may_be_destroyed_while_requests_are_under_way),
		cmocka_unit_test(whatever_happens_every_file_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
