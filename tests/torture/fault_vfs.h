/* fault_vfs.h: SQLite on a disk that fails where a test wants it to, and on a
 * machine that loses its power.
 *
 * Once installed, it is SQLite's default and stands in front of the system's own:
 * files are real. Its calls on databases and their journals and write-ahead logs
 * are counted from 0, and those on shared memory with them; one of them fails.
 *
 * What a loss of power takes from them, fault_disk.h tells.
 *
 * Follows https://www.sqlite.org/c3ref/vfs.html. Threads: one. */
#ifndef LB_TESTS_FAULT_VFS_H
#define LB_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FLUSH:   as ERROR, but only syncs are counted.
 * ERROR:   the call does nothing and gives its input/output error.
 * LATE:    it does what it shall and gives the error all the same.
 * FULL:    a write writes its first half and says that the disk is full; any
 *          other call is ERROR.
 * STAYS:   ERROR, as do all calls after it.
 * CRASH:   so does this, until fault_vfs_lose_power. */
enum fault_kind {
	FAULT_NONE,
	FAULT_ERROR,
	FAULT_LATE,
	FAULT_FULL,
	FAULT_STAYS,
	FAULT_CRASH,
	FAULT_FLUSH
};

#define FAULT_KINDS 7

void fault_vfs_install(void);

/* Forgets all files and counts from 0; call number at fails. */
void fault_vfs_arm(enum fault_kind kind, size_t at);
/* Whether that call has come. */
bool fault_vfs_hit(void);
/* How many calls there were. Afterwards nothing fails. */
size_t fault_vfs_disarm(void);

/* From now on every call is CRASH. */
void fault_vfs_stop(void);

/* No file may be open. Each seed has an outcome of its own. Disarms. */
void fault_vfs_lose_power(uint64_t seed);

/* The system's reads and writes below SQLite's own code give half of what was
 * asked for, or are interrupted, from call number at on, every third time.
 * SIZE_MAX: never. */
void fault_vfs_shorten(size_t at);

#endif
