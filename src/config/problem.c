#include "config/problem.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

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

void lb_report_add(struct lb_report *report, enum lb_problem_kind kind, struct lb_place place,
		   const char *remedy, const char *format, ...)
{
	report->errors += kind == LB_PROBLEM_ERROR;
	if (!has_room(report)) {
		return;
	}
	char text[LB_ERROR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	const char *where = lb_report_kept(report, place_text(report->arena, place));
	struct lb_problem *problem =
		lb_report_kept(report, lb_list_add(report->arena, report->problems));
	if (where == NULL || problem == NULL) {
		return;
	}
	problem->kind = kind;
	problem->place = lb_report_kept(report, lb_text_printable(report->arena, where));
	problem->text = lb_report_kept(report, lb_text_printable(report->arena, text));
	if (remedy != NULL) {
		problem->remedy = lb_report_kept(report, lb_text_printable(report->arena, remedy));
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
