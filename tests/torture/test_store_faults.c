/* A store on a disk that fails at every call in turn, and on a machine that loses
 * its power there. What was reported committed is there afterwards, what was
 * reported to have failed is not, and what nobody could know of is there as a
 * whole or not at all. A failure names its kind of fault, the number of the call
 * and the seed of the loss. */
#include "base/time.h"
#include "engine/beat.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/store_place_sqlite.h"
#include "torture/fault_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORE "my_database.db"
#define ROUNDS 3
#define STEPS (ROUNDS * 5)
#define CALLS_MAX 20000
/* Losses of power per call. */
#define LOSSES 6

static const char *const kind_names[FAULT_KINDS] = {"none",  "error", "late", "full",
						    "stays", "crash", "flush"};

/* The same empty store for every life, so that all tokens are the same. */
static char *template_bytes;
static size_t template_size;
static char tokens[ROUNDS][LB_TOKEN_LENGTH + 1];
/* What the tables hold after so many steps. Of sqlite3_malloc. */
static char *contents[STEPS + 1];

static struct {
	enum fault_kind kind;
	size_t at;
	uint64_t seed;
} life;

#define CHECK(condition, what)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fail_msg("%s; fault %s at call %zu, seed %llu", what,                      \
				 kind_names[life.kind], life.at, (unsigned long long)life.seed);   \
		}                                                                                  \
	} while (0)

/* --- what is done to the store ------------------------------------------------ */

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	(void)data;
	(void)trigger_job_id;
	return (struct lb_policy){.runner = "local"};
}

static enum lb_err beat(struct lb_store *store, int round, const struct lb_observation *observation)
{
	static const struct lb_policies policies = {.policy_of = policy_of};
	static const struct lb_beat_runner runners[] = {{.name = "local", .max_parallel = 4}};
	struct lb_observation item = *observation;
	const struct lb_observation_list observations = {&item, 1, 1};
	struct lb_error error = {0};
	struct lb_beat beat = {
		.observations = &observations,
		.policies = &policies,
		.now_us = PLACE_NOW_US + round * LB_MINUTE,
		.plan_runs = true,
		.who = "test",
		.runners = runners,
		.runner_count = 1,
	};
	enum lb_err err = lb_beat_run(store, &beat, &error);
	CHECK(err == error.code, "an error without details");
	if (err == LB_OK && beat.due.count > 0) {
		(void)snprintf(tokens[round], sizeof(tokens[round]), "%s",
			       beat.due.items[0].run.token);
	}
	lb_arena_finish(&beat.arena);
	return err;
}

struct delivery {
	struct lb_file files[2];
	struct lb_sensor_report items[2];
	char names[2][64];
	struct lb_sensor_report_list reports;
};

static void deliver(struct delivery *delivery, int round)
{
	static const char *const sensors[2] = {"orders", "rates"};
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(delivery->names[i], sizeof(delivery->names[i]),
			       "%s_20251123_06000%d.txt", sensors[i], round);
		delivery->files[i] = (struct lb_file){
			.file_name = delivery->names[i],
			.file_path = delivery->names[i],
			.etag = "1",
			.modified_at_us = PLACE_NOW_US,
			.size_bytes = 7,
		};
		delivery->items[i] = (struct lb_sensor_report){
			.sensor_source = PLACE_SOURCE,
			.base_location = PLACE_BASE,
			.sensor_id = sensors[i],
			.observed_at_us = PLACE_NOW_US + round * LB_MINUTE,
			.files = {&delivery->files[i], 1, 1},
		};
	}
	delivery->reports = (struct lb_sensor_report_list){delivery->items, 2, 2};
}

static enum lb_err observe(struct lb_store *store, int round)
{
	struct delivery delivery;
	deliver(&delivery, round);
	return beat(store, round,
		    &(struct lb_observation){.kind = LB_OBSERVED_SENSORS,
					     .sensors = &delivery.reports});
}

static enum lb_err accept_run(struct lb_store *store, int round)
{
	return beat(store, round,
		    &(struct lb_observation){.kind = LB_OBSERVED_SUBMISSION,
					     .submission = {.trigger_job_id = "555",
							    .token = tokens[round],
							    .outcome = LB_SUBMIT_ACCEPTED,
							    .external_id = "4711"}});
}

