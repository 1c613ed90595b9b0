/* What an object store's listing costs, that cost never comes before finding, and
 * what is made of its errors. Pages hold 20 keys here; a real store's hold 1000. */
#include "base/time.h"
#include "sources/trigger_file/object_pass.h"
#include "support/cmocka.h"
#include "support/source_world.h"

#include <stdio.h>
#include <string.h>

#define PAGE_KEYS 20

static int setup(void **state)
{
	int problem = world_setup_objects(state);
	if (problem == 0) {
		((struct world *)*state)->objects->base.page_keys = PAGE_KEYS;
	}
	return problem;
}

/* count standard names, one every minutes, the newest of them minutes old. */
static void put_history(struct world *world, const char *sensor_id, int count, int minutes)
{
	for (int i = count; i > 0; i--) {
		int at = 6 * 60 - i * minutes; /* the world begins at 06:00 */
		int day = 23;
		while (at < 0) {
			at += 24 * 60;
			day--;
		}
		char key[128];
		(void)snprintf(key, sizeof(key), "%s/%s_202511%02d_%02d%02d00.txt", sensor_id,
			       sensor_id, day, at / 60, at % 60);
		world_put(world, key, i * minutes * LB_MINUTE);
	}
}

static size_t requests_of_look(struct world *world)
{
	world->objects->cost = (struct lb_listing_cost){0};
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->cost.requests, world->objects->cost.requests);
	assert_int_equal(world->cost.keys, world->objects->cost.keys);
	return world->objects->cost.requests;
}

static void many_small_sensors_share_their_pages(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 50; i++) {
		char sensor_id[16];
		(void)snprintf(sensor_id, sizeof(sensor_id), "s%02d", i);
		world_add_sensor(world, sensor_id);
		put_history(world, sensor_id, 2, 10);
	}
	assert_true(requests_of_look(world) <= 100 / PAGE_KEYS + LB_OBJECT_SPLITS_MAX);
	assert_int_equal(world->fresh, 100);
	assert_true(requests_of_look(world) <= 100 / PAGE_KEYS + LB_OBJECT_SPLITS_MAX);
	assert_int_equal(world->reports, 0);
}

static void old_files_cost_nothing_once_they_are_known(void **state)
{
	struct world *world = *state;
	static const char *const ids[] = {"orders", "returns", "sales"};
	for (size_t i = 0; i < 3; i++) {
		world_add_sensor(world, ids[i]);
		put_history(world, ids[i], 400, 10);
	}
	assert_int_equal(requests_of_look(world), 1200 / PAGE_KEYS);
	assert_int_equal(world->fresh, 1200);
	assert_int_equal(requests_of_look(world), 3);
	assert_int_equal(world->fresh, 0);
	put_history(world, "returns", 1, 0);
	assert_int_equal(requests_of_look(world), 3);
	assert_int_equal(world->fresh, 1);
}

static void a_late_name_within_the_lookback_is_found_by_the_next_pass(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 300, 1);
	world_look(world);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor,
			    "orders_20251123_045900");
	world_put(world, "orders/orders_20251123_045930.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void a_history_that_fits_a_page_has_no_floor(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", PAGE_KEYS - 2, 60);
	world_look(world);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor, "");
	world_put(world, "orders/orders_20251122_163000.txt", LB_MINUTE);
	assert_int_equal(requests_of_look(world), 1);
	assert_int_equal(world->fresh, 1);
	world_put(world, "orders/orders_20251123_060000.txt", LB_MINUTE);
	assert_int_equal(requests_of_look(world), 1);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor,
			    "orders_20251123_050000");
}

static void a_history_that_was_cleared_away_loses_its_floor(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 24, 10);
	world_look(world);
	assert_string_not_equal(world_sensor(world, "orders")->checkpoint.floor, "");
	for (int minute = 0; minute < 60; minute += 10) {
		char key[64];
		(void)snprintf(key, sizeof(key), "orders/orders_20251123_02%02d00.txt", minute);
		world_remove(world, key);
	}
	world_look_after(world, LB_DAY);
	assert_int_equal(world->listed_all, 1);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor, "");
}

