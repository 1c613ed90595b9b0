#include "config/problem.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *lb_problem_kind_text(enum lb_problem_kind kind)
{
	static const char *const texts[] = {"error", "warning", "notice"};
	return texts[kind];
}

void *lb_report_kept(struct lb_report *report, void *memory)
{
	report->exhausted = report->exhausted || memory == NULL;
	return memory;
}

static char *place_text(struct lb_arena *arena, struct lb_place place)
{
	char line[16] = "";
	char column[16] = "";
	if (place.line > 0) {
		(void)snprintf(line, sizeof(line), ":%d", place.line);
	}
	if (place.column > 0) {
		(void)snprintf(column, sizeof(column), ":%d", place.column);
	}
	bool keyed = place.key != NULL && *place.key != '\0';
	return lb_arena_printf(arena, "%s%s%s%s%s", place.file, line, column, keyed ? ": " : "",
			       keyed ? place.key : "");
}

static bool has_room(struct lb_report *report)
{
	if (report->problems->count >= LB_PROBLEMS_MAX) {
		report->dropped++;
		return false;
	}
	return true;
}

void lb_report_hide(struct lb_report *report, const char *value, const char *reference)
{
	if (strlen(value) < LB_HIDDEN_BYTES_MIN) {
		return;
	}
	struct lb_hidden *hidden =
		lb_report_kept(report, lb_list_add(report->arena, &report->hidden));
	if (hidden != NULL) {
		*hidden = (struct lb_hidden){.value = value, .reference = reference};
	}
}

/* text with value replaced wherever it stands. NULL: exhausted. */
static char *hide_value(struct lb_arena *arena, char *text, const struct lb_hidden *hidden)
{
	size_t length = strlen(hidden->value);
	for (char *at = text; at != NULL && (at = strstr(at, hidden->value)) != NULL;) {
		size_t before = (size_t)(at - text);
		char *shown = lb_arena_printf(arena, "%.*s%s%s", (int)before, text,
					      hidden->reference, at + length);
		at = shown != NULL ? shown + before + strlen(hidden->reference) : NULL;
		text = shown;
	}
	return text;
}

static char *hide(struct lb_report *report, char *text)
{
	for (size_t i = 0; text != NULL && i < report->hidden.count; i++) {
		text = hide_value(report->arena, text, &report->hidden.items[i]);
	}
	return text;
}

LB_PRINTF(2, 0)
static char *format_text(struct lb_report *report, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *text = length >= 0 ? lb_arena_alloc(report->arena, (size_t)length + 1) : NULL;
	if (text != NULL) {
		(void)vsnprintf(text, (size_t)length + 1, format, args);
	}
	return text;
}

/* One line without secrets, and not longer than an error's. */
static const char *finish_text(struct lb_report *report, char *text)
{
	char *open = lb_report_kept(report, text);
	char *hidden = open != NULL ? lb_report_kept(report, hide(report, open)) : NULL;
	char *line = hidden != NULL ? lb_report_kept(report, lb_arena_alloc(report->arena,
									    LB_ERROR_MESSAGE_MAX))
				    : NULL;
	if (line != NULL) {
		lb_text_printable_cut(hidden, line, LB_ERROR_MESSAGE_MAX);
	}
	return line;
}

void lb_report_add(struct lb_report *report, enum lb_problem_kind kind, struct lb_place place,
		   const char *remedy, const char *format, ...)
{
	report->errors += kind == LB_PROBLEM_ERROR;
	if (!has_room(report)) {
		return;
	}
	va_list args;
	va_start(args, format);
	char *text = format_text(report, format, args);
	va_end(args);
	struct lb_problem *problem =
		lb_report_kept(report, lb_list_add(report->arena, report->problems));
	if (problem == NULL) {
		return;
	}
	problem->kind = kind;
	problem->place = finish_text(report, place_text(report->arena, place));
	problem->text = finish_text(report, text);
	if (remedy != NULL) {
		problem->remedy = finish_text(report, lb_arena_strdup(report->arena, remedy));
	}
}

const char *lb_report_did_you_mean(struct lb_report *report, const char *word,
				   const char *const *candidates, size_t count,
				   const char *otherwise)
{
	const char *nearest = lb_text_nearest(word, candidates, count);
	if (nearest == NULL) {
		return otherwise;
	}
	return lb_report_kept(report, lb_arena_printf(report->arena, "did you mean %s?", nearest));
}

enum lb_err lb_report_finish(struct lb_report *report, const char *what, struct lb_error *error)
{
	if (report->dropped > 0) {
		struct lb_problem *last = &report->problems->items[report->problems->count - 1];
		last->text = lb_report_kept(report,
					    lb_arena_printf(report->arena,
							    "%s; %zu more problems are not shown",
							    last->text, report->dropped));
	}
	if (report->exhausted) {
		return lb_fail_nomem(error);
	}
	if (report->errors > 0) {
		return lb_fail(error, LB_INVALID, "%s: %zu error%s", what, report->errors,
			       report->errors == 1 ? "" : "s");
	}
	return LB_OK;
}
