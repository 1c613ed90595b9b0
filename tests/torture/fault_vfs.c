#include "torture/fault_vfs.h"

#include "support/cmocka.h"
#include "torture/fault_disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* disk: NULL: not a file that the store needs after a crash. */
struct fault_file {
	sqlite3_file base;
	struct disk_file *disk;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static enum fault_kind armed_kind;
static size_t armed_at;
static size_t calls;
static bool hit;
static bool stopped; /* by the test: not a fault that was asked for */

/* --- faults ------------------------------------------------------------------ */

static enum fault_kind next_counted(void)
{
	size_t number = calls++;
	if (armed_kind == FAULT_NONE || number < armed_at) {
		return FAULT_NONE;
	}
	bool stays = armed_kind == FAULT_STAYS || armed_kind == FAULT_CRASH;
	bool fails = stays || number == armed_at;
	hit = hit || (fails && !stopped);
	return fails ? armed_kind : FAULT_NONE;
}

static enum fault_kind next_call(void)
{
	return armed_kind == FAULT_FLUSH ? FAULT_NONE : next_counted();
}

static enum fault_kind next_sync(void)
{
	return next_counted();
}

/* call: an expression that does what was asked for, evaluated at most once. */
#define WITH_FAULT(failure, call)                                                                  \
	do {                                                                                       \
		enum fault_kind kind = next_call();                                                \
		if (kind == FAULT_NONE) {                                                          \
			return (call);                                                             \
		}                                                                                  \
		if (kind == FAULT_LATE) {                                                          \
			(void)(call);                                                              \
		}                                                                                  \
		return (failure);                                                                  \
	} while (0)

static struct fault_file *fault_file(sqlite3_file *file)
{
	return (struct fault_file *)file;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return fault_file(file)->real;
}

/* The process goes on after a fault and must let go of what it holds. */
static int do_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int do_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
	WITH_FAULT(SQLITE_IOERR_READ,
		   real(file)->pMethods->xRead(real(file), bytes, count, offset));
}

static int do_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
	enum fault_kind kind = next_call();
	int part = kind == FAULT_FULL || kind == FAULT_CRASH ? count / 2 : count;
	int code = SQLITE_OK;
	/* After the crash nothing more reaches the file. */
	bool dead = kind == FAULT_CRASH && calls - 1 > armed_at;
	if (kind != FAULT_ERROR && kind != FAULT_STAYS && !dead) {
		code = real(file)->pMethods->xWrite(real(file), bytes, part, offset);
		if (fault_file(file)->disk != NULL) {
			disk_file_written(fault_file(file)->disk, (size_t)offset, (size_t)part);
		}
	}
	if (kind == FAULT_NONE) {
		return code;
	}
	return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	WITH_FAULT(SQLITE_IOERR_TRUNCATE, real(file)->pMethods->xTruncate(real(file), size));
}

static void note_flushed(struct disk_file *disk, sqlite3_file *below)
{
	sqlite3_int64 size;
	assert_int_equal(below->pMethods->xFileSize(below, &size), SQLITE_OK);
	unsigned char *bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	assert_int_equal(below->pMethods->xRead(below, bytes, (int)size, 0), SQLITE_OK);
	disk_file_flushed(disk, bytes, (size_t)size);
	free(bytes);
}

/* The system's own flush would only cost time: what it keeps is known. */
static int do_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	enum fault_kind kind = next_sync();
	struct disk_file *disk = fault_file(file)->disk;
	if (disk != NULL && (kind == FAULT_NONE || kind == FAULT_LATE)) {
		note_flushed(disk, real(file));
	} else if (disk != NULL && kind != FAULT_CRASH) {
		disk_file_flush_failed(disk);
	}
	return kind == FAULT_NONE ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int do_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	WITH_FAULT(SQLITE_IOERR_FSTAT, real(file)->pMethods->xFileSize(real(file), size));
}

static int do_lock(sqlite3_file *file, int lock)
{
	WITH_FAULT(SQLITE_IOERR_LOCK, real(file)->pMethods->xLock(real(file), lock));
}

static int do_unlock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xUnlock(real(file), lock);
}

static int do_check_reserved_lock(sqlite3_file *file, int *ret_held)
{
	WITH_FAULT(SQLITE_IOERR_CHECKRESERVEDLOCK,
		   real(file)->pMethods->xCheckReservedLock(real(file), ret_held));
}

static int do_file_control(sqlite3_file *file, int operation, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int do_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int do_device_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int do_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
	WITH_FAULT(SQLITE_IOERR_SHMMAP,
		   real(file)->pMethods->xShmMap(real(file), page, size, extend, memory));
}

static int do_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	if ((flags & SQLITE_SHM_UNLOCK) != 0) {
		return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
	}
	enum fault_kind kind = next_call();
	return kind == FAULT_NONE ? real(file)->pMethods->xShmLock(real(file), offset, count, flags)
				  : SQLITE_IOERR_SHMLOCK;
}

