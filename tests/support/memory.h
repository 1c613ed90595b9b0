/* memory.h: memory that runs out where a test wants it to.
 *
 * Only one allocation fails, so that a test also sees what comes after it. The
 * fakes stand for what lives outside of lakebeat: they take memory on the
 * world's account, where it never ends. Threads: one. */
#ifndef LB_TESTS_MEMORY_H
#define LB_TESTS_MEMORY_H

#include "base/mem.h"

#include <stdbool.h>

/* From now on the allocation after count others fails, once. */
void memory_fail_after(size_t count);

/* The C library's memory again; whether an allocation failed since. */
bool memory_restore(void);

/* In a function of the world: until it returns, allocations are not counted. */
#define ON_THE_WORLDS_ACCOUNT                                                                      \
	LB_CLEANUP(memory_world_leave)                                                             \
	__attribute__((unused)) const int world_account = memory_world_enter()

int memory_world_enter(void);
void memory_world_leave(const int *account);

#endif
