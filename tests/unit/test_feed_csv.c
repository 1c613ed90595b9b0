#include "config/feed_csv.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                     \
	"sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,"                 \
	"preprocess_query,trigger_job_id,trigger_job_name,job_state,dependency_flag\n"

struct feed {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_row_list rows;
	struct lb_error error;
	enum lb_err err;
};

static struct feed *read_bytes(const char *bytes, size_t length)
{
	struct feed *feed = lb_alloc(sizeof(*feed));
	assert_non_null(feed);
	folder_write_bytes("feed.csv", bytes, length);
	feed->err = lb_feed_csv_read("feed.csv", NULL, &feed->arena, &feed->problems, &feed->rows,
				     &feed->error);
	return feed;
}

static struct feed *read(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void done(struct feed *feed)
{
	lb_arena_finish(&feed->arena);
	lb_free(feed);
}

static void assert_value(const struct feed *feed, size_t row, enum lb_declared column,
			 const char *value)
{
	const char *found = feed->rows.items[row].declared[column];
	assert_int_equal(found == NULL, value == NULL);
	if (value != NULL) {
		assert_string_equal(found, value);
	}
}

/* A feed of these rows under the usual header has just this error. */
static void assert_error(const char *rows, const char *place, const char *text, const char *remedy)
{
	char whole[4096];
	(void)snprintf(whole, sizeof(whole), HEADER "%s", rows);
	struct feed *feed = read(whole);
	assert_int_equal(feed->err, LB_INVALID);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, place, text, remedy);
	assert_problem_count(&feed->problems, LB_PROBLEM_ERROR, 1);
	done(feed);
}

static void assert_warning(const char *rows, const char *place, const char *text)
{
	char whole[4096];
	(void)snprintf(whole, sizeof(whole), HEADER "%s", rows);
	struct feed *feed = read(whole);
	assert_int_equal(feed->err, LB_OK);
	assert_problem(&feed->problems, LB_PROBLEM_WARNING, place, text, NULL);
	done(feed);
}

static void a_feed_becomes_rows(void **state)
{
	(void)state;
	struct feed *feed = read(
		HEADER "trigger_file,orders,streaming,Orders,,,555,orders_job,UNPAUSED,TRUE\n"
		       "trigger_file,orders,streaming,Orders,,,666,revenue_job, unpaused ,TRUE \n"
		       "trigger_file,fx,,,,,666,,paused,false");
	assert_int_equal(feed->err, LB_OK);
	assert_int_equal(feed->problems.count, 0);
	assert_int_equal(feed->rows.count, 3);
	assert_value(feed, 0, LB_DECLARED_sensor_source, "trigger_file");
	assert_value(feed, 0, LB_DECLARED_asset_description, "Orders");
	assert_value(feed, 0, LB_DECLARED_upstream_key, NULL);
	assert_value(feed, 1, LB_DECLARED_job_state, "UNPAUSED");
	assert_value(feed, 1, LB_DECLARED_dependency_flag, "TRUE ");
	assert_value(feed, 2, LB_DECLARED_sensor_read_type, NULL);
	assert_value(feed, 2, LB_DECLARED_job_state, "PAUSED");
	assert_value(feed, 2, LB_DECLARED_dependency_flag, "false");
	assert_int_equal(feed->rows.items[0].status, LB_STATUS_NONE);
	done(feed);
}

static void quotes_hold_commas_quotes_and_newlines(void **state)
{
	(void)state;
	struct feed *feed =
		read(HEADER "trigger_file,a,,\"one, \"\"two\"\"\nthree\",,\"\",1,,UNPAUSED,TRUE\n"
			    "trigger_file,b,,,,,1,,UNPAUSED,maybe\n");
	assert_int_equal(feed->err, LB_INVALID);
	assert_value(feed, 0, LB_DECLARED_asset_description, "one, \"two\"\nthree");
	assert_value(feed, 0, LB_DECLARED_preprocess_query, NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:4:10: dependency_flag",
		       "\"maybe\" is not a dependency_flag", "TRUE (hard)");
	done(feed);
}

