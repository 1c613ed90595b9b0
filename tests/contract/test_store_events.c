/* What every store promises about sensors, the event log and its forgetting. */
#include "base/text.h"
#include "support/cmocka.h"
#include "support/store_place.h"

#include <string.h>

static struct lb_event_list all_events(struct store_place *place, const char *sensor_id)
{
	struct lb_run_input_list inputs = {0};
	struct lb_job_query query = {.all = true};
	struct lb_job_list jobs = place_load_jobs(place, &query);
	for (size_t i = 0; i < jobs.count; i++) {
		for (size_t j = 0; j < jobs.items[i].rows.count; j++) {
			const struct lb_row *row = &jobs.items[i].rows.items[j];
			if (lb_text_equal(lb_row_sensor_id(row), sensor_id)) {
				struct lb_run_input *input = lb_list_add(&place->arena, &inputs);
				assert_non_null(input);
				assert_int_equal(row->cursor_count, 1);
				input->sensor = row->cursors[0].sensor;
				input->to_seq = INT64_MAX;
				return place_load_events(place, &inputs);
			}
		}
	}
	fail_msg("no row waits for %s", sensor_id);
	return (struct lb_event_list){0};
}

static int64_t waiting(struct store_place *place, const char *sensor_id, const char *job_id)
{
	return lb_row_waiting_events(place_row(place, sensor_id, job_id));
}

static void events_are_numbered_per_sensor_without_gaps(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	place_add_row(place, "rates", "1", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, "orders");
	(void)place_file(place, report, "a");
	(void)place_file(place, report, "b");
	report = place_report(place, "rates");
	(void)place_file(place, report, "a");
	assert_int_equal(place_record(place), 3);
	report = place_report(place, "orders");
	(void)place_file(place, report, "b");
	(void)place_file(place, report, "c");
	assert_int_equal(place_record(place), 1);

	struct lb_event_list events = all_events(place, "orders");
	assert_int_equal(events.count, 3);
	for (size_t i = 0; i < events.count; i++) {
		assert_int_equal(events.items[i].seq, i + 1);
		const char *const expected[] = {"a", "b", "c"};
		assert_string_equal(events.items[i].file.file_name, expected[i]);
	}
	assert_int_equal(all_events(place, "rates").count, 1);
	assert_int_equal(place_sensor(place, "orders")->last_seq, 3);
}

static void a_file_reported_twice_is_one_event(void **state)
{
	struct store_place *place = *state;
	struct lb_sensor_report *report = place_report(place, "orders");
	(void)place_file(place, report, "a");
	(void)place_file(place, report, "a");
	assert_int_equal(place_record(place), 1);
	assert_int_equal(place_deliver(place, "orders", "a"), 0);
	report = place_report(place, "orders");
	place_file(place, report, "a")->etag = "2";
	assert_int_equal(place_record(place), 0);
	assert_int_equal(place_sensor(place, "orders")->last_seq, 1);
}

static void an_overwritten_file_is_an_event_only_when_overwrites_are_allowed(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "orders", "a");
	struct lb_sensor_report *report = place_report(place, "orders");
	report->allow_overwrites = true;
	place_file(place, report, "a")->etag = "2";
	(void)place_file(place, report, "a");
	assert_int_equal(place_record(place), 1);
	struct lb_event_list events = all_events(place, "orders");
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].file.etag, "1");
	assert_string_equal(events.items[1].file.etag, "2");
}

static void an_event_says_all_that_was_known_of_its_file(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, "orders");
	struct lb_file *file = place_file(place, report, "a");
	file->size_bytes = 0;
	file->modified_at_us = PLACE_NOW_US - 123457;
	(void)place_record(place);
	struct lb_event_list events = all_events(place, "orders");
	assert_int_equal(events.count, 1);
	const struct lb_event *event = &events.items[0];
	assert_string_equal(event->sensor_id, "orders");
	assert_string_equal(event->file.file_path, PLACE_BASE "/orders/a");
	assert_string_equal(event->file.etag, "1");
	assert_int_equal(event->file.size_bytes, 0);
	assert_int_equal(event->file.modified_at_us, PLACE_NOW_US - 123457);
	assert_int_equal(event->observed_at_us, PLACE_NOW_US);
}

