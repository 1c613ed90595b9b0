/* What every store promises about files that every job is done with. */
#include "base/time.h"
#include "support/cmocka.h"
#include "support/store_place.h"

/* Three files of orders, of which job 1's run took two, and ended so. Returns the sensor. */
static int64_t deliver_and_consume(struct store_place *place, enum lb_run_state ended)
{
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, "orders");
	(void)place_file(place, report, "a");
	(void)place_file(place, report, "b");
	(void)place_file(place, report, "c");
	(void)place_record(place);
	int64_t sensor = place_row(place, "orders", "1")->cursors[0].sensor;
	struct lb_run *run = place_plan(place, "1", 1, 1);
	place_add_input(place, run, sensor, 0, 2);
	run->state = ended;
	run->ended_at_us = PLACE_NOW_US;
	place_consume(place, sensor, "1", 2);
	place_save(place);
	return sensor;
}

static struct lb_event_list load(struct store_place *place, int64_t after_sensor, size_t limit)
{
	const struct lb_consumed_query query = {
		.sensor_source = "Trigger_File ",
		.base_location = PLACE_BASE,
		.after_sensor = after_sensor,
		.limit = limit,
	};
	return place_load_consumed(place, &query);
}

static size_t consumed(struct store_place *place)
{
	return load(place, 0, 100).count;
}

static void note_cleaned(struct store_place *place, int64_t sensor, int64_t seq, int64_t gone_at_us)
{
	struct lb_cleaned *cleaned = lb_list_add(&place->arena, &place->changes.cleaned);
	assert_non_null(cleaned);
	*cleaned = (struct lb_cleaned){.sensor = sensor, .seq = seq, .gone_at_us = gone_at_us};
	place_save(place);
}

static void set_status(struct store_place *place, enum lb_status status)
{
	struct lb_row row = *place_row(place, "orders", "1");
	row.status = status;
	row.status_text = lb_status_text(status);
	place_put_row(place, &row);
}

static void files_of_a_run_that_succeeded_are_to_be_cleaned(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	struct lb_event_list events = load(place, 0, 100);
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].file.file_path, PLACE_BASE "/orders/a");
	assert_string_equal(events.items[1].file.file_path, PLACE_BASE "/orders/b");
	assert_string_equal(events.items[1].sensor_id, "orders");
	assert_string_equal(events.items[1].file.etag, "1");
	assert_int_equal(events.items[1].sensor, sensor);
	assert_int_equal(events.items[1].seq, 2);
}

static void files_of_a_run_that_has_not_succeeded_stay(void **state)
{
	static const enum lb_run_state states[] = {LB_RUN_PLANNED, LB_RUN_SUBMITTED, LB_RUN_FAILED};
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_CANCELED);
	assert_int_equal(consumed(place), 0);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct lb_run *run = place_job(place, "1")->run;
		run->state = states[i];
		place_change_run(place, run);
		place_save(place);
		assert_int_equal(consumed(place), 0);
	}
}

static void files_that_another_job_still_waits_for_stay_even_when_it_is_paused(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	place_add_row(place, "orders", "2", "PAUSED", NULL);
	assert_int_equal(consumed(place), 0);
	struct lb_run *run = place_plan(place, "2", 1, 1);
	place_add_input(place, run, sensor, 0, 1);
	run->state = LB_RUN_SUCCEEDED;
	run->ended_at_us = PLACE_NOW_US;
	place_consume(place, sensor, "2", 1);
	place_save(place);
	assert_int_equal(consumed(place), 1);
}

static void files_that_no_job_waits_for_stay(void **state)
{
	struct store_place *place = *state;
	(void)place_deliver(place, "nobody", "a");
	assert_int_equal(consumed(place), 0);
}

static void files_that_existed_before_the_first_look_stay(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, "orders");
	report->existing = true;
	(void)place_file(place, report, "old");
	(void)place_record(place);
	assert_int_equal(consumed(place), 0);
}

static void what_was_told_to_be_clean_is_not_told_again(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	note_cleaned(place, sensor, 1, PLACE_NOW_US);
	struct lb_event_list events = load(place, 0, 100);
	assert_int_equal(events.count, 1);
	assert_int_equal(events.items[0].seq, 2);
	note_cleaned(place, sensor, 2, LB_TIME_NONE);
	assert_int_equal(consumed(place), 0);
	note_cleaned(place, sensor, 1, PLACE_NOW_US); /* an older lakebeat's */
	assert_int_equal(consumed(place), 0);
}

static void a_job_that_comes_later_begins_behind_what_was_cleaned(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	note_cleaned(place, sensor, 1, PLACE_NOW_US);
	note_cleaned(place, sensor, 2, PLACE_NOW_US);
	place_add_row(place, "orders", "2", "UNPAUSED", NULL);
	assert_int_equal(place_row(place, "orders", "2")->cursors[0].consumed_seq, 2);
	assert_int_equal(place_row(place, "orders", "1")->cursors[0].consumed_seq, 2);
}

