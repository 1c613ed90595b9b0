#include "config/feed_check.h"

#include "base/text.h"
#include "core/names.h"

#include <stdlib.h>
#include <string.h>

static const char *const sources[] = {"trigger_file",    "kafka",  "delta_table",
				      "lmu_delta_table", "sap_bw", "sap_b4"};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))

/* One row being checked. */
struct checking {
	struct lb_feed_checker *checker;
	const struct lb_row *row;
	const struct lb_feed_lines *lines;
};

static struct lb_place place_of(const struct lb_feed_checker *checker,
				const struct lb_feed_lines *lines, enum lb_declared column)
{
	return (struct lb_place){checker->file, lines->lines[column], checker->columns[column],
				 lb_declared_names[column]};
}

static void complain(const struct checking *checking, enum lb_declared column, const char *remedy,
		     const char *text)
{
	lb_report_add(checking->checker->report, LB_PROBLEM_ERROR,
		      place_of(checking->checker, checking->lines, column), remedy, "%s", text);
}

static void warn(const struct checking *checking, enum lb_declared column, const char *remedy,
		 const char *text)
{
	lb_report_add(checking->checker->report, LB_PROBLEM_WARNING,
		      place_of(checking->checker, checking->lines, column), remedy, "%s", text);
}

static void complain_of_word(const struct checking *checking, enum lb_declared column,
			     const char *const *words, size_t count, const char *otherwise)
{
	const char *text = checking->row->declared[column];
	struct lb_report *report = checking->checker->report;
	lb_report_add(report, LB_PROBLEM_ERROR,
		      place_of(checking->checker, checking->lines, column),
		      lb_report_did_you_mean(report, text, words, count, otherwise),
		      "\"%.100s\" is not a %s", text, lb_declared_names[column]);
}

/* The index of the word that text is, trimmed and folded; count: none. */
static size_t find_word(const char *text, const char *const *words, size_t count)
{
	size_t i = 0;
	while (i < count && !lb_text_same_word(text, words[i])) {
		i++;
	}
	return i;
}

/* True when the row's sensor is one of trigger files. */
static bool check_source(const struct checking *checking)
{
	const char *source = checking->row->declared[LB_DECLARED_sensor_source];
	if (source == NULL) {
		complain(checking, LB_DECLARED_sensor_source, "write trigger_file", "is empty");
		return false;
	}
	size_t index = find_word(source, sources, SOURCES);
	if (index == SOURCES) {
		complain_of_word(checking, LB_DECLARED_sensor_source, sources, SOURCES,
				 "write trigger_file");
	} else if (index > 0 && (checking->checker->noticed & 1U << index) == 0) {
		checking->checker->noticed |= 1U << index;
		lb_report_add(
			checking->checker->report, LB_PROBLEM_NOTICE,
			place_of(checking->checker, checking->lines, LB_DECLARED_sensor_source),
			NULL, "rows of %s are kept, but this version does not sense that source",
			sources[index]);
	}
	return index == 0;
}

static bool is_padded(const char *text)
{
	size_t length = strlen(text);
	return length > 0 &&
	       (strchr(" \t\r\n", text[0]) != NULL || strchr(" \t\r\n", text[length - 1]) != NULL);
}

static void warn_of_padding(const struct checking *checking, enum lb_declared column)
{
	const char *text = checking->row->declared[column];
	if (text != NULL && is_padded(text)) {
		warn(checking, column, "leave it out unless it is meant",
		     "begins or ends with white space, which is part of the name");
	}
}

static void check_sensor_id(const struct checking *checking, bool trigger_file)
{
	const char *sensor_id = checking->row->declared[LB_DECLARED_sensor_id];
	const char *problem =
		trigger_file || sensor_id == NULL ? lb_sensor_id_problem(sensor_id) : NULL;
	if (problem != NULL) {
		complain(checking, LB_DECLARED_sensor_id,
			 sensor_id != NULL ? "it is the name of a folder" : NULL, problem);
	}
	warn_of_padding(checking, LB_DECLARED_sensor_id);
}

