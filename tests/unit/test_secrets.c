#include "config/secrets.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One text, in a document {a: {b: [TEXT]}}, after resolving. */
struct resolved {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_report report;
	struct lb_node root;
	struct lb_node map;
	struct lb_node item;
};

static void resolve(struct resolved *resolved, const char *text)
{
	*resolved = (struct resolved){0};
	resolved->report =
		(struct lb_report){.arena = &resolved->arena, .problems = &resolved->problems};
	resolved->item =
		(struct lb_node){.line = 3, .kind = LB_NODE_TEXT, .text = text, .written = text};
	resolved->map = (struct lb_node){
		.key = "b", .kind = LB_NODE_LIST, .items = {&resolved->item, 1, 1}};
	resolved->root = (struct lb_node){.kind = LB_NODE_MAP, .items = {&resolved->map, 1, 1}};
	lb_secrets_resolve(&resolved->root, "f.yaml", ".", &resolved->arena, &resolved->report);
}

static void assert_resolves(const char *text, const char *expected)
{
	struct resolved resolved;
	resolve(&resolved, text);
	assert_false(resolved.item.failed);
	assert_string_equal(resolved.item.text, expected);
	assert_string_equal(resolved.item.written, text);
	lb_arena_finish(&resolved.arena);
}

static void assert_fails(const char *text, const char *problem, const char *remedy)
{
	struct resolved resolved;
	resolve(&resolved, text);
	assert_true(resolved.item.failed);
	assert_problem(&resolved.problems, LB_PROBLEM_ERROR, "f.yaml:3: b[0]", problem, remedy);
	lb_arena_finish(&resolved.arena);
}

static void a_variable_of_the_environment_is_put_in(void **state)
{
	(void)state;
	setenv("LB_TEST_SECRET", "s3cret", 1);
	assert_resolves("${env:LB_TEST_SECRET}", "s3cret");
	assert_resolves("a ${env:LB_TEST_SECRET}-${env:LB_TEST_SECRET} b", "a s3cret-s3cret b");
	unsetenv("LB_TEST_SECRET");
}

static void what_is_put_in_is_not_looked_at_again(void **state)
{
	(void)state;
	setenv("LB_TEST_SECRET", "${env:HOME}", 1);
	assert_resolves("${env:LB_TEST_SECRET}", "${env:HOME}");
	unsetenv("LB_TEST_SECRET");
}

static void a_file_is_put_in_without_its_last_newlines(void **state)
{
	(void)state;
	folder_write("token", "dapi\nx\r\n\n");
	assert_resolves("${file:token}", "dapi\nx");
	char path[300];
	assert_non_null(getcwd(path, 200));
	char text[400];
	(void)snprintf(text, sizeof(text), "${file:%s/token}", path);
	assert_resolves(text, "dapi\nx");
}

static void two_dollars_stand_for_one(void **state)
{
	(void)state;
	assert_resolves("$${env:HOME}", "${env:HOME}");
	assert_resolves("a$b $5 {x} $", "a$b $5 {x} $");
	assert_resolves("$${", "${");
}

static void a_variable_that_is_not_set_is_an_error_with_its_place(void **state)
{
	(void)state;
	unsetenv("LB_TEST_SECRET");
	assert_fails("${env:LB_TEST_SECRET}", "LB_TEST_SECRET is not set",
		     "where lakebeat is started");
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	assert_fails("${file:nowhere}", "nowhere: there is no such file", NULL);
	assert_fails("${file:.}", "is a directory", NULL);
	folder_write("bytes", "\xff");
	assert_fails("${file:bytes}", "not UTF-8", NULL);
}

static void unknown_and_open_references_are_errors(void **state)
{
	(void)state;
	assert_fails("${HOME}", "${HOME} is not a reference", "$${");
	assert_fails("${env:}", "is not a reference", NULL);
	assert_fails("a ${env:HOME", "no closing }", NULL);
}

static void a_file_that_everybody_may_read_is_noticed(void **state)
{
	(void)state;
	folder_write("token", "x\n");
	assert_int_equal(chmod("token", 0644), 0);
	struct resolved resolved;
	resolve(&resolved, "${file:token}");
	assert_problem(&resolved.problems, LB_PROBLEM_NOTICE, "f.yaml:3: b[0]",
		       "everybody may read", "chmod o-r");
	lb_arena_finish(&resolved.arena);
}

static void no_problem_shows_what_a_reference_stood_for(void **state)
{
	(void)state;
	setenv("LB_TEST_SECRET", "s3cret", 1);
	struct resolved resolved;
	resolve(&resolved, "x-${env:LB_TEST_SECRET}");
	struct lb_place place = {.file = "s3cret.yaml", .line = 3, .key = "a"};
	lb_report_add(&resolved.report, LB_PROBLEM_ERROR, place, "not s3crets3cret",
		      "\"%s\" is no place", resolved.item.text);
	assert_problem(&resolved.problems, LB_PROBLEM_ERROR, "${env:LB_TEST_SECRET}.yaml:3: a",
		       "\"x-${env:LB_TEST_SECRET}\" is no place",
		       "not ${env:LB_TEST_SECRET}${env:LB_TEST_SECRET}");
	lb_arena_finish(&resolved.arena);
	unsetenv("LB_TEST_SECRET");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_variable_of_the_environment_is_put_in),
		STORY(what_is_put_in_is_not_looked_at_again),
		STORY(a_file_is_put_in_without_its_last_newlines),
		STORY(two_dollars_stand_for_one),
		STORY(a_variable_that_is_not_set_is_an_error_with_its_place),
		STORY(a_file_that_cannot_be_read_is_an_error),
		STORY(unknown_and_open_references_are_errors),
		STORY(a_file_that_everybody_may_read_is_noticed),
		STORY(no_problem_shows_what_a_reference_stood_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
