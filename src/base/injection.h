/* injection.h: named points at which a test can kill the program.
 *
 * In a build with -Dinjection_points=true the process that passes
 * LB_INJECTION_POINT("name") while the environment holds LAKEBEAT_CRASH_AT=name
 * ends as by kill -9; LAKEBEAT_CRASH_AT=name:3 means the third passage in this
 * process and those it forks after the first two. Otherwise a point compiles to
 * nothing. Whoever includes this file needs lb_configuration.h in the path.
 *
 * Threads: any; also between fork and exec (async-signal-safe). */
#ifndef LB_BASE_INJECTION_H
#define LB_BASE_INJECTION_H

#include "lb_configuration.h"

#if LB_INJECTION_POINTS
#define LB_INJECTION_POINT(name) lb_injection_point(name)
void lb_injection_point(const char *name);
#else
#define LB_INJECTION_POINT(name) ((void)0)
#endif

#endif
