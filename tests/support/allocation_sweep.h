/* allocation_sweep.h: every test again, as often as it allocates, each time with
 * another allocation that fails (memory.h says which are counted).
 *
 * Two variables of the environment ask for it; without them the tests just run.
 *
 * LAKEBEAT_FAIL_ALLOCATION=n:case
 *     Runs that case alone, in this process, and lets the allocation after n
 *     others fail: for a debugger.
 * LAKEBEAT_SWEEP_ALLOCATIONS=shard/shards:max
 *     Runs each case in processes of its own: once to count its allocations, then
 *     once per allocation. With more than max of them (0: no limit), max that are
 *     spread evenly; of these every shards'th, so that several programs share the
 *     work. Prints, one line each, with tabs between:
 *         case NAME COUNTED INJECTED REPORTED ABSORBED BROKEN
 *         sweeps NAME         it does this by itself, with memory_fail_after
 *         broken NAME N WHAT  followed by what the case printed, "| " first
 *     and exits with 0 unless something is broken.
 *
 * A case may fail when memory is out, but only after the product said so. Broken
 * is one that dies of a signal or a sanitizer, hangs, fails in silence (a wrong
 * result), or passes and leaks (where LeakSanitizer is).
 * The count of counted allocations may differ between lives of a case with
 * threads; a life in which none failed counts as nothing. */
#ifndef LB_TESTS_ALLOCATION_SWEEP_H
#define LB_TESTS_ALLOCATION_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

struct CMUnitTest;

int allocation_sweep_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **state),
			 int (*teardown)(void **state));

/* A pointer that should not be NULL is: that may be how memory's end is told. */
unsigned long allocation_sweep_saw(bool non_null);
/* text, or "", for a test that looks for something in it. */
const char *allocation_sweep_text(const char *text);
/* assert_string_equal, where a NULL is a failure and may be how that is told. */
void allocation_sweep_texts_equal(const char *a, const char *b, const char *a_expression,
				  const char *b_expression, const char *file, int line);

#endif
