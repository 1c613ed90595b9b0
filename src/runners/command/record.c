#include "runners/command/record.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Room for a program's path and the lines before it. */
#define RECORD_MAX 8192

const char *lb_command_step_text(enum lb_command_step step)
{
	static const char *const texts[] = {
#define LB_COMMAND_STEP_TEXT(step, word, text) [step] = (text),
		LB_COMMAND_STEP_MAP(LB_COMMAND_STEP_TEXT)
#undef LB_COMMAND_STEP_TEXT
	};
	return step < LB_STEP_MAX ? texts[step] : "go on";
}

static const char *const step_words[LB_STEP_MAX] = {
#define LB_COMMAND_STEP_WORD(step, word, text) [step] = (word),
	LB_COMMAND_STEP_MAP(LB_COMMAND_STEP_WORD)
#undef LB_COMMAND_STEP_WORD
};

static const char *const end_words[LB_END_MAX] = {
	[LB_END_EXITED] = "exited",
	[LB_END_KILLED] = "killed",
	[LB_END_NOT_STARTED] = "not_started",
};

int64_t lb_command_now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A text under construction, without printf: this runs between fork and exec of
 * a process that had threads. What does not fit is left out. */
struct text {
	char bytes[RECORD_MAX];
	size_t length;
};

static void add(struct text *text, const char *more)
{
	size_t length = strlen(more);
	size_t room = sizeof(text->bytes) - text->length;
	if (length > room) {
		length = room;
	}
	memcpy(text->bytes + text->length, more, length);
	text->length += length;
}

static void add_number(struct text *text, int64_t number)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0) {
		digits[--at] = '-';
	}
	add(text, digits + at);
}

static void add_line(struct text *text, const char *name, int64_t number)
{
	add(text, name);
	add(text, " ");
	add_number(text, number);
	add(text, "\n");
}

static int write_text(int fd, const struct text *text)
{
	size_t written = 0;
	while (written < text->length) {
		ssize_t count = write(fd, text->bytes + written, text->length - written);
		if (count < 0 && errno != EINTR) {
			return errno;
		}
		written += count > 0 ? (size_t)count : 0;
	}
	return 0;
}

static const struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static bool is_locked(int fd)
{
	struct flock lock = whole_file;
	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int lb_command_make_claim(int directory, pid_t supervisor, char name[static 64], int *ret_fd,
			  enum lb_command_step *ret_step)
{
	struct text text;
	text.length = 0;
	add(&text, LB_COMMAND_CLAIM ".");
	add_number(&text, supervisor);
	add(&text, ".");
	add_number(&text, lb_command_now_us());
	memcpy(name, text.bytes, text.length);
	name[text.length] = '\0';
	*ret_step = LB_STEP_CLAIM;
	int fd = openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	/* Before it gets its real name: nobody ever sees a claim whose supervisor
	 * merely has not come to lock it yet. */
	struct flock lock = whole_file;
	*ret_step = LB_STEP_LOCK;
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		int failure = errno;
		(void)unlinkat(directory, name, 0);
		(void)close(fd);
		return failure;
	}
	*ret_fd = fd;
	return 0;
}

void lb_command_sign_claim(int claim, pid_t supervisor)
{
	struct text text;
	text.length = 0;
	add_line(&text, "supervisor", supervisor);
	add_line(&text, "claimed_at_us", lb_command_now_us());
	(void)!write_text(claim, &text);
}

void lb_command_add_job(int claim, pid_t job)
{
	struct text text;
	text.length = 0;
	add_line(&text, "job", job);
	(void)!write_text(claim, &text);
}

