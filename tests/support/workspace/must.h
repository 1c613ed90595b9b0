/* must.h: memory for a program of tests, which has nothing better to do without
 * it than to end. */
#ifndef LB_TESTS_WORKSPACE_MUST_H
#define LB_TESTS_WORKSPACE_MUST_H

#include <stdio.h>
#include <stdlib.h>

/* memory, which is not NULL. */
static inline void *must(void *memory)
{
	if (memory == NULL) {
		(void)fputs("workspace: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

#endif
