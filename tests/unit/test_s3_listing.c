#include "base/time.h"
#include "sources/trigger_file/s3_answer.h"
#include "sources/trigger_file/s3_listing.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define BEGIN                                                                                      \
	"<?xml version=\"1.0\"?><ListBucketResult "                                                \
	"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define END "</ListBucketResult>"
#define FILE_OF(key)                                                                               \
	"<Contents><Key>" key "</Key><LastModified>2025-11-23T06:00:00.000Z</LastModified>"        \
	"<ETag>&quot;abc&quot;</ETag><Size>7</Size></Contents>"

/* What came of a document, fed a few bytes at a time. */
struct reading {
	struct lb_s3_listing listing;
	char keys[1000];
	struct lb_listed last;
	struct lb_error error;
};

static enum lb_err on_key(void *data, const struct lb_listed *listed, struct lb_error *error)
{
	struct reading *reading = data;
	(void)error;
	size_t used = strlen(reading->keys);
	(void)snprintf(reading->keys + used, sizeof(reading->keys) - used, "[%s]", listed->key);
	reading->last = *listed;
	return LB_OK;
}

static enum lb_err read_document(struct reading *reading, const char *text, size_t step)
{
	memset(reading, 0, sizeof(*reading));
	assert_int_equal(lb_s3_listing_init(&reading->listing, on_key, reading, &reading->error),
			 LB_OK);
	enum lb_err err = LB_OK;
	for (size_t at = 0; err == LB_OK && at < strlen(text); at += step) {
		size_t length = strlen(text) - at < step ? strlen(text) - at : step;
		err = lb_s3_listing_feed(&reading->listing, text + at, length, &reading->error);
	}
	return err == LB_OK ? lb_s3_listing_end(&reading->listing, &reading->error) : err;
}

static void done(struct reading *reading)
{
	lb_s3_listing_finish(&reading->listing);
}

static void a_listing_is_the_same_however_it_is_cut(void **state)
{
	(void)state;
	const char *text = BEGIN "<IsTruncated>true</IsTruncated><NextContinuationToken>a/b=c&amp;d"
				 "</NextContinuationToken>" FILE_OF("t/a") FILE_OF("t/b") END;
	for (size_t step = 1; step < strlen(text); step += 7) {
		struct reading reading;
		assert_int_equal(read_document(&reading, text, step), LB_OK);
		assert_string_equal(reading.keys, "[t/a][t/b]");
		assert_true(reading.listing.truncated);
		assert_string_equal(reading.listing.next_token, "a/b=c&d");
		assert_true(reading.last.size_bytes == 7);
		assert_true(reading.last.modified_at_us == (int64_t)1763877600 * LB_SECOND);
		done(&reading);
	}
}

static void keys_are_decoded_where_the_server_encoded_them(void **state)
{
	(void)state;
	struct reading reading;
	assert_int_equal(read_document(&reading,
				       BEGIN "<EncodingType>url</EncodingType>" FILE_OF(
					       "a%2Bb+c%25%e2%82%ac") END,
				       9),
			 LB_OK);
	assert_string_equal(reading.keys, "[a+b c%\u20ac]");
	done(&reading);
	assert_int_equal(read_document(&reading, BEGIN FILE_OF("a%2Bb+c") END, 9), LB_OK);
	assert_string_equal(reading.keys, "[a%2Bb+c]");
	done(&reading);
}

static void folders_of_other_tools_are_no_files(void **state)
{
	(void)state;
	struct reading reading;
	assert_int_equal(read_document(&reading, BEGIN FILE_OF("t/") FILE_OF("t/a") END, 50),
			 LB_OK);
	assert_string_equal(reading.keys, "[t/a]");
	done(&reading);
}

static void what_is_cut_off_keeps_the_keys_before_and_is_an_error(void **state)
{
	(void)state;
	struct reading reading;
	assert_int_equal(read_document(&reading, BEGIN FILE_OF("t/a") "<Contents><Key>t/", 50),
			 LB_CORRUPT);
	assert_string_equal(reading.keys, "[t/a]");
	done(&reading);
}

static void what_is_no_listing_is_an_error(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"<html><body>login</body></html>",
		"{\"a\": 1}",
		"<!DOCTYPE a [<!ENTITY b \"c\">]>" BEGIN FILE_OF("&b;") END,
		BEGIN "<Contents><Key>a</Key></Contents>" END,
		BEGIN "<Contents><Key>a</Key><LastModified>now</LastModified></Contents>" END,
		BEGIN "<EncodingType>url</EncodingType>" FILE_OF("a%0") END,
		BEGIN "<EncodingType>url</EncodingType>" FILE_OF("a%00b") END,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reading reading;
		assert_int_equal(read_document(&reading, texts[i], 11), LB_CORRUPT);
		assert_string_equal(reading.keys, "");
		done(&reading);
	}
}

static void an_error_document_is_told(void **state)
{
	(void)state;
	struct reading reading;
	assert_int_equal(
		read_document(&reading,
			      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong"
			      "\x1b</Message><Region>eu-west-1</Region></Error>",
			      400),
		LB_CORRUPT);
	done(&reading);
	assert_int_equal(
		read_document(&reading,
			      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong"
			      "</Message><Region>eu-west-1</Region></Error>",
			      5),
		LB_OK);
	assert_string_equal(reading.listing.code, "AuthorizationHeaderMalformed");
	assert_string_equal(reading.listing.region, "eu-west-1");
	done(&reading);
}

