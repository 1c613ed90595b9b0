#include "runners/command/sweep.h"

#include "base/time.h"
#include "core/run.h"
#include "runners/command/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEPT ".swept"

/* When name was last written; LB_TIME_NONE when it is not there. */
static int64_t written_at(int directory, const char *name)
{
	struct stat status;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
		return LB_TIME_NONE;
	}
	return (int64_t)status.st_mtim.tv_sec * LB_SECOND + status.st_mtim.tv_nsec / 1000;
}

static bool is_due(int runs, int64_t now_us)
{
	int64_t last_us = written_at(runs, SWEPT);
	if (last_us != LB_TIME_NONE && last_us <= now_us && now_us - last_us < LB_DAY) {
		return false;
	}
	int fd = openat(runs, SWEPT, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return false;
	}
	bool noted = futimens(fd, NULL) == 0;
	(void)close(fd);
	return noted;
}

/* Only what a runner made: directories are named by tokens. */
static bool is_token(const char *name)
{
	return strlen(name) == LB_TOKEN_LENGTH &&
	       strspn(name, "0123456789abcdef") == LB_TOKEN_LENGTH;
}

/* Nobody works in it any more, and nothing in it is younger than before_us. */
static bool is_old(int directory, int64_t before_us)
{
	int64_t job;
	bool locked = false;
	int64_t ended_us = written_at(directory, LB_COMMAND_EXIT);
	if (ended_us != LB_TIME_NONE) {
		return ended_us < before_us;
	}
	int failure = lb_command_read_claim(directory, &job, &locked);
	if ((failure != 0 && failure != ENOENT) || locked || lb_command_output_is_held(directory)) {
		return false;
	}
	int64_t changed_us = written_at(directory, ".");
	return changed_us != LB_TIME_NONE && changed_us < before_us;
}

static void remove_files(int directory)
{
	int copy = dup(directory);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	if (stream == NULL) {
		if (copy >= 0) {
			(void)close(copy);
		}
		return;
	}
	for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			(void)unlinkat(directory, entry->d_name, 0);
		}
	}
	(void)closedir(stream);
}

static void sweep_one(int runs, const char *name, int64_t before_us)
{
	int directory = openat(runs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0) {
		return;
	}
	if (is_old(directory, before_us)) {
		remove_files(directory);
		(void)unlinkat(runs, name, AT_REMOVEDIR);
	}
	(void)close(directory);
}

void lb_command_sweep(int runs, int64_t keep_us, int64_t now_us)
{
	if (keep_us <= 0 || !is_due(runs, now_us)) {
		return;
	}
	int copy = openat(runs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	if (stream == NULL) {
		if (copy >= 0) {
			(void)close(copy);
		}
		return;
	}
	for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
		if (is_token(entry->d_name)) {
			sweep_one(runs, entry->d_name, now_us - keep_us);
		}
	}
	(void)closedir(stream);
}
