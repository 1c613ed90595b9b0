/* Times and durations as people write them. */
#include "base/time.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	const char *text = fuzz_text(&arena, data, size);
	char formatted[LB_TIME_TEXT_MAX];
	int64_t time_us;
	int64_t again_us;
	if (lb_time_parse(text, &time_us)) {
		(void)lb_time_format(time_us, formatted);
		assert(lb_time_parse(formatted, &again_us));
		/* It is written in milliseconds. */
		assert(again_us <= time_us && time_us - again_us < LB_MS);
	}
	if (lb_duration_parse(text, &time_us)) {
		assert(time_us >= 0 && time_us <= 10000 * LB_DAY);
		fuzz_check_line(lb_duration_format(time_us, formatted));
	}
	lb_arena_finish(&arena);
	return 0;
}
