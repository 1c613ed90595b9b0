/* jobs.h: trigger jobs in a few words, for tests of core. */
#ifndef LB_TESTS_JOBS_H
#define LB_TESTS_JOBS_H

#include "core/lifecycle.h"
#include "core/readiness.h"

#define TEST_NOW_US ((int64_t)1763877600 * 1000000) /* 2025-11-23T06:00:00Z */

/* A job and what a test has done to it so far; everything lives in arena. */
struct test_job {
	struct lb_arena arena;
	struct lb_job job;
	struct lb_changes changes;
	struct lb_error error;
	int64_t now_us;
};

/* Job "666" on runner "test", without rows. */
void test_job_init(struct test_job *test);
void test_job_finish(struct test_job *test);

/* Adds a row; status NULL for SQL's NULL. Its sensor has the number of the row,
 * from 1, and no events. */
struct lb_row *test_job_add(struct test_job *test, const char *sensor_id, const char *flag,
			    const char *state, const char *status);

/* count more events for a row, observed now. Then settle, planning runs. */
void test_job_deliver(struct test_job *test, const char *sensor_id, int64_t count);
void test_job_settle(struct test_job *test);

struct lb_row *test_job_row(struct test_job *test, const char *sensor_id);
enum lb_job_verdict test_job_verdict(struct test_job *test);
enum lb_row_verdict test_job_row_verdict(struct test_job *test, const char *sensor_id);

/* The run in flight is given token; then accepted, ended. Each starts a new set
 * of changes and settles. */
void test_job_accept(struct test_job *test, const char *token);
void test_job_end(struct test_job *test, enum lb_run_state state, const char *message);

/* Starts a new set of changes, as a new beat does. */
void test_job_next_beat(struct test_job *test);

#endif