static enum lb_err end_run(struct lb_store *store, int round)
{
	return beat(store, round,
		    &(struct lb_observation){.kind = LB_OBSERVED_RUN,
					     .run = {.trigger_job_id = "555",
						     .token = tokens[round],
						     .state = LB_RUN_SUCCEEDED,
						     .ended_at_us = PLACE_NOW_US}});
}

static enum lb_err record_and_give_up(struct lb_store *store, void *data, struct lb_error *error)
{
	enum lb_err err = store->impl->record(store, data, NULL, error);
	return err == LB_OK ? lb_fail(error, LB_REFUSED, "given up") : err;
}

static enum lb_err give_up(struct lb_store *store, int round)
{
	struct delivery delivery;
	struct lb_error error = {0};
	deliver(&delivery, round + ROUNDS);
	enum lb_err err = store->impl->transact(store, LB_STORE_WRITE, record_and_give_up,
						&delivery.reports, &error);
	CHECK(err != LB_OK, "a transaction that was given up succeeds");
	return err == LB_REFUSED ? LB_OK : err;
}

/* Somebody with a client of SQLite's: whether it works is theirs to see. */
static enum lb_err write_back(struct lb_store *store, int round)
{
	static const char *const modes[ROUNDS] = {"PRAGMA wal_checkpoint(RESTART)",
						  "PRAGMA wal_checkpoint(TRUNCATE)",
						  "PRAGMA wal_checkpoint(PASSIVE)"};
	(void)store;
	sqlite3 *db = NULL;
	if (sqlite3_open(STORE, &db) == SQLITE_OK) {
		(void)sqlite3_exec(db, modes[round], NULL, NULL, NULL);
	}
	(void)sqlite3_close(db);
	return LB_OK;
}

static enum lb_err take_step(struct lb_store *store, size_t step)
{
	static enum lb_err (*const steps[])(struct lb_store *, int) = {observe, accept_run, give_up,
								       write_back, end_run};
	return steps[step % 5](store, (int)(step / 5));
}

/* --- what is there afterwards --------------------------------------------------- */

static void append_rows(sqlite3 *db, const char *table, sqlite3_str *out)
{
	sqlite3_stmt *rows = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
	CHECK(sqlite3_prepare_v2(db, sql, -1, &rows, NULL) == SQLITE_OK, sqlite3_errmsg(db));
	sqlite3_free(sql);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		sqlite3_str_appendf(out, "%s:", table);
		for (int i = 0; i < sqlite3_column_count(rows); i++) {
			sqlite3_str_appendf(out, " %Q", sqlite3_column_text(rows, i));
		}
		sqlite3_str_appendall(out, "\n");
	}
	CHECK(sqlite3_finalize(rows) == SQLITE_OK, sqlite3_errmsg(db));
}

/* All rows of all tables. The caller's: sqlite3_free. */
static char *read_contents(void)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *tables = NULL;
	sqlite3_str *out = sqlite3_str_new(NULL);
	CHECK(sqlite3_open(STORE, &db) == SQLITE_OK, sqlite3_errmsg(db));
	CHECK(sqlite3_prepare_v2(db,
				 "SELECT name FROM sqlite_schema WHERE type = 'table' "
				 "ORDER BY name",
				 -1, &tables, NULL) == SQLITE_OK,
	      sqlite3_errmsg(db));
	while (sqlite3_step(tables) == SQLITE_ROW) {
		append_rows(db, (const char *)sqlite3_column_text(tables, 0), out);
	}
	CHECK(sqlite3_finalize(tables) == SQLITE_OK, sqlite3_errmsg(db));
	CHECK(sqlite3_close(db) == SQLITE_OK, "close");
	return sqlite3_str_finish(out);
}

static bool holds(size_t step)
{
	char *now = read_contents();
	bool same = strcmp(now, contents[step]) == 0;
	sqlite3_free(now);
	return same;
}

static void check_integrity(void)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	CHECK(sqlite3_open(STORE, &db) == SQLITE_OK, sqlite3_errmsg(db));
	CHECK(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
		      sqlite3_step(statement) == SQLITE_ROW,
	      sqlite3_errmsg(db));
	const char *answer = (const char *)sqlite3_column_text(statement, 0);
	CHECK(strcmp(answer, "ok") == 0, answer);
	CHECK(sqlite3_finalize(statement) == SQLITE_OK, "integrity_check");
	CHECK(sqlite3_close(db) == SQLITE_OK, "close");
}

/* --- lives ------------------------------------------------------------------------ */

