/* fault_disk.h: what a disk still has of each file after a loss of power.
 *
 * What is flushed is there. What waits may be there, each sector of 512 bytes as before, as
 * after, or its first bytes as after. A flush that fails leaves what waited to chance for
 * good: the flushes to come are not about it, as Linux has it.
 * https://wiki.postgresql.org/wiki/Fsync_Errors. Threads: one. */
#ifndef LB_TESTS_FAULT_DISK_H
#define LB_TESTS_FAULT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR_BYTES ((size_t)512)

/* bytes, size: as flushed; on_disk: its name is flushed too.
 * waiting: sectors that were written since, one byte for each.
 * removed: unlinked, which is not flushed yet; made_anew: after that. */
struct disk_file {
	struct disk_file *next;
	char *path;
	unsigned char *bytes;
	size_t size;
	bool on_disk;
	unsigned char *waiting;
	size_t waiting_count;
	bool removed;
	bool made_anew;
};

/* The file of that path, as it is now if it was not known. Owned by the disk. */
struct disk_file *disk_file_open(const char *path);
void disk_file_written(struct disk_file *file, size_t offset, size_t size);
/* Everything that waits is on the disk, as the bytes given: the whole real file, which
 * must not be opened here: closing it would drop the locks that SQLite has on it. */
void disk_file_flushed(struct disk_file *file, const unsigned char *now, size_t size);
/* What waits is lost to the flushes to come. */
void disk_file_flush_failed(struct disk_file *file);
void disk_file_removed(const char *path, bool flushed);

/* The real files become what a loss of power leaves of them; all are forgotten. None is
 * open. */
void disk_restart(uint64_t seed);
void disk_forget(void);

#endif