static struct lb_s3_place place_of(struct lb_arena *arena, const char *location,
				   struct lb_s3_server server)
{
	struct lb_s3_place place;
	struct lb_error error;
	assert_int_equal(lb_s3_place_make(location, &server, arena, &place, &error), LB_OK);
	return place;
}

static void a_bucket_is_where_the_settings_say(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_s3_place place =
		place_of(&arena, "s3a://lake/a//b//", (struct lb_s3_server){.region = "eu-west-1"});
	assert_string_equal(place.host, "lake.s3.eu-west-1.amazonaws.com");
	assert_string_equal(place.path, "/");
	assert_string_equal(place.prefix, "a//b/");
	place = place_of(&arena, "s3://my.lake", (struct lb_s3_server){.region = "cn-north-1"});
	assert_string_equal(place.host, "s3.cn-north-1.amazonaws.com.cn");
	assert_string_equal(place.path, "/my.lake");
	assert_string_equal(place.prefix, "");
	place = place_of(&arena, "s3://lake/t",
			 (struct lb_s3_server){.endpoint = "http://localhost:9000/"});
	assert_string_equal(place.scheme, "http");
	assert_string_equal(place.host, "localhost:9000");
	assert_string_equal(place.path, "/lake");
	place = place_of(&arena, "s3://lake/t",
			 (struct lb_s3_server){.endpoint = "https://s3.example",
					       .style = LB_S3_STYLE_VIRTUAL});
	assert_string_equal(place.host, "lake.s3.example");
	lb_arena_finish(&arena);
}

static void an_answer_says_what_to_do(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *code;
		enum lb_s3_remedy remedy;
		enum lb_err err;
	} rows[] = {
		{503, "SlowDown", LB_S3_SLOWER, LB_UNAVAILABLE},
		{503, "", LB_S3_SLOWER, LB_UNAVAILABLE},
		{500, "InternalError", LB_S3_LATER, LB_UNAVAILABLE},
		{502, "", LB_S3_LATER, LB_UNAVAILABLE},
		{301, "PermanentRedirect", LB_S3_MOVED, LB_INVALID},
		{400, "AuthorizationHeaderMalformed", LB_S3_MOVED, LB_INVALID},
		{400, "ExpiredToken", LB_S3_RENEW, LB_UNAVAILABLE},
		{403, "RequestTimeTooSkewed", LB_S3_CLOCK, LB_UNAVAILABLE},
		{403, "AccessDenied", LB_S3_FINAL, LB_REFUSED},
		{403, "SignatureDoesNotMatch", LB_S3_FINAL, LB_INVALID},
		{404, "NoSuchBucket", LB_S3_FINAL, LB_NOT_FOUND},
		{418, "", LB_S3_FINAL, LB_INVALID},
	};
	const struct lb_s3_place place = {.bucket = "lake"};
	const struct lb_s3_asked asked = {"prefix", "t/", "s3:ListBucket"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lb_error error;
		assert_int_equal(lb_s3_answer_judge(&place, &asked, rows[i].status, rows[i].code,
						    "", &error),
				 rows[i].remedy);
		assert_int_equal(error.code, rows[i].err);
		assert_non_null(strstr(error.message, "lake"));
	}
}

/* Servers tell regions too. */
static void a_region_cannot_lead_to_another_host(void **state)
{
	(void)state;
	static const char *const bad[] = {"",    "evil.com/", "a@evil.com", "a:80",    "a?b",
					  "a#b", "a b",       "a\r\nb",     "\xC3\xA4"};
	struct lb_arena arena = {0};
	struct lb_s3_place place =
		place_of(&arena, "s3://lake", (struct lb_s3_server){.region = "eu-west-1"});
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lb_error error = {0};
		assert_int_equal(lb_s3_place_move(&place, bad[i], &arena, &error), LB_INVALID);
		assert_non_null(strstr(error.message, "is not a region"));
		assert_string_equal(place.host, "lake.s3.eu-west-1.amazonaws.com");
		assert_string_equal(place.region, "eu-west-1");
	}
	struct lb_error error = {0};
	assert_int_equal(lb_s3_place_move(&place, "cn-north-1", &arena, &error), LB_OK);
	assert_string_equal(place.host, "lake.s3.cn-north-1.amazonaws.com.cn");
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listing_is_the_same_however_it_is_cut),
		cmocka_unit_test(keys_are_decoded_where_the_server_encoded_them),
		cmocka_unit_test(folders_of_other_tools_are_no_files),
		cmocka_unit_test(what_is_cut_off_keeps_the_keys_before_and_is_an_error),
		cmocka_unit_test(what_is_no_listing_is_an_error),
		cmocka_unit_test(an_error_document_is_told),
		cmocka_unit_test(a_bucket_is_where_the_settings_say),
		cmocka_unit_test(a_region_cannot_lead_to_another_host),
		cmocka_unit_test(an_answer_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
