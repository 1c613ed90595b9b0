#include "config/page.h"
#include "config/settings.h"
#include "config/value.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <stdlib.h>
#include <string.h>

static void the_committed_page_is_made_from_the_table(void **state)
{
	(void)state;
	char *page = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&page, &size);
	assert_non_null(stream);
	assert_int_equal(lb_page_write(stream, NULL), LB_OK);
	assert_int_equal(fclose(stream), 0);
	/* When this fails: ninja -C build configuration-page */
	assert_string_equal(page, source_file("docs/configuration.md"));
	free(page);
}

static void every_key_stands_once_in_its_scope_and_has_help(void **state)
{
	(void)state;
	for (int scope = 0; scope < LB_SCOPE_MAX; scope++) {
		size_t count;
		const struct lb_setting *rows =
			lb_settings_of((enum lb_setting_scope)scope, &count);
		assert_true(count > 0 && count <= LB_SETTING_KEYS_MAX);
		for (size_t i = 0; i < count; i++) {
			assert_ptr_equal(lb_setting_find((enum lb_setting_scope)scope, rows[i].key),
					 &rows[i]);
			assert_non_null(rows[i].help);
			assert_null(strchr(rows[i].help, '|'));
		}
	}
}

/* Reads the fallback and writes it again. */
static void assert_sound_default(const struct lb_setting *setting)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_report report = {.arena = &arena, .problems = &problems};
	struct lb_reader reader = {&report, &arena, "default", NULL, false};
	struct lb_node node = {
		.kind = LB_NODE_TEXT, .text = setting->fallback, .written = setting->fallback};
	max_align_t base[64] = {0};
	assert_true(setting->offset < sizeof(base) - 16);
	assert_true(lb_value_set(&reader, setting, &node, setting->key, base));
	assert_int_equal(problems.count, 0);
	const char *text = NULL;
	assert_int_equal(lb_value_text(&arena, setting, base, &text, NULL), LB_OK);
	struct lb_node again = {.kind = LB_NODE_TEXT, .text = text, .written = text};
	max_align_t second[64] = {0};
	assert_true(lb_value_set(&reader, setting, &again, setting->key, second));
	const char *text_again = NULL;
	assert_int_equal(lb_value_text(&arena, setting, second, &text_again, NULL), LB_OK);
	assert_string_equal(text, text_again);
	lb_arena_finish(&arena);
}

static void every_default_is_within_its_own_range_and_reads_back(void **state)
{
	(void)state;
	for (int scope = 0; scope < LB_SCOPE_MAX; scope++) {
		size_t count;
		const struct lb_setting *rows =
			lb_settings_of((enum lb_setting_scope)scope, &count);
		for (size_t i = 0; i < count; i++) {
			if (rows[i].fallback != NULL) {
				assert_sound_default(&rows[i]);
			}
		}
	}
}

static void only_options_are_found_whatever_their_case(void **state)
{
	(void)state;
	assert_non_null(lb_setting_find(LB_SCOPE_OPTION, "CLOUDFILES.FORMAT"));
	assert_null(lb_setting_find(LB_SCOPE_FILE, "Store"));
	assert_null(lb_setting_find(LB_SCOPE_ACON, "TOKEN"));
}

static void an_argv_is_shown_so_that_yaml_reads_it_again(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	const char *const argv[] = {"./job", "\xC3\xA4\xF0\x9F\x98\x80",
				    "\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF\x7F\x01", NULL};
	assert_string_equal(lb_value_argv_text(&arena, argv),
			    "[\"./job\", \"\xC3\xA4\xF0\x9F\x98\x80\", "
			    "\"\\u0085\\u2028\\u2029\\ufeff\\u007f\\u0001\"]");
	lb_arena_finish(&arena);
}

/* false: refused. */
static bool read_price(const char *text, int64_t *ret_price)
{
	const struct lb_setting *setting = lb_setting_find(LB_SCOPE_FILE, "list_price");
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_report report = {.arena = &arena, .problems = &problems};
	struct lb_reader reader = {&report, &arena, "lakebeat.yaml", NULL, false};
	struct lb_node node = {.kind = LB_NODE_TEXT, .text = text, .written = text};
	max_align_t base[64] = {0};
	assert_non_null(setting);
	bool taken = lb_value_set(&reader, setting, &node, setting->key, base);
	assert_int_equal(problems.count, taken ? 0 : 1);
	memcpy(ret_price, (char *)base + setting->offset, sizeof(*ret_price));
	lb_arena_finish(&arena);
	return taken;
}

static void a_price_is_exact_to_a_millionth_and_nothing_else_is_one(void **state)
{
	static const struct {
		const char *text;
		int64_t price;
	} good[] = {{"0", 0},
		    {"0.005", 5000},
		    {"12.3", 12300000},
		    {"1000", 1000000000},
		    {"0.000001", 1}};
	static const char *const bad[] = {
		"",    ".",         "1.", ".5",      "-1",    "+1",          "1,5",
		"1e3", "0.0000001", "1 ", "1.5 EUR", "1.2.3", "1000.000001", "99999999999999"};
	(void)state;
	int64_t price;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(read_price(good[i].text, &price));
		assert_int_equal(price, good[i].price);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(read_price(bad[i], &price));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_committed_page_is_made_from_the_table),
		cmocka_unit_test(every_key_stands_once_in_its_scope_and_has_help),
		cmocka_unit_test(every_default_is_within_its_own_range_and_reads_back),
		cmocka_unit_test(an_argv_is_shown_so_that_yaml_reads_it_again),
		cmocka_unit_test(a_price_is_exact_to_a_millionth_and_nothing_else_is_one),
		cmocka_unit_test(only_options_are_found_whatever_their_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