static void a_byte_order_mark_crlf_and_blank_lines_are_read_over(void **state)
{
	(void)state;
	struct feed *feed = read("\xef\xbb\xbf\r\n"
				 "sensor_source,sensor_id,sensor_read_type,asset_description,"
				 "upstream_key,preprocess_query,trigger_job_id,trigger_job_name,"
				 "job_state,dependency_flag\r\n"
				 "\r\n"
				 "trigger_file,a,,,,,1,,UNPAUSED,TRUE\r\n"
				 "   \r\n"
				 "trigger_file,b,,,,,,,UNPAUSED,TRUE\r\n");
	assert_int_equal(feed->rows.count, 2);
	assert_value(feed, 0, LB_DECLARED_dependency_flag, "TRUE");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:6:7: trigger_job_id",
		       "is empty", NULL);
	done(feed);
}

static void columns_may_stand_in_any_order(void **state)
{
	(void)state;
	struct feed *feed = read("dependency_flag,job_state,trigger_job_name,trigger_job_id,"
				 "preprocess_query,upstream_key,asset_description,sensor_read_type,"
				 " Sensor_ID ,sensor_source\n"
				 "TRUE,UNPAUSED,job,1,,key,,,a,trigger_file\n");
	assert_int_equal(feed->err, LB_OK);
	assert_value(feed, 0, LB_DECLARED_sensor_id, "a");
	assert_value(feed, 0, LB_DECLARED_upstream_key, "key");
	assert_value(feed, 0, LB_DECLARED_sensor_source, "trigger_file");
	done(feed);
}

static void a_wrong_header_is_told_column_by_column(void **state)
{
	(void)state;
	struct feed *feed = read("sensor_source,sensor_idd,sensor_read_type,asset_description,"
				 "upstream_key,status,trigger_job_id,trigger_job_id,"
				 "job_state,,dependency_flag\nx\n");
	assert_int_equal(feed->err, LB_INVALID);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1:2: sensor_idd",
		       "not a column", "did you mean sensor_id?");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1:6: status",
		       "kept by lakebeat", "leave the column out");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1:8: trigger_job_id",
		       "is column 7 already", NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1:10", "without a name", NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1",
		       "lacks the column sensor_id", NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1",
		       "lacks the column trigger_job_name", NULL);
	done(feed);
}

static void another_delimiter_is_said_to_be_one(void **state)
{
	(void)state;
	struct feed *feed = read("sensor_source;sensor_id;trigger_job_id\na;b;c\n");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:1", "separated with semicolons",
		       "commas");
	assert_problem_count(&feed->problems, LB_PROBLEM_ERROR, 1);
	done(feed);
}

static void every_bad_field_is_told_with_line_and_column(void **state)
{
	(void)state;
	struct feed *feed = read(HEADER "trigger_fil,a,stream,,,,,,PAUSE,yes\n"
					",../etc,,,,,1,,UNPAUSED,TRUE\n"
					"trigger_file,../etc,,,,,1,,UNPAUSED,TRUE\n"
					"trigger_file,,,,,,1,,UNPAUSED,TRUE\n");
	assert_int_equal(feed->err, LB_INVALID);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:1: sensor_source", NULL,
		       "did you mean trigger_file?");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:3: sensor_read_type", NULL,
		       NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:7: trigger_job_id",
		       "is empty", NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:9: job_state", NULL,
		       "did you mean PAUSED?");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:10: dependency_flag", NULL,
		       NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:3:1: sensor_source", "is empty",
		       NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:4:2: sensor_id", "leave",
		       "folder");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:5:2: sensor_id", "is empty",
		       NULL);
	done(feed);
}

static void empty_states_and_flags_are_warned_of(void **state)
{
	(void)state;
	assert_warning("trigger_file,a,,,,,1,,,TRUE\n", "feed.csv:2:9: job_state", "PAUSED");
	assert_warning("trigger_file,a,,,,,1,,UNPAUSED,\n", "feed.csv:2:10: dependency_flag",
		       "soft");
	assert_warning("trigger_file,a ,,,,,1,,UNPAUSED,TRUE\n", "feed.csv:2:2: sensor_id",
		       "white space");
	assert_warning("", "feed.csv", "removes every row");
}

static void a_key_that_occurs_twice_is_told_with_both_lines(void **state)
{
	(void)state;
	assert_error("trigger_file,a,,,,,1,,UNPAUSED,TRUE\n"
		     "trigger_file,a,,,,,2,,UNPAUSED,TRUE\n"
		     "trigger_file,b,,\"x\ny\",,,1,,UNPAUSED,TRUE\n"
		     "kafka,a,,,,,1,,UNPAUSED,TRUE\n",
		     "feed.csv:6:2: sensor_id",
		     "a with trigger_job_id 1 is there already, on line 2", NULL);
}

