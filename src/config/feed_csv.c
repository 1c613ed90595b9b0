#include "config/feed_csv.h"

#include "base/text.h"
#include "base/time.h"
#include "config/feed_check.h"
#include "config/file.h"

#include <csv.h>
#include <stdio.h>
#include <string.h>

#define HEADER_MAX 64
#define NO_COLUMN (-1)

/* libcsv calls back at the end of each field and row but tells no line, so the
 * text is given to it one physical line at a time.
 * line:       the physical line being parsed. row_line, field_line: where the
 *             row and the field that are not ended yet began.
 * in_row:     a row has begun and not ended.
 * fields:     of the row so far.
 * column_of:  by the number of a field: its column, or NO_COLUMN.
 * stopped:    there is no sense in reading on. */
struct reading {
	struct lb_report report;
	struct lb_arena *arena;
	struct csv_parser parser;
	struct lb_feed_checker checker;
	int line;
	int row_line;
	int field_line;
	bool in_row;
	size_t fields;
	bool header_done;
	size_t header_count;
	const char *header[HEADER_MAX];
	int column_of[HEADER_MAX];
	struct lb_row row;
	struct lb_feed_lines lines;
	struct lb_row_list *rows;
	struct lb_feed_lines_list row_lines;
	bool stopped;
};

static struct lb_place place_at(const struct reading *reading, int line, size_t column,
				const char *key)
{
	return (struct lb_place){reading->checker.file, line, (int)column, key};
}

/* The name of a field's column, as far as it is known. */
static const char *column_name(const struct reading *reading, size_t field)
{
	if (!reading->header_done || field >= reading->header_count ||
	    reading->column_of[field] == NO_COLUMN) {
		return NULL;
	}
	return lb_declared_names[reading->column_of[field]];
}

static void complain_of_field(struct reading *reading, const char *remedy, const char *text)
{
	lb_report_add(&reading->report, LB_PROBLEM_ERROR,
		      place_at(reading, reading->field_line, reading->fields + 1,
			       column_name(reading, reading->fields)),
		      remedy, "%s", text);
}

static void complain_of_length(struct reading *reading)
{
	complain_of_field(reading, "perhaps its opening quote is never closed",
			  "is longer than 64 KiB");
}

static bool is_utf8(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t step = lb_utf8_length(text + at, length - at);
		if (step == 0) {
			return false;
		}
		at += step;
	}
	return true;
}

/* The field as a text, or NULL: it is empty, or was refused. */
static const char *field_text(struct reading *reading, const char *bytes, size_t length)
{
	if (length == 0) {
		return NULL;
	}
	if (length > LB_FEED_FIELD_BYTES_MAX) {
		complain_of_length(reading);
	} else if (memchr(bytes, '\0', length) != NULL) {
		complain_of_field(reading, NULL, "contains a NUL byte");
	} else if (!is_utf8(bytes, length)) {
		complain_of_field(reading, "save the file as UTF-8", "is not UTF-8 text");
	} else {
		return lb_report_kept(&reading->report,
				      lb_arena_strndup(reading->arena, bytes, length));
	}
	return NULL;
}

static void on_field(void *bytes, size_t length, void *data)
{
	struct reading *reading = data;
	size_t field = reading->fields;
	if (reading->stopped) {
		return;
	}
	const char *text = field_text(reading, bytes, length);
	if (!reading->header_done && field < HEADER_MAX) {
		reading->header[field] = text;
	} else if (field < reading->header_count && reading->column_of[field] != NO_COLUMN) {
		reading->row.declared[reading->column_of[field]] = text;
		reading->lines.lines[reading->column_of[field]] = reading->field_line;
	}
	reading->fields++;
	reading->field_line = reading->line;
}

