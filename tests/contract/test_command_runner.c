/* What the command runner promises beyond ports/runner.h, shown with real
 * processes: what a job gets, what it does not get, and who may be killed. */
#include "base/time.h"
#include "lb_configuration.h"
#include "runners/command/command.h"
#include "support/cmocka.h"
#include "support/files.h"
#include "support/folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS_MAX 30000
#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RUN "runs/" TOKEN

/* A runner on a loop of its own and one run, in the test's folder. */
struct bench {
	uv_loop_t loop;
	uv_timer_t alive;
	struct lb_runner *runner;
	struct lb_run run;
	struct lb_submission submission;
	int answers;
	char external_id[32];
	struct lb_poll poll;
	int polls;
	enum lb_run_state state;
	char message[1024];
	char *text;
};

static void on_alive(uv_timer_t *timer)
{
	(void)timer;
}

static struct bench *bench_create(void)
{
	struct bench *bench = test_calloc(1, sizeof(*bench));
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	(void)uv_timer_init(&bench->loop, &bench->alive);
	(void)uv_timer_start(&bench->alive, on_alive, 1, 1);
	bench->run =
		(struct lb_run){.trigger_job_id = "555", .run_no = 7, .attempt = 2, .token = TOKEN};
	return bench;
}

static void bench_destroy(struct bench *bench)
{
	if (bench->runner != NULL) {
		bench->runner->impl->destroy(bench->runner);
	}
	uv_close((uv_handle_t *)&bench->alive, NULL);
	(void)uv_run(&bench->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	lb_arena_finish(&bench->poll.arena);
	free(bench->text);
	test_free(bench);
}

static int setup(void **state)
{
	if (folder_setup(NULL) != 0) {
		return 1;
	}
	*state = bench_create();
	return 0;
}

static int teardown(void **state)
{
	bench_destroy(*state);
	return folder_teardown(NULL);
}

static void on_answered(struct lb_submission *submission)
{
	struct bench *bench = submission->data;
	bench->answers++;
	(void)snprintf(bench->external_id, sizeof(bench->external_id), "%s",
		       submission->external_id != NULL ? submission->external_id : "");
}

static void create_runner(struct bench *bench, const char *const *argv,
			  const char *working_directory)
{
	const struct lb_command_options options = {.name = "local",
						   .argv = argv,
						   .runs_directory = "runs",
						   .working_directory = working_directory};
	struct lb_error error = {0};
	if (lb_command_runner_create(&bench->loop, &options, &bench->runner, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
}

static enum lb_submit_outcome submit(struct bench *bench)
{
	bench->submission.run = &bench->run;
	bench->submission.done = on_answered;
	bench->submission.data = bench;
	bench->answers = 0;
	bench->runner->impl->submit(bench->runner, &bench->submission);
	for (int i = 0; i < TURNS_MAX && bench->answers == 0; i++) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
	assert_int_equal(bench->answers, 1);
	return bench->submission.outcome;
}

static void start(struct bench *bench, const char *const *argv)
{
	create_runner(bench, argv, NULL);
	if (submit(bench) != LB_SUBMIT_ACCEPTED) {
		fail_msg("%s", bench->submission.error.message);
	}
}

static void on_polled(struct lb_poll *poll)
{
	struct bench *bench = poll->data;
	bench->polls++;
}

static void look(struct bench *bench)
{
	lb_arena_finish(&bench->poll.arena);
	bench->poll = (struct lb_poll){.done = on_polled, .data = bench};
	struct lb_run_news *news = lb_list_add(&bench->poll.arena, &bench->poll.news);
	assert_non_null(news);
	news->run = &bench->run;
	bench->polls = 0;
	bench->runner->impl->poll(bench->runner, &bench->poll);
	while (bench->polls == 0) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
	news = &bench->poll.news.items[0];
	assert_true(news->known);
	bench->state = news->state;
	(void)snprintf(bench->message, sizeof(bench->message), "%s",
		       news->message != NULL ? news->message : "");
}

static void await_end(struct bench *bench, enum lb_run_state state, const char *message)
{
	look(bench);
	for (int i = 0; i < TURNS_MAX && bench->state == LB_RUN_SUBMITTED; i++) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
		look(bench);
	}
	assert_string_equal(bench->message, message);
	assert_int_equal(bench->state, state);
}

/* Until the job wrote a file of this name. */
static void await_file(struct bench *bench, const char *name)
{
	for (int i = 0; i < TURNS_MAX && !file_exists(name); i++) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
	assert_true(file_exists(name));
}

static const char *read_text(struct bench *bench, const char *name)
{
	free(bench->text);
	bench->text = file_read(name);
	assert_non_null(bench->text);
	return bench->text;
}

static pid_t pid_from(struct bench *bench, const char *name, const char *key)
{
	const char *at = strstr(read_text(bench, name), key);
	assert_non_null(at);
	pid_t pid = (pid_t)strtol(at + strlen(key), NULL, 10);
	assert_true(pid > 1);
	return pid;
}

static void run_script(struct bench *bench, const char *script)
{
	static const char *const argv[] = {"./job", NULL};
	file_write_program("job", script);
	start(bench, argv);
}

static void arguments_arrive_unchanged_whatever_they_hold(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job",
					   "two words",
					   "'\"$HOME`id`;*",
					   "",
					   "a\nb",
					   "job={trigger_job_id}",
					   "${x} {{trigger_job_id}} {\"a\":{}}",
					   NULL};
	file_write_program("job",
			   "#!/bin/sh\nfor each in \"$@\"; do printf '<%s>' \"$each\"; done\n");
	start(bench, argv);
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_string_equal(read_text(bench, RUN "/output"),
			    "<two words><'\"$HOME`id`;*><><a\nb><job=555>"
			    "<${x} {trigger_job_id} {\"a\":{}}>");
}

static void a_job_finds_its_run_and_its_parameters_in_the_environment(void **state)
{
	struct bench *bench = *state;
	struct lb_parameter items[] = {{"file_name", "a b_20251123_060000.txt"},
				       {"file-modification.time", "2025-11-23T06:00:00.000Z"},
				       {"run_token", "must not displace the real one"}};
	const struct lb_parameter_list parameters = {items, 3, 3};
	bench->submission.parameters = &parameters;
	bench->submission.trigger_job_name = "dummy job";
	assert_int_equal(setenv("LAKEBEAT_FILE_NAME", "stale", 1), 0);
	assert_int_equal(setenv("LAKEBEAT_TEST_INHERITED", "kept", 1), 0);
	run_script(bench,
		   "#!/bin/sh\nenv | grep ^LAKEBEAT_ | grep -v EVENTS_FILE | sort\n"
		   "[ \"$LAKEBEAT_EVENTS_FILE\" -ef " RUN "/events.json ] && echo same file\n");
	assert_int_equal(unsetenv("LAKEBEAT_FILE_NAME"), 0);
	assert_int_equal(unsetenv("LAKEBEAT_TEST_INHERITED"), 0);
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_string_equal(read_text(bench, RUN "/output"),
			    "LAKEBEAT_ATTEMPT=2\n"
			    "LAKEBEAT_FILE_MODIFICATION_TIME=2025-11-23T06:00:00.000Z\n"
			    "LAKEBEAT_FILE_NAME=a b_20251123_060000.txt\n"
			    "LAKEBEAT_RUN_NO=7\n"
			    "LAKEBEAT_RUN_TOKEN=" TOKEN "\n"
			    "LAKEBEAT_TEST_INHERITED=kept\n"
			    "LAKEBEAT_TRIGGER_JOB_ID=555\n"
			    "LAKEBEAT_TRIGGER_JOB_NAME=dummy job\n"
			    "same file\n");
}

static void a_job_finds_its_events_in_a_file(void **state)
{
	struct bench *bench = *state;
	struct lb_event item = {
		.sensor_id = "my_trigger",
		.file = {.file_name = "my_trigger_20251123_060000.txt",
			 .file_path = "/b/my_trigger/my_trigger_20251123_060000.txt",
			 .modified_at_us = 1763877600 * LB_SECOND,
			 .size_bytes = 12}};
	const struct lb_event_list events = {&item, 1, 1};
	bench->submission.events = &events;
	run_script(bench, "#!/bin/sh\ncat \"$LAKEBEAT_EVENTS_FILE\"\n");
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_string_equal(read_text(bench, RUN "/output"),
			    "[\n  {\n    \"sensor_id\": \"my_trigger\",\n"
			    "    \"file_name\": \"my_trigger_20251123_060000.txt\",\n"
			    "    \"file_path\": \"/b/my_trigger/my_trigger_20251123_060000.txt\",\n"
			    "    \"file_modification_time\": \"2025-11-23T06:00:00.000Z\",\n"
			    "    \"file_size\": 12\n  }\n]\n");
}

static void nothing_of_lakebeats_leaks_into_a_job(void **state)
{
	struct bench *bench = *state;
	int precious = dup(STDOUT_FILENO); /* without close-on-exec, as a careless library's */
	assert_int_equal(fcntl(precious, F_GETFD), 0);
	(void)signal(SIGUSR1, SIG_IGN);
	run_script(
		bench,
		"#!/bin/sh\nls /proc/self/fd | wc -l\nreadlink /proc/self/fd/0\n"
		"grep -E '^Sig(Blk|Ign)' /proc/self/status | sed 's/\\t.*\\(.......\\)$/ \\1/'\n");
	(void)signal(SIGUSR1, SIG_DFL);
	(void)close(precious);
	await_end(bench, LB_RUN_SUCCEEDED, "");
	/* 0, 1, 2 and the directory that ls itself reads. Of the signals 1 to 28: glibc has
	 * two more of its own ignored in whatever it spawns. */
	assert_string_equal(read_text(bench, RUN "/output"),
			    "4\n/dev/null\nSigBlk: 0000000\nSigIgn: 0000000\n");
}

static void output_is_kept_and_only_its_owner_reads_it(void **state)
{
	struct bench *bench = *state;
	struct stat status;
	run_script(bench, "#!/bin/sh\necho to stdout\necho to stderr >&2\n");
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_string_equal(read_text(bench, RUN "/output"), "to stdout\nto stderr\n");
	assert_int_equal(stat(RUN "/output", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat(RUN, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat("runs", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void the_exit_status_decides_and_the_last_line_explains(void **state)
{
	struct bench *bench = *state;
	run_script(bench,
		   "#!/bin/sh\necho working\nprintf 'no such table: \\033[1mx\\n\\n'\nexit 3\n");
	await_end(bench, LB_RUN_FAILED, "exit status 3: no such table: \\x1b[1mx");
}

static void a_long_last_line_is_cut(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "#!/bin/sh\nprintf 'x%.0s' $(seq 5000)\nexit 1\n");
	char expected[512];
	memset(expected, 'x', sizeof(expected));
	memcpy(expected, "exit status 1: ", 15);
	strcpy(expected + 15 + 200, "…");
	await_end(bench, LB_RUN_FAILED, expected);
}

static void a_killed_job_says_by_which_signal(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "#!/bin/sh\nkill -9 $$\n");
	await_end(bench, LB_RUN_FAILED, "killed by signal 9 (Killed)");
}

static void a_job_that_kills_its_process_group_does_not_reach_its_supervisor(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "#!/bin/sh\nkill -9 0\n");
	await_end(bench, LB_RUN_FAILED, "killed by signal 9 (Killed)");
}

static void a_missing_program_fails_with_its_name(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./jobs/{trigger_job_id}", NULL};
	start(bench, argv);
	await_end(bench, LB_RUN_FAILED, "cannot start ./jobs/555: No such file or directory");
	/* The token is used up; the job would need a new attempt. */
	assert_int_equal(mkdir("jobs", 0700), 0);
	file_write_program("jobs/555", "#!/bin/sh\ntouch started\n");
	assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
	await_end(bench, LB_RUN_FAILED, "cannot start ./jobs/555: No such file or directory");
	assert_false(file_exists("started"));
}

static void a_program_without_slash_is_found_in_path_and_nowhere_else(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"job-in-no-path", NULL};
	file_write_program("job-in-no-path", "#!/bin/sh\ntouch started\n");
	start(bench, argv);
	await_end(bench, LB_RUN_FAILED, "cannot start job-in-no-path: No such file or directory");
	assert_false(file_exists("started"));
}

static void a_program_that_may_not_run_fails_with_the_reason(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job", NULL};
	folder_write("job", "#!/bin/sh\n");
	start(bench, argv);
	await_end(bench, LB_RUN_FAILED, "cannot start ./job: Permission denied");
}

static void a_script_without_interpreter_is_no_shell_script(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "touch started\n");
	await_end(bench, LB_RUN_FAILED,
		  "cannot start ./job: Exec format error (a script needs a first line like "
		  "#!/bin/sh)");
	assert_false(file_exists("started"));
}

static void a_job_works_in_its_working_directory(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"../job", NULL};
	file_write_program("job",
			   "#!/bin/sh\npwd | grep -o '[^/]*$'\ncat \"$LAKEBEAT_EVENTS_FILE\"\n");
	assert_int_equal(mkdir("elsewhere", 0700), 0);
	create_runner(bench, argv, "elsewhere");
	assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_string_equal(read_text(bench, RUN "/output"), "elsewhere\n[]\n");
}

