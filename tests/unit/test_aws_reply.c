#include "base/text.h"
#include "base/time.h"
#include "net/aws_clock.h"
#include "net/aws_reply.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static int64_t at(const char *time)
{
	int64_t time_us;
	assert_true(lb_time_parse(time, &time_us));
	return time_us;
}

static const char instance_json[] =
	"{\"Code\": \"Success\", \"LastUpdated\": \"2025-11-23T06:00:00Z\", \"Type\": \"AWS-HMAC\","
	" \"AccessKeyId\": \"ASIA1\", \"SecretAccessKey\": \"hidden/+=\", \"Token\": \"token==\","
	" \"Expiration\": \"2025-11-23T12:00:00Z\"}";

static const char sts_xml[] =
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
	"  <AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>"
	"</AssumedRoleUser>\n"
	"    <Credentials><AccessKeyId>ASIA2</AccessKeyId>"
	"<SecretAccessKey>hidden&amp;more</SecretAccessKey>\n"
	"      <SessionToken>token2</SessionToken>"
	"<Expiration>2025-11-23T07:00:00.000Z</Expiration></Credentials>\n"
	"  </AssumeRoleResult></AssumeRoleResponse>";

static void instance_metadata_is_read(void **state)
{
	(void)state;
	struct lb_aws_session session;
	struct lb_error error = {0};
	assert_int_equal(
		lb_aws_reply_json(instance_json, strlen(instance_json), true, &session, &error),
		LB_OK);
	assert_string_equal(session.access_key_id, "ASIA1");
	assert_string_equal(session.secret_access_key, "hidden/+=");
	assert_string_equal(session.session_token, "token==");
	assert_true(session.expires_at_us == at("2025-11-23T12:00:00Z"));
	lb_aws_session_finish(&session);
	assert_null(session.secret_access_key);
}

static void a_container_may_give_keys_that_last(void **state)
{
	(void)state;
	static const char body[] = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}";
	struct lb_aws_session session;
	struct lb_error error = {0};
	assert_int_equal(lb_aws_reply_json(body, strlen(body), false, &session, &error), LB_OK);
	assert_null(session.session_token);
	assert_true(session.expires_at_us == LB_TIME_NONE);
	lb_aws_session_finish(&session);
}

static void what_a_program_prints_is_read(void **state)
{
	(void)state;
	static const char body[] = "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":"
				   "\"S\",\"SessionToken\":\"T\"}\n";
	static const char *const bad[] = {
		"", "{}",
		"{\"Version\":\"1\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\"}",
		"{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\"}",
		"{\"Version\":1,\"AccessKeyId\":\"A\"}"};
	struct lb_aws_session session;
	struct lb_error error = {0};
	assert_int_equal(lb_aws_reply_process(body, strlen(body), &session, &error), LB_OK);
	assert_string_equal(session.session_token, "T");
	assert_true(session.expires_at_us == LB_TIME_NONE);
	lb_aws_session_finish(&session);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(lb_aws_reply_process(bad[i], strlen(bad[i]), &session, &error),
				 LB_CORRUPT);
		assert_null(strstr(error.message, "hidden"));
		assert_null(session.access_key_id);
	}
}

static void the_xml_of_sts_is_read(void **state)
{
	(void)state;
	struct lb_aws_session session;
	struct lb_error error = {0};
	assert_int_equal(lb_aws_reply_xml(sts_xml, strlen(sts_xml), &session, &error), LB_OK);
	assert_string_equal(session.access_key_id, "ASIA2");
	assert_string_equal(session.secret_access_key, "hidden&more");
	assert_string_equal(session.session_token, "token2");
	assert_true(session.expires_at_us == at("2025-11-23T07:00:00Z"));
	lb_aws_session_finish(&session);
}

struct bad {
	const char *body;
	enum lb_err err;
	const char *message;
};

