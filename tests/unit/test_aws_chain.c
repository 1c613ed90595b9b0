#include "base/text.h"
#include "base/time.h"
#include "net/aws_chain.h"
#include "net/aws_endpoint.h"
#include "support/cmocka.h"
#include "support/fake_environment.h"

#include <stdlib.h>
#include <string.h>

/* One decision: from these settings, variables and files. */
struct decision {
	struct lb_aws_settings settings;
	const char *const *environment;
	const char *config;
	const char *credentials;
	struct lb_aws_profiles profiles;
	struct lb_arena arena;
	struct lb_aws_plan plan;
	struct lb_error error;
};

static void finish(struct decision *decision)
{
	lb_aws_profiles_finish(&decision->profiles);
	lb_arena_finish(&decision->arena);
}

static const char *const nothing[] = {NULL};

static enum lb_err decide(struct decision *decision)
{
	struct fake_environment fake;
	fake_environment_init(&fake,
			      decision->environment != NULL ? decision->environment : nothing);
	const char *texts[] = {decision->config, decision->credentials};
	static const char *const paths[] = {"/h/.aws/config", "/h/.aws/credentials"};
	for (int file = 0; file < LB_AWS_FILE_MAX; file++) {
		decision->profiles.paths[file] = paths[file];
		if (texts[file] != NULL) {
			assert_int_equal(
				lb_aws_profiles_parse(&decision->profiles, (enum lb_aws_file)file,
						      lb_strdup(texts[file]), &decision->error),
				LB_OK);
		}
	}
	return lb_aws_chain_decide(&decision->settings, &fake.environment, &decision->profiles,
				   &decision->arena, &decision->plan, &decision->error);
}

/* Decides, sees to the description, and returns the plan. */
static const struct lb_aws_plan *decided(struct decision *decision, const char *description)
{
	if (decide(decision) != LB_OK) {
		fail_msg("%s", decision->error.message);
	}
	assert_string_equal(decision->plan.description, description);
	return &decision->plan;
}

static void assert_refused(struct decision decision, enum lb_err err, const char *message)
{
	assert_int_equal(decide(&decision), err);
	if (strstr(decision.error.message, message) == NULL) {
		fail_msg("%s, not %s", decision.error.message, message);
	}
	assert_null(strstr(decision.error.message, "hidden"));
	finish(&decision);
}

#define EVERYTHING                                                                                 \
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", "AWS_PROFILE", "lake",                  \
		"AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "AWS_ROLE_ARN", "arn:web"
#define KEYS_IN_ENVIRONMENT                                                                        \
	"AWS_ACCESS_KEY_ID", "ENV", "AWS_SECRET_ACCESS_KEY", "s", "AWS_SESSION_TOKEN", "t"

static const char credentials[] = "[default]\n"
				  "aws_access_key_id = DEFAULT\naws_secret_access_key = hidden\n"
				  "[lake]\n"
				  "aws_access_key_id = LAKE\naws_secret_access_key = s\n"
				  "aws_session_token = t\n";

static void settings_come_before_everything(void **state)
{
	(void)state;
	static const char *const environment[] = {KEYS_IN_ENVIRONMENT, EVERYTHING, NULL};
	struct decision decision = {.settings = {.access_key_id = "SET", .secret_access_key = "s"},
				    .environment = environment,
				    .credentials = credentials};
	const struct lb_aws_plan *plan = decided(&decision, "settings");
	assert_int_equal(plan->source, LB_AWS_KEYS);
	assert_string_equal(plan->keys.access_key_id, "SET");
	assert_null(plan->keys.session_token);
	finish(&decision);
}

static void a_profile_of_the_settings_comes_before_the_environment(void **state)
{
	(void)state;
	static const char *const environment[] = {KEYS_IN_ENVIRONMENT, EVERYTHING, NULL};
	struct decision decision = {.settings = {.profile = "default"},
				    .environment = environment,
				    .credentials = credentials};
	const struct lb_aws_plan *plan =
		decided(&decision, "profile 'default' in /h/.aws/credentials");
	assert_string_equal(plan->keys.access_key_id, "DEFAULT");
	finish(&decision);
}

static void keys_in_the_environment_come_before_web_identity(void **state)
{
	(void)state;
	static const char *const environment[] = {KEYS_IN_ENVIRONMENT, EVERYTHING, NULL};
	struct decision decision = {.environment = environment, .credentials = credentials};
	const struct lb_aws_plan *plan = decided(&decision, "environment variables");
	assert_string_equal(plan->keys.access_key_id, "ENV");
	assert_string_equal(plan->keys.session_token, "t");
	assert_true(plan->keys_expire_at_us == LB_TIME_NONE);
	finish(&decision);
}

