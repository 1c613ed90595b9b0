/* What the SQLite store alone promises: of its file, its schema, and other
 * processes. */
#include "base/text.h"
#include "support/cmocka.h"
#include "support/store_place.h"
#include "support/store_place_sqlite.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DB "my_database.db"

static struct store_place *closed(void **state)
{
	struct store_place *place = *state;
	place->store->impl->destroy(place->store);
	place->store = NULL;
	return place;
}

static int teardown(void **state)
{
	struct store_place *place = *state;
	if (place->store == NULL) {
		(void)unlink(DB);
		place->store = place_open(place);
	}
	return place_teardown(state);
}

/* Opening fails with code, and a message in which all words occur. */
static void assert_refused(const struct lb_sqlite_options *options, enum lb_err code,
			   const char *word, const char *other_word)
{
	struct lb_store *store = NULL;
	struct lb_error error = {0};
	assert_int_equal(lb_sqlite_create(options, &store, &error), code);
	assert_null(store);
	if (strstr(error.message, word) == NULL || strstr(error.message, other_word) == NULL) {
		fail_msg("'%s' lacks '%s' or '%s'", error.message, word, other_word);
	}
}

static void read_file(const char *name, char *content, size_t size, size_t *ret_length)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t length = read(fd, content, size);
	assert_true(length >= 0 && (size_t)length < size);
	assert_int_equal(close(fd), 0);
	*ret_length = (size_t)length;
}

static mode_t mode_of(const char *name)
{
	struct stat status;
	assert_int_equal(stat(name, &status), 0);
	return status.st_mode & 07777;
}

static void the_file_is_private_whatever_the_umask(void **state)
{
	struct store_place *place = closed(state);
	assert_int_equal(unlink(DB), 0);
	mode_t before = umask(0);
	place->store = place_open(place);
	umask(before);
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	assert_int_equal(mode_of(DB), 0600);
	assert_int_equal(mode_of(DB "-wal"), 0600);
	assert_int_equal(mode_of(DB "-shm"), 0600);
}

/* SQLite calls this one instead of libc's. */
static int flushes;

int fdatasync(int fd)
{
	flushes++;
	return (int)syscall(SYS_fdatasync, fd);
}

static void a_commit_is_flushed_to_the_write_ahead_log_before_it_is_over(void **state)
{
	struct store_place *place = *state;
	struct stat status;
	assert_string_equal(sqlite_place_ask(place, "PRAGMA journal_mode"), "wal");
	for (int i = 0; i < 3; i++) {
		flushes = 0;
		(void)place_deliver(place, "a", (const char *const[]){"x", "y", "z"}[i]);
		assert_true(flushes > 0);
	}
	assert_int_equal(stat(DB "-wal", &status), 0);
	assert_true(status.st_size > 0);
}

static off_t size_of(const char *name)
{
	struct stat status;
	assert_int_equal(stat(name, &status), 0);
	return status.st_size;
}

static void the_log_is_written_back_beside_a_read_and_not_in_a_commit(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	off_t before = size_of(DB);
	for (int i = 0; size_of(DB "-wal") < 1100 * 4120; i++) {
		char name[16];
		assert_true(i < 1000);
		(void)snprintf(name, sizeof(name), "%d", i);
		(void)place_deliver(place, "a", name);
	}
	assert_true(size_of(DB) == before);
	(void)place_load_sensors(place, NULL, NULL);
	assert_true(size_of(DB) > before);
}

static void the_tables_have_the_originals_columns_in_its_order(void **state)
{
	struct store_place *place = *state;
	assert_string_equal(
		sqlite_place_ask(place, "SELECT group_concat(name) FROM "
					"pragma_table_xinfo('heartbeat_sensor')"),
		"sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,"
		"preprocess_query,latest_event_fetched_timestamp,trigger_job_id,"
		"trigger_job_name,status,status_change_timestamp,job_start_timestamp,"
		"job_end_timestamp,job_state,dependency_flag");
	assert_string_equal(sqlite_place_ask(place,
					     "SELECT group_concat(name) FROM "
					     "pragma_table_xinfo('lakehouse_engine_sensors')"),
			    "sensor_id,assets,status,status_change_timestamp,"
			    "checkpoint_location,upstream_key,upstream_value");
}

