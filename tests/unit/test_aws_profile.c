#include "base/text.h"
#include "net/aws_profile.h"
#include "support/cmocka.h"
#include "support/fake_environment.h"
#include "support/folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum lb_err parse(struct lb_aws_profiles *profiles, enum lb_aws_file file, const char *text,
			 struct lb_error *error)
{
	char *copy = lb_strdup(text);
	assert_non_null(copy);
	return lb_aws_profiles_parse(profiles, file, copy, error);
}

static void assert_parses(struct lb_aws_profiles *profiles, enum lb_aws_file file, const char *text)
{
	struct lb_error error = {0};
	if (parse(profiles, file, text, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
}

static void assert_value(const struct lb_aws_profiles *profiles, const char *profile,
			 const char *name, const char *expected)
{
	const char *value = lb_aws_profile_value(profiles, profile, name);
	if (!lb_text_equal(value, expected)) {
		fail_msg("[%s] %s = %s", profile, name, value != NULL ? value : "(none)");
	}
}

static void a_profile_is_named_differently_in_the_two_files(void **state)
{
	(void)state;
	struct lb_aws_profiles profiles = {0};
	assert_parses(&profiles, LB_AWS_CONFIG_FILE,
		      "[default]\nregion = a\n"
		      "[profile lake]\nregion=b\n"
		      "[ profile\t\"my lake\" ] ; a comment\nregion=c\n"
		      "[lake2]\nregion=not a profile here\n");
	assert_parses(&profiles, LB_AWS_CREDENTIALS_FILE,
		      "[default]\naws_access_key_id=AKIA1\n"
		      "[lake]\naws_access_key_id=AKIA2\n"
		      "[profile lake3]\naws_access_key_id=not a profile here\n");
	assert_value(&profiles, "default", "region", "a");
	assert_value(&profiles, "default", "aws_access_key_id", "AKIA1");
	assert_value(&profiles, "lake", "region", "b");
	assert_value(&profiles, "lake", "aws_access_key_id", "AKIA2");
	assert_value(&profiles, "my lake", "region", "c");
	assert_false(lb_aws_profile_exists(&profiles, "lake2"));
	assert_false(lb_aws_profile_exists(&profiles, "lake3"));
	assert_false(lb_aws_profile_exists(&profiles, "profile lake3"));
	lb_aws_profiles_finish(&profiles);
}

static void comments_and_blanks_are_left_out(void **state)
{
	(void)state;
	struct lb_aws_profiles profiles = {0};
	assert_parses(&profiles, LB_AWS_CREDENTIALS_FILE,
		      "# a comment\n; another\n\n   # indented\n[default]# near\r\n"
		      "aws_access_key_id\t=  AKIA ; the id\r\n"
		      "aws_secret_access_key=a#b;c= d\n"
		      "REGION = x#\n"
		      "empty =\n");
	assert_value(&profiles, "default", "aws_access_key_id", "AKIA");
	assert_value(&profiles, "default", "aws_secret_access_key", "a#b;c= d");
	assert_value(&profiles, "default", "region", "x#");
	assert_value(&profiles, "default", "empty", NULL);
	lb_aws_profiles_finish(&profiles);
}

static void blocks_are_read_and_kept_apart(void **state)
{
	(void)state;
	struct lb_aws_profiles profiles = {0};
	assert_parses(&profiles, LB_AWS_CONFIG_FILE,
		      "[default]\n"
		      "s3 =\n"
		      "  max_concurrent_requests = 20\n"
		      "\n"
		      "  # of the block\n"
		      "\taddressing_style = path\n"
		      "region = eu-central-1\n"
		      "about = one\n"
		      "  two = lines\n"
		      "\tand a third\n"
		      "output = json\n");
	assert_string_equal(lb_aws_profile_nested(&profiles, "default", "s3", "addressing_style"),
			    "path");
	assert_string_equal(
		lb_aws_profile_nested(&profiles, "default", "s3", "max_concurrent_requests"), "20");
	assert_null(lb_aws_profile_nested(&profiles, "default", "s3", "region"));
	assert_value(&profiles, "default", "addressing_style", NULL);
	assert_value(&profiles, "default", "region", "eu-central-1");
	assert_value(&profiles, "default", "about", "one\ntwo = lines\nand a third");
	assert_value(&profiles, "default", "two", NULL);
	assert_value(&profiles, "default", "output", "json");
	lb_aws_profiles_finish(&profiles);
}

static void the_later_wins_and_the_credentials_file_over_the_other(void **state)
{
	(void)state;
	struct lb_aws_profiles profiles = {0};
	assert_parses(&profiles, LB_AWS_CONFIG_FILE,
		      "[profile a]\nregion=1\naws_access_key_id=config\n[default]\nregion=d\n"
		      "[profile a]\nregion=2\nregion=3\nregion=\n");
	assert_parses(&profiles, LB_AWS_CREDENTIALS_FILE, "[a]\naws_access_key_id=credentials\n");
	assert_value(&profiles, "a", "region", "3");
	assert_value(&profiles, "a", "aws_access_key_id", "credentials");
	assert_int_equal(profiles.profiles.count, 2);
	lb_aws_profiles_finish(&profiles);
}

static void a_bad_line_is_named_and_not_shown(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{"[default]\nhidden\n", "f:2: expected NAME = VALUE"},
		{"[default]\n\n= hidden\n", "f:3: a setting has no name"},
		{"hidden = 1\n", "f:1: a setting stands before the first section"},
		{"[hidden\n", "f:1: a section's name has no closing ]"},
		{"[]\n", "f:1: a section has no name"},
		{"[default] hidden\n", "f:1: only a comment may follow"},
		{"[default]\n  hidden = 1\n", "f:2: an indented line belongs to no setting"},
		{"[default]\ns3 =\n  hidden\n", "f:3: expected NAME = VALUE"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lb_aws_profiles profiles = {.paths = {"f", "f"}};
		struct lb_error error = {0};
		assert_int_equal(parse(&profiles, LB_AWS_CREDENTIALS_FILE, bad[i].text, &error),
				 LB_INVALID);
		if (!lb_text_starts_with(error.message, bad[i].message)) {
			fail_msg("%s, not %s", error.message, bad[i].message);
		}
		assert_null(strstr(error.message, "hidden"));
		lb_aws_profiles_finish(&profiles);
	}
}

static void the_files_are_those_of_the_home_directory_or_of_the_variables(void **state)
{
	(void)state;
	char folder[300];
	assert_non_null(getcwd(folder, sizeof(folder)));
	assert_int_equal(mkdir(".aws", 0700), 0);
	folder_write(".aws/config", "\xEF\xBB\xBF[default]\nregion = home\n");
	folder_write(".aws/credentials", "[default]\naws_access_key_id = HOME\n");
	folder_write("other", "[default]\nregion = other\n");
	const char *home[] = {"HOME", folder, NULL};
	const char *variables[] = {
		"HOME",    folder, "AWS_CONFIG_FILE", "~/other", "AWS_SHARED_CREDENTIALS_FILE",
		"nowhere", NULL};
	struct fake_environment fake;
	struct lb_aws_profiles profiles;
	struct lb_error error = {0};
	fake_environment_init(&fake, home);
	assert_int_equal(lb_aws_profiles_read(&fake.environment, &profiles, &error), LB_OK);
	assert_value(&profiles, "default", "region", "home");
	assert_value(&profiles, "default", "aws_access_key_id", "HOME");
	assert_true(
		lb_text_ends_with(profiles.paths[LB_AWS_CREDENTIALS_FILE], "/.aws/credentials"));
	lb_aws_profiles_finish(&profiles);
	fake.pairs = variables;
	assert_int_equal(lb_aws_profiles_read(&fake.environment, &profiles, &error), LB_OK);
	assert_value(&profiles, "default", "region", "other");
	assert_value(&profiles, "default", "aws_access_key_id", NULL);
	lb_aws_profiles_finish(&profiles);
}

static void a_machine_without_home_and_files_has_no_profiles(void **state)
{
	(void)state;
	static const char *const none[] = {NULL};
	struct fake_environment fake;
	struct lb_aws_profiles profiles;
	struct lb_error error = {0};
	fake_environment_init(&fake, none);
	assert_int_equal(lb_aws_profiles_read(&fake.environment, &profiles, &error), LB_OK);
	assert_int_equal(profiles.profiles.count, 0);
	assert_null(profiles.paths[LB_AWS_CONFIG_FILE]);
	lb_aws_profiles_finish(&profiles);
}

static void assert_file_refused(const char *path, const char *message)
{
	const char *pairs[] = {"AWS_CONFIG_FILE", path, NULL};
	struct fake_environment fake;
	struct lb_aws_profiles profiles;
	struct lb_error error = {0};
	fake_environment_init(&fake, pairs);
	assert_int_equal(lb_aws_profiles_read(&fake.environment, &profiles, &error), LB_INVALID);
	assert_non_null(strstr(error.message, message));
	assert_int_equal(profiles.settings.count, 0);
}

static void a_file_that_is_no_text_is_refused_by_name(void **state)
{
	(void)state;
	folder_write("bytes", "[default]\nx=\xff\n");
	assert_file_refused("bytes", "bytes: is not UTF-8 text");
	assert_file_refused(".", ".: is a directory, not a file");
	char *large = calloc(1, LB_AWS_FILE_BYTES_MAX + 2);
	assert_non_null(large);
	memset(large, '\n', LB_AWS_FILE_BYTES_MAX + 1);
	folder_write("large", large);
	free(large);
	assert_file_refused("large", "large: is larger than 256 KiB");
}

static void region_and_endpoints_follow_the_official_order(void **state)
{
	(void)state;
	struct lb_aws_profiles profiles = {0};
	assert_parses(&profiles, LB_AWS_CONFIG_FILE,
		      "[default]\nregion = file\nendpoint_url = http://global\nservices = mine\n"
		      "[services mine]\nsqs =\n  endpoint_url = http://sqs\n"
		      "[services other]\nsts =\n  endpoint_url = http://other\n");
	const char *none[] = {"AWS_REGION", "", NULL};
	const char *some[] = {"AWS_DEFAULT_REGION",
			      "env2",
			      "AWS_REGION",
			      "env1",
			      "AWS_ENDPOINT_URL",
			      "http://env",
			      "AWS_ENDPOINT_URL_S3",
			      "http://s3",
			      NULL};
	const char *off[] = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True", "AWS_ENDPOINT_URL",
			     "http://env", NULL};
	struct fake_environment fake;
	fake_environment_init(&fake, none);
	const struct lb_aws_environment *environment = &fake.environment;
	assert_string_equal(lb_aws_region(environment, &profiles, "default"), "file");
	assert_null(lb_aws_region(environment, &profiles, "other"));
	assert_string_equal(lb_aws_endpoint_url(environment, &profiles, "default", "sqs"),
			    "http://sqs");
	assert_string_equal(lb_aws_endpoint_url(environment, &profiles, "default", "sts"),
			    "http://global");
	assert_null(lb_aws_endpoint_url(environment, &profiles, "other", "sts"));
	fake.pairs = some;
	assert_string_equal(lb_aws_region(environment, &profiles, "default"), "env1");
	assert_string_equal(lb_aws_endpoint_url(environment, &profiles, "default", "s3"),
			    "http://s3");
	assert_string_equal(lb_aws_endpoint_url(environment, &profiles, "default", "sqs"),
			    "http://env");
	fake.pairs = off;
	assert_null(lb_aws_endpoint_url(environment, &profiles, "default", "sqs"));
	lb_aws_profiles_finish(&profiles);
}

static int allocations_left;

static void *alloc_some(size_t size)
{
	return allocations_left-- > 0 ? calloc(1, size > 0 ? size : 1) : NULL;
}

static void reading_without_memory_fails_whole(void **state)
{
	(void)state;
	folder_write("config", "[default]\nregion = a\n[profile b]\nregion = c\n");
	static const char *const pairs[] = {"AWS_CONFIG_FILE", "config", NULL};
	struct fake_environment fake;
	fake_environment_init(&fake, pairs);
	enum lb_err err = LB_NOMEM;
	int failures = 0;
	for (int allowed = 0; err != LB_OK; allowed++) {
		struct lb_aws_profiles profiles;
		struct lb_error error = {0};
		allocations_left = allowed;
		lb_set_allocator(alloc_some, free);
		err = lb_aws_profiles_read(&fake.environment, &profiles, &error);
		lb_set_allocator(NULL, NULL);
		failures += err != LB_OK;
		assert_true(err == LB_OK || err == LB_NOMEM);
		assert_int_equal(profiles.settings.count, err == LB_OK ? 2 : 0);
		lb_aws_profiles_finish(&profiles);
	}
	assert_true(failures >= 2);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_named_differently_in_the_two_files),
		cmocka_unit_test(comments_and_blanks_are_left_out),
		cmocka_unit_test(blocks_are_read_and_kept_apart),
		cmocka_unit_test(the_later_wins_and_the_credentials_file_over_the_other),
		cmocka_unit_test(a_bad_line_is_named_and_not_shown),
		STORY(the_files_are_those_of_the_home_directory_or_of_the_variables),
		cmocka_unit_test(a_machine_without_home_and_files_has_no_profiles),
		STORY(a_file_that_is_no_text_is_refused_by_name),
		cmocka_unit_test(region_and_endpoints_follow_the_official_order),
		STORY(reading_without_memory_fails_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
