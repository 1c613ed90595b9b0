#include "base/time.h"
#include "runners/databricks/state.h"
#include "support/cmocka.h"

#include <string.h>

#define NOW INT64_C(1763877600000000)

static struct lb_arena arena;

static struct lb_run_news news_of(const char *text)
{
	struct lb_run_news news = {0};
	json_t *run = json_loads(text, 0, NULL);
	assert_non_null(run);
	lb_databricks_run_news(run, NOW, &arena, &news);
	json_decref(run);
	return news;
}

static struct lb_run_news old_style(const char *life, const char *result)
{
	json_t *run = json_pack("{s:{s:s, s:s*}}", "state", "life_cycle_state", life,
				"result_state", result);
	struct lb_run_news news = {0};
	lb_databricks_run_news(run, NOW, &arena, &news);
	json_decref(run);
	return news;
}

static struct lb_run_news new_style(const char *state, const char *code, const char *type)
{
	json_t *run = json_pack("{s:{s:s, s:{s:s*, s:s*}}}", "status", "state", state,
				"termination_details", "code", code, "type", type);
	struct lb_run_news news = {0};
	lb_databricks_run_news(run, NOW, &arena, &news);
	json_decref(run);
	return news;
}

static void a_run_goes_on_until_it_is_said_to_be_over(void **state)
{
	(void)state;
	static const char *const lives[] = {"QUEUED",      "PENDING", "RUNNING",
					    "TERMINATING", "BLOCKED", "WAITING_FOR_RETRY",
					    "A_NEW_WORD"};
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct lb_run_news news = old_style(lives[i], NULL);
		assert_true(news.known);
		assert_int_equal(news.state, LB_RUN_SUBMITTED);
	}
	static const char *const states[] = {"BLOCKED",     "PENDING", "QUEUED",    "RUNNING",
					     "TERMINATING", "WAITING", "A_NEW_WORD"};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		assert_int_equal(new_style(states[i], NULL, NULL).state, LB_RUN_SUBMITTED);
	}
}

static void every_result_is_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *result;
		enum lb_run_state state;
	} cases[] = {
		{"SUCCESS", LB_RUN_SUCCEEDED},
		{"SUCCESS_WITH_FAILURES", LB_RUN_SUCCEEDED},
		{"FAILED", LB_RUN_FAILED},
		{"TIMEDOUT", LB_RUN_FAILED},
		{"CANCELED", LB_RUN_CANCELED},
		{"MAXIMUM_CONCURRENT_RUNS_REACHED", LB_RUN_FAILED},
		{"EXCLUDED", LB_RUN_FAILED},
		{"UPSTREAM_FAILED", LB_RUN_FAILED},
		{"UPSTREAM_CANCELED", LB_RUN_CANCELED},
		{"DISABLED", LB_RUN_FAILED},
		{"A_NEW_WORD", LB_RUN_FAILED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lb_run_news news = old_style("TERMINATED", cases[i].result);
		assert_true(news.known);
		assert_int_equal(news.state, cases[i].state);
		assert_true(news.message != NULL || news.state == LB_RUN_SUCCEEDED);
		assert_int_equal(news.ended_at_us, NOW);
	}
	assert_int_equal(old_style("TERMINATED", NULL).state, LB_RUN_FAILED);
}