static int write_file(int directory, const char *name, const struct text *text)
{
	int fd = openat(directory, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	int failure = write_text(fd, text);
	if (failure == 0 && fsync(fd) != 0) {
		failure = errno;
	}
	(void)close(fd);
	return failure;
}

int lb_command_write_exit(int directory, const struct lb_command_exit *record)
{
	struct text text;
	text.length = 0;
	add_line(&text, end_words[record->end], record->number);
	add_line(&text, "started_at_us", record->started_at_us);
	add_line(&text, "ended_at_us", record->ended_at_us);
	if (record->end == LB_END_NOT_STARTED) {
		add(&text, "step ");
		add(&text, step_words[record->step]);
		add(&text, "\nprogram ");
		add(&text, record->program);
	}
	int failure = write_file(directory, LB_COMMAND_EXIT ".new", &text);
	if (failure == 0 &&
	    (renameat(directory, LB_COMMAND_EXIT ".new", directory, LB_COMMAND_EXIT) != 0 ||
	     fsync(directory) != 0)) {
		failure = errno;
	}
	return failure;
}

/* The start of the file, ended by NUL. */
static int read_start(int fd, char bytes[static RECORD_MAX + 1])
{
	ssize_t count = pread(fd, bytes, RECORD_MAX, 0);
	if (count < 0) {
		return errno;
	}
	bytes[count] = '\0';
	return 0;
}

int lb_command_read_claim(int directory, int64_t *ret_job, bool *ret_locked)
{
	char bytes[RECORD_MAX + 1];
	*ret_job = 0;
	int fd = openat(directory, LB_COMMAND_CLAIM, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return errno;
	}
	*ret_locked = is_locked(fd);
	int failure = read_start(fd, bytes);
	(void)close(fd);
	const char *job = failure == 0 ? strstr(bytes, "\njob ") : NULL;
	if (job != NULL) {
		long long pid = strtoll(job + strlen("\njob "), NULL, 10);
		*ret_job = pid > 0 && pid <= INT_MAX ? pid : 0;
	}
	return failure;
}

bool lb_command_output_is_held(int directory)
{
	int fd = openat(directory, LB_COMMAND_OUTPUT, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	bool held = is_locked(fd);
	(void)close(fd);
	return held;
}

/* The word's place, or count when it is none of them. */
static int index_of(const char *const *words, int count, const char *word)
{
	int i = 0;
	while (i < count && strcmp(words[i], word) != 0) {
		i++;
	}
	return i;
}

/* The program comes last because its name may hold any byte, line feeds too. */
static int parse_not_started(const char *bytes, struct lb_arena *arena,
			     struct lb_command_exit *record)
{
	char word[16];
	int program_at = 0;
	if (sscanf(bytes, "step %15s program%n", word, &program_at) < 1 || program_at == 0 ||
	    bytes[program_at] != ' ') {
		return EBADMSG;
	}
	record->step = (enum lb_command_step)index_of(step_words, LB_STEP_MAX, word);
	record->program = lb_arena_strdup(arena, bytes + program_at + 1);
	return record->program != NULL ? 0 : ENOMEM;
}

static int parse_exit(const char *bytes, struct lb_arena *arena, struct lb_command_exit *record)
{
	char word[16];
	int end_at = 0;
	if (sscanf(bytes, "%15s %d started_at_us %" SCNd64 " ended_at_us %" SCNd64 " %n", word,
		   &record->number, &record->started_at_us, &record->ended_at_us, &end_at) < 4) {
		return EBADMSG;
	}
	record->end = (enum lb_command_end)index_of(end_words, LB_END_MAX, word);
	if (record->end == LB_END_NOT_STARTED) {
		return parse_not_started(bytes + end_at, arena, record);
	}
	return record->end < LB_END_MAX ? 0 : EBADMSG;
}

int lb_command_read_exit(int directory, struct lb_arena *arena, struct lb_command_exit *ret_record)
{
	char bytes[RECORD_MAX + 1];
	*ret_record = (struct lb_command_exit){0};
	int fd = openat(directory, LB_COMMAND_EXIT, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return errno;
	}
	int failure = read_start(fd, bytes);
	(void)close(fd);
	return failure == 0 ? parse_exit(bytes, arena, ret_record) : failure;
}
