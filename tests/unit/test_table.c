#include "cli/table.h"
#include "support/cmocka.h"
#include "support/memory.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void add_row(struct lb_table *table, const char *first, const char *second)
{
	lb_table_add(table, LB_STYLE_GOOD, first);
	lb_table_add(table, LB_STYLE_PLAIN, second);
}

/* What is printed; freed by the caller. */
static char *print(const struct lb_table *table, bool color)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	assert_non_null(stream);
	assert_true(lb_table_print(table, stream, color));
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void columns_stand_below_each_other_and_lines_end_without_spaces(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_table table = {.arena = &arena, .columns = 2};
	add_row(&table, "JOB", "STATE");
	add_row(&table, "a long name", NULL);
	char *text = print(&table, false);
	assert_string_equal(text, "JOB          STATE\na long name  -\n");
	free(text);
	lb_arena_finish(&arena);
}

static void widths_are_those_of_the_terminal_not_of_the_bytes(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_table table = {.arena = &arena, .columns = 2};
	add_row(&table, "\xc3\xbc", "one");                 /* ü */
	add_row(&table, "\xe6\x95\xb0\xe6\x8d\xae", "two"); /* two wide characters */
	char *text = print(&table, false);
	assert_string_equal(text, "\xc3\xbc     one\n\xe6\x95\xb0\xe6\x8d\xae  two\n");
	assert_int_equal(lb_text_width("\xe6\x95\xb0"), 2);
	assert_int_equal(lb_text_width("e\xcc\x81"), 1); /* a combining accent */
	free(text);
	lb_arena_finish(&arena);
}

static void cells_cannot_steer_the_terminal_or_break_the_line(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_table table = {.arena = &arena, .columns = 2};
	add_row(&table, "a\nb", "\x1b[2J\xff");
	char *text = print(&table, false);
	assert_string_equal(text, "a\\nb  \\x1b[2J\\xff\n");
	free(text);
	lb_arena_finish(&arena);
}

static void color_changes_no_column(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_table table = {.arena = &arena, .columns = 2};
	add_row(&table, "good", "x");
	add_row(&table, "better", "y");
	char *text = print(&table, true);
	assert_string_equal(text, "\033[32mgood\033[0m    x\n\033[32mbetter\033[0m  y\n");
	free(text);
	lb_arena_finish(&arena);
}

static void long_cells_are_never_cut(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_table table = {.arena = &arena, .columns = 2};
	char cell[5000];
	memset(cell, 'x', sizeof(cell) - 1);
	cell[sizeof(cell) - 1] = '\0';
	add_row(&table, cell, "end");
	char *text = print(&table, false);
	assert_int_equal(strlen(text), sizeof(cell) - 1 + strlen("  end\n"));
	free(text);
	lb_arena_finish(&arena);
}

static void a_table_that_memory_did_not_suffice_for_is_not_printed(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		struct lb_arena arena = {0};
		struct lb_table table = {.arena = &arena, .columns = 2};
		FILE *stream = fopen("/dev/null", "w");
		assert_non_null(stream);
		memory_fail_after(count);
		add_row(&table, "a", "b");
		bool printed = lb_table_print(&table, stream, false);
		failed = memory_restore();
		assert_int_equal(printed, !failed);
		assert_int_equal(fclose(stream), 0);
		lb_arena_finish(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_below_each_other_and_lines_end_without_spaces),
		cmocka_unit_test(widths_are_those_of_the_terminal_not_of_the_bytes),
		cmocka_unit_test(cells_cannot_steer_the_terminal_or_break_the_line),
		cmocka_unit_test(color_changes_no_column),
		cmocka_unit_test(long_cells_are_never_cut),
		cmocka_unit_test(a_table_that_memory_did_not_suffice_for_is_not_printed),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
