#include "base/text.h"
#include "base/time.h"
#include "net/sigv4.h"
#include "net/sigv4_canonical.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FIELDS_MAX 4

/* The vectors of AWS' own Signature Version 4 test suite: all are signed by
 * AKIDEXAMPLE for "service" in us-east-1 at 2015-08-30T12:36:00Z. Those of
 * query strings are left out (only headers are signed here), as is the one of
 * a header value with line breaks, which is refused. */
struct vector {
	const char *name;
	const char *method;
	const char *path;
	struct lb_sigv4_field parameters[FIELDS_MAX];
	struct lb_sigv4_field headers[FIELDS_MAX];
	const char *body;
	const char *session_token;
	bool raw_path;
	bool payload_header;
	const char *signed_names;
	const char *signature;
};

#define PLAIN "host;x-amz-date"
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define LONG_TOKEN                                                                                 \
	"AQoDYXdzEPT//////////"                                                                    \
	"wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"                    \
	"SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"                                                  \
	"kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPky"                                       \
	"QDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"                                   \
	"xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"                                                     \
	"scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

static const struct vector vectors[] = {
	{.name = "get-vanilla",
	 .method = "GET",
	 .path = "/",
	 .signed_names = PLAIN,
	 .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-vanilla-query-order-key-case",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"Param2", "value2"}, {"Param1", "value1"}},
	 .signed_names = PLAIN,
	 .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{.name = "get-vanilla-query-order-key",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"Param1", "value2"}, {"Param1", "Value1"}},
	 .signed_names = PLAIN,
	 .signature = "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
	{.name = "get-vanilla-query-order-value",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"Param1", "value2"}, {"Param1", "value1"}},
	 .signed_names = PLAIN,
	 .signature = "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
	{.name = "get-vanilla-query-order-encoded",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"Param-3", "Value3"}, {"Param", "Value2"}, {"ሴ", "Value1"}},
	 .signed_names = PLAIN,
	 .signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{.name = "get-vanilla-query-unreserved",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{UNRESERVED, UNRESERVED}},
	 .signed_names = PLAIN,
	 .signature = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{.name = "get-vanilla-empty-query-key",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"Param1", "value1"}},
	 .signed_names = PLAIN,
	 .signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{.name = "get-vanilla-utf8-query",
	 .method = "GET",
	 .path = "/",
	 .parameters = {{"ሴ", "bar"}},
	 .signed_names = PLAIN,
	 .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{.name = "get-vanilla-with-session-token",
	 .method = "GET",
	 .path = "/",
	 .session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
	 .signed_names = "host;x-amz-date;x-amz-security-token",
	 .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{.name = "get-header-key-duplicate",
	 .method = "GET",
	 .path = "/",
	 .headers = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
	 .signed_names = "host;my-header1;x-amz-date",
	 .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{.name = "get-header-value-order",
	 .method = "GET",
	 .path = "/",
	 .headers = {{"My-Header1", "value4"},
		     {"My-Header1", "value1"},
		     {"My-Header1", "value3"},
		     {"My-Header1", "value2"}},
	 .signed_names = "host;my-header1;x-amz-date",
	 .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{.name = "get-header-value-trim",
	 .method = "GET",
	 .path = "/",
	 .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
	 .signed_names = "host;my-header1;my-header2;x-amz-date",
	 .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{.name = "get-unreserved",
	 .method = "GET",
	 .path = "/" UNRESERVED,
	 .signed_names = PLAIN,
	 .signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{.name = "get-utf8",
	 .method = "GET",
	 .path = "/ሴ",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{.name = "get-space-unnormalized",
	 .method = "GET",
	 .path = "/example space/",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{.name = "get-relative-normalized",
	 .method = "GET",
	 .path = "/example/..",
	 .signed_names = PLAIN,
	 .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-relative-unnormalized",
	 .method = "GET",
	 .path = "/example/..",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
	{.name = "get-relative-relative-normalized",
	 .method = "GET",
	 .path = "/example1/example2/../..",
	 .signed_names = PLAIN,
	 .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-relative-relative-unnormalized",
	 .method = "GET",
	 .path = "/example1/example2/../..",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
	{.name = "get-slash-dot-slash-normalized",
	 .method = "GET",
	 .path = "/./",
	 .signed_names = PLAIN,
	 .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-slash-dot-slash-unnormalized",
	 .method = "GET",
	 .path = "/./",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
	{.name = "get-slash-normalized",
	 .method = "GET",
	 .path = "//",
	 .signed_names = PLAIN,
	 .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-slash-unnormalized",
	 .method = "GET",
	 .path = "//",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
	{.name = "get-slash-pointless-dot-normalized",
	 .method = "GET",
	 .path = "/./example",
	 .signed_names = PLAIN,
	 .signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{.name = "get-slash-pointless-dot-unnormalized",
	 .method = "GET",
	 .path = "/./example",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
	{.name = "get-slashes-normalized",
	 .method = "GET",
	 .path = "//example//",
	 .signed_names = PLAIN,
	 .signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{.name = "get-slashes-unnormalized",
	 .method = "GET",
	 .path = "//example//",
	 .raw_path = true,
	 .signed_names = PLAIN,
	 .signature = "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
	{.name = "post-vanilla",
	 .method = "POST",
	 .path = "/",
	 .signed_names = PLAIN,
	 .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{.name = "post-vanilla-query",
	 .method = "POST",
	 .path = "/",
	 .parameters = {{"Param1", "value1"}},
	 .signed_names = PLAIN,
	 .signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{.name = "post-header-key-sort",
	 .method = "POST",
	 .path = "/",
	 .headers = {{"My-Header1", "value1"}},
	 .signed_names = "host;my-header1;x-amz-date",
	 .signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{.name = "post-header-value-case",
	 .method = "POST",
	 .path = "/",
	 .headers = {{"My-Header1", "VALUE1"}},
	 .signed_names = "host;my-header1;x-amz-date",
	 .signature = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{.name = "post-sts-header-before",
	 .method = "POST",
	 .path = "/",
	 .session_token = LONG_TOKEN,
	 .signed_names = "host;x-amz-date;x-amz-security-token",
	 .signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{.name = "post-x-www-form-urlencoded",
	 .method = "POST",
	 .path = "/",
	 .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
	 .body = "Param1=value1",
	 .signed_names = "content-type;host;x-amz-date",
	 .signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{.name = "post-x-www-form-urlencoded with the payload's hash sent",
	 .method = "POST",
	 .path = "/",
	 .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
		     {"Content-Length", "13"}},
	 .body = "Param1=value1",
	 .payload_header = true,
	 .signed_names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	 .signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{.name = "post-x-www-form-urlencoded-parameters with the payload's hash sent",
	 .method = "POST",
	 .path = "/",
	 .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
		     {"Content-Length", "13"}},
	 .body = "Param1=value1",
	 .payload_header = true,
	 .signed_names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	 .signature = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
};

static size_t count_fields(const struct lb_sigv4_field *fields)
{
	size_t count = 0;
	while (count < FIELDS_MAX && fields[count].name != NULL) {
		count++;
	}
	return count;
}

static const char *header_of(const struct lb_sigv4_signed *result, const char *name)
{
	for (size_t i = 0; i < result->headers.count; i++) {
		if (strcmp(result->headers.items[i].name, name) == 0) {
			return result->headers.items[i].value;
		}
	}
	return NULL;
}

static int64_t at(const char *time)
{
	int64_t time_us;
	assert_true(lb_time_parse(time, &time_us));
	return time_us;
}

static void the_test_suite_of_aws_is_signed_as_aws_signs_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *vector = &vectors[i];
		struct lb_sigv4_service service = {"service", vector->raw_path,
						   vector->payload_header};
		struct lb_sigv4_request request = {
			.service = &service,
			.region = "us-east-1",
			.method = vector->method,
			.scheme = "https",
			.host = "example.amazonaws.com",
			.path = vector->path,
			.parameters = vector->parameters,
			.parameter_count = count_fields(vector->parameters),
			.headers = vector->headers,
			.header_count = count_fields(vector->headers),
			.body = vector->body,
			.body_length = vector->body != NULL ? strlen(vector->body) : 0,
		};
		struct lb_aws_keys keys = {"AKIDEXAMPLE",
					   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
					   vector->session_token};
		struct lb_arena arena = {0};
		struct lb_sigv4_key key = {0};
		struct lb_sigv4_signed result;
		struct lb_error error = {0};
		assert_int_equal(lb_sigv4_sign(&request, &keys, at("2015-08-30T12:36:00Z"), &key,
					       &arena, &result, &error),
				 LB_OK);
		char *expected = lb_arena_printf(
			&arena,
			"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
			"aws4_request, SignedHeaders=%s, Signature=%s",
			vector->signed_names, vector->signature);
		assert_non_null(expected);
		if (!lb_text_equal(header_of(&result, "Authorization"), expected)) {
			fail_msg("%s:\n%s", vector->name, result.canonical_request);
		}
		lb_sigv4_key_finish(&key);
		lb_arena_finish(&arena);
	}
}

/* The examples of the Amazon S3 API Reference, "Signature calculations for the
 * Authorization header: transferring payload in a single chunk". */
struct s3_example {
	const char *name;
	const char *method;
	const char *path;
	struct lb_sigv4_field parameters[FIELDS_MAX];
	struct lb_sigv4_field headers[FIELDS_MAX];
	const char *body;
	const char *url;
	const char *hash_of_canonical_request;
	const char *signed_names;
	const char *signature;
};

#define S3_HOST "examplebucket.s3.amazonaws.com"

static const struct s3_example s3_examples[] = {
	{"GET object", "GET", "/test.txt", .headers = {{"Range", "bytes=0-9"}},
	 .url = "https://" S3_HOST "/test.txt",
	 .hash_of_canonical_request =
		 "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
	 .signed_names = "host;range;x-amz-content-sha256;x-amz-date",
	 .signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
	{"PUT object", "PUT", "/test$file.text",
	 .headers = {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
		     {"Date", "Fri, 24 May 2013 00:00:00 GMT"}},
	 .body = "Welcome to Amazon S3.", .url = "https://" S3_HOST "/test%24file.text",
	 .hash_of_canonical_request =
		 "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
	 .signed_names = "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	 .signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
	{"GET bucket lifecycle", "GET", "/", .parameters = {{"lifecycle", ""}},
	 .url = "https://" S3_HOST "/?lifecycle=",
	 .hash_of_canonical_request =
		 "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
	 .signed_names = "host;x-amz-content-sha256;x-amz-date",
	 .signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
	{"list objects", "GET", "/", .parameters = {{"prefix", "J"}, {"max-keys", "2"}},
	 .url = "https://" S3_HOST "/?max-keys=2&prefix=J",
	 .hash_of_canonical_request =
		 "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
	 .signed_names = "host;x-amz-content-sha256;x-amz-date",
	 .signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static const struct lb_aws_keys s3_keys = {"AKIAIOSFODNN7EXAMPLE",
					   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL};

static void the_examples_of_s3_are_signed_as_its_reference_signs_them(void **state)
{
	(void)state;
	struct lb_sigv4_key key = {0}; /* one for all: it is cached */
	for (size_t i = 0; i < sizeof(s3_examples) / sizeof(s3_examples[0]); i++) {
		const struct s3_example *example = &s3_examples[i];
		struct lb_sigv4_request request = {
			.service = &lb_sigv4_s3,
			.region = "us-east-1",
			.method = example->method,
			.scheme = "https",
			.host = S3_HOST,
			.path = example->path,
			.parameters = example->parameters,
			.parameter_count = count_fields(example->parameters),
			.headers = example->headers,
			.header_count = count_fields(example->headers),
			.body = example->body,
			.body_length = example->body != NULL ? strlen(example->body) : 0,
		};
		struct lb_arena arena = {0};
		struct lb_sigv4_signed result;
		struct lb_error error = {0};
		assert_int_equal(lb_sigv4_sign(&request, &s3_keys, at("2013-05-24T00:00:00Z"), &key,
					       &arena, &result, &error),
				 LB_OK);
		assert_string_equal(result.url, example->url);
		char *string_to_sign = lb_arena_printf(&arena,
						       "AWS4-HMAC-SHA256\n20130524T000000Z\n"
						       "20130524/us-east-1/s3/aws4_request\n%s",
						       example->hash_of_canonical_request);
		assert_string_equal(result.string_to_sign, string_to_sign);
		char *expected = lb_arena_printf(
			&arena,
			"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
			"aws4_request, SignedHeaders=%s, Signature=%s",
			example->signed_names, example->signature);
		assert_string_equal(header_of(&result, "Authorization"), expected);
		assert_string_equal(header_of(&result, "X-Amz-Date"), "20130524T000000Z");
		assert_string_equal(header_of(&result, "Host"), S3_HOST);
		lb_arena_finish(&arena);
	}
	lb_sigv4_key_finish(&key);
}

/* A request that can be signed, to be spoilt by the tests below. */
static struct lb_sigv4_request plain_request(const struct lb_sigv4_service *service,
					     const char *path)
{
	return (struct lb_sigv4_request){.service = service,
					 .region = "eu-central-1",
					 .method = "GET",
					 .scheme = "http",
					 .host = "127.0.0.1:9000",
					 .path = path};
}

static enum lb_err sign(const struct lb_sigv4_request *request, const struct lb_aws_keys *keys,
			struct lb_arena *arena, struct lb_sigv4_signed *ret_result,
			struct lb_error *error)
{
	struct lb_sigv4_key key = {0};
	enum lb_err err = lb_sigv4_sign(request, keys, at("2025-11-23T06:00:00Z"), &key, arena,
					ret_result, error);
	lb_sigv4_key_finish(&key);
	return err;
}

static void assert_paths(const struct lb_sigv4_service *service, const char *path, const char *url,
			 const char *canonical)
{
	struct lb_sigv4_request request = plain_request(service, path);
	struct lb_arena arena = {0};
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	assert_int_equal(sign(&request, &s3_keys, &arena, &result, &error), LB_OK);
	char *sent = lb_arena_printf(&arena, "http://127.0.0.1:9000%s", url);
	assert_string_equal(result.url, sent);
	char *start = lb_arena_printf(&arena, "GET\n%s\n\n", canonical);
	assert_true(lb_text_starts_with(result.canonical_request, start));
	lb_arena_finish(&arena);
}

static void the_path_of_s3_is_encoded_once_and_kept(void **state)
{
	(void)state;
	assert_paths(&lb_sigv4_s3, "/b/a//../x y+%41?#", "/b/a//../x%20y%2B%2541%3F%23",
		     "/b/a//../x%20y%2B%2541%3F%23");
}

static void the_path_of_other_services_is_signed_normal_and_encoded_twice(void **state)
{
	(void)state;
	assert_paths(&lb_sigv4_sqs, "/1234/my queue", "/1234/my%20queue", "/1234/my%2520queue");
	assert_paths(&lb_sigv4_sqs, "/a/./b//c/../", "/a/./b//c/../", "/a/b/");
	assert_paths(&lb_sigv4_sqs, "/../../a", "/../../a", "/a");
}

static void the_hash_of_the_payload_is_sent_to_s3(void **state)
{
	(void)state;
	struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
	struct lb_arena arena = {0};
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	assert_int_equal(sign(&request, &s3_keys, &arena, &result, &error), LB_OK);
	assert_string_equal(header_of(&result, "X-Amz-Content-Sha256"), EMPTY_HASH);
	request.service = &lb_sigv4_sqs;
	assert_int_equal(sign(&request, &s3_keys, &arena, &result, &error), LB_OK);
	assert_null(header_of(&result, "X-Amz-Content-Sha256"));
	lb_arena_finish(&arena);
}

static void the_port_is_signed_unless_it_is_the_schemes_own(void **state)
{
	(void)state;
	static const char *const hosts[][3] = {
		{"https", "s3.test:443", "s3.test"},  {"https", "s3.test:80", "s3.test:80"},
		{"http", "s3.test:80", "s3.test"},    {"http", "s3.test:443", "s3.test:443"},
		{"http", "[::1]:8080", "[::1]:8080"},
	};
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
		request.scheme = hosts[i][0];
		request.host = hosts[i][1];
		struct lb_arena arena = {0};
		struct lb_sigv4_signed result;
		struct lb_error error = {0};
		assert_int_equal(sign(&request, &s3_keys, &arena, &result, &error), LB_OK);
		assert_string_equal(header_of(&result, "Host"), hosts[i][2]);
		lb_arena_finish(&arena);
	}
}

static void names_of_parameters_are_sorted_as_they_are_encoded(void **state)
{
	(void)state;
	static const struct lb_sigv4_field parameters[] = {
		{"prefix", "a/b=c&d é"}, {"a-b", "1"}, {"a", "2"}, {"A", ""}, {"~", "+"}, {"/", ""},
	};
	struct lb_arena arena = {0};
	assert_string_equal(lb_sigv4_query(&arena, parameters, 6),
			    "%2F=&A=&a=2&a-b=1&prefix=a%2Fb%3Dc%26d%20%C3%A9&~=%2B");
	assert_string_equal(lb_sigv4_query(&arena, NULL, 0), "");
	lb_arena_finish(&arena);
}

/* Signs with a key that stays, and returns the signature's text. */
static const char *signature_with(struct lb_sigv4_key *key, const struct lb_aws_keys *keys,
				  const char *region, const char *time, struct lb_arena *arena)
{
	struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
	request.region = region;
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	assert_int_equal(lb_sigv4_sign(&request, keys, at(time), key, arena, &result, &error),
			 LB_OK);
	return header_of(&result, "Authorization");
}

static void a_cached_key_serves_its_day_region_and_secret_only(void **state)
{
	(void)state;
	struct lb_aws_keys other = {s3_keys.access_key_id, "another secret", NULL};
	const struct {
		const struct lb_aws_keys *keys;
		const char *region;
		const char *time;
	} calls[] = {
		{&s3_keys, "eu-central-1", "2025-11-23T06:00:00Z"},
		{&s3_keys, "eu-central-1", "2025-11-23T23:59:59Z"},
		{&s3_keys, "eu-central-1", "2025-11-24T00:00:00Z"},
		{&s3_keys, "eu-west-1", "2025-11-24T00:00:00Z"},
		{&other, "eu-west-1", "2025-11-24T00:00:00Z"},
		{&s3_keys, "eu-west-1", "2025-11-24T00:00:00Z"},
	};
	struct lb_sigv4_key cached = {0};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct lb_arena arena = {0};
		struct lb_sigv4_key fresh = {0};
		const char *with_cached = signature_with(&cached, calls[i].keys, calls[i].region,
							 calls[i].time, &arena);
		const char *with_fresh = signature_with(&fresh, calls[i].keys, calls[i].region,
							calls[i].time, &arena);
		assert_string_equal(with_cached, with_fresh);
		lb_arena_finish(&arena);
	}
	lb_sigv4_key_finish(&cached);
	assert_false(cached.valid);
	for (size_t i = 0; i < LB_SIGV4_DIGEST_BYTES; i++) {
		assert_int_equal(cached.key[i], 0);
	}
}

static void assert_refused(const struct lb_sigv4_request *request, const struct lb_aws_keys *keys,
			   const char *message)
{
	struct lb_arena arena = {0};
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	assert_int_equal(sign(request, keys, &arena, &result, &error), LB_INVALID);
	assert_non_null(strstr(error.message, message));
	assert_null(strstr(error.message, "hidden"));
	lb_arena_finish(&arena);
}

static void a_header_cannot_smuggle_in_another(void **state)
{
	(void)state;
	static const struct lb_sigv4_field bad[] = {{"x-amz-meta-a", "hidden\r\nx-evil: 1"},
						    {"x-evil: 1\r\nx", "hidden"},
						    {"x:y", "hidden"},
						    {"HOST", "hidden"},
						    {"Authorization", "hidden"}};
	static const char *const messages[] = {
		"the header x-amz-meta-a has a control character", "no proper name",
		"no proper name", "the header HOST is the signature's to add",
		"the header Authorization is the signature's to add"};
	for (size_t i = 0; i < 5; i++) {
		struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
		request.headers = &bad[i];
		request.header_count = 1;
		assert_refused(&request, &s3_keys, messages[i]);
	}
}

static void keys_that_cannot_stand_in_a_header_are_refused_unseen(void **state)
{
	(void)state;
	struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
	struct lb_aws_keys keys = {"hidden\n", "hidden", NULL};
	assert_refused(&request, &keys, "the access key id has");
	keys = (struct lb_aws_keys){"AKID", "", NULL};
	assert_refused(&request, &keys, "the secret access key is empty");
	keys = (struct lb_aws_keys){"AKID", "hidden", "hidden\r\n"};
	assert_refused(&request, &keys, "the session token has");
}

static void what_makes_no_request_is_refused(void **state)
{
	(void)state;
	struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "no/slash");
	assert_refused(&request, &s3_keys, "does not start with '/'");
	request = plain_request(&lb_sigv4_s3, "/");
	request.host = "a/b";
	assert_refused(&request, &s3_keys, "no proper host");
	request = plain_request(&lb_sigv4_s3, "/");
	request.region = "";
	assert_refused(&request, &s3_keys, "no proper region");
}

static int allocations_left;

static void *alloc_some(size_t size)
{
	return allocations_left-- > 0 ? calloc(1, size > 0 ? size : 1) : NULL;
}

static void signing_without_memory_fails_whole_and_succeeds_later(void **state)
{
	(void)state;
	const struct s3_example *example = &s3_examples[3];
	struct lb_sigv4_key key = {0};
	enum lb_err err = LB_NOMEM;
	int failures = 0;
	for (int allowed = 0; err != LB_OK; allowed++) {
		struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
		request.parameters = example->parameters;
		request.parameter_count = 2;
		struct lb_arena arena = {0};
		struct lb_sigv4_signed result;
		struct lb_error error = {0};
		allocations_left = allowed;
		lb_set_allocator(alloc_some, free);
		err = lb_sigv4_sign(&request, &s3_keys, at("2025-11-23T06:00:00Z"), &key, &arena,
				    &result, &error);
		lb_arena_finish(&arena);
		lb_set_allocator(NULL, NULL);
		if (err != LB_OK) {
			failures++;
			assert_int_equal(err, LB_NOMEM);
		}
	}
	assert_true(failures >= 2);
	struct lb_sigv4_key fresh = {0};
	struct lb_sigv4_request request = plain_request(&lb_sigv4_s3, "/");
	struct lb_arena arena = {0};
	struct lb_sigv4_signed result;
	struct lb_error error;
	assert_int_equal(lb_sigv4_sign(&request, &s3_keys, at("2025-11-23T06:00:00Z"), &fresh,
				       &arena, &result, &error),
			 LB_OK);
	assert_memory_equal(key.key, fresh.key, sizeof(fresh.key));
	lb_arena_finish(&arena);
	lb_sigv4_key_finish(&fresh);
	lb_sigv4_key_finish(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_test_suite_of_aws_is_signed_as_aws_signs_it),
		cmocka_unit_test(the_examples_of_s3_are_signed_as_its_reference_signs_them),
		cmocka_unit_test(the_path_of_s3_is_encoded_once_and_kept),
		cmocka_unit_test(the_path_of_other_services_is_signed_normal_and_encoded_twice),
		cmocka_unit_test(the_hash_of_the_payload_is_sent_to_s3),
		cmocka_unit_test(the_port_is_signed_unless_it_is_the_schemes_own),
		cmocka_unit_test(names_of_parameters_are_sorted_as_they_are_encoded),
		cmocka_unit_test(a_cached_key_serves_its_day_region_and_secret_only),
		cmocka_unit_test(a_header_cannot_smuggle_in_another),
		cmocka_unit_test(keys_that_cannot_stand_in_a_header_are_refused_unseen),
		cmocka_unit_test(what_makes_no_request_is_refused),
		cmocka_unit_test(signing_without_memory_fails_whole_and_succeeds_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
