#include "base/time.h"
#include "runners/command/record.h"
#include "runners/command/sweep.h"
#include "support/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OLD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define YOUNG "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char folder[64];
static int runs;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/lb-sweep-XXXXXX");
	assert_non_null(mkdtemp(folder));
	runs = open(folder, O_RDONLY | O_DIRECTORY);
	assert_true(runs >= 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	char command[128];
	(void)close(runs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A run's directory with one file of that name, as old as said. */
static void make_run(const char *token, const char *file, int64_t age_us)
{
	char path[256];
	struct timespec times[2];
	(void)clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= (time_t)(age_us / LB_SECOND);
	times[1] = times[0];
	(void)mkdirat(runs, token, 0700);
	(void)snprintf(path, sizeof(path), "%s/%s", token, file);
	int fd = openat(runs, path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	(void)close(fd);
	assert_int_equal(utimensat(runs, token, times, 0), 0);
}

static bool exists(const char *token)
{
	return faccessat(runs, token, F_OK, 0) == 0;
}

static void runs_that_ended_long_ago_are_forgotten_and_others_are_not(void **state)
{
	(void)state;
	make_run(OLD, LB_COMMAND_OUTPUT, 100 * LB_DAY);
	make_run(OLD, LB_COMMAND_EXIT, 91 * LB_DAY);
	make_run(YOUNG, LB_COMMAND_EXIT, 89 * LB_DAY);
	make_run("notes", "mine", 1000 * LB_DAY);
	lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us());
	assert_false(exists(OLD));
	assert_true(exists(YOUNG));
	assert_true(exists("notes"));
}

static void a_run_that_has_not_ended_is_kept_while_its_supervisor_lives(void **state)
{
	(void)state;
	char name[64];
	int claim;
	enum lb_command_step step;
	make_run(OLD, LB_COMMAND_OUTPUT, 100 * LB_DAY);
	int directory = openat(runs, OLD, O_RDONLY | O_DIRECTORY);
	assert_int_equal(lb_command_make_claim(directory, getpid(), name, &claim, &step), 0);
	assert_int_equal(renameat(directory, name, directory, LB_COMMAND_CLAIM), 0);
	make_run(OLD, LB_COMMAND_OUTPUT, 100 * LB_DAY);
	/* A lock is seen by other processes only, so another one sweeps. */
	pid_t child = fork();
	if (child == 0) {
		lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us());
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(exists(OLD));
	(void)close(claim);
	(void)close(directory);
	(void)unlinkat(runs, ".swept", 0);
	lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us());
	assert_false(exists(OLD));
}

static void a_day_has_one_sweep(void **state)
{
	(void)state;
	lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us());
	make_run(OLD, LB_COMMAND_EXIT, 91 * LB_DAY);
	lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us());
	assert_true(exists(OLD));
	lb_command_sweep(runs, 90 * LB_DAY, lb_command_now_us() + LB_DAY);
	assert_false(exists(OLD));
}

static void nothing_is_forgotten_when_history_is_kept_for_ever(void **state)
{
	(void)state;
	make_run(OLD, LB_COMMAND_EXIT, 10000 * LB_DAY);
	lb_command_sweep(runs, 0, lb_command_now_us());
	assert_true(exists(OLD));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(runs_that_ended_long_ago_are_forgotten_and_others_are_not),
		TEST(a_run_that_has_not_ended_is_kept_while_its_supervisor_lives),
		TEST(a_day_has_one_sweep),
		TEST(nothing_is_forgotten_when_history_is_kept_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
