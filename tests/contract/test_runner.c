/* What every runner promises, kept by the fake in memory, by the command
 * runner with real processes and by the databricks runner with a workspace over
 * real HTTP alike: the engine's tests are only as good as the
 * fake is honest. */
#include "base/text.h"
#include "host/host.h"
#include "runners/command/command.h"
#include "runners/databricks/databricks.h"
#include "support/cmocka.h"
#include "support/fake_runner.h"
#include "support/fake_workspace.h"
#include "support/files.h"
#include "support/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Patience with real processes on a busy machine. */
#define TURNS_MAX 30000

/* A place where runs can be: the fake's world, a folder or a workspace on a loop.
 * The job held runs until it is told how to end; the job unknown does not exist. */
struct place {
	const char *held;
	const char *unknown;
	struct lb_runner *(*create_runner)(struct place *place);
	void (*turn)(struct place *place, struct lb_runner *const *runners, size_t count);
	void (*refuse_next)(struct place *place);
	void (*end_run)(struct place *place, const char *token, int status);
	size_t (*starts)(const struct place *place);
	struct fake_world *world;
	struct fake_workspace workspace;
	struct http_peer *peer;
	struct lb_host *host;
	struct lb_http *http;
	uv_loop_t loop;
	uv_timer_t alive;
};

static struct lb_runner *fake_create(struct place *place)
{
	return fake_runner_create(place->world, "fake");
}

static void fake_turn(struct place *place, struct lb_runner *const *runners, size_t count)
{
	(void)place;
	for (size_t i = 0; i < count; i++) {
		(void)fake_runner_pump(runners[i]);
	}
}

static void fake_refuse_next(struct place *place)
{
	fake_world_script(place->world, (struct fake_reply){.answer = FAKE_REFUSE});
}

static void fake_end(struct place *place, const char *token, int status)
{
	assert_true(fake_world_end(place->world, token,
				   status == 0 ? LB_RUN_SUCCEEDED : LB_RUN_FAILED,
				   status == 0 ? NULL : "exit status 3", 1));
}

static size_t fake_starts(const struct place *place)
{
	return fake_world_starts(place->world, "held");
}

static int fake_place_setup(void **state)
{
	struct place *place = test_calloc(1, sizeof(*place));
	place->held = "held";
	place->unknown = "unknown";
	place->create_runner = fake_create;
	place->turn = fake_turn;
	place->refuse_next = fake_refuse_next;
	place->end_run = fake_end;
	place->starts = fake_starts;
	place->world = fake_world_create();
	*state = place;
	return 0;
}

static int fake_place_teardown(void **state)
{
	struct place *place = *state;
	fake_world_destroy(place->world);
	test_free(place);
	return 0;
}

