#include "base/time.h"
#include "net/aws_credentials.h"
#include "support/aws_world.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <stdlib.h>
#include <string.h>

#define START AWS_WORLD_START
#define METADATA "http://169.254.169.254/latest"
#define ROLES METADATA "/meta-data/iam/security-credentials/"
#define IN_AN_HOUR "2025-11-23T07:00:00Z"
#define IN_TWO_HOURS "2025-11-23T08:00:00Z"
#define JSON(id, expires)                                                                          \
	"{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"hidden\",\"Token\":\"hidden token\","   \
	"\"Expiration\":\"" expires "\"}"
#define XML(id, expires)                                                                           \
	"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" id "</AccessKeyId>"     \
	"<SecretAccessKey>hidden</SecretAccessKey><SessionToken>t" id "</SessionToken>"            \
	"<Expiration>" expires "</Expiration></Credentials></AssumeRoleResult>"                    \
	"</AssumeRoleResponse>"
#define TOKEN_CALL                                                                                 \
	{                                                                                          \
		"PUT " METADATA "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds: 21600\n"},   \
			200, "word==\n", NULL                                                      \
	}
#define ROLE_CALL                                                                                  \
	{                                                                                          \
		"GET " ROLES, {"X-aws-ec2-metadata-token: word==\n"}, 200, "my-role\n", NULL       \
	}
#define KEYS_CALL(id, expires)                                                                     \
	{                                                                                          \
		"GET " ROLES "my-role", {"X-aws-ec2-metadata-token: word==\n"}, 200,               \
			JSON(id, expires), NULL                                                    \
	}

static int64_t at(const char *time)
{
	int64_t time_us;
	assert_true(lb_time_parse(time, &time_us));
	return time_us;
}

static const char *const nothing[] = {NULL};

static void keys_that_are_there_need_no_server(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	struct aws_world world;
	aws_world_init_with(
		&world,
		(struct lb_aws_settings){.access_key_id = "AKIA", .secret_access_key = "hidden"},
		nothing, script);
	assert_string_equal(lb_aws_credentials_description(world.credentials), "");
	aws_world_assert_got(&world, "AKIA");
	world.now_us += 365 * LB_DAY;
	aws_world_assert_got(&world, "AKIA");
	assert_string_equal(lb_aws_credentials_description(world.credentials), "settings");
	aws_world_finish(&world);
}

static void a_bad_file_stops_only_those_who_need_it(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {
		"AWS_CONFIG_FILE", "config", "AWS_ACCESS_KEY_ID", "ENV", "AWS_SECRET_ACCESS_KEY",
		"hidden",          NULL};
	folder_write("config", "hidden\n");
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_failed(&world, LB_INVALID, "config:1: a setting stands before");
	aws_world_finish(&world);
	aws_world_init_with(
		&world,
		(struct lb_aws_settings){.access_key_id = "AKIA", .secret_access_key = "hidden"},
		pairs, script);
	aws_world_assert_got(&world, "AKIA");
	aws_world_finish(&world);
}

