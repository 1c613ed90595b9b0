/* What every trigger-file source promises, over a real folder and over an object
 * store alike. */
#include "base/time.h"
#include "support/cmocka.h"
#include "support/source_world.h"

#include <stdio.h>
#include <string.h>

#define OLD LB_HOUR

static void every_file_is_found_and_then_there_is_nothing_to_tell(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_add_sensor(world, "sales");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "orders/orders_20251123_051500.txt", OLD);
	world_put(world, "sales/sales_20251123_050000.txt", OLD);
	world_put(world, "unknown/unknown_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 3);
	assert_int_equal(world->reports, 2);
	assert_int_equal(world->error.code, LB_OK);
	assert_true(world->rescan_at_us == LB_TIME_NONE);
	assert_true(world_knows(world, "orders/orders_20251123_051500.txt"));

	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
}

static void a_file_that_comes_later_is_found_by_the_next_pass(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	world_put(world, "orders/orders_20251123_060100.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_true(world_knows(world, "orders/orders_20251123_060100.txt"));
}

static void only_the_file_that_came_is_told(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_040000.txt", OLD);
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->told, 2);
	world_put(world, "orders/orders_20251123_060100.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->told, 1);
	assert_int_equal(world->fresh, 1);
	world_put(world, "orders/orders_20251123_043000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	world_remove(world, "orders/orders_20251123_040000.txt");
	world_put(world, "orders/orders_20251123_060200.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void late_and_out_of_order_names_are_found(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "orders/orders_20251123_055900.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	world_put(world, "orders/orders_20251122_230000.txt", LB_MINUTE);
	world_put(world, "orders/an odd one", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 2);
}

static void a_file_that_is_still_being_written_waits_for_its_settle_time(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_060000.txt", LB_SECOND);
	world_look(world);
	assert_int_equal(world->fresh, 0);
	assert_true(world->rescan_at_us == world->now_us + LB_SECOND);

	world->now_us = world->rescan_at_us;
	world_look(world);
	assert_int_equal(world->fresh, 1);
	assert_true(world->rescan_at_us == LB_TIME_NONE);
}

/* The folder's time is old enough to be trusted, but the file is not. */
static void a_folder_with_a_file_that_has_not_settled_is_looked_at_again(void **state)
{
	struct world *world = *state;
	world->options.settle_us = LB_MINUTE;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_060000.txt", 0);
	world_look_after(world, LB_MINUTE / 2);
	assert_int_equal(world->fresh, 0);
	world_look_after(world, LB_MINUTE / 2);
	assert_int_equal(world->fresh, 1);
}

/* Nobody sees an object before it is whole. */
static void an_object_that_has_just_come_counts_at_once(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_060000.txt", 0);
	world_look(world);
	assert_int_equal(world->fresh, 1);
	assert_true(world->rescan_at_us == LB_TIME_NONE);
}

static void a_file_from_the_future_counts(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_060000.txt", -LB_DAY);
	world_look(world);
	assert_int_equal(world->fresh, 1);
}

static void hidden_names_and_what_the_glob_leaves_out_are_no_events(void **state)
{
	struct world *world = *state;
	world->options.path_glob_filter = "*.{txt,ok}";
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "orders/other.ok", OLD);
	world_put(world, "orders/_SUCCESS.txt", OLD);
	world_put(world, "orders/.part.txt", OLD);
	world_put(world, "orders/data.csv", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 2);
	assert_true(world_knows(world, "orders/other.ok"));
}

static void files_beyond_their_maximum_age_are_no_events(void **state)
{
	struct world *world = *state;
	world->options.max_file_age_us = LB_DAY;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251121_050000.txt", 2 * LB_DAY);
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_true(world_knows(world, "orders/orders_20251123_050000.txt"));
}

static void files_in_deeper_folders_are_no_events(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/archive/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 0);
}

static void existing_files_do_not_count_at_first_sight_when_they_are_not_included(void **state)
{
	struct world *world = *state;
	world->options.include_existing_files = false;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "orders/orders_20251123_060000.txt", LB_MS); /* being written */
	world_look(world);
	assert_int_equal(world->fresh, 2);
	assert_true(world_find(world, "orders/orders_20251123_050000.txt")->existing);
	assert_true(world_find(world, "orders/orders_20251123_060000.txt")->existing);

	world->now_us += LB_MINUTE;
	world_put(world, "orders/orders_20251123_060100.txt", 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_false(world_find(world, "orders/orders_20251123_060100.txt")->existing);
}

static void first_sight_of_a_sensor_without_files_is_first_sight_too(void **state)
{
	struct world *world = *state;
	world->options.include_existing_files = false;
	world_add_sensor(world, "orders");
	world_put(world, "other/other_20251123_050000.txt", OLD);
	world_look(world);
	world_put(world, "orders/orders_20251123_060100.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_false(world_find(world, "orders/orders_20251123_060100.txt")->existing);
}

static void an_overwritten_name_is_no_new_event(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	world_put(world, "orders/orders_20251123_050000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 0);
}

static void an_overwritten_name_counts_again_when_overwrites_are_allowed(void **state)
{
	struct world *world = *state;
	world->options.allow_overwrites = true;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
	world_put(world, "orders/orders_20251123_050000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void a_sensor_id_that_would_leave_the_base_is_refused(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "../outside");
	world_add_sensor(world, "..");
	world_add_sensor(world, "");
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_int_equal(world->failed, 3);
	assert_string_equal(world_sensor(world, "../outside")->last_error,
			    "sensor_id '../outside' contains '/' and would leave its folder");
	assert_non_null(world_sensor(world, "..")->last_error);
	assert_non_null(world_sensor(world, "")->last_error);
	assert_null(world_sensor(world, "orders")->last_error);

	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
	assert_int_equal(world->failed, 3);
}

static void names_of_any_bytes_are_kept_as_they_are(void **state)
{
	struct world *world = *state;
	static const char *const names[] = {
		"with space.txt",  "new\nline.txt", "gr\xc3\xbc\xc3\x9f.txt",
		"bad\xff\xfe.txt", "'quoted\".txt", "\x01control\x7f",
		"%s%n.txt",
	};
	world_add_sensor(world, "my orders");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char key[64] = "my orders/";
		world_put(world, strcat(key, names[i]), OLD);
	}
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, sizeof(names) / sizeof(*names));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char key[64] = "my orders/";
		assert_true(world_knows(world, strcat(key, names[i])));
	}
}

static void sensors_whose_ids_begin_alike_keep_their_own_files(void **state)
{
	struct world *world = *state;
	static const char *const ids[] = {"a", "a b", "a-b", "a.b", "a0", "ab"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		char key[64];
		world_add_sensor(world, ids[i]);
		(void)snprintf(key, sizeof(key), "%s/%s_20251123_050000.txt", ids[i], ids[i]);
		world_put(world, key, OLD);
	}
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 6);
	assert_int_equal(world->reports, 6);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
}

