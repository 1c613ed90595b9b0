/* yaml.c: libyaml's events into lb_node. */
#include "base/text.h"
#include "config/node.h"

#include <string.h>
#include <yaml.h>

struct parse {
	yaml_parser_t parser;
	const struct lb_text_file *file;
	const char *name;
	struct lb_arena *arena;
	struct lb_report *report;
};

static void complain(struct parse *parse, int line, const char *remedy, const char *text)
{
	struct lb_place place = {parse->name, line, 0, NULL};
	lb_report_add(parse->report, LB_PROBLEM_ERROR, place, remedy, "%s", text);
}

static int line_of(yaml_mark_t mark)
{
	return mark.line < INT32_MAX ? (int)mark.line + 1 : 0;
}

/* libyaml's own words, which name what it was reading and where that began. */
static void complain_syntax(struct parse *parse)
{
	const yaml_parser_t *parser = &parse->parser;
	if (parser->error == YAML_MEMORY_ERROR) {
		parse->report->exhausted = true;
		return;
	}
	bool reader = parser->error == YAML_READER_ERROR;
	size_t offset = reader ? parser->problem_offset : parser->problem_mark.index;
	int line = reader ? lb_text_file_line(parse->file, offset) : line_of(parser->problem_mark);
	struct lb_place place = {parse->name, line, 0, NULL};
	const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
	bool tab = strstr(problem, "cannot start any token") != NULL &&
		   memchr(parse->file->bytes, '\t', parse->file->length) != NULL;
	const char *remedy = tab ? "YAML is indented with spaces, not with tabs" : NULL;
	if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line) {
		lb_report_add(parse->report, LB_PROBLEM_ERROR, place, remedy,
			      "%s, %s that began on line %d", problem, parser->context,
			      line_of(parser->context_mark));
	} else {
		lb_report_add(parse->report, LB_PROBLEM_ERROR, place, remedy, "%s", problem);
	}
}

static bool next(struct parse *parse, yaml_event_t *event)
{
	if (yaml_parser_parse(&parse->parser, event) == 0) {
		complain_syntax(parse);
		return false;
	}
	return true;
}

static bool is_null_word(const char *text)
{
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

/* The text of a scalar, or NULL when it was refused. */
static char *scalar_text(struct parse *parse, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	if (memchr(value, '\0', length) != NULL) {
		complain(parse, line_of(event->start_mark), NULL, "a text holds a NUL character");
		return NULL;
	}
	return lb_report_kept(parse->report, lb_arena_strndup(parse->arena, value, length));
}

static bool read_scalar(struct parse *parse, const yaml_event_t *event, struct lb_node *node)
{
	node->text = scalar_text(parse, event);
	node->written = node->text;
	if (node->text == NULL) {
		return false;
	}
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->kind = plain && is_null_word(node->text) ? LB_NODE_NULL : LB_NODE_TEXT;
	return true;
}

/* Anchors and tags, which could make a small file expand without end or a text
 * something else than it looks. */
static bool is_plain_event(struct parse *parse, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL || event->type == YAML_ALIAS_EVENT) {
		complain(parse, line_of(event->start_mark), "write the value out",
			 "anchors (&) and aliases (*) are not read");
		return false;
	}
	if (tag != NULL) {
		complain(parse, line_of(event->start_mark),
			 "leave it out: every setting knows its type", "tags (!) are not read");
		return false;
	}
	return true;
}

static bool read_value(struct parse *parse, const yaml_event_t *event, int depth,
		       struct lb_node *node);

static bool keep(struct parse *parse, struct lb_node *parent, const struct lb_node *child)
{
	struct lb_node *added =
		lb_report_kept(parse->report, lb_list_add(parse->arena, &parent->items));
	if (added != NULL) {
		*added = *child;
	}
	return added != NULL;
}

/* One entry of a dictionary, event being its key. */
static bool read_entry(struct parse *parse, const yaml_event_t *event, int depth,
		       struct lb_node *map)
{
	struct lb_node child = {.line = line_of(event->start_mark)};
	if (!is_plain_event(parse, event)) {
		return false;
	}
	if (event->type != YAML_SCALAR_EVENT) {
		complain(parse, child.line, NULL, "a key is a list or a dictionary, not a text");
		return false;
	}
	child.key = scalar_text(parse, event);
	yaml_event_t value;
	if (child.key == NULL || !next(parse, &value)) {
		return false;
	}
	bool done = read_value(parse, &value, depth + 1, &child) && keep(parse, map, &child);
	yaml_event_delete(&value);
	return done;
}

static bool read_item(struct parse *parse, const yaml_event_t *event, int depth,
		      struct lb_node *list)
{
	struct lb_node child = {.line = line_of(event->start_mark)};
	return read_value(parse, event, depth + 1, &child) && keep(parse, list, &child);
}