static void names_are_kept_byte_for_byte(void **state)
{
	static const char *const names[] = {
		"with space.txt",
		"new\nline",
		"quote'\"`; DROP TABLE lakebeat_event; --",
		"gr\xc3\xbc\xc3\x9f",
		"\xff\xfe not UTF-8 \xc3",
		"\x01\x7f%s{control}\\n",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);
	struct store_place *place = *state;
	const char *sensor_id = "sensor\n\xff 'x'";
	place_add_row(place, sensor_id, "job '\n\xfe", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, sensor_id);
	for (size_t i = 0; i < count; i++) {
		(void)place_file(place, report, names[i]);
	}
	assert_int_equal(place_record(place), count);
	struct lb_event_list events = all_events(place, sensor_id);
	assert_int_equal(events.count, count);
	for (size_t i = 0; i < count; i++) {
		const char *path =
			lb_arena_printf(&place->arena, "%s/%s/%s", PLACE_BASE, sensor_id, names[i]);
		assert_string_equal(events.items[i].file.file_name, names[i]);
		assert_string_equal(events.items[i].file.file_path, path);
		assert_int_equal(place_deliver(place, sensor_id, names[i]), 0);
	}
	assert_string_equal(place_job(place, "job '\n\xfe")->rows.items[0].declared[1], sensor_id);
}

static void a_checkpoint_stays_until_the_next_one(void **state)
{
	struct store_place *place = *state;
	struct lb_checkpoint checkpoint = {
		.floor = "orders_2025\xff",
		.folder_time_ns = INT64_C(1763877600123456789),
		.full_pass_at_us = PLACE_NOW_US - 5,
		.ordered = false,
	};
	place_report(place, "orders")->checkpoint = &checkpoint;
	(void)place_record(place);
	(void)place_report(place, "orders");
	(void)place_record(place);
	const struct lb_checkpoint *kept = &place_sensor(place, "orders")->sensor.checkpoint;
	assert_string_equal(kept->floor, checkpoint.floor);
	assert_int_equal(kept->folder_time_ns, checkpoint.folder_time_ns);
	assert_int_equal(kept->full_pass_at_us, checkpoint.full_pass_at_us);
	assert_false(kept->ordered);
	checkpoint = (struct lb_checkpoint){
		.floor = "", .full_pass_at_us = LB_TIME_NONE, .ordered = true};
	place_report(place, "orders")->checkpoint = &checkpoint;
	(void)place_record(place);
	kept = &place_sensor(place, "orders")->sensor.checkpoint;
	assert_string_equal(kept->floor, "");
	assert_int_equal(kept->folder_time_ns, 0);
	assert_int_equal(kept->full_pass_at_us, LB_TIME_NONE);
	assert_true(kept->ordered);
}

static void an_error_is_kept_until_a_look_without_one(void **state)
{
	struct store_place *place = *state;
	place_report(place, "orders")->error = "no such folder";
	(void)place_record(place);
	assert_string_equal(place_sensor(place, "orders")->sensor.last_error, "no such folder");
	(void)place_report(place, "orders");
	(void)place_record(place);
	assert_null(place_sensor(place, "orders")->sensor.last_error);
}

static void save_pass(struct store_place *place, bool is_full, uint64_t requests)
{
	struct lb_pass_cost *pass = lb_list_add(&place->arena, &place->changes.passes);
	assert_non_null(pass);
	*pass = (struct lb_pass_cost){
		.sensor_source = PLACE_SOURCE,
		.base_location = PLACE_BASE,
		.is_full = is_full,
		.ended_at_us = PLACE_NOW_US,
		.cost = {.requests = requests, .keys = 1000 * requests, .bytes = UINT32_MAX},
	};
	place_save(place);
}

