/* The files that a supervisor leaves in its run's folder: `claim` and `exit`. */
#include "fuzz/fuzz.h"
#include "runners/command/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder_path[] = "/dev/shm/lakebeat-fuzz-XXXXXX";
static int folder = -1;

static void remove_folder(void)
{
	(void)unlinkat(folder, "claim", 0);
	(void)unlinkat(folder, "exit", 0);
	(void)rmdir(folder_path);
}

static void make_folder(void)
{
	if (folder < 0) {
		assert(mkdtemp(folder_path) != NULL);
		folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert(folder >= 0 && atexit(remove_folder) == 0);
	}
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(folder, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	assert(close(fd) == 0);
}

/* What is read from a record that makes sense can be written, and is read again. */
static void check_round_trip(struct lb_arena *arena, const struct lb_command_exit *record)
{
	struct lb_command_exit again;
	assert(lb_command_write_exit(folder, record) == 0);
	assert(lb_command_read_exit(folder, arena, &again) == 0);
	assert(again.end == record->end && again.number == record->number);
	assert(again.started_at_us == record->started_at_us);
	assert(again.ended_at_us == record->ended_at_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct lb_command_exit record;
	int64_t job;
	bool locked;
	make_folder();
	put("claim", data, size);
	put("exit", data, size);
	assert(lb_command_read_claim(folder, &job, &locked) == 0);
	assert(job >= 0 && !locked);
	int problem = lb_command_read_exit(folder, &arena, &record);
	assert(problem == 0 || problem == EBADMSG);
	if (problem == 0) {
		assert(record.end < LB_END_MAX);
		if (record.end == LB_END_NOT_STARTED) {
			assert(lb_command_step_text(record.step) != NULL);
		}
		check_round_trip(&arena, &record);
	}
	lb_arena_finish(&arena);
	return 0;
}
