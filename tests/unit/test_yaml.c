#include "config/node.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/memory.h"
#include "support/problems.h"

#include <stdlib.h>
#include <string.h>

/* A document read from text: what came of it. */
struct document {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_report report;
	struct lb_node root;
	bool read;
};

static struct document *read_bytes(const char *bytes, size_t length)
{
	struct document *document = lb_alloc(sizeof(*document));
	assert_non_null(document);
	document->report =
		(struct lb_report){.arena = &document->arena, .problems = &document->problems};
	folder_write_bytes("d.yaml", bytes, length);
	struct lb_text_file file;
	assert_int_equal(lb_text_file_read("d.yaml", LB_NODE_BYTES_MAX, &file, NULL), LB_OK);
	document->read = lb_node_parse(&file, "d.yaml", &document->arena, &document->report,
				       &document->root);
	lb_text_file_finish(&file);
	return document;
}

static struct document *read(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void done(struct document *document)
{
	lb_arena_finish(&document->arena);
	lb_free(document);
}

static void assert_text(const struct lb_node *map, const char *key, const char *text)
{
	const struct lb_node *node = lb_node_get(map, key);
	assert_non_null(node);
	assert_int_equal(node->kind, LB_NODE_TEXT);
	assert_string_equal(node->text, text);
}

static void assert_refused(const char *text, const char *place, const char *problem,
			   const char *remedy)
{
	struct document *document = read(text);
	assert_false(document->read);
	assert_problem(&document->problems, LB_PROBLEM_ERROR, place, problem, remedy);
	done(document);
}

static void values_stay_the_texts_that_were_written(void **state)
{
	(void)state;
	struct document *document = read("a: no\nb: 0123\nc: 1.10\n555555555: on\nd: 2025-11-23\n"
					 "e: 12:30:45\nf: \"null\"\ng: null\nh:\n");
	assert_true(document->read);
	assert_text(&document->root, "a", "no");
	assert_text(&document->root, "b", "0123");
	assert_text(&document->root, "c", "1.10");
	assert_text(&document->root, "555555555", "on");
	assert_text(&document->root, "d", "2025-11-23");
	assert_text(&document->root, "e", "12:30:45");
	assert_text(&document->root, "f", "null");
	assert_int_equal(lb_node_get(&document->root, "g")->kind, LB_NODE_NULL);
	assert_int_equal(lb_node_get(&document->root, "h")->kind, LB_NODE_NULL);
	done(document);
}

static void every_key_and_item_knows_its_line(void **state)
{
	(void)state;
	struct document *document = read("# comment\na: 1\n\nb:\n  c: 2\n  d:\n    - x\n    - y\n");
	assert_true(document->read);
	assert_int_equal(lb_node_get(&document->root, "a")->line, 2);
	const struct lb_node *b = lb_node_get(&document->root, "b");
	assert_int_equal(b->line, 4);
	assert_int_equal(lb_node_get(b, "c")->line, 5);
	assert_int_equal(lb_node_get(b, "d")->items.items[1].line, 8);
	done(document);
}

static void json_is_read_with_its_lines(void **state)
{
	(void)state;
	struct document *document = read(
		"{\n\t\"a\": true,\n\t\"b\":[1, null],\n\t\"c\":{\"d\\/\":\"\\u00e9\\n\"}\n}\n");
	assert_true(document->read);
	assert_text(&document->root, "a", "true");
	assert_int_equal(lb_node_get(&document->root, "b")->line, 3);
	assert_text(lb_node_get(&document->root, "c"), "d/", "\xc3\xa9\n");
	done(document);
}

static void json_that_is_not_yaml_is_read_all_the_same(void **state)
{
	(void)state;
	struct document *document =
		read("{\"a\": \"\\ud83d\\udc18\", \"b\"\n: 2.50, \"c\": [null]}");
	assert_true(document->read);
	assert_int_equal(document->problems.count, 0);
	assert_text(&document->root, "a", "\xf0\x9f\x90\x98");
	assert_text(&document->root, "b", "2.5");
	done(document);
}

static void a_dictionary_pasted_from_python_reads(void **state)
{
	(void)state;
	struct document *document =
		read("{\n    'a': \"x\",  # why\n    'b': [True, 'y',],\n    'c': {'d': 1,},\n}\n");
	assert_true(document->read);
	assert_text(&document->root, "a", "x");
	assert_text(lb_node_get(&document->root, "c"), "d", "1");
	assert_int_equal(lb_node_get(&document->root, "b")->items.count, 2);
	done(document);
}

static void a_key_given_twice_is_refused_with_both_lines(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n", "d.yaml:3: a", "first on line 1", NULL);
	assert_refused("{\"x\": {\n\"a\": 1,\n\"a\": 1}}", "d.yaml:3: a", "first on line 2", NULL);
}

static void what_could_expand_without_end_is_refused(void **state)
{
	(void)state;
	assert_refused("a: &a [x, x]\nb: [*a, *a]\n", "d.yaml:1", "anchors", "write the value out");
	assert_refused("a: *b\n", "d.yaml:1", "alias", NULL);
	assert_refused("a: 1\nb: !!python/object x\n", "d.yaml:2", "tags", NULL);
	assert_refused("a: 1\n---\nb: 2\n", "d.yaml:2", "second document", NULL);
	assert_refused("? [a, b]\n: 1\n", "d.yaml:1", "a key is a list", NULL);
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	char text[256] = "";
	for (int i = 0; i < LB_NODE_DEPTH_MAX; i++) {
		strcat(text, "[");
	}
	char close[64] = "";
	memset(close, ']', LB_NODE_DEPTH_MAX);
	strcat(text, close);
	struct document *document = read(text);
	assert_true(document->read);
	done(document);
	char deeper[512] = "";
	strcat(strcat(strcat(deeper, "["), text), "]");
	assert_refused(deeper, "d.yaml:1", "32 levels", NULL);
}

static void a_syntax_error_names_its_line(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: [1, 2\nc: 3\n", "d.yaml:3", "line 2", NULL);
	assert_refused("a:\n\t- 1\n", "d.yaml:2", "cannot start", "spaces");
	assert_refused("a: \"x\n", "d.yaml:2", NULL, NULL);
	assert_refused("a: 1\nb: \x01\n", "d.yaml:2", "control characters", NULL);
}

static void what_is_not_utf8_text_is_refused(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: \xff\n", "d.yaml:2", "UTF-8", "save the file");
	struct document *document = read_bytes("a: 1\n\0", 6);
	assert_false(document->read);
	assert_problem(&document->problems, LB_PROBLEM_ERROR, "d.yaml:2", "UTF-8", NULL);
	done(document);
	assert_refused("a: \"x\\0y\"\n", "d.yaml:1", "NUL", NULL);
}

static void a_byte_order_mark_is_read_over(void **state)
{
	(void)state;
	struct document *document = read("\xef\xbb\xbf"
					 "a: 1\r\nb: 2\r\n");
	assert_true(document->read);
	assert_text(&document->root, "a", "1");
	assert_text(&document->root, "b", "2");
	done(document);
}

static void a_file_over_one_mebibyte_is_refused(void **state)
{
	(void)state;
	char *text = malloc(LB_NODE_BYTES_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', LB_NODE_BYTES_MAX + 1);
	folder_write_bytes("big", text, LB_NODE_BYTES_MAX + 1);
	struct lb_text_file file;
	struct lb_error error = {0};
	assert_int_equal(lb_text_file_read("big", LB_NODE_BYTES_MAX, &file, &error), LB_INVALID);
	assert_string_equal(error.message, "is larger than 1 MiB");
	folder_write_bytes("big", text, LB_NODE_BYTES_MAX);
	assert_int_equal(lb_text_file_read("big", LB_NODE_BYTES_MAX, &file, &error), LB_OK);
	assert_int_equal(file.length, LB_NODE_BYTES_MAX);
	lb_text_file_finish(&file);
	free(text);
}

static void an_empty_file_is_an_empty_value(void **state)
{
	(void)state;
	struct document *document = read("# nothing\n");
	assert_true(document->read);
	assert_int_equal(document->root.kind, LB_NODE_NULL);
	done(document);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

static void line_breaks_of_unicode_are_characters_in_json(void **state)
{
	(void)state;
	struct document *document =
		read("{\"a\": \"x\xE2\x80\xA8y\", \"b\": [\"\xC2\x85\", \"\xE2\x80\xA9\"]}");
	assert_true(document->read);
	assert_text(&document->root, "a", "x\xE2\x80\xA8y");
	const struct lb_node *list = lb_node_get(&document->root, "b");
	assert_string_equal(list->items.items[0].text, "\xC2\x85");
	assert_string_equal(list->items.items[1].text, "\xE2\x80\xA9");
	done(document);
}

static void a_file_that_memory_did_not_suffice_for_is_not_taken_for_read(void **state)
{
	(void)state;
	static const char text[] = "{\"a\": \"x\u2028y\", \"b\": [\"c\"], \"d\": {\"e\": 1}}";
	folder_write("d.yaml", text);
	struct lb_text_file file;
	assert_int_equal(lb_text_file_read("d.yaml", LB_NODE_BYTES_MAX, &file, NULL), LB_OK);
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		struct lb_arena arena = {0};
		struct lb_problem_list problems = {0};
		struct lb_report report = {.arena = &arena, .problems = &problems};
		struct lb_node root;
		memory_fail_after(count);
		bool read = lb_node_parse(&file, "d.yaml", &arena, &report, &root);
		failed = memory_restore();
		assert_true(read || report.exhausted);
		assert_int_equal(report.exhausted, failed);
		lb_arena_finish(&arena);
	}
	lb_text_file_finish(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(values_stay_the_texts_that_were_written),
		STORY(every_key_and_item_knows_its_line),
		STORY(json_is_read_with_its_lines),
		STORY(json_that_is_not_yaml_is_read_all_the_same),
		STORY(a_dictionary_pasted_from_python_reads),
		STORY(a_key_given_twice_is_refused_with_both_lines),
		STORY(what_could_expand_without_end_is_refused),
		STORY(deep_nesting_is_refused),
		STORY(a_syntax_error_names_its_line),
		STORY(what_is_not_utf8_text_is_refused),
		STORY(a_byte_order_mark_is_read_over),
		STORY(a_file_over_one_mebibyte_is_refused),
		STORY(an_empty_file_is_an_empty_value),
		STORY(line_breaks_of_unicode_are_characters_in_json),
		STORY(a_file_that_memory_did_not_suffice_for_is_not_taken_for_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
