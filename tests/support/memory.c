#include "support/memory.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static size_t allocations_left;
static bool armed;
static _Thread_local int worlds_entered;

static struct memory_tally *watched;
static struct memory_tally *heard;
static size_t watch_fails_after;
static atomic_bool watch_counts;

static bool watch_refuses(void)
{
	if (watched == NULL || !watch_counts || worlds_entered > 0) {
		return false;
	}
	bool refuses = atomic_fetch_add(&watched->counted, 1) == watch_fails_after;
	if (refuses) {
		watched->failed = true;
	}
	return refuses;
}

static void *alloc(size_t size)
{
	if (worlds_entered == 0 && armed) {
		if (allocations_left == 0) {
			armed = false;
			return NULL;
		}
		allocations_left--;
	}
	return watch_refuses() ? NULL : calloc(1, size > 0 ? size : 1);
}

void memory_fail_after(size_t count)
{
	if (watched != NULL) {
		watched->sweeps = true;
		_exit(0);
	}
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

/* Only where the program has it for other reasons. */
#pragma weak sqlite3_config

static struct sqlite3_mem_methods sqlite_memory;

static void *sqlite_alloc(int size)
{
	return watch_refuses() ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *memory, int size)
{
	return watch_refuses() ? NULL : sqlite_memory.xRealloc(memory, size);
}

static void watch_sqlite(void)
{
	if (sqlite3_config == NULL ||
	    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory) != SQLITE_OK) {
		return;
	}
	struct sqlite3_mem_methods methods = sqlite_memory;
	methods.xMalloc = sqlite_alloc;
	methods.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) {
		abort();
	}
}

void memory_watch(struct memory_tally *tally, size_t fail_after)
{
	watched = tally;
	watch_fails_after = fail_after;
	lb_set_allocator(alloc, free);
	watch_sqlite();
}

void memory_watch_counts(bool counts)
{
	watch_counts = counts;
}

void memory_hear_all(struct memory_tally *tally)
{
	heard = tally;
}

void memory_failure_told(void)
{
	if (heard != NULL) {
		atomic_fetch_add(&heard->reports, 1);
	}
}

void memory_reported(void)
{
	if (watched != NULL && watched->failed) {
		atomic_fetch_add(&watched->reports, 1);
	}
}
