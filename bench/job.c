/* job.c: the smallest job there is. Says when it started: the monotonic clock,
 * read as main's first act, as one line into the FIFO that is its argument. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (argc < 2) {
		return 2;
	}
	char line[32];
	int length =
		snprintf(line, sizeof(line), "%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	int fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, line, (size_t)length) == length ? 0 : 1;
}