static void a_missing_working_directory_fails_with_the_reason(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"/bin/true", NULL};
	create_runner(bench, argv, "nowhere");
	assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
	await_end(bench, LB_RUN_FAILED,
		  "cannot start /bin/true: cannot change to its working directory: No such file or "
		  "directory");
}

static void a_job_id_cannot_choose_a_program_elsewhere(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./{trigger_job_id}", NULL};
	create_runner(bench, argv, NULL);
	bench->run.trigger_job_id = "../../bin/true";
	assert_int_equal(submit(bench), LB_SUBMIT_REFUSED);
	assert_non_null(strstr(bench->submission.error.message, "../../bin/true"));
	assert_false(file_exists(RUN));
}

static void an_unknown_placeholder_is_refused_with_the_nearest_one(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job", "{trigger_jobid}", NULL};
	const struct lb_command_options options = {
		.name = "local", .argv = argv, .runs_directory = "runs"};
	struct lb_error error = {0};
	struct lb_runner *runner = NULL;
	assert_int_equal(lb_command_runner_create(&bench->loop, &options, &runner, &error),
			 LB_INVALID);
	assert_string_equal(error.message, "runner local: unknown placeholder {trigger_jobid} in "
					   "\"{trigger_jobid}\"; did you mean {trigger_job_id}?");
}

