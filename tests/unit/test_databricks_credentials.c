#include "runners/databricks/credentials.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* {NAME, value, NAME, value, …, NULL} */
static const char *const *variables;
static struct lb_databricks_credentials found;

static const char *get(const char *name)
{
	for (const char *const *pair = variables; pair != NULL && *pair != NULL; pair += 2) {
		if (strcmp(pair[0], name) == 0) {
			return pair[1];
		}
	}
	return strcmp(name, "HOME") == 0 ? "." : NULL;
}

static int setup(void **state)
{
	variables = NULL;
	return folder_setup(state);
}

static int teardown(void **state)
{
	lb_databricks_credentials_finish(&found);
	return folder_teardown(state);
}

#define FROM(text)                                                                                 \
	{                                                                                          \
		text, "lakebeat.yaml:3"                                                            \
	}

static void find(const struct lb_databricks_settings *settings)
{
	struct lb_error error = {0};
	lb_databricks_credentials_finish(&found);
	if (lb_databricks_credentials_find(settings, get, &found, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
}

static void refuse(const struct lb_databricks_settings *settings, enum lb_err err, const char *one,
		   const char *other)
{
	struct lb_error error = {0};
	lb_databricks_credentials_finish(&found);
	assert_int_equal(lb_databricks_credentials_find(settings, get, &found, &error), err);
	if (strstr(error.message, one) == NULL || strstr(error.message, other) == NULL) {
		fail_msg("'%s' and '%s' are not in: %s", one, other, error.message);
	}
	assert_null(strstr(error.message, "secret-"));
}

static void a_token_in_the_settings_is_used(void **state)
{
	(void)state;
	const struct lb_databricks_settings settings = {.domain = FROM("w.example"),
							.token = FROM(" secret-1\n")};
	find(&settings);
	assert_int_equal(found.kind, LB_DATABRICKS_PAT);
	assert_string_equal(found.domain.origin, "https://w.example");
	assert_string_equal(found.token, "secret-1");
}

static void the_settings_go_before_the_environment_and_that_before_the_file(void **state)
{
	(void)state;
	static const char *const set[] = {"DATABRICKS_HOST",
					  "env.example",
					  "DATABRICKS_TOKEN",
					  "secret-env",
					  "DATABRICKS_CONFIG_PROFILE",
					  "prod",
					  NULL};
	folder_write(".databrickscfg", "[prod]\nhost = file.example\ntoken = secret-file\n"
				       "workspace_id = 77\n");
	variables = set;
	const struct lb_databricks_settings settings = {.token = FROM("secret-set")};
	find(&settings);
	assert_string_equal(found.domain.origin, "https://env.example");
	assert_string_equal(found.token, "secret-set");
	assert_string_equal(found.domain.workspace_id, "77");
}

static void a_file_is_not_read_when_something_is_set_and_no_profile_is_named(void **state)
{
	(void)state;
	folder_write(".databrickscfg", "[DEFAULT]\nhost = file.example\ntoken = secret-file\n");
	const struct lb_databricks_settings settings = {.domain = FROM("w.example")};
	refuse(&settings, LB_INVALID, "no credentials", "DATABRICKS_TOKEN");
	const struct lb_databricks_settings none = {0};
	find(&none);
	assert_string_equal(found.domain.origin, "https://file.example");
	assert_string_equal(found.token, "secret-file");
}

static void the_file_is_read_as_the_sdks_read_it(void **state)
{
	(void)state;
	folder_write(".databrickscfg", "; comment\n# comment\n"
				       "[DEFAULT]\nhost=https://default.example/?o=5#x\n"
				       "token = secret-d # the default's\n"
				       "\n[prod]\nhost : prod.example\n"
				       "client_id = 'an id'\nclient_id = id-1\n"
				       "client_secret = \"secret-#;2\"\n"
				       "[__settings__]\ndefault_profile = prod\n");
	const struct lb_databricks_settings none = {0};
	find(&none);
	assert_int_equal(found.kind, LB_DATABRICKS_OAUTH);
	assert_string_equal(found.domain.origin, "https://prod.example");
	assert_string_equal(found.client_id, "id-1");
	assert_string_equal(found.client_secret, "secret-#;2");
	const struct lb_databricks_settings named = {.profile = FROM("DEFAULT")};
	find(&named);
	assert_string_equal(found.domain.origin, "https://default.example");
	assert_string_equal(found.domain.workspace_id, "5");
	assert_string_equal(found.token, "secret-d");
}

static void another_file_can_be_named(void **state)
{
	(void)state;
	static const char *const set[] = {"DATABRICKS_CONFIG_FILE", "~/other", NULL};
	folder_write("other", "host = w.example\ntoken = secret-1\n");
	variables = set;
	const struct lb_databricks_settings none = {0};
	find(&none);
	assert_string_equal(found.domain.origin, "https://w.example");
}

static void a_profile_that_is_named_must_be_there(void **state)
{
	(void)state;
	const struct lb_databricks_settings settings = {.profile = FROM("prod")};
	refuse(&settings, LB_NOT_FOUND, "prod", ".databrickscfg");
	folder_write(".databrickscfg", "[DEFAULT]\nhost = w.example\ntoken = secret-1\n");
	refuse(&settings, LB_NOT_FOUND, "no profile prod", ".databrickscfg");
}

static void a_line_that_is_none_is_named_and_not_shown(void **state)
{
	(void)state;
	folder_write(".databrickscfg", "[DEFAULT]\nsecret-token\n");
	const struct lb_databricks_settings none = {0};
	refuse(&none, LB_INVALID, ".databrickscfg", "line 2");
	folder_write(".databrickscfg", "[DEFAULT\n");
	refuse(&none, LB_INVALID, ".databrickscfg", "line 1");
}

static void two_kinds_at_once_are_refused_with_both_places(void **state)
{
	(void)state;
	static const char *const set[] = {"DATABRICKS_CLIENT_ID", "id", "DATABRICKS_CLIENT_SECRET",
					  "secret-2", NULL};
	variables = set;
	struct lb_databricks_settings settings = {.domain = FROM("w.example"),
						  .token = FROM("secret-1")};
	refuse(&settings, LB_INVALID, "token from lakebeat.yaml:3",
	       "client_id from DATABRICKS_CLIENT_ID");
	settings.auth_type = (struct lb_databricks_text)FROM("oauth-m2m");
	find(&settings);
	assert_int_equal(found.kind, LB_DATABRICKS_OAUTH);
	assert_null(found.token);
	settings.auth_type = (struct lb_databricks_text)FROM("pat");
	find(&settings);
	assert_int_equal(found.kind, LB_DATABRICKS_PAT);
	assert_null(found.client_secret);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	const struct lb_databricks_settings none = {0};
	refuse(&none, LB_INVALID, "no workspace", "domain");
	const struct lb_databricks_settings half = {.domain = FROM("w.example"),
						    .client_id = FROM("id")};
	refuse(&half, LB_INVALID, "client_id, from lakebeat.yaml:3", "no client_secret");
	const struct lb_databricks_settings other = {.domain = FROM("w.example"),
						     .client_secret = FROM("secret-1")};
	refuse(&other, LB_INVALID, "client_secret, from lakebeat.yaml:3", "no client_id");
	const struct lb_databricks_settings pat = {.domain = FROM("w.example"),
						   .auth_type = FROM("pat")};
	refuse(&pat, LB_INVALID, "auth_type is pat", "no token");
}

static void what_cannot_be_used_is_refused_with_its_place(void **state)
{
	(void)state;
	const struct lb_databricks_settings token = {.domain = FROM("w.example"),
						     .token = FROM("secret- 1")};
	refuse(&token, LB_INVALID, "token from lakebeat.yaml:3", "white space");
	const struct lb_databricks_settings domain = {.domain = FROM("http://w.example"),
						      .token = FROM("secret-1")};
	refuse(&domain, LB_INVALID, "domain from lakebeat.yaml:3", "https");
	const struct lb_databricks_settings type = {.domain = FROM("w.example"),
						    .auth_type = FROM("azure-cli")};
	refuse(&type, LB_UNSUPPORTED, "azure-cli", "oauth-m2m");
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE(a_token_in_the_settings_is_used),
		PROMISE(the_settings_go_before_the_environment_and_that_before_the_file),
		PROMISE(a_file_is_not_read_when_something_is_set_and_no_profile_is_named),
		PROMISE(the_file_is_read_as_the_sdks_read_it),
		PROMISE(another_file_can_be_named),
		PROMISE(a_profile_that_is_named_must_be_there),
		PROMISE(a_line_that_is_none_is_named_and_not_shown),
		PROMISE(two_kinds_at_once_are_refused_with_both_places),
		PROMISE(what_is_missing_is_named),
		PROMISE(what_cannot_be_used_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
