#include "support/jobs.h"

#include "base/text.h"
#include "base/time.h"
#include "support/cmocka.h"

#include <string.h>

void test_job_init(struct test_job *test)
{
	*test = (struct test_job){.now_us = TEST_NOW_US};
	test->job = (struct lb_job){
		.trigger_job_id = "666",
		.policy = {.runner = "test"},
	};
	test_job_next_beat(test);
}

void test_job_finish(struct test_job *test)
{
	lb_arena_finish(&test->arena);
}

void test_job_next_beat(struct test_job *test)
{
	test->changes = (struct lb_changes){.arena = &test->arena, .who = "test"};
	if (test->job.run != NULL) {
		test->job.run->changed = false;
	}
	for (size_t i = 0; i < test->job.rows.count; i++) {
		test->job.rows.items[i].changed = false;
	}
}

struct lb_row *test_job_add(struct test_job *test, const char *sensor_id, const char *flag,
			    const char *state, const char *status)
{
	struct lb_row *row = lb_list_add(&test->arena, &test->job.rows);
	assert_non_null(row);
	row->declared[LB_DECLARED_sensor_source] = "trigger_file";
	row->declared[LB_DECLARED_sensor_id] = sensor_id;
	row->declared[LB_DECLARED_trigger_job_id] = test->job.trigger_job_id;
	row->declared[LB_DECLARED_job_state] = state;
	row->declared[LB_DECLARED_dependency_flag] = flag;
	row->status = lb_status_parse(status);
	row->status_text = status;
	row->latest_event_fetched_at_us = LB_TIME_NONE;
	row->status_changed_at_us = LB_TIME_NONE;
	row->job_started_at_us = LB_TIME_NONE;
	row->job_ended_at_us = LB_TIME_NONE;
	row->cursors = lb_arena_alloc(&test->arena, sizeof(*row->cursors));
	assert_non_null(row->cursors);
	row->cursors[0] = (struct lb_cursor){
		.sensor = (int64_t)test->job.rows.count,
		.last_event_at_us = LB_TIME_NONE,
	};
	row->cursor_count = 1;
	return row;
}

struct lb_row *test_job_row(struct test_job *test, const char *sensor_id)
{
	for (size_t i = 0; i < test->job.rows.count; i++) {
		if (lb_text_equal(lb_row_sensor_id(&test->job.rows.items[i]), sensor_id)) {
			return &test->job.rows.items[i];
		}
	}
	fail_msg("no row for %s", sensor_id);
	return NULL;
}

void test_job_settle(struct test_job *test)
{
	assert_int_equal(
		lb_job_settle(&test->job, true, test->now_us, &test->changes, &test->error), LB_OK);
}

void test_job_deliver(struct test_job *test, const char *sensor_id, int64_t count)
{
	struct lb_cursor *cursor = &test_job_row(test, sensor_id)->cursors[0];
	cursor->last_seq += count;
	cursor->last_event_at_us = test->now_us;
	test_job_next_beat(test);
	test_job_settle(test);
}

static void judge(struct test_job *test, struct lb_readiness *ret_readiness)
{
	assert_int_equal(lb_readiness_judge(&test->job, &test->arena, ret_readiness, &test->error),
			 LB_OK);
}

enum lb_job_verdict test_job_verdict(struct test_job *test)
{
	struct lb_readiness readiness;
	judge(test, &readiness);
	return readiness.verdict;
}

enum lb_row_verdict test_job_row_verdict(struct test_job *test, const char *sensor_id)
{
	struct lb_readiness readiness;
	judge(test, &readiness);
	return readiness.rows[test_job_row(test, sensor_id) - test->job.rows.items];
}

void test_job_accept(struct test_job *test, const char *token)
{
	assert_non_null(test->job.run);
	(void)strncpy(test->job.run->token, token, LB_TOKEN_LENGTH);
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_accepted(&test->job, token, "42", "http://run/42", test->now_us,
					     &test->changes, &test->error),
			 LB_OK);
	test_job_settle(test);
}

void test_job_end(struct test_job *test, enum lb_run_state state, const char *message)
{
	test_job_next_beat(test);
	assert_int_equal(lb_job_run_ended(&test->job, test->job.run->token, state, message,
					  test->now_us, test->now_us, &test->changes, &test->error),
			 LB_OK);
	test_job_settle(test);
}
