/* Data feeds applied to the fake tables, each first with every allocation and
 * every call of the store failing: it is applied whole, or not at all. */
#include "base/time.h"
#include "engine/feed.h"
#include "support/cmocka.h"
#include "support/fake_store.h"
#include "support/memory.h"

#include <string.h>

#define NOW_US ((int64_t)1763877600 * LB_SECOND)

struct scene {
	struct fake_tables *tables;
	struct lb_store *store;
	struct lb_arena arena;
	struct lb_row_list wanted;
	struct lb_feed feed; /* the latest that was run to its end */
	bool dry_run;
	bool force;
	bool existing;
};

static int setup(void **state)
{
	static struct scene scene;
	scene = (struct scene){.existing = true};
	scene.tables = fake_tables_create();
	scene.store = fake_store_create(scene.tables);
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	lb_arena_finish(&scene->feed.arena);
	lb_arena_finish(&scene->arena);
	scene->store->impl->destroy(scene->store);
	fake_tables_destroy(scene->tables);
	return 0;
}

static struct lb_row *want(struct scene *scene, const char *sensor_id, const char *job_id,
			   const char *flag)
{
	struct lb_row *row = lb_list_add(&scene->arena, &scene->wanted);
	assert_non_null(row);
	row->latest_event_fetched_at_us = LB_TIME_NONE;
	row->status_changed_at_us = LB_TIME_NONE;
	row->job_started_at_us = LB_TIME_NONE;
	row->job_ended_at_us = LB_TIME_NONE;
	row->declared[LB_DECLARED_sensor_source] = "trigger_file";
	row->declared[LB_DECLARED_sensor_id] = sensor_id;
	row->declared[LB_DECLARED_trigger_job_id] = job_id;
	row->declared[LB_DECLARED_job_state] = "UNPAUSED";
	row->declared[LB_DECLARED_dependency_flag] = flag;
	return row;
}

static enum lb_err try_feed(struct scene *scene, struct lb_feed *feed)
{
	struct lb_error error = {0};
	*feed = (struct lb_feed){
		.wanted = &scene->wanted,
		.now_us = NOW_US,
		.who = "test",
		.dry_run = scene->dry_run,
		.force = scene->force,
		.existing = scene->existing,
	};
	enum lb_err err = lb_feed_run(scene->store, feed, &error);
	assert_int_equal(err, error.code);
	return err;
}

/* A feed that only a commit or a plan's danger may stop: err, when it is whole. */
static void assert_fails_whole(struct scene *scene, enum lb_err err)
{
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		struct lb_feed feed;
		fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_FULL);
		memory_fail_after(count);
		enum lb_err got = try_feed(scene, &feed);
		failed = memory_restore();
		assert_int_equal(got, failed ? LB_NOMEM : err);
		assert_false(feed.applied);
		lb_arena_finish(&feed.arena);
	}
	failed = true;
	for (size_t count = 0; failed; count++) {
		struct lb_feed feed;
		fake_tables_fail_call(scene->tables, count, LB_BUSY);
		fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_FULL);
		enum lb_err got = try_feed(scene, &feed);
		failed = fake_tables_calls_left(scene->tables) == SIZE_MAX;
		fake_tables_fail_call(scene->tables, 0, LB_OK);
		assert_int_equal(got, failed ? LB_BUSY : err);
		assert_false(feed.applied);
		lb_arena_finish(&feed.arena);
	}
	fake_tables_fail_commit(scene->tables, FAKE_COMMIT_LOST, LB_OK);
}

static void apply(struct scene *scene)
{
	assert_fails_whole(scene, LB_FULL);
	lb_arena_finish(&scene->feed.arena);
	assert_int_equal(try_feed(scene, &scene->feed), LB_OK);
}

static enum lb_err record_body(struct lb_store *store, void *data, struct lb_error *error)
{
	return store->impl->record(store, data, NULL, error);
}

static void deliver(struct scene *scene, const char *sensor_id, const char *file_name)
{
	struct lb_sensor_report_list reports = {0};
	struct lb_sensor_report *report = lb_list_add(&scene->arena, &reports);
	assert_non_null(report);
	*report = (struct lb_sensor_report){
		.sensor_source = "trigger_file",
		.base_location = "/triggers",
		.sensor_id = sensor_id,
		.observed_at_us = NOW_US,
	};
	struct lb_file *file = lb_list_add(&scene->arena, &report->files);
	assert_non_null(file);
	*file = (struct lb_file){.file_name = file_name, .file_path = file_name, .etag = "1"};
	struct lb_error error;
	assert_int_equal(scene->store->impl->transact(scene->store, LB_STORE_WRITE, record_body,
						      &reports, &error),
			 LB_OK);
}

struct question {
	struct lb_arena arena;
	struct lb_job_list jobs;
};

