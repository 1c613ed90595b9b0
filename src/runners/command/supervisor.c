#include "runners/command/supervisor.h"

#include "base/injection.h"
#include "runners/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Where the supervisor keeps its descriptors; 0, 1 and 2 are /dev/null. The
 * image that takes over after the exec finds DIRECTORY and CLAIM there. */
enum descriptor {
	DIRECTORY = 3,
	REPORT = 4,
	OUTPUT = 5,
	CLAIM = 6,
	PARKED_FROM = 16,
};

#define SUPERVISE_WORD "__supervise"
#define PROCESS_NAME "lb-supervisor"

/* Set by main's call of lb_command_supervise_main; without that, an exec of this
 * program would run its main part a second time. */
static bool main_dispatches;

static void close_from(int first)
{
	if (close_range((unsigned)first, ~0U, 0) == 0) {
		return;
	}
	struct rlimit limit = {.rlim_cur = 1024};
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; (rlim_t)fd < limit.rlim_cur && fd < 1 << 20; fd++) {
		(void)close(fd);
	}
}

/* Park all above the places first: a descriptor may lie on another one's place
 * (lakebeat may have been started without stdin). */
static int settle_descriptors(const struct lb_command_launch *launch)
{
	const int sources[] = {launch->directory, launch->report, launch->output, launch->null};
	int parked[4];
	for (size_t i = 0; i < 4; i++) {
		parked[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, PARKED_FROM);
		if (parked[i] < 0) {
			return errno;
		}
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(parked[3], i) < 0 || dup3(parked[i], DIRECTORY + i, O_CLOEXEC) < 0) {
			return errno;
		}
	}
	close_from(CLAIM);
	return 0;
}

/* What stops other programs must not stop a supervisor: a job that is told to
 * end by Ctrl-C or a shutdown has an exit status, and somebody has to note it. */
static void set_signals(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int number = 1; number < NSIG; number++) {
		(void)sigaction(number, &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		(void)sigaction(ignored[i], &action, NULL);
	}
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void send_report(int fd, struct lb_command_report report)
{
	(void)!write(fd, &report, sizeof(report));
}

/* ext4 and XFS make a new file durable together with the names that lead to it,
 * ext4 without a journal too. */
static bool syncs_names(void)
{
	struct statfs fs;
	return fstatfs(DIRECTORY, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC);
}

/* The name is the claim, so it must survive a power loss together with the
 * directories that lead to it. What is written in it serves the living only. */
static int sync_claim(int claim)
{
	if (fsync(claim) != 0) {
		return errno;
	}
	if (syncs_names()) {
		return 0;
	}
	int above = openat(DIRECTORY, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above < 0) {
		return errno;
	}
	int failure = fsync(DIRECTORY) != 0 || fsync(above) != 0 ? errno : 0;
	(void)close(above);
	return failure;
}

/* A link is there or not, for all at once, and on NFS too; but there a reply may
 * be lost and the repeated request find its own link. */
static int link_claim(const char *name)
{
	struct stat status;
	if (linkat(DIRECTORY, name, DIRECTORY, LB_COMMAND_CLAIM, 0) == 0) {
		return 0;
	}
	int failure = errno;
	bool ours = failure == EEXIST && fstat(CLAIM, &status) == 0 && status.st_nlink > 1;
	return ours ? 0 : failure;
}

/* Failing to make the claim durable leaves it in place: the token is used up, and
 * the job is not started. */
static enum lb_command_outcome claim(enum lb_command_step *ret_step, int *ret_errno)
{
	char name[64];
	int fd = -1;
	*ret_errno = lb_command_make_claim(DIRECTORY, getpid(), name, &fd, ret_step);
	if (*ret_errno != 0) {
		return LB_NOT_CLAIMED;
	}
	if (fd != CLAIM) {
		(void)dup3(fd, CLAIM, O_CLOEXEC);
		(void)close(fd);
	}
	int failure = link_claim(name);
	(void)unlinkat(DIRECTORY, name, 0);
	if (failure != 0) {
		*ret_step = LB_STEP_LINK;
		*ret_errno = failure;
		return failure == EEXIST ? LB_CLAIMED_BEFORE : LB_NOT_CLAIMED;
	}
	*ret_step = LB_STEP_SYNC;
	*ret_errno = sync_claim(CLAIM);
	lb_command_sign_claim(CLAIM, getpid());
	return LB_CLAIMED;
}

struct failure {
	enum lb_command_step step;
	int number;
};

/* posix_spawn copies no memory either, and brings the exec's own failure back. It
 * only uses the stack and memory that it maps itself, so it is as safe here as the
 * rest. The job gets a process group of its own: what it does to its group must
 * not reach the supervisor; and the signals' defaults, since ignored ones would
 * survive its exec. */
static int spawn(const struct lb_command_launch *launch, pid_t *ret_job)
{
	posix_spawnattr_t attributes;
	sigset_t signals;
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETSIGMASK);
	(void)sigemptyset(&signals);
	(void)posix_spawnattr_setsigmask(&attributes, &signals);
	(void)sigfillset(&signals);
	(void)posix_spawnattr_setsigdefault(&attributes, &signals);
	return posix_spawn(ret_job, launch->executable, NULL, &attributes, launch->argv,
			   launch->envp);
}