static void people_read_times_and_assets_as_text(void **state)
{
	struct store_place *place = *state;
	struct lb_row row = {.declared = {PLACE_SOURCE, "a b", NULL, "asset", NULL, NULL, "1", NULL,
					  "UNPAUSED", "TRUE"}};
	place_put_row(place, &row);
	row.status_text = "COMPLETED";
	row.status_changed_at_us = PLACE_NOW_US + 1234;
	row.latest_event_fetched_at_us = LB_TIME_NONE;
	const struct lb_row **changed = lb_list_add(&place->arena, &place->changes.rows_changed);
	struct lb_sensor_entry *entry = lb_list_add(&place->arena, &place->changes.sensor_entries);
	assert_true(changed != NULL && entry != NULL);
	*changed = &row;
	*entry = (struct lb_sensor_entry){
		.row = &row, .acquired = true, .status_changed_at_us = PLACE_NOW_US};
	place_save(place);
	assert_string_equal(sqlite_place_ask(place,
					     "SELECT status_change_timestamp || '|' || "
					     "ifnull(latest_event_fetched_timestamp, 'NULL') "
					     "FROM heartbeat_sensor"),
			    "2025-11-23T06:00:00.001234Z|NULL");
	assert_string_equal(
		sqlite_place_ask(
			place, "SELECT concat FROM (SELECT sensor_id || '|' || assets || '|' || "
			       "status_change_timestamp || '|' || checkpoint_location || '|' || "
			       "(upstream_value IS NULL) AS concat FROM lakehouse_engine_sensors)"),
		"a_b_1|[\"asset_1\"]|2025-11-23T06:00:00.000000Z|"
		"s3://lake/checkpoints/lakehouse_engine/sensors/a_b_1|1");
}

static void an_entry_is_written_over_even_in_a_table_without_our_index(void **state)
{
	struct store_place *place = closed(state);
	sqlite_place_exec(place, "DROP INDEX lakebeat_lakehouse_engine_sensors_id;"
				 "INSERT INTO lakehouse_engine_sensors (sensor_id, status, "
				 "upstream_value) VALUES ('a_1', 'OLD', 'kept')");
	place->store = place_open(place);
	struct lb_row row = {
		.declared = {[LB_DECLARED_sensor_id] = "a", [LB_DECLARED_trigger_job_id] = "1"}};
	struct lb_sensor_entry *entry = lb_list_add(&place->arena, &place->changes.sensor_entries);
	assert_non_null(entry);
	*entry = (struct lb_sensor_entry){.row = &row, .status_changed_at_us = PLACE_NOW_US};
	place_save(place);
	assert_string_equal(sqlite_place_ask(place,
					     "SELECT count(*) || status || upstream_value || "
					     "(assets IS NULL) FROM lakehouse_engine_sensors"),
			    "1PROCESSED_NEW_DATAkept1");
}

static void opening_again_changes_nothing(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	(void)closed(state);
	static char before[1 << 20];
	static char after[1 << 20];
	size_t length;
	size_t length_after;
	read_file(DB, before, sizeof(before), &length);
	place->store = place_open(place);
	(void)closed(state);
	read_file(DB, after, sizeof(after), &length_after);
	assert_int_equal(length, length_after);
	assert_memory_equal(before, after, length);
}