static struct lb_runner *command_create(struct place *place)
{
	static const char *const argv[] = {"./held", NULL};
	const struct lb_command_job jobs[] = {{"held", argv}};
	const struct lb_command_options options = {
		.name = "local", .jobs = jobs, .job_count = 1, .runs_directory = "runs"};
	struct lb_runner *runner = NULL;
	struct lb_error error = {0};
	if (lb_command_runner_create(&place->loop, &options, &runner, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
	return runner;
}

static void command_turn(struct place *place, struct lb_runner *const *runners, size_t count)
{
	(void)runners;
	(void)count;
	(void)uv_run(&place->loop, UV_RUN_ONCE);
}

static void command_refuse_next(struct place *place)
{
	(void)place;
}

static void command_end(struct place *place, const char *token, int status)
{
	char name[128];
	char text[16];
	(void)place;
	(void)snprintf(name, sizeof(name), "end-%s", token);
	(void)snprintf(text, sizeof(text), "%d", status);
	file_write_at_once(name, text);
}

static size_t command_starts(const struct place *place)
{
	(void)place;
	return file_lines("starts");
}

/* Gives up by itself, so that a failed test leaves nothing behind for long. */
static const char held_program[] = "#!/bin/sh\n"
				   "echo started >>starts\n"
				   "for i in $(seq 6000); do\n"
				   "\t[ -e \"end-$LAKEBEAT_RUN_TOKEN\" ] && break\n"
				   "\tsleep 0.01\n"
				   "done\n"
				   "exit \"$(cat \"end-$LAKEBEAT_RUN_TOKEN\")\"\n";

static void on_alive(uv_timer_t *timer)
{
	(void)timer;
}

/* The engine's own timers keep a loop turning; here this one does. */
static int forked_place_setup(void **state)
{
	struct place *place = test_calloc(1, sizeof(*place));
	place->held = "held";
	place->unknown = "unknown";
	place->create_runner = command_create;
	place->turn = command_turn;
	place->refuse_next = command_refuse_next;
	place->end_run = command_end;
	place->starts = command_starts;
	assert_int_equal(uv_loop_init(&place->loop), 0);
	(void)uv_timer_init(&place->loop, &place->alive);
	(void)uv_timer_start(&place->alive, on_alive, 1, 1);
	assert_int_equal(folder_setup(NULL), 0);
	file_write_program("held", held_program);
	*state = place;
	return 0;
}

/* After this the supervisors split off are renewed by running this program anew. */
static int command_place_setup(void **state)
{
	assert_int_equal(lb_command_supervise_main(0, NULL), -1);
	return forked_place_setup(state);
}

static int command_place_teardown(void **state)
{
	struct place *place = *state;
	uv_close((uv_handle_t *)&place->alive, NULL);
	(void)uv_run(&place->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&place->loop), 0);
	test_free(place);
	return folder_teardown(NULL);
}

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static struct lb_runner *databricks_create(struct place *place)
{
	char domain[64];
	(void)snprintf(domain, sizeof(domain), "http://127.0.0.1:%d", http_peer_port(place->peer));
	const struct lb_databricks_settings settings = {.domain = {domain, NULL},
							.token = {"secret-pat", NULL}};
	const struct lb_databricks_options options = {
		.name = "workspace", .starts_per_second = 1000, .job_parameters = true};
	struct lb_databricks_credentials credentials;
	struct lb_runner *runner = NULL;
	struct lb_error error = {0};
	if (lb_databricks_credentials_find(&settings, no_variable, &credentials, &error) != LB_OK ||
	    lb_databricks_runner_create(lb_host_clock(place->host), place->http, &options,
					&credentials, &runner, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
	return runner;
}

static void databricks_end(struct place *place, const char *token, int status)
{
	fake_workspace_end(&place->workspace, token, status == 0 ? "SUCCESS" : "FAILED",
			   status == 0 ? NULL : "exit status 3");
}

static size_t databricks_starts(const struct place *place)
{
	struct place *writable;
	memcpy(&writable, &place, sizeof(writable)); /* for its lock */
	return (size_t)fake_workspace_starts(&writable->workspace);
}

static int databricks_place_setup(void **state)
{
	struct place *place = test_calloc(1, sizeof(*place));
	place->held = "555";
	place->unknown = "556";
	place->create_runner = databricks_create;
	place->turn = command_turn;
	place->refuse_next = command_refuse_next;
	place->end_run = databricks_end;
	place->starts = databricks_starts;
	fake_workspace_init(&place->workspace);
	place->peer = http_peer_start(NULL, NULL);
	http_peer_serve(place->peer, fake_workspace_serve, &place->workspace);
	assert_int_equal(uv_loop_init(&place->loop), 0);
	(void)uv_timer_init(&place->loop, &place->alive);
	(void)uv_timer_start(&place->alive, on_alive, 1, 1);
	const struct lb_http_options options = {0};
	assert_int_equal(lb_host_create(&place->loop, &place->host, NULL), LB_OK);
	assert_int_equal(lb_http_create(&place->loop, &options, &place->http, NULL), LB_OK);
	*state = place;
	return 0;
}

static int databricks_place_teardown(void **state)
{
	struct place *place = *state;
	lb_http_destroy(place->http);
	lb_host_destroy(place->host);
	uv_close((uv_handle_t *)&place->alive, NULL);
	(void)uv_run(&place->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&place->loop), 0);
	http_peer_stop(place->peer);
	fake_workspace_finish(&place->workspace);
	test_free(place);
	return 0;
}

/* One request for a run, and its answers. external_id: what an acceptance said. */
struct request {
	struct lb_submission submission;
	struct lb_run run;
	char external_id[32];
	int answers;
};

static void on_answered(struct lb_submission *submission)
{
	struct request *request = submission->data;
	request->answers++;
	if (submission->outcome == LB_SUBMIT_ACCEPTED && submission->external_id != NULL) {
		(void)snprintf(request->external_id, sizeof(request->external_id), "%s",
			       submission->external_id);
		request->run.external_id = request->external_id;
	}
}

static void ask(struct lb_runner *runner, struct request *request, const char *trigger_job_id,
		const char *token)
{
	*request = (struct request){
		.run = {.trigger_job_id = trigger_job_id, .run_no = 1, .attempt = 1}};
	(void)snprintf(request->run.token, sizeof(request->run.token), "%s", token);
	request->submission.run = &request->run;
	request->submission.done = on_answered;
	request->submission.data = request;
	runner->impl->submit(runner, &request->submission);
}

static void await_answer(struct place *place, struct lb_runner *runner,
			 const struct request *request)
{
	for (int i = 0; i < TURNS_MAX && request->answers == 0; i++) {
		place->turn(place, &runner, 1);
	}
	assert_int_equal(request->answers, 1);
}

static void await_starts(struct place *place, struct lb_runner *runner, size_t starts)
{
	for (int i = 0; i < TURNS_MAX && place->starts(place) < starts; i++) {
		place->turn(place, &runner, 1);
	}
	assert_int_equal(place->starts(place), starts);
}

static void on_polled(struct lb_poll *poll)
{
	*(int *)poll->data += 1;
}

/* news->message lives in arena. */
static void poll_once(struct place *place, struct lb_runner *runner, const struct request *requests,
		      size_t count, struct lb_poll *poll)
{
	int answers = 0;
	*poll = (struct lb_poll){.done = on_polled, .data = &answers};
	for (size_t i = 0; i < count; i++) {
		struct lb_run_news *news = lb_list_add(&poll->arena, &poll->news);
		assert_non_null(news);
		news->run = &requests[i].run;
	}
	runner->impl->poll(runner, poll);
	assert_int_equal(answers, 0);
	for (int i = 0; i < TURNS_MAX && answers == 0; i++) {
		place->turn(place, &runner, 1);
	}
	assert_int_equal(answers, 1);
}

static void await_end(struct place *place, struct lb_runner *runner, const struct request *request,
		      enum lb_run_state state, const char *message)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		struct lb_poll poll;
		poll_once(place, runner, request, 1, &poll);
		struct lb_run_news news = poll.news.items[0];
		if (news.known && news.state != LB_RUN_SUBMITTED) {
			assert_int_equal(news.state, state);
			if (message != NULL) {
				assert_true(lb_text_ends_with(news.message, message));
			} else {
				assert_null(news.message);
			}
			lb_arena_finish(&poll.arena);
			return;
		}
		lb_arena_finish(&poll.arena);
	}
	fail_msg("the run did not end");
}