static void a_name_below_the_floor_is_found_by_the_full_pass(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 300, 60);
	world_look(world);
	world_put(world, "orders/orders_20251115_003000.txt", LB_MINUTE);
	world_look_after(world, LB_HOUR);
	assert_int_equal(world->fresh, 0);
	world_look_after(world, LB_DAY);
	assert_int_equal(world->fresh, 1);
	assert_int_equal(world->listed_all, 1);
}

static void a_name_from_the_far_future_does_not_hide_those_of_today(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 40, 10);
	for (int i = 0; i < 40; i++) {
		char key[64];
		(void)snprintf(key, sizeof(key), "orders/orders_20991231_0000%02d.txt", i);
		world_put(world, key, LB_HOUR);
	}
	world_look(world);
	world_put(world, "orders/orders_20251123_060000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void names_that_do_not_follow_the_standard_are_always_listed_in_full(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 100, 60);
	world_put(world, "orders/zzz.txt", LB_HOUR);
	world_look(world);
	assert_false(world_sensor(world, "orders")->checkpoint.ordered);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor, "");
	world_put(world, "orders/aaa.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void an_odd_name_above_the_floor_ends_the_skipping(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 100, 60);
	world_look(world);
	assert_true(world_sensor(world, "orders")->checkpoint.ordered);
	world_put(world, "orders/zzz.txt", LB_MINUTE);
	world_put(world, "orders/aaa.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_false(world_sensor(world, "orders")->checkpoint.ordered);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_true(world_knows(world, "orders/aaa.txt"));

	world_remove(world, "orders/zzz.txt");
	world_remove(world, "orders/aaa.txt");
	world_look_after(world, LB_MINUTE);
	assert_true(world_sensor(world, "orders")->checkpoint.ordered);
}

/* "…20251124010000" sorts behind "…20251123_050000", but "…20251123060000" before it. */
static void two_forms_of_the_standard_in_one_folder_get_no_floor(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 100, 60);
	world_look(world);
	world_put(world, "orders/orders_20251123060000.txt", LB_MINUTE);
	world_put(world, "orders/orders_20251124010000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_true(world_knows(world, "orders/orders_20251124010000.txt"));
	assert_false(world_sensor(world, "orders")->checkpoint.ordered);
	world_look_after(world, LB_MINUTE);
	assert_true(world_knows(world, "orders/orders_20251123060000.txt"));
	assert_false(world_sensor(world, "orders")->checkpoint.ordered);
}

static void the_form_without_the_underscore_gets_floors_too(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	for (int i = 0; i < 60; i++) {
		char key[64];
		(void)snprintf(key, sizeof(key), "orders/orders_2025112300%02d00.txt", i);
		world_put(world, key, LB_HOUR);
		(void)snprintf(key, sizeof(key), "orders/orders_2025112301%02d00.txt", i);
		world_put(world, key, LB_HOUR);
	}
	world_look(world);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor,
			    "orders_20251123005900");
}

/* A checkpoint is a write, and so is worth a file or two. */
static void a_floor_that_would_pass_nothing_stays(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 100, 60);
	world_put(world, "orders/orders_20251125_000000.txt", LB_MINUTE); /* a clock ahead */
	world_look(world);
	world_look_after(world, LB_MINUTE);
	assert_string_equal(world_sensor(world, "orders")->checkpoint.floor,
			    "orders_20251123_050100");
	for (int i = 0; i < 10; i++) {
		world_look_after(world, LB_MINUTE);
		assert_int_equal(world->reports, 0);
	}
}

static void a_pass_that_breaks_off_keeps_what_it_found(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_add_sensor(world, "sales");
	world_add_sensor(world, "stock");
	put_history(world, "orders", 10, 10);
	put_history(world, "sales", 15, 10);
	put_history(world, "stock", 5, 10);
	world->objects->fails_after = 1;
	world_look(world);
	assert_int_equal(world->error.code, LB_UNAVAILABLE);
	assert_int_equal(world->fresh, 20);
	assert_null(world_sensor(world, "orders")->last_error);
	assert_int_equal(world->failed, 2);
	assert_string_equal(world_sensor(world, "sales")->last_error, "the listing broke off");
	assert_true(world_sensor(world, "sales")->checkpoint.full_pass_at_us == LB_TIME_NONE);
	assert_string_equal(world_sensor(world, "stock")->last_error, "the listing broke off");

	world->objects->fails_after = SIZE_MAX;
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 10);
	assert_null(world_sensor(world, "sales")->last_error);
	assert_null(world_sensor(world, "stock")->last_error);
}

