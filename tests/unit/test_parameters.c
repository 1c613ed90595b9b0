#include "base/time.h"
#include "engine/parameters.h"
#include "support/cmocka.h"
#include "support/memory.h"

#include <string.h>

static const char *const fields[] = {"file_name", "file_path", "file_modification_time",
				     "file_size", "value"};

static struct lb_event event(const char *name, int64_t observed_at_us, int64_t modified_at_us)
{
	return (struct lb_event){
		.observed_at_us = observed_at_us,
		.file = {.file_name = name,
			 .file_path = "/triggers/orders/a.txt",
			 .modified_at_us = modified_at_us,
			 .size_bytes = 12},
	};
}

static const char *newest_of(struct lb_event *events, size_t count)
{
	static char name[16];
	struct lb_event_list list = {.items = events, .count = count};
	struct lb_arena arena = {0};
	struct lb_parameter_list parameters = {0};
	assert_int_equal(lb_parameters_make(&list, fields, 1, &arena, &parameters), LB_OK);
	assert_int_equal(parameters.count, 1);
	(void)strcpy(name, parameters.items[0].value);
	lb_arena_finish(&arena);
	return name;
}

static void every_field_of_the_schema_that_we_know_is_a_parameter(void **state)
{
	(void)state;
	struct lb_event only = event("a.txt", 1, (int64_t)1763877600 * LB_SECOND);
	struct lb_event_list list = {.items = &only, .count = 1};
	enum lb_err err = LB_NOMEM;
	for (size_t count = 0; err != LB_OK; count++) {
		struct lb_arena arena = {0};
		struct lb_parameter_list parameters = {0};
		memory_fail_after(count);
		err = lb_parameters_make(&list, fields, 5, &arena, &parameters);
		assert_int_equal(err, memory_restore() ? LB_NOMEM : LB_OK);
		if (err == LB_OK) {
			assert_int_equal(parameters.count, 4);
			assert_string_equal(parameters.items[1].value, "/triggers/orders/a.txt");
			assert_string_equal(parameters.items[2].value, "2025-11-23T06:00:00.000Z");
			assert_string_equal(parameters.items[3].value, "12");
		}
		lb_arena_finish(&arena);
	}
}

static void the_event_observed_last_is_told_and_of_those_the_newest_file(void **state)
{
	(void)state;
	struct lb_event later[] = {event("a.txt", 1, 9), event("b.txt", 2, 1)};
	assert_string_equal(newest_of(later, 2), "b.txt");
	struct lb_event earlier[] = {event("a.txt", 2, 1), event("b.txt", 1, 9)};
	assert_string_equal(newest_of(earlier, 2), "a.txt");
	struct lb_event together[] = {event("a.txt", 1, 9), event("b.txt", 1, 8)};
	assert_string_equal(newest_of(together, 2), "a.txt");
	struct lb_event newer[] = {event("a.txt", 1, 8), event("b.txt", 1, 9)};
	assert_string_equal(newest_of(newer, 2), "b.txt");
}

static void without_events_there_are_no_parameters(void **state)
{
	(void)state;
	struct lb_event_list list = {0};
	struct lb_arena arena = {0};
	struct lb_parameter_list parameters = {0};
	assert_int_equal(lb_parameters_make(&list, fields, 5, &arena, &parameters), LB_OK);
	assert_int_equal(parameters.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_the_schema_that_we_know_is_a_parameter),
		cmocka_unit_test(the_event_observed_last_is_told_and_of_those_the_newest_file),
		cmocka_unit_test(without_events_there_are_no_parameters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
