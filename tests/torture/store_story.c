#include "torture/store_story.h"

#include "base/time.h"
#include "engine/beat.h"
#include "engine/token.h"
#include "stores/sqlite/sqlite.h"
#include "support/cmocka.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US ((int64_t)1763877600 * LB_SECOND) /* 2025-11-23T06:00:00Z */
#define BASE "/lake/triggers"
#define MANY 300
#define ANSWER_MAX 256

static void *must(void *memory)
{
	assert_non_null(memory);
	return memory;
}

static enum lb_err open_store(struct store_story *story, struct lb_error *error)
{
	const struct lb_sqlite_options options = {
		.path = STORY_FILE,
		.control_table = "heartbeat_sensor",
		.sensor_table = "lakehouse_engine_sensors",
		.busy_timeout_us = LB_MS,
		.keep_us = LB_HOUR,
		.create = true,
	};
	return story->store != NULL ? LB_OK : lb_sqlite_create(&options, &story->store, error);
}

static enum lb_err close_store(struct store_story *story, struct lb_error *error)
{
	(void)error;
	store_story_finish(story);
	return LB_OK;
}

static enum lb_err save_body(struct lb_store *store, void *data, struct lb_error *error)
{
	return store->impl->save(store, data, error);
}

static enum lb_err feed(struct store_story *story, struct lb_error *error)
{
	static const char *const wanted[][2] = {
		{"orders", "555"}, {"rates", "555"}, {"orders", "666"}};
	struct lb_changes changes = {.arena = &story->arena, .who = "story"};
	for (size_t i = 0; i < 3; i++) {
		struct lb_row *row = must(lb_arena_alloc(&story->arena, sizeof(*row)));
		row->declared[LB_DECLARED_sensor_source] = "trigger_file";
		row->declared[LB_DECLARED_sensor_id] = wanted[i][0];
		row->declared[LB_DECLARED_asset_description] = "an asset";
		row->declared[LB_DECLARED_trigger_job_id] = wanted[i][1];
		row->declared[LB_DECLARED_job_state] = "UNPAUSED";
		row->declared[LB_DECLARED_dependency_flag] = "TRUE";
		const struct lb_row **added = must(lb_list_add(&story->arena, &changes.rows_added));
		*added = row;
	}
	return story->store->impl->transact(story->store, LB_STORE_WRITE, save_body, &changes,
					    error);
}

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	(void)data;
	(void)trigger_job_id;
	return (struct lb_policy){.runner = "story"};
}

static enum lb_err beat(struct store_story *story, const struct lb_observation *observation,
			int64_t after_us, struct lb_error *error)
{
	const struct lb_policies policies = {.policy_of = policy_of};
	const struct lb_beat_runner runner = {.name = "story"};
	struct lb_observation_list observations = {0};
	struct lb_observation *item = must(lb_list_add(&story->arena, &observations));
	*item = *observation;
	struct lb_beat beat = {
		.observations = &observations,
		.policies = &policies,
		.now_us = NOW_US + after_us,
		.plan_runs = true,
		.who = "story",
		.runners = &runner,
		.runner_count = 1,
	};
	enum lb_err err = lb_beat_run(story->store, &beat, error);
	lb_arena_finish(&beat.arena);
	return err;
}

static enum lb_err deliver(struct store_story *story, const char *sensor_id, int first, int count,
			   bool listed_all, int64_t after_us, struct lb_error *error)
{
	const struct lb_checkpoint checkpoint = {
		.floor = "a floor", .full_pass_at_us = NOW_US + after_us, .ordered = true};
	struct lb_sensor_report_list reports = {0};
	struct lb_sensor_report *report = must(lb_list_add(&story->arena, &reports));
	*report = (struct lb_sensor_report){
		.sensor_source = "trigger_file",
		.base_location = BASE,
		.sensor_id = sensor_id,
		.observed_at_us = NOW_US + after_us,
		.checkpoint = listed_all ? &checkpoint : NULL,
		.listed_all = listed_all,
	};
	for (int i = first; i < first + count; i++) {
		struct lb_file *file = must(lb_list_add(&story->arena, &report->files));
		file->file_name = must(lb_arena_printf(&story->arena, "%s_%06d.txt", sensor_id, i));
		file->file_path = file->file_name;
		file->etag = "1";
		file->modified_at_us = NOW_US;
	}
	return beat(story,
		    &(struct lb_observation){.kind = LB_OBSERVED_SENSORS, .sensors = &reports},
		    after_us, error);
}

/* The token of a run, which needs no look at the tables. */
static const char *token_of(struct store_story *story, const char *job_id, int64_t run_no,
			    int attempt)
{
	struct lb_run *run = must(lb_arena_alloc(&story->arena, sizeof(*run)));
	struct lb_error error;
	*run = (struct lb_run){.trigger_job_id = job_id, .run_no = run_no, .attempt = attempt};
	assert_int_equal(lb_token_make(story->store->deployment_id, run, &error), LB_OK);
	return run->token;
}

