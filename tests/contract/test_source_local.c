/* What the source makes of real folders: links, broken folders, and what an idle
 * pass costs. */
#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/local.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/source_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD LB_HOUR

/* The real local lister, counting. */
struct counting_lister {
	struct lb_folder_lister base;
	struct lb_folder_lister *inner;
	size_t folder_times;
	size_t lists;
};

static struct counting_lister counting;

static enum lb_err counting_open(struct lb_folder_lister *lister, struct lb_error *error)
{
	enum lb_err err = counting.inner->impl->open(counting.inner, error);
	lister->folder_time_trust_us = counting.inner->folder_time_trust_us;
	return err;
}

static enum lb_err counting_folder_time(struct lb_folder_lister *lister, const char *sensor_id,
					int64_t *ret_time_ns, struct lb_error *error)
{
	(void)lister;
	counting.folder_times++;
	return counting.inner->impl->folder_time(counting.inner, sensor_id, ret_time_ns, error);
}

static enum lb_err counting_list(struct lb_folder_lister *lister, const char *sensor_id,
				 struct lb_arena *arena, struct lb_listed_list *ret_files,
				 struct lb_error *error)
{
	(void)lister;
	counting.lists++;
	return counting.inner->impl->list(counting.inner, sensor_id, arena, ret_files, error);
}

static void counting_close(struct lb_folder_lister *lister)
{
	(void)lister;
	counting.inner->impl->close(counting.inner);
}

static void counting_destroy(struct lb_folder_lister *lister)
{
	(void)lister;
	counting.inner->impl->destroy(counting.inner);
}

static const struct lb_folder_lister_impl counting_impl = {
	.open = counting_open,
	.folder_time = counting_folder_time,
	.list = counting_list,
	.close = counting_close,
	.destroy = counting_destroy,
};

static void count_calls(struct world *world)
{
	struct lb_error error;
	counting = (struct counting_lister){.base.impl = &counting_impl};
	assert_int_equal(lb_local_lister_create(world->base, &counting.inner, &error), LB_OK);
	world_open_over(world, &counting.base);
}

static void idle_folders_cost_one_stat_each(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 40; i++) {
		char key[64];
		(void)snprintf(key, sizeof(key), "s%02d", i);
		world_add_sensor(world, key);
		(void)snprintf(key, sizeof(key), "s%02d/s%02d_20251123_050000.txt", i, i);
		world_put(world, key, OLD);
	}
	count_calls(world);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 40);
	assert_int_equal(counting.lists, 40);

	counting.folder_times = counting.lists = 0;
	world_look_after(world, LB_MINUTE);
	assert_int_equal(counting.folder_times, 40);
	assert_int_equal(counting.lists, 0);
	assert_int_equal(world->reports, 0);
}

static void only_the_folder_that_changed_is_listed(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_add_sensor(world, "sales");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_put(world, "sales/sales_20251123_050000.txt", OLD);
	count_calls(world);
	world_look_after(world, LB_MINUTE);
	world_put(world, "sales/sales_20251123_060000.txt", LB_MINUTE);
	counting.lists = 0;
	world_look_after(world, LB_MINUTE);
	assert_int_equal(counting.lists, 1);
	assert_int_equal(world->fresh, 1);
	assert_int_equal(world->reports, 1);
}

/* A second change may leave the folder with the same time, as far as its clock
 * can tell. */
