#include "base/time.h"
#include "sources/trigger_file/notification.h"
#include "support/cmocka.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT(key) "\"object\":{\"key\":\"" key "\",\"size\":9,\"eTag\":\"437b\"}"
#define S3(key) "\"s3\":{\"bucket\":{\"name\":\"lake\"}," OBJECT(key) "}"
#define RECORD(name, key)                                                                          \
	"{\"eventSource\":\"aws:s3\",\"eventTime\":\"2025-11-23T06:00:00.250Z\","                  \
	"\"eventName\":\"" name "\"," S3(key) "}"
#define CREATED(key) "{\"Records\":[" RECORD("ObjectCreated:Put", key) "]}"

struct reader {
	struct lb_arena arena;
	struct lb_notifications read;
	struct lb_error error;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct reader));
	return *state == NULL;
}

static int teardown(void **state)
{
	struct reader *reader = *state;
	lb_arena_finish(&reader->arena);
	free(reader);
	return 0;
}

static enum lb_err read_body(struct reader *reader, const char *body)
{
	reader->error = (struct lb_error){0};
	return lb_notifications_parse(body, strlen(body), &reader->arena, &reader->read,
				      &reader->error);
}

/* The only object of a body; its key. */
static const char *key_of(struct reader *reader, const char *body)
{
	assert_int_equal(read_body(reader, body), LB_OK);
	assert_int_equal(reader->read.created.count, 1);
	return reader->read.created.items[0].key;
}

static void refuses(struct reader *reader, const char *body, const char *why)
{
	assert_int_equal(read_body(reader, body), LB_CORRUPT);
	assert_non_null(strstr(reader->error.message, why));
}

static void an_event_record_says_which_object_and_when(void **state)
{
	struct reader *reader = *state;
	int64_t time_us;
	assert_string_equal(key_of(reader, CREATED("triggers/a/a_1.txt")), "triggers/a/a_1.txt");
	const struct lb_notification *only = &reader->read.created.items[0];
	assert_string_equal(only->bucket, "lake");
	assert_string_equal(only->etag, "437b");
	assert_int_equal(only->size_bytes, 9);
	assert_true(lb_time_parse("2025-11-23T06:00:00.250Z", &time_us));
	assert_true(only->time_us == time_us);
	assert_int_equal(reader->read.others, 0);
	assert_false(reader->read.is_test);
}

static void all_records_of_a_message_are_read_in_their_order(void **state)
{
	struct reader *reader = *state;
	assert_int_equal(
		read_body(reader, "{\"Records\":[" RECORD("ObjectCreated:Post", "b") "," RECORD(
					  "ObjectCreated:CompleteMultipartUpload", "a") "]}"),
		LB_OK);
	assert_int_equal(reader->read.created.count, 2);
	assert_string_equal(reader->read.created.items[0].key, "b");
	assert_string_equal(reader->read.created.items[1].key, "a");
}

static void keys_of_records_are_decoded_as_forms_are(void **state)
{
	struct reader *reader = *state;
	assert_string_equal(key_of(reader, CREATED("a+b%2Bc%40d%C3%BC%25/x%0a")),
			    "a b+c@d\xC3\xBC%/x\n");
	assert_string_equal(key_of(reader, CREATED("\\u00fc")), "\xC3\xBC");
	assert_string_equal(key_of(reader, CREATED("%ff")), "\xFF");
}

static void a_key_that_is_not_encoded_is_malformed(void **state)
{
	struct reader *reader = *state;
	refuses(reader, CREATED("100%"), "object.key");
	refuses(reader, CREATED("%4"), "object.key");
	refuses(reader, CREATED("%zz"), "object.key");
	refuses(reader, CREATED("a%00b"), "object.key");
}

static void ceph_does_not_encode_keys(void **state)
{
	struct reader *reader = *state;
	assert_string_equal(key_of(reader,
				   "{\"Records\":[{\"eventSource\":\"ceph:s3\",\"eventName\":"
				   "\"ObjectCreated:Put\"," S3("a+b%20") "}]}"),
			    "a+b%20");
}

static void minio_writes_event_names_in_full(void **state)
{
	struct reader *reader = *state;
	assert_string_equal(
		key_of(reader,
		       "{\"EventName\":\"s3:ObjectCreated:Put\",\"Key\":\"lake/a\",\"Records\":[{"
		       "\"eventSource\":\"minio:s3\",\"eventName\":\"s3:ObjectCreated:Put\"," S3(
			       "a%2Fb") "}]}"),
		"a/b");
}

static void an_envelope_of_sns_is_opened_once(void **state)
{
	struct reader *reader = *state;
	static const char inner[] =
		"{\\\"Records\\\":[{\\\"eventName\\\":\\\"ObjectCreated:Put\\\","
		"\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"lake\\\"},"
		"\\\"object\\\":{\\\"key\\\":\\\"a+b\\\"}}}]}";
	char body[1024];
	(void)snprintf(body, sizeof(body), "{\"Type\":\"Notification\",\"Message\":\"%s\"}", inner);
	assert_string_equal(key_of(reader, body), "a b");
	assert_string_equal(reader->read.created.items[0].etag, "");
	assert_int_equal(reader->read.created.items[0].size_bytes, 0);
	assert_true(reader->read.created.items[0].time_us == LB_TIME_NONE);
	refuses(reader, "{\"Type\":\"Notification\"}", "SNS");
	refuses(reader, "{\"Type\":\"Notification\",\"Message\":\"half {\"}", "JSON");
	assert_int_equal(read_body(reader, "{\"Type\":\"Notification\",\"Message\":"
					   "\"{\\\"Type\\\":\\\"Notification\\\"}\"}"),
			 LB_OK);
	assert_int_equal(reader->read.others, 1);
}

