/* What is read from an inotify descriptor. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sources/trigger_file/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/dev/shm/lakebeat-fuzz-XXXXXX";
static uv_loop_t loop;
static struct lb_watch *watch;
static size_t told;

/* Names that could leave the folder never come through. */
static void on_news(const struct lb_watch_news *news, void *data)
{
	(void)data;
	for (size_t i = 0; i < news->sensors.count; i++) {
		const struct lb_arrivals *arrivals = &news->sensors.items[i];
		assert(lb_text_equal(arrivals->sensor_id, "orders"));
		for (size_t j = 0; j < arrivals->file_names.count; j++) {
			assert(*arrivals->file_names.items[j] != '\0');
			told++;
		}
	}
}

static void finish(void)
{
	char folder[sizeof(base) + 8];
	(void)strcpy(stpcpy(folder, base), "/orders");
	lb_watch_destroy(watch);
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&loop);
	(void)rmdir(folder);
	(void)rmdir(base);
}

static void begin(void)
{
	struct lb_error error;
	char folder[sizeof(base) + 8];
	assert(mkdtemp(base) != NULL && uv_loop_init(&loop) == 0);
	(void)strcpy(stpcpy(folder, base), "/orders");
	assert(mkdir(folder, 0700) == 0);
	assert(lb_watch_create(&loop, base, NULL, on_news, NULL, &watch, &error) == LB_OK);
	struct lb_sensor sensor = {.sensor_id = "orders"};
	struct lb_sensor_list sensors = {.items = &sensor, .count = 1};
	lb_watch_prepare(watch, &sensors, false);
	assert(lb_watch_count(watch) == 1 && atexit(finish) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (watch == NULL) {
		begin();
	}
	told = 0;
	lb_watch_feed(watch, data, size);
	assert(told <= size / 16);
	return 0;
}
