/* What passes took, as the engine keeps it. */
#include "base/time.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

static int setup(void **state)
{
	struct engine_world *world = engine_world_create();
	engine_world_row(world, "orders", "555", "TRUE");
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	engine_world_destroy(*state);
	return 0;
}

static uint64_t kept_requests(struct engine_world *world, bool is_full)
{
	const struct lb_pass_cost *pass = engine_world_kept_pass(world, is_full);
	return pass != NULL ? pass->cost.requests : 0;
}

static void what_a_pass_took_is_kept(void **state)
{
	struct engine_world *world = *state;
	engine_world_cost(world, 100, false);
	engine_world_once(world);
	const struct lb_pass_cost *pass = engine_world_kept_pass(world, false);
	assert_non_null(pass);
	assert_string_equal(pass->sensor_source, "trigger_file");
	assert_string_equal(pass->base_location, "/triggers");
	assert_int_equal(pass->cost.requests, 100);
	assert_int_equal(pass->cost.keys, 100 * 1000);
	assert_int_equal(pass->cost.bytes, 100 * 100000);
	assert_true(pass->ended_at_us > 0);
	assert_null(engine_world_kept_pass(world, true));
}

static void full_passes_are_kept_apart_from_ordinary_ones(void **state)
{
	struct engine_world *world = *state;
	engine_world_cost(world, 100, false);
	engine_world_once(world);
	engine_world_cost(world, 900, true);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 100);
	assert_int_equal(kept_requests(world, true), 900);
}

static void the_parts_of_a_pass_are_one_cost(void **state)
{
	struct engine_world *world = *state;
	engine_world_file(world, "orders", "a.txt");
	engine_world_file(world, "orders", "b.txt");
	engine_world_file(world, "orders", "c.txt");
	engine_world_parts(world, 1);
	engine_world_cost(world, 10, false);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 30);
}

static void a_pass_that_takes_about_as_much_as_the_last_is_not_written_down(void **state)
{
	struct engine_world *world = *state;
	engine_world_cost(world, 100, false);
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	engine_world_cost(world, 112, false);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(kept_requests(world, false), 100);
	engine_world_cost(world, 88, false);
	engine_world_pass(world, 10 * LB_SECOND);
	assert_int_equal(kept_requests(world, false), 100);
	engine_world_crash(world);
	engine_world_cost(world, 112, false);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 100);
	engine_world_cost(world, 113, false);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 113);
}

static void a_pass_that_is_recorded_anyway_is_kept_as_it_was(void **state)
{
	struct engine_world *world = *state;
	engine_world_cost(world, 100, false);
	engine_world_once(world);
	engine_world_cost(world, 101, false);
	engine_world_file(world, "orders", "a.txt");
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 101);
}

static void a_pass_without_requests_or_with_an_error_keeps_what_was_known(void **state)
{
	struct engine_world *world = *state;
	engine_world_once(world);
	assert_null(engine_world_kept_pass(world, false));
	engine_world_cost(world, 100, false);
	engine_world_once(world);
	engine_world_cost(world, 900, false);
	engine_world_fail_passes(world, "the bucket is gone");
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 100);
	engine_world_fail_passes(world, NULL);
	engine_world_cost(world, 0, false);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 100);
}

static void a_pass_that_takes_as_much_as_the_last_changes_nothing(void **state)
{
	struct engine_world *world = *state;
	engine_world_cost(world, 100, false);
	engine_world_start(world, LB_ENGINE_RUN, 0);
	engine_world_settle(world);
	int64_t ended_at_us = engine_world_kept_pass(world, false)->ended_at_us;
	engine_world_file(world, "orders", "a.txt");
	engine_world_pass(world, LB_MINUTE);
	assert_true(engine_world_kept_pass(world, false)->ended_at_us == ended_at_us);
}

static void what_passes_elsewhere_took_says_nothing_of_ours(void **state)
{
	struct engine_world *world = *state;
	engine_world_keep_pass(world, "trigger_file", "/elsewhere", 100);
	engine_world_keep_pass(world, "delta", "/triggers", 100);
	engine_world_cost(world, 100, false);
	engine_world_once(world);
	assert_int_equal(kept_requests(world, false), 100);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_pass_took_is_kept),
		TEST(full_passes_are_kept_apart_from_ordinary_ones),
		TEST(the_parts_of_a_pass_are_one_cost),
		TEST(a_pass_that_takes_about_as_much_as_the_last_is_not_written_down),
		TEST(a_pass_that_is_recorded_anyway_is_kept_as_it_was),
		TEST(a_pass_that_takes_as_much_as_the_last_changes_nothing),
		TEST(what_passes_elsewhere_took_says_nothing_of_ours),
		TEST(a_pass_without_requests_or_with_an_error_keeps_what_was_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
