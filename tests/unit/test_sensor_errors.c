#include "cli/sensor_errors.h"
#include "support/cmocka.h"
#include "support/jobs.h"

#include <stdlib.h>

/* Two base locations, a job that waits for three sensors. */
struct scene {
	struct test_job test;
	struct lb_acon acons[2];
	struct lb_config config;
	struct lb_job_list jobs;
	struct lb_sensor_state_list sensors;
	struct lb_sensor_error_list errors;
};

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	assert_non_null(scene);
	test_job_init(&scene->test);
	scene->acons[0].base_trigger_file_location = "/one";
	scene->acons[1].base_trigger_file_location = "/other";
	scene->config.acons.items = scene->acons;
	scene->config.acons.count = 2;
	(void)test_job_add(&scene->test, "rates", "TRUE", "UNPAUSED", NULL);
	(void)test_job_add(&scene->test, "orders", "TRUE", "UNPAUSED", NULL);
	(void)test_job_add(&scene->test, "weather", "FALSE", "UNPAUSED", NULL);
	scene->jobs.items = &scene->test.job;
	scene->jobs.count = 1;
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;
	test_job_finish(&scene->test);
	free(scene);
	return 0;
}

static void add(struct scene *scene, const char *base, const char *sensor_id, const char *error)
{
	struct lb_sensor_state *item = lb_list_add(&scene->test.arena, &scene->sensors);
	assert_non_null(item);
	*item = (struct lb_sensor_state){
		.sensor_source = "trigger_file",
		.base_location = base,
		.sensor = {.sensor_id = sensor_id, .last_error = error},
	};
}

static void find(struct scene *scene)
{
	assert_int_equal(lb_sensor_errors_find(&scene->config, &scene->jobs, &scene->sensors,
					       &scene->test.arena, &scene->errors,
					       &scene->test.error),
			 LB_OK);
}

static void sensors_of_one_reason_stand_together(void **state)
{
	struct scene *scene = *state;
	add(scene, "/one", "weather", "gone");
	add(scene, "/one", "orders", "denied");
	add(scene, "/one", "rates", "gone");
	find(scene);
	assert_int_equal(scene->errors.count, 3);
	assert_string_equal(scene->errors.items[0].sensor_id, "orders");
	assert_string_equal(scene->errors.items[1].sensor_id, "rates");
	assert_string_equal(scene->errors.items[2].sensor_id, "weather");
	assert_string_equal(lb_sensor_error_of(&scene->errors, "orders"), "denied");
}

static void sensors_that_could_be_read_are_left_out(void **state)
{
	struct scene *scene = *state;
	add(scene, "/one", "orders", NULL);
	add(scene, "/other", "orders", NULL);
	find(scene);
	assert_int_equal(scene->errors.count, 0);
	assert_null(lb_sensor_error_of(&scene->errors, "orders"));
}

static void what_nobody_waits_for_any_more_is_left_out(void **state)
{
	struct scene *scene = *state;
	add(scene, "/one", "retired", "gone");
	find(scene);
	assert_int_equal(scene->errors.count, 0);
}

static void what_no_acon_names_any_more_is_left_out(void **state)
{
	struct scene *scene = *state;
	add(scene, "/former", "orders", "gone");
	find(scene);
	assert_int_equal(scene->errors.count, 0);
}

static void without_any_job_there_is_nothing_to_tell(void **state)
{
	struct scene *scene = *state;
	scene->jobs.count = 0;
	add(scene, "/one", "orders", "gone");
	find(scene);
	assert_int_equal(scene->errors.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
		TEST(sensors_of_one_reason_stand_together),
		TEST(sensors_that_could_be_read_are_left_out),
		TEST(what_nobody_waits_for_any_more_is_left_out),
		TEST(what_no_acon_names_any_more_is_left_out),
		TEST(without_any_job_there_is_nothing_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