static void a_runs_directory_that_cannot_be_is_named(void **state)
{
	struct bench *bench = *state;
	const struct lb_command_options options = {.name = "local", .runs_directory = "file/runs"};
	struct lb_error error = {0};
	struct lb_runner *runner = NULL;
	folder_write("file", "");
	assert_int_equal(lb_command_runner_create(&bench->loop, &options, &runner, &error), LB_IO);
	assert_non_null(strstr(error.message, "file/runs: Not a directory"));
}

static const char patient_script[] =
	"#!/bin/sh\necho $$ >job.new\nmv job.new job.pid\n"
	"for i in $(seq 6000); do [ -e end ] && exit; sleep 0.01; done\n";

/* The image is exchanged after the report, so it may take a moment. */
static void await_renewed_image(struct bench *bench, pid_t supervisor)
{
	char name[64];
	char command[512] = {0};
	(void)snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)supervisor);
	for (int i = 0; i < TURNS_MAX; i++) {
		FILE *stream = fopen(name, "r");
		assert_non_null(stream);
		size_t length = fread(command, 1, sizeof(command) - 1, stream);
		(void)fclose(stream);
		if (length > 21 && strcmp(command, "lakebeat") == 0) {
			assert_string_equal(command + strlen("lakebeat") + 1, "__supervise");
			return;
		}
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
	fail_msg("the supervisor still has lakebeat's memory");
}

