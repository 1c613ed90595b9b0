#include "support/store_place_sqlite.h"

#include "support/cmocka.h"
#include "support/memory.h"

#include <sqlite3.h>

struct lb_sqlite_options sqlite_place_options(const struct store_place *place)
{
	return (struct lb_sqlite_options){
		.path = place->path,
		.control_table = PLACE_CONTROL_TABLE,
		.sensor_table = PLACE_SENSOR_TABLE,
		.checkpoint_base = "s3://lake/checkpoints",
		.busy_timeout_us = 5 * LB_SECOND,
		.create = true,
	};
}

struct lb_store *sqlite_place_open(struct store_place *place)
{
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_store *store = NULL;
	struct lb_error error = {0};
	if (lb_sqlite_create(&options, &store, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
	return store;
}

/* A disk that fails does so for the tests' own statements too. */
#define expect_code(code, wanted)                                                                  \
	do {                                                                                       \
		int result_ = (code);                                                              \
		if (result_ != (wanted)) {                                                         \
			memory_failure_told();                                                     \
		}                                                                                  \
		assert_int_equal(result_, wanted);                                                 \
	} while (0)

static sqlite3 *open_database(const struct store_place *place)
{
	sqlite3 *db = NULL;
	expect_code(sqlite3_open(place->path, &db), SQLITE_OK);
	expect_code(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	return db;
}

void sqlite_place_exec(const struct store_place *place, const char *sql)
{
	ON_THE_WORLDS_ACCOUNT;
	sqlite3 *db = open_database(place);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		memory_failure_told();
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
	expect_code(sqlite3_close(db), SQLITE_OK);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		memory_failure_told();
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
	return statement;
}

static const char *column(struct store_place *place, sqlite3_stmt *statement, int index)
{
	return lb_arena_strdup(&place->arena, (const char *)sqlite3_column_text(statement, index));
}

const char *sqlite_place_ask(struct store_place *place, const char *sql)
{
	ON_THE_WORLDS_ACCOUNT;
	sqlite3 *db = open_database(place);
	sqlite3_stmt *statement = prepare(db, sql);
	const char *answer = NULL;
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		answer = column(place, statement, 0);
	} else if (code != SQLITE_DONE) {
		memory_failure_told();
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
	expect_code(sqlite3_finalize(statement), SQLITE_OK);
	expect_code(sqlite3_close(db), SQLITE_OK);
	return answer;
}

static void bind_time(sqlite3_stmt *statement, int index, int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	if (time_us != LB_TIME_NONE) {
		(void)sqlite3_bind_text(statement, index, lb_time_format(time_us, text), -1,
					SQLITE_TRANSIENT);
	}
}

static void run(sqlite3 *db, const char *sql, const struct lb_row *row, bool with_state)
{
	sqlite3_stmt *statement = prepare(db, sql);
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		(void)sqlite3_bind_text(statement, i + 1, row->declared[i], -1, SQLITE_STATIC);
	}
	if (with_state) {
		(void)sqlite3_bind_text(statement, 11, row->status_text, -1, SQLITE_STATIC);
		bind_time(statement, 12, row->latest_event_fetched_at_us);
		bind_time(statement, 13, row->status_changed_at_us);
		bind_time(statement, 14, row->job_started_at_us);
		bind_time(statement, 15, row->job_ended_at_us);
	}
	expect_code(sqlite3_step(statement), SQLITE_DONE);
	expect_code(sqlite3_finalize(statement), SQLITE_OK);
}

void sqlite_place_put_row(struct store_place *place, const struct lb_row *row)
{
	ON_THE_WORLDS_ACCOUNT;
	sqlite3 *db = open_database(place);
	run(db,
	    "DELETE FROM heartbeat_sensor WHERE sensor_id IS ?2 AND trigger_job_id IS ?7 "
	    "AND ?10 IS ?10",
	    row, false);
	run(db,
	    "INSERT INTO heartbeat_sensor (sensor_source, sensor_id, sensor_read_type, "
	    "asset_description, upstream_key, preprocess_query, trigger_job_id, "
	    "trigger_job_name, job_state, dependency_flag, status, "
	    "latest_event_fetched_timestamp, status_change_timestamp, job_start_timestamp, "
	    "job_end_timestamp) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
	    "?13, ?14, ?15)",
	    row, true);
	expect_code(sqlite3_close(db), SQLITE_OK);
}

bool sqlite_place_find_entry(struct store_place *place, const char *sensor_id,
			     struct fake_sensor_entry *ret_entry)
{
	ON_THE_WORLDS_ACCOUNT;
	sqlite3 *db = open_database(place);
	sqlite3_stmt *statement =
		prepare(db, "SELECT sensor_id, assets ->> 0, status, upstream_key, "
			    "status_change_timestamp FROM lakehouse_engine_sensors "
			    "WHERE sensor_id = ?1");
	(void)sqlite3_bind_text(statement, 1, sensor_id, -1, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	bool found = code == SQLITE_ROW;
	if (!found) {
		expect_code(code, SQLITE_DONE);
	}
	if (found) {
		*ret_entry = (struct fake_sensor_entry){
			.sensor_id = column(place, statement, 0),
			.asset = column(place, statement, 1),
			.status = column(place, statement, 2),
			.upstream_key = column(place, statement, 3),
		};
		assert_true(lb_time_parse(column(place, statement, 4),
					  &ret_entry->status_changed_at_us));
		expect_code(sqlite3_step(statement), SQLITE_DONE);
	}
	(void)sqlite3_finalize(statement);
	expect_code(sqlite3_close(db), SQLITE_OK);
	return found;
}
