#include "net/sqs.h"
#include "support/cmocka.h"
#include "support/memory.h"

#include <string.h>

struct found {
	struct lb_arena arena;
	struct lb_sqs_place place;
	struct lb_error error;
};

static enum lb_err find(struct found *found, const char *url, const char *region,
			const char *fallback, const char *endpoint)
{
	lb_arena_finish(&found->arena);
	*found = (struct found){0};
	return lb_sqs_place_find(url, region, fallback, endpoint, &found->arena, &found->place,
				 &found->error);
}

static void region_is(struct found *found, const char *url, const char *region)
{
	assert_int_equal(find(found, url, NULL, "fallback-1", NULL), LB_OK);
	assert_string_equal(found->place.region, region);
	assert_string_equal(found->place.url, url);
}

static void the_region_is_in_amazons_host_names(void **state)
{
	(void)state;
	struct found found = {0};
	region_is(&found, "https://sqs.eu-central-1.amazonaws.com/123456789012/arrivals",
		  "eu-central-1");
	assert_string_equal(found.place.endpoint, "https://sqs.eu-central-1.amazonaws.com");
	assert_string_equal(found.place.name, "arrivals");
	region_is(&found, "https://sqs-fips.us-east-1.amazonaws.com/1/q", "us-east-1");
	region_is(&found, "https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1");
	region_is(&found, "https://vpce-1-2.sqs.us-west-2.vpce.amazonaws.com/1/q", "us-west-2");
	region_is(&found, "https://sqs.eu-west-3.api.aws/1/q", "eu-west-3");
	region_is(&found, "https://ap-south-1.queue.amazonaws.com/1/q", "ap-south-1");
	region_is(&found, "https://queue.amazonaws.com/1/q", "us-east-1");
	lb_arena_finish(&found.arena);
}

static void other_hosts_take_the_region_of_the_settings_or_the_environment(void **state)
{
	(void)state;
	struct found found = {0};
	region_is(&found, "http://127.0.0.1:9324/000000000000/arrivals", "fallback-1");
	assert_string_equal(found.place.endpoint, "http://127.0.0.1:9324");
	assert_int_equal(
		find(&found, "https://sqs.eu-central-1.amazonaws.com/1/q", "eu-west-1", NULL, NULL),
		LB_OK);
	assert_string_equal(found.place.region, "eu-west-1");
	assert_int_equal(find(&found, "http://localhost/1/q", NULL, NULL, NULL), LB_INVALID);
	assert_non_null(strstr(found.error.message, "cloudFiles.region"));
	lb_arena_finish(&found.arena);
}

static void an_endpoint_goes_before_the_urls_host(void **state)
{
	(void)state;
	struct found found = {0};
	static const char url[] = "https://sqs.eu-central-1.amazonaws.com/1/q";
	assert_int_equal(find(&found, url, NULL, NULL, "https://vpce.example:8443/"), LB_OK);
	assert_string_equal(found.place.endpoint, "https://vpce.example:8443");
	assert_string_equal(found.place.region, "eu-central-1");
	assert_int_equal(find(&found, url, NULL, NULL, "vpce.example"), LB_INVALID);
	assert_int_equal(find(&found, url, NULL, NULL, ""), LB_OK);
	lb_arena_finish(&found.arena);
}

static void what_is_no_url_of_a_queue_is_refused(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"",
		"arrivals",
		"arn:aws:sqs:eu-central-1:123456789012:arrivals",
		"https://sqs.eu-central-1.amazonaws.com",
		"https://sqs.eu-central-1.amazonaws.com/",
		"https://sqs.eu-central-1.amazonaws.com/arrivals",
		"https://sqs.eu-central-1.amazonaws.com/1/",
		"https://user@host/1/q",
		"ftp://host/1/q",
		"https:///1/q",
		"https://host/1/q?x",
	};
	struct found found = {0};
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		assert_int_equal(find(&found, urls[i], "eu-central-1", NULL, NULL), LB_INVALID);
	}
	lb_arena_finish(&found.arena);
}

static void finding_the_place_copes_without_memory(void **state)
{
	(void)state;
	struct found found = {0};
	enum lb_err err = LB_NOMEM;
	for (size_t n = 0; err != LB_OK; n++) {
		assert_true(n < 50);
		memory_fail_after(n);
		err = find(&found, "https://sqs.eu-central-1.amazonaws.com/1/q", NULL, "x-1",
			   "https://vpce.example/");
		(void)memory_restore();
		assert_true(err == LB_OK || err == LB_NOMEM);
	}
	lb_arena_finish(&found.arena);
}

