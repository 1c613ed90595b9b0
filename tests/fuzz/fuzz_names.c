/* Trigger-file names and sensor ids. First line: the sensor_id; second: the name. */
#include "base/text.h"
#include "base/time.h"
#include "core/names.h"
#include "fuzz/fuzz.h"

#include <string.h>

/* The standard name of that time is read as that time, to the second. */
static void check_round_trip(const char *sensor_id, int64_t time_us)
{
	char text[512];
	int64_t again_us;
	int suffix = (int)(strlen(sensor_id) * 37 % (LB_TRIGGER_NAME_SUFFIX_MAX + 1));
	if (lb_trigger_name_format(sensor_id, time_us, suffix, text, sizeof(text))) {
		assert(lb_trigger_name_parse(text, sensor_id, &again_us));
		assert(again_us == time_us);
		assert(!lb_trigger_name_is_hidden(text) || lb_trigger_name_is_hidden(sensor_id));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	const char *sensor_id = fuzz_line(&rest);
	const char *file_name = rest != NULL ? rest : "";
	const char *problem = lb_sensor_id_problem(sensor_id);
	int64_t time_us = LB_TIME_NONE;
	bool standard = lb_trigger_name_parse(file_name, sensor_id, &time_us);
	assert(standard == lb_trigger_name_parse(file_name, sensor_id, NULL));
	if (problem != NULL) {
		fuzz_check_line(problem);
	} else {
		assert(*sensor_id != '\0' && strchr(sensor_id, '/') == NULL);
	}
	if (standard) {
		assert(lb_text_starts_with(file_name, sensor_id));
		assert(time_us % LB_SECOND == 0);
		check_round_trip(sensor_id, time_us);
	}
	lb_arena_finish(&arena);
	return 0;
}
