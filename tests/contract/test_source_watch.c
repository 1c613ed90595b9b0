/* What a local source tells between scans, by inotify, on real folders and a
 * real loop. */
#include "base/log.h"
#include "base/time.h"
#include "sources/trigger_file/watch.h"
#include "support/cmocka.h"
#include "support/files.h"
#include "support/folder.h"
#include "support/source_world.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int setup(void **state)
{
	int problem = world_setup_local(state);
	if (problem == 0) {
		((struct world *)*state)->options.watch = true;
	}
	return problem;
}

static void make_folder(const char *sensor_id)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "triggers/%s", sensor_id);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* Looks with the machine's time, so that what is written now has not settled. */
static void look_now(struct world *world)
{
	struct timespec now;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	world->now_us = (int64_t)now.tv_sec * LB_SECOND + now.tv_nsec / 1000;
	world_look(world);
}

static struct world *watch_orders(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	make_folder("orders");
	look_now(world);
	return world;
}

/* What was under way has come: a file in the last sensor's folder, told alone. */
static void run_until_marker(struct world *world, const char *sensor_id)
{
	char path[256];
	size_t calls = world->calls;
	(void)snprintf(path, sizeof(path), "triggers/%s/marker", sensor_id);
	folder_write(path, "");
	world_run_until(world, &world->calls, calls + 1);
}

static void a_file_renamed_into_place_is_told_at_once(void **state)
{
	struct world *world = watch_orders(state);
	folder_write("part", "Success");
	assert_int_equal(rename("part", "triggers/orders/orders_20251123_060000.txt"), 0);
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/orders_20251123_060000.txt"));
}

static void a_file_counts_when_it_is_closed_after_writing_and_not_before(void **state)
{
	struct world *world = watch_orders(state);
	world_add_sensor(world, "sales");
	make_folder("sales");
	look_now(world);
	int fd = open("triggers/orders/orders_20251123_060000.txt", O_WRONLY | O_CREAT, 0600);
	assert_true(write(fd, "Succ", 4) == 4);
	run_until_marker(world, "sales");
	assert_false(world_knows(world, "orders/orders_20251123_060000.txt"));

	assert_true(write(fd, "ess", 3) == 3);
	assert_int_equal(close(fd), 0);
	world_run_until(world, &world->calls, 2);
	assert_true(world_knows(world, "orders/orders_20251123_060000.txt"));
}

static void what_one_read_brings_is_told_in_one_call(void **state)
{
	struct world *world = watch_orders(state);
	world_add_sensor(world, "sales");
	make_folder("sales");
	look_now(world);
	world->reports = 0;
	for (int i = 0; i < 50; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "triggers/%s/%d.txt",
			       i % 2 == 0 ? "orders" : "sales", i);
		folder_write(path, "Success");
	}
	world_run_until(world, &world->calls, 1);
	assert_int_equal(world->calls, 1);
	assert_int_equal(world->reports, 2);
	assert_int_equal(world->log.count, 50);
}

static void what_is_no_event_is_not_told(void **state)
{
	struct world *world = *state;
	world->options.path_glob_filter = "*.txt";
	world->options.max_file_age_us = LB_DAY;
	(void)watch_orders(state);
	folder_write("triggers/orders/_hidden.txt", "");
	folder_write("triggers/orders/data.csv", "");
	assert_int_equal(mkdir("new", 0700), 0);
	assert_int_equal(rename("new", "triggers/orders/folder.txt"), 0);
	folder_write("old", "");
	struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	assert_int_equal(utimensat(AT_FDCWD, "old", long_ago, 0), 0);
	assert_int_equal(rename("old", "triggers/orders/old.txt"), 0);
	folder_write("triggers/orders/yes.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_int_equal(world->log.count, 1);
	assert_true(world_knows(world, "orders/yes.txt"));
}

static void a_new_folder_is_watched_and_asks_for_a_scan(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	look_now(world);
	make_folder("orders");
	folder_write("triggers/orders/early.txt", ""); /* perhaps before the watch */
	world_run_until(world, &world->rescans, 1);
	folder_write("triggers/orders/late.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/late.txt"));
	look_now(world);
	world->now_us += LB_MINUTE;
	world_look(world);
	assert_true(world_knows(world, "orders/early.txt"));
}

