#include "sources/trigger_file/local.h"

#include "base/text.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Covers file systems that keep whole or even seconds only. */
#define TRUST_LOCAL_US (2 * LB_SECOND)
/* There the server's clock stamps the folder, and ours says how old that is. */
#define TRUST_REMOTE_US LB_MINUTE

struct local_lister {
	struct lb_folder_lister base;
	int base_fd;
	char base_path[];
};

static struct local_lister *local_of(struct lb_folder_lister *lister)
{
	return (struct local_lister *)lister;
}

static bool has_scheme(const char *location)
{
	size_t length = strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789+.-");
	return length > 0 && strncmp(location + length, ":/", 2) == 0;
}

/* What follows "file:" and an authority that means this machine; NULL: not so. */
static const char *skip_file_scheme(const char *location)
{
	if (!lb_text_starts_with(location, "file:")) {
		return has_scheme(location) ? NULL : location;
	}
	location += strlen("file:");
	if (lb_text_starts_with(location, "//")) {
		location += 2;
		location += lb_text_starts_with(location, "localhost/") ? strlen("localhost") : 0;
	}
	return *location == '/' ? location : NULL;
}

enum lb_err lb_local_path(const char *base_location, char **ret_path, struct lb_error *error)
{
	const char *path = skip_file_scheme(base_location);
	if (path == NULL || *path == '\0') {
		return lb_fail(error, LB_INVALID,
			       "base location '%s' is not a local folder; write a path or a "
			       "file:/// URL",
			       base_location);
	}
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/') {
		length--;
	}
	*ret_path = lb_alloc(length + 1);
	if (*ret_path == NULL) {
		return lb_fail_nomem(error);
	}
	memcpy(*ret_path, path, length);
	return LB_OK;
}

/* File systems may hold any 64-bit second; ours end where nanoseconds do. */
static int64_t time_ns(const struct timespec *time)
{
	const int64_t max_s = INT64_C(9000000000);
	int64_t s = time->tv_sec > max_s ? max_s : time->tv_sec < -max_s ? -max_s : time->tv_sec;
	return s * 1000000000 + time->tv_nsec;
}

bool lb_local_is_remote(const char *path)
{
	struct statfs fs;
	if (statfs(path, &fs) != 0) {
		return false;
	}
	static const unsigned int remote[] = {
		NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC,
		CIFS_SUPER_MAGIC,      SMB2_SUPER_MAGIC,
		FUSE_SUPER_MAGIC,      V9FS_MAGIC,
		AFS_SUPER_MAGIC,       AFS_FS_MAGIC,
		CEPH_SUPER_MAGIC,      CODA_SUPER_MAGIC,
		NCP_SUPER_MAGIC,       OCFS2_SUPER_MAGIC,
		0x01161970 /* GFS2 */, 0x0BD00BD0 /* Lustre */,
		0x47504653 /* GPFS */, 0x786F4256 /* VirtualBox */,
		0x61756673 /* AUFS */,
	};
	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++) {
		if ((unsigned int)fs.f_type == remote[i]) {
			return true;
		}
	}
	return false;
}

static enum lb_err fail_base(const struct local_lister *local, struct lb_error *error)
{
	const char *remedy = errno == ENOENT || errno == ENOTDIR
				     ? "create the folder, or correct base_trigger_file_location"
			     : errno == EACCES ? "lakebeat's user needs the right to enter it"
					       : "is its file system mounted and healthy?";
	return lb_fail(error, errno == ENOENT ? LB_NOT_FOUND : LB_IO,
		       "cannot read the base location %s: %s; %s", local->base_path,
		       strerror(errno), remedy);
}