static void rows_of_another_length_are_refused(void **state)
{
	(void)state;
	assert_error("trigger_file,a,,,,,1,,UNPAUSED\n", "feed.csv:2",
		     "the row has 9 fields, the header has 10", "quotes");
	assert_error("trigger_file,a,,one, two,,,1,,UNPAUSED,TRUE\n", "feed.csv:2",
		     "the row has 11 fields", "quotes");
}

static void a_quote_that_never_closes_is_told_where_it_began(void **state)
{
	(void)state;
	assert_error("trigger_file,a,,,,,1,,UNPAUSED,TRUE\n"
		     "trigger_file,b,,\"Orders,,,1,,UNPAUSED,TRUE\n"
		     "trigger_file,c,,,,,1,,UNPAUSED,TRUE\n",
		     "feed.csv:3:4: asset_description", "never closed", NULL);
}

static void a_quote_out_of_place_does_not_hide_what_follows(void **state)
{
	(void)state;
	struct feed *feed = read(HEADER "trigger_file,a,,the \"best\" orders,,,1,,UNPAUSED,TRUE\n"
					"trigger_file,b,,\"x\" y,,,1,,UNPAUSED,TRUE\n"
					"trigger_file,c,,,,,,,UNPAUSED,TRUE\n");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:4: asset_description",
		       "a quote is out of place", "double those inside");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:3:4: asset_description",
		       "a quote is out of place", NULL);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:4:7: trigger_job_id",
		       "is empty", NULL);
	assert_problem_count(&feed->problems, LB_PROBLEM_ERROR, 3);
	done(feed);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	assert_error("trigger_file,a,,\xff\xfe,,,1,,UNPAUSED,TRUE\n",
		     "feed.csv:2:4: asset_description", "not UTF-8", "save the file");
	static const char zero[] = HEADER "trigger_file,a,,x\0y,,,1,,UNPAUSED,TRUE\n";
	struct feed *feed = read_bytes(zero, sizeof(zero) - 1);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:4: asset_description", "NUL",
		       NULL);
	done(feed);
	assert_error("trigger_file,a,,,,,\"1\n2\",,UNPAUSED,TRUE\n", "feed.csv:2:7: trigger_job_id",
		     "control character", NULL);
}

static void a_field_over_64_kib_is_refused(void **state)
{
	(void)state;
	char *text = malloc(LB_FEED_FIELD_BYTES_MAX + 4096);
	assert_non_null(text);
	char *at = stpcpy(text, HEADER "trigger_file,a,,\"");
	for (size_t i = 0; i < LB_FEED_FIELD_BYTES_MAX; i++) {
		*at++ = i % 64 == 63 ? '\n' : 'x';
	}
	*at = '\0';
	strcat(text, "\",,,1,,UNPAUSED,TRUE\n");
	struct feed *feed = read(text);
	assert_int_equal(feed->err, LB_OK);
	done(feed);
	*at = '\0';
	strcat(text, "xx\n\n,\n");
	feed = read(text);
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv:2:4: asset_description",
		       "longer than 64 KiB", "never closed");
	done(feed);
	free(text);
}

static void a_file_without_anything_is_refused(void **state)
{
	(void)state;
	struct feed *feed = read("\n");
	assert_problem(&feed->problems, LB_PROBLEM_ERROR, "feed.csv", "is empty", "header");
	done(feed);
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_row_list rows;
	struct lb_error error = {0};
	assert_int_equal(lb_feed_csv_read("nowhere.csv", NULL, &arena, &problems, &rows, &error),
			 LB_NOT_FOUND);
	assert_string_equal(error.message, "nowhere.csv: there is no such file");
	assert_int_equal(lb_feed_csv_read(".", NULL, &arena, &problems, &rows, &error), LB_INVALID);
	lb_arena_finish(&arena);
}

static void rows_of_sources_that_are_not_sensed_are_noticed_once(void **state)
{
	(void)state;
	struct feed *feed = read(HEADER "kafka,a.b:c/d,,,,,1,,UNPAUSED,TRUE\n"
					"Kafka,e,,,,,1,,UNPAUSED,TRUE\n");
	assert_int_equal(feed->err, LB_OK);
	assert_problem_count(&feed->problems, LB_PROBLEM_NOTICE, 1);
	assert_problem(&feed->problems, LB_PROBLEM_NOTICE, "feed.csv:2:1: sensor_source",
		       "kafka are kept", NULL);
	assert_value(feed, 1, LB_DECLARED_sensor_source, "Kafka");
	done(feed);
}

