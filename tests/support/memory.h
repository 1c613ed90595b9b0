/* memory.h: memory that runs out where a test wants it to.
 *
 * Only one allocation fails, so that a test also sees what comes after it. The
 * fakes stand for what lives outside of lakebeat: they take memory on the
 * world's account, where it never ends; so does a test by itself (account.h).
 * Threads: any; memory_fail_after: one. */
#ifndef LB_TESTS_MEMORY_H
#define LB_TESTS_MEMORY_H

#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>

/* From now on the allocation after count others fails, once. */
void memory_fail_after(size_t count);

/* The C library's memory again; whether an allocation failed since. */
bool memory_restore(void);

/* What became of one life of a test under memory_watch.
 * counted:  allocations that were asked for, less the world's.
 * failed:   one of them failed.
 * reports:  how often the product said since that memory was out, with LB_NOMEM
 *           or with a NULL that a test did not expect.
 * sweeps:   the test called memory_fail_after: it does by itself what the watch
 *           is for. */
struct memory_tally {
	atomic_size_t counted;
	atomic_bool failed;
	atomic_size_t reports;
	atomic_bool sweeps;
};

#define MEMORY_NEVER SIZE_MAX

/* Counts every allocation in tally, which outlives the process, and lets the one
 * after fail_after others fail; MEMORY_NEVER: none. Ends the process at once when
 * the test sweeps. Counted are lb_alloc and with it all arenas and lists, and what
 * SQLite asks for where it is linked (its small ones come from its lookaside and
 * are none). Not those of libuv, which aborts when it cannot grow its table of
 * descriptors; of jansson, which says of missing memory that the syntax is wrong;
 * of libcurl, OpenSSL, libyaml and libxml2. Call before any library is used. */
void memory_watch(struct memory_tally *tally, size_t fail_after);
/* Whether allocations are counted now; false at first. */
void memory_watch_counts(bool counts);
/* The product, or a NULL, said that memory is out. */
void memory_reported(void);

/* For a sweep over something else than memory: from now on every failure that the product
 * tells is a report in tally, and nothing is counted. */
void memory_hear_all(struct memory_tally *tally);
/* The product told of a failure, of whatever kind. */
void memory_failure_told(void);

/* In a function of the world: until it returns, allocations are not counted. */
#define ON_THE_WORLDS_ACCOUNT                                                                      \
	LB_CLEANUP(memory_world_leave)                                                             \
	__attribute__((unused)) const int world_account = memory_world_enter()

int memory_world_enter(void);
void memory_world_leave(const int *account);

#endif