static void looking_writes_nothing(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	place_consume(place, 1, "1", 1);
	place_save(place);
	struct stat before;
	struct stat after;
	assert_int_equal(stat(DB "-wal", &before), 0);
	struct lb_job_query query = {.pending = true};
	(void)place_load_sensors(place, PLACE_SOURCE, PLACE_BASE);
	assert_int_equal(place_load_jobs(place, &query).count, 0);
	place_save(place);
	assert_int_equal(stat(DB "-wal", &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
	struct store_place *place = closed(state);
	sqlite_place_exec(place, "PRAGMA user_version = 99");
	static char before[1 << 20];
	static char after[1 << 20];
	size_t length;
	size_t length_after;
	read_file(DB, before, sizeof(before), &length);
	struct lb_sqlite_options options = sqlite_place_options(place);
	assert_refused(&options, LB_UNSUPPORTED, "version 99", "newer lakebeat");
	read_file(DB, after, sizeof(after), &length_after);
	assert_int_equal(length, length_after);
	assert_memory_equal(before, after, length);
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
	struct store_place *place = closed(state);
	static const char text[] = "sensor_source,sensor_id\ntrigger_file,orders_landed_once_more\n"
				   "and more that is longer than a header of a hundred bytes is\n";
	FILE *stream = fopen(DB, "w");
	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
	struct lb_sqlite_options options = sqlite_place_options(place);
	assert_refused(&options, LB_CORRUPT, DB, "not a SQLite database");
	char content[1024];
	size_t length;
	read_file(DB, content, sizeof(content), &length);
	assert_int_equal(length, strlen(text));
	assert_memory_equal(content, text, length);
}

static void a_file_that_was_cut_short_is_refused(void **state)
{
	struct store_place *place = closed(state);
	assert_int_equal(truncate(DB, 8192 + 100), 0);
	struct lb_sqlite_options options = sqlite_place_options(place);
	assert_refused(&options, LB_CORRUPT, DB, ".recover");
}

static void an_empty_file_becomes_a_store(void **state)
{
	struct store_place *place = closed(state);
	assert_int_equal(truncate(DB, 0), 0);
	place->store = place_open(place);
	assert_int_equal(place_deliver(place, "a", "x"), 1);
}

static void a_store_that_is_not_there_is_made_only_when_asked_for(void **state)
{
	struct store_place *place = closed(state);
	struct lb_sqlite_options options = sqlite_place_options(place);
	options.path = "other.db";
	options.create = false;
	assert_refused(&options, LB_NOT_FOUND, "other.db", "lakebeat feed");
	assert_int_equal(access("other.db", F_OK), -1);
	options.create = true;
	options.path = "no_such_folder/other.db";
	assert_refused(&options, LB_NOT_FOUND, "no_such_folder/other.db", "folder");
	assert_int_equal(mkdir("folder", 0700), 0);
	options.path = "folder";
	assert_refused(&options, LB_INVALID, "folder", "not a file");
	options.path = "";
	assert_refused(&options, LB_INVALID, "path", "empty");
}

static void a_path_is_a_file_even_when_sqlite_knows_better(void **state)
{
	struct store_place *place = closed(state);
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_store *store = NULL;
	struct lb_error error;
	options.path = ":memory:";
	assert_int_equal(lb_sqlite_create(&options, &store, &error), LB_OK);
	store->impl->destroy(store);
	assert_int_equal(access("./:memory:", F_OK), 0);
}

static void table_names_that_would_do_harm_are_refused(void **state)
{
	static const char *const names[] = {"",
					    "a b",
					    "x\"; DROP TABLE y; --",
					    "lakebeat_run",
					    "Lakebeat_x",
					    "sqlite_schema",
					    "db.t"};
	struct store_place *place = *state;
	struct lb_sqlite_options options = sqlite_place_options(place);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		options.control_table = names[i];
		assert_refused(&options, LB_INVALID, "control table", names[i]);
	}
	options.control_table = "LAKEHOUSE_engine_sensors";
	assert_refused(&options, LB_INVALID, "both", "LAKEHOUSE_engine_sensors");
}

static void other_table_names_make_other_tables(void **state)
{
	struct store_place *place = closed(state);
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_error error;
	options.control_table = "Select";
	options.sensor_table = "1order";
	assert_int_equal(lb_sqlite_create(&options, &place->store, &error), LB_OK);
	assert_int_equal(place_load_sensors(place, PLACE_SOURCE, PLACE_BASE).count, 0);
	assert_string_equal(sqlite_place_ask(place, "SELECT count(*) FROM \"Select\", \"1order\""),
			    "0");
}

static void a_table_with_other_columns_is_refused_by_name(void **state)
{
	static const struct {
		const char *sql;
		const char *word;
	} cases[] = {
		{"ALTER TABLE heartbeat_sensor ADD COLUMN extra TEXT", "extra"},
		{"ALTER TABLE heartbeat_sensor DROP COLUMN dependency_flag", "dependency_flag"},
		{"ALTER TABLE heartbeat_sensor RENAME COLUMN job_state TO state", "job_state"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_place *place = closed(state);
		sqlite_place_exec(place, cases[i].sql);
		struct lb_sqlite_options options = sqlite_place_options(place);
		assert_refused(&options, LB_CORRUPT, "heartbeat_sensor", cases[i].word);
		assert_int_equal(unlink(DB), 0);
		place->store = place_open(place);
	}
}

static const char control_columns[] =
	"(sensor_source TEXT, sensor_id TEXT, sensor_read_type TEXT, asset_description TEXT, "
	"upstream_key TEXT, preprocess_query TEXT, latest_event_fetched_timestamp TIMESTAMP, "
	"trigger_job_id TEXT, trigger_job_name VARCHAR(20), status TEXT, "
	"status_change_timestamp, job_start_timestamp TIMESTAMP, job_end_timestamp TIMESTAMP, "
	"job_state TEXT, dependency_flag TEXT)";

/* The place's file holds nothing but the control table, made by other hands. */
static struct store_place *with_control_table(void **state, const char *more)
{
	struct store_place *place = closed(state);
	assert_int_equal(unlink(DB), 0);
	sqlite_place_exec(place,
			  lb_arena_printf(&place->arena, "CREATE TABLE Heartbeat_Sensor %s; %s",
					  control_columns, more));
	return place;
}

static void a_table_that_is_there_already_is_taken_over(void **state)
{
	struct store_place *place = with_control_table(
		state, "INSERT INTO heartbeat_sensor (sensor_source, sensor_id, trigger_job_id, "
		       "job_state, job_start_timestamp) VALUES "
		       "('trigger_file', '007', 7, 'UNPAUSED', '2025-11-23 07:00:00+01:00')");
	place->store = place_open(place);
	(void)place_deliver(place, "007", "x");
	struct lb_job_query query = {.pending = true};
	assert_string_equal(place_job_ids(place, &query), "7");
	assert_int_equal(place_row(place, "007", "7")->job_started_at_us, PLACE_NOW_US);
}

/* Python's bytes, say, become BLOBs. */
static void a_row_with_a_blob_for_an_id_starts_nothing_and_harms_no_other(void **state)
{
	struct store_place *place = *state;
	sqlite_place_exec(place,
			  "INSERT INTO heartbeat_sensor (sensor_source, sensor_id, trigger_job_id, "
			  "status, job_state) VALUES "
			  "('trigger_file', 'a', '1', 'NEW_EVENT_AVAILABLE', 'UNPAUSED'), "
			  "('trigger_file', x'61', '1', 'NEW_EVENT_AVAILABLE', 'UNPAUSED'), "
			  "('trigger_file', 'b' || char(0), '1', 'COMPLETED', 'UNPAUSED'), "
			  "('trigger_file', 'a', x'31', 'NEW_EVENT_AVAILABLE', 'UNPAUSED'), "
			  "('trigger_file', 'a', '1' || char(0), NULL, 'UNPAUSED')");
	struct lb_job_query query = {.all = true, .pending = true};
	assert_string_equal(place_job_ids(place, &query), "1");
	const struct lb_job *job = place_job(place, "1");
	assert_int_equal(job->rows.count, 3);
	assert_int_equal(job->rows.items[0].status, LB_STATUS_NEW_EVENT_AVAILABLE);
	assert_int_equal(job->rows.items[1].status, LB_STATUS_OTHER);
	assert_int_equal(job->rows.items[2].status, LB_STATUS_OTHER);
	assert_int_equal(place_load_sensors(place, PLACE_SOURCE, PLACE_BASE).count, 1);
}

static void a_column_that_would_turn_ids_into_numbers_is_refused(void **state)
{
	struct store_place *place = closed(state);
	assert_int_equal(unlink(DB), 0);
	sqlite_place_exec(place, "CREATE TABLE heartbeat_sensor "
				 "(sensor_source TEXT, sensor_id STRING, c, d)");
	struct lb_sqlite_options options = sqlite_place_options(place);
	assert_refused(&options, LB_CORRUPT, "sensor_id", "STRING");
}

static void two_rows_of_one_key_are_refused(void **state)
{
	struct store_place *place = with_control_table(
		state, "INSERT INTO heartbeat_sensor (sensor_id, trigger_job_id) "
		       "VALUES ('a', '1'), ('a', '1')");
	struct lb_sqlite_options options = sqlite_place_options(place);
	assert_refused(&options, LB_CORRUPT, "heartbeat_sensor", "keep one");
	assert_string_equal(sqlite_place_ask(place, "SELECT count(*) FROM heartbeat_sensor"), "2");
}

static enum lb_err load_all_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	struct lb_job_query query = {.all = true};
	struct lb_job_list jobs;
	return store->impl->load_jobs(store, &query, &place->arena, &jobs, error);
}

static void a_column_dropped_while_we_run_is_an_error_and_not_a_crash(void **state)
{
	struct store_place *place = *state;
	struct lb_error error = {0};
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	assert_int_equal(place_job(place, "1")->rows.count, 1);
	sqlite_place_exec(place, "ALTER TABLE heartbeat_sensor DROP COLUMN dependency_flag");
	assert_int_equal(place->store->impl->transact(place->store, LB_STORE_READ, load_all_body,
						      place, &error),
			 LB_CORRUPT);
	assert_non_null(strstr(error.message, "dependency_flag"));
	assert_non_null(strstr(error.message, DB));
}

static enum lb_err record_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	return store->impl->record(store, &place->reports, NULL, error);
}

