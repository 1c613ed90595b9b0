#include "torture/fault_vfs.h"

#include "support/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGES_MAX 8
#define SECTOR 512

/* What of a file is surely on the disk. bytes: NULL when there is no file. */
struct image {
	char path[512];
	unsigned char *bytes;
	size_t size;
};

struct fault_file {
	sqlite3_file base;
	struct image *image; /* NULL: not one that the store needs after a crash */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static struct image images[IMAGES_MAX];
static size_t image_count;
static enum fault_kind armed_kind;
static size_t armed_at;
static size_t calls;
static bool hit;
static bool stopped; /* by the test: not a fault that was asked for */

/* --- files as they are and as they were ------------------------------------- */

static unsigned char *read_whole(const char *path, size_t *ret_size)
{
	*ret_size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		assert_int_equal(errno, ENOENT);
		return NULL;
	}
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	*ret_size = (size_t)status.st_size;
	unsigned char *bytes = malloc(*ret_size + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, *ret_size, 0), (ssize_t)*ret_size);
	assert_int_equal(close(fd), 0);
	return bytes;
}

static void write_whole(const char *path, const unsigned char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	assert_int_equal(close(fd), 0);
}

static void take_image(struct image *image)
{
	free(image->bytes);
	image->bytes = read_whole(image->path, &image->size);
}

/* SQLite gives no name to what it deletes itself. */
static struct image *find_image(const char *path)
{
	for (size_t i = 0; path != NULL && i < image_count; i++) {
		if (strcmp(images[i].path, path) == 0) {
			return &images[i];
		}
	}
	return NULL;
}

static struct image *add_image(const char *path)
{
	struct image *image = find_image(path);
	if (image == NULL && path != NULL) {
		assert_true(image_count < IMAGES_MAX && strlen(path) < sizeof(image->path));
		image = &images[image_count++];
		*image = (struct image){0};
		strcpy(image->path, path);
		take_image(image);
	}
	return image;
}

/* --- faults ------------------------------------------------------------------ */

static enum fault_kind next_call(void)
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

static int really_sync(sqlite3_file *file, int flags)
{
	int code = real(file)->pMethods->xSync(real(file), flags);
	if (code == SQLITE_OK && fault_file(file)->image != NULL) {
		take_image(fault_file(file)->image);
	}
	return code;
}

static int do_sync(sqlite3_file *file, int flags)
{
	WITH_FAULT(SQLITE_IOERR_FSYNC, really_sync(file, flags));
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
	opened->image = (flags & kept) != 0 ? add_image(name) : NULL;
	int code = real_vfs->xOpen(real_vfs, name, opened->real, flags, ret_flags);
	opened->base.pMethods = code == SQLITE_OK ? &methods : NULL;
	return code;
}

static int really_delete(const char *name, int sync_directory)
{
	int code = real_vfs->xDelete(real_vfs, name, sync_directory);
	struct image *image = find_image(name);
	if (code == SQLITE_OK && sync_directory != 0 && image != NULL) {
		take_image(image);
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
	for (size_t i = 0; i < image_count; i++) {
		free(images[i].bytes);
	}
	image_count = 0;
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

/* --- loss of power ------------------------------------------------------------ */

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t mixed = *state;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (mixed ^ (mixed >> 31)) % below;
}

/* Of so many sectors, which differ from loss to loss: none is lost, or all are. */
#define CHANCES 4

struct loss {
	uint64_t random;
	uint64_t chance;
};

/* out holds the new sector; what of it got lost is taken back from old. */
static void lose_sector(unsigned char *out, const unsigned char *old, size_t length,
			struct loss *loss)
{
	if (draw(&loss->random, CHANCES) >= loss->chance) {
		return;
	}
	bool torn = draw(&loss->random, 4) == 0;
	size_t kept = torn ? (size_t)draw(&loss->random, length + 1) : 0;
	memcpy(out + kept, old + kept, length - kept);
}

static void lose_writes(const struct image *image, const unsigned char *now, size_t now_size,
			struct loss *loss)
{
	/* Beyond the old end there was nothing but zeros; beyond the new one, when it
	 * is not kept, there is what was there. */
	size_t larger = now_size > image->size ? now_size : image->size;
	bool is_new = draw(&loss->random, CHANCES) >= loss->chance;
	size_t size = is_new ? now_size : image->size;
	unsigned char *old = calloc(1, larger + 1);
	unsigned char *out = calloc(1, larger + 1);
	assert_non_null(old);
	assert_non_null(out);
	if (image->bytes != NULL) {
		memcpy(old, image->bytes, image->size);
	}
	memcpy(out, now, now_size);
	if (size > now_size) {
		memcpy(out + now_size, old + now_size, size - now_size);
	}
	for (size_t at = 0; at < size; at += SECTOR) {
		size_t length = size - at < SECTOR ? size - at : SECTOR;
		if (memcmp(out + at, old + at, length) != 0) {
			lose_sector(out + at, old + at, length, loss);
		}
	}
	write_whole(image->path, out, size);
	free(out);
	free(old);
}

static void lose(const struct image *image, struct loss *loss)
{
	size_t now_size;
	unsigned char *now = read_whole(image->path, &now_size);
	if (now != NULL) {
		lose_writes(image, now, now_size, loss);
		if (image->bytes == NULL && draw(&loss->random, CHANCES) < loss->chance) {
			assert_int_equal(unlink(image->path), 0);
		}
	} else if (image->bytes != NULL && draw(&loss->random, CHANCES) < loss->chance) {
		write_whole(image->path, image->bytes, image->size);
	}
	free(now);
}

void fault_vfs_lose_power(uint64_t seed)
{
	struct loss loss = {.random = seed};
	loss.chance = draw(&loss.random, CHANCES + 1);
	for (size_t i = 0; i < image_count; i++) {
		lose(&images[i], &loss);
	}
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