static void an_instance_is_asked_by_version_2_in_three_calls(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("ASIA", IN_AN_HOUR), {0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	aws_world_assert_got(&world, "ASIA");
	assert_string_equal(world.token, "hidden token");
	assert_string_equal(lb_aws_credentials_description(world.credentials),
			    "instance metadata, role my-role");
	aws_world_assert_got(&world, "ASIA");
	aws_world_finish(&world);
}

static void everybody_who_asks_meanwhile_is_served_by_one_fetch(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("ASIA", IN_AN_HOUR), {0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	struct lb_aws_waiter others[5];
	for (size_t i = 0; i < 5; i++) {
		others[i] = world.waiter;
		lb_aws_credentials_get(world.credentials, &others[i]);
	}
	lb_aws_credentials_cancel(world.credentials, &others[2]);
	(void)uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(world.called, 4);
	assert_string_equal(world.id, "ASIA");
	aws_world_finish(&world);
}

static void they_are_renewed_ahead_while_the_old_ones_serve(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("OLD", IN_AN_HOUR),
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("NEW", IN_TWO_HOURS),
		{0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	aws_world_assert_got(&world, "OLD");
	world.now_us = at("2025-11-23T06:54:59Z");
	aws_world_assert_got(&world, "OLD");
	assert_int_equal(world.services.made, 3);
	world.now_us = at("2025-11-23T06:55:01Z");
	aws_world_assert_got(&world, "OLD"); /* at once, not after the new ones */
	assert_int_equal(world.services.made, 6);
	aws_world_assert_got(&world, "NEW");
	aws_world_finish(&world);
}

static void a_renewal_that_fails_is_tried_again_each_half_minute(void **state)
{
	(void)state;
	static const struct fake_call down = {
		"PUT " METADATA "/api/token", {0}, 0, "timed out", NULL};
	const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("OLD", IN_AN_HOUR), down, down, down, {0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	aws_world_assert_got(&world, "OLD");
	assert_null(lb_aws_credentials_problem(world.credentials));
	world.now_us = at("2025-11-23T06:56:00Z");
	aws_world_assert_got(&world, "OLD");
	assert_non_null(
		strstr(lb_aws_credentials_problem(world.credentials)->message, "timed out"));
	aws_world_assert_got(&world, "OLD");
	world.now_us = at("2025-11-23T06:56:29Z");
	aws_world_assert_got(&world, "OLD");
	assert_int_equal(world.services.made, 4);
	world.now_us = at("2025-11-23T06:56:30Z");
	aws_world_assert_got(&world, "OLD");
	assert_int_equal(world.services.made, 5);
	world.now_us = at(IN_AN_HOUR);
	aws_world_assert_failed(&world, LB_UNAVAILABLE, "timed out");
	aws_world_finish(&world);
}

static void keys_that_a_service_refused_are_found_anew(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {"AWS_SHARED_CREDENTIALS_FILE", "credentials",
					    "AWS_CONFIG_FILE", "none", NULL};
	struct aws_world world;
	folder_write("credentials",
		     "[default]\naws_access_key_id=ONE\naws_secret_access_key=hidden\n");
	aws_world_init(&world, pairs, script);
	aws_world_assert_got(&world, "ONE");
	folder_write("credentials",
		     "[default]\naws_access_key_id=TWO\naws_secret_access_key=hidden\n");
	aws_world_assert_got(&world, "ONE");
	lb_aws_credentials_reject(world.credentials, "ANOTHER");
	aws_world_assert_got(&world, "ONE");
	lb_aws_credentials_reject(world.credentials, "ONE");
	aws_world_assert_got(&world, "TWO");
	assert_string_equal(lb_aws_credentials_description(world.credentials),
			    "profile 'default' in credentials");
	/* Refused after somebody asked, before it was served. */
	lb_aws_credentials_get(world.credentials, &world.waiter);
	lb_aws_credentials_reject(world.credentials, "TWO");
	(void)uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_string_equal(world.id, "TWO");
	assert_int_equal(world.called, 5);
	aws_world_finish(&world);
}

#define KEYS_IN_ENVIRONMENT                                                                        \
	"AWS_ACCESS_KEY_ID", "ENV", "AWS_SECRET_ACCESS_KEY", "hidden", "AWS_REGION", "eu-west-1",  \
		"AWS_CONFIG_FILE", "config"
#define STS "POST https://sts.eu-west-1.amazonaws.com/"

static const char two_roles[] =
	"[profile top]\nrole_arn=arn:top\nsource_profile=base\n"
	"external_id=x y\nduration_seconds=3600\n"
	"[profile base]\nrole_arn=arn:base\ncredential_source=Environment\n";

static void roles_are_assumed_one_by_the_other(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		{STS,
		 {"Authorization: AWS4-HMAC-SHA256 Credential=ENV/20251123/eu-west-1/sts/",
		  "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n",
		  "\nAction=AssumeRole&RoleArn=arn%3Abase&RoleSessionName=lakebeat"
		  "&Version=2011-06-15"},
		 200,
		 XML("BASE", IN_AN_HOUR),
		 NULL},
		{STS,
		 {"Credential=BASE/", "X-Amz-Security-Token: tBASE\n",
		  "\nAction=AssumeRole&DurationSeconds=3600&ExternalId=x%20y&RoleArn=arn%3Atop"},
		 200,
		 XML("TOP", IN_AN_HOUR),
		 NULL},
		{0}};
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	folder_write("config", two_roles);
	struct aws_world world;
	aws_world_init_with(&world, (struct lb_aws_settings){.profile = "top"}, pairs, script);
	aws_world_assert_got(&world, "TOP");
	assert_string_equal(world.token, "tTOP");
	assert_string_equal(lb_aws_credentials_description(world.credentials),
			    "environment variables, then role arn:base, then role arn:top");
	aws_world_finish(&world);
}

static void a_role_that_is_refused_is_named_with_the_reason(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		{STS, {"arn%3Abase"}, 200, XML("BASE", IN_AN_HOUR), NULL},
		{STS,
		 {"arn%3Atop"},
		 403,
		 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:base is not "
		 "authorized\nhidden</Message></Error></ErrorResponse>",
		 NULL},
		{0}};
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	folder_write("config", two_roles);
	struct aws_world world;
	aws_world_init_with(&world, (struct lb_aws_settings){.profile = "top"}, pairs, script);
	aws_world_assert_failed(&world, LB_REFUSED,
				"AssumeRole of arn:top at https://sts.eu-west-1.amazonaws.com: "
				"AccessDenied: User: arn:base is not authorized (HTTP 403)");
	assert_false(world.error.retriable);
	aws_world_finish(&world);
}

static void a_service_in_trouble_may_be_asked_again_later(void **state)
{
	(void)state;
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	static const struct fake_call answers[] = {
		{STS, {0}, 503, "", NULL},
		{STS, {0}, 429, "", NULL},
		{STS,
		 {0},
		 400,
		 "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
		 NULL},
		{STS, {0}, 0, "connection refused", NULL}};
	for (size_t i = 0; i < 4; i++) {
		const struct fake_call script[] = {answers[i], {0}};
		struct aws_world world;
		aws_world_init_with(&world, (struct lb_aws_settings){.role_arn = "arn:r"}, pairs,
				    script);
		aws_world_assert_failed(&world, LB_UNAVAILABLE, "AssumeRole of arn:r at ");
		assert_true(world.error.retriable);
		aws_world_finish(&world);
	}
}

static void a_clock_that_is_wrong_is_set_right_once(void **state)
{
	(void)state;
#define EXPIRED                                                                                    \
	"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: x "   \
	"is "                                                                                      \
	"now earlier than y</Message></Error></ErrorResponse>"
	static const struct fake_call script[] = {
		{STS,
		 {"X-Amz-Date: 20251123T060000Z\n"},
		 403,
		 EXPIRED,
		 "Sun, 23 Nov 2025 06:30:00 GMT"},
		{STS, {"X-Amz-Date: 20251123T063000Z\n"}, 200, XML("ONE", IN_AN_HOUR), NULL},
		{STS,
		 {"X-Amz-Date: 20251123T072500Z\n"},
		 403,
		 EXPIRED,
		 "Sun, 23 Nov 2025 07:25:10 GMT"},
		{0}};
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	struct aws_world world;
	aws_world_init_with(&world, (struct lb_aws_settings){.role_arn = "arn:r"}, pairs, script);
	aws_world_assert_got(&world, "ONE");
	assert_true(lb_aws_credentials_now(world.credentials) == at("2025-11-23T06:30:00Z"));
	/* The servers' time is what they expire by. */
	world.now_us = at("2025-11-23T06:20:00Z");
	aws_world_assert_got(&world, "ONE");
	world.now_us = at("2025-11-23T06:55:00Z");
	aws_world_assert_failed(&world, LB_REFUSED, "Signature expired");
	aws_world_finish(&world);
}

static void web_identity_is_exchanged_unsigned_and_read_anew_each_time(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		{"POST https://sts.amazonaws.com/",
		 {"\nAction=AssumeRoleWithWebIdentity&RoleArn=arn%3Aweb&RoleSessionName=pod"
		  "&Version=2011-06-15&WebIdentityToken=first.token_-",
		  "!Authorization"},
		 200,
		 XML("ONE", IN_AN_HOUR),
		 NULL},
		{"POST https://sts.amazonaws.com/",
		 {"WebIdentityToken=second"},
		 200,
		 XML("TWO", IN_TWO_HOURS),
		 NULL},
		{0}};
	static const char *const pairs[] = {"AWS_WEB_IDENTITY_TOKEN_FILE",
					    "token",
					    "AWS_ROLE_ARN",
					    "arn:web",
					    "AWS_ROLE_SESSION_NAME",
					    "pod",
					    NULL};
	folder_write("token", "first.token_-\n");
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_got(&world, "ONE");
	folder_write("token", "second");
	world.now_us = at(IN_AN_HOUR);
	aws_world_assert_got(&world, "TWO");
	aws_world_finish(&world);
}

static void a_token_that_cannot_be_read_is_named(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {"AWS_WEB_IDENTITY_TOKEN_FILE", "token", "AWS_ROLE_ARN",
					    "arn:web", NULL};
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_failed(&world, LB_NOT_FOUND, "the token in token: there is no such file");
	folder_write("token", "\n");
	aws_world_assert_failed(&world, LB_INVALID, "the token in token is empty");
	folder_write("token", "hidden\nhidden");
	aws_world_assert_failed(&world, LB_INVALID,
				"the token in token is empty or has a character");
	aws_world_finish(&world);
}

static void a_pod_shows_its_token_to_its_agent(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		{"GET http://169.254.170.23/v1/credentials",
		 {"Accept: application/json\n", "Authorization: pod-token\n"},
		 200,
		 JSON("POD", IN_AN_HOUR),
		 NULL},
		{"GET http://169.254.170.23/v1/credentials",
		 {0},
		 400,
		 "{\"code\":\"ExpiredToken\",\"message\":\"too old\"}",
		 NULL},
		{0}};
	static const char *const pairs[] = {
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token", NULL};
	folder_write("token", "pod-token\n");
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_got(&world, "POD");
	world.now_us = at(IN_AN_HOUR);
	aws_world_assert_failed(
		&world, LB_REFUSED,
		"container credentials (AWS_CONTAINER_CREDENTIALS_FULL_URI): ExpiredToken: "
		"too old (HTTP 400)");
	aws_world_finish(&world);
}

static void a_task_asks_its_agent_without_a_token(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{"GET http://169.254.170.2/v2/credentials/uuid",
						   {"Accept: application/json\n", "!Authorization"},
						   200,
						   JSON("TASK", IN_AN_HOUR),
						   NULL},
						  {0}};
	static const char *const pairs[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
					    "/v2/credentials/uuid", NULL};
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_got(&world, "TASK");
	aws_world_finish(&world);
}