static enum lb_err try_record(struct store_place *place, struct lb_error *error)
{
	return place->store->impl->transact(place->store, LB_STORE_WRITE, record_body, place,
					    error);
}

/* Runs task in another process, which is to end with 0. It must not use the
 * place's store, nor cmocka. */
static pid_t start(int (*task)(struct store_place *place, int number), struct store_place *place,
		   int number)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(task(place, number));
	}
	return pid;
}

static void await(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The two ends of a connection between this process and the one that holds a lock. */
static int ends[2];

/* Holds the write lock from the byte that it sends to the byte that it receives,
 * or to the end of its parent. */
static int hold_lock(struct store_place *place, int number)
{
	sqlite3 *db = NULL;
	char byte = 'x';
	int fd = ends[number];
	if (close(ends[1 - number]) != 0 || sqlite3_open(place->path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
	    write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) {
		return 1;
	}
	return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : 1;
}

static void a_store_locked_by_another_process_is_busy_and_then_goes_on(void **state)
{
	struct store_place *place = closed(state);
	char byte;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = start(hold_lock, place, 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);

	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_error error = {0};
	options.busy_timeout_us = 20 * LB_MS;
	assert_int_equal(lb_sqlite_create(&options, &place->store, &error), LB_OK);
	(void)place_file(place, place_report(place, "a"), "x");
	assert_int_equal(try_record(place, &error), LB_BUSY);
	assert_true(error.retriable);
	assert_non_null(strstr(error.message, DB));
	assert_non_null(strstr(error.message, "locked"));
	assert_int_equal(place_load_sensors(place, NULL, NULL).count, 0);

	assert_int_equal(write(ends[0], &byte, 1), 1);
	await(pid);
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
	assert_int_equal(place_record(place), 1);
}

#define PROCESSES 4
#define FILES_EACH 25

/* Opens a store of its own and records files one by one. */
static int record_many(struct store_place *place, int number)
{
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_store *store = NULL;
	struct lb_error error = {0};
	options.busy_timeout_us = LB_MINUTE;
	enum lb_err err = lb_sqlite_create(&options, &store, &error);
	for (int i = 0; i < FILES_EACH && err == LB_OK; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "file %d of process %d", i, number);
		struct lb_file file = {.file_name = name, .etag = "1"};
		struct lb_sensor_report report = {
			.sensor_source = PLACE_SOURCE,
			.base_location = PLACE_BASE,
			.sensor_id = "a",
			.files = {.items = &file, .count = 1},
		};
		place->reports = (struct lb_sensor_report_list){.items = &report, .count = 1};
		err = store->impl->transact(store, LB_STORE_WRITE, record_body, place, &error);
	}
	if (err != LB_OK) {
		(void)fprintf(stderr, "process %d: %s\n", number, error.message);
		return 1;
	}
	store->impl->destroy(store);
	return 0;
}

static void processes_that_make_and_fill_one_store_at_once_lose_nothing(void **state)
{
	struct store_place *place = closed(state);
	pid_t pids[PROCESSES];
	assert_int_equal(unlink(DB), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = start(record_many, place, i);
	}
	for (int i = 0; i < PROCESSES; i++) {
		await(pids[i]);
	}
	place->store = place_open(place);
	assert_int_equal(place_sensor(place, "a")->last_seq, PROCESSES * FILES_EACH);
	assert_string_equal(sqlite_place_ask(place,
					     "SELECT count(*) || '|' || max(seq) || '|' || "
					     "count(DISTINCT file_name) FROM lakebeat_event"),
			    "100|100|100");
	assert_string_equal(sqlite_place_ask(place, "SELECT count(*) FROM lakebeat_meta"), "1");
}

static enum lb_err record_and_die(struct lb_store *store, void *data, struct lb_error *error)
{
	enum lb_err err = record_body(store, data, error);
	(void)kill(getpid(), SIGKILL);
	return err;
}

static int die_in_transaction(struct store_place *place, int number)
{
	(void)number;
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_store *store = NULL;
	struct lb_error error;
	if (lb_sqlite_create(&options, &store, &error) != LB_OK) {
		return 1;
	}
	return (int)store->impl->transact(store, LB_STORE_WRITE, record_and_die, place, &error);
}

static void a_process_killed_in_a_transaction_leaves_nothing_of_it(void **state)
{
	struct store_place *place = *state;
	(void)place_deliver(place, "a", "x");
	(void)place_file(place, place_report(place, "a"), "y");
	int status;
	pid_t pid = start(die_in_transaction, place, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(place_sensor(place, "a")->last_seq, 1);
	assert_int_equal(place_record(place), 1);
}

#define NOBODY 65534

/* Opens the store as somebody who may not write it, and tries to. */
static int write_forbidden(struct store_place *place, int number)
{
	(void)number;
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_error error = {0};
	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
		return 2;
	}
	enum lb_err err = lb_sqlite_create(&options, &place->store, &error);
	if (err == LB_OK) {
		err = try_record(place, &error);
		place->store->impl->destroy(place->store);
	}
	bool clear = strstr(error.message, DB) != NULL &&
		     strstr(error.message, "let this user write the file") != NULL;
	if (err != LB_IO || !clear) {
		(void)fprintf(stderr, "%d: %s\n", (int)err, error.message);
		return 1;
	}
	return 0;
}

static void a_store_that_may_not_be_written_says_so(void **state)
{
	static const struct {
		mode_t file;
		mode_t folder;
	} cases[] = {{0444, 0555}, {0444, 0777}, {0000, 0777}, {0666, 0555}};
	struct store_place *place = closed(state);
	(void)place_file(place, place_report(place, "a"), "x");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(chmod(DB, cases[i].file), 0);
		assert_int_equal(chmod(".", cases[i].folder), 0);
		await(start(write_forbidden, place, 0));
	}
	assert_int_equal(chmod(".", 0700), 0);
	assert_int_equal(chmod(DB, 0600), 0);
	/* Whoever may write the folder has made them, with the file's mode of then. */
	(void)unlink(DB "-wal");
	(void)unlink(DB "-shm");
	place->store = place_open(place);
	assert_int_equal(place_record(place), 1);
}