/* The supervisor puts on the job's output and working directory itself, so that
 * each failure has its name. */
static struct failure start_job(const struct lb_command_launch *launch, pid_t *ret_job)
{
	if (launch->executable == NULL) {
		return (struct failure){LB_STEP_EXEC, launch->executable_errno};
	}
	if (launch->working_directory != NULL && chdir(launch->working_directory) != 0) {
		return (struct failure){LB_STEP_CHDIR, errno};
	}
	if (dup2(OUTPUT, STDOUT_FILENO) < 0 || dup2(OUTPUT, STDERR_FILENO) < 0) {
		return (struct failure){LB_STEP_OUTPUT, errno};
	}
	struct failure failure = {LB_STEP_EXEC, spawn(launch, ret_job)};
	(void)dup2(STDIN_FILENO, STDOUT_FILENO);
	(void)dup2(STDIN_FILENO, STDERR_FILENO);
	return failure;
}

/* As long as any process holds the job's stdout or stderr, this lock is held:
 * whoever finds the supervisor dead can tell whether the job lives. */
static void lock_output(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	(void)fcntl(OUTPUT, F_OFD_SETLK, &lock);
}

/* A full disk must not turn a finished job into an unknown one: while the record
 * cannot be written, the supervisor stays, and the run counts as going on. */
static void record(const struct lb_command_exit *exit_record)
{
	LB_INJECTION_POINT("supervisor-before-exit-record");
	for (;;) {
		int failure = lb_command_write_exit(DIRECTORY, exit_record);
		if (failure == 0 || failure == ENOENT) {
			break;
		}
		const struct timespec second = {.tv_sec = 1};
		(void)nanosleep(&second, NULL);
	}
	LB_INJECTION_POINT("supervisor-after-exit-record");
}

static int wait_for(pid_t job, int *ret_status)
{
	pid_t ended;
	do {
		ended = waitpid(job, ret_status, 0);
	} while (ended < 0 && errno == EINTR);
	return ended == job ? 0 : errno;
}

static int wait_and_record(pid_t job, int64_t started_at_us)
{
	int status = 0;
	int failure = wait_for(job, &status);
	if (failure != 0) {
		return failure;
	}
	bool exited = WIFEXITED(status);
	struct lb_command_exit exit_record = {
		.end = exited ? LB_END_EXITED : LB_END_KILLED,
		.number = exited ? WEXITSTATUS(status) : WTERMSIG(status),
		.started_at_us = started_at_us,
		.ended_at_us = lb_command_now_us(),
	};
	record(&exit_record);
	return 0;
}