static void a_first_sight_that_breaks_off_is_no_first_sight(void **state)
{
	struct world *world = *state;
	world->options.include_existing_files = false;
	world_add_sensor(world, "orders");
	put_history(world, "orders", 30, 10);
	world->objects->fails_after = 1;
	world_look(world);
	assert_int_equal(world->told, 0);
	world->objects->fails_after = SIZE_MAX;
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 30);
	for (size_t i = 0; i < world->log.count; i++) {
		assert_true(world->log.items[i].existing);
	}
}

/* So that a `once` that cron starts costs no more than the daemon's passes. */
static void a_restart_tells_nothing_again(void **state)
{
	struct world *world = *state;
	world->options.allow_overwrites = true;
	world_add_sensor(world, "orders");
	world_add_sensor(world, "sales");
	put_history(world, "orders", 100, 60);
	put_history(world, "sales", 3, 60);
	world_look(world);
	assert_int_equal(world->fresh, 103);
	world_restart(world);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);

	world_restart(world);
	world_put(world, "orders/orders_20251123_060000.txt", 0);
	world_put(world, "sales/sales_20251123_033000.txt", 0); /* between the others */
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 2);

	world_restart(world);
	world_put(world, "sales/sales_20251123_033000.txt", 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	world_restart(world);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
}

static void forget_all(struct world *world)
{
	world_restart(world);
	world->log.count = 0;
	for (size_t i = 0; i < world->sensors.count; i++) {
		struct lb_sensor *sensor = &world->sensors.items[i];
		sensor->checkpoint =
			(struct lb_checkpoint){.floor = "", .full_pass_at_us = LB_TIME_NONE};
		sensor->last_error = NULL;
	}
}

/* Whichever allocation fails: what was told is true, and the next pass finds the
 * rest. */
static void a_pass_that_runs_out_of_memory_loses_nothing(void **state)
{
	struct world *world = *state;
	world->bytes_max = 8192; /* so that it is made in parts */
	for (int i = 0; i < 10; i++) {
		char sensor_id[16];
		(void)snprintf(sensor_id, sizeof(sensor_id), "s%02d", i);
		world_add_sensor(world, sensor_id);
		put_history(world, sensor_id, 25, 10);
	}
	size_t failures = 0;
	do {
		world->allocations++;
		world_look(world);
		bool failed = world->allocation_failed;
		while (world->unfinished) {
			world_look(world);
			failed = failed || world->allocation_failed;
		}
		failures += failed;
		size_t allocations = failed ? world->allocations : 0;
		world->allocations = 0;
		do {
			world_look_after(world, LB_SECOND);
			assert_int_equal(world->error.code, LB_OK);
		} while (world->unfinished);
		assert_int_equal(world->log.count, 250);
		forget_all(world);
		world->allocations = allocations;
	} while (world->allocations > 0);
	assert_true(failures > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)
		TEST(many_small_sensors_share_their_pages),
		TEST(old_files_cost_nothing_once_they_are_known),
		TEST(a_late_name_within_the_lookback_is_found_by_the_next_pass),
		TEST(a_history_that_fits_a_page_has_no_floor),
		TEST(a_history_that_was_cleared_away_loses_its_floor),
		TEST(a_name_below_the_floor_is_found_by_the_full_pass),
		TEST(a_name_from_the_far_future_does_not_hide_those_of_today),
		TEST(names_that_do_not_follow_the_standard_are_always_listed_in_full),
		TEST(an_odd_name_above_the_floor_ends_the_skipping),
		TEST(two_forms_of_the_standard_in_one_folder_get_no_floor),
		TEST(the_form_without_the_underscore_gets_floors_too),
		TEST(a_floor_that_would_pass_nothing_stays),
		TEST(a_pass_that_breaks_off_keeps_what_it_found),
		TEST(a_first_sight_that_breaks_off_is_no_first_sight),
		TEST(a_restart_tells_nothing_again),
		TEST(a_pass_that_runs_out_of_memory_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
