#include "base/injection.h"

#if LB_INJECTION_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parsed by hand: strtoul is not promised to be async-signal-safe. */
static unsigned passage_of(const char *text)
{
	unsigned passage = 0;
	for (; *text >= '0' && *text <= '9' && passage < 1000000; text++) {
		passage = passage * 10 + (unsigned)(*text - '0');
	}
	return passage;
}

/* One counter does: only one name can be in the environment. */
static bool is_due(const char *wanted, const char *name)
{
	static atomic_uint passages;
	size_t length = strlen(name);
	if (wanted == NULL || strncmp(wanted, name, length) != 0) {
		return false;
	}
	if (wanted[length] == '\0') {
		return true;
	}
	return wanted[length] == ':' &&
	       atomic_fetch_add(&passages, 1) + 1 == passage_of(wanted + length + 1);
}

void lb_injection_point(const char *name)
{
	if (is_due(getenv("LAKEBEAT_CRASH_AT"), name)) {
		(void)kill(getpid(), SIGKILL);
		for (;;) {
			(void)pause();
		}
	}
}

#else

/* ISO C wants at least one declaration in a translation unit. */
typedef int lb_injection_points_are_compiled_out;

#endif