static void what_an_instance_may_answer_else_is_an_error_with_a_remedy(void **state)
{
	(void)state;
#define TOKEN_ANSWER(status, body)                                                                 \
	{                                                                                          \
		"PUT " METADATA "/api/token", {0}, status, body, NULL                              \
	}
#define ROLE_ANSWER(status, body)                                                                  \
	{                                                                                          \
		"GET " ROLES, {0}, status, body, NULL                                              \
	}
#define KEYS_ANSWER(status, body)                                                                  \
	{                                                                                          \
		"GET " ROLES "my-role", {0}, status, body, NULL                                    \
	}
	static const struct {
		struct fake_call script[4];
		enum lb_err err;
		const char *message;
	} cases[] = {
		{{TOKEN_ANSWER(404, "")}, LB_UNSUPPORTED, "version 1 only"},
		{{TOKEN_ANSWER(405, "")}, LB_UNSUPPORTED, "turn on version 2"},
		{{TOKEN_ANSWER(403, "")}, LB_REFUSED, "turned off for this instance"},
		{{TOKEN_ANSWER(400, "")}, LB_REFUSED, "refused (HTTP 400)"},
		{{TOKEN_ANSWER(301, "")}, LB_REFUSED, "refused (HTTP 301)"},
		{{TOKEN_ANSWER(500, "")}, LB_UNAVAILABLE, "cannot answer just now (HTTP 500)"},
		{{TOKEN_ANSWER(200, "")}, LB_CORRUPT, "its token is none"},
		{{TOKEN_ANSWER(200, "hidden word")}, LB_CORRUPT, "its token is none"},
		{{TOKEN_ANSWER(0, "timed out after 1 s")},
		 LB_UNAVAILABLE,
		 "no AWS credentials in the settings, the environment and ~/.aws/credentials, and "
		 "instance metadata at http://169.254.169.254 does not answer: timed out after 1 "
		 "s"},
		{{TOKEN_CALL, ROLE_ANSWER(404, "")}, LB_NOT_FOUND, "the instance has no IAM role"},
		{{TOKEN_CALL, ROLE_ANSWER(401, "")}, LB_REFUSED, "refused (HTTP 401)"},
		{{TOKEN_CALL, ROLE_ANSWER(200, "../../hidden")}, LB_CORRUPT, "role is none"},
		{{TOKEN_CALL, ROLE_ANSWER(200, "\n")}, LB_CORRUPT, "role is none"},
		{{TOKEN_CALL, ROLE_ANSWER(0, "connection reset")},
		 LB_UNAVAILABLE,
		 "instance metadata at http://169.254.169.254: connection reset"},
		{{TOKEN_CALL, ROLE_CALL, KEYS_ANSWER(200, "hidden")},
		 LB_CORRUPT,
		 "not a JSON object"},
		{{TOKEN_CALL, ROLE_CALL, KEYS_ANSWER(404, "<html>hidden</html>")},
		 LB_REFUSED,
		 "refused (HTTP 404)"},
		{{TOKEN_CALL, ROLE_CALL, KEYS_CALL("OLD", START)},
		 LB_UNAVAILABLE,
		 "instance metadata, role my-role: the credentials expired at 2025-11-23T06:00"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_call script[5] = {0};
		memcpy(script, cases[i].script, sizeof(cases[i].script));
		struct aws_world world;
		aws_world_init(&world, nothing, script);
		aws_world_assert_failed(&world, cases[i].err, cases[i].message);
		aws_world_finish(&world);
	}
}

static void giving_up_in_between_calls_nobody(void **state)
{
	(void)state;
	static const struct fake_call script[] = {TOKEN_CALL, {0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	world.services.held = true;
	lb_aws_credentials_get(world.credentials, &world.waiter);
	(void)uv_run(&world.loop, UV_RUN_DEFAULT);
	aws_world_finish(&world);
	assert_int_equal(world.services.canceled, 1);
	assert_int_equal(world.called, 0);
}

/* Asks again from within, a few times. */
static void on_done_again(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
			  const struct lb_error *error)
{
	struct aws_world *world = waiter->data;
	assert_non_null(keys);
	assert_null(error);
	world->called++;
	if (world->called < 3) {
		lb_aws_credentials_get(world->credentials, waiter);
	} else {
		lb_aws_credentials_destroy(world->credentials);
		world->credentials = NULL;
	}
}

static void who_is_called_may_ask_again_or_give_up(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("ASIA", IN_AN_HOUR), {0}};
	struct aws_world world;
	aws_world_init(&world, nothing, script);
	world.waiter.done = on_done_again;
	lb_aws_credentials_get(world.credentials, &world.waiter);
	(void)uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(world.called, 3);
	assert_null(world.credentials);
	aws_world_finish(&world);
}

static void where_they_come_from_is_told_without_asking(void **state)
{
	(void)state;
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	struct fake_environment fake;
	struct lb_aws_settings settings = {.role_arn = "arn:r"};
	char description[LB_AWS_DESCRIPTION_MAX];
	struct lb_error error = {0};
	fake_environment_init(&fake, pairs);
	assert_int_equal(lb_aws_credentials_find(&settings, &fake.environment, description, &error),
			 LB_OK);
	assert_string_equal(description, "environment variables, then role arn:r");
	settings.profile = "gone";
	assert_int_equal(lb_aws_credentials_find(&settings, &fake.environment, description, &error),
			 LB_NOT_FOUND);
}

static int allocations_left;

static void *alloc_some(size_t size)
{
	return allocations_left-- > 0 ? calloc(1, size > 0 ? size : 1) : NULL;
}

static void memory_that_runs_out_is_an_error_and_nothing_worse(void **state)
{
	(void)state;
	static const struct fake_call whole[] = {{STS, {0}, 200, XML("BASE", IN_AN_HOUR), NULL},
						 {STS, {0}, 200, XML("TOP", IN_AN_HOUR), NULL},
						 {STS, {0}, 200, XML("BASE", IN_AN_HOUR), NULL},
						 {STS, {0}, 200, XML("TOP", IN_AN_HOUR), NULL},
						 {0}};
	static const char *const pairs[] = {KEYS_IN_ENVIRONMENT, NULL};
	folder_write("config", two_roles);
	int failures = 0;
	bool ended = false;
	for (int allowed = 0; !ended; allowed++) {
		struct aws_world world;
		aws_world_init_with(&world, (struct lb_aws_settings){.profile = "top"}, pairs,
				    whole);
		allocations_left = allowed;
		lb_set_allocator(alloc_some, free);
		lb_aws_credentials_get(world.credentials, &world.waiter);
		(void)uv_run(&world.loop, UV_RUN_DEFAULT);
		ended = allocations_left > 0;
		lb_set_allocator(NULL, NULL);
		assert_int_equal(world.called, 1);
		if (world.error.code != LB_OK) {
			failures++;
			assert_int_equal(world.error.code, LB_NOMEM);
			world.services.made = 0;
			aws_world_assert_got(&world, "TOP"); /* as soon as there is memory again */
		} else {
			assert_string_equal(world.id, "TOP");
		}
		world.services.script = &whole[4 - world.services.made];
		aws_world_finish(&world);
	}
	assert_true(failures > 10);
}

static void an_instance_is_not_blamed_when_memory_runs_out(void **state)
{
	(void)state;
	static const struct fake_call script[] = {
		TOKEN_CALL, ROLE_CALL, KEYS_CALL("ASIA", IN_AN_HOUR), {0}};
	int failures = 0;
	bool ended = false;
	for (int allowed = 0; !ended; allowed++) {
		struct aws_world world;
		aws_world_init(&world, nothing, script);
		allocations_left = allowed;
		lb_set_allocator(alloc_some, free);
		lb_aws_credentials_get(world.credentials, &world.waiter);
		(void)uv_run(&world.loop, UV_RUN_DEFAULT);
		ended = allocations_left > 0;
		lb_set_allocator(NULL, NULL);
		failures += world.error.code != LB_OK;
		assert_true(world.error.code == LB_OK || world.error.code == LB_NOMEM);
		world.services.script = &script[3 - world.services.made];
		aws_world_finish(&world);
	}
	assert_true(failures > 5);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_are_there_need_no_server),
		STORY(a_bad_file_stops_only_those_who_need_it),
		cmocka_unit_test(an_instance_is_asked_by_version_2_in_three_calls),
		cmocka_unit_test(everybody_who_asks_meanwhile_is_served_by_one_fetch),
		cmocka_unit_test(they_are_renewed_ahead_while_the_old_ones_serve),
		cmocka_unit_test(a_renewal_that_fails_is_tried_again_each_half_minute),
		STORY(keys_that_a_service_refused_are_found_anew),
		STORY(roles_are_assumed_one_by_the_other),
		STORY(a_role_that_is_refused_is_named_with_the_reason),
		STORY(a_service_in_trouble_may_be_asked_again_later),
		STORY(a_clock_that_is_wrong_is_set_right_once),
		STORY(web_identity_is_exchanged_unsigned_and_read_anew_each_time),
		STORY(a_token_that_cannot_be_read_is_named),
		STORY(a_pod_shows_its_token_to_its_agent),
		cmocka_unit_test(a_task_asks_its_agent_without_a_token),
		cmocka_unit_test(what_an_instance_may_answer_else_is_an_error_with_a_remedy),
		cmocka_unit_test(giving_up_in_between_calls_nobody),
		cmocka_unit_test(who_is_called_may_ask_again_or_give_up),
		STORY(where_they_come_from_is_told_without_asking),
		STORY(memory_that_runs_out_is_an_error_and_nothing_worse),
		STORY(an_instance_is_not_blamed_when_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
