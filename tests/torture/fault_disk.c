#include "torture/fault_disk.h"

#include "sim/random.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct disk_file *files;

/* Test memory: there is always some, and the torture of allocations is elsewhere. */
static void *must(void *memory)
{
	assert(memory != NULL);
	return memory;
}

/* The real file's bytes; NULL: it is not there. Owned. */
static unsigned char *read_file(const char *path, size_t *ret_size)
{
	struct stat status;
	*ret_size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return NULL;
	}
	int result = fstat(fd, &status);
	assert(result == 0);
	unsigned char *bytes = must(calloc(1, (size_t)status.st_size + 1));
	while (*ret_size < (size_t)status.st_size) {
		ssize_t got = pread(fd, bytes + *ret_size, (size_t)status.st_size - *ret_size,
				    (off_t)*ret_size);
		assert(got > 0);
		*ret_size += (size_t)got;
	}
	(void)close(fd);
	return bytes;
}

static void write_file(const char *path, const unsigned char *bytes, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert(fd >= 0);
	for (size_t written = 0; written < size;) {
		ssize_t put = write(fd, bytes + written, size - written);
		assert(put > 0);
		written += (size_t)put;
	}
	(void)close(fd);
}

static struct disk_file *find_file(const char *path)
{
	struct disk_file *file = files;
	while (file != NULL && strcmp(file->path, path) != 0) {
		file = file->next;
	}
	return file;
}

struct disk_file *disk_file_open(const char *path)
{
	struct disk_file *file = find_file(path);
	if (file == NULL) {
		file = must(calloc(1, sizeof(*file)));
		file->path = must(strdup(path));
		file->bytes = read_file(path, &file->size);
		file->on_disk = file->bytes != NULL;
		file->next = files;
		files = file;
	}
	if (file->removed) {
		file->removed = false;
		file->made_anew = true;
	}
	return file;
}

void disk_file_written(struct disk_file *file, size_t offset, size_t size)
{
	size_t end = (offset + size + SECTOR_BYTES - 1) / SECTOR_BYTES;
	if (end > file->waiting_count) {
		file->waiting = must(realloc(file->waiting, end));
		memset(file->waiting + file->waiting_count, 0, end - file->waiting_count);
		file->waiting_count = end;
	}
	for (size_t sector = offset / SECTOR_BYTES; sector < end; sector++) {
		file->waiting[sector] = 1;
	}
}

static void stop_waiting(struct disk_file *file)
{
	if (file->waiting_count > 0) {
		memset(file->waiting, 0, file->waiting_count);
	}
}

/* Flushing a new name flushes the folder, and with it all that happened to names. */
static void flush_folder(void)
{
	for (struct disk_file *file = files; file != NULL; file = file->next) {
		bool there = access(file->path, F_OK) == 0;
		if (!there || !file->on_disk || file->made_anew) {
			file->size = 0;
		}
		file->on_disk = there;
		file->made_anew = false;
	}
}

static size_t sector_bytes(size_t sector, size_t size)
{
	size_t begin = sector * SECTOR_BYTES;
	return begin >= size ? 0 : size - begin < SECTOR_BYTES ? size - begin : SECTOR_BYTES;
}

void disk_file_flushed(struct disk_file *file, const unsigned char *now, size_t size)
{
	if (!file->on_disk || file->made_anew) {
		flush_folder();
	}
	file->bytes = must(realloc(file->bytes, size + 1));
	if (size > file->size) {
		memset(file->bytes + file->size, 0, size - file->size);
	}
	for (size_t sector = 0; sector * SECTOR_BYTES < size; sector++) {
		bool waits = sector < file->waiting_count && file->waiting[sector] != 0;
		if (waits) {
			memcpy(file->bytes + sector * SECTOR_BYTES, now + sector * SECTOR_BYTES,
			       sector_bytes(sector, size));
		}
	}
	file->size = size;
	stop_waiting(file);
}

void disk_file_flush_failed(struct disk_file *file)
{
	stop_waiting(file);
}

void disk_file_removed(const char *path, bool flushed)
{
	struct disk_file *file = find_file(path);
	if (file != NULL) {
		file->removed = true;
		stop_waiting(file);
	}
	if (flushed) {
		flush_folder();
	}
}

/* Of what waits so many in CHANCES are lost, which differs from loss to loss: all of
 * it, or none, would hardly ever be drawn sector by sector. */
#define CHANCES 4

struct loss {
	struct sim_random random;
	uint64_t chance;
};

static bool loses(struct loss *loss)
{
	return sim_below(&loss->random, CHANCES) < loss->chance;
}

/* A sector that is lost is as before, or its first bytes are as after. */
static void draw_sector(struct loss *loss, unsigned char *before, const unsigned char *after,
			size_t size)
{
	bool lost = loses(loss);
	bool torn = sim_below(&loss->random, 4) == 0;
	size_t torn_at = (size_t)sim_below(&loss->random, size + 1);
	memcpy(before, after, !lost ? size : torn ? torn_at : 0);
}

/* A file grows sector by sector, and is cut at once. */
static size_t draw_size(struct loss *loss, size_t before, size_t after)
{
	bool lost = loses(loss);
	bool torn = sim_below(&loss->random, 4) == 0 && after > before;
	size_t room = after > before ? (after - before) / SECTOR_BYTES : 0;
	size_t sectors = (size_t)sim_below(&loss->random, room + 1);
	return !lost ? after : torn ? before + sectors * SECTOR_BYTES : before;
}

/* file->bytes become what the disk has. */
static void draw_bytes(struct loss *loss, struct disk_file *file, const unsigned char *now,
		       size_t now_size)
{
	size_t size = draw_size(loss, file->size, now_size);
	unsigned char *bytes = must(calloc(1, size + 1));
	if (file->size > 0) {
		memcpy(bytes, file->bytes, file->size < size ? file->size : size);
	}
	for (size_t sector = 0; sector * SECTOR_BYTES < size; sector++) {
		size_t offset = sector * SECTOR_BYTES;
		size_t there = sector_bytes(sector, size < now_size ? size : now_size);
		if (memcmp(bytes + offset, now + offset, there) != 0) {
			draw_sector(loss, bytes + offset, now + offset, there);
		}
	}
	free(file->bytes);
	file->bytes = bytes;
	file->size = size;
}

/* lost: what happened to the name since it was flushed. */
static void draw_file(struct loss *loss, struct disk_file *file, const unsigned char *now,
		      size_t now_size)
{
	bool lost = loses(loss);
	if (now != NULL && file->on_disk && !file->made_anew) {
		draw_bytes(loss, file, now, now_size);
	} else if (now != NULL && !lost) {
		file->size = 0;
		draw_bytes(loss, file, now, now_size);
		file->on_disk = true;
	} else if (now == NULL && !lost) {
		file->on_disk = false;
	}
}

void disk_restart(uint64_t seed)
{
	struct loss loss = {.random = {.state = seed}};
	loss.chance = sim_below(&loss.random, CHANCES + 1);
	for (struct disk_file *file = files; file != NULL; file = file->next) {
		size_t now_size;
		unsigned char *now = read_file(file->path, &now_size);
		draw_file(&loss, file, now, now_size);
		free(now);
		if (file->on_disk) {
			write_file(file->path, file->bytes, file->size);
		} else {
			(void)unlink(file->path);
		}
	}
	disk_forget();
}

void disk_forget(void)
{
	while (files != NULL) {
		struct disk_file *file = files;
		files = file->next;
		free(file->path);
		free(file->bytes);
		free(file->waiting);
		free(file);
	}
}