static void every_termination_code_is_told_apart(void **state)
{
	(void)state;
	static const char *const failures[] = {"SKIPPED",
					       "DISABLED",
					       "INTERNAL_ERROR",
					       "DRIVER_ERROR",
					       "CLUSTER_ERROR",
					       "CLUSTER_REQUEST_LIMIT_EXCEEDED",
					       "INVALID_CLUSTER_REQUEST",
					       "REPOSITORY_CHECKOUT_FAILED",
					       "WORKSPACE_RUN_LIMIT_EXCEEDED",
					       "FEATURE_DISABLED",
					       "STORAGE_ACCESS_ERROR",
					       "RUN_EXECUTION_ERROR",
					       "UNAUTHORIZED_ERROR",
					       "LIBRARY_INSTALLATION_ERROR",
					       "MAX_CONCURRENT_RUNS_EXCEEDED",
					       "MAX_SPARK_CONTEXTS_EXCEEDED",
					       "MAX_JOB_QUEUE_SIZE_EXCEEDED",
					       "RESOURCE_NOT_FOUND",
					       "INVALID_RUN_CONFIGURATION",
					       "CLOUD_FAILURE",
					       "BREAKING_CHANGE",
					       "BUDGET_POLICY_LIMIT_EXCEEDED",
					       "CLUSTER_TERMINATED_BY_USER"};
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct lb_run_news news = new_style("TERMINATED", failures[i], "CLIENT_ERROR");
		assert_int_equal(news.state, LB_RUN_FAILED);
		assert_null(strstr(news.message, "not known"));
		assert_null(strstr(news.message, "that is known here"));
	}
	assert_int_equal(new_style("TERMINATED", "SUCCESS", "SUCCESS").state, LB_RUN_SUCCEEDED);
	assert_int_equal(new_style("TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS").state,
			 LB_RUN_SUCCEEDED);
	assert_int_equal(new_style("TERMINATED", "USER_CANCELED", "SUCCESS").state,
			 LB_RUN_CANCELED);
	assert_int_equal(new_style("TERMINATED", "CANCELED", "SUCCESS").state, LB_RUN_CANCELED);
	assert_int_equal(new_style("TERMINATED", "NEW_WORD", "SUCCESS").state, LB_RUN_SUCCEEDED);
	assert_int_equal(new_style("TERMINATED", "NEW_WORD", "NEW").state, LB_RUN_FAILED);
}

static void a_skipped_run_and_an_internal_error_are_failures(void **state)
{
	(void)state;
	assert_int_equal(old_style("SKIPPED", NULL).state, LB_RUN_FAILED);
	struct lb_run_news news = old_style("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED");
	assert_int_equal(news.state, LB_RUN_FAILED);
	assert_non_null(strstr(news.message, "max_concurrent_runs"));
	assert_int_equal(old_style("INTERNAL_ERROR", NULL).state, LB_RUN_FAILED);
	assert_int_equal(old_style("INTERNAL_ERROR", "FAILED").state, LB_RUN_FAILED);
	assert_int_equal(old_style("INTERNAL_ERROR", "SUCCESS").state, LB_RUN_FAILED);
	assert_int_equal(old_style("SKIPPED", "SUCCESS").state, LB_RUN_FAILED);
}

static void a_run_tells_why_and_when_it_ended(void **state)
{
	(void)state;
	struct lb_run_news news =
		news_of("{\"state\": {\"life_cycle_state\": \"INTERNAL_ERROR\", \"result_state\": "
			"\"FAILED\", \"state_message\": \"Task main failed\"}, \"end_time\": "
			"1763877600123}");
	assert_string_equal(news.message, "failed: Task main failed");
	assert_int_equal(news.ended_at_us, INT64_C(1763877600123000));
	news = news_of("{\"status\": {\"state\": \"TERMINATED\", \"termination_details\": "
		       "{\"code\": \"DRIVER_ERROR\", \"message\": \"boom\"}}, \"end_time\": 0}");
	assert_string_equal(news.message, "the driver failed: boom");
	assert_int_equal(news.ended_at_us, NOW);
	news = news_of("{\"status\": {\"state\": \"QUEUED\", \"queue_details\": "
		       "{\"code\": \"MAX_CONCURRENT_RUNS_REACHED\", \"message\": \"full\"}}}");
	assert_string_equal(news.message, "full");
}

static void what_says_nothing_is_not_known(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}",
					    "[]",
					    "{\"state\": 7}",
					    "{\"state\": {}}",
					    "{\"state\": {\"life_cycle_state\": 7}}",
					    "{\"status\": {\"state\": null}}"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(news_of(texts[i]).known);
	}
}

static int finish(void **state)
{
	(void)state;
	lb_arena_finish(&arena);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_goes_on_until_it_is_said_to_be_over, finish),
		cmocka_unit_test_teardown(every_result_is_told_apart, finish),
		cmocka_unit_test_teardown(every_termination_code_is_told_apart, finish),
		cmocka_unit_test_teardown(a_skipped_run_and_an_internal_error_are_failures, finish),
		cmocka_unit_test_teardown(a_run_tells_why_and_when_it_ended, finish),
		cmocka_unit_test_teardown(what_says_nothing_is_not_known, finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