static void check_job_id(const struct checking *checking)
{
	const char *job_id = checking->row->declared[LB_DECLARED_trigger_job_id];
	if (job_id == NULL) {
		complain(checking, LB_DECLARED_trigger_job_id, "name the job to start", "is empty");
		return;
	}
	for (const char *c = job_id; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F) {
			complain(checking, LB_DECLARED_trigger_job_id, NULL,
				 "contains a control character");
			return;
		}
	}
	const struct lb_config *config = checking->checker->config;
	const char *problem = config != NULL ? lb_config_job_problem(config, job_id) : NULL;
	if (problem != NULL) {
		complain(checking, LB_DECLARED_trigger_job_id,
			 "correct it, or give the job another runner", problem);
	}
	warn_of_padding(checking, LB_DECLARED_trigger_job_id);
}

static void check_read_type(const struct checking *checking)
{
	static const char *const types[] = {"batch", "streaming"};
	const char *type = checking->row->declared[LB_DECLARED_sensor_read_type];
	if (type != NULL && find_word(type, types, 2) == 2) {
		complain_of_word(checking, LB_DECLARED_sensor_read_type, types, 2,
				 "write batch or streaming, or leave it empty");
	}
}

static void check_job_state(const struct checking *checking, struct lb_row *row)
{
	static const char *const states[] = {"UNPAUSED", "PAUSED"};
	const char **state = &row->declared[LB_DECLARED_job_state];
	if (*state == NULL) {
		warn(checking, LB_DECLARED_job_state, "write UNPAUSED or PAUSED",
		     "is empty, which counts as PAUSED");
		return;
	}
	size_t index = find_word(*state, states, 2);
	if (index == 2) {
		complain_of_word(checking, LB_DECLARED_job_state, states, 2,
				 "write UNPAUSED or PAUSED");
	} else {
		*state = states[index];
	}
}

static void check_dependency_flag(const struct checking *checking)
{
	static const char *const flags[] = {"TRUE", "FALSE"};
	const char *flag = checking->row->declared[LB_DECLARED_dependency_flag];
	if (flag == NULL) {
		warn(checking, LB_DECLARED_dependency_flag, "write TRUE or FALSE",
		     "is empty, which counts as FALSE, a soft dependency");
	} else if (find_word(flag, flags, 2) == 2) {
		complain_of_word(checking, LB_DECLARED_dependency_flag, flags, 2,
				 "write TRUE (hard) or FALSE (soft)");
	}
}

void lb_feed_check_row(struct lb_feed_checker *checker, struct lb_row *row,
		       const struct lb_feed_lines *lines)
{
	struct checking checking = {checker, row, lines};
	check_sensor_id(&checking, check_source(&checking));
	check_read_type(&checking);
	check_job_id(&checking);
	check_job_state(&checking, row);
	check_dependency_flag(&checking);
}

/* A row's key and its place in the file, for sorting. */
struct key {
	const struct lb_row *row;
	const struct lb_feed_lines *lines;
};

static int compare_names(const struct key *one, const struct key *other)
{
	int order = lb_text_compare(lb_row_sensor_id(one->row), lb_row_sensor_id(other->row));
	return order != 0 ? order
			  : lb_text_compare(lb_row_job_id(one->row), lb_row_job_id(other->row));
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *one = a;
	const struct key *other = b;
	int order = compare_names(one, other);
	/* Rows lie in the list in the file's order. */
	return order != 0 ? order : (one->row > other->row) - (one->row < other->row);
}

static void check_neighbours(const struct lb_feed_checker *checker, const struct key *first,
			     const struct key *second)
{
	if (lb_row_sensor_id(second->row) == NULL || lb_row_job_id(second->row) == NULL ||
	    compare_names(first, second) != 0) {
		return;
	}
	lb_report_add(checker->report, LB_PROBLEM_ERROR,
		      place_of(checker, second->lines, LB_DECLARED_sensor_id),
		      "keep one of the two",
		      "%.100s with trigger_job_id %.100s is there already, on line %d",
		      lb_row_sensor_id(second->row), lb_row_job_id(second->row),
		      first->lines->lines[LB_DECLARED_sensor_id]);
}

void lb_feed_check_keys(const struct lb_feed_checker *checker, const struct lb_row_list *rows,
			const struct lb_feed_lines_list *lines)
{
	struct key *keys LB_CLEANUP(lb_freep) = lb_alloc((rows->count + 1) * sizeof(*keys));
	if (lb_report_kept(checker->report, keys) == NULL) {
		return;
	}
	for (size_t i = 0; i < rows->count; i++) {
		keys[i] = (struct key){&rows->items[i], &lines->items[i]};
	}
	qsort(keys, rows->count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < rows->count; i++) {
		check_neighbours(checker, &keys[i - 1], &keys[i]);
	}
}
