#include "base/time.h"
#include "net/aws_process.h"
#include "support/aws_world.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <stdio.h>
#include <string.h>

static void a_program_gives_keys_without_a_shell(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {"AWS_CONFIG_FILE", "config", NULL};
	folder_write("config", "[default]\ncredential_process = printf %s%s%s "
			       "'{\"Version\":1,\"AccessKeyId\":\"$HOME\",' "
			       "\"\\\"SecretAccessKey\\\":\\\"a b\\\"\" \\}\n");
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	aws_world_assert_got(&world, "$HOME");
	assert_string_equal(lb_aws_credentials_description(world.credentials),
			    "credential_process of profile 'default' in config");
	aws_world_finish(&world);
}

static void a_program_that_gives_no_keys_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *command;
		enum lb_err err;
		const char *message;
	} cases[] = {
		{"sh -c 'echo hidden; exit 3'", LB_UNAVAILABLE,
		 "credential_process of profile 'default' in config: it failed with exit code 3"},
		{"sh -c 'kill -9 $$'", LB_UNAVAILABLE, "it was ended by signal 9"},
		{"true", LB_CORRUPT, "not a JSON object"},
		{"yes hidden", LB_CORRUPT, "it printed more than 64 KiB"},
		{"no-such-program-here x", LB_NOT_FOUND,
		 "'no-such-program-here' cannot be started"},
		{"echo 'hidden", LB_INVALID, "a quote in it has no end"},
		{"\"\" x", LB_NOT_FOUND, "'' cannot be started"},
	};
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {"AWS_CONFIG_FILE", "config", NULL};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char config[200];
		(void)snprintf(config, sizeof(config), "[default]\ncredential_process = %s\n",
			       cases[i].command);
		folder_write("config", config);
		struct aws_world world;
		aws_world_init(&world, pairs, script);
		aws_world_assert_failed(&world, cases[i].err, cases[i].message);
		aws_world_finish(&world);
	}
}

static void giving_up_ends_the_program(void **state)
{
	(void)state;
	static const struct fake_call script[] = {{0}};
	static const char *const pairs[] = {"AWS_CONFIG_FILE", "config", NULL};
	folder_write("config", "[default]\ncredential_process = sleep 1000\n");
	struct aws_world world;
	aws_world_init(&world, pairs, script);
	lb_aws_credentials_get(world.credentials, &world.waiter);
	(void)uv_run(&world.loop, UV_RUN_NOWAIT);
	aws_world_finish(&world); /* does not end before the program has */
	assert_int_equal(world.called, 0);
}

static bool told;

static void on_told(struct lb_aws_exchange *exchange, const struct lb_aws_answer *answer,
		    const struct lb_error *error)
{
	(void)exchange;
	assert_null(answer);
	assert_non_null(strstr(error->message, "it was not done within 10 ms"));
	told = true;
}

static void a_program_that_does_not_end_is_ended(void **state)
{
	(void)state;
	static const char *const argv[] = {"sleep", "1000", NULL};
	struct lb_aws_exchange exchange = {.done = on_told};
	struct lb_error error = {0};
	uv_loop_t loop;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(lb_aws_process_start(&loop, argv, 10 * LB_MS, &exchange, &error), LB_OK);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(told);
	assert_int_equal(uv_loop_close(&loop), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_program_gives_keys_without_a_shell),
		STORY(a_program_that_gives_no_keys_is_named),
		STORY(giving_up_ends_the_program),
		cmocka_unit_test(a_program_that_does_not_end_is_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
