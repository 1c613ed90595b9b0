/* A control table that people edited: any bytes as any column, as text, blob or number.
 * The store reads it and a beat copes with it. A column a line; the first byte of a line
 * says how it is stored. */
#include "base/time.h"
#include "engine/beat.h"
#include "fuzz/fuzz.h"
#include "stores/sqlite/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 15

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
	default:
		(void)sqlite3_bind_text(statement, column, line, -1, SQLITE_STATIC);
	}
}

/* False: the table itself refuses such a row. */
static bool edit_table(char *rest)
{
	sqlite3_stmt *statement;
	assert(sqlite3_exec(person,
			    "DELETE FROM heartbeat_sensor; DELETE FROM lakebeat_run; "
			    "DELETE FROM lakebeat_audit",
			    NULL, NULL, NULL) == SQLITE_OK);
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

static void beat(void)
{
	struct lb_error error = {0};
	struct lb_observation_list none = {0};
	struct lb_policies policies = {.policy_of = policy_of};
	struct lb_beat_runner runner = {.name = "fuzz"};
	struct lb_beat beat = {
		.observations = &none,
		.policies = &policies,
		.now_us = (int64_t)1763877600 * LB_SECOND,
		.random = 1,
		.sweep = true,
		.plan_runs = true,
		.who = "fuzzer",
		.runners = &runner,
		.runner_count = 1,
	};
	if (lb_beat_run(store, &beat, &error) != LB_OK) {
		fuzz_check_error(&error);
	}
	lb_arena_finish(&beat.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	if (store == NULL) {
		begin();
	}
	if (edit_table(fuzz_text(&arena, data, size))) {
		beat();
		beat();
	}
	lb_arena_finish(&arena);
	return 0;
}
