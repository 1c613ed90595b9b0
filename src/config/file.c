#include "config/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE ((size_t)64 * 1024)

void lb_text_file_finish(struct lb_text_file *file)
{
	lb_free(file->bytes);
	*file = (struct lb_text_file){0};
}

static enum lb_err fail_errno(struct lb_error *error, int number)
{
	if (number == ENOENT || number == ENOTDIR) {
		return lb_fail(error, LB_NOT_FOUND, "there is no such file");
	}
	return lb_fail(error, LB_IO, "cannot be read: %s", strerror(number));
}

/* Doubles the buffer, but never over bytes_max, one byte to notice more, and NUL. */
static enum lb_err grow(struct lb_text_file *file, size_t bytes_max, size_t *size,
			struct lb_error *error)
{
	size_t wanted = *size == 0 ? FIRST_SIZE : *size * 2;
	wanted = wanted < bytes_max + 2 ? wanted : bytes_max + 2;
	char *moved = lb_alloc(wanted);
	if (moved == NULL) {
		return lb_fail_nomem(error);
	}
	if (file->length > 0) {
		memcpy(moved, file->bytes, file->length);
	}
	lb_free(file->bytes);
	file->bytes = moved;
	*size = wanted;
	return LB_OK;
}

static enum lb_err read_all(int fd, size_t bytes_max, struct lb_text_file *file,
			    struct lb_error *error)
{
	size_t size = 0;
	for (;;) {
		if (file->length > bytes_max) {
			bool whole = bytes_max >= 1024 * 1024;
			return lb_fail(error, LB_INVALID, "is larger than %zu %s",
				       whole ? bytes_max / (1024 * 1024) : bytes_max / 1024,
				       whole ? "MiB" : "KiB");
		}
		if (file->length + 1 >= size) {
			enum lb_err err = grow(file, bytes_max, &size, error);
			if (err != LB_OK) {
				return err;
			}
		}
		ssize_t got = read(fd, file->bytes + file->length, size - 1 - file->length);
		if (got < 0 && errno != EINTR) {
			return fail_errno(error, errno);
		}
		if (got == 0) {
			file->bytes[file->length] = '\0';
			return LB_OK;
		}
		file->length += got > 0 ? (size_t)got : 0;
	}
}

static void drop_byte_order_mark(struct lb_text_file *file)
{
	if (lb_text_starts_with(file->bytes, "\xEF\xBB\xBF")) {
		file->length -= 3;
		memmove(file->bytes, file->bytes + 3, file->length + 1);
	}
}

static enum lb_err read_fd(int fd, size_t bytes_max, struct lb_text_file *file,
			   struct lb_error *error)
{
	struct stat status;
	if (fstat(fd, &status) != 0) {
		return fail_errno(error, errno);
	}
	if (S_ISDIR(status.st_mode)) {
		return lb_fail(error, LB_INVALID, "is a directory, not a file");
	}
	file->world_readable = S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0;
	enum lb_err err = read_all(fd, bytes_max, file, error);
	if (err == LB_OK) {
		drop_byte_order_mark(file);
	}
	return err;
}

enum lb_err lb_text_file_read(const char *path, size_t bytes_max, struct lb_text_file *ret_file,
			      struct lb_error *error)
{
	*ret_file = (struct lb_text_file){0};
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return fail_errno(error, errno);
	}
	enum lb_err err = read_fd(fd, bytes_max, ret_file, error);
	if (!standard_input) {
		(void)close(fd);
	}
	if (err != LB_OK) {
		lb_text_file_finish(ret_file);
	}
	return err;
}

int lb_text_file_line(const struct lb_text_file *file, size_t offset)
{
	int line = 1;
	for (size_t i = 0; i < offset && i < file->length; i++) {
		line += file->bytes[i] == '\n';
	}
	return line;
}

int lb_text_file_bad_line(const struct lb_text_file *file)
{
	for (size_t at = 0; at < file->length;) {
		size_t step = lb_utf8_length(file->bytes + at, file->length - at);
		if (step == 0 || file->bytes[at] == '\0') {
			return lb_text_file_line(file, at);
		}
		at += step;
	}
	return 0;
}

char *lb_path_folder(struct lb_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		return lb_arena_strdup(arena, ".");
	}
	return lb_arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

char *lb_path_join(struct lb_arena *arena, const char *folder, const char *path)
{
	if (*path == '/' || folder == NULL || strcmp(folder, ".") == 0) {
		return lb_arena_strdup(arena, path);
	}
	const char *slash = lb_text_ends_with(folder, "/") ? "" : "/";
	return lb_arena_printf(arena, "%s%s%s", folder, slash, path);
}

/* In place. ".." stays: behind a symbolic link it is not the folder above. */
static char *tidy(char *path)
{
	char *out = path;
	for (const char *in = path; *in != '\0';) {
		if (in[0] == '/' && (in[1] == '/' || in[1] == '\0')) {
			in++;
		} else if (in[0] == '/' && in[1] == '.' && (in[2] == '/' || in[2] == '\0')) {
			in += 2;
		} else {
			*out++ = *in++;
		}
	}
	if (out == path) {
		*out++ = '/';
	}
	*out = '\0';
	return path;
}

char *lb_path_absolute(struct lb_arena *arena, const char *folder, const char *path)
{
	char root[PATH_MAX] = "";
	if (*path != '/' && realpath(folder != NULL ? folder : ".", root) == NULL) {
		return NULL;
	}
	char *joined = lb_arena_printf(arena, "%s/%s", root, path);
	return joined != NULL ? tidy(joined) : NULL;
}

size_t lb_path_scheme_length(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	if (*text == '\0' || strchr(letters, *text) == NULL) {
		return 0;
	}
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+.-");
	return length > 1 && text[length] == ':' ? length : 0;
}