static void do_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int do_shm_unmap(sqlite3_file *file, int delete)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = do_close,
	.xRead = do_read,
	.xWrite = do_write,
	.xTruncate = do_truncate,
	.xSync = do_sync,
	.xFileSize = do_file_size,
	.xLock = do_lock,
	.xUnlock = do_unlock,
	.xCheckReservedLock = do_check_reserved_lock,
	.xFileControl = do_file_control,
	.xSectorSize = do_sector_size,
	.xDeviceCharacteristics = do_device_characteristics,
	.xShmMap = do_shm_map,
	.xShmLock = do_shm_lock,
	.xShmBarrier = do_shm_barrier,
	.xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		   int *ret_flags)
{
	struct fault_file *opened = fault_file(file);
	*opened = (struct fault_file){.real = (sqlite3_file *)(opened + 1)};
	(void)vfs;
	if (next_call() != FAULT_NONE) {
		return SQLITE_CANTOPEN;
	}
	int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
	opened->disk = (flags & kept) != 0 && name != NULL ? disk_file_open(name) : NULL;
	int code = real_vfs->xOpen(real_vfs, name, opened->real, flags, ret_flags);
	opened->base.pMethods = code == SQLITE_OK ? &methods : NULL;
	return code;
}

static int really_delete(const char *name, int sync_directory)
{
	int code = real_vfs->xDelete(real_vfs, name, 0);
	if (code == SQLITE_OK) {
		disk_file_removed(name, sync_directory != 0);
	}
	return code;
}

static int do_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	(void)vfs;
	WITH_FAULT(SQLITE_IOERR_DELETE, really_delete(name, sync_directory));
}

static int do_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_result)
{
	(void)vfs;
	WITH_FAULT(SQLITE_IOERR_ACCESS, real_vfs->xAccess(real_vfs, name, flags, ret_result));
}

void fault_vfs_install(void)
{
	static sqlite3_vfs vfs;
	if (real_vfs != NULL) {
		return;
	}
	real_vfs = sqlite3_vfs_find(NULL);
	assert_non_null(real_vfs);
	vfs = *real_vfs;
	vfs.pNext = NULL;
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
	vfs.xOpen = do_open;
	vfs.xDelete = do_delete;
	vfs.xAccess = do_access;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void fault_vfs_arm(enum fault_kind kind, size_t at)
{
	disk_forget();
	armed_kind = kind;
	armed_at = at;
	calls = 0;
	hit = false;
	stopped = false;
}

bool fault_vfs_hit(void)
{
	return hit;
}

void fault_vfs_stop(void)
{
	if (armed_kind != FAULT_CRASH) {
		armed_kind = FAULT_CRASH;
		armed_at = calls;
		stopped = true;
	}
}

size_t fault_vfs_disarm(void)
{
	armed_kind = FAULT_NONE;
	return calls;
}

void fault_vfs_lose_power(uint64_t seed)
{
	disk_restart(seed);
	fault_vfs_arm(FAULT_NONE, 0);
}

/* --- short reads and writes ---------------------------------------------------- */

static size_t short_at;
static size_t short_calls;

/* How much of count is done this time; 0: the call is interrupted. */
static size_t shorten(size_t count)
{
	size_t number = short_calls++;
	if (number < short_at || (number - short_at) % 3 != 0 || count < 2) {
		return count;
	}
	return (number - short_at) % 2 == 0 ? count / 2 : 0;
}

static ssize_t short_pread(int fd, void *bytes, size_t count, off_t offset)
{
	size_t part = shorten(count);
	if (part == 0 && count > 0) {
		errno = EINTR;
		return -1;
	}
	return pread(fd, bytes, part, offset);
}

static ssize_t short_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	size_t part = shorten(count);
	if (part == 0 && count > 0) {
		errno = EINTR;
		return -1;
	}
	return pwrite(fd, bytes, part, offset);
}

static ssize_t short_read(int fd, void *bytes, size_t count)
{
	size_t part = shorten(count);
	if (part == 0 && count > 0) {
		errno = EINTR;
		return -1;
	}
	return read(fd, bytes, part);
}

static ssize_t short_write(int fd, const void *bytes, size_t count)
{
	size_t part = shorten(count);
	if (part == 0 && count > 0) {
		errno = EINTR;
		return -1;
	}
	return write(fd, bytes, part);
}

/* Which of them SQLite uses was decided when it was built. */
static void replace(const char *name, sqlite3_syscall_ptr call)
{
	int code = real_vfs->xSetSystemCall(real_vfs, name, call);
	assert_true(code == SQLITE_OK || code == SQLITE_NOTFOUND);
}

void fault_vfs_shorten(size_t at)
{
	bool on = at != SIZE_MAX;
	short_at = at;
	short_calls = 0;
	replace("read", on ? (sqlite3_syscall_ptr)short_read : NULL);
	replace("write", on ? (sqlite3_syscall_ptr)short_write : NULL);
	replace("pread", on ? (sqlite3_syscall_ptr)short_pread : NULL);
	replace("pwrite", on ? (sqlite3_syscall_ptr)short_pwrite : NULL);
	replace("pread64", on ? (sqlite3_syscall_ptr)short_pread : NULL);
	replace("pwrite64", on ? (sqlite3_syscall_ptr)short_pwrite : NULL);
}
