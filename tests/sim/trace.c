#include "sim/trace.h"

#include "base/time.h"

#include <stdarg.h>

void sim_trace_begin(struct sim_trace *trace, FILE *out)
{
	trace->out = out;
	trace->hash = 0xcbf29ce484222325ULL;
	trace->lines = 0;
}

static void mix(struct sim_trace *trace, const char *line)
{
	for (; *line != '\0'; line++) {
		trace->hash = (trace->hash ^ (unsigned char)*line) * 0x100000001b3ULL;
	}
	trace->hash = (trace->hash ^ '\n') * 0x100000001b3ULL;
}

void sim_trace_line(struct sim_trace *trace, int64_t now_us, const char *format, ...)
{
	char *line = trace->tail[trace->lines++ % SIM_TRACE_TAIL];
	int used = snprintf(line, SIM_TRACE_LINE_MAX, "%4lld:%02lld:%02lld.%06lld  ",
			    (long long)(now_us / LB_HOUR), (long long)(now_us / LB_MINUTE % 60),
			    (long long)(now_us / LB_SECOND % 60), (long long)(now_us % LB_SECOND));
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(line + used, SIM_TRACE_LINE_MAX - (size_t)used, format, arguments);
	va_end(arguments);
	mix(trace, line);
	if (trace->out != NULL) {
		(void)fprintf(trace->out, "%s\n", line);
	}
}

void sim_trace_print_tail(const struct sim_trace *trace, FILE *out, const char *prefix)
{
	uint64_t first = trace->lines > SIM_TRACE_TAIL ? trace->lines - SIM_TRACE_TAIL : 0;
	for (uint64_t i = first; i < trace->lines; i++) {
		(void)fprintf(out, "%s%s\n", prefix, trace->tail[i % SIM_TRACE_TAIL]);
	}
}
