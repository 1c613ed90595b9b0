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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sensor_table_keys_are_made_as_the_original_makes_them),
		cmocka_unit_test(a_status_nobody_knows_is_told_apart_from_none),
		cmocka_unit_test(a_row_that_somebody_left_without_ids_has_a_key_all_the_same),
		cmocka_unit_test(a_state_nobody_knows_is_none_of_a_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
