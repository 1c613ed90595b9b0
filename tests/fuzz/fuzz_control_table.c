/* A control table that people edited: a row with any bytes as any column, a column a
 * line: text, also with a NUL (0), number (#, ~), BLOB (!), or NULL (an empty line). Beside
 * it stands a row that is in order. */
#include "base/time.h"
#include "engine/beat.h"
#include "fuzz/fuzz.h"
#include "stores/sqlite/sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 15
#define NEIGHBOUR "neighbour-of-the-row"

static char path[] = "/dev/shm/lakebeat-fuzz-XXXXXX";
static struct lb_store *store;
static sqlite3 *person;

static void finish(void)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	store->impl->destroy(store);
	(void)sqlite3_close(person);
	for (size_t i = 0; i < 3; i++) {
		char name[sizeof(path) + 8];
		(void)strcpy(stpcpy(name, path), endings[i]);
		(void)unlink(name);
	}
}

static void begin(void)
{
	struct lb_error error;
	int fd = mkstemp(path);
	assert(fd >= 0 && close(fd) == 0);
	struct lb_sqlite_options options = {
		.path = path,
		.control_table = "heartbeat_sensor",
		.sensor_table = "lakehouse_engine_sensors",
		.busy_timeout_us = LB_SECOND,
		.create = true,
	};
	assert(lb_sqlite_create(&options, &store, &error) == LB_OK);
	assert(sqlite3_open(path, &person) == SQLITE_OK);
	assert(sqlite3_exec(person, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK);
	assert(atexit(finish) == 0);
}

static void bind(sqlite3_stmt *statement, int column, const char *line)
{
	switch (line != NULL ? *line : '\0') {
	case '\0':
		(void)sqlite3_bind_null(statement, column);
		break;
	case '#':
		(void)sqlite3_bind_int64(statement, column, strtoll(line + 1, NULL, 10));
		break;
	case '~':
		(void)sqlite3_bind_double(statement, column, strtod(line + 1, NULL));
		break;
	case '!':
		(void)sqlite3_bind_blob(statement, column, line + 1, (int)strlen(line + 1),
					SQLITE_STATIC);
		break;
	case '0':
		/* The NUL of the line's end belongs to it. */
		(void)sqlite3_bind_text(statement, column, line + 1, (int)strlen(line),
					SQLITE_STATIC);
		break;
	default:
		(void)sqlite3_bind_text(statement, column, line, -1, SQLITE_STATIC);
	}
}

static void run_sql(const char *sql)
{
	assert(sqlite3_exec(person, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* False: the table itself refuses such a row. */
static bool edit_table(char *rest)
{
	sqlite3_stmt *statement;
	run_sql("DELETE FROM heartbeat_sensor; DELETE FROM lakehouse_engine_sensors; "
		"DELETE FROM lakebeat_run; DELETE FROM lakebeat_run_input; "
		"DELETE FROM lakebeat_audit; "
		"INSERT INTO heartbeat_sensor (sensor_source, sensor_id, trigger_job_id, status, "
		"job_state, dependency_flag) VALUES ('trigger_file', 'neighbour', '" NEIGHBOUR "', "
		"'NEW_EVENT_AVAILABLE', 'UNPAUSED', 'TRUE')");
	assert(sqlite3_prepare_v2(person,
				  "INSERT INTO heartbeat_sensor VALUES "
				  "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
				  -1, &statement, NULL) == SQLITE_OK);
	for (int column = 1; column <= COLUMNS; column++) {
		bind(statement, column, fuzz_line(&rest));
	}
	bool added = sqlite3_step(statement) == SQLITE_DONE;
	(void)sqlite3_finalize(statement);
	return added;
}

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	(void)data;
	assert(trigger_job_id != NULL);
	return (struct lb_policy){.runner = "fuzz"};
}

/* One row that makes no sense must not keep a beat from all others. */
static void beat(const struct lb_observation_list *observations, struct lb_beat *ret_beat)
{
	static const struct lb_policies policies = {.policy_of = policy_of};
	static const struct lb_beat_runner runner = {.name = "fuzz"};
	struct lb_error error = {0};
	*ret_beat = (struct lb_beat){
		.observations = observations,
		.policies = &policies,
		.now_us = (int64_t)1763877600 * LB_SECOND,
		.random = 1,
		.sweep = true,
		.plan_runs = true,
		.who = "fuzzer",
		.runners = &runner,
		.runner_count = 1,
	};
	if (lb_beat_run(store, ret_beat, &error) != LB_OK) {
		(void)fprintf(stderr, "%s\n", error.message);
		abort();
	}
}

/* What the runner says of the runs that were handed out: taken, and done well. */
static void observe(struct lb_arena *arena, const struct lb_due_run_list *due,
		    struct lb_observation_list *list)
{
	for (size_t i = 0; i < due->count; i++) {
		const struct lb_run *run = &due->items[i].run;
		struct lb_observation *taken = lb_list_add(arena, list);
		assert(taken != NULL);
		*taken = (struct lb_observation){.kind = LB_OBSERVED_SUBMISSION};
		taken->submission = (struct lb_submission_seen){
			run->trigger_job_id, run->token, LB_SUBMIT_ACCEPTED, "1", NULL, NULL, 0};
		struct lb_observation *ended = lb_list_add(arena, list);
		assert(ended != NULL);
		*ended = (struct lb_observation){.kind = LB_OBSERVED_RUN};
		ended->run = (struct lb_run_seen){run->trigger_job_id, run->token, LB_RUN_SUCCEEDED,
						  NULL, (int64_t)1763877600 * LB_SECOND};
	}
}

static int64_t count(const char *sql)
{
	sqlite3_stmt *statement;
	assert(sqlite3_prepare_v2(person, sql, -1, &statement, NULL) == SQLITE_OK);
	assert(sqlite3_step(statement) == SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return number;
}

/* No event came, so a job that ran is not started again, and the neighbour was
 * started whatever stands in the other row. */
static void check_runs(bool shared)
{
	assert(count("SELECT count(*) - count(DISTINCT trigger_job_id) FROM lakebeat_run") == 0);
	assert(count("SELECT count(*) FROM lakebeat_run WHERE state != 'SUCCEEDED'") == 0);
	assert(shared || count("SELECT count(*) FROM heartbeat_sensor WHERE trigger_job_id = "
			       "'" NEIGHBOUR "' AND status = 'COMPLETED'") == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	if (store == NULL) {
		begin();
	}
	bool shared = memmem(data, size, NEIGHBOUR, strlen(NEIGHBOUR)) != NULL;
	if (edit_table(fuzz_text(&arena, data, size))) {
		struct lb_observation_list observations = {0};
		struct lb_beat first;
		struct lb_beat second;
		struct lb_beat third;
		beat(&observations, &first);
		observe(&arena, &first.due, &observations);
		beat(&observations, &second);
		observations.count = 0;
		beat(&observations, &third);
		assert(third.due.count == 0);
		check_runs(shared);
		lb_arena_finish(&third.arena);
		lb_arena_finish(&second.arena);
		lb_arena_finish(&first.arena);
	}
	lb_arena_finish(&arena);
	return 0;
}