static void a_folder_that_changed_right_before_the_listing_is_listed_again(void **state)
{
	struct world *world = *state;
	world->options.settle_us = 0;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_060000.txt", 0);
	world->now_us += LB_SECOND;
	world_look(world);
	assert_int_equal(world->fresh, 1);
	assert_true(world_sensor(world, "orders")->checkpoint.folder_time_ns == 0);

	world->now_us -= LB_SECOND;
	world_put(world, "orders/orders_20251123_060001.txt", 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_true(world_sensor(world, "orders")->checkpoint.folder_time_ns != 0);
}

static void overwrites_that_are_allowed_later_are_found(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	int64_t folder_changed_at_us = world->now_us;
	world_look_after(world, LB_MINUTE);
	world_restart(world);
	world->options.allow_overwrites = true;
	world->now_us = folder_changed_at_us; /* overwriting in place leaves it as it was */
	world_put(world, "orders/orders_20251123_050000.txt", LB_MINUTE);
	world_look_after(world, 2 * LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void one_unreadable_folder_does_not_stop_the_others(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "a");
	world_add_sensor(world, "b");
	world_add_sensor(world, "c");
	world_add_sensor(world, "d");
	world_put(world, "a/a_20251123_050000.txt", OLD);
	world_put(world, "d/d_20251123_050000.txt", OLD);
	assert_int_equal(symlink("b", "triggers/b"), 0); /* leads round in a circle */
	folder_write("triggers/c", "not a folder");
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->error.code, LB_OK);
	assert_int_equal(world->fresh, 2);
	assert_int_equal(world->failed, 2);
	assert_true(lb_text_starts_with(world_sensor(world, "b")->last_error,
					"cannot look at the folder /tmp/"));
	assert_true(lb_text_ends_with(
		world_sensor(world, "c")->last_error,
		"/triggers/c is not a folder; trigger files are expected inside it"));
	assert_null(world_sensor(world, "d")->last_error);
}

static void a_folder_that_becomes_readable_loses_its_error(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	folder_write("triggers/orders", "not a folder");
	world_look_after(world, LB_MINUTE);
	assert_non_null(world_sensor(world, "orders")->last_error);
	assert_int_equal(unlink("triggers/orders"), 0);
	world_put(world, "orders/orders_20251123_060000.txt", LB_MINUTE);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
	assert_null(world_sensor(world, "orders")->last_error);
}

/* Root may read anything, so some things are done as nobody; glibc changes all
 * threads at once. Nothing happens to other users. */
static bool was_root;

static void give_up_root(void)
{
	was_root = geteuid() == 0;
	if (was_root) {
		assert_int_equal(chmod(".", 0755), 0);
		assert_int_equal(chmod("triggers", 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
}

static void take_back_root(void)
{
	if (was_root) {
		assert_int_equal(seteuid(0), 0);
	}
}

static void a_folder_without_the_right_to_read_it_is_an_error_until_it_is_given(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);

	assert_int_equal(chmod("triggers/orders", 0), 0);
	give_up_root();
	world->now_us += LB_DAY; /* a full pass, for chmod does not change the folder's time */
	world_look(world);
	assert_int_equal(world->failed, 1);
	assert_true(lb_text_ends_with(world_sensor(world, "orders")->last_error,
				      "/triggers/orders: Permission denied"));
	take_back_root();
	assert_int_equal(chmod("triggers/orders", 0700), 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->failed, 0);
	assert_null(world_sensor(world, "orders")->last_error);
	assert_int_equal(world->listed_all, 1);
}

static void forget_all(struct world *world)
{
	world_restart(world);
	world->log.count = 0;
	for (size_t i = 0; i < world->sensors.count; i++) {
		struct lb_sensor *sensor = &world->sensors.items[i];
		sensor->checkpoint =
			(struct lb_checkpoint){.floor = "", .full_pass_at_us = LB_TIME_NONE};
		sensor->last_error = NULL;
	}
}

/* Whichever allocation fails: what was told is true, and the next pass finds the
 * rest. */
static void a_pass_that_runs_out_of_memory_loses_nothing(void **state)
{
	struct world *world = *state;
	world->options.watch = true;
	for (int i = 0; i < 25; i++) {
		char key[64];
		(void)snprintf(key, sizeof(key), "s%02d", i);
		world_add_sensor(world, key);
		(void)snprintf(key, sizeof(key), "s%02d/s%02d_20251123_050000.txt", i, i);
		world_put(world, key, OLD);
	}
	world->now_us += LB_MINUTE;
	size_t failures = 0;
	do {
		world->allocations++;
		world_look(world);
		bool failed = world->allocation_failed;
		failures += failed;
		world->allocations = failed ? world->allocations : 0;
		size_t allocations = world->allocations;
		world->allocations = 0;
		world_look_after(world, LB_SECOND);
		assert_int_equal(world->error.code, LB_OK);
		assert_int_equal(world->log.count, 25);
		world->allocations = allocations;
		forget_all(world);
	} while (world->allocations > 0);
	assert_true(failures > 50);
}

static void a_missing_base_is_told_with_what_to_do(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_break(world, true);
	world_look(world);
	assert_int_equal(world->error.code, LB_NOT_FOUND);
	assert_non_null(strstr(world->error.message, world->base));
	assert_non_null(strstr(world->error.message, "No such file or directory"));
	assert_non_null(strstr(world->error.message, "base_trigger_file_location"));
}

static void a_missing_folder_is_no_error(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_look(world);
	assert_int_equal(world->failed, 0);
	assert_null(world_sensor(world, "orders")->last_error);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->reports, 0);
}

static void links_to_files_count_and_links_to_nowhere_do_not(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "elsewhere/data", OLD);
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	assert_int_equal(symlink("../elsewhere/data", "triggers/orders/link.txt"), 0);
	assert_int_equal(symlink("../elsewhere/nothing", "triggers/orders/dangling.txt"), 0);
	assert_int_equal(symlink("../elsewhere", "triggers/orders/folder.txt"), 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 2);
	assert_int_equal(world->failed, 0);
	assert_true(world_knows(world, "orders/link.txt"));
}

static void what_is_not_a_file_is_no_event(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	assert_int_equal(mkfifo("triggers/orders/pipe.txt", 0600), 0);
	assert_int_equal(mkdir("triggers/orders/folder.txt", 0700), 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void a_file_without_a_byte_counts(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	assert_int_equal(mkdir("triggers/orders", 0700), 0);
	folder_write("triggers/orders/orders_20251123_050000.txt", "");
	world_look(world); /* the machine's clock is ahead of the world's */
	assert_int_equal(world->fresh, 1);
}

static void the_base_may_be_a_link(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_break(world, true);
	assert_int_equal(symlink("gone", "triggers"), 0);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void the_base_may_be_a_file_url(void **state)
{
	struct world *world = *state;
	char path[400];
	(void)snprintf(path, sizeof(path), "%.300s", world->base);
	(void)snprintf(world->base, sizeof(world->base), "file://%s", path);
	world_add_sensor(world, "orders");
	world_put(world, "orders/orders_20251123_050000.txt", OLD);
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 1);
}

static void assert_path(const char *base_location, const char *wanted)
{
	struct lb_error error = {0};
	char *path = NULL;
	enum lb_err err = lb_local_path(base_location, &path, &error);
	if (wanted == NULL) {
		assert_int_equal(err, LB_INVALID);
		assert_non_null(strstr(error.message, base_location));
	} else {
		assert_int_equal(err, LB_OK);
		assert_string_equal(path, wanted);
	}
	lb_free(path);
}

static void only_local_folders_are_taken_for_local(void **state)
{
	(void)state;
	assert_path("/data/triggers", "/data/triggers");
	assert_path("/data/triggers//", "/data/triggers");
	assert_path("/", "/");
	assert_path("triggers", "triggers");
	assert_path("odd:name", "odd:name");
	assert_path("file:///data", "/data");
	assert_path("file:/data/", "/data");
	assert_path("file://localhost/data", "/data");
	assert_path("file://elsewhere/data", NULL);
	assert_path("s3://bucket/triggers", NULL);
	assert_path("dbfs:/triggers", NULL);
	assert_path("", NULL);
}

static void a_source_with_a_bad_glob_or_place_is_not_made(void **state)
{
	struct world *world = *state;
	struct lb_source *source;
	struct lb_error error;
	world->options.path_glob_filter = "*.{txt";
	assert_int_equal(lb_trigger_file_local_create(&world->loop, world->base, &world->options,
						      NULL, &source, &error),
			 LB_INVALID);
	world->options.path_glob_filter = NULL;
	assert_int_equal(lb_trigger_file_local_create(&world->loop, "s3://bucket", &world->options,
						      NULL, &source, &error),
			 LB_INVALID);
}

static void a_folder_full_of_files_is_told_in_byte_order(void **state)
{
	struct world *world = *state;
	world_add_sensor(world, "orders");
	for (int i = 0; i < 500; i++) {
		char key[64];
		(void)snprintf(key, sizeof(key), "orders/%03d", i * 7 % 500);
		world_put(world, key, OLD);
	}
	world_look_after(world, LB_MINUTE);
	assert_int_equal(world->fresh, 500);
	for (size_t i = 1; i < world->log.count; i++) {
		assert_true(strcmp(world->log.items[i - 1].key, world->log.items[i].key) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, world_setup_local, world_teardown)
		TEST(idle_folders_cost_one_stat_each),
		TEST(only_the_folder_that_changed_is_listed),
		TEST(a_folder_that_changed_right_before_the_listing_is_listed_again),
		TEST(overwrites_that_are_allowed_later_are_found),
		TEST(one_unreadable_folder_does_not_stop_the_others),
		TEST(a_folder_that_becomes_readable_loses_its_error),
		TEST(a_folder_without_the_right_to_read_it_is_an_error_until_it_is_given),
		TEST(a_pass_that_runs_out_of_memory_loses_nothing),
		TEST(a_missing_base_is_told_with_what_to_do),
		TEST(a_missing_folder_is_no_error),
		TEST(links_to_files_count_and_links_to_nowhere_do_not),
		TEST(what_is_not_a_file_is_no_event),
		TEST(a_file_without_a_byte_counts),
		TEST(the_base_may_be_a_link),
		TEST(the_base_may_be_a_file_url),
		TEST(only_local_folders_are_taken_for_local),
		TEST(a_source_with_a_bad_glob_or_place_is_not_made),
		TEST(a_folder_full_of_files_is_told_in_byte_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
