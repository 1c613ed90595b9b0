#include "base/text.h"
#include "base/time.h"
#include "runners/databricks/parameters.h"
#include "support/cmocka.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct desk {
	struct lb_arena arena;
	struct lb_run run;
	struct lb_event_list events;
	struct lb_parameter_list parameters;
	struct lb_submission submission;
};

static void open_desk(struct desk *desk, int events, const char *name)
{
	*desk = (struct desk){.run = {.trigger_job_id = "555"}};
	memset(desk->run.token, 'a', LB_TOKEN_LENGTH);
	for (int i = 0; i < events; i++) {
		struct lb_event *event = lb_list_add(&desk->arena, &desk->events);
		event->sensor_id = "orders";
		event->file = (struct lb_file){
			.file_name = lb_arena_printf(&desk->arena, "%s_%d.txt", name, i),
			.file_path =
				lb_arena_printf(&desk->arena, "s3://b/orders/%s_%d.txt", name, i),
			.modified_at_us = INT64_C(1763877600000000),
			.size_bytes = 7,
		};
	}
	struct lb_parameter *parameter = lb_list_add(&desk->arena, &desk->parameters);
	*parameter = (struct lb_parameter){"file_name", name};
	desk->submission = (struct lb_submission){
		.run = &desk->run, .events = &desk->events, .parameters = &desk->parameters};
}

static json_t *body_of(struct desk *desk, bool with_parameters)
{
	struct lb_error error = {0};
	char *text = NULL;
	assert_int_equal(
		lb_databricks_run_now_body(&desk->submission, with_parameters, true, &text, &error),
		LB_OK);
	json_t *body = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(body);
	lb_free(text);
	return body;
}

static void a_request_names_job_token_queue_and_parameters(void **state)
{
	(void)state;
	struct desk desk;
	open_desk(&desk, 2, "orders");
	json_t *body = body_of(&desk, true);
	assert_int_equal(json_integer_value(json_object_get(body, "job_id")), 555);
	assert_string_equal(json_string_value(json_object_get(body, "idempotency_token")),
			    desk.run.token);
	assert_true(json_is_true(json_object_get(json_object_get(body, "queue"), "enabled")));
	json_t *parameters = json_object_get(body, "job_parameters");
	assert_string_equal(json_string_value(json_object_get(parameters, "file_name")), "orders");
	json_t *events = json_loads(
		json_string_value(json_object_get(parameters, "lakebeat_events")), 0, NULL);
	assert_int_equal(json_array_size(events), 2);
	json_t *event = json_array_get(events, 1);
	assert_string_equal(json_string_value(json_object_get(event, "sensor_id")), "orders");
	assert_string_equal(json_string_value(json_object_get(event, "file_name")), "orders_1.txt");
	assert_string_equal(json_string_value(json_object_get(event, "file_path")),
			    "s3://b/orders/orders_1.txt");
	assert_string_equal(json_string_value(json_object_get(event, "file_modification_time")),
			    "2025-11-23T06:00:00.000Z");
	assert_int_equal(json_integer_value(json_object_get(event, "file_size")), 7);
	json_decref(events);
	json_decref(body);
	lb_arena_finish(&desk.arena);
}

static void a_job_without_parameters_gets_none(void **state)
{
	(void)state;
	struct desk desk;
	open_desk(&desk, 2, "orders");
	json_t *body = body_of(&desk, false);
	assert_null(json_object_get(body, "job_parameters"));
	assert_int_equal(json_object_size(body), 3);
	json_decref(body);
	lb_arena_finish(&desk.arena);
}

/* As many events as there is room for, and then a word about the others. */
static void check_cut(int count, const char *name)
{
	struct desk desk;
	open_desk(&desk, count, name);
	json_t *body = body_of(&desk, true);
	json_t *parameters = json_object_get(body, "job_parameters");
	size_t length = json_dumpb(parameters, NULL, 0, JSON_COMPACT);
	assert_true(length <= LB_DATABRICKS_PARAMETERS_BYTES_MAX);
	json_t *events = json_loads(
		json_string_value(json_object_get(parameters, "lakebeat_events")), 0, NULL);
	size_t shown = json_array_size(events) - 1;
	json_t *marker = json_array_get(events, shown);
	assert_true(json_is_true(json_object_get(marker, "truncated")));
	assert_int_equal(json_integer_value(json_object_get(marker, "events")), count);
	assert_int_equal(json_integer_value(json_object_get(marker, "left_out")),
			 (size_t)count - shown);
	assert_true(shown > 0);
	/* One more would not have fitted. */
	json_t *event = json_array_get(events, 0);
	assert_true(length + 2 * json_dumpb(event, NULL, 0, JSON_COMPACT) >
		    LB_DATABRICKS_PARAMETERS_BYTES_MAX);
	json_decref(events);
	json_decref(body);
	lb_arena_finish(&desk.arena);
}

static void too_many_events_are_cut_with_a_marker(void **state)
{
	(void)state;
	check_cut(60, "orders");
	check_cut(61, "orders\"with\\quotes");
	check_cut(5000, "orders");
	check_cut(124, "x");
	check_cut(125, "x");
	check_cut(126, "x");
	check_cut(500, "bestellungen_\xC3\xBC\xFF");
}

static void events_that_just_fit_are_not_cut(void **state)
{
	(void)state;
	size_t most = 0;
	for (int count = 1; count < 60; count++) {
		struct desk desk;
		open_desk(&desk, count, "orders");
		json_t *body = body_of(&desk, true);
		json_t *parameters = json_object_get(body, "job_parameters");
		json_t *events = json_loads(
			json_string_value(json_object_get(parameters, "lakebeat_events")), 0, NULL);
		json_t *last = json_array_get(events, json_array_size(events) - 1);
		if (json_object_get(last, "truncated") == NULL) {
			assert_int_equal(json_array_size(events), count);
			most = json_dumpb(parameters, NULL, 0, JSON_COMPACT);
		}
		json_decref(events);
		json_decref(body);
		lb_arena_finish(&desk.arena);
	}
	assert_in_range(most, LB_DATABRICKS_PARAMETERS_BYTES_MAX - 250,
			LB_DATABRICKS_PARAMETERS_BYTES_MAX);
}

static void only_numbers_are_jobs(void **state)
{
	(void)state;
	struct desk desk;
	open_desk(&desk, 1, "orders");
	desk.run.trigger_job_id = "daily";
	struct lb_error error = {0};
	char *body = NULL;
	assert_int_equal(lb_databricks_run_now_body(&desk.submission, true, true, &body, &error),
			 LB_REFUSED);
	assert_non_null(strstr(error.message, "\"daily\""));
	lb_arena_finish(&desk.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_names_job_token_queue_and_parameters),
		cmocka_unit_test(a_job_without_parameters_gets_none),
		cmocka_unit_test(too_many_events_are_cut_with_a_marker),
		cmocka_unit_test(events_that_just_fit_are_not_cut),
		cmocka_unit_test(only_numbers_are_jobs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
