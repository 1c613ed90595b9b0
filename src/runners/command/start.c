#include "runners/command/start.h"

#include "base/injection.h"
#include "runners/command/template.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_descriptor(const int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

#define CLOSED_AT_END LB_CLEANUP(close_descriptor)

static enum lb_err code_for(int failure)
{
	switch (failure) {
	case ENOMEM:
		return LB_NOMEM;
	case ENOSPC:
	case EDQUOT:
		return LB_FULL;
	case EAGAIN:
	case EMFILE:
	case ENFILE:
		return LB_UNAVAILABLE;
	default:
		return LB_IO;
	}
}

/* What somebody has to mend first is a refusal; what may pass by itself is not. */
static struct lb_command_launched failed(int failure, const char *what, const char *path)
{
	bool refused =
		failure == EACCES || failure == EPERM || failure == ENOENT || failure == ENOTDIR;
	struct lb_command_launched launched = {
		.outcome = refused ? LB_SUBMIT_REFUSED : LB_SUBMIT_UNANSWERED,
	};
	(void)lb_fail(&launched.error, refused ? LB_REFUSED : code_for(failure), "cannot %s %s: %s",
		      what, path, strerror(failure));
	return launched;
}

static int write_all(int fd, const char *bytes)
{
	for (size_t rest = strlen(bytes); rest > 0;) {
		ssize_t count = write(fd, bytes, rest);
		if (count < 0 && errno != EINTR) {
			return errno;
		}
		bytes += count > 0 ? count : 0;
		rest -= count > 0 ? (size_t)count : 0;
	}
	return 0;
}

/* Renamed into place, under a name that two threads at work on one token do not
 * share. Not fsynced: a job never outlives the power that its events need. */
static int write_events(int directory, const char *json)
{
	char name[64];
	(void)snprintf(name, sizeof(name), LB_COMMAND_EVENTS ".%d.%" PRId64, (int)gettid(),
		       lb_command_now_us());
	CLOSED_AT_END int fd =
		openat(directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	int failure = write_all(fd, json);
	if (failure == 0 && renameat(directory, name, directory, LB_COMMAND_EVENTS) != 0) {
		failure = errno;
	}
	if (failure != 0) {
		(void)unlinkat(directory, name, 0);
	}
	return failure;
}

/* vfork copies no page tables, which for a large lakebeat would take longer than
 * all the rest. No signal may reach lakebeat's handlers in the child: they would
 * write into lakebeat's own pipes. */
static pid_t split_off_supervisor(const struct lb_command_launch *launch)
{
	sigset_t all;
	sigset_t before;
	bool renewable = lb_command_can_renew();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t supervisor = renewable ? vfork() : _Fork();
	if (supervisor == 0) {
		lb_command_supervise(launch);
	}
	int failure = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failure;
	return supervisor;
}

/* A supervisor that could not claim has changed nothing. One that died before it
 * could report may have claimed: the next request will see. */
static struct lb_command_launched from_report(int pipe_end, const char *run_path)
{
	struct lb_command_report report;
	ssize_t count;
	do {
		count = read(pipe_end, &report, sizeof(report));
	} while (count < 0 && errno == EINTR);
	struct lb_command_launched launched = {.outcome = LB_SUBMIT_UNANSWERED};
	if (count != (ssize_t)sizeof(report)) {
		(void)lb_fail(&launched.error, LB_UNAVAILABLE,
			      "the supervisor of %s died before it reported", run_path);
	} else if (report.outcome == LB_NOT_CLAIMED) {
		(void)lb_fail(&launched.error, code_for(report.number),
			      "the supervisor of %s cannot %s: %s", run_path,
			      lb_command_step_text(report.step), strerror(report.number));
	} else {
		launched.outcome = LB_SUBMIT_ACCEPTED;
		launched.job = report.job;
	}
	return launched;
}

static struct lb_command_launched hand_over(struct lb_command_launch *launch)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return failed(errno, "create a pipe for", launch->run_path);
	}
	CLOSED_AT_END int pipe_end = ends[0];
	launch->report = ends[1];
	LB_INJECTION_POINT("submit-before-fork");
	pid_t supervisor = split_off_supervisor(launch);
	int failure = errno;
	(void)close(ends[1]);
	if (supervisor < 0) {
		return failed(failure, "create a process for", launch->run_path);
	}
	LB_INJECTION_POINT("submit-after-fork");
	struct lb_command_launched launched = from_report(pipe_end, launch->run_path);
	launched.supervisor = supervisor;
	return launched;
}

static struct lb_command_launched launch_in(int directory, struct lb_command_start *start)
{
	struct lb_command_launch *launch = &start->launch;
	int64_t job;
	bool locked;
	int failure = lb_command_read_claim(directory, &job, &locked);
	if (failure == 0) {
		return (struct lb_command_launched){.outcome = LB_SUBMIT_ACCEPTED, .job = job};
	}
	if (failure != ENOENT) {
		return failed(failure, "read the claim in", launch->run_path);
	}
	failure = write_events(directory, start->events_json);
	if (failure != 0) {
		return failed(failure, "write " LB_COMMAND_EVENTS " in", launch->run_path);
	}
	CLOSED_AT_END int output = openat(directory, LB_COMMAND_OUTPUT,
					  O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
	if (output < 0) {
		return failed(errno, "create " LB_COMMAND_OUTPUT " in", launch->run_path);
	}
	launch->executable = lb_command_find_program(&start->arena, launch->program, getenv("PATH"),
						     &launch->executable_errno);
	if (launch->executable_errno == ENOMEM) {
		return failed(ENOMEM, "find the program for", launch->run_path);
	}
	launch->directory = directory;
	launch->output = output;
	launch->null = start->null;
	return hand_over(launch);
}

struct lb_command_launched lb_command_launch(struct lb_command_start *start)
{
	const char *run_path = start->launch.run_path;
	if (mkdirat(start->runs, start->token, 0700) != 0 && errno != EEXIST) {
		return failed(errno, "create", run_path);
	}
	CLOSED_AT_END int directory =
		openat(start->runs, start->token, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		return failed(errno, "open", run_path);
	}
	return launch_in(directory, start);
}