static void a_supervisor_gives_lakebeats_memory_back_and_survives_polite_signals(void **state)
{
	struct bench *bench = *state;
	run_script(bench, patient_script);
	pid_t supervisor = pid_from(bench, RUN "/claim", "supervisor ");
	await_renewed_image(bench, supervisor);
	static const int polite[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(kill(supervisor, polite[i]), 0);
	}
	look(bench);
	assert_int_equal(bench->state, LB_RUN_SUBMITTED);
	folder_write("end", "");
	await_end(bench, LB_RUN_SUCCEEDED, "");
}

static void the_external_id_is_the_jobs_pid_also_when_asked_again(void **state)
{
	struct bench *bench = *state;
	run_script(bench, patient_script);
	await_file(bench, "job.pid");
	assert_int_equal(pid_from(bench, "job.pid", ""), atoi(bench->external_id));
	assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
	assert_int_equal(pid_from(bench, "job.pid", ""), atoi(bench->external_id));
	folder_write("end", "");
	await_end(bench, LB_RUN_SUCCEEDED, "");
}

static void a_run_whose_supervisor_was_killed_fails_once_its_job_is_gone(void **state)
{
	struct bench *bench = *state;
	run_script(bench, patient_script);
	await_file(bench, "job.pid");
	assert_int_equal(kill(pid_from(bench, RUN "/claim", "supervisor "), SIGKILL), 0);
	do {
		look(bench);
	} while (bench->message[0] == '\0');
	assert_string_equal(bench->message, "its supervisor was killed, but the job still runs");
	assert_int_equal(bench->state, LB_RUN_SUBMITTED);
	folder_write("end", "");
	await_end(bench, LB_RUN_FAILED,
		  "its supervisor was killed; whether the job finished is unknown");
}

