#include "sources/trigger_file/clean_rule.h"
#include "support/cmocka.h"

#include <string.h>

#define FOLDER "/data/triggers"
#define BUCKET "s3://lake/triggers"

struct world {
	struct lb_arena arena;
	struct lb_clean_rule rule;
	struct lb_error error;
};

static enum lb_err parse(struct world *world, const char *text, const char *base)
{
	return lb_clean_rule_parse(text, base, &world->arena, &world->rule, &world->error);
}

static int setup(void **state)
{
	static struct world world;
	world = (struct world){0};
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	lb_arena_finish(&world->arena);
	return 0;
}

static void the_three_deeds_are_read(void **state)
{
	struct world *world = *state;
	assert_int_equal(parse(world, "keep", FOLDER), LB_OK);
	assert_int_equal(world->rule.deed, LB_CONSUMED_KEEP);
	assert_int_equal(parse(world, "Delete", FOLDER), LB_OK);
	assert_int_equal(world->rule.deed, LB_CONSUMED_DELETE);
	assert_int_equal(parse(world, "move:/data/archive//", FOLDER), LB_OK);
	assert_int_equal(world->rule.deed, LB_CONSUMED_MOVE);
	assert_string_equal(world->rule.target, "/data/archive");
	assert_int_equal(parse(world, "move:archive/triggers/", BUCKET), LB_OK);
	assert_string_equal(world->rule.target, "archive/triggers");
}

static void another_word_or_target_is_refused_with_the_reason(void **state)
{
	static const char *const cases[][3] = {
		{"erase", FOLDER, "none of keep"},
		{"move", FOLDER, "none of keep"},
		{"", BUCKET, "none of keep"},
		{"move:", FOLDER, "does not say where"},
		{"move:archive", FOLDER, "not an absolute path"},
		{"move:/data//archive", FOLDER, "not an absolute path"},
		{"move:/data/../data/triggers", FOLDER, "'.' or '..'"},
		{"move:/data/./x", FOLDER, "'.' or '..'"},
		{"move:/archive", BUCKET, "not a prefix"},
		{"move:s3://lake/archive", BUCKET, "not a prefix"},
		{"move:a/..", BUCKET, "'.' or '..'"},
	};
	struct world *world = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(world, cases[i][0], cases[i][1]), LB_INVALID);
		assert_non_null(strstr(world->error.message, cases[i][2]));
	}
	assert_int_equal(parse(world, "move:/data/...", FOLDER), LB_OK);
}

static enum lb_err check(struct world *world, const char *text, const char *base, const char *other)
{
	assert_int_equal(parse(world, text, base), LB_OK);
	return lb_clean_rule_check(&world->rule, base, other, &world->error);
}

static void files_are_not_moved_to_where_trigger_files_are_looked_for(void **state)
{
	struct world *world = *state;
	assert_int_equal(check(world, "move:/data/triggers", FOLDER, FOLDER), LB_INVALID);
	assert_int_equal(check(world, "move:/data/triggers/done", FOLDER, FOLDER), LB_INVALID);
	assert_int_equal(check(world, "move:/data/triggers2", FOLDER, FOLDER), LB_OK);
	assert_int_equal(check(world, "move:/data", FOLDER, FOLDER), LB_OK);
	assert_int_equal(check(world, "move:/other/x", FOLDER, "file:///other"), LB_INVALID);
	assert_int_equal(check(world, "move:/other/x", FOLDER, "s3://other/x"), LB_OK);
	assert_int_equal(check(world, "move:triggers/done", BUCKET, BUCKET), LB_INVALID);
	assert_int_equal(check(world, "move:done", BUCKET, BUCKET), LB_OK);
	assert_int_equal(check(world, "move:done", BUCKET, "s3a://lake"), LB_INVALID);
	assert_int_equal(check(world, "move:done", BUCKET, "s3://lake2"), LB_OK);
	assert_int_equal(check(world, "delete", BUCKET, BUCKET), LB_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_three_deeds_are_read),
		TEST(another_word_or_target_is_refused_with_the_reason),
		TEST(files_are_not_moved_to_where_trigger_files_are_looked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
