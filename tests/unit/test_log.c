#include "base/log.h"
#include "support/cmocka.h"

#include <string.h>
#include <unistd.h>

static struct lb_log piped;
static int reader;
static char line[8192];

static int setup(void **state)
{
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	reader = ends[0];
	piped = (struct lb_log){.fd = ends[1], .level = LB_LOG_INFO};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(reader);
	(void)close(piped.fd);
	return 0;
}

/* What was logged, without the time that begins each line. */
static const char *logged(void)
{
	ssize_t length = read(reader, line, sizeof(line) - 1);
	assert_true(length > 0);
	line[length] = '\0';
	return line + strlen("2025-11-23T06:00:00.123Z ");
}

static void a_line_is_level_message_and_fields(void **state)
{
	(void)state;
	lb_log(&piped, LB_LOG_INFO, "run accepted", "job", "555", "sensor", NULL, "run",
	       LB_LOG_INT(3), NULL);
	assert_string_equal(logged(), "info msg=\"run accepted\" job=555 run=3\n");
}

static void outside_text_cannot_forge_a_line(void **state)
{
	(void)state;
	lb_log(&piped, LB_LOG_WARNING, "odd", "file", "a b\n2025 error \"x\"\x1b\xff", NULL);
	assert_string_equal(
		logged(),
		"warning msg=odd file=\"a b\\u000a2025 error \\\"x\\\"\\u001b\\ufffd\"\n");
}

static void json_lines_are_whole_even_when_they_are_cut(void **state)
{
	(void)state;
	static char huge[8000];
	(void)memset(huge, 'x', sizeof(huge) - 1);
	piped.format = LB_LOG_JSON;
	lb_log(&piped, LB_LOG_ERROR, "long", "text", huge, "more", "y", NULL);
	(void)logged();
	assert_true(strlen(line) <= 4096);
	assert_true(strncmp(line, "{\"time\":\"", 9) == 0);
	assert_string_equal(line + strlen(line) - 4, "x\"}\n");
}

static void what_nobody_asked_for_is_not_written(void **state)
{
	(void)state;
	lb_log(&piped, LB_LOG_DEBUG, "quiet", NULL);
	lb_log(NULL, LB_LOG_ERROR, "nowhere", NULL);
	lb_log(&piped, LB_LOG_INFO, "loud", NULL);
	assert_string_equal(logged(), "info msg=loud\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_level_message_and_fields),
		TEST(outside_text_cannot_forge_a_line),
		TEST(json_lines_are_whole_even_when_they_are_cut),
		TEST(what_nobody_asked_for_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