static void a_run_whose_directory_was_deleted_fails_with_the_reason(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "#!/bin/sh\n");
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_int_equal(rename("runs/" TOKEN, "taken-away"), 0);
	await_end(bench, LB_RUN_FAILED,
		  "its run directory is gone; what became of the job is unknown");
}

static void a_damaged_exit_record_is_not_taken_for_success(void **state)
{
	struct bench *bench = *state;
	run_script(bench, "#!/bin/sh\n");
	await_end(bench, LB_RUN_SUCCEEDED, "");
	folder_write(RUN "/exit", "exited 0");
	await_end(bench, LB_RUN_FAILED,
		  "its exit record is damaged; whether the job succeeded is unknown");
}

static void many_runs_at_once_all_start_and_end(void **state)
{
	struct bench *bench = *state;
	enum { RUNS = 100 };
	static const char *const argv[] = {"./job", NULL};
	struct bench *others = test_calloc(RUNS, sizeof(*others));
	file_write_program("job", "#!/bin/sh\necho started >>starts\n");
	create_runner(bench, argv, NULL);
	for (int i = 0; i < RUNS; i++) {
		struct bench *other = &others[i];
		other->run = (struct lb_run){.trigger_job_id = "555"};
		(void)snprintf(other->run.token, sizeof(other->run.token), "token-%d", i);
		other->submission = (struct lb_submission){
			.run = &other->run, .done = on_answered, .data = other};
		bench->runner->impl->submit(bench->runner, &other->submission);
	}
	for (int i = 0; i < RUNS; i++) {
		while (others[i].answers == 0) {
			(void)uv_run(&bench->loop, UV_RUN_ONCE);
		}
		assert_int_equal(others[i].submission.outcome, LB_SUBMIT_ACCEPTED);
	}
	for (int i = 0; i < RUNS; i++) {
		bench->run = others[i].run;
		await_end(bench, LB_RUN_SUCCEEDED, "");
		assert_int_equal(others[i].answers, 1);
	}
	assert_int_equal(file_lines("starts"), RUNS);
	test_free(others);
}