static void the_last_pass_of_each_kind_is_kept(void **state)
{
	struct store_place *place = *state;
	assert_int_equal(place_load_passes(place).count, 0);
	save_pass(place, true, 70);
	save_pass(place, false, 17);
	save_pass(place, false, 18);
	struct lb_pass_cost_list passes = place_load_passes(place);
	assert_int_equal(passes.count, 2);
	const struct lb_pass_cost *pass = &passes.items[0];
	assert_string_equal(pass->sensor_source, "trigger_file");
	assert_string_equal(pass->base_location, PLACE_BASE);
	assert_false(pass->is_full);
	assert_int_equal(pass->ended_at_us, PLACE_NOW_US);
	assert_int_equal(pass->cost.requests, 18);
	assert_int_equal(pass->cost.keys, 18000);
	assert_int_equal(pass->cost.bytes, UINT32_MAX);
	assert_true(passes.items[1].is_full);
	assert_int_equal(passes.items[1].cost.requests, 70);
}

static void existing_files_are_noted_but_start_nothing(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	struct lb_sensor_report *report = place_report(place, "orders");
	report->existing = true;
	(void)place_file(place, report, "old");
	assert_int_equal(place_record(place), 1);
	assert_int_equal(waiting(place, "orders", "1"), 0);
	assert_int_equal(place_deliver(place, "orders", "old"), 0);
	assert_int_equal(place_deliver(place, "orders", "new"), 1);
	assert_int_equal(waiting(place, "orders", "1"), 1);
	place_add_row(place, "orders", "2", "UNPAUSED", NULL);
	assert_int_equal(waiting(place, "orders", "2"), 1);
}

static void existing_files_leave_a_job_that_consumed_where_it_was(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "orders", "a");
	(void)place_deliver(place, "orders", "b");
	place_consume(place, place_row(place, "orders", "1")->cursors[0].sensor, "1", 1);
	place_save(place);
	place_report(place, "orders")->existing = true;
	(void)place_record(place);
	assert_int_equal(waiting(place, "orders", "1"), 1);
}

static void the_newest_event_says_when_it_was_observed(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "orders", "a");
	struct lb_sensor_report *report = place_report(place, "orders");
	report->observed_at_us = PLACE_NOW_US + 1;
	(void)place_file(place, report, "b");
	(void)place_record(place);
	report = place_report(place, "orders");
	report->observed_at_us = PLACE_NOW_US + 2;
	(void)place_record(place);
	assert_int_equal(place_row(place, "orders", "1")->cursors[0].last_event_at_us,
			 PLACE_NOW_US + 1);
	assert_int_equal(place_sensor(place, "orders")->last_event_at_us, PLACE_NOW_US + 1);
}

static void one_sensor_in_two_base_locations_is_two_sensors(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	place_add_row(place, "rates", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "orders", "a");
	(void)place_deliver(place, "orders", "b");
	struct lb_sensor_report *report = place_report(place, "orders");
	report->base_location = "/another";
	(void)place_file(place, report, "a");
	assert_int_equal(place_record(place), 1);
	const struct lb_row *row = place_row(place, "orders", "1");
	assert_int_equal(row->cursor_count, 2);
	assert_int_not_equal(row->cursors[0].sensor, row->cursors[1].sensor);
	assert_int_equal(row->cursors[0].last_seq, 1);
	assert_int_equal(row->cursors[1].last_seq, 2);
	assert_int_equal(place_job(place, "1")->rows.count, 2);
	assert_int_equal(place_load_sensors(place, NULL, NULL).count, 2);
	struct lb_sensor_state_list there = place_load_sensors(place, PLACE_SOURCE, "/another");
	assert_int_equal(there.count, 2);
	assert_int_equal(there.items[0].last_seq, 1);
}