static enum lb_err open_store(struct lb_store **ret_store)
{
	const struct store_place place = {.path = STORE};
	struct lb_sqlite_options options = sqlite_place_options(&place);
	struct lb_error error = {0};
	*ret_store = NULL;
	enum lb_err err = lb_sqlite_create(&options, ret_store, &error);
	CHECK(err == error.code, "an error without details");
	return err;
}

static void start_anew(void)
{
	(void)unlink(STORE "-wal");
	(void)unlink(STORE "-shm");
	(void)unlink(STORE "-journal");
	folder_write_bytes(STORE, template_bytes, template_size);
}

static void check_is_of_a_store(enum lb_err err)
{
	CHECK(err == LB_NOMEM || err == LB_BUSY || err == LB_IO || err == LB_FULL ||
		      err == LB_UNAVAILABLE || err == LB_CORRUPT || err == LB_UNSUPPORTED,
	      "an error that no store gives");
	CHECK(err == LB_IO || err == LB_FULL || err == LB_UNAVAILABLE,
	      "a disk that fails is called something else");
}

/* The healthy disk again: a lakebeat opens the store, and finds what it may. */
static void check_outcome(size_t committed, bool next_too)
{
	struct lb_store *store;
	enum lb_err err = open_store(&store);
	CHECK(err == LB_OK, "the store does not open again");
	store->impl->destroy(store);
	check_integrity();
	CHECK(holds(committed) || (next_too && holds(committed + 1)),
	      "the tables hold what was never committed, or lack what was");
}

/* Steps until one fails. ret_unknown: the one that failed may have been kept. */
static size_t live_until_failure(struct lb_store *store, size_t step, bool *ret_unknown)
{
	enum lb_err err = LB_OK;
	while (step < STEPS && err == LB_OK) {
		err = take_step(store, step);
		step += err == LB_OK;
	}
	if (err != LB_OK) {
		check_is_of_a_store(err);
	}
	*ret_unknown = err == LB_UNAVAILABLE || (err != LB_OK && life.kind == FAULT_CRASH);
	return step;
}

/* Ends with the power, or with the process. False: the fault did not come. */
static bool live_and_end(enum fault_kind kind, size_t at, bool with_power)
{
	struct lb_store *store;
	bool unknown = false;
	size_t step = 0;
	start_anew();
	fault_vfs_arm(kind, at);
	enum lb_err err = open_store(&store);
	if (err == LB_OK) {
		step = live_until_failure(store, 0, &unknown);
		if (with_power) {
			/* Nothing is tidied up any more. */
			fault_vfs_stop();
		}
		store->impl->destroy(store);
	} else {
		check_is_of_a_store(err);
	}
	bool hit = fault_vfs_hit();
	(void)fault_vfs_disarm();
	if (with_power) {
		fault_vfs_lose_power(life.seed);
	}
	check_outcome(step, unknown);
	return hit;
}

/* The same lakebeat goes on after the fault, and comes to the end. */
static bool live_on(enum fault_kind kind, size_t at)
{
	struct lb_store *store;
	bool unknown;
	start_anew();
	fault_vfs_arm(kind, at);
	if (open_store(&store) != LB_OK) {
		enum lb_err err = open_store(&store);
		CHECK(err == LB_OK, "the store does not open after a fault that is over");
	}
	size_t step = live_until_failure(store, 0, &unknown);
	for (int tries = 0; step < STEPS; tries++) {
		bool kept = unknown && holds(step + 1);
		CHECK(kept || holds(step), "something is kept of what failed");
		CHECK(tries < 3, "a fault that is over stays");
		step = live_until_failure(store, step + kept, &unknown);
	}
	store->impl->destroy(store);
	bool hit = fault_vfs_hit();
	(void)fault_vfs_disarm();
	check_outcome(STEPS, false);
	return hit;
}

static int make_template(void **state)
{
	struct store_place place = {.path = STORE};
	if (folder_setup(state) != 0) {
		return 1;
	}
	fault_vfs_install();
	struct lb_store *store = sqlite_place_open(&place);
	place.store = store;
	place_add_row(&place, "orders", "555", "UNPAUSED", NULL);
	place_add_row(&place, "rates", "555", "UNPAUSED", NULL);
	store->impl->destroy(store);
	FILE *stream = fopen(STORE, "r");
	assert_non_null(stream);
	template_bytes = malloc(1 << 20);
	assert_non_null(template_bytes);
	template_size = fread(template_bytes, 1, 1 << 20, stream);
	assert_int_equal(fclose(stream), 0);
	/* One life without a fault shows what each step leaves. */
	start_anew();
	fault_vfs_arm(FAULT_NONE, 0);
	assert_int_equal(open_store(&store), LB_OK);
	contents[0] = read_contents();
	for (size_t step = 0; step < STEPS; step++) {
		assert_int_equal(take_step(store, step), LB_OK);
		contents[step + 1] = read_contents();
	}
	store->impl->destroy(store);
	return 0;
}