static enum lb_err load_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct question *question = data;
	struct lb_job_query query = {.all = true};
	return store->impl->load_jobs(store, &query, &question->arena, &question->jobs, error);
}

/* Of the only job's row. */
static int64_t waiting_events(const struct scene *scene, const char *sensor_id)
{
	struct question question = {0};
	struct lb_error error;
	assert_int_equal(scene->store->impl->transact(scene->store, LB_STORE_READ, load_body,
						      &question, &error),
			 LB_OK);
	assert_int_equal(question.jobs.count, 1);
	int64_t waiting = -1;
	for (size_t i = 0; i < question.jobs.items[0].rows.count; i++) {
		const struct lb_row *row = &question.jobs.items[0].rows.items[i];
		if (strcmp(lb_row_sensor_id(row), sensor_id) == 0) {
			waiting = lb_row_waiting_events(row);
		}
	}
	lb_arena_finish(&question.arena);
	return waiting;
}

static void a_feed_adds_changes_and_removes_rows_in_one_transaction(void **state)
{
	struct scene *scene = *state;
	want(scene, "orders", "555", "TRUE");
	want(scene, "rates", "555", "TRUE");
	want(scene, "weather", "111", "FALSE");
	want(scene, "weather", "777", "FALSE");
	apply(scene);
	assert_true(scene->feed.applied);
	assert_int_equal(scene->feed.plan.notices.count, 2);
	scene->wanted.count = 0;
	want(scene, "orders", "555", "FALSE");
	want(scene, "fx", "555", "TRUE");
	apply(scene);
	assert_non_null(fake_tables_find_row(scene->tables, "fx", "555"));
	assert_null(fake_tables_find_row(scene->tables, "rates", "555"));
	const struct lb_row *orders = fake_tables_find_row(scene->tables, "orders", "555");
	assert_string_equal(orders->declared[LB_DECLARED_dependency_flag], "FALSE");
}

static void the_same_feed_again_is_no_change(void **state)
{
	struct scene *scene = *state;
	want(scene, "orders", "555", "TRUE");
	apply(scene);
	apply(scene);
	assert_false(scene->feed.applied);
	assert_int_equal(scene->feed.plan.unchanged, 1);
}

static void a_dry_run_plans_and_changes_nothing(void **state)
{
	struct scene *scene = *state;
	want(scene, "orders", "555", "TRUE");
	scene->dry_run = true;
	assert_int_equal(try_feed(scene, &scene->feed), LB_OK);
	assert_int_equal(scene->feed.plan.changes.count, 1);
	assert_null(fake_tables_find_row(scene->tables, "orders", "555"));
}

static void a_dangerous_removal_is_refused_with_its_plan_unless_forced(void **state)
{
	struct scene *scene = *state;
	want(scene, "orders", "555", "TRUE");
	apply(scene);
	deliver(scene, "orders", "a.txt");
	scene->wanted.count = 0;
	assert_fails_whole(scene, LB_REFUSED);
	lb_arena_finish(&scene->feed.arena);
	assert_int_equal(try_feed(scene, &scene->feed), LB_REFUSED);
	assert_string_equal(scene->feed.plan.changes.items[0].danger,
			    "1 event is not consumed yet");
	scene->force = true;
	apply(scene);
	assert_null(fake_tables_find_row(scene->tables, "orders", "555"));
}

static void without_existing_files_an_added_row_starts_behind_them(void **state)
{
	struct scene *scene = *state;
	want(scene, "orders", "555", "TRUE");
	deliver(scene, "orders", "a.txt");
	deliver(scene, "rates", "b.txt");
	apply(scene);
	assert_int_equal(waiting_events(scene, "orders"), 1);
	scene->existing = false;
	want(scene, "rates", "555", "TRUE");
	want(scene, "fx", "555", "TRUE"); /* nobody ever looked at it */
	apply(scene);
	assert_int_equal(waiting_events(scene, "orders"), 1);
	assert_int_equal(waiting_events(scene, "rates"), 0);
	assert_int_equal(waiting_events(scene, "fx"), 0);
	deliver(scene, "rates", "c.txt");
	assert_int_equal(waiting_events(scene, "rates"), 1);
	/* A feed that adds no row has nothing to step over. */
	scene->wanted.items[0].declared[LB_DECLARED_dependency_flag] = "FALSE";
	apply(scene);
	assert_int_equal(waiting_events(scene, "orders"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_feed_adds_changes_and_removes_rows_in_one_transaction),
		TEST(the_same_feed_again_is_no_change),
		TEST(a_dry_run_plans_and_changes_nothing),
		TEST(a_dangerous_removal_is_refused_with_its_plan_unless_forced),
		TEST(without_existing_files_an_added_row_starts_behind_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
