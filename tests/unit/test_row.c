#include "core/row.h"
#include "core/run.h"
#include "support/cmocka.h"

static void sensor_table_keys_are_made_as_the_original_makes_them(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_row row = {0};
	row.declared[LB_DECLARED_sensor_id] = "shop.orders: landed";
	row.declared[LB_DECLARED_trigger_job_id] = "555";
	assert_string_equal(lb_row_sensor_table_id(&arena, &row), "shop_orders__landed_555");
	assert_null(lb_row_asset(&arena, &row));
	row.declared[LB_DECLARED_asset_description] = "Orders from the shop";
	assert_string_equal(lb_row_asset(&arena, &row), "Orders_from_the_shop_555");
	lb_arena_finish(&arena);
}

static void a_status_nobody_knows_is_told_apart_from_none(void **state)
{
	(void)state;
	assert_int_equal(lb_status_parse(NULL), LB_STATUS_NONE);
	assert_int_equal(lb_status_parse(" completed"), LB_STATUS_COMPLETED);
	assert_int_equal(lb_status_parse("HOLD"), LB_STATUS_OTHER);
	assert_int_equal(lb_status_parse(""), LB_STATUS_OTHER);
	assert_null(lb_status_text(LB_STATUS_NONE));
	assert_string_equal(lb_status_text(LB_STATUS_FAILED), "FAILED");
}

static void a_row_that_somebody_left_without_ids_has_a_key_all_the_same(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_row row = {0};
	assert_string_equal(lb_row_sensor_table_id(&arena, &row), "_");
	lb_arena_finish(&arena);
}

static void a_state_nobody_knows_is_none_of_a_runs(void **state)
{
	(void)state;
	assert_int_equal(lb_run_state_parse("CANCELED"), LB_RUN_CANCELED);
	assert_int_equal(lb_run_state_parse("LOST"), LB_RUN_STATE_MAX);
}

static void each_run_is_dealt_its_own_events_from_the_sum_of_them(void **state)
{
	(void)state;
	struct lb_run_input orders = {.sensor = 1, .from_seq = 4, .to_seq = 6};
	struct lb_run_input rates = {.sensor = 2, .from_seq = 0, .to_seq = 2};
	struct lb_run_input later = {.sensor = 2, .from_seq = 2, .to_seq = 9};
	struct lb_run_input both[] = {orders, rates};
	struct lb_run first = {.inputs = {.items = both, .count = 2}};
	struct lb_run retried = {.inputs = {.items = &rates, .count = 1}};
	struct lb_run last = {.inputs = {.items = &later, .count = 1}};
	struct lb_event events[] = {
		/* first; the first event of rates is forgotten */
		{.sensor = 1, .seq = 5},
		{.sensor = 1, .seq = 6},
		{.sensor = 2, .seq = 2},
		/* retried */
		{.sensor = 2, .seq = 2},
		/* last */
		{.sensor = 2, .seq = 3},
		{.sensor = 2, .seq = 9},
	};
	struct lb_event_list list = {.items = events, .count = 6};
	assert_int_equal(lb_run_count_events(&first, &list, 0), 3);
	assert_int_equal(lb_run_count_events(&retried, &list, 3), 1);
	assert_int_equal(lb_run_count_events(&last, &list, 4), 2);
	assert_int_equal(lb_run_count_events(&last, &list, 6), 0);
	assert_int_equal(lb_run_count_events(&first, &list, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sensor_table_keys_are_made_as_the_original_makes_them),
		cmocka_unit_test(a_status_nobody_knows_is_told_apart_from_none),
		cmocka_unit_test(a_row_that_somebody_left_without_ids_has_a_key_all_the_same),
		cmocka_unit_test(a_state_nobody_knows_is_none_of_a_runs),
		cmocka_unit_test(each_run_is_dealt_its_own_events_from_the_sum_of_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