static enum lb_err answer(struct store_story *story, const char *job_id, int64_t run_no,
			  int attempt, enum lb_submit_outcome outcome, int64_t after_us,
			  struct lb_error *error)
{
	return beat(story,
		    &(struct lb_observation){
			    .kind = LB_OBSERVED_SUBMISSION,
			    .submission = {.trigger_job_id = job_id,
					   .token = token_of(story, job_id, run_no, attempt),
					   .outcome = outcome,
					   .external_id = "17",
					   .message = "an answer"}},
		    after_us, error);
}

static enum lb_err end(struct store_story *story, const char *job_id, int64_t run_no, int attempt,
		       enum lb_run_state state, int64_t after_us, struct lb_error *error)
{
	return beat(
		story,
		&(struct lb_observation){.kind = LB_OBSERVED_RUN,
					 .run = {.trigger_job_id = job_id,
						 .token = token_of(story, job_id, run_no, attempt),
						 .state = state,
						 .message = "an end",
						 .ended_at_us = NOW_US + after_us}},
		after_us, error);
}

static enum lb_err orders_come(struct store_story *story, struct lb_error *error)
{
	return deliver(story, "orders", 0, 2, true, LB_SECOND, error);
}

static enum lb_err rates_come(struct store_story *story, struct lb_error *error)
{
	return deliver(story, "rates", 0, 1, false, 2 * LB_SECOND, error);
}

static enum lb_err job_666_starts(struct store_story *story, struct lb_error *error)
{
	return answer(story, "666", 1, 1, LB_SUBMIT_ACCEPTED, 3 * LB_SECOND, error);
}

static enum lb_err job_555_is_refused(struct store_story *story, struct lb_error *error)
{
	return answer(story, "555", 1, 1, LB_SUBMIT_REFUSED, 4 * LB_SECOND, error);
}

static int run_sql(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **),
		   void *data)
{
	return sqlite3_exec(db, sql, row, data, NULL);
}

/* Somebody looks into the file with a shell, which writes the log back. */
static enum lb_err somebody_writes_back(struct store_story *story, struct lb_error *error)
{
	(void)story;
	sqlite3 *db = NULL;
	int code = sqlite3_open(STORY_FILE, &db);
	if (code == SQLITE_OK) {
		code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	}
	(void)sqlite3_close(db);
	return code == SQLITE_OK ? LB_OK : lb_fail(error, LB_IO, "%s", sqlite3_errstr(code));
}

static enum lb_err job_555_starts(struct store_story *story, struct lb_error *error)
{
	return answer(story, "555", 1, 1, LB_SUBMIT_ACCEPTED, 5 * LB_SECOND, error);
}

static enum lb_err job_666_ends_well(struct store_story *story, struct lb_error *error)
{
	return end(story, "666", 1, 1, LB_RUN_SUCCEEDED, 6 * LB_SECOND, error);
}

static enum lb_err job_555_fails(struct store_story *story, struct lb_error *error)
{
	return end(story, "555", 1, 1, LB_RUN_FAILED, 7 * LB_SECOND, error);
}

static enum lb_err look_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct lb_arena *arena = data;
	struct lb_job_list jobs;
	struct lb_run_list runs;
	struct lb_sensor_state_list sensors;
	struct lb_audit_list audit;
	enum lb_err err = store->impl->load_jobs(
		store, &(struct lb_job_query){.all = true, .pending = true}, arena, &jobs, error);
	if (err == LB_OK) {
		err = store->impl->load_runs(store, &(struct lb_run_query){.with_inputs = true},
					     arena, &runs, error);
	}
	if (err == LB_OK) {
		err = store->impl->load_sensors(store, NULL, NULL, arena, &sensors, error);
	}
	if (err == LB_OK) {
		err = store->impl->load_audit(store, &(struct lb_audit_query){.limit = 0}, arena,
					      &audit, error);
	}
	if (err == LB_OK) {
		assert_int_equal(jobs.count, 2);
		assert_int_equal(runs.count, 2);
		assert_int_equal(sensors.count, 2);
		assert_int_not_equal(audit.count, 0);
	}
	return err;
}

static enum lb_err somebody_looks(struct store_story *story, struct lb_error *error)
{
	return story->store->impl->transact(story->store, LB_STORE_READ, look_body, &story->arena,
					    error);
}

static enum lb_err command(struct store_story *story, enum lb_command_verb verb, int64_t after_us,
			   struct lb_error *error)
{
	struct lb_answer said;
	return beat(story,
		    &(struct lb_observation){.kind = LB_OBSERVED_COMMAND,
					     .command = {.verb = verb,
							 .trigger_job_id = "555",
							 .who = "somebody",
							 .answer = &said}},
		    after_us, error);
}