static int drop_template(void **state)
{
	fault_vfs_arm(FAULT_NONE, 0);
	for (size_t step = 0; step <= STEPS; step++) {
		sqlite3_free(contents[step]);
	}
	free(template_bytes);
	return folder_teardown(state);
}

static void each_step_but_those_given_up_changes_the_tables(void **state)
{
	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		bool changes = step % 5 != 2 && step % 5 != 3;
		assert_int_equal(strcmp(contents[step], contents[step + 1]) != 0, changes);
	}
	assert_non_null(strstr(contents[STEPS], "COMPLETED"));
}

static void at_every_call(enum fault_kind kind, bool ends, bool with_power, uint64_t seeds)
{
	size_t lives = 0;
	bool hit = true;
	for (size_t at = 0; hit; at++) {
		assert_true(at < CALLS_MAX);
		for (uint64_t seed = 0; seed < seeds; seed++, lives++) {
			life.kind = kind;
			life.at = at;
			life.seed = at * 1000 + seed;
			hit = ends ? live_and_end(kind, at, with_power) : live_on(kind, at);
		}
	}
	print_message("# %s: %zu lives\n", kind_names[kind], lives);
}

static void a_call_that_fails_costs_nothing_that_was_committed(void **state)
{
	(void)state;
	at_every_call(FAULT_ERROR, false, false, 1);
}

static void a_call_that_worked_and_fails_costs_nothing_that_was_committed(void **state)
{
	(void)state;
	at_every_call(FAULT_LATE, false, false, 1);
}

static void a_full_disk_costs_nothing_that_was_committed(void **state)
{
	(void)state;
	at_every_call(FAULT_FULL, false, false, 1);
}

static void what_failed_is_not_there_after_the_power_did_too(void **state)
{
	(void)state;
	at_every_call(FAULT_ERROR, true, true, LOSSES);
	at_every_call(FAULT_FULL, true, true, LOSSES);
}

static void what_worked_and_failed_is_told_as_unknown_or_is_not_there(void **state)
{
	(void)state;
	at_every_call(FAULT_LATE, true, true, LOSSES);
}

static void a_disk_that_stays_away_costs_nothing_that_was_committed(void **state)
{
	(void)state;
	at_every_call(FAULT_STAYS, true, false, 1);
	at_every_call(FAULT_STAYS, true, true, LOSSES);
}

static void after_a_loss_of_power_all_that_was_committed_is_there(void **state)
{
	(void)state;
	at_every_call(FAULT_CRASH, true, true, LOSSES);
}

static void short_reads_and_writes_are_gone_on_with(void **state)
{
	(void)state;
	for (size_t at = 0; at < 60; at++) {
		struct lb_store *store;
		bool unknown;
		start_anew();
		fault_vfs_arm(FAULT_NONE, 0);
		fault_vfs_shorten(at);
		assert_int_equal(open_store(&store), LB_OK);
		assert_int_equal(live_until_failure(store, 0, &unknown), STEPS);
		store->impl->destroy(store);
		fault_vfs_shorten(SIZE_MAX);
		check_outcome(STEPS, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_but_those_given_up_changes_the_tables),
		cmocka_unit_test(a_call_that_fails_costs_nothing_that_was_committed),
		cmocka_unit_test(a_call_that_worked_and_fails_costs_nothing_that_was_committed),
		cmocka_unit_test(a_full_disk_costs_nothing_that_was_committed),
		cmocka_unit_test(what_failed_is_not_there_after_the_power_did_too),
		cmocka_unit_test(what_worked_and_failed_is_told_as_unknown_or_is_not_there),
		cmocka_unit_test(a_disk_that_stays_away_costs_nothing_that_was_committed),
		cmocka_unit_test(after_a_loss_of_power_all_that_was_committed_is_there),
		cmocka_unit_test(short_reads_and_writes_are_gone_on_with),
	};
	return cmocka_run_group_tests(tests, make_template, drop_template);
}