static void a_source_is_given_its_sensors_once_each_and_in_order(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "b", "1", "UNPAUSED", NULL);
	place_add_row(place, "b", "2", "PAUSED", NULL);
	place_add_row(place, "\xff", "2", "UNPAUSED", "IN_PROGRESS");
	place_add_row(place, "B", "2", "PAUSED", "FAILED");
	place_add_row(place, NULL, "2", "UNPAUSED", NULL);
	struct lb_row other = {.declared = {[LB_DECLARED_sensor_source] = "kafka",
					    [LB_DECLARED_sensor_id] = "a",
					    [LB_DECLARED_trigger_job_id] = "1"}};
	place_put_row(place, &other);
	other.declared[LB_DECLARED_sensor_source] = "\tTrigger_FILE ";
	other.declared[LB_DECLARED_sensor_id] = "c";
	place_put_row(place, &other);
	(void)place_deliver(place, "b", "x");
	struct lb_sensor_state_list sensors = place_load_sensors(place, PLACE_SOURCE, PLACE_BASE);
	assert_int_equal(sensors.count, 4);
	for (size_t i = 0; i < sensors.count; i++) {
		const struct lb_sensor_state *sensor = &sensors.items[i];
		const char *const expected[] = {"B", "b", "c", "\xff"};
		assert_string_equal(sensor->sensor.sensor_id, expected[i]);
		assert_string_equal(sensor->sensor_source, PLACE_SOURCE);
		assert_string_equal(sensor->base_location, PLACE_BASE);
		assert_int_equal(sensor->last_seq, i == 1 ? 1 : 0);
	}
}

static void a_sensor_that_nobody_looked_at_starts_from_nothing(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	assert_int_equal(place_load_sensors(place, NULL, NULL).count, 0);
	struct lb_sensor_state_list sensors = place_load_sensors(place, PLACE_SOURCE, PLACE_BASE);
	assert_int_equal(sensors.count, 1);
	const struct lb_sensor_state *sensor = &sensors.items[0];
	assert_string_equal(sensor->sensor.checkpoint.floor, "");
	assert_int_equal(sensor->sensor.checkpoint.folder_time_ns, 0);
	assert_int_equal(sensor->sensor.checkpoint.full_pass_at_us, LB_TIME_NONE);
	assert_true(sensor->sensor.checkpoint.ordered);
	assert_null(sensor->sensor.last_error);
	assert_int_equal(sensor->last_event_at_us, LB_TIME_NONE);
}

static void a_sensor_is_its_rows_whatever_the_case_of_the_source(void **state)
{
	struct store_place *place = *state;
	struct lb_row row = {.declared = {[LB_DECLARED_sensor_source] = " TRIGGER_file",
					  [LB_DECLARED_sensor_id] = "orders",
					  [LB_DECLARED_trigger_job_id] = "1"}};
	place_put_row(place, &row);
	(void)place_deliver(place, "orders", "a");
	assert_int_equal(waiting(place, "orders", "1"), 1);
	row.declared[LB_DECLARED_sensor_source] = "kafka";
	place_put_row(place, &row);
	assert_int_equal(place_row(place, "orders", "1")->cursor_count, 0);
}

/* Forgetting. Everything is told of PLACE_NOW_US; what is looked at later is
 * looked at when the history is just older than it is kept. */
#define KEEP_US LB_DAY

static struct lb_sensor_report *look_later(struct store_place *place, const char *sensor_id)
{
	place->store->keep_us = KEEP_US;
	struct lb_sensor_report *report = place_report(place, sensor_id);
	report->observed_at_us = PLACE_NOW_US + KEEP_US + 1;
	report->listed_all = true;
	return report;
}

/* Files a, b and c; job 1 has consumed the first two in its run 1. */
static int64_t deliver_and_consume(struct store_place *place, enum lb_run_state ended)
{
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "orders", "a");
	(void)place_deliver(place, "orders", "b");
	(void)place_deliver(place, "orders", "c");
	int64_t sensor = place_row(place, "orders", "1")->cursors[0].sensor;
	struct lb_run *run = place_plan(place, "1", 1, 1);
	place_add_input(place, run, sensor, 0, 2);
	run->state = ended;
	run->ended_at_us = PLACE_NOW_US;
	place_consume(place, sensor, "1", 2);
	place_save(place);
	return sensor;
}

