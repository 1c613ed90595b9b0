/* What readers of configuration say of memory that is out: a flag in their report. Programs
 * that have them are linked with --wrap for these two, beside those of reports.c. */
#include "config/problem.h"
#include "support/memory.h"

#include <stdarg.h>
#include <stdio.h>

void *__real_lb_report_kept(struct lb_report *report, void *memory);
void __real_lb_report_add(struct lb_report *report, enum lb_problem_kind kind,
			  struct lb_place place, const char *remedy, const char *format, ...)
	LB_PRINTF(5, 6);
void *__wrap_lb_report_kept(struct lb_report *report, void *memory);
void __wrap_lb_report_add(struct lb_report *report, enum lb_problem_kind kind,
			  struct lb_place place, const char *remedy, const char *format, ...)
	LB_PRINTF(5, 6);

static void hear(const struct lb_report *report)
{
	if (report->exhausted) {
		memory_reported();
	}
}

void *__wrap_lb_report_kept(struct lb_report *report, void *memory)
{
	void *kept = __real_lb_report_kept(report, memory);
	hear(report);
	return kept;
}

void __wrap_lb_report_add(struct lb_report *report, enum lb_problem_kind kind,
			  struct lb_place place, const char *remedy, const char *format, ...)
{
	char text[LB_ERROR_MESSAGE_MAX * 4];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	__real_lb_report_add(report, kind, place, remedy, "%s", text);
	hear(report);
}