static void a_folder_nobody_waits_for_asks_for_nothing(void **state)
{
	struct world *world = watch_orders(state);
	make_folder("unknown");
	folder_write("triggers/unknown/unknown_20251123_060000.txt", "");
	run_until_marker(world, "orders");
	assert_int_equal(world->rescans, 0);
	assert_int_equal(world->log.count, 1);
}

static void an_overflow_asks_for_a_scan(void **state)
{
	struct world *world = watch_orders(state);
	const struct inotify_event overflow = {.wd = -1, .mask = IN_Q_OVERFLOW};
	lb_trigger_file_feed(world->source, &overflow, sizeof(overflow));
	assert_int_equal(world->rescans, 1);
	assert_int_equal(world->calls, 0);
}

static void a_cut_off_event_is_left_alone(void **state)
{
	struct world *world = watch_orders(state);
	const struct inotify_event cut = {.wd = 1, .mask = IN_CLOSE_WRITE, .len = 16};
	lb_trigger_file_feed(world->source, &cut, sizeof(cut));
	lb_trigger_file_feed(world->source, &cut, 3);
	assert_int_equal(world->rescans, 0);
	assert_int_equal(world->calls, 0);
}

static void a_folder_put_in_the_place_of_another_is_watched(void **state)
{
	struct world *world = watch_orders(state);
	assert_int_equal(rename("triggers/orders", "triggers/orders.old"), 0);
	make_folder("orders");
	world_run_until(world, &world->rescans, 1);
	look_now(world);
	folder_write("triggers/orders.old/old.txt", "");
	folder_write("triggers/orders/new.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/new.txt"));
	assert_false(world_knows(world, "orders/old.txt"));
}

static void a_folder_that_was_removed_and_made_again_is_watched(void **state)
{
	struct world *world = watch_orders(state);
	assert_int_equal(rmdir("triggers/orders"), 0);
	make_folder("orders");
	world_run_until(world, &world->rescans, 1);
	folder_write("triggers/orders/new.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/new.txt"));
}

static void a_base_put_in_the_place_of_another_is_watched_from_the_next_scan(void **state)
{
	struct world *world = watch_orders(state);
	world_break(world, true);
	assert_int_equal(mkdir("triggers", 0700), 0);
	make_folder("orders");
	world_run_until(world, &world->rescans, 1);
	look_now(world);
	folder_write("gone/orders/old.txt", "");
	folder_write("triggers/orders/new.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_int_equal(world->log.count, 1);
	assert_true(world_knows(world, "orders/new.txt"));
}

static void a_base_that_comes_late_is_watched_from_the_next_scan(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_break(world, true);
	look_now(world);
	assert_int_not_equal(world->error.code, LB_OK);
	world_break(world, false);
	make_folder("orders");
	look_now(world);
	folder_write("triggers/orders/new.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/new.txt"));
}

static void a_sensor_that_is_looked_at_no_more_is_watched_no_more(void **state)
{
	struct world *world = watch_orders(state);
	world_add_sensor(world, "sales");
	make_folder("sales");
	look_now(world);
	world->sensors.count = 0;
	world_add_sensor(world, "sales");
	look_now(world);
	folder_write("triggers/orders/orders_20251123_060000.txt", "");
	run_until_marker(world, "sales");
	assert_int_equal(world->log.count, 1);
}

