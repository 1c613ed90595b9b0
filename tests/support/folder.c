#include "support/folder.h"

#include "support/cmocka.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[4096];
static char folder[4096];

int folder_setup(void **state)
{
	(void)state;
	const char *place = getenv("TMPDIR");
	int length = snprintf(folder, sizeof(folder), "%s/lakebeat-test-XXXXXX",
			      place != NULL ? place : "/tmp");
	return length >= (int)sizeof(folder) || getcwd(home, sizeof(home)) == NULL ||
	       mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int folder_teardown(void **state)
{
	(void)state;
	return chdir(home) != 0 || nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

void folder_write_bytes(const char *name, const char *bytes, size_t length)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(write(fd, bytes, length) == (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

void folder_write(const char *name, const char *text)
{
	folder_write_bytes(name, text, strlen(text));
}

const char *source_file(const char *path)
{
	static char content[256 * 1024];
	char full[4096];
	const char *root = getenv("LB_SOURCE_ROOT");
	assert_non_null(root);
	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	FILE *stream = fopen(full, "r");
	assert_non_null(stream);
	size_t length = fread(content, 1, sizeof(content) - 1, stream);
	assert_true(feof(stream));
	(void)fclose(stream);
	content[length] = '\0';
	return content;
}