static void a_failed_run_that_was_passed_over_holds_its_files_until_the_next_success(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_FAILED);
	struct lb_run *run = place_plan(place, "1", 2, 1);
	place_add_input(place, run, sensor, 2, 3);
	place_consume(place, sensor, "1", 3);
	place_save(place);
	assert_int_equal(consumed(place), 0);
	run = place_job(place, "1")->run;
	run->state = LB_RUN_SUCCEEDED;
	run->ended_at_us = PLACE_NOW_US;
	place_change_run(place, run);
	place_save(place);
	assert_int_equal(consumed(place), 3);
}

static void a_failed_job_that_was_completed_by_hand_is_done_with_its_files(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_FAILED);
	set_status(place, LB_STATUS_FAILED);
	assert_int_equal(consumed(place), 0);
	set_status(place, LB_STATUS_COMPLETED);
	assert_int_equal(consumed(place), 2);
	struct lb_run *run = place_plan(place, "1", 2, 1);
	place_add_input(place, run, sensor, 2, 3);
	place_consume(place, sensor, "1", 3);
	place_save(place);
	assert_int_equal(consumed(place), 0); /* a little longer than need be */
}

static void sensors_are_gone_through_one_after_the_other(void **state)
{
	struct store_place *place = *state;
	int64_t orders = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	place_add_row(place, "stock", "3", "UNPAUSED", NULL);
	(void)place_deliver(place, "stock", "x");
	int64_t stock = place_row(place, "stock", "3")->cursors[0].sensor;
	place_consume(place, stock, "3", 1);
	place_save(place);
	assert_true(stock > orders);
	assert_int_equal(load(place, 0, 100).count, 3);
	assert_int_equal(load(place, orders, 100).count, 1);
	assert_int_equal(load(place, stock, 100).count, 0);
}

static size_t logged(struct store_place *place, int64_t sensor)
{
	struct lb_run_input_list inputs = {0};
	struct lb_run_input *input = lb_list_add(&place->arena, &inputs);
	assert_non_null(input);
	*input = (struct lb_run_input){.sensor = sensor, .to_seq = 100};
	return place_load_events(place, &inputs).count;
}

static void events_are_forgotten_when_their_files_have_been_gone_for_long(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	place->store->keep_us = LB_DAY;
	note_cleaned(place, sensor, 1, PLACE_NOW_US);
	assert_int_equal(logged(place, sensor), 3);
	note_cleaned(place, sensor, 2, PLACE_NOW_US + LB_DAY);
	assert_int_equal(logged(place, sensor), 3);
	note_cleaned(place, sensor, 2, PLACE_NOW_US + LB_DAY + 1);
	assert_int_equal(logged(place, sensor), 2);
}

static void the_event_of_a_file_that_was_left_alone_is_kept(void **state)
{
	struct store_place *place = *state;
	int64_t sensor = deliver_and_consume(place, LB_RUN_SUCCEEDED);
	place->store->keep_us = LB_DAY;
	note_cleaned(place, sensor, 1, LB_TIME_NONE);
	note_cleaned(place, sensor, 2, PLACE_NOW_US + 10 * LB_DAY);
	assert_int_equal(logged(place, sensor), 3);
}

static void the_oldest_come_first_and_no_more_than_asked_for(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	struct lb_event_list events = load(place, 0, 1);
	assert_int_equal(events.count, 1);
	assert_int_equal(events.items[0].seq, 1);
}

static void another_base_locations_files_are_no_concern(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	const struct lb_consumed_query query = {
		.sensor_source = "trigger_file", .base_location = PLACE_BASE "2", .limit = 100};
	assert_int_equal(place_load_consumed(place, &query).count, 0);
}

#define PROMISE(place, test)                                                                       \
	{                                                                                          \
#place ": " #test, test, place##_place_setup, place_teardown, NULL                 \
	}
#define PROMISES(place)                                                                            \
	PROMISE(place, files_of_a_run_that_succeeded_are_to_be_cleaned),                           \
		PROMISE(place, files_of_a_run_that_has_not_succeeded_stay),                        \
		PROMISE(place,                                                                     \
			files_that_another_job_still_waits_for_stay_even_when_it_is_paused),       \
		PROMISE(place, files_that_no_job_waits_for_stay),                                  \
		PROMISE(place, files_that_existed_before_the_first_look_stay),                     \
		PROMISE(place, what_was_told_to_be_clean_is_not_told_again),                       \
		PROMISE(place, a_job_that_comes_later_begins_behind_what_was_cleaned),             \
		PROMISE(place,                                                                     \
			a_failed_run_that_was_passed_over_holds_its_files_until_the_next_success), \
		PROMISE(place, a_failed_job_that_was_completed_by_hand_is_done_with_its_files),    \
		PROMISE(place, sensors_are_gone_through_one_after_the_other),                      \
		PROMISE(place, events_are_forgotten_when_their_files_have_been_gone_for_long),     \
		PROMISE(place, the_event_of_a_file_that_was_left_alone_is_kept),                   \
		PROMISE(place, the_oldest_come_first_and_no_more_than_asked_for),                  \
		PROMISE(place, another_base_locations_files_are_no_concern)

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES(fake), PROMISES(sqlite)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