static void assert_bad(const struct bad *bad, size_t count, bool json)
{
	for (size_t i = 0; i < count; i++) {
		struct lb_aws_session session;
		struct lb_error error = {0};
		size_t length = strlen(bad[i].body);
		enum lb_err err =
			json ? lb_aws_reply_json(bad[i].body, length, true, &session, &error)
			     : lb_aws_reply_xml(bad[i].body, length, &session, &error);
		if (err != bad[i].err || strstr(error.message, bad[i].message) == NULL) {
			fail_msg("%s: %s", bad[i].body, error.message);
		}
		assert_null(strstr(error.message, "hidden"));
		assert_null(session.access_key_id);
		assert_null(session.secret_access_key);
	}
}

static void json_that_is_no_credentials_is_refused_unseen(void **state)
{
	(void)state;
	static const struct bad bad[] = {
		{"", LB_CORRUPT, "not a JSON object"},
		{"hidden", LB_CORRUPT, "not a JSON object"},
		{"[\"hidden\"]", LB_CORRUPT, "not a JSON object"},
		{"{\"SecretAccessKey\":\"hidden\"", LB_CORRUPT, "not a JSON object"},
		{"{\"SecretAccessKey\":\"hidden\"}", LB_CORRUPT, "no access key id"},
		{"{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"hidden\"}", LB_CORRUPT,
		 "no access key id"},
		{"{\"AccessKeyId\":7,\"SecretAccessKey\":\"hidden\"}", LB_CORRUPT,
		 "no access key id"},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\"}", LB_CORRUPT,
		 "no session token or no expiry"},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\",\"Token\":\"hidden\","
		 "\"Expiration\":\"soon\"}",
		 LB_CORRUPT, "expiry is not a time"},
		{"{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume the "
		 "role\\nhidden\"}",
		 LB_REFUSED, "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"},
	};
	assert_bad(bad, sizeof(bad) / sizeof(bad[0]), true);
}

static void xml_that_is_no_credentials_is_refused_unseen(void **state)
{
	(void)state;
	static const struct bad bad[] = {
		{"", LB_CORRUPT, "not XML"},
		{"hidden", LB_CORRUPT, "not XML"},
		{"<a><b>hidden</a>", LB_CORRUPT, "not XML"},
		{"<a>hidden</a>", LB_CORRUPT, "no Credentials"},
		{"<!DOCTYPE a [<!ENTITY x \"hidden\">]><a>&x;</a>", LB_CORRUPT, "not XML"},
		{"<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey/></Credentials>",
		 LB_CORRUPT, "no secret access key"},
		{"<Credentials><AccessKeyId>A<b/>B</AccessKeyId>"
		 "<SecretAccessKey>hidden</SecretAccessKey></Credentials>",
		 LB_CORRUPT, "no access key id"},
		{"<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>hidden"
		 "</SecretAccessKey></Credentials>",
		 LB_CORRUPT, "no session token or no expiry"},
	};
	assert_bad(bad, sizeof(bad) / sizeof(bad[0]), false);
}

static void an_answer_without_end_is_not_read(void **state)
{
	(void)state;
	size_t length = LB_AWS_REPLY_BYTES_MAX + 1;
	char *body = malloc(length);
	assert_non_null(body);
	memset(body, ' ', length);
	memcpy(body, "<a>", 3);
	struct lb_aws_session session;
	struct lb_error error = {0};
	assert_int_equal(lb_aws_reply_xml(body, length, &session, &error), LB_CORRUPT);
	assert_int_equal(lb_aws_reply_json(body, length, true, &session, &error), LB_CORRUPT);
	free(body);
}

static void assert_refusal(const char *body, const char *code, const char *message)
{
	struct lb_aws_refusal refusal;
	lb_aws_reply_refusal(body, strlen(body), &refusal);
	assert_string_equal(refusal.code, code);
	assert_string_equal(refusal.message, message);
}