static void web_identity_comes_before_the_files(void **state)
{
	(void)state;
	static const char *const environment[] = {EVERYTHING, NULL};
	struct decision decision = {.environment = environment, .credentials = credentials};
	const struct lb_aws_plan *plan = decided(&decision, "web identity in /token, role arn:web");
	assert_int_equal(plan->source, LB_AWS_WEB_IDENTITY);
	assert_string_equal(plan->web_role.arn, "arn:web");
	assert_string_equal(plan->web_role.session_name, "lakebeat");
	assert_string_equal(plan->token_file, "/token");
	finish(&decision);
}

static void the_files_come_before_the_container(void **state)
{
	(void)state;
	static const char *const environment[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x",
						  "AWS_PROFILE", "lake", NULL};
	struct decision decision = {.environment = environment, .credentials = credentials};
	const struct lb_aws_plan *plan =
		decided(&decision, "profile 'lake' in /h/.aws/credentials");
	assert_string_equal(plan->keys.access_key_id, "LAKE");
	assert_string_equal(plan->keys.session_token, "t");
	finish(&decision);
}

static void the_container_comes_before_the_instance(void **state)
{
	(void)state;
	static const char *const environment[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x",
						  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
						  "http://localhost/y", NULL};
	struct decision decision = {.environment = environment,
				    .config = "[default]\nregion = x\n"};
	const struct lb_aws_plan *plan = decided(
		&decision, "container credentials (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)");
	assert_int_equal(plan->source, LB_AWS_CONTAINER);
	assert_string_equal(plan->url, "http://169.254.170.2/v2/x");
	assert_null(plan->authorization);
	finish(&decision);
}