static enum lb_err read_messages(const char *body, struct lb_arena *arena,
				 struct lb_sqs_message_list *messages)
{
	struct lb_error error;
	return lb_sqs_reply_messages(body, strlen(body), arena, messages, &error);
}

static void messages_are_read_with_their_handles(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_sqs_message_list messages;
	assert_int_equal(read_messages("{}", &arena, &messages), LB_OK);
	assert_int_equal(messages.count, 0);
	assert_int_equal(
		read_messages("{\"Messages\":[{\"MessageId\":\"1\",\"ReceiptHandle\":\"h/+=\","
			      "\"MD5OfBody\":\"x\",\"Body\":\"{\\\"a\\\":1}\"}]}",
			      &arena, &messages),
		LB_OK);
	assert_int_equal(messages.count, 1);
	assert_string_equal(messages.items[0].id, "1");
	assert_string_equal(messages.items[0].handle, "h/+=");
	assert_string_equal(messages.items[0].body, "{\"a\":1}");
	assert_int_equal(messages.items[0].body_length, 7);
	lb_arena_finish(&arena);
}

static void answers_of_another_form_are_corrupt(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"",
		"[]",
		"<html>",
		"{\"Messages\":{}}",
		"{\"Messages\":[{}]}",
		"{\"Messages\":[{\"MessageId\":\"1\",\"ReceiptHandle\":\"h\"}]}",
		"{\"Messages\":[{\"MessageId\":\"1\",\"ReceiptHandle\":7,\"Body\":\"\"}]}",
		"{\"Messages\":[1,2,3,4,5,6,7,8,9,10,11]}",
	};
	struct lb_arena arena = {0};
	struct lb_sqs_message_list messages;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(read_messages(bodies[i], &arena, &messages), LB_CORRUPT);
	}
	lb_arena_finish(&arena);
}

static void entries_that_were_not_deleted_are_told_with_a_reason(void **state)
{
	(void)state;
	static const char body[] = "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":["
				   "{\"Id\":\"3\",\"Code\":\"Internal\\nError\"},{\"Id\":\"33\"},"
				   "{\"Id\":\"x\"},7]}";
	bool failed[LB_SQS_BATCH_MAX];
	char code[LB_SQS_CODE_MAX];
	struct lb_error error;
	assert_int_equal(lb_sqs_reply_deleted(body, strlen(body), failed, code, &error), LB_OK);
	for (int i = 0; i < LB_SQS_BATCH_MAX; i++) {
		assert_true(failed[i] == (i == 3));
	}
	assert_string_equal(code, "Internal?Error");
	assert_int_equal(lb_sqs_reply_deleted("{}", 2, failed, code, &error), LB_OK);
	assert_false(failed[3]);
	assert_string_equal(code, "");
	static const char silent[] = "{\"Failed\":[{\"Id\":\"1\",\"Code\":\"\"}]}";
	assert_int_equal(lb_sqs_reply_deleted(silent, strlen(silent), failed, code, &error), LB_OK);
	assert_true(failed[1]);
	assert_string_equal(code, "no code");
	assert_int_equal(lb_sqs_reply_deleted("x", 1, failed, code, &error), LB_CORRUPT);
}

static void counts_come_as_texts(void **state)
{
	(void)state;
	static const char body[] = "{\"Attributes\":{\"ApproximateNumberOfMessages\":\"12\","
				   "\"ApproximateNumberOfMessagesNotVisible\":\"many\"}}";
	struct lb_sqs_counts counts;
	struct lb_error error;
	assert_int_equal(lb_sqs_reply_counts(body, strlen(body), &counts, &error), LB_OK);
	assert_int_equal(counts.visible, 12);
	assert_int_equal(counts.in_flight, -1);
	assert_int_equal(lb_sqs_reply_counts("", 0, &counts, &error), LB_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_region_is_in_amazons_host_names),
		cmocka_unit_test(other_hosts_take_the_region_of_the_settings_or_the_environment),
		cmocka_unit_test(an_endpoint_goes_before_the_urls_host),
		cmocka_unit_test(what_is_no_url_of_a_queue_is_refused),
		cmocka_unit_test(finding_the_place_copes_without_memory),
		cmocka_unit_test(messages_are_read_with_their_handles),
		cmocka_unit_test(answers_of_another_form_are_corrupt),
		cmocka_unit_test(entries_that_were_not_deleted_are_told_with_a_reason),
		cmocka_unit_test(counts_come_as_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