static void what_a_service_refuses_with_is_one_clean_line(void **state)
{
	(void)state;
	assert_refusal("<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type>"
		       "<Code>SignatureDoesNotMatch</Code><Message>It does not match.\n\n"
		       "The Canonical String should have been 'x-amz-security-token:hidden'"
		       "</Message></Error></ErrorResponse>",
		       "SignatureDoesNotMatch", "It does not match.");
	assert_refusal("<?xml version=\"1.0\"?><Error><Code>A\x1b[2J</Code></Error>", "", "");
	assert_refusal("{\"code\":\"AccessDenied\",\"message\":\"no\\u0007\"}", "AccessDenied",
		       "no\\x07");
	assert_refusal("{\"code\":\"0123456789012345678901234567890123456789012345678901234567890"
		       "é\"}",
		       "0123456789012345678901234567890123456789012345678901234567890é", "");
	assert_refusal("{\"code\":\"01234567890123456789012345678901234567890123456789012345678901"
		       "é\"}",
		       "01234567890123456789012345678901234567890123456789012345678901", "");
	assert_refusal("{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"no\"}",
		       "QueueDoesNotExist", "no");
	assert_refusal("Not Found", "", "");
	assert_refusal("", "", "");
}

static void the_clock_follows_the_servers_date(void **state)
{
	(void)state;
	struct lb_aws_clock clock = {0};
	int64_t now_us = at("2025-11-23T06:00:00Z");
	assert_true(lb_aws_clock_note(&clock, "Sun, 23 Nov 2025 06:20:00 GMT", now_us));
	assert_true(lb_aws_clock_now(&clock, now_us) == at("2025-11-23T06:20:00Z"));
	assert_false(lb_aws_clock_note(&clock, "Sun, 23 Nov 2025 06:20:30 GMT", now_us));
	assert_true(lb_aws_clock_note(&clock, "Sun, 23 Nov 2025 05:00:00 GMT", now_us));
	assert_true(lb_aws_clock_now(&clock, now_us) == at("2025-11-23T05:00:00Z"));
}

static void what_is_no_date_does_not_move_the_clock(void **state)
{
	(void)state;
	static const char *const bad[] = {NULL,
					  "",
					  "now",
					  "Sun, 23 Nov 2025 06:20:00 CET",
					  "Sun, 23 Nov 2025 06:20:00 GMTx",
					  "Sun, 31 Nov 2025 06:20:00 GMT",
					  "Sun, 23 Nvo 2025 06:20:00 GMT",
					  "Sun, 23 anF 2025 06:20:00 GMT",
					  "Sun, -3 Nov 2025 06:20:00 GMT",
					  "2025-11-23T06:20:00Z"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lb_aws_clock clock = {.offset_us = 7};
		assert_false(lb_aws_clock_note(&clock, bad[i], 0));
		assert_true(clock.offset_us == 7);
	}
}

static void only_errors_about_time_blame_the_clock(void **state)
{
	(void)state;
	assert_true(lb_aws_clock_blamed("RequestTimeTooSkewed", NULL));
	assert_true(lb_aws_clock_blamed("SignatureDoesNotMatch",
					"Signature expired: 20251123T060000Z is now earlier than"));
	assert_true(lb_aws_clock_blamed("InvalidSignatureException",
					"Signature not yet current: x is still later than y"));
	assert_false(lb_aws_clock_blamed("SignatureDoesNotMatch", "It does not match."));
	assert_false(lb_aws_clock_blamed("ExpiredToken", "The security token has expired"));
	assert_false(lb_aws_clock_blamed("", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instance_metadata_is_read),
		cmocka_unit_test(a_container_may_give_keys_that_last),
		cmocka_unit_test(what_a_program_prints_is_read),
		cmocka_unit_test(the_xml_of_sts_is_read),
		cmocka_unit_test(json_that_is_no_credentials_is_refused_unseen),
		cmocka_unit_test(xml_that_is_no_credentials_is_refused_unseen),
		cmocka_unit_test(an_answer_without_end_is_not_read),
		cmocka_unit_test(what_a_service_refuses_with_is_one_clean_line),
		cmocka_unit_test(the_clock_follows_the_servers_date),
		cmocka_unit_test(what_is_no_date_does_not_move_the_clock),
		cmocka_unit_test(only_errors_about_time_blame_the_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