static void two_sensors_may_share_one_folder_by_a_link(void **state)
{
	struct world *world = watch_orders(state);
	world_add_sensor(world, "sales");
	assert_int_equal(symlink("orders", "triggers/sales"), 0);
	look_now(world);
	folder_write("triggers/orders/both.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_true(world_knows(world, "orders/both.txt"));
	assert_true(world_knows(world, "sales/both.txt"));

	world->sensors.count = 0;
	world_add_sensor(world, "sales");
	look_now(world);
	folder_write("triggers/orders/one.txt", "");
	world_run_until(world, &world->calls, 2);
	assert_true(world_knows(world, "sales/one.txt"));
	assert_false(world_knows(world, "orders/one.txt"));
}

static void a_link_that_leads_elsewhere_now_is_watched_there(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	make_folder("one");
	make_folder("two");
	assert_int_equal(symlink("one", "triggers/orders"), 0);
	look_now(world);
	assert_int_equal(symlink("two", "triggers/link"), 0);
	assert_int_equal(rename("triggers/link", "triggers/orders"), 0);
	world_run_until(world, &world->rescans, 1);
	/* In both, so that only the watch can tell which folder it was written to. */
	folder_write("triggers/two/same.txt", "");
	world_run_until(world, &world->calls, 1);
	world->told = 0;
	world->reports = 0;
	folder_write("triggers/one/same.txt", "");
	folder_write("triggers/two/other.txt", "");
	world_run_until(world, &world->calls, 2);
	assert_int_equal(world->told, 1);
	assert_true(world_knows(world, "orders/other.txt"));
}

static void a_sensor_known_from_before_is_told_of_right_after_a_restart(void **state)
{
	struct world *world = *state;
	world->options.include_existing_files = false;
	(void)watch_orders(state);
	world_restart(world);
	look_now(world);
	folder_write("triggers/orders/new.txt", "");
	world_run_until(world, &world->calls, 1);
	assert_false(world_find(world, "orders/new.txt")->existing);
}

/* Keeps libuv's only worker busy, so that a scan waits behind it. */
struct blocker {
	uv_work_t work;
	uv_sem_t go;
};

static void block(uv_work_t *work)
{
	struct blocker *blocker = work->data;
	uv_sem_wait(&blocker->go);
}

static void blocked(uv_work_t *work, int status)
{
	(void)work;
	(void)status;
}

static void count_done(struct lb_scan *scan)
{
	size_t *done = scan->data;
	(*done)++;
}

static void
before_its_first_sight_a_sensor_whose_existing_files_do_not_count_is_not_told(void **state)
{
	struct world *world = *state;
	world->options.include_existing_files = false;
	world_add_sensor(world, "sales");
	make_folder("sales");
	look_now(world);
	world_add_sensor(world, "orders");
	make_folder("orders");

	struct blocker blocker = {.work.data = &blocker};
	assert_int_equal(uv_sem_init(&blocker.go, 0), 0);
	assert_int_equal(uv_queue_work(&world->loop, &blocker.work, block, blocked), 0);
	size_t done = 0;
	struct lb_scan scan = {.sensors = world->sensors,
			       .now_us = world->now_us,
			       .done = count_done,
			       .data = &done};
	world->source->impl->scan(world->source, &scan);
	folder_write("triggers/orders/meanwhile.txt", "");
	run_until_marker(world, "sales");
	assert_false(world_knows(world, "orders/meanwhile.txt"));

	uv_sem_post(&blocker.go);
	world_run_until(world, &done, 1);
	assert_true(scan.rescan_at_us == scan.now_us); /* it may have come after the listing */
	lb_arena_finish(&scan.arena);
	uv_sem_destroy(&blocker.go);

	size_t calls = world->calls;
	folder_write("triggers/orders/later.txt", "");
	world_run_until(world, &world->calls, calls + 1);
	assert_false(world_find(world, "orders/later.txt")->existing);
}

static void a_destroyed_source_does_not_wait_for_a_scan_that_has_not_begun(void **state)
{
	struct world *world = watch_orders(state);
	struct blocker blocker = {.work.data = &blocker};
	assert_int_equal(uv_sem_init(&blocker.go, 0), 0);
	assert_int_equal(uv_queue_work(&world->loop, &blocker.work, block, blocked), 0);
	size_t done = 0;
	struct lb_scan scan = {.sensors = world->sensors, .done = count_done, .data = &done};
	world->source->impl->scan(world->source, &scan);
	world->source->impl->destroy(world->source);
	world->source = NULL;
	uv_sem_post(&blocker.go);
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(done, 0);
	uv_sem_destroy(&blocker.go);
	lb_arena_finish(&scan.arena);
}

#define CANNOT_LIMIT 77

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return (fd < 0 || close(fd) == 0) && written;
}