/* Notes its token, late enough for a second start to be noticed. */
static const char noting_script[] =
	"#!/bin/sh\nsleep 0.02\necho started >>\"starts-$LAKEBEAT_RUN_TOKEN\"\n";

static size_t starts_of(const char *token)
{
	char name[128];
	(void)snprintf(name, sizeof(name), "starts-%s", token);
	return file_lines(name);
}

static atomic_long allocations_left;

static void *limited_alloc(size_t size)
{
	return atomic_fetch_sub(&allocations_left, 1) > 0 ? calloc(1, size > 0 ? size : 1) : NULL;
}

static void when_memory_runs_out_a_submission_is_still_answered_and_can_be_repeated(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"sh", "./job", NULL};
	file_write_program("job", noting_script);
	create_runner(bench, argv, NULL);
	bool enough = false;
	for (long limit = 0; !enough; limit++) {
		atomic_store(&allocations_left, limit);
		lb_set_allocator(limited_alloc, free);
		enough = submit(bench) == LB_SUBMIT_ACCEPTED;
		lb_set_allocator(NULL, NULL);
		assert_true(enough || bench->submission.outcome == LB_SUBMIT_UNANSWERED);
		assert_true(enough || bench->submission.error.code == LB_NOMEM);
		assert_true(limit > 2 || !enough);
	}
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_int_equal(starts_of(TOKEN), 1);
}

/* What a lakebeat that dies does: submit, and be killed after so many turns of
 * its loop, or with the answer, or at an injection point. */
_Noreturn static void submit_and_die(const char *token, int turns, const char *crash_at)
{
	static const char *const argv[] = {"./job", NULL};
	struct bench *bench = bench_create();
	(void)setenv("LAKEBEAT_CRASH_AT", crash_at, 1);
	create_runner(bench, argv, NULL);
	(void)snprintf(bench->run.token, sizeof(bench->run.token), "%s", token);
	bench->submission =
		(struct lb_submission){.run = &bench->run, .done = on_answered, .data = bench};
	bench->runner->impl->submit(bench->runner, &bench->submission);
	for (int i = 0; i < turns && bench->answers == 0; i++) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
	(void)kill(getpid(), SIGKILL);
	_exit(1);
}

static void let_another_submit_and_die(const char *token, int turns, const char *crash_at)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		submit_and_die(token, turns, crash_at);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void killing_lakebeat_at_any_turn_of_a_submission_leaves_one_start(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job", NULL};
	file_write_program("job", noting_script);
	create_runner(bench, argv, NULL);
	for (int turns = 0; turns < 12; turns++) {
		char *token = bench->run.token;
		(void)snprintf(token, sizeof(bench->run.token), "token-%d", turns);
		let_another_submit_and_die(token, turns, "");
		assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
		await_end(bench, LB_RUN_SUCCEEDED, "");
		assert_int_equal(starts_of(token), 1);
	}
}

static void a_run_of_a_killed_lakebeat_is_followed_to_its_end_by_the_next(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job", NULL};
	file_write_program("job", noting_script);
	let_another_submit_and_die(TOKEN, TURNS_MAX, "");
	create_runner(bench, argv, NULL);
	await_end(bench, LB_RUN_SUCCEEDED, "");
	assert_int_equal(starts_of(TOKEN), 1);
}

#if LB_INJECTION_POINTS

