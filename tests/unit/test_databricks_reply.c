#include "base/text.h"
#include "base/time.h"
#include "runners/databricks/reply.h"
#include "support/cmocka.h"

#include <string.h>

#define JSON "application/json"

static struct lb_databricks_reply reply;

static int forget(void **state)
{
	(void)state;
	lb_databricks_reply_finish(&reply);
	return 0;
}

static enum lb_databricks_meaning meaning(int status, const char *content_type, const char *body)
{
	static const struct lb_error none;
	struct lb_databricks_answer answer = {
		.error = &none,
		.status = status,
		.content_type = content_type,
		.body = body,
		.length = strlen(body),
	};
	lb_databricks_reply_finish(&reply);
	lb_databricks_reply_read(&answer, 0, &reply);
	return reply.meaning;
}

static void an_object_with_200_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(meaning(200, JSON, "{\"run_id\": 9007199254740993}"), LB_DATABRICKS_DONE);
	assert_int_equal(json_integer_value(json_object_get(reply.json, "run_id")),
			 INT64_C(9007199254740993));
	assert_int_equal(meaning(200, NULL, "{}"), LB_DATABRICKS_DONE);
}

static void what_may_have_been_anything_is_asked_again(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *content_type;
		const char *body;
	} cases[] = {
		{200, "text/html", "<html>Sign in</html>"},
		{403, "text/html", "<html>Sign in</html>"},
		{404, NULL, "<!doctype html>"},
		{302, "text/plain", ""},
		{200, JSON, "{\"run_id\": 1"},
		{200, JSON, ""},
		{200, JSON, "[1]"},
		{200, JSON, "7"},
		{408, JSON, "{}"},
		{409, JSON, "{\"error_code\": \"CONFLICT\", \"message\": \"m\"}"},
		{429, JSON, "{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\", \"message\": \"m\"}"},
		{400, JSON, "{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\", \"message\": \"m\"}"},
		{429, NULL, ""},
		{500, JSON, "{\"error_code\": \"INTERNAL_ERROR\", \"message\": \"m\"}"},
		{502, NULL, "Bad Gateway"},
		{503, JSON, "{\"error_code\": \"TEMPORARILY_UNAVAILABLE\", \"message\": \"m\"}"},
		{504, NULL, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(meaning(cases[i].status, cases[i].content_type, cases[i].body),
				 LB_DATABRICKS_LATER);
		assert_int_equal(reply.error.code, LB_UNAVAILABLE);
		assert_true(reply.error.message[0] != '\0');
	}
}

static void a_definite_no_is_a_no_with_its_reason(void **state)
{
	(void)state;
	assert_int_equal(
		meaning(400, JSON,
			"{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"Job 5 does "
			"not exist.\"}"),
		LB_DATABRICKS_REFUSED);
	assert_non_null(strstr(reply.error.message, "400 INVALID_PARAMETER_VALUE: Job 5 does not"));
	assert_int_equal(
		meaning(403, JSON, "{\"error_code\": \"PERMISSION_DENIED\", \"message\": \"no\"}"),
		LB_DATABRICKS_REFUSED);
	assert_int_equal(meaning(404, JSON, "{\"error_code\": \"ENDPOINT_NOT_FOUND\"}"),
			 LB_DATABRICKS_REFUSED);
	assert_int_equal(meaning(404, "text/plain", "no route"), LB_DATABRICKS_REFUSED);
	assert_int_equal(meaning(413, NULL, ""), LB_DATABRICKS_REFUSED);
}

static void what_does_not_exist_is_told_by_404_and_by_the_older_400(void **state)
{
	(void)state;
	assert_int_equal(meaning(404, JSON, "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\"}"),
			 LB_DATABRICKS_MISSING);
	assert_int_equal(
		meaning(400, JSON,
			"{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"Run 7 "
			"does not exist.\"}"),
		LB_DATABRICKS_MISSING);
	assert_int_equal(
		meaning(400, JSON,
			"{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"Run: 7 "
			"in job: 5 doesn't exist\"}"),
		LB_DATABRICKS_MISSING);
}

static void that_a_run_is_gone_is_told_by_its_number_and_by_its_token(void **state)
{
	(void)state;
	static const struct {
		int status;
		bool gone;
		const char *body;
	} cases[] = {
		{400, true,
		 "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"The run of this "
		 "idempotency_token was deleted.\"}"},
		{404, true,
		 "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": \"Run with token abc "
		 "has been deleted\"}"},
		{400, true,
		 "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"Run 7 does not "
		 "exist.\"}"},
		{400, false,
		 "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"Job 7 does not "
		 "exist.\"}"},
		{400, false,
		 "{\"error_code\": \"INVALID_STATE\", \"message\": \"Job 7 was deleted, no run of "
		 "it starts\"}"},
		{400, false,
		 "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"idempotency_token "
		 "must have at most 64 characters\"}"},
		{403, false,
		 "{\"error_code\": 403, \"message\": \"Invalid token: deleted, cannot run\"}"},
		{503, false,
		 "{\"error_code\": \"UNAVAILABLE\", \"message\": \"The run of this token was "
		 "deleted\"}"},
		{404, false, "{\"error_code\": \"NOT_FOUND\"}"},
		{200, false, "{\"message\": \"The run of this token was deleted\"}"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)meaning(cases[i].status, JSON, cases[i].body);
		assert_int_equal(reply.run_is_gone, cases[i].gone);
	}
}

