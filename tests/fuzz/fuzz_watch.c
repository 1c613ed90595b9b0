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
static bool begun;
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

static void remove_folders(void)
{
	char folder[sizeof(base) + 8];
	(void)strcpy(stpcpy(folder, base), "/orders");
	(void)uv_loop_close(&loop);
	(void)rmdir(folder);
	(void)rmdir(base);
}

static void make_folders(void)
{
	char folder[sizeof(base) + 8];
	assert(mkdtemp(base) != NULL && uv_loop_init(&loop) == 0);
	(void)strcpy(stpcpy(folder, base), "/orders");
	assert(mkdir(folder, 0700) == 0 && atexit(remove_folders) == 0);
}

/* A new one each time: its base is watch 1, the sensor's folder watch 2, and what one
 * input puts an end to is there for the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_watch *watch;
	struct lb_error error;
	struct lb_sensor sensor = {.sensor_id = "orders"};
	struct lb_sensor_list sensors = {.items = &sensor, .count = 1};
	if (!begun) {
		make_folders();
		begun = true;
	}
	assert(lb_watch_create(&loop, base, NULL, on_news, NULL, &watch, &error) == LB_OK);
	lb_watch_prepare(watch, &sensors, false);
	assert(lb_watch_count(watch) == 1);
	told = 0;
	lb_watch_feed(watch, data, size);
	assert(told <= size / 16);
	lb_watch_destroy(watch);
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
	}
	return 0;
}
