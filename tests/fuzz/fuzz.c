#include "fuzz/fuzz.h"

#include "base/text.h"
#include "config/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *fuzz_text(struct lb_arena *arena, const uint8_t *data, size_t size)
{
	char *text = lb_arena_strndup(arena, size > 0 ? (const char *)data : "",
				      strnlen((const char *)data, size));
	assert(text != NULL);
	return text;
}

char *fuzz_line(char **text)
{
	char *line = *text;
	if (line == NULL) {
		return NULL;
	}
	char *end = strchr(line, '\n');
	*text = end != NULL ? end + 1 : NULL;
	if (end != NULL) {
		*end = '\0';
	}
	return line;
}

static char folder[] = "/dev/shm/lakebeat-fuzz-XXXXXX";
static char path[sizeof(folder) + sizeof("/input")];
static char other[sizeof(folder) + 64];
static bool confined;

static void remove_folder(void)
{
	(void)unlink(path);
	(void)unlink(other);
	(void)rmdir(folder);
}

static void make_folder(void)
{
	if (*path == '\0') {
		assert(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
		(void)snprintf(path, sizeof(path), "%s/input", folder);
	}
}

static void write_file(const char *name, const void *data, size_t size)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	assert(close(fd) == 0);
}

/* In a folder of its own, so that no other file is found beside it. */
const char *fuzz_file(const uint8_t *data, size_t size)
{
	make_folder();
	write_file(path, data, size);
	return path;
}

void fuzz_put_file(const char *name, const char *content)
{
	make_folder();
	int length = snprintf(other, sizeof(other), "%s/%s", folder, name);
	assert(length > 0 && (size_t)length < sizeof(other));
	write_file(other, content, strlen(content));
}

void fuzz_confine(void)
{
	make_folder();
	confined = true;
}

/* The linker puts this in place of open (--wrap), which the build makes open64. */
int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (confined && (!lb_text_starts_with(name, folder) || strstr(name, "..") != NULL)) {
		errno = ENOENT;
		return -1;
	}
	return __real_open64(name, flags, mode);
}

void fuzz_check_line(const char *text)
{
	assert(text != NULL && *text != '\0');
	assert(lb_utf8_valid(text));
	for (const char *at = text; *at != '\0'; at++) {
		assert((unsigned char)*at >= ' ' && *at != 0x7f);
	}
}

void fuzz_check_error(const struct lb_error *error)
{
	assert(error->code != LB_OK && error->code < LB_ERR_MAX);
	fuzz_check_line(error->message);
}

void fuzz_check_problems(const struct lb_problem_list *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		fuzz_check_line(problems->items[i].place);
		fuzz_check_line(problems->items[i].text);
		if (problems->items[i].remedy != NULL) {
			fuzz_check_line(problems->items[i].remedy);
		}
	}
}