static void events_of_files_that_are_gone_are_forgotten_once_consumed(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	(void)place_file(place, look_later(place, "orders"), "b");
	(void)place_record(place);
	struct lb_event_list events = all_events(place, "orders");
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].file.file_name, "b");
	assert_string_equal(events.items[1].file.file_name, "c");
	assert_int_equal(place_deliver(place, "orders", "d"), 1);
	assert_int_equal(place_sensor(place, "orders")->last_seq, 4);
}

/* Of two lakebeats that list at once, one may see a file before it is deleted, and be
 * the last to tell. */
static void what_was_forgotten_is_not_told_anew_by_an_older_listing(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	struct lb_sensor_report *later = look_later(place, "orders");
	struct lb_checkpoint checkpoint = {.floor = "", .full_pass_at_us = later->observed_at_us};
	later->checkpoint = &checkpoint;
	(void)place_file(place, later, "b");
	(void)place_record(place);
	assert_int_equal(all_events(place, "orders").count, 2);

	struct lb_sensor_report *older = look_later(place, "orders");
	older->observed_at_us -= LB_MINUTE;
	place_file(place, older, "a")->modified_at_us = PLACE_NOW_US - LB_MINUTE;
	place_file(place, older, "new")->modified_at_us = older->observed_at_us;
	assert_int_equal(place_record(place), 1);
	struct lb_event_list events = all_events(place, "orders");
	assert_int_equal(events.count, 3);
	assert_string_equal(events.items[2].file.file_name, "new");
}

static void nothing_is_forgotten_before_its_time_or_without_a_full_listing(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	look_later(place, "orders")->listed_all = false;
	(void)place_record(place);
	assert_int_equal(all_events(place, "orders").count, 3);
	look_later(place, "orders")->observed_at_us = PLACE_NOW_US + KEEP_US;
	(void)place_record(place);
	assert_int_equal(all_events(place, "orders").count, 3);
	(void)look_later(place, "orders");
	place->store->keep_us = 0;
	(void)place_record(place);
	assert_int_equal(all_events(place, "orders").count, 3);
}

static void events_that_a_job_still_waits_for_are_never_forgotten(void **state)
{
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_SUCCEEDED);
	place_add_row(place, "orders", "2", "PAUSED", NULL);
	(void)look_later(place, "orders");
	(void)place_record(place);
	assert_int_equal(waiting(place, "orders", "2"), 3);
	assert_int_equal(all_events(place, "orders").count, 3);
}

static void events_of_a_run_that_has_not_succeeded_are_never_forgotten(void **state)
{
	static const enum lb_run_state states[] = {LB_RUN_PLANNED, LB_RUN_SUBMITTED, LB_RUN_FAILED};
	struct store_place *place = *state;
	(void)deliver_and_consume(place, LB_RUN_CANCELED);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct lb_run *run = place_job(place, "1")->run;
		run->state = states[i];
		place_change_run(place, run);
		place_save(place);
		(void)look_later(place, "orders");
		(void)place_record(place);
		assert_int_equal(all_events(place, "orders").count, 3);
	}
}

static void a_sensor_that_no_job_waits_for_keeps_no_gone_files(void **state)
{
	struct store_place *place = *state;
	(void)place_deliver(place, "orders", "a");
	(void)look_later(place, "orders");
	(void)place_record(place);
	place_add_row(place, "orders", "1", "UNPAUSED", NULL);
	assert_int_equal(all_events(place, "orders").count, 0);
	assert_int_equal(place_sensor(place, "orders")->last_seq, 1);
}

static void add_ended_run(struct store_place *place, const char *job_id, int64_t run_no,
			  int64_t ended_at_us)
{
	struct lb_run *run = place_plan(place, job_id, run_no, 1);
	place_add_input(place, run, 1, 0, 1);
	run->state = LB_RUN_SUCCEEDED;
	run->ended_at_us = ended_at_us;
}