static void record_failed_start(const struct lb_command_launch *launch, struct failure failure)
{
	int64_t now_us = lb_command_now_us();
	struct lb_command_exit exit_record = {
		.end = LB_END_NOT_STARTED,
		.number = failure.number,
		.step = failure.step,
		.program = launch->program,
		.started_at_us = now_us,
		.ended_at_us = now_us,
	};
	record(&exit_record);
}

static char *number_text(int64_t number, char text[static 24])
{
	char *at = text + 23;
	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return at;
}

bool lb_command_can_renew(void)
{
	return main_dispatches && access("/proc/self/exe", X_OK) == 0;
}

/* Leaves lakebeat's memory. Should it fail after all, the job is still waited for
 * right here: starts stand still meanwhile, but no exit is lost. */
static void renew_image(const struct lb_command_launch *launch, pid_t job, int64_t started_at_us)
{
	char job_text[24];
	char started_text[24];
	char name[] = "lakebeat";
	char word[] = SUPERVISE_WORD;
	char *argv[] = {
		name, word, number_text(job, job_text), number_text(started_at_us, started_text),
		NULL, NULL};
	memcpy(&argv[4], &launch->run_path, sizeof(argv[4]));
	if (main_dispatches) {
		(void)fcntl(DIRECTORY, F_SETFD, 0);
		(void)fcntl(CLAIM, F_SETFD, 0);
		/* The new image is a millisecond's work, and the job may have to
		 * share this processor: it goes first. */
		(void)sched_yield();
		(void)execve("/proc/self/exe", argv, environ);
	}
}

/* The claim is ours: from here on the run exists, whatever happens. */
static void run_job(const struct lb_command_launch *launch, struct failure failure)
{
	int64_t started_at_us = lb_command_now_us();
	pid_t job = 0;
	if (failure.number == 0) {
		lock_output();
		failure = start_job(launch, &job);
		LB_INJECTION_POINT("supervisor-after-fork");
	}
	if (failure.number == 0) {
		lb_command_add_job(CLAIM, job);
	}
	send_report(REPORT, (struct lb_command_report){.outcome = LB_CLAIMED, .job = job});
	(void)close(REPORT);
	(void)close(OUTPUT);
	if (failure.number != 0) {
		record_failed_start(launch, failure);
		return;
	}
	renew_image(launch, job, started_at_us);
	(void)wait_and_record(job, started_at_us);
}

void lb_command_supervise(const struct lb_command_launch *launch)
{
	int failure = settle_descriptors(launch);
	if (failure != 0) {
		send_report(launch->report,
			    (struct lb_command_report){LB_NOT_CLAIMED, LB_STEP_DESCRIPTORS, failure,
						       0});
		_exit(1);
	}
	(void)setsid();
	set_signals();
	(void)prctl(PR_SET_NAME, PROCESS_NAME);
	struct lb_command_report report = {0};
	LB_INJECTION_POINT("supervisor-before-claim");
	report.outcome = claim(&report.step, &report.number);
	LB_INJECTION_POINT("supervisor-after-claim");
	if (report.outcome != LB_CLAIMED) {
		send_report(REPORT, report);
		_exit(0);
	}
	run_job(launch, (struct failure){report.step, report.number});
	_exit(0);
}

static bool parse_number(const char *text, int64_t *ret_number)
{
	char *end;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *ret_number > 0;
}

int lb_command_supervise_main(int argc, char **argv)
{
	int64_t job;
	int64_t started_at_us;
	main_dispatches = true;
	if (argc < 2 || strcmp(argv[1], SUPERVISE_WORD) != 0) {
		return -1;
	}
	if (argc != 5 || !parse_number(argv[2], &job) || !parse_number(argv[3], &started_at_us) ||
	    job > INT32_MAX || fcntl(CLAIM, F_GETFD) < 0) {
		(void)fprintf(stderr, "lakebeat: %s is for lakebeat's own use\n", SUPERVISE_WORD);
		return 2;
	}
	(void)prctl(PR_SET_NAME, PROCESS_NAME);
	/* Keep no file system busy but the one with the run's directory. */
	(void)!chdir("/");
	return wait_and_record((pid_t)job, started_at_us) == 0 ? 0 : 1;
}