static const char *wrong_delimiter(const char *header)
{
	static const struct {
		char delimiter;
		const char *name;
	} delimiters[] = {{';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}};
	for (size_t i = 0; header != NULL && i < 3; i++) {
		if (strchr(header, delimiters[i].delimiter) != NULL) {
			return delimiters[i].name;
		}
	}
	return NULL;
}

static bool is_state_column(const char *name)
{
	static const char *const columns[] = {"latest_event_fetched_timestamp", "status",
					      "status_change_timestamp", "job_start_timestamp",
					      "job_end_timestamp"};
	for (size_t i = 0; i < 5; i++) {
		if (lb_text_same_word(name, columns[i])) {
			return true;
		}
	}
	return false;
}

static void complain_of_column(struct reading *reading, size_t field, const char *name)
{
	struct lb_report *report = &reading->report;
	struct lb_place place = place_at(reading, reading->row_line, field + 1, name);
	if (name == NULL) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, NULL,
			      "the header has a column without a name");
	} else if (is_state_column(name)) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, "leave the column out",
			      "is kept by lakebeat and cannot be declared");
	} else {
		lb_report_add(report, LB_PROBLEM_ERROR, place,
			      lb_report_did_you_mean(report, name, lb_declared_names,
						     LB_DECLARED_MAX, "leave the column out"),
			      "is not a column of the feed");
	}
}

static void map_column(struct reading *reading, size_t field)
{
	const char *name = reading->header[field];
	reading->column_of[field] = NO_COLUMN;
	for (int column = 0; name != NULL && column < LB_DECLARED_MAX; column++) {
		int *number = &reading->checker.columns[column];
		if (!lb_text_same_word(name, lb_declared_names[column])) {
			continue;
		}
		if (*number > 0) {
			lb_report_add(&reading->report, LB_PROBLEM_ERROR,
				      place_at(reading, reading->row_line, field + 1, name),
				      "keep one of the two", "is column %d already", *number);
		} else {
			*number = (int)field + 1;
		}
		reading->column_of[field] = column;
		return;
	}
	complain_of_column(reading, field, name);
}

static void complain_of_missing_columns(struct reading *reading)
{
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		if (reading->checker.columns[column] == 0) {
			lb_report_add(&reading->report, LB_PROBLEM_ERROR,
				      place_at(reading, reading->row_line, 0, NULL),
				      "it may be empty, but it must be there",
				      "the header lacks the column %s", lb_declared_names[column]);
		}
	}
}

static void end_header(struct reading *reading)
{
	size_t errors = reading->report.errors;
	const char *delimiter = reading->fields == 1 ? wrong_delimiter(reading->header[0]) : NULL;
	if (delimiter != NULL) {
		lb_report_add(&reading->report, LB_PROBLEM_ERROR,
			      place_at(reading, reading->row_line, 0, NULL),
			      "separate the columns with commas",
			      "the columns are separated with %s", delimiter);
	} else if (reading->fields > HEADER_MAX) {
		lb_report_add(&reading->report, LB_PROBLEM_ERROR,
			      place_at(reading, reading->row_line, 0, NULL), NULL,
			      "the header has %zu columns", reading->fields);
	} else {
		reading->header_count = reading->fields;
		for (size_t field = 0; field < reading->fields; field++) {
			map_column(reading, field);
		}
		complain_of_missing_columns(reading);
	}
	reading->header_done = true;
	/* Without a sound header nothing can be said of the rows. */
	reading->stopped = reading->report.errors > errors;
}

static void keep_row(struct reading *reading)
{
	struct lb_row *row =
		lb_report_kept(&reading->report, lb_list_add(reading->arena, reading->rows));
	struct lb_feed_lines *lines =
		lb_report_kept(&reading->report, lb_list_add(reading->arena, &reading->row_lines));
	if (row != NULL && lines != NULL) {
		*row = reading->row;
		*lines = reading->lines;
	}
}

static void end_row(struct reading *reading)
{
	if (reading->fields != reading->header_count) {
		lb_report_add(&reading->report, LB_PROBLEM_ERROR,
			      place_at(reading, reading->row_line, 0, NULL),
			      "put a field that holds a comma in quotes",
			      "the row has %zu field%s, the header has %zu", reading->fields,
			      reading->fields == 1 ? "" : "s", reading->header_count);
	} else if (reading->rows->count >= LB_FEED_ROWS_MAX) {
		lb_report_add(&reading->report, LB_PROBLEM_ERROR,
			      place_at(reading, reading->row_line, 0, NULL), NULL,
			      "the feed has more than %d rows", LB_FEED_ROWS_MAX);
		reading->stopped = true;
	} else {
		lb_feed_check_row(&reading->checker, &reading->row, &reading->lines);
		keep_row(reading);
	}
}

