#include "support/allocation_sweep.h"

#include "support/cmocka.h"
#include "support/memory.h"
#include "torture/disk_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A case that is not over then hangs; the slowest takes seconds. */
#define LIFE_MAX_MS (20 * 1000)

/* How a life ends when its case failed; cmocka has others. */
#define EXIT_CASE_FAILED 3
#define EXIT_SANITIZER 1 /* their default */

__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

/* In the store's programs only. */
#pragma weak disk_sweep_begin
#pragma weak disk_sweep_end

/* cmocka makes a failed test of a crash; here it shall stay one. */
static const int crashes[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
#define CRASHES (sizeof(crashes) / sizeof(crashes[0]))
static struct sigaction crash_actions[CRASHES];

static struct CMUnitTest original;

struct life {
	const char *fate; /* NULL: it passed, or failed in order */
	bool passed;
};

struct case_sums {
	size_t injected, reported, absorbed, broken;
};

struct sweep {
	int (*setup)(void **state);
	int (*teardown)(void **state);
	struct memory_tally *tally;
	int output;
	size_t shard, shards, max;
};

unsigned long allocation_sweep_saw(bool non_null)
{
	if (!non_null) {
		memory_reported();
	}
	return non_null;
}

void allocation_sweep_texts_equal(const char *a, const char *b, const char *a_expression,
				  const char *b_expression, const char *file, int line)
{
	_assert_true(allocation_sweep_saw(a != NULL), a_expression, file, line);
	_assert_true(allocation_sweep_saw(b != NULL), b_expression, file, line);
	_assert_string_equal(a, b, file, line);
}

static void let_crash(void)
{
	for (size_t i = 0; i < CRASHES; i++) {
		(void)sigaction(crashes[i], &crash_actions[i], NULL);
	}
}

const char *allocation_sweep_text(const char *text)
{
	return allocation_sweep_saw(text != NULL) ? text : "";
}

static int watched_setup(void **state)
{
	let_crash();
	memory_watch_counts(true);
	return original.setup_func != NULL ? original.setup_func(state) : 0;
}

static void watched_test(void **state)
{
	let_crash();
	original.test_func(state);
}

static int watched_teardown(void **state)
{
	let_crash();
	if (disk_sweep_end != NULL) {
		disk_sweep_end();
	}
	int result = original.teardown_func != NULL ? original.teardown_func(state) : 0;
	memory_watch_counts(false);
	return result;
}

/* One life of a case in this process; returns whether it passed. */
static bool live(const struct sweep *sweep, const struct CMUnitTest *test, size_t fail_after)
{
	original = *test;
	const struct CMUnitTest tests[] = {{.name = test->name,
					    .test_func = watched_test,
					    .setup_func = watched_setup,
					    .teardown_func = watched_teardown,
					    .initial_state = test->initial_state}};
	for (size_t i = 0; i < CRASHES; i++) {
		(void)sigaction(crashes[i], NULL, &crash_actions[i]);
	}
	if (disk_sweep_begin == NULL || !disk_sweep_begin(sweep->tally, fail_after)) {
		memory_watch(sweep->tally, fail_after);
	}
	bool passed =
		_cmocka_run_group_tests(test->name, tests, 1, sweep->setup, sweep->teardown) == 0;
	/* A setup that failed has no teardown. */
	if (disk_sweep_end != NULL) {
		disk_sweep_end();
	}
	return passed;
}

static void live_and_exit(const struct sweep *sweep, const struct CMUnitTest *test,
			  size_t fail_after)
{
	(void)setpgid(0, 0);
	if (ftruncate(sweep->output, 0) != 0 || lseek(sweep->output, 0, SEEK_SET) != 0 ||
	    dup2(sweep->output, 1) < 0 || dup2(sweep->output, 2) < 0) {
		_exit(EXIT_CASE_FAILED);
	}
	bool passed = live(sweep, test, fail_after);
	(void)fflush(NULL);
	/* What a failed test held when it jumped out is not the product's leak. */
	bool leaks = passed && __lsan_do_recoverable_leak_check != NULL &&
		     __lsan_do_recoverable_leak_check() != 0;
	_exit(leaks ? EXIT_SANITIZER : passed ? 0 : EXIT_CASE_FAILED);
}

/* Jobs that a failed case left running have become children of this process. */
static void end_orphans(void)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (;;) {
		FILE *children = fopen(path, "r");
		int pid = 0;
		bool any = children != NULL && fscanf(children, "%d", &pid) == 1;
		if (children != NULL) {
			(void)fclose(children);
		}
		if (!any) {
			return;
		}
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
}

/* False: it had to be killed. */
static bool await(pid_t pid, int *ret_status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	bool in_time = fd >= 0 && poll(&ended, 1, LIFE_MAX_MS) == 1;
	(void)kill(in_time ? -pid : pid, SIGKILL);
	(void)waitpid(pid, ret_status, 0);
	if (fd >= 0) {
		(void)close(fd);
	}
	end_orphans();
	return in_time;
}

static struct life judge(const struct memory_tally *tally, bool in_time, int status)
{
	bool exited = WIFEXITED(status);
	struct life life = {.passed = exited && WEXITSTATUS(status) == 0};
	if (!in_time) {
		life.fate = "hangs";
	} else if (!exited) {
		life.fate = strsignal(WTERMSIG(status));
	} else if (life.passed) {
		life.fate = NULL;
	} else if (WEXITSTATUS(status) == EXIT_SANITIZER) {
		life.fate = "a sanitizer complains, or it leaks";
	} else if (tally->reports == 0) {
		life.fate = "fails in silence";
	}
	return life;
}

static struct life run_life(const struct sweep *sweep, const struct CMUnitTest *test,
			    size_t fail_after)
{
	memset(sweep->tally, 0, sizeof(*sweep->tally));
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		live_and_exit(sweep, test, fail_after);
	}
	int status = 0;
	bool in_time = pid > 0 && await(pid, &status);
	return judge(sweep->tally, in_time, status);
}