static bool read_items(struct parse *parse, yaml_event_type_t end, int depth, struct lb_node *node)
{
	if (depth > LB_NODE_DEPTH_MAX) {
		complain(parse, node->line, NULL, "is nested more than 32 levels deep");
		return false;
	}
	for (;;) {
		yaml_event_t event;
		if (!next(parse, &event)) {
			return false;
		}
		bool ended = event.type == end;
		bool done = ended ||
			    (node->kind == LB_NODE_MAP ? read_entry(parse, &event, depth, node)
						       : read_item(parse, &event, depth, node));
		yaml_event_delete(&event);
		if (ended || !done) {
			return done;
		}
	}
}

static bool read_value(struct parse *parse, const yaml_event_t *event, int depth,
		       struct lb_node *node)
{
	if (!is_plain_event(parse, event)) {
		return false;
	}
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		node->kind = LB_NODE_LIST;
		return read_items(parse, YAML_SEQUENCE_END_EVENT, depth, node);
	}
	if (event->type == YAML_MAPPING_START_EVENT) {
		node->kind = LB_NODE_MAP;
		return read_items(parse, YAML_MAPPING_END_EVENT, depth, node);
	}
	return read_scalar(parse, event, node);
}

/* The two events before a document, or after it; ret_type: of the second. */
static bool skip_two(struct parse *parse, yaml_event_type_t *ret_type)
{
	for (int i = 0; i < 2; i++) {
		yaml_event_t event;
		if (!next(parse, &event)) {
			return false;
		}
		*ret_type = event.type;
		yaml_event_delete(&event);
	}
	return true;
}

static bool read_root(struct parse *parse, struct lb_node *root)
{
	yaml_event_t event;
	if (!next(parse, &event)) {
		return false;
	}
	root->line = line_of(event.start_mark);
	bool done = read_value(parse, &event, 1, root);
	yaml_event_delete(&event);
	return done;
}

static bool read_stream(struct parse *parse, struct lb_node *root)
{
	yaml_event_type_t type;
	if (!skip_two(parse, &type)) {
		return false;
	}
	if (type == YAML_STREAM_END_EVENT) {
		return true; /* nothing but comments: an empty value */
	}
	if (!read_root(parse, root) || !skip_two(parse, &type)) {
		return false;
	}
	if (type != YAML_STREAM_END_EVENT) {
		complain(parse, line_of(parse->parser.mark), "keep one document in a file",
			 "a second document begins here");
		return false;
	}
	return true;
}

static bool parse_yaml(const struct lb_text_file *file, const char *name, struct lb_arena *arena,
		       struct lb_report *report, struct lb_node *root)
{
	struct parse parse = {.file = file, .name = name, .arena = arena, .report = report};
	if (yaml_parser_initialize(&parse.parser) == 0) {
		report->exhausted = true;
		return false;
	}
	yaml_parser_set_encoding(&parse.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parse.parser, (const unsigned char *)file->bytes,
				     file->length);
	bool done = read_stream(&parse, root);
	yaml_parser_delete(&parse.parser);
	return done;
}

/* To YAML 1.1 these end a line, and fold; to JSON they are characters like others. */
static bool has_unicode_line_breaks(const struct lb_text_file *file)
{
	return strstr(file->bytes, "\xC2\x85") != NULL ||
	       strstr(file->bytes, "\xE2\x80\xA8") != NULL ||
	       strstr(file->bytes, "\xE2\x80\xA9") != NULL;
}

bool lb_node_parse(const struct lb_text_file *file, const char *name, struct lb_arena *arena,
		   struct lb_report *report, struct lb_node *ret_root)
{
	*ret_root = (struct lb_node){0};
	int bad_line = lb_text_file_bad_line(file);
	if (bad_line > 0) {
		struct lb_place place = {name, bad_line, 0, NULL};
		lb_report_add(report, LB_PROBLEM_ERROR, place, "save the file as UTF-8",
			      "is not UTF-8 text");
		return false;
	}
	if (has_unicode_line_breaks(file) && lb_node_parse_json(file, arena, report, ret_root)) {
		return true;
	}
	struct lb_report trial = *report;
	size_t count = report->problems->count;
	if (!parse_yaml(file, name, arena, &trial, ret_root)) {
		bool json = lb_node_parse_json(file, arena, report, ret_root);
		if (json) {
			report->problems->count = count;
			return true;
		}
		*report = trial;
		return false;
	}
	*report = trial;
	if (report->exhausted) {
		return false; /* a key may be missing */
	}
	size_t errors = report->errors;
	lb_node_check_keys(ret_root, name, report);
	return report->errors == errors;
}