static void finish_run(struct place *place, struct lb_runner *runner, const struct request *request)
{
	place->end_run(place, request->run.token, 0);
	await_end(place, runner, request, LB_RUN_SUCCEEDED, NULL);
}

static void a_submission_is_answered_once_and_never_before_submit_returns(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request request;
	ask(runner, &request, place->held, "token-1");
	assert_int_equal(request.answers, 0);
	await_answer(place, runner, &request);
	assert_int_equal(request.submission.outcome, LB_SUBMIT_ACCEPTED);
	assert_non_null(request.submission.external_id);
	await_starts(place, runner, 1);
	finish_run(place, runner, &request);
	assert_int_equal(request.answers, 1);
	runner->impl->destroy(runner);
}

static void a_token_submitted_twice_starts_one_run(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request first;
	struct request second;
	struct request late;
	ask(runner, &first, place->held, "token-1");
	ask(runner, &second, place->held, "token-1");
	await_answer(place, runner, &first);
	await_answer(place, runner, &second);
	assert_int_equal(first.submission.outcome, LB_SUBMIT_ACCEPTED);
	assert_int_equal(second.submission.outcome, LB_SUBMIT_ACCEPTED);
	await_starts(place, runner, 1);
	finish_run(place, runner, &first);
	ask(runner, &late, place->held, "token-1");
	await_answer(place, runner, &late);
	assert_int_equal(late.submission.outcome, LB_SUBMIT_ACCEPTED);
	await_end(place, runner, &late, LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(place->starts(place), 1);
	runner->impl->destroy(runner);
}

static void two_runners_with_one_token_start_one_run(void **state)
{
	struct place *place = *state;
	struct lb_runner *runners[] = {place->create_runner(place), place->create_runner(place)};
	struct request requests[8];
	for (size_t i = 0; i < 8; i++) {
		ask(runners[i % 2], &requests[i], place->held, "token-1");
	}
	for (size_t i = 0; i < 8; i++) {
		await_answer(place, runners[i % 2], &requests[i]);
		assert_int_equal(requests[i].submission.outcome, LB_SUBMIT_ACCEPTED);
	}
	await_starts(place, runners[0], 1);
	place->end_run(place, "token-1", 0);
	await_end(place, runners[0], &requests[0], LB_RUN_SUCCEEDED, NULL);
	await_end(place, runners[1], &requests[1], LB_RUN_SUCCEEDED, NULL);
	assert_int_equal(place->starts(place), 1);
	runners[0]->impl->destroy(runners[0]);
	runners[1]->impl->destroy(runners[1]);
}

static void a_destroyed_runner_answers_nobody_and_its_token_still_starts_one_run(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request forgotten;
	struct request again;
	ask(runner, &forgotten, place->held, "token-1");
	runner->impl->destroy(runner);
	runner = place->create_runner(place);
	ask(runner, &again, place->held, "token-1");
	await_answer(place, runner, &again);
	assert_int_equal(again.submission.outcome, LB_SUBMIT_ACCEPTED);
	await_starts(place, runner, 1);
	finish_run(place, runner, &again);
	assert_int_equal(forgotten.answers, 0);
	assert_int_equal(place->starts(place), 1);
	runner->impl->destroy(runner);
}

static void a_run_goes_on_when_its_runner_is_destroyed(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request request;
	ask(runner, &request, place->held, "token-1");
	await_answer(place, runner, &request);
	runner->impl->destroy(runner);
	runner = place->create_runner(place);
	struct lb_poll poll;
	poll_once(place, runner, &request, 1, &poll);
	assert_true(poll.news.items[0].known);
	assert_int_equal(poll.news.items[0].state, LB_RUN_SUBMITTED);
	lb_arena_finish(&poll.arena);
	finish_run(place, runner, &request);
	runner->impl->destroy(runner);
}

static void a_poll_says_of_each_run_how_it_stands(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request requests[4];
	ask(runner, &requests[0], place->held, "token-1");
	ask(runner, &requests[1], place->held, "token-2");
	ask(runner, &requests[2], place->held, "token-3");
	requests[3] = (struct request){.run = {.token = "never-submitted"}};
	for (size_t i = 0; i < 3; i++) {
		await_answer(place, runner, &requests[i]);
	}
	place->end_run(place, "token-1", 0);
	place->end_run(place, "token-2", 3);
	await_end(place, runner, &requests[0], LB_RUN_SUCCEEDED, NULL);
	await_end(place, runner, &requests[1], LB_RUN_FAILED, "exit status 3");
	struct lb_poll poll;
	poll_once(place, runner, requests, 4, &poll);
	const enum lb_run_state states[] = {LB_RUN_SUCCEEDED, LB_RUN_FAILED, LB_RUN_SUBMITTED,
					    LB_RUN_FAILED};
	for (size_t i = 0; i < 4; i++) {
		assert_true(poll.news.items[i].known);
		assert_int_equal(poll.news.items[i].state, states[i]);
	}
	lb_arena_finish(&poll.arena);
	finish_run(place, runner, &requests[2]);
	runner->impl->destroy(runner);
}

static void count_activity(struct lb_runner *runner, void *data)
{
	(void)runner;
	*(int *)data += 1;
}

static void an_end_is_announced_without_a_poll(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request request;
	int activities = 0;
	runner->on_activity = count_activity;
	runner->data = &activities;
	ask(runner, &request, place->held, "token-1");
	await_answer(place, runner, &request);
	assert_int_equal(activities, 0);
	place->end_run(place, "token-1", 0);
	for (int i = 0; i < TURNS_MAX && activities == 0; i++) {
		place->turn(place, &runner, 1);
	}
	assert_int_equal(activities, 1);
	struct lb_poll poll;
	poll_once(place, runner, &request, 1, &poll);
	assert_int_equal(poll.news.items[0].state, LB_RUN_SUCCEEDED);
	lb_arena_finish(&poll.arena);
	runner->impl->destroy(runner);
}

static void a_job_that_cannot_be_started_is_refused_with_a_reason(void **state)
{
	struct place *place = *state;
	struct lb_runner *runner = place->create_runner(place);
	struct request request;
	place->refuse_next(place);
	ask(runner, &request, place->unknown, "token-1");
	assert_int_equal(request.answers, 0);
	await_answer(place, runner, &request);
	assert_int_equal(request.submission.outcome, LB_SUBMIT_REFUSED);
	assert_int_not_equal(request.submission.error.code, LB_OK);
	assert_string_not_equal(request.submission.error.message, "");
	assert_int_equal(place->starts(place), 0);
	runner->impl->destroy(runner);
}

#define forked_place_teardown command_place_teardown
#define PROMISE(place, test)                                                                       \
	{                                                                                          \
#place ": " #test, test, place##_place_setup, place##_place_teardown, NULL         \
	}
#define PROMISES_OF_ALL(place)                                                                     \
	PROMISE(place, a_submission_is_answered_once_and_never_before_submit_returns),             \
		PROMISE(place, a_token_submitted_twice_starts_one_run),                            \
		PROMISE(place, two_runners_with_one_token_start_one_run),                          \
		PROMISE(place,                                                                     \
			a_destroyed_runner_answers_nobody_and_its_token_still_starts_one_run),     \
		PROMISE(place, a_run_goes_on_when_its_runner_is_destroyed),                        \
		PROMISE(place, a_poll_says_of_each_run_how_it_stands),                             \
		PROMISE(place, a_job_that_cannot_be_started_is_refused_with_a_reason)
/* A workspace calls nobody. */
#define PROMISES(place) PROMISES_OF_ALL(place), PROMISE(place, an_end_is_announced_without_a_poll)

int main(int argc, char **argv)
{
	if (argc > 1) {
		return lb_command_supervise_main(argc, argv);
	}
	/* forked: the command runner in a program whose main knows nothing of it. */
	const struct CMUnitTest tests[] = {PROMISES(fake), PROMISES(forked), PROMISES(command),
					   PROMISES_OF_ALL(databricks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