static enum lb_err somebody_retries_555(struct store_story *story, struct lb_error *error)
{
	return command(story, LB_RETRY, 8 * LB_SECOND, error);
}

static enum lb_err many_rates_come(struct store_story *story, struct lb_error *error)
{
	return deliver(story, "rates", 1, MANY, false, 9 * LB_SECOND, error);
}

static enum lb_err job_555_starts_again(struct store_story *story, struct lb_error *error)
{
	return answer(story, "555", 1, 2, LB_SUBMIT_ACCEPTED, 10 * LB_SECOND, error);
}

static enum lb_err job_555_ends_well(struct store_story *story, struct lb_error *error)
{
	return end(story, "555", 1, 2, LB_RUN_SUCCEEDED, 11 * LB_SECOND, error);
}

/* Two days later old files are gone, and so is what can be forgotten of them. */
static enum lb_err old_things_are_forgotten(struct store_story *story, struct lb_error *error)
{
	return deliver(story, "orders", 2, 1, true, 48 * LB_HOUR, error);
}

static enum lb_err somebody_pauses_555(struct store_story *story, struct lb_error *error)
{
	return command(story, LB_PAUSE, 49 * LB_HOUR, error);
}

const struct story_chapter story_chapters[] = {
	{"the tables are made", open_store, true},
	{"a feed", feed, false},
	{"orders come", orders_come, false},
	{"rates come", rates_come, false},
	{"job 666 starts", job_666_starts, false},
	{"job 555 is refused", job_555_is_refused, false},
	{"somebody writes back", somebody_writes_back, false},
	{"job 555 starts", job_555_starts, false},
	{"job 666 ends well", job_666_ends_well, false},
	{"lakebeat ends", close_store, false},
	{"lakebeat starts again", open_store, true},
	{"job 555 fails", job_555_fails, false},
	{"somebody looks", somebody_looks, false},
	{"somebody retries 555", somebody_retries_555, false},
	{"many rates come", many_rates_come, false},
	{"somebody writes back", somebody_writes_back, false},
	{"job 555 starts again", job_555_starts_again, false},
	{"job 555 ends well", job_555_ends_well, false},
	{"old things are forgotten", old_things_are_forgotten, false},
	{"somebody pauses 555", somebody_pauses_555, false},
};

const size_t story_length = sizeof(story_chapters) / sizeof(story_chapters[0]);

void store_story_finish(struct store_story *story)
{
	if (story->store != NULL) {
		story->store->impl->destroy(story->store);
		story->store = NULL;
	}
	lb_arena_finish(&story->arena);
}

static int write_row(void *data, int count, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < count; i++) {
		(void)fprintf(data, "%s%s", values[i] != NULL ? values[i] : "NULL",
			      i + 1 < count ? "|" : "\n");
	}
	return 0;
}

char *store_story_tables(void)
{
	static const char *const queries[] = {
		"SELECT 'meta', count(*) FROM lakebeat_meta",
		"SELECT 'sensor', * FROM lakebeat_sensor ORDER BY 2, 3, 4",
		"SELECT 'event', * FROM lakebeat_event ORDER BY 2, 3",
		"SELECT 'consumed', * FROM lakebeat_consumed ORDER BY 2, 3",
		"SELECT 'run', id, trigger_job_id, run_no, attempt, length(token), state, runner, "
		"external_id, url, message, tries, refused, planned_at_us, next_try_at_us, "
		"submitted_at_us, ended_at_us FROM lakebeat_run ORDER BY 2",
		"SELECT 'input', * FROM lakebeat_run_input ORDER BY 2, 3",
		"SELECT 'audit', * FROM lakebeat_audit ORDER BY 2",
		"SELECT 'row', * FROM heartbeat_sensor ORDER BY 9, 3",
		"SELECT 'entry', * FROM lakehouse_engine_sensors ORDER BY 2",
	};
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	assert_non_null(stream);
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(STORY_FILE, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (run_sql(db, queries[i], write_row, stream) != SQLITE_OK) {
			fail_msg("%s: %s", queries[i], sqlite3_errmsg(db));
		}
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static int note_text(void *data, int count, char **values, char **names)
{
	(void)names;
	(void)snprintf(data, ANSWER_MAX, "%s", count == 1 ? values[0] : "");
	return 0;
}

static void assert_answer(sqlite3 *db, const char *question, const char *expected)
{
	char text[ANSWER_MAX] = "";
	assert_int_equal(run_sql(db, question, note_text, text), SQLITE_OK);
	assert_string_equal(text, expected);
}

void store_story_check(void)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(STORY_FILE, &db), SQLITE_OK);
	assert_answer(db, "PRAGMA integrity_check", "ok");
	assert_answer(db, "PRAGMA journal_mode", "wal");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