/* Where a process can be killed, and whether the job had been let go by then. */
static const struct {
	const char *name;
	bool claimed;
	bool started;
	bool recorded;
} points[] = {
	{"submit-before-fork", false, false, false},
	{"submit-after-fork", true, true, true},
	{"supervisor-before-claim", false, false, false},
	{"supervisor-after-claim", true, false, false},
	{"supervisor-after-fork", true, true, false},
	{"supervisor-before-exit-record", true, true, false},
	{"supervisor-after-exit-record", true, true, true},
};

static void wherever_it_is_killed_a_token_starts_at_most_once_and_its_end_is_told(void **state)
{
	struct bench *bench = *state;
	static const char *const argv[] = {"./job", NULL};
	file_write_program("job", noting_script);
	create_runner(bench, argv, NULL);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		char *token = bench->run.token;
		(void)snprintf(token, sizeof(bench->run.token), "%s", points[i].name);
		let_another_submit_and_die(token, TURNS_MAX, points[i].name);
		assert_int_equal(submit(bench), LB_SUBMIT_ACCEPTED);
		bool fails = points[i].claimed && !points[i].recorded;
		await_end(bench, fails ? LB_RUN_FAILED : LB_RUN_SUCCEEDED,
			  fails ? "its supervisor was killed; whether the job finished is unknown"
				: "");
		assert_int_equal(starts_of(token), points[i].claimed && !points[i].started ? 0 : 1);
	}
}

#endif

int main(int argc, char **argv)
{
	int status = lb_command_supervise_main(argc, argv);
	if (status >= 0) {
		return status;
	}
#define PROMISE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		PROMISE(arguments_arrive_unchanged_whatever_they_hold),
		PROMISE(a_job_finds_its_run_and_its_parameters_in_the_environment),
		PROMISE(a_job_finds_its_events_in_a_file),
		PROMISE(nothing_of_lakebeats_leaks_into_a_job),
		PROMISE(output_is_kept_and_only_its_owner_reads_it),
		PROMISE(the_exit_status_decides_and_the_last_line_explains),
		PROMISE(a_long_last_line_is_cut),
		PROMISE(a_killed_job_says_by_which_signal),
		PROMISE(a_job_that_kills_its_process_group_does_not_reach_its_supervisor),
		PROMISE(a_missing_program_fails_with_its_name),
		PROMISE(a_program_without_slash_is_found_in_path_and_nowhere_else),
		PROMISE(a_program_that_may_not_run_fails_with_the_reason),
		PROMISE(a_script_without_interpreter_is_no_shell_script),
		PROMISE(a_job_works_in_its_working_directory),
		PROMISE(a_missing_working_directory_fails_with_the_reason),
		PROMISE(a_job_id_cannot_choose_a_program_elsewhere),
		PROMISE(an_unknown_placeholder_is_refused_with_the_nearest_one),
		PROMISE(a_runs_directory_that_cannot_be_is_named),
		PROMISE(a_supervisor_gives_lakebeats_memory_back_and_survives_polite_signals),
		PROMISE(the_external_id_is_the_jobs_pid_also_when_asked_again),
		PROMISE(a_run_whose_supervisor_was_killed_fails_once_its_job_is_gone),
		PROMISE(a_run_whose_directory_was_deleted_fails_with_the_reason),
		PROMISE(a_damaged_exit_record_is_not_taken_for_success),
		PROMISE(many_runs_at_once_all_start_and_end),
		PROMISE(when_memory_runs_out_a_submission_is_still_answered_and_can_be_repeated),
		PROMISE(killing_lakebeat_at_any_turn_of_a_submission_leaves_one_start),
		PROMISE(a_run_of_a_killed_lakebeat_is_followed_to_its_end_by_the_next),
#if LB_INJECTION_POINTS
		PROMISE(wherever_it_is_killed_a_token_starts_at_most_once_and_its_end_is_told),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