static void a_full_pass_comes_round_with_the_backfill_interval(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->listed_all, 1);
	world_look_after(world, LB_DAY - 1);
	assert_int_equal(world->reports, 0);
	world_look_after(world, 1);
	assert_int_equal(world->listed_all, 1);
	assert_int_equal(world->told, 1);
	assert_true(world_sensor(world, "orders")->checkpoint.full_pass_at_us == world->now_us);
}

static void a_clock_that_jumps_back_does_not_put_the_full_pass_off(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	world_look_after(world, -LB_HOUR / 2);
	assert_int_equal(world->listed_all, 1);
	assert_int_equal(world->fresh, 0);
}

static void a_listing_without_any_file_does_not_say_that_all_are_gone(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	world_remove(world, "orders/orders_20251123_050000.txt");
	world_look_after(world, LB_DAY);
	assert_int_equal(world->listed_all, 0);
}

static void a_file_that_has_not_settled_does_not_pass_for_gone(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "orders/orders_20251123_051500.txt", OLD);
	world_look_after(world, LB_MINUTE);
	world->now_us += LB_DAY;
	world_put(world, "orders/orders_20251123_050000.txt", LB_SECOND);
	world_look(world);
	assert_int_equal(world->told, 1);
	assert_int_equal(world->listed_all, 0);
}

static void a_place_that_cannot_be_read_is_the_error_of_every_sensor(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_add_sensor(world, "sales");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	struct lb_checkpoint before = world_sensor(world, "orders")->checkpoint;

	world_break(world, true);
	world_look_after(world, LB_MINUTE);
	assert_int_not_equal(world->error.code, LB_OK);
	assert_int_equal(world->failed, 2);
	assert_string_equal(world_sensor(world, "orders")->last_error, world->error.message);
	assert_string_equal(world_sensor(world, "sales")->last_error, world->error.message);
	assert_true(world_sensor(world, "orders")->checkpoint.full_pass_at_us ==
		    before.full_pass_at_us);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
	assert_int_equal(world->failed, 2);

	world_break(world, false);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->error.code, LB_OK);
	assert_int_equal(world->failed, 0);
	assert_int_equal(world->fresh, 0);
	assert_null(world_sensor(world, "orders")->last_error);
	assert_null(world_sensor(world, "sales")->last_error);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
}

static void what_was_not_recorded_is_told_again(void **state)
{
	struct world *world = *state;
	world->options.allow_overwrites = true; /* every pass lists */
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->told, 1);
	world_lose(world);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->told, 1);
	world->recorded = true;
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->told, 0);
}

#define CROWD 40

/* Sensors whose reports do not go into one pass of a small limit. */
static void add_crowd(struct world *world)
{
	world->bytes_max = 1;
	for (int i = 0; i < CROWD; i++) {
		char sensor_id[32];
		char key[128];
		(void)snprintf(sensor_id, sizeof(sensor_id), "sensor%s%02d", i % 2 ? "-" : "", i);
		world_add_sensor(world, sensor_id);
		for (int hour = 0; hour < 3; hour++) {
			(void)snprintf(key, sizeof(key), "%s/%s_20251123_0%d0000.txt", sensor_id,
				       sensor_id, hour);
			world_put(world, key, OLD);
		}
	}
}