static void keys_from_eventbridge_are_taken_as_they_are(void **state)
{
	struct reader *reader = *state;
	assert_string_equal(
		key_of(reader, "{\"version\":\"0\",\"detail-type\":\"Object "
			       "Created\",\"source\":\"aws.s3\","
			       "\"time\":\"2025-11-23T06:00:00Z\",\"detail\":{\"bucket\":{\"name\":"
			       "\"lake\"},"
			       "\"object\":{\"key\":\"a+b%20\",\"size\":5,\"etag\":\"b194\"}}}"),
		"a+b%20");
	assert_string_equal(reader->read.created.items[0].etag, "b194");
	assert_int_equal(reader->read.created.items[0].size_bytes, 5);
	assert_int_equal(read_body(reader, "{\"detail-type\":\"Object Deleted\",\"detail\":{}}"),
			 LB_OK);
	assert_int_equal(reader->read.others, 1);
	refuses(reader, "{\"detail-type\":\"Object Created\"}", "bucket.name");
}

static void a_test_event_is_told_as_such(void **state)
{
	struct reader *reader = *state;
	assert_int_equal(read_body(reader, "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\","
					   "\"Bucket\":\"lake\"}"),
			 LB_OK);
	assert_true(reader->read.is_test);
	assert_int_equal(reader->read.created.count, 0);
}

static void events_of_other_kinds_are_counted_and_left(void **state)
{
	struct reader *reader = *state;
	assert_int_equal(read_body(reader,
				   "{\"Records\":[" RECORD(
					   "ObjectRemoved:Delete",
					   "a") ","
						"{\"eventName\":\"ObjectRestore:Post\"}," RECORD(
							"s3:ObjectCreated:Copy", "b") "]}"),
			 LB_OK);
	assert_int_equal(reader->read.others, 2);
	assert_int_equal(reader->read.created.count, 1);
	assert_int_equal(read_body(reader, "{}"), LB_OK);
	assert_int_equal(reader->read.others, 1);
}

static void quotation_marks_do_not_belong_to_an_etag(void **state)
{
	struct reader *reader = *state;
	(void)key_of(reader,
		     "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{"
		     "\"name\":\"b\"},\"object\":{\"key\":\"k\",\"eTag\":\"\\\"437b-2\\\"\","
		     "\"size\":\"1024\"}}}]}");
	assert_string_equal(reader->read.created.items[0].etag, "437b-2");
	assert_int_equal(reader->read.created.items[0].size_bytes, 1024);
}

static void what_does_not_say_which_object_is_malformed(void **state)
{
	struct reader *reader = *state;
	refuses(reader, "", "JSON");
	refuses(reader, "[]", "JSON object");
	refuses(reader, "{\"Records\":[", "JSON");
	refuses(reader, "{\"Records\":{}}", "Records");
	refuses(reader, "{\"Records\":[7]}", "eventName");
	refuses(reader, "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}", "bucket.name");
	refuses(reader,
		"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":"
		"\"b\"},"
		"\"object\":{\"key\":7}}}]}",
		"object.key");
	refuses(reader, CREATED(""), "object.key");
}

static void a_body_without_measure_is_refused(void **state)
{
	struct reader *reader = *state;
	size_t length = LB_NOTIFICATION_BYTES_MAX + 1;
	char *body = malloc(length);
	assert_non_null(body);
	memset(body, ' ', length);
	assert_int_equal(
		lb_notifications_parse(body, length, &reader->arena, &reader->read, &reader->error),
		LB_CORRUPT);
	free(body);
}

static void lack_of_memory_is_an_error_and_nothing_else(void **state)
{
	struct reader *reader = *state;
	enum lb_err err = LB_NOMEM;
	for (size_t n = 0; err != LB_OK; n++) {
		assert_true(n < 100);
		memory_fail_after(n);
		err = read_body(reader, CREATED("a"));
		memory_restore();
		assert_true(err == LB_OK || err == LB_NOMEM);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_event_record_says_which_object_and_when, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_records_of_a_message_are_read_in_their_order,
						setup, teardown),
		cmocka_unit_test_setup_teardown(keys_of_records_are_decoded_as_forms_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_key_that_is_not_encoded_is_malformed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ceph_does_not_encode_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(minio_writes_event_names_in_full, setup, teardown),
		cmocka_unit_test_setup_teardown(an_envelope_of_sns_is_opened_once, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_from_eventbridge_are_taken_as_they_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_test_event_is_told_as_such, setup, teardown),
		cmocka_unit_test_setup_teardown(events_of_other_kinds_are_counted_and_left, setup,
						teardown),
		cmocka_unit_test_setup_teardown(quotation_marks_do_not_belong_to_an_etag, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_does_not_say_which_object_is_malformed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_body_without_measure_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(lack_of_memory_is_an_error_and_nothing_else, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
