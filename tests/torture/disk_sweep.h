/* disk_sweep.h: a sweep (support/allocation_sweep.h) over the calls of the store's disk in
 * place of the allocations, in programs that are linked with it.
 *
 * LAKEBEAT_SWEEP_DISK=error|late|full
 *     Beside LAKEBEAT_SWEEP_ALLOCATIONS or LAKEBEAT_FAIL_ALLOCATION, whose numbers are then
 *     those of calls: each fails so in turn (torture/fault_vfs.h). A case may fail only after
 *     the product said that something failed, and whatever became of it, SQLite must find
 *     the file whole afterwards. */
#ifndef LB_TESTS_DISK_SWEEP_H
#define LB_TESTS_DISK_SWEEP_H

#include "support/memory.h"

/* False: it is not asked for. tally: outlives the process. */
bool disk_sweep_begin(struct memory_tally *tally, size_t fail_after);

/* The disk is sound again; its files are looked at. Ends the process when one is not
 * whole. Nothing if no sweep was begun, or it has ended. */
void disk_sweep_end(void);

#endif