static enum lb_err local_open(struct lb_folder_lister *lister, struct lb_error *error)
{
	struct local_lister *local = local_of(lister);
	/* The folders are opened by name, so the right to enter it suffices. */
	local->base_fd = open(local->base_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (local->base_fd < 0) {
		return fail_base(local, error);
	}
	if (faccessat(local->base_fd, ".", X_OK, AT_EACCESS) != 0) {
		enum lb_err err = fail_base(local, error);
		(void)close(local->base_fd);
		return err;
	}
	lister->folder_time_trust_us =
		lb_local_is_remote(local->base_path) ? TRUST_REMOTE_US : TRUST_LOCAL_US;
	return LB_OK;
}

static void local_close(struct lb_folder_lister *lister)
{
	(void)close(local_of(lister)->base_fd);
}

static enum lb_err local_folder_time(struct lb_folder_lister *lister, const char *sensor_id,
				     int64_t *ret_time_ns, struct lb_error *error)
{
	const struct local_lister *local = local_of(lister);
	struct stat st;
	if (fstatat(local->base_fd, sensor_id, &st, 0) != 0) {
		return lb_fail(error, errno == ENOENT ? LB_NOT_FOUND : LB_IO,
			       "cannot look at the folder %s/%s: %s", local->base_path, sensor_id,
			       strerror(errno));
	}
	if (!S_ISDIR(st.st_mode)) {
		return lb_fail(error, LB_INVALID,
			       "%s/%s is not a folder; trigger files are expected inside it",
			       local->base_path, sensor_id);
	}
	*ret_time_ns = time_ns(&st.st_mtim);
	return LB_OK;
}

static char *join_key(struct lb_arena *arena, const char *folder, size_t folder_length,
		      const char *name)
{
	size_t name_size = strlen(name) + 1;
	char *key = lb_arena_alloc(arena, folder_length + 1 + name_size);
	if (key != NULL) {
		memcpy(key, folder, folder_length);
		key[folder_length] = '/';
		memcpy(key + folder_length + 1, name, name_size);
	}
	return key;
}

static bool describe(struct lb_arena *arena, const struct stat *st, struct lb_listed *listed)
{
	int64_t modified_ns = time_ns(&st->st_mtim);
	char etag[64];
	(void)snprintf(etag, sizeof(etag), "%lld-%lld", (long long)modified_ns,
		       (long long)st->st_size);
	listed->modified_at_us = modified_ns / 1000;
	listed->size_bytes = (int64_t)st->st_size;
	listed->etag = lb_arena_strdup(arena, etag);
	return listed->etag != NULL;
}

bool lb_local_look(const char *base_path, const char *sensor_id, const char *file_name,
		   struct lb_arena *arena, struct lb_listed *ret_listed)
{
	char *key = join_key(arena, sensor_id, strlen(sensor_id), file_name);
	const char *path = key != NULL ? lb_arena_printf(arena, "%s/%s", base_path, key) : NULL;
	struct stat st;
	if (path == NULL || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		return false;
	}
	ret_listed->key = key;
	return describe(arena, &st, ret_listed);
}

/* The folder that is being listed, and where its files go. */
struct folder {
	const char *id;
	size_t id_length;
	int fd;
	struct lb_arena *arena;
	struct lb_listed_list *files;
};

/* One name of the folder; false with errno set when it cannot be looked at. */
static bool take_name(const struct folder *folder, const struct dirent *found)
{
	struct stat st;
	if (found->d_type == DT_DIR) {
		return true;
	}
	if (fstatat(folder->fd, found->d_name, &st, 0) != 0) {
		/* Gone in the meantime, or a link to nowhere. */
		return errno == ENOENT || found->d_type == DT_LNK;
	}
	if (!S_ISREG(st.st_mode)) {
		return true;
	}
	struct lb_listed *listed = lb_list_add(folder->arena, folder->files);
	char *key = join_key(folder->arena, folder->id, folder->id_length, found->d_name);
	if (listed == NULL || key == NULL || !describe(folder->arena, &st, listed)) {
		errno = ENOMEM;
		return false;
	}
	listed->key = key;
	return true;
}

static bool read_names(const struct folder *folder, DIR *dir)
{
	for (;;) {
		errno = 0;
		const struct dirent *found = readdir(dir);
		if (found == NULL) {
			return errno == 0;
		}
		if (!take_name(folder, found)) {
			return false;
		}
	}
}

static int compare_listed(const void *a, const void *b)
{
	return strcmp(((const struct lb_listed *)a)->key, ((const struct lb_listed *)b)->key);
}

/* False with errno set. */
static bool read_folder(struct folder *folder, int base_fd)
{
	folder->fd = openat(base_fd, folder->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = folder->fd >= 0 ? fdopendir(folder->fd) : NULL;
	if (dir == NULL) {
		int problem = errno;
		if (folder->fd >= 0) {
			(void)close(folder->fd);
		}
		errno = problem;
		return false;
	}
	bool read = read_names(folder, dir);
	int problem = errno;
	(void)closedir(dir);
	errno = problem;
	return read;
}

static enum lb_err local_list(struct lb_folder_lister *lister, const char *sensor_id,
			      struct lb_arena *arena, struct lb_listed_list *ret_files,
			      struct lb_error *error)
{
	const struct local_lister *local = local_of(lister);
	struct folder folder = {.id = sensor_id,
				.id_length = strlen(sensor_id),
				.arena = arena,
				.files = ret_files};
	if (read_folder(&folder, local->base_fd)) {
		if (ret_files->count > 1) {
			qsort(ret_files->items, ret_files->count, sizeof(*ret_files->items),
			      compare_listed);
		}
		return LB_OK;
	}
	ret_files->count = 0;
	if (errno == ENOENT) {
		return LB_OK;
	}
	return errno == ENOMEM ? lb_fail_nomem(error)
			       : lb_fail(error, LB_IO, "cannot read the folder %s/%s: %s",
					 local->base_path, sensor_id, strerror(errno));
}

static void local_destroy(struct lb_folder_lister *lister)
{
	lb_free(local_of(lister));
}

static const struct lb_folder_lister_impl local_impl = {
	.open = local_open,
	.folder_time = local_folder_time,
	.list = local_list,
	.close = local_close,
	.destroy = local_destroy,
};

enum lb_err lb_local_lister_create(const char *base_path, struct lb_folder_lister **ret_lister,
				   struct lb_error *error)
{
	size_t size = strlen(base_path) + 1;
	struct local_lister *local = lb_alloc(sizeof(*local) + size);
	if (local == NULL) {
		return lb_fail_nomem(error);
	}
	local->base.impl = &local_impl;
	memcpy(local->base_path, base_path, size);
	*ret_lister = &local->base;
	return LB_OK;
}
