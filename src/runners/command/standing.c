#include "runners/command/standing.h"

#include "base/text.h"
#include "base/time.h"
#include "runners/command/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far back from its end output is searched, and how much of a line is told. */
#define TAIL_MAX 4096
#define LINE_MAX_BYTES ((size_t)200)

static const char *cut(struct lb_arena *arena, const char *line)
{
	size_t length = strlen(line);
	if (length <= LINE_MAX_BYTES) {
		return line;
	}
	length = LINE_MAX_BYTES;
	while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80) {
		length--;
	}
	const char *kept = lb_arena_strndup(arena, line, length);
	return kept != NULL ? lb_arena_printf(arena, "%s…", kept) : NULL;
}

/* The last line with anything but white space in it, NULL: none. */
static const char *last_line_of(struct lb_arena *arena, const char *tail)
{
	size_t end = strlen(tail);
	while (end > 0 && strchr(" \t\r\n", tail[end - 1]) != NULL) {
		end--;
	}
	size_t start = end;
	while (start > 0 && tail[start - 1] != '\n') {
		start--;
	}
	start += strspn(tail + start, " \t\r");
	char *line = start < end ? lb_arena_strndup(arena, tail + start, end - start) : NULL;
	return line != NULL ? cut(arena, lb_text_printable(arena, line)) : NULL;
}

static const char *last_output(int directory, struct lb_arena *arena)
{
	char tail[TAIL_MAX + 1];
	struct stat status;
	int fd = openat(directory, LB_COMMAND_OUTPUT, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return NULL;
	}
	ssize_t count = -1;
	if (fstat(fd, &status) == 0) {
		off_t from = status.st_size > TAIL_MAX ? status.st_size - TAIL_MAX : 0;
		count = pread(fd, tail, TAIL_MAX, from);
	}
	(void)close(fd);
	for (ssize_t i = 0; i < count; i++) {
		tail[i] = tail[i] != '\0' ? tail[i] : '?';
	}
	tail[count > 0 ? count : 0] = '\0';
	return last_line_of(arena, tail);
}

static const char *not_started_message(struct lb_arena *arena, const struct lb_command_exit *record)
{
	const char *program = lb_text_printable(arena, record->program);
	const char *reason = strerrordesc_np(record->number);
	if (reason == NULL) {
		reason = "unknown error";
	}
	if (record->step != LB_STEP_EXEC) {
		return lb_arena_printf(arena, "cannot start %s: cannot %s: %s", program,
				       lb_command_step_text(record->step), reason);
	}
	return lb_arena_printf(
		arena, "cannot start %s: %s%s", program, reason,
		record->number == ENOEXEC ? " (a script needs a first line like #!/bin/sh)" : "");
}

static const char *failure_message(int directory, struct lb_arena *arena,
				   const struct lb_command_exit *record)
{
	if (record->end == LB_END_NOT_STARTED) {
		return not_started_message(arena, record);
	}
	const char *name = sigdescr_np(record->number);
	const char *how = record->end == LB_END_EXITED
				  ? lb_arena_printf(arena, "exit status %d", record->number)
				  : lb_arena_printf(arena, "killed by signal %d (%s)",
						    record->number, name != NULL ? name : "?");
	const char *line = last_output(directory, arena);
	return how != NULL && line != NULL ? lb_arena_printf(arena, "%s: %s", how, line) : how;
}

static struct lb_command_standing ended(int directory, struct lb_arena *arena,
					const struct lb_command_exit *record)
{
	bool succeeded = record->end == LB_END_EXITED && record->number == 0;
	return (struct lb_command_standing){
		.known = true,
		.state = succeeded ? LB_RUN_SUCCEEDED : LB_RUN_FAILED,
		.message = succeeded ? NULL : failure_message(directory, arena, record),
		.ended_at_us = record->ended_at_us,
	};
}

static struct lb_command_standing lost(const char *message)
{
	return (struct lb_command_standing){true, LB_RUN_FAILED, message, lb_command_now_us()};
}

static struct lb_command_standing going_on(const char *message)
{
	return (struct lb_command_standing){true, LB_RUN_SUBMITTED, message, LB_TIME_NONE};
}

static struct lb_command_standing from_exit(int directory, struct lb_arena *arena, int failure,
					    const struct lb_command_exit *record)
{
	if (failure == EBADMSG) {
		return lost("its exit record is damaged; whether the job succeeded is unknown");
	}
	return failure == 0 ? ended(directory, arena, record) : (struct lb_command_standing){0};
}

static struct lb_command_standing from_claim(int directory)
{
	int64_t job;
	bool supervised;
	int failure = lb_command_read_claim(directory, &job, &supervised);
	if (failure == ENOENT) {
		return lost("its run directory holds no claim any more; what became of the job is "
			    "unknown");
	}
	if (failure != 0) {
		return (struct lb_command_standing){0};
	}
	if (supervised) {
		return going_on(NULL);
	}
	return lb_command_output_is_held(directory)
		       ? going_on("its supervisor was killed, but the job still runs")
		       : lost("its supervisor was killed; whether the job finished is unknown");
}

/* exit, then the claim, then exit again: a supervisor may record the end and be
 * gone between two looks. */
static struct lb_command_standing look_into(int directory, struct lb_arena *arena)
{
	struct lb_command_exit record;
	int failure = lb_command_read_exit(directory, arena, &record);
	if (failure != ENOENT) {
		return from_exit(directory, arena, failure, &record);
	}
	struct lb_command_standing standing = from_claim(directory);
	if (!standing.known || standing.state == LB_RUN_SUBMITTED) {
		return standing;
	}
	failure = lb_command_read_exit(directory, arena, &record);
	return failure != ENOENT ? from_exit(directory, arena, failure, &record) : standing;
}

struct lb_command_standing lb_command_standing(int runs, const char *token, struct lb_arena *arena)
{
	int directory = openat(runs, token, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		return errno == ENOENT || errno == ENOTDIR ? lost("its run directory is gone; what "
								  "became of the job is unknown")
							   : (struct lb_command_standing){0};
	}
	struct lb_command_standing standing = look_into(directory, arena);
	(void)close(directory);
	return standing;
}
