#include "base/mem.h"
#include "runners/command/template.h"
#include "support/cmocka.h"

#include <errno.h>

static const struct lb_command_words words = {"555", "dummy job"};

static void expands_to(const char *item, const char *expected)
{
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	const char *const argv[] = {"program", item, NULL};
	char **expanded = NULL;
	assert_int_equal(lb_command_template_check(argv, &error), LB_OK);
	assert_int_equal(lb_command_template_expand(&arena, argv, &words, &expanded, &error),
			 LB_OK);
	assert_string_equal(expanded[0], "program");
	assert_string_equal(expanded[1], expected);
	assert_null(expanded[2]);
	lb_arena_finish(&arena);
}

static void placeholders_are_replaced_wherever_they_stand(void **state)
{
	(void)state;
	expands_to("{trigger_job_id}", "555");
	expands_to("--job={trigger_job_id}:{trigger_job_name}", "--job=555:dummy job");
	expands_to("{trigger_job_id}{trigger_job_id}", "555555");
	expands_to("", "");
}

static void other_braces_stay_as_they_are(void **state)
{
	(void)state;
	expands_to("${trigger_job_id}", "${trigger_job_id}");
	expands_to("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}");
	expands_to("{}", "{}");
	expands_to("{", "{");
	expands_to("{{", "{{");
	expands_to("{open", "{open");
	expands_to("{UPPER}", "{UPPER}");
}

static void doubled_braces_stand_for_single_ones(void **state)
{
	(void)state;
	expands_to("{{trigger_job_id}}", "{trigger_job_id}");
	expands_to("awk '{{print}}'", "awk '{print}'");
}

static void refused(const char *item, const char *message)
{
	struct lb_error error = {0};
	const char *const argv[] = {"program", item, NULL};
	assert_int_equal(lb_command_template_check(argv, &error), LB_INVALID);
	assert_string_equal(error.message, message);
}

static void an_unknown_placeholder_is_an_error_with_the_remedy(void **state)
{
	(void)state;
	refused("{trigger_job_nam}", "unknown placeholder {trigger_job_nam} in "
				     "\"{trigger_job_nam}\"; did you mean {trigger_job_name}?");
	refused("{print}", "unknown placeholder {print} in \"{print}\"; there are "
			   "{trigger_job_id} and {trigger_job_name}, and {{print}} stands for the "
			   "text {print}");
}

static void an_argv_without_program_is_an_error(void **state)
{
	(void)state;
	const char *const none[] = {NULL};
	const char *const empty[] = {"", NULL};
	assert_int_equal(lb_command_template_check(none, NULL), LB_INVALID);
	assert_int_equal(lb_command_template_check(empty, NULL), LB_INVALID);
}

static enum lb_err expand_program(const char *program, const char *trigger_job_id)
{
	struct lb_arena arena = {0};
	const struct lb_command_words outside = {trigger_job_id, NULL};
	const char *const argv[] = {program, NULL};
	char **expanded;
	enum lb_err err = lb_command_template_expand(&arena, argv, &outside, &expanded, NULL);
	lb_arena_finish(&arena);
	return err;
}

static void a_job_id_may_name_a_program_but_not_lead_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(expand_program("jobs/{trigger_job_id}", "555"), LB_OK);
	assert_int_equal(expand_program("jobs/{trigger_job_id}", "../../bin/sh"), LB_REFUSED);
	assert_int_equal(expand_program("jobs/{trigger_job_id}", ".."), LB_REFUSED);
	assert_int_equal(expand_program("jobs/{trigger_job_id}", ""), LB_REFUSED);
	assert_int_equal(expand_program("jobs/{trigger_job_name}", "555"), LB_REFUSED);
}

static void programs_are_found_as_execvp_finds_them(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	int failure = 0;
	assert_string_equal(lb_command_find_program(&arena, "./any/path", "/bin", &failure),
			    "./any/path");
	assert_string_equal(lb_command_find_program(&arena, "sh", "/nowhere:/bin", &failure),
			    "/bin/sh");
	assert_non_null(lb_command_find_program(&arena, "sh", NULL, &failure));
	assert_null(lb_command_find_program(&arena, "no-such-program", "/bin", &failure));
	assert_int_equal(failure, ENOENT);
	assert_null(lb_command_find_program(&arena, "passwd", "/etc:/nowhere", &failure));
	assert_int_equal(failure, EACCES);
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders_are_replaced_wherever_they_stand),
		cmocka_unit_test(other_braces_stay_as_they_are),
		cmocka_unit_test(doubled_braces_stand_for_single_ones),
		cmocka_unit_test(an_unknown_placeholder_is_an_error_with_the_remedy),
		cmocka_unit_test(an_argv_without_program_is_an_error),
		cmocka_unit_test(a_job_id_may_name_a_program_but_not_lead_elsewhere),
		cmocka_unit_test(programs_are_found_as_execvp_finds_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