static void begin_row(struct reading *reading)
{
	reading->fields = 0;
	reading->row_line = reading->line;
	reading->field_line = reading->line;
	reading->row = (struct lb_row){
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	reading->lines = (struct lb_feed_lines){0};
}

static void on_row(int terminator, void *data)
{
	(void)terminator;
	struct reading *reading = data;
	if (!reading->stopped && reading->header_done) {
		end_row(reading);
	} else if (!reading->stopped) {
		end_header(reading);
	}
	reading->in_row = false;
	begin_row(reading);
}

static int no_space(unsigned char byte)
{
	(void)byte;
	return 0;
}

static bool init_parser(struct reading *reading)
{
	if (csv_init(&reading->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
		reading->report.exhausted = true;
		return false;
	}
	/* White space around a field is part of it, as RFC 4180 says. */
	csv_set_space_func(&reading->parser, no_space);
	return true;
}

/* After a quote that is out of place the rest of that line is given up. */
static void recover(struct reading *reading)
{
	if (csv_error(&reading->parser) != CSV_EPARSE) {
		reading->report.exhausted = true;
		reading->stopped = true;
		return;
	}
	char text[80];
	(void)snprintf(text, sizeof(text), "a quote is out of place, on line %d", reading->line);
	complain_of_field(reading, "put the whole field in quotes, and double those inside", text);
	csv_free(&reading->parser);
	reading->stopped = !reading->header_done || !init_parser(reading);
	reading->in_row = false;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') {
			return false;
		}
	}
	return true;
}

static void parse_line(struct reading *reading, const char *text, size_t length)
{
	reading->line++;
	if (!reading->in_row) {
		if (is_blank(text, length)) {
			return;
		}
		begin_row(reading);
		reading->in_row = true;
	}
	if (csv_parse(&reading->parser, text, length, on_field, on_row, reading) != length) {
		recover(reading);
	} else if (reading->in_row && !reading->stopped &&
		   reading->parser.entry_pos > LB_FEED_FIELD_BYTES_MAX) {
		complain_of_length(reading);
		reading->stopped = true;
	}
}

static void parse_lines(struct reading *reading, const struct lb_text_file *file)
{
	for (size_t at = 0; at < file->length && !reading->stopped && !reading->report.exhausted;) {
		const char *text = file->bytes + at;
		const char *newline = memchr(text, '\n', file->length - at);
		size_t length = newline != NULL ? (size_t)(newline - text) + 1 : file->length - at;
		parse_line(reading, text, length);
		at += length;
	}
	if (reading->stopped || !reading->in_row) {
		return;
	}
	if (csv_fini(&reading->parser, on_field, on_row, reading) != 0) {
		complain_of_field(reading, NULL, "its opening quote is never closed");
		reading->stopped = true;
	}
}

static void check_all(struct reading *reading)
{
	if (reading->report.exhausted || reading->stopped) {
		return;
	}
	struct lb_place place = place_at(reading, 0, 0, NULL);
	if (!reading->header_done) {
		lb_report_add(&reading->report, LB_PROBLEM_ERROR, place,
			      "begin with a header line that names the columns", "is empty");
	} else if (reading->rows->count == 0 && reading->report.errors == 0) {
		lb_report_add(&reading->report, LB_PROBLEM_WARNING, place, NULL,
			      "has no rows: applying it removes every row of the control table");
	}
	lb_feed_check_keys(&reading->checker, reading->rows, &reading->row_lines);
}

enum lb_err lb_feed_csv_read(const char *path, const struct lb_config *config,
			     struct lb_arena *arena, struct lb_problem_list *problems,
			     struct lb_row_list *ret_rows, struct lb_error *error)
{
	*ret_rows = (struct lb_row_list){0};
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct lb_text_file file LB_CLEANUP(lb_text_file_finish);
	enum lb_err err = lb_text_file_read(path, LB_FEED_BYTES_MAX, &file, error);
	if (err != LB_OK) {
		return lb_wrap(error, "%s", name);
	}
	struct reading reading = {
		.report = {.arena = arena, .problems = problems}, .arena = arena, .rows = ret_rows};
	reading.checker = (struct lb_feed_checker){
		.report = &reading.report, .arena = arena, .config = config, .file = name};
	if (init_parser(&reading)) {
		parse_lines(&reading, &file);
		csv_free(&reading.parser);
		check_all(&reading);
	}
	return lb_report_finish(&reading.report, name, error);
}
