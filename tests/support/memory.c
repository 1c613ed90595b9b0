#include "support/memory.h"

#include <stdlib.h>

static size_t allocations_left;
static bool armed;
static int worlds_entered;

static void *alloc(size_t size)
{
	if (worlds_entered == 0 && armed) {
		if (allocations_left == 0) {
			armed = false;
			return NULL;
		}
		allocations_left--;
	}
	return calloc(1, size > 0 ? size : 1);
}

void memory_fail_after(size_t count)
{
	allocations_left = count;
	armed = true;
	lb_set_allocator(alloc, free);
}

bool memory_restore(void)
{
	bool failed = !armed;
	armed = false;
	lb_set_allocator(NULL, NULL);
	return failed;
}

int memory_world_enter(void)
{
	return worlds_entered++;
}

void memory_world_leave(const int *account)
{
	worlds_entered = *account;
}