static void add_audit(struct store_place *place, int64_t at_us, const char *cause)
{
	struct lb_audit *audit = lb_list_add(&place->arena, &place->changes.audits);
	assert_non_null(audit);
	*audit = (struct lb_audit){.at_us = at_us, .trigger_job_id = "1", .cause = cause};
}

static void old_history_goes_but_never_a_jobs_latest_run(void **state)
{
	struct store_place *place = *state;
	(void)place_deliver(place, "orders", "a");
	add_ended_run(place, "1", 1, PLACE_NOW_US);
	add_ended_run(place, "1", 2, PLACE_NOW_US + KEEP_US);
	add_ended_run(place, "2", 1, PLACE_NOW_US);
	add_ended_run(place, "2", 2, PLACE_NOW_US);
	(void)place_plan(place, "3", 1, 1);
	(void)place_plan(place, "3", 1, 2);
	add_audit(place, PLACE_NOW_US, "old");
	add_audit(place, PLACE_NOW_US + KEEP_US, "young");
	place_save(place);
	(void)look_later(place, "orders");
	(void)place_record(place);

	struct lb_run_query runs = {.with_inputs = true, .order = LB_RUN_NEWEST_FIRST};
	struct lb_run_list left = place_load_runs(place, &runs);
	static const char *const tokens[] = {"3.1.2", "3.1.1", "2.2.1", "1.2.1"};
	assert_int_equal(left.count, 4);
	for (size_t i = 0; i < left.count; i++) {
		assert_string_equal(left.items[i].token, tokens[i]);
		assert_int_equal(left.items[i].inputs.count, i < 2 ? 0 : 1);
	}
	struct lb_audit_query audits = {0};
	struct lb_audit_list audit = place_load_audit(place, &audits);
	assert_int_equal(audit.count, 1);
	assert_string_equal(audit.items[0].cause, "young");
}

#define PROMISE(place, test)                                                                       \
	{                                                                                          \
#place ": " #test, test, place##_place_setup, place_teardown, NULL                 \
	}
#define PROMISES(place)                                                                            \
	PROMISE(place, events_are_numbered_per_sensor_without_gaps),                               \
		PROMISE(place, a_file_reported_twice_is_one_event),                                \
		PROMISE(place, an_overwritten_file_is_an_event_only_when_overwrites_are_allowed),  \
		PROMISE(place, an_event_says_all_that_was_known_of_its_file),                      \
		PROMISE(place, names_are_kept_byte_for_byte),                                      \
		PROMISE(place, a_checkpoint_stays_until_the_next_one),                             \
		PROMISE(place, an_error_is_kept_until_a_look_without_one),                         \
		PROMISE(place, existing_files_are_noted_but_start_nothing),                        \
		PROMISE(place, existing_files_leave_a_job_that_consumed_where_it_was),             \
		PROMISE(place, the_newest_event_says_when_it_was_observed),                        \
		PROMISE(place, one_sensor_in_two_base_locations_is_two_sensors),                   \
		PROMISE(place, a_source_is_given_its_sensors_once_each_and_in_order),              \
		PROMISE(place, a_sensor_that_nobody_looked_at_starts_from_nothing),                \
		PROMISE(place, a_sensor_is_its_rows_whatever_the_case_of_the_source),              \
		PROMISE(place, events_of_files_that_are_gone_are_forgotten_once_consumed),         \
		PROMISE(place, what_was_forgotten_is_not_told_anew_by_an_older_listing),           \
		PROMISE(place, nothing_is_forgotten_before_its_time_or_without_a_full_listing),    \
		PROMISE(place, events_that_a_job_still_waits_for_are_never_forgotten),             \
		PROMISE(place, events_of_a_run_that_has_not_succeeded_are_never_forgotten),        \
		PROMISE(place, a_sensor_that_no_job_waits_for_keeps_no_gone_files),                \
		PROMISE(place, old_history_goes_but_never_a_jobs_latest_run),                      \
		PROMISE(place, the_last_pass_of_each_kind_is_kept)

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES(fake), PROMISES(sqlite)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