static void print_output(int output)
{
	FILE *stream = fdopen(dup(output), "r");
	if (stream == NULL) {
		return;
	}
	rewind(stream);
	char line[4096];
	while (fgets(line, sizeof(line), stream) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		printf("| %s\n", line);
	}
	(void)fclose(stream);
}

static void inject(const struct sweep *sweep, const struct CMUnitTest *test, size_t fail_after,
		   struct case_sums *sums)
{
	struct life life = run_life(sweep, test, fail_after);
	if (!sweep->tally->failed && life.fate == NULL) {
		return;
	}
	sums->injected++;
	if (life.fate != NULL) {
		sums->broken++;
		printf("broken\t%s\t%zu\t%s\n", test->name, fail_after, life.fate);
		print_output(sweep->output);
	} else if (sweep->tally->reports > 0) {
		sums->reported++;
	} else {
		sums->absorbed++;
	}
}

static size_t sweep_case(const struct sweep *sweep, const struct CMUnitTest *test)
{
	struct case_sums sums = {0};
	struct life life = run_life(sweep, test, MEMORY_NEVER);
	size_t counted = sweep->tally->counted;
	if (sweep->tally->sweeps) {
		printf("sweeps\t%s\n", test->name);
		return 0;
	}
	if (!life.passed) {
		printf("broken\t%s\t-\tfails without a fault\n", test->name);
		print_output(sweep->output);
		return 1;
	}
	size_t lives = sweep->max > 0 && counted > sweep->max ? sweep->max : counted;
	for (size_t i = sweep->shard; i < lives; i += sweep->shards) {
		inject(sweep, test, i * counted / lives, &sums);
	}
	printf("case\t%s\t%zu\t%zu\t%zu\t%zu\t%zu\n", test->name, counted, sums.injected,
	       sums.reported, sums.absorbed, sums.broken);
	(void)fflush(stdout);
	return sums.broken;
}

static struct memory_tally *shared_tally(void)
{
	void *page = mmap(NULL, sizeof(struct memory_tally), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED ? page : NULL;
}

static int run_sweep(struct sweep *sweep, const char *wish, const struct CMUnitTest *tests,
		     size_t count)
{
	sweep->output = memfd_create("output", MFD_CLOEXEC);
	if (sscanf(wish, "%zu/%zu:%zu", &sweep->shard, &sweep->shards, &sweep->max) != 3 ||
	    sweep->shard >= sweep->shards || sweep->output < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
		fprintf(stderr, "LAKEBEAT_SWEEP_ALLOCATIONS=%s: give shard/shards:max\n", wish);
		return 2;
	}
	size_t broken = 0;
	for (size_t i = 0; i < count; i++) {
		broken += sweep_case(sweep, &tests[i]);
	}
	return broken > 0;
}

static int run_one(const struct sweep *sweep, const char *wish, const struct CMUnitTest *tests,
		   size_t count)
{
	char *end;
	size_t fail_after = strtoul(wish, &end, 10);
	for (size_t i = 0; *end == ':' && i < count; i++) {
		if (strcmp(tests[i].name, end + 1) == 0) {
			bool passed = live(sweep, &tests[i], fail_after);
			printf("# failed an allocation: %s; reports of it: %zu\n",
			       sweep->tally->failed ? "yes" : "no", sweep->tally->reports);
			return !passed;
		}
	}
	fprintf(stderr, "LAKEBEAT_FAIL_ALLOCATION=%s: give n:case of a case here\n", wish);
	return 2;
}

int allocation_sweep_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **state),
			 int (*teardown)(void **state))
{
	const char *every = getenv("LAKEBEAT_SWEEP_ALLOCATIONS");
	const char *one = getenv("LAKEBEAT_FAIL_ALLOCATION");
	struct sweep sweep = {.setup = setup, .teardown = teardown};
	if (every == NULL && one == NULL) {
		return _cmocka_run_group_tests("tests", tests, count, setup, teardown);
	}
	sweep.tally = shared_tally();
	if (sweep.tally == NULL) {
		fprintf(stderr, "no memory to share: %s\n", strerror(errno));
		return 2;
	}
	return every != NULL ? run_sweep(&sweep, every, tests, count)
			     : run_one(&sweep, one, tests, count);
}
