#include "core/feed_plan.h"
#include "support/cmocka.h"
#include "support/jobs.h"

#include <string.h>

struct world {
	struct test_job test;
	struct lb_job_list jobs;
	struct lb_row_list wanted;
	struct lb_feed_plan plan;
};

static int setup(void **state)
{
	static struct world world;
	world = (struct world){0};
	test_job_init(&world.test);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	test_job_finish(&world->test);
	return 0;
}

static struct lb_row *want(struct world *world, const char *sensor_id, const char *job_id,
			   const char *flag)
{
	struct lb_row *row = lb_list_add(&world->test.arena, &world->wanted);
	assert_non_null(row);
	row->declared[LB_DECLARED_sensor_source] = "trigger_file";
	row->declared[LB_DECLARED_sensor_id] = sensor_id;
	row->declared[LB_DECLARED_trigger_job_id] = job_id;
	row->declared[LB_DECLARED_job_state] = "UNPAUSED";
	row->declared[LB_DECLARED_dependency_flag] = flag;
	return row;
}

static void plan(struct world *world)
{
	if (world->test.job.rows.count > 0) {
		*lb_list_add(&world->test.arena, &world->jobs) = world->test.job;
	}
	assert_int_equal(lb_feed_plan_make(&world->jobs, &world->wanted, &world->test.arena,
					   &world->plan, &world->test.error),
			 LB_OK);
}

static void a_first_feed_adds_every_row_in_job_and_sensor_order(void **state)
{
	struct world *world = *state;
	want(world, "rates", "666", "TRUE");
	want(world, "orders", "666", "TRUE");
	want(world, "orders", "555", "TRUE");
	plan(world);
	assert_int_equal(world->plan.changes.count, 3);
	assert_string_equal(lb_row_job_id(world->plan.changes.items[0].row), "555");
	assert_string_equal(lb_row_sensor_id(world->plan.changes.items[1].row), "orders");
	assert_int_equal(world->plan.changes.items[2].kind, LB_FEED_ADD);
}

static void the_same_feed_again_changes_nothing(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "UNPAUSED", "COMPLETED");
	want(world, "orders", "666", "TRUE");
	plan(world);
	assert_int_equal(world->plan.changes.count, 0);
	assert_int_equal(world->plan.unchanged, 1);
}

static void an_update_shows_the_old_row_beside_the_new(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "UNPAUSED", NULL);
	want(world, "orders", "666", "TRUE")->declared[LB_DECLARED_asset_description] = "Orders";
	plan(world);
	assert_int_equal(world->plan.changes.items[0].kind, LB_FEED_UPDATE);
	assert_null(world->plan.changes.items[0].old_row->declared[LB_DECLARED_asset_description]);
	assert_int_equal(world->plan.dangers, 0);
}

static void removing_a_row_whose_run_is_in_flight_is_dangerous(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "UNPAUSED", NULL);
	test_job_deliver(&world->test, "orders", 1);
	plan(world);
	assert_int_equal(world->plan.dangers, 1);
	assert_string_equal(world->plan.changes.items[0].danger, "run 1 of the job is in flight");
}

static void removing_a_row_with_events_nobody_consumed_is_dangerous(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "PAUSED", NULL);
	test_job_deliver(&world->test, "orders", 2);
	plan(world);
	assert_string_equal(world->plan.changes.items[0].danger, "2 events are not consumed yet");
}

static void removing_a_quiet_row_is_not_dangerous(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "UNPAUSED", "COMPLETED");
	plan(world);
	assert_int_equal(world->plan.changes.items[0].kind, LB_FEED_REMOVE);
	assert_int_equal(world->plan.dangers, 0);
}

static void a_job_of_soft_rows_only_is_noticed(void **state)
{
	struct world *world = *state;
	want(world, "weather", "777", "FALSE");
	want(world, "orders", "666", "TRUE");
	want(world, "weather", "666", "FALSE");
	plan(world);
	assert_int_equal(world->plan.notices.count, 1);
	assert_non_null(strstr(world->plan.notices.items[0], "777"));
}

static void every_applied_change_is_audited(void **state)
{
	struct world *world = *state;
	test_job_add(&world->test, "orders", "TRUE", "UNPAUSED", "COMPLETED");
	want(world, "rates", "666", "TRUE");
	plan(world);
	test_job_next_beat(&world->test);
	assert_int_equal(lb_feed_plan_apply(&world->plan, TEST_NOW_US, &world->test.changes,
					    &world->test.error),
			 LB_OK);
	assert_int_equal(world->test.changes.rows_added.count, 1);
	assert_int_equal(world->test.changes.rows_removed.count, 1);
	assert_int_equal(world->test.changes.audits.count, 2);
	assert_string_equal(world->test.changes.audits.items[0].cause,
			    "row removed by the data feed");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_first_feed_adds_every_row_in_job_and_sensor_order),
		TEST(the_same_feed_again_changes_nothing),
		TEST(an_update_shows_the_old_row_beside_the_new),
		TEST(removing_a_row_whose_run_is_in_flight_is_dangerous),
		TEST(removing_a_row_with_events_nobody_consumed_is_dangerous),
		TEST(removing_a_quiet_row_is_not_dangerous),
		TEST(a_job_of_soft_rows_only_is_noticed),
		TEST(every_applied_change_is_audited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