/* No file of this process grows beyond size until the limit before is set again. */
static struct rlimit limit_file_size(rlim_t size)
{
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit limit = {.rlim_cur = size, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return before;
}

static void a_full_disk_loses_nothing_and_work_goes_on_when_it_has_room(void **state)
{
	struct store_place *place = *state;
	struct lb_error error = {0};
	(void)place_deliver(place, "a", "x");
	struct lb_sensor_report *report = place_report(place, "a");
	for (int i = 0; i < 5000; i++) {
		(void)place_file(place, report, lb_arena_printf(&place->arena, "file %d", i));
	}
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	struct rlimit limit = limit_file_size(256 << 10);
	enum lb_err err = try_record(place, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(signal(SIGXFSZ, before) != SIG_ERR);
	assert_int_equal(err, LB_FULL);
	assert_non_null(strstr(error.message, DB));
	assert_non_null(strstr(error.message, "no space left"));
	assert_int_equal(place_sensor(place, "a")->last_seq, 1);
	assert_int_equal(place_record(place), 5000);
	assert_string_equal(sqlite_place_ask(place, "PRAGMA integrity_check"), "ok");
}

/* The allocator fails once, after so many allocations. */
static int allocations_left;

static void *scarce_alloc(size_t size)
{
	return allocations_left-- == 0 ? NULL : calloc(1, size > 0 ? size : 1);
}

static enum lb_err work_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct store_place *place = data;
	struct lb_arena arena = {0};
	struct lb_job_query query = {.all = true, .pending = true, .advanced = true};
	struct lb_job_list jobs;
	struct lb_sensor_state_list sensors;
	enum lb_err err = record_body(store, data, error);
	if (err == LB_OK) {
		err = store->impl->load_jobs(store, &query, &arena, &jobs, error);
	}
	if (err == LB_OK) {
		err = store->impl->load_sensors(store, NULL, NULL, &arena, &sensors, error);
	}
	if (err == LB_OK) {
		err = store->impl->save(store, &place->changes, error);
	}
	lb_arena_finish(&arena);
	return err;
}

static void memory_that_runs_out_anywhere_undoes_the_transaction(void **state)
{
	struct store_place *place = closed(state);
	struct lb_sqlite_options options = sqlite_place_options(place);
	struct lb_row row = {.declared = {PLACE_SOURCE, "a", NULL, "asset", NULL, NULL, "1"}};
	(void)place_file(place, place_report(place, "a"), "x");
	struct lb_sensor_entry *entry = lb_list_add(&place->arena, &place->changes.sensor_entries);
	assert_non_null(entry);
	*entry = (struct lb_sensor_entry){.row = &row, .status_changed_at_us = PLACE_NOW_US};
	sqlite_place_exec(place, "INSERT INTO heartbeat_sensor (sensor_source, sensor_id, "
				 "trigger_job_id) VALUES ('trigger_file', 'a', '1')");
	enum lb_err err = LB_NOMEM;
	for (int i = 0; err == LB_NOMEM; i++) {
		struct lb_error error = {0};
		allocations_left = i;
		lb_set_allocator(scarce_alloc, free);
		err = lb_sqlite_create(&options, &place->store, &error);
		if (err == LB_OK) {
			err = place->store->impl->transact(place->store, LB_STORE_WRITE, work_body,
							   place, &error);
		}
		lb_set_allocator(NULL, NULL);
		const char *events = sqlite_place_ask(place, "SELECT count(*) FROM lakebeat_event");
		assert_string_equal(events, err == LB_OK ? "1" : "0");
		if (err != LB_OK && place->store != NULL) {
			(void)closed(state);
		}
		assert_true(i < 1000);
	}
	assert_int_equal(err, LB_OK);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, sqlite_place_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(the_file_is_private_whatever_the_umask),
		PROMISE(a_commit_is_flushed_to_the_write_ahead_log_before_it_is_over),
		PROMISE(the_log_is_written_back_beside_a_read_and_not_in_a_commit),
		PROMISE(the_tables_have_the_originals_columns_in_its_order),
		PROMISE(people_read_times_and_assets_as_text),
		PROMISE(an_entry_is_written_over_even_in_a_table_without_our_index),
		PROMISE(opening_again_changes_nothing),
		PROMISE(looking_writes_nothing),
		PROMISE(a_newer_schema_is_refused_and_left_alone),
		PROMISE(a_file_that_is_no_database_is_refused_and_left_alone),
		PROMISE(a_file_that_was_cut_short_is_refused),
		PROMISE(an_empty_file_becomes_a_store),
		PROMISE(a_store_that_is_not_there_is_made_only_when_asked_for),
		PROMISE(a_path_is_a_file_even_when_sqlite_knows_better),
		PROMISE(table_names_that_would_do_harm_are_refused),
		PROMISE(other_table_names_make_other_tables),
		PROMISE(a_table_with_other_columns_is_refused_by_name),
		PROMISE(a_table_that_is_there_already_is_taken_over),
		PROMISE(a_row_with_a_blob_for_an_id_starts_nothing_and_harms_no_other),
		PROMISE(a_column_that_would_turn_ids_into_numbers_is_refused),
		PROMISE(two_rows_of_one_key_are_refused),
		PROMISE(a_column_dropped_while_we_run_is_an_error_and_not_a_crash),
		PROMISE(a_store_locked_by_another_process_is_busy_and_then_goes_on),
		PROMISE(processes_that_make_and_fill_one_store_at_once_lose_nothing),
		PROMISE(a_process_killed_in_a_transaction_leaves_nothing_of_it),
		PROMISE(a_store_that_may_not_be_written_says_so),
		PROMISE(a_full_disk_loses_nothing_and_work_goes_on_when_it_has_room),
		PROMISE(memory_that_runs_out_anywhere_undoes_the_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