static void credentials_that_are_not_accepted_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(meaning(401, NULL, ""), LB_DATABRICKS_CREDENTIAL);
	assert_int_equal(meaning(401, JSON, "{\"error_code\": \"UNAUTHENTICATED\"}"),
			 LB_DATABRICKS_CREDENTIAL);
	assert_int_equal(
		meaning(403, JSON, "{\"error_code\": 403, \"message\": \"Invalid access token.\"}"),
		LB_DATABRICKS_CREDENTIAL);
	assert_non_null(strstr(reply.error.message, "Invalid access token."));
	assert_int_equal(meaning(400, JSON,
				 "{\"error\": \"invalid_client\", \"error_description\": \"Client "
				 "authentication failed\"}"),
			 LB_DATABRICKS_CREDENTIAL);
}

static void a_message_stays_one_line_of_whole_letters(void **state)
{
	(void)state;
	char body[4096] = "{\"error_code\": \"X\", \"message\": \"a\\nb ";
	for (int i = 0; i < 600; i++) {
		strcat(body, "\xC3\xA9");
	}
	strcat(body, "\"}");
	assert_int_equal(meaning(400, JSON, body), LB_DATABRICKS_REFUSED);
	assert_non_null(strstr(reply.error.message, "X: a\\nb \xC3\xA9"));
	assert_true(lb_utf8_valid(reply.error.message));
	assert_in_range(strlen(reply.error.message), 600, 700);
}

static int64_t delay(const char *header, const char *body)
{
	static const struct lb_error none;
	struct lb_databricks_answer answer = {
		.error = &none,
		.status = 429,
		.content_type = JSON,
		.retry_after = header,
		.body = body,
		.length = strlen(body),
	};
	lb_databricks_reply_finish(&reply);
	lb_databricks_reply_read(&answer, 0, &reply);
	return reply.retry_after_us;
}

static void the_time_to_wait_is_taken_from_header_or_details(void **state)
{
	(void)state;
	static const char details[] =
		"{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\", \"details\": [{\"@type\": "
		"\"type.googleapis.com/google.rpc.RequestInfo\"}, {\"@type\": "
		"\"type.googleapis.com/google.rpc.RetryInfo\", \"retry_delay\": \"3.5s\"}]}";
	assert_int_equal(delay("7", details), 7 * LB_SECOND);
	assert_int_equal(delay(NULL, details), 3500 * LB_MS);
	assert_int_equal(delay("soon", details), 3500 * LB_MS);
	assert_int_equal(delay(NULL, "{}"), 0);
	assert_int_equal(delay(NULL, ""), 0);
	assert_int_equal(delay(NULL, "{\"details\": {\"retry_delay\": 7}}"), 0);
}

static void a_lost_request_is_asked_again_and_an_impossible_one_is_not(void **state)
{
	(void)state;
	struct lb_error error = {.code = LB_UNAVAILABLE, .message = "x: Connection refused"};
	struct lb_databricks_answer answer = {.error = &error, .body = ""};
	lb_databricks_reply_read(&answer, 0, &reply);
	assert_int_equal(reply.meaning, LB_DATABRICKS_LATER);
	assert_string_equal(reply.error.message, "x: Connection refused");
	error.code = LB_INVALID;
	lb_databricks_reply_read(&answer, 0, &reply);
	assert_int_equal(reply.meaning, LB_DATABRICKS_REFUSED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_object_with_200_is_an_answer, forget),
		cmocka_unit_test_teardown(what_may_have_been_anything_is_asked_again, forget),
		cmocka_unit_test_teardown(a_definite_no_is_a_no_with_its_reason, forget),
		cmocka_unit_test_teardown(what_does_not_exist_is_told_by_404_and_by_the_older_400,
					  forget),
		cmocka_unit_test_teardown(that_a_run_is_gone_is_told_by_its_number_and_by_its_token,
					  forget),
		cmocka_unit_test_teardown(credentials_that_are_not_accepted_are_told_apart, forget),
		cmocka_unit_test_teardown(a_message_stays_one_line_of_whole_letters, forget),
		cmocka_unit_test_teardown(the_time_to_wait_is_taken_from_header_or_details, forget),
		cmocka_unit_test_teardown(
			a_lost_request_is_asked_again_and_an_impossible_one_is_not, forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