/* All parts of one pass; returns how many. */
static size_t look_whole(struct world *world, size_t *ret_fresh, size_t *ret_told)
{
	size_t parts = 0;
	*ret_fresh = *ret_told = 0;
	world->now_us += LB_MINUTE;
	do {
		world_look(world);
		*ret_fresh += world->fresh;
		*ret_told += world->told;
		parts++;
		assert_true(parts <= CROWD);
	} while (world->unfinished);
	return parts;
}

static void a_pass_with_much_to_tell_is_made_in_parts(void **state)
{
	struct world *world = *state;
	size_t fresh;
	size_t told;
	add_crowd(world);
	assert_true(look_whole(world, &fresh, &told) > 2);
	assert_int_equal(fresh, 3 * CROWD);
	assert_int_equal(told, 3 * CROWD);
	(void)look_whole(world, &fresh, &told);
	assert_int_equal(told, 0);
}

static void a_part_that_was_not_recorded_begins_the_pass_anew(void **state)
{
	struct world *world = *state;
	world->options.allow_overwrites = true; /* every pass lists */
	add_crowd(world);
	world->now_us += LB_MINUTE;
	world_look(world);
	size_t told = world->told;
	assert_true(world->unfinished);
	world_lose(world);
	world_look(world);
	assert_int_equal(world->told, told);
	assert_int_equal(world->fresh, 0);
	world->recorded = true;
	world_look(world);
	assert_true(world->fresh > 0);
}

static void when_to_look_again_outlasts_the_parts_of_a_pass(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "a");
	add_crowd(world);
	world_put(world, "a/a_20251123_060000.txt", 0);
	world->now_us += LB_SECOND;
	world_look(world);
	assert_true(world->unfinished);
	while (world->unfinished) {
		assert_true(world->rescan_at_us == LB_TIME_NONE);
		world_look(world);
	}
	assert_true(world->rescan_at_us != LB_TIME_NONE);
}

static void without_sensors_a_pass_is_over_at_once(void **state)
{
	struct world *world = *state;
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look(world);
	assert_int_equal(world->reports, 0);
	assert_int_equal(world->error.code, LB_OK);
}

static void never_done(struct lb_scan *scan)
{
	(void)scan;
	fail_msg("done was called after destroy");
}

static void a_source_that_is_destroyed_during_a_scan_calls_nobody_back(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_open(world);
	struct lb_scan scan = {
		.sensors = world->sensors, .now_us = world->now_us, .done = never_done};
	world->source->impl->scan(world->source, &scan);
	world->source->impl->destroy(world->source);
	world->source = NULL;
	lb_arena_finish(&scan.arena);
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
}

#define LOCAL(test)                                                                                \
	{                                                                                          \
		"local: " #test, test, world_setup_local, world_teardown, NULL                     \
	}
#define OBJECTS(test)                                                                              \
	{                                                                                          \
		"objects: " #test, test, world_setup_objects, world_teardown, NULL                 \
	}
#define BOTH(test) LOCAL(test), OBJECTS(test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(every_file_is_found_and_then_there_is_nothing_to_tell),
		BOTH(a_file_that_comes_later_is_found_by_the_next_pass),
		BOTH(only_the_file_that_came_is_told),
		BOTH(late_and_out_of_order_names_are_found),
		LOCAL(a_file_that_is_still_being_written_waits_for_its_settle_time),
		LOCAL(a_folder_with_a_file_that_has_not_settled_is_looked_at_again),
		OBJECTS(an_object_that_has_just_come_counts_at_once),
		BOTH(a_file_from_the_future_counts),
		BOTH(hidden_names_and_what_the_glob_leaves_out_are_no_events),
		BOTH(files_beyond_their_maximum_age_are_no_events),
		BOTH(files_in_deeper_folders_are_no_events),
		BOTH(existing_files_do_not_count_at_first_sight_when_they_are_not_included),
		BOTH(first_sight_of_a_sensor_without_files_is_first_sight_too),
		BOTH(an_overwritten_name_is_no_new_event),
		BOTH(an_overwritten_name_counts_again_when_overwrites_are_allowed),
		BOTH(a_sensor_id_that_would_leave_the_base_is_refused),
		BOTH(names_of_any_bytes_are_kept_as_they_are),
		BOTH(sensors_whose_ids_begin_alike_keep_their_own_files),
		BOTH(a_full_pass_comes_round_with_the_backfill_interval),
		BOTH(a_clock_that_jumps_back_does_not_put_the_full_pass_off),
		BOTH(a_listing_without_any_file_does_not_say_that_all_are_gone),
		LOCAL(a_file_that_has_not_settled_does_not_pass_for_gone),
		BOTH(a_place_that_cannot_be_read_is_the_error_of_every_sensor),
		BOTH(what_was_not_recorded_is_told_again),
		BOTH(a_pass_with_much_to_tell_is_made_in_parts),
		BOTH(a_part_that_was_not_recorded_begins_the_pass_anew),
		LOCAL(when_to_look_again_outlasts_the_parts_of_a_pass),
		BOTH(without_sensors_a_pass_is_over_at_once),
		BOTH(a_source_that_is_destroyed_during_a_scan_calls_nobody_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
