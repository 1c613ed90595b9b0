/* trace.h: the story of one simulation, line by line, and its hash: the same seed
 * tells the same story under every compiler, or something depends on what it
 * must not depend on. */
#ifndef LB_TESTS_SIM_TRACE_H
#define LB_TESTS_SIM_TRACE_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

#define SIM_TRACE_TAIL 60
#define SIM_TRACE_LINE_MAX 240

/* out:  where lines go as they come; NULL: nowhere, but the last ones are kept.
 * hash: FNV-1a, 64 bits, over all lines so far. */
struct sim_trace {
	FILE *out;
	uint64_t hash;
	uint64_t lines;
	char tail[SIM_TRACE_TAIL][SIM_TRACE_LINE_MAX];
};

void sim_trace_begin(struct sim_trace *trace, FILE *out);

/* now_us: virtual time since the beginning. */
void sim_trace_line(struct sim_trace *trace, int64_t now_us, const char *format, ...)
	LB_PRINTF(3, 4);

/* The last lines, oldest first, each after prefix. */
void sim_trace_print_tail(const struct sim_trace *trace, FILE *out, const char *prefix);

#endif