static void no_news(const struct lb_watch_news *news, void *data)
{
	(void)news;
	(void)data;
}

/* Watches the sensors twice where the kernel allows three watches, in a user
 * namespace of its own; returns how many folders are watched. */
static int watch_with_few(struct world *world, int log_fd)
{
	struct lb_log log = {.fd = log_fd, .level = LB_LOG_INFO};
	struct lb_watch *watch;
	struct lb_error error;
	if (unshare(CLONE_NEWUSER) != 0 || !write_text("/proc/sys/user/max_inotify_watches", "3")) {
		return CANNOT_LIMIT;
	}
	if (lb_watch_create(&world->loop, world->base, &log, no_news, NULL, &watch, &error) !=
	    LB_OK) {
		return -1;
	}
	lb_watch_prepare(watch, &world->sensors, false);
	lb_watch_prepare(watch, &world->sensors, false);
	return (int)lb_watch_count(watch);
}

static void watches_that_run_out_are_told_once_with_what_to_do(void **state)
{
	struct world *world = *state;
	static const char *const ids[] = {"a", "b", "c", "d", "e"};
	for (size_t i = 0; i < 5; i++) {
		world_add_sensor(world, ids[i]);
		make_folder(ids[i]);
	}
	int log_fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(log_fd >= 0);
	pid_t child = fork();
	if (child == 0) {
		_exit(watch_with_few(world, log_fd));
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(close(log_fd), 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_LIMIT) {
		print_message("# not tried: this machine forbids user namespaces\n");
		return;
	}
	assert_int_equal(WEXITSTATUS(status), 2); /* and the base */
	assert_int_equal(file_lines("log"), 1);
	char *text = file_read("log");
	assert_non_null(strstr(text, "sysctl fs.inotify.max_user_watches="));
	free(text);
}

int main(void)
{
	(void)setenv("UV_THREADPOOL_SIZE", "1", 1);
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)
		TEST(a_file_renamed_into_place_is_told_at_once),
		TEST(a_file_counts_when_it_is_closed_after_writing_and_not_before),
		TEST(what_one_read_brings_is_told_in_one_call),
		TEST(what_is_no_event_is_not_told),
		TEST(a_new_folder_is_watched_and_asks_for_a_scan),
		TEST(a_folder_nobody_waits_for_asks_for_nothing),
		TEST(an_overflow_asks_for_a_scan),
		TEST(a_cut_off_event_is_left_alone),
		TEST(a_folder_put_in_the_place_of_another_is_watched),
		TEST(a_folder_that_was_removed_and_made_again_is_watched),
		TEST(a_base_put_in_the_place_of_another_is_watched_from_the_next_scan),
		TEST(a_base_that_comes_late_is_watched_from_the_next_scan),
		TEST(a_sensor_that_is_looked_at_no_more_is_watched_no_more),
		TEST(two_sensors_may_share_one_folder_by_a_link),
		TEST(a_link_that_leads_elsewhere_now_is_watched_there),
		TEST(a_sensor_known_from_before_is_told_of_right_after_a_restart),
		TEST(before_its_first_sight_a_sensor_whose_existing_files_do_not_count_is_not_told),
		TEST(a_destroyed_source_does_not_wait_for_a_scan_that_has_not_begun),
		TEST(watches_that_run_out_are_told_once_with_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