static void pod_identity_has_its_address_and_its_token(void **state)
{
	(void)state;
	static const char *const environment[] = {
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/token", NULL};
	struct decision decision = {.environment = environment};
	const struct lb_aws_plan *plan =
		decided(&decision, "container credentials (AWS_CONTAINER_CREDENTIALS_FULL_URI)");
	assert_string_equal(plan->url, "http://169.254.170.23/v1/credentials");
	assert_string_equal(plan->authorization_file, "/var/token");
	finish(&decision);
}

static void the_instance_is_asked_last_where_it_is(void **state)
{
	(void)state;
	static const char *const ipv6[] = {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6", NULL};
	static const char *const own[] = {"AWS_EC2_METADATA_SERVICE_ENDPOINT",
					  "http://127.0.0.1:1338/", NULL};
	static const struct {
		const char *const *environment;
		const char *url;
	} cases[] = {{NULL, "http://169.254.169.254"},
		     {ipv6, "http://[fd00:ec2::254]"},
		     {own, "http://127.0.0.1:1338"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision decision = {.environment = cases[i].environment};
		const struct lb_aws_plan *plan = decided(&decision, "instance metadata");
		assert_int_equal(plan->source, LB_AWS_INSTANCE);
		assert_string_equal(plan->url, cases[i].url);
		finish(&decision);
	}
}

static void nothing_at_all_says_where_was_looked(void **state)
{
	(void)state;
	static const char *const environment[] = {"AWS_EC2_METADATA_DISABLED", "TRUE", NULL};
	assert_refused((struct decision){.environment = environment}, LB_NOT_FOUND,
		       "no AWS credentials: not in the settings, not in AWS_ACCESS_KEY_ID");
}

static void what_is_given_half_is_refused(void **state)
{
	(void)state;
	static const char *const key[] = {"AWS_ACCESS_KEY_ID", "hidden", NULL};
	static const char *const token[] = {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token", NULL};
	static const char *const expiry[] = {KEYS_IN_ENVIRONMENT, "AWS_CREDENTIAL_EXPIRATION",
					     "tomorrow", NULL};
	assert_refused((struct decision){.environment = key}, LB_INVALID,
		       "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
	assert_refused((struct decision){.environment = token}, LB_INVALID,
		       "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
	assert_refused((struct decision){.environment = expiry}, LB_INVALID,
		       "AWS_CREDENTIAL_EXPIRATION is not a time");
	assert_refused((struct decision){.settings = {.secret_access_key = "hidden"}}, LB_INVALID,
		       "but not both");
	assert_refused((struct decision){.credentials = "[default]\naws_access_key_id = hidden\n"},
		       LB_INVALID,
		       "/h/.aws/credentials:2: profile 'default' has an aws_access_key_id but no");
}

static void a_profile_that_is_missing_is_named_with_its_neighbour(void **state)
{
	(void)state;
	static const char *const environment[] = {"AWS_PROFILE", "lke", NULL};
	assert_refused(
		(struct decision){.environment = environment, .credentials = credentials},
		LB_NOT_FOUND,
		"there is no profile 'lke' in /h/.aws/config or /h/.aws/credentials; did you "
		"mean 'lake'?");
	assert_refused((struct decision){.settings = {.profile = "default"}}, LB_NOT_FOUND,
		       "there is no profile 'default'");
	assert_refused((struct decision){.settings = {.profile = "bare"},
					 .config = "[profile bare]\nregion = x\n"},
		       LB_NOT_FOUND, "profile 'bare' has no credentials");
}

static void a_role_is_assumed_over_its_source_profile(void **state)
{
	(void)state;
	struct decision decision = {
		.settings = {.profile = "top"},
		.config = "[profile top]\nrole_arn = arn:top\nsource_profile = middle\n"
			  "external_id = x1\nduration_seconds = 900\n"
			  "[profile middle]\nrole_arn = arn:middle\nsource_profile = lake\n"
			  "role_session_name = me\n",
		.credentials = credentials};
	const struct lb_aws_plan *plan = decided(&decision, "profile 'lake' in /h/.aws/credentials"
							    ", then role arn:middle"
							    ", then role arn:top");
	assert_string_equal(plan->keys.access_key_id, "LAKE");
	assert_int_equal(plan->role_count, 2);
	assert_string_equal(plan->roles[0].arn, "arn:middle");
	assert_string_equal(plan->roles[0].session_name, "me");
	assert_null(plan->roles[0].external_id);
	assert_string_equal(plan->roles[1].arn, "arn:top");
	assert_string_equal(plan->roles[1].session_name, "lakebeat");
	assert_string_equal(plan->roles[1].external_id, "x1");
	assert_int_equal(plan->roles[1].duration_seconds, 900);
	finish(&decision);
}

static void a_profile_may_assume_its_role_with_its_own_keys(void **state)
{
	(void)state;
	struct decision decision = {
		.config = "[default]\nrole_arn = arn:own\nsource_profile = default\n",
		.credentials = credentials};
	const struct lb_aws_plan *plan =
		decided(&decision, "profile 'default' in /h/.aws/credentials, then role arn:own");
	assert_string_equal(plan->keys.access_key_id, "DEFAULT");
	assert_int_equal(plan->role_count, 1);
	finish(&decision);
}

static void a_role_is_assumed_over_a_named_source(void **state)
{
	(void)state;
	static const char *const environment[] = {KEYS_IN_ENVIRONMENT, NULL};
	struct decision decision = {.settings = {.profile = "p"},
				    .environment = environment,
				    .config = "[profile p]\nrole_arn = arn:r\n"
					      "credential_source = Environment\n"};
	(void)decided(&decision, "environment variables, then role arn:r");
	finish(&decision);
	struct decision instance = {.config = "[default]\nrole_arn = arn:r\n"
					      "credential_source = Ec2InstanceMetadata\n"};
	assert_int_equal(decided(&instance, "instance metadata, then role arn:r")->source,
			 LB_AWS_INSTANCE);
	finish(&instance);
	assert_refused((struct decision){.config = "[default]\nrole_arn = arn:r\n"
						   "credential_source = EcsContainer\n"},
		       LB_NOT_FOUND, "its credential_source EcsContainer has no credentials");
	assert_refused((struct decision){.config = "[default]\nrole_arn = arn:r\n"
						   "credential_source = Elsewhere\n"},
		       LB_INVALID, "credential_source is none of");
}

static void web_identity_of_a_profile_has_its_role(void **state)
{
	(void)state;
	struct decision decision = {.config = "[default]\nrole_arn = arn:r\n"
					      "web_identity_token_file = /t\n"
					      "role_session_name = me\n"};
	const struct lb_aws_plan *plan =
		decided(&decision, "profile 'default', web identity in /t, role arn:r");
	assert_int_equal(plan->source, LB_AWS_WEB_IDENTITY);
	assert_string_equal(plan->web_role.session_name, "me");
	assert_int_equal(plan->role_count, 0);
	finish(&decision);
}

static void a_program_is_run_where_a_profile_has_no_keys(void **state)
{
	(void)state;
	struct decision decision = {.config = "[default]\ncredential_process = get 'my keys'\n"};
	const struct lb_aws_plan *plan =
		decided(&decision, "credential_process of profile 'default' in /h/.aws/config");
	assert_int_equal(plan->source, LB_AWS_PROCESS);
	assert_string_equal(plan->command, "get 'my keys'");
	finish(&decision);
	struct decision keys = {.config = "[default]\ncredential_process = x\n",
				.credentials = credentials};
	(void)decided(&keys, "profile 'default' in /h/.aws/credentials");
	finish(&keys);
	struct decision role = {.config = "[default]\nrole_arn = r\nsource_profile = b\n"
					  "[profile b]\ncredential_process = x\n"};
	(void)decided(&role, "credential_process of profile 'b' in /h/.aws/config, then role r");
	finish(&role);
}

static void a_role_of_the_settings_is_assumed_over_whatever_was_found(void **state)
{
	(void)state;
	static const char *const environment[] = {KEYS_IN_ENVIRONMENT, NULL};
	struct decision decision = {.settings = {.role_arn = "arn:s", .external_id = "e"},
				    .environment = environment};
	const struct lb_aws_plan *plan =
		decided(&decision, "environment variables, then role arn:s");
	assert_string_equal(plan->roles[0].external_id, "e");
	finish(&decision);
}

static void roles_that_lead_nowhere_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *config;
		enum lb_err err;
		const char *message;
	} bad[] = {
		{"[default]\nrole_arn = r\nsource_profile = default\n", LB_INVALID,
		 "its source_profile leads back to itself"},
		{"[default]\nrole_arn = r\nsource_profile = b\n"
		 "[profile b]\nrole_arn = r\nsource_profile = default\n",
		 LB_INVALID, "its source_profile leads back to itself"},
		{"[default]\nrole_arn = r\nsource_profile = gone\n", LB_INVALID,
		 "there is no profile 'gone', its source_profile"},
		{"[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n",
		 LB_NOT_FOUND, "its source_profile 'b' has no credentials"},
		{"[default]\nrole_arn = r\n", LB_INVALID, "neither source_profile nor"},
		{"[default]\nrole_arn = r\nsource_profile = b\ncredential_source = Environment\n",
		 LB_INVALID, "both source_profile and"},
		{"[default]\nrole_arn = r\nsource_profile = b\nduration_seconds = 10\n"
		 "[profile b]\naws_access_key_id = a\naws_secret_access_key = hidden\n",
		 LB_INVALID, "duration_seconds is not a number from 900 to 43200"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_refused((struct decision){.config = bad[i].config}, bad[i].err,
			       bad[i].message);
	}
}

static void what_is_not_supported_says_so_and_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *config;
		const char *message;
	} refused[] = {
		{"[default]\nsso_session = s\nsso_account_id = 1\n",
		 "/h/.aws/config:2: profile 'default' needs IAM Identity Center (SSO)"},
		{"[default]\nregion = x\nsso_start_url = s\n",
		 "/h/.aws/config:3: profile 'default' needs IAM Identity Center (SSO)"},
		{"[default]\nlogin_session = s\n", "needs aws login"},
		{"[default]\nsso_session = x\ncredential_process = x\n",
		 "aws configure export-credentials --profile 'default' --format env"},
		{"[default]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n",
		 "profile 'default' has an mfa_serial"},
		{"[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nsso_session = s\n",
		 "profile 'b' needs IAM Identity Center (SSO)"},
	};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_refused((struct decision){.config = refused[i].config}, LB_UNSUPPORTED,
			       refused[i].message);
	}
}

static void sts_is_asked_in_the_region_or_where_it_is_configured(void **state)
{
	(void)state;
	static const char *const keys[] = {KEYS_IN_ENVIRONMENT, NULL};
	static const char *const region[] = {KEYS_IN_ENVIRONMENT, "AWS_REGION", "eu-central-1",
					     NULL};
	static const char *const china[] = {KEYS_IN_ENVIRONMENT, "AWS_REGION", "cn-north-1", NULL};
	static const char *const own[] = {KEYS_IN_ENVIRONMENT, "AWS_ENDPOINT_URL_STS",
					  "http://localhost:4566/", NULL};
	static const struct {
		const char *const *environment;
		const char *endpoint;
		const char *region;
	} cases[] = {{keys, "https://sts.amazonaws.com", "us-east-1"},
		     {region, "https://sts.eu-central-1.amazonaws.com", "eu-central-1"},
		     {china, "https://sts.cn-north-1.amazonaws.com.cn", "cn-north-1"},
		     {own, "http://localhost:4566", "us-east-1"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision decision = {.environment = cases[i].environment};
		const struct lb_aws_plan *plan = decided(&decision, "environment variables");
		assert_string_equal(plan->sts_endpoint, cases[i].endpoint);
		assert_string_equal(plan->sts_region, cases[i].region);
		finish(&decision);
	}
	static const char *const bad[] = {KEYS_IN_ENVIRONMENT, "AWS_REGION", "evil.example/", NULL};
	assert_refused((struct decision){.environment = bad}, LB_INVALID,
		       "the endpoint of STS is not of the form");
}

static void container_credentials_are_asked_for_on_this_machine_or_over_tls(void **state)
{
	(void)state;
	static const char *const allowed[] = {"http://127.0.0.1/x",     "http://127.9.9.9:80/x",
					      "http://localhost:1234",  "http://[::1]:80/x",
					      "http://169.254.170.2/x", "http://169.254.170.23/x",
					      "http://[fd00:ec2::23]/", "https://example.com/x"};
	static const char *const refused[] = {"http://example.com/x",
					      "http://169.254.170.20/x",
					      "http://localhost@evil.com/x",
					      "http://evil.com#@localhost/",
					      "http://127.0.0.1.evil.com/",
					      "http://localhost.evil.com/",
					      "ftp://localhost/",
					      "localhost",
					      "http://",
					      "http://[::1].evil.com/",
					      "http://[fd00:ec2::24]/",
					      "http://localhost\\@evil.com/",
					      "http:///x"};
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		assert_true(lb_aws_container_url_allowed(allowed[i]));
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (lb_aws_container_url_allowed(refused[i])) {
			fail_msg("%s", refused[i]);
		}
	}
	static const char *const environment[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI",
						  "http://evil.com/hidden", NULL};
	assert_refused((struct decision){.environment = environment}, LB_INVALID,
		       "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine");
}

static void an_endpoint_is_a_scheme_and_a_host_that_can_be_seen(void **state)
{
	(void)state;
	static const char *const good[] = {"https://sts.eu-central-1.amazonaws.com",
					   "http://localhost:9000", "http://[::1]:9000"};
	static const char *const bad[] = {
		"https://",        "ftp://a",     "https://a/b",          "https://a?b",
		"https://u@a",     "https://a b", "https://a\r\nHost: b", "https://a\x7f",
		"https://\xc3\xa4"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(lb_aws_endpoint_valid(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (lb_aws_endpoint_valid(bad[i])) {
			fail_msg("%s", bad[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_come_before_everything),
		cmocka_unit_test(a_profile_of_the_settings_comes_before_the_environment),
		cmocka_unit_test(keys_in_the_environment_come_before_web_identity),
		cmocka_unit_test(web_identity_comes_before_the_files),
		cmocka_unit_test(the_files_come_before_the_container),
		cmocka_unit_test(the_container_comes_before_the_instance),
		cmocka_unit_test(pod_identity_has_its_address_and_its_token),
		cmocka_unit_test(the_instance_is_asked_last_where_it_is),
		cmocka_unit_test(nothing_at_all_says_where_was_looked),
		cmocka_unit_test(what_is_given_half_is_refused),
		cmocka_unit_test(a_profile_that_is_missing_is_named_with_its_neighbour),
		cmocka_unit_test(a_role_is_assumed_over_its_source_profile),
		cmocka_unit_test(a_profile_may_assume_its_role_with_its_own_keys),
		cmocka_unit_test(a_role_is_assumed_over_a_named_source),
		cmocka_unit_test(web_identity_of_a_profile_has_its_role),
		cmocka_unit_test(a_program_is_run_where_a_profile_has_no_keys),
		cmocka_unit_test(a_role_of_the_settings_is_assumed_over_whatever_was_found),
		cmocka_unit_test(roles_that_lead_nowhere_are_refused),
		cmocka_unit_test(what_is_not_supported_says_so_and_what_to_do),
		cmocka_unit_test(sts_is_asked_in_the_region_or_where_it_is_configured),
		cmocka_unit_test(container_credentials_are_asked_for_on_this_machine_or_over_tls),
		cmocka_unit_test(an_endpoint_is_a_scheme_and_a_host_that_can_be_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
