#include "config/acon.h"

#include "base/text.h"
#include "config/scope.h"
#include "sources/trigger_file/filter.h"

#include <string.h>

/* The fields an event can hand on, all of them when no schema_dict names some. */
static const char *const event_fields[] = {"file_name", "file_modification_time", "file_path",
					   "file_size"};
#define EVENT_FIELDS (sizeof(event_fields) / sizeof(event_fields[0]))

static const char *const sensor_sources[] = {"sap_bw",          "sap_b4", "delta_table",
					     "lmu_delta_table", "kafka",  "trigger_file"};
#define SENSOR_SOURCES (sizeof(sensor_sources) / sizeof(sensor_sources[0]))

/* One ACON being read: everything that its checks need. */
struct reading {
	const struct lb_reader *reader;
	const struct lb_node *map;
	const char *prefix;
};

static void complain(const struct reading *reading, enum lb_problem_kind kind, int line,
		     const char *key, const char *remedy, const char *text)
{
	char *full = lb_report_kept(
		reading->reader->report,
		lb_arena_printf(reading->reader->arena, "%s%s", reading->prefix, key));
	struct lb_place place = {reading->reader->file, line, 0, full};
	lb_report_add(reading->reader->report, kind, place, remedy, "%s", text);
}

static int line_of(const struct reading *reading, const char *key)
{
	const struct lb_node *node = lb_node_get(reading->map, key);
	return node != NULL ? node->line : reading->map->line;
}

/* True when it is the source that lakebeat serves. */
static bool check_source(const struct reading *reading, const char *source)
{
	if (source == NULL || lb_text_same_word(source, "trigger_file")) {
		return source != NULL;
	}
	struct lb_arena *arena = reading->reader->arena;
	int line = line_of(reading, "sensor_source");
	for (size_t i = 0; i < SENSOR_SOURCES; i++) {
		if (lb_text_same_word(source, sensor_sources[i])) {
			complain(reading, LB_PROBLEM_ERROR, line, "sensor_source",
				 "leave this ACON out; only trigger_file is served",
				 "the source is not served by this version");
			return false;
		}
	}
	char *text = lb_arena_printf(arena, "\"%s\" is not a source", source);
	complain(reading, LB_PROBLEM_ERROR, line, "sensor_source",
		 lb_report_did_you_mean(reading->reader->report, source, sensor_sources,
					SENSOR_SOURCES, "write trigger_file"),
		 text != NULL ? text : "is not a source");
	return false;
}

static bool is_identifier(const char *text, size_t length)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_";
	return length > 0 && length <= 128 && strspn(text, allowed) >= length;
}

/* table and database are the last two parts, of at most three. */
static bool split_name(const char *text, const char *parts[3], size_t lengths[3], size_t *ret_count)
{
	*ret_count = 0;
	for (const char *part = text;;) {
		size_t length = strcspn(part, ".");
		if (*ret_count == 3 || !is_identifier(part, length)) {
			return false;
		}
		parts[*ret_count] = part;
		lengths[(*ret_count)++] = length;
		if (part[length] == '\0') {
			return true;
		}
		part += length + 1;
	}
}

bool lb_table_name_parse(struct lb_arena *arena, const char *text, struct lb_table_name *ret_name,
			 const char **ret_problem)
{
	const char *parts[3];
	size_t lengths[3];
	size_t count;
	*ret_name = (struct lb_table_name){0};
	if (!split_name(text, parts, lengths, &count)) {
		*ret_problem = "is not a table name of letters, digits and _";
		return false;
	}
	const char *table = parts[count - 1];
	if (strncasecmp(table, "lakebeat_", 9) == 0 || strncasecmp(table, "sqlite_", 7) == 0) {
		*ret_problem = "has a name that is kept for the store's own tables";
		return false;
	}
	ret_name->table = lb_arena_strndup(arena, table, lengths[count - 1]);
	if (count > 1) {
		ret_name->database = lb_arena_strndup(arena, parts[count - 2], lengths[count - 2]);
	}
	return true;
}

static void check_table(const struct reading *reading, const char *key, const char *name)
{
	struct lb_table_name parsed;
	const char *problem;
	if (name != NULL && !lb_table_name_parse(reading->reader->arena, name, &parsed, &problem)) {
		complain(reading, LB_PROBLEM_ERROR, line_of(reading, key), key,
			 "write database.table", problem);
	}
}

static void check_tables(const struct reading *reading, const struct lb_acon *acon)
{
	check_table(reading, "heartbeat_sensor_db_table", acon->heartbeat_sensor_db_table);
	check_table(reading, "lakehouse_engine_sensor_db_table",
		    acon->lakehouse_engine_sensor_db_table);
}

static void check_data_format(const struct reading *reading, const struct lb_acon *acon)
{
	if (acon->data_format != NULL && !lb_text_same_word(acon->data_format, "cloudfiles")) {
		complain(reading, LB_PROBLEM_ERROR, line_of(reading, "data_format"), "data_format",
			 "write cloudfiles", "trigger files are read as cloudfiles only");
	}
}

/* Whatever its spelling: Spark's option names have no case. */
static const struct lb_node *find_option(const struct lb_node *options, const char *key)
{
	for (size_t i = 0; i < options->items.count; i++) {
		if (lb_text_same_word(options->items.items[i].key, key)) {
			return &options->items.items[i];
		}
	}
	return NULL;
}

static enum lb_unknown_keys unknown_options(const struct lb_node *options)
{
	const struct lb_node *validate =
		options != NULL ? find_option(options, "cloudFiles.validateOptions") : NULL;
	return validate != NULL && validate->kind == LB_NODE_TEXT &&
			       lb_text_same_word(validate->text, "false")
		       ? LB_UNKNOWN_IS_WARNING
		       : LB_UNKNOWN_OPTION_IS_ERROR;
}