static void a_flood_of_problems_is_counted_not_kept(void **state)
{
	(void)state;
	char *text = malloc(200 * 1024);
	assert_non_null(text);
	char *at = stpcpy(text, HEADER);
	for (int i = 0; i < 2000; i++) {
		at += sprintf(at, "trigger_file,s%d,,,,,,,UNPAUSED,TRUE\n", i);
	}
	struct feed *feed = read(text);
	assert_string_equal(feed->error.message, "feed.csv: 2000 errors");
	assert_int_equal(feed->problems.count, LB_PROBLEMS_MAX);
	assert_non_null(strstr(feed->problems.items[LB_PROBLEMS_MAX - 1].text, "1000 more"));
	done(feed);
	free(text);
}

static void more_than_a_million_rows_are_refused(void **state)
{
	(void)state;
	FILE *stream = fopen("feed.csv", "w");
	assert_non_null(stream);
	assert_true(fputs(HEADER, stream) >= 0);
	for (int i = 0; i <= LB_FEED_ROWS_MAX; i++) {
		assert_true(fprintf(stream, "trigger_file,%d,,,,,1,,PAUSED,TRUE\n", i) > 0);
	}
	assert_int_equal(fclose(stream), 0);
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_row_list rows;
	assert_int_equal(lb_feed_csv_read("feed.csv", NULL, &arena, &problems, &rows, NULL),
			 LB_INVALID);
	assert_int_equal(rows.count, LB_FEED_ROWS_MAX);
	assert_problem(&problems, LB_PROBLEM_ERROR, "feed.csv:1000002", "more than 1000000 rows",
		       NULL);
	lb_arena_finish(&arena);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

static void a_job_that_its_runner_cannot_start_is_named(void **state)
{
	(void)state;
	struct lb_runner_settings runners[] = {{.name = "d", .kind = LB_RUNNER_DATABRICKS},
					       {.name = "c", .kind = LB_RUNNER_COMMAND}};
	struct lb_job_settings jobs[] = {{.trigger_job_id = "weekly", .runner = "c"}};
	const struct lb_config config = {.runners = {.items = runners, .count = 2},
					 .jobs = {.items = jobs, .count = 1},
					 .default_runner = "d"};
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_row_list rows;
	struct lb_error error = {0};
	folder_write("feed.csv", HEADER "trigger_file,a,,batch,,,daily,n,UNPAUSED,TRUE\n"
					"trigger_file,a,,batch,,,weekly,n,UNPAUSED,TRUE\n"
					"trigger_file,a,,batch,,,55,n,UNPAUSED,TRUE\n");
	assert_int_equal(lb_feed_csv_read("feed.csv", &config, &arena, &problems, &rows, &error),
			 LB_INVALID);
	assert_problem(&problems, LB_PROBLEM_ERROR, "feed.csv:2:7: trigger_job_id",
		       "is not a number", "another runner");
	assert_problem_count(&problems, LB_PROBLEM_ERROR, 1);
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_feed_becomes_rows),
		STORY(quotes_hold_commas_quotes_and_newlines),
		STORY(a_byte_order_mark_crlf_and_blank_lines_are_read_over),
		STORY(columns_may_stand_in_any_order),
		STORY(a_wrong_header_is_told_column_by_column),
		STORY(another_delimiter_is_said_to_be_one),
		STORY(every_bad_field_is_told_with_line_and_column),
		STORY(empty_states_and_flags_are_warned_of),
		STORY(a_key_that_occurs_twice_is_told_with_both_lines),
		STORY(rows_of_another_length_are_refused),
		STORY(a_quote_that_never_closes_is_told_where_it_began),
		STORY(a_quote_out_of_place_does_not_hide_what_follows),
		STORY(bytes_that_are_no_text_are_refused),
		STORY(a_field_over_64_kib_is_refused),
		STORY(a_file_without_anything_is_refused),
		STORY(rows_of_sources_that_are_not_sensed_are_noticed_once),
		STORY(a_flood_of_problems_is_counted_not_kept),
		STORY(a_job_that_its_runner_cannot_start_is_named),
		STORY(more_than_a_million_rows_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
