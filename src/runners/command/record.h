/* record.h: the files in a run's directory, and what is written in them.
 *
 *     events.json  what the run consumes, for the job
 *     output       what the job wrote to stdout and stderr
 *     claim        the token is used up; locked as long as the supervisor lives
 *     exit         how the run ended
 *
 * claim and exit are lines of `name value`, written by lb_command_write_* (which
 * are async-signal-safe) and read by lb_command_read_*. Directories are fds.
 * Functions that return int return 0 or an errno. Threads: any. */
#ifndef LB_RUNNERS_COMMAND_RECORD_H
#define LB_RUNNERS_COMMAND_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lb_arena;

#define LB_COMMAND_EVENTS "events.json"
#define LB_COMMAND_OUTPUT "output"
#define LB_COMMAND_CLAIM "claim"
#define LB_COMMAND_EXIT "exit"

/* What was being done when something failed: its word in exit, its text for people. */
#define LB_COMMAND_STEP_MAP(X)                                                                     \
	X(LB_STEP_DESCRIPTORS, "descriptors", "arrange its file descriptors")                      \
	X(LB_STEP_CLAIM, "claim", "create its claim")                                              \
	X(LB_STEP_LOCK, "lock", "lock its claim")                                                  \
	X(LB_STEP_LINK, "link", "put its claim in place")                                          \
	X(LB_STEP_SYNC, "sync", "make its claim durable")                                          \
	X(LB_STEP_CHDIR, "chdir", "change to its working directory")                               \
	X(LB_STEP_OUTPUT, "output", "redirect its output")                                         \
	X(LB_STEP_EXEC, "exec", "execute the program")

enum lb_command_step {
#define LB_COMMAND_STEP_ENUM(step, word, text) step,
	LB_COMMAND_STEP_MAP(LB_COMMAND_STEP_ENUM)
#undef LB_COMMAND_STEP_ENUM
		LB_STEP_MAX
};

const char *lb_command_step_text(enum lb_command_step step);

enum lb_command_end { LB_END_EXITED, LB_END_KILLED, LB_END_NOT_STARTED, LB_END_MAX };

/* number:  exit status, signal or errno, by end.
 * step:    of NOT_STARTED.
 * program: of NOT_STARTED, what could not be started; else NULL. */
struct lb_command_exit {
	enum lb_command_end end;
	int number;
	enum lb_command_step step;
	const char *program;
	int64_t started_at_us;
	int64_t ended_at_us;
};

int64_t lb_command_now_us(void);

/* A locked, empty file, not yet named claim: its temporary name, made of
 * supervisor's pid, goes to name. Lock and file live until the descriptor,
 * *ret_fd, and its copies are closed. */
int lb_command_make_claim(int directory, pid_t supervisor, char name[static 64], int *ret_fd,
			  enum lb_command_step *ret_step);

/* Adds who claimed and when, for people. */
void lb_command_sign_claim(int claim, pid_t supervisor);

/* Adds the job's pid, for people and for lb_command_read_claim. */
void lb_command_add_job(int claim, pid_t job);

/* Durable when it returns 0. */
int lb_command_write_exit(int directory, const struct lb_command_exit *record);

/* ENOENT: no claim. *ret_job is 0 when the claim does not name one; *ret_locked:
 * its supervisor lives. */
int lb_command_read_claim(int directory, int64_t *ret_job, bool *ret_locked);

/* Whether a process holds the job's output: the job lives even though its
 * supervisor does not. */
bool lb_command_output_is_held(int directory);

/* ENOENT: not ended; EBADMSG: damaged. program is in arena. */
int lb_command_read_exit(int directory, struct lb_arena *arena, struct lb_command_exit *ret_record);

#endif