/* A dictionary below key, or NULL when there is none; another kind is an error. */
static const struct lb_node *dictionary(const struct reading *reading, const char *key)
{
	const struct lb_node *node = lb_node_get(reading->map, key);
	if (node == NULL || node->kind == LB_NODE_NULL) {
		return NULL;
	}
	if (node->kind != LB_NODE_MAP) {
		complain(reading, LB_PROBLEM_ERROR, node->line, key, NULL, "is not a dictionary");
		return NULL;
	}
	return node;
}

/* The source refuses a bad pattern too, but only once it is started. */
static void check_glob(const struct reading *reading, const struct lb_node *options,
		       const struct lb_acon *acon)
{
	struct lb_filter filter LB_CLEANUP(lb_filter_finish) = {0};
	enum lb_err err = lb_filter_init(&filter, &acon->trigger_file, NULL);
	if (err == LB_NOMEM) {
		reading->reader->report->exhausted = true;
	} else if (err != LB_OK) {
		complain(reading, LB_PROBLEM_ERROR, find_option(options, "pathGlobFilter")->line,
			 "options.pathGlobFilter", "write \\ before one that is meant as it stands",
			 "has a {, [ or \\ without its counterpart");
	}
}

static void read_options(const struct reading *reading, struct lb_acon *acon)
{
	const struct lb_node *options = dictionary(reading, "options");
	char *prefix = lb_report_kept(
		reading->reader->report,
		lb_arena_printf(reading->reader->arena, "%soptions.", reading->prefix));
	if (prefix == NULL) {
		return;
	}
	acon->option_origins = lb_scope_read(reading->reader, LB_SCOPE_OPTION, options, prefix,
					     unknown_options(options), acon);
	check_glob(reading, options, acon);
}

static void add_field(const char *name, const char **fields, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(fields[i], name) == 0) {
			return;
		}
	}
	fields[(*count)++] = name;
}

static void read_field(const struct reading *reading, const struct lb_node *field,
		       const char **fields, size_t *count)
{
	const struct lb_node *name = field->kind == LB_NODE_MAP ? lb_node_get(field, "name") : NULL;
	if (name == NULL || name->kind != LB_NODE_TEXT) {
		complain(reading, LB_PROBLEM_ERROR, field->line, "schema_dict.fields",
			 "write {\"name\": \"file_name\", \"type\": \"string\"}",
			 "a field has no name");
		return;
	}
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		if (strcmp(name->text, event_fields[i]) == 0) {
			add_field(event_fields[i], fields, count);
			return;
		}
	}
	char *text = lb_arena_printf(reading->reader->arena,
				     "the field %s is not handed on to jobs", name->written);
	complain(reading, LB_PROBLEM_WARNING, name->line, "schema_dict.fields",
		 lb_report_did_you_mean(reading->reader->report, name->text, event_fields,
					EVENT_FIELDS, NULL),
		 text != NULL ? text : "a field is not handed on to jobs");
}

static const struct lb_node *schema_fields(const struct reading *reading,
					   const struct lb_node *schema)
{
	const struct lb_node *type = lb_node_get(schema, "type");
	if (type == NULL || type->kind != LB_NODE_TEXT || strcmp(type->text, "struct") != 0) {
		complain(reading, LB_PROBLEM_ERROR, type != NULL ? type->line : schema->line,
			 "schema_dict.type", "write \"struct\"", "is not a struct");
	}
	const struct lb_node *fields = lb_node_get(schema, "fields");
	if (fields == NULL || fields->kind != LB_NODE_LIST) {
		complain(reading, LB_PROBLEM_ERROR, fields != NULL ? fields->line : schema->line,
			 "schema_dict.fields", NULL,
			 fields != NULL ? "is not a list" : "is missing");
		return NULL;
	}
	return fields;
}

static void read_schema(const struct reading *reading, struct lb_acon *acon)
{
	const char **fields = lb_report_kept(
		reading->reader->report,
		lb_arena_alloc(reading->reader->arena, EVENT_FIELDS * sizeof(const char *)));
	if (fields == NULL) {
		return;
	}
	const struct lb_node *schema = dictionary(reading, "schema_dict");
	const struct lb_node *named = schema != NULL ? schema_fields(reading, schema) : NULL;
	for (size_t i = 0; named != NULL && i < named->items.count; i++) {
		read_field(reading, &named->items.items[i], fields, &acon->field_count);
	}
	for (size_t i = 0; schema == NULL && i < EVENT_FIELDS; i++) {
		add_field(event_fields[i], fields, &acon->field_count);
	}
	acon->fields = fields;
}

void lb_acon_read(const struct lb_reader *reader, const struct lb_node *map, const char *prefix,
		  struct lb_acon *ret_acon)
{
	struct reading reading = {reader, map, prefix};
	*ret_acon = (struct lb_acon){.max_event_gap_us = -1};
	/* Another source has other keys; that it is not served says enough. */
	const struct lb_node *source = lb_node_get(map, "sensor_source");
	if (source != NULL && source->kind == LB_NODE_TEXT && !source->failed &&
	    !check_source(&reading, source->text)) {
		return;
	}
	ret_acon->origins =
		lb_scope_read(reader, LB_SCOPE_ACON, map, prefix, LB_UNKNOWN_IS_ERROR, ret_acon);
	check_data_format(&reading, ret_acon);
	check_tables(&reading, ret_acon);
	read_options(&reading, ret_acon);
	read_schema(&reading, ret_acon);
}
