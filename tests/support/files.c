#include "support/files.h"

#include "support/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

void file_write_program(const char *name, const char *text)
{
	write_file(name, text, 0700);
}

void file_write_at_once(const char *name, const char *text)
{
	write_file("file.new", text, 0600);
	assert_int_equal(rename("file.new", name), 0);
}

char *file_read(const char *name)
{
	struct stat status;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		assert_int_equal(errno, ENOENT);
		return NULL;
	}
	assert_int_equal(fstat(fd, &status), 0);
	size_t size = (size_t)status.st_size;
	char *text = calloc(1, size + 1);
	assert_non_null(text);
	assert_true(read(fd, text, size) >= 0);
	(void)close(fd);
	return text;
}

size_t file_lines(const char *name)
{
	char *text = file_read(name);
	size_t lines = 0;
	for (const char *at = text; at != NULL && *at != '\0'; at++) {
		lines += *at == '\n';
	}
	free(text);
	return lines;
}

bool file_exists(const char *name)
{
	return access(name, F_OK) == 0;
}
