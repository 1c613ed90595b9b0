/* What the databricks runner makes of a workspace's answers, over real HTTP. */
#include "base/text.h"
#include "base/time.h"
#include "host/host.h"
#include "lb_configuration.h"
#include "runners/databricks/databricks.h"
#include "support/cmocka.h"
#include "support/fake_workspace.h"
#include "support/http_peer.h"
#include "support/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lab {
	uv_loop_t loop;
	struct http_peer *peer;
	struct lb_host *host;
	struct lb_http *http;
	struct lb_runner *runner;
	struct fake_workspace workspace;
	int under_way;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	fake_workspace_init(&lab->workspace);
	lab->peer = http_peer_start(NULL, NULL);
	http_peer_serve(lab->peer, fake_workspace_serve, &lab->workspace);
	*state = lab;
	const struct lb_http_options options = {.timeout_us = 20 * LB_SECOND};
	struct lb_error error;
	return uv_loop_init(&lab->loop) != 0 ||
	       lb_host_create(&lab->loop, &lab->host, &error) != LB_OK ||
	       lb_http_create(&lab->loop, &options, &lab->http, &error) != LB_OK;
}

static void close_runner(struct lab *lab)
{
	if (lab->runner != NULL) {
		lab->runner->impl->destroy(lab->runner);
		lab->runner = NULL;
	}
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	close_runner(lab);
	lb_http_destroy(lab->http);
	lb_host_destroy(lab->host);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	int problem = uv_loop_close(&lab->loop);
	http_peer_stop(lab->peer);
	fake_workspace_finish(&lab->workspace);
	free(lab);
	return problem;
}

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static struct lab *open_runner(void **state, bool oauth)
{
	struct lab *lab = *state;
	char domain[64];
	(void)snprintf(domain, sizeof(domain), "http://127.0.0.1:%d/?o=42",
		       http_peer_port(lab->peer));
	struct lb_databricks_settings settings = {.domain = {domain, NULL}};
	if (oauth) {
		settings.client_id.value = "id";
		settings.client_secret.value = "secret-client";
	} else {
		settings.token.value = "secret-pat";
	}
	const struct lb_databricks_options options = {.name = "workspace",
						      .starts_per_second = 1000,
						      .poll_interval_us = LB_SECOND,
						      .job_parameters = true,
						      .queue = true};
	struct lb_databricks_credentials credentials;
	struct lb_error error = {0};
	assert_int_equal(
		lb_databricks_credentials_find(&settings, no_variable, &credentials, &error),
		LB_OK);
	assert_int_equal(lb_databricks_runner_create(lb_host_clock(lab->host), lab->http, &options,
						     &credentials, &lab->runner, &error),
			 LB_OK);
	return lab;
}

/* One submission with all that it borrows, and what came of it. */
struct
try {
	struct lb_submission submission;
	struct lb_run run;
	struct lb_event_list events;
	struct lab *lab;
	int done;
	char external_id[32];
	char url[128];
};

static void on_done(struct lb_submission *submission)
{
	struct try *try = submission->data;
	try->done++;
	try->lab->under_way--;
	(void)snprintf(try->external_id, sizeof(try->external_id), "%s",
		       submission->external_id != NULL ? submission->external_id : "");
	(void)snprintf(try->url, sizeof(try->url), "%s",
		       submission->url != NULL ? submission->url : "");
}

static void begin(struct lab *lab, struct try *try, const char *job_id, int run_no)
{
	*try = (struct try){.lab = lab, .run = {.trigger_job_id = job_id, .run_no = run_no}};
	(void)snprintf(try->run.token, sizeof(try->run.token), "%064d", run_no);
	try->submission = (struct lb_submission){
		.run = &try->run, .events = &try->events, .done = on_done, .data = try};
	lab->under_way++;
	lab->runner->impl->submit(lab->runner, &try->submission);
	assert_int_equal(try->done, 0);
}

static void run(struct lab *lab)
{
	while (lab->under_way > 0) {
		int alive = uv_run(&lab->loop, UV_RUN_ONCE);
		assert_true(alive != 0 || lab->under_way == 0);
	}
}

static void submit(struct lab *lab, struct try *try, int run_no)
{
	begin(lab, try, "555", run_no);
	run(lab);
	assert_int_equal(try->done, 1);
	assert_null(strstr(try->submission.error.message, "secret-"));
}

static void assert_outcome(const struct try *try, enum lb_submit_outcome outcome, const char *text)
{
	assert_int_equal(try->submission.outcome, outcome);
	if (strstr(try->submission.error.message, text) == NULL) {
		fail_msg("'%s' is not in: %s", text, try->submission.error.message);
	}
}

static void set_script(struct lab *lab, struct fake_script script)
{
	struct fake_workspace *workspace = &lab->workspace;
	workspace->scripts[workspace->script_count++] = script;
}

/* Starting runs. */

static void one_token_starts_one_run_however_often_it_is_submitted(void **state)
{
	struct lab *lab = open_runner(state, false);
	for (int i = 0; i < 3; i++) {
		struct try try;
		submit(lab, &try, 1);
		assert_int_equal(try.submission.outcome, LB_SUBMIT_ACCEPTED);
		assert_string_equal(try.external_id, "9007199254740993");
		char url[128];
		(void)snprintf(url, sizeof(url),
			       "http://127.0.0.1:%d/jobs/555/runs/9007199254740993?o=42",
			       http_peer_port(lab->peer));
		assert_string_equal(try.url, url);
	}
	assert_int_equal(lab->workspace.starts, 1);
	assert_int_equal(lab->workspace.run_nows, 3);
}

static void a_request_says_who_asks_and_what_is_sent(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct try try;
	submit(lab, &try, 1);
	assert_non_null(strstr(lab->workspace.last_head, "\r\nUser-Agent: lakebeat/" LB_VERSION));
	assert_non_null(strstr(lab->workspace.last_head, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(lab->workspace.last_head, "\r\nX-Databricks-Workspace-Id: 42\r\n"));
	json_t *body = json_loads(lab->workspace.last_body, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(body, "job_id")), 555);
	assert_string_equal(json_string_value(json_object_get(body, "idempotency_token")),
			    try.run.token);
	json_decref(body);
}

static void an_answer_that_got_lost_is_asked_for_again(void **state)
{
	struct lab *lab = open_runner(state, false);
	set_script(lab, (struct fake_script){.after = true, .body = ""}); /* closes */
	set_script(lab, (struct fake_script){.status = 200,
					     .after = true,
					     .cut = true,
					     .body = "{\"run_id\": 9007199254740993}"});
	set_script(lab, (struct fake_script){.status = 503, .after = true, .body = "{}"});
	struct try try;
	for (int i = 0; i < 3; i++) {
		submit(lab, &try, 1);
		assert_int_equal(try.submission.outcome, LB_SUBMIT_UNANSWERED);
	}
	submit(lab, &try, 1);
	assert_int_equal(try.submission.outcome, LB_SUBMIT_ACCEPTED);
	assert_int_equal(lab->workspace.starts, 1);
}

static void what_is_no_answer_leaves_the_run_open(void **state)
{
	struct lab *lab = open_runner(state, false);
	static const struct {
		struct fake_script script;
		int64_t retry_after_us;
		const char *text;
	} cases[] = {
		{{.status = 429,
		  .headers = JSON "Retry-After: 7\r\n",
		  .body = "{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\"}"},
		 7 * LB_SECOND,
		 "REQUEST_LIMIT_EXCEEDED"},
		{{.status = 429, .body = "{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\"}"}, 0, "429"},
		{{.status = 500, .body = "{}"}, 0, "500"},
		{{.status = 503, .headers = "Retry-After: 3\r\n", .body = ""},
		 3 * LB_SECOND,
		 "503"},
		{{.status = 200, .headers = "Content-Type: text/html\r\n", .body = "<html>Sign in"},
		 0,
		 "page for people"},
		{{.status = 302, .headers = "Location: /login\r\n", .body = ""}, 0, "domain"},
		{{.status = 200, .body = "{\"run_id\": 90071"}, 0, "not whole"},
		{{.status = 200, .body = "{\"run_id\": \"7\"}"}, 0, "no run_id"},
		{{.status = 200, .body = "{\"run_id\": 0}"}, 0, "no run_id"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct try try;
		set_script(lab, cases[i].script);
		submit(lab, &try, 1);
		assert_outcome(&try, LB_SUBMIT_UNANSWERED, cases[i].text);
		assert_int_equal(try.submission.retry_after_us, cases[i].retry_after_us);
	}
	assert_int_equal(lab->workspace.starts, 0);
}

static void a_definite_no_is_passed_on_with_its_reason(void **state)
{
	struct lab *lab = open_runner(state, false);
	static const struct fake_script scripts[] = {
		{.status = 403,
		 .body = "{\"error_code\": \"PERMISSION_DENIED\", \"message\": \"reason\"}"},
		{.status = 404,
		 .body = "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": \"reason\"}"},
		{.status = 400,
		 .body = "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": \"reason\"}"},
	};
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct try try;
		set_script(lab, scripts[i]);
		submit(lab, &try, 1);
		assert_outcome(&try, LB_SUBMIT_REFUSED, ": reason");
	}
}

static void a_job_without_a_number_is_refused_unasked(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct try try;
	begin(lab, &try, "daily", 1);
	run(lab);
	assert_outcome(&try, LB_SUBMIT_REFUSED, "\"daily\"");
	assert_int_equal(http_peer_requests(lab->peer), 0);
}

static void many_starts_go_in_their_order_and_all_arrive(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct try *tries = calloc(100, sizeof(*tries));
	for (int i = 0; i < 100; i++) {
		begin(lab, &tries[i], "555", i + 1);
	}
	run(lab);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(tries[i].done, 1);
		assert_int_equal(tries[i].submission.outcome, LB_SUBMIT_ACCEPTED);
	}
	assert_int_equal(lab->workspace.starts, 100);
	free(tries);
}

/* Credentials. */

static void a_token_that_is_not_accepted_is_refused_at_once(void **state)
{
	struct lab *lab = open_runner(state, false);
	(void)snprintf(lab->workspace.valid_token, sizeof(lab->workspace.valid_token), "other");
	struct try try;
	submit(lab, &try, 1);
	assert_outcome(&try, LB_SUBMIT_REFUSED, "Invalid access token.; renew the token");
	assert_int_equal(http_peer_requests(lab->peer), 1);
}

static void one_access_token_serves_many_calls(void **state)
{
	struct lab *lab = open_runner(state, true);
	struct try tries[20];
	for (int i = 0; i < 20; i++) {
		begin(lab, &tries[i], "555", i + 1);
	}
	run(lab);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tries[i].submission.outcome, LB_SUBMIT_ACCEPTED);
	}
	assert_int_equal(lab->workspace.oauth_requests, 1);
}

static void an_access_token_that_is_refused_is_renewed_once(void **state)
{
	struct lab *lab = open_runner(state, true);
	struct try tries[20];
	submit(lab, &tries[0], 1);
	(void)snprintf(lab->workspace.valid_token, sizeof(lab->workspace.valid_token), "revoked");
	for (int i = 0; i < 20; i++) {
		begin(lab, &tries[i], "555", i + 1);
	}
	run(lab);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tries[i].submission.outcome, LB_SUBMIT_ACCEPTED);
	}
	assert_int_equal(lab->workspace.oauth_requests, 2);
}

static void an_access_token_that_is_always_refused_is_given_up(void **state)
{
	struct lab *lab = open_runner(state, true);
	set_script(lab, (struct fake_script){.status = 401, .body = "{}"});
	set_script(lab, (struct fake_script){.status = 401, .body = "{}"});
	struct try try;
	submit(lab, &try, 1);
	assert_outcome(&try, LB_SUBMIT_REFUSED, "401");
	assert_int_equal(lab->workspace.oauth_requests, 2);
	assert_int_equal(lab->workspace.run_nows, 2);
}

static void a_client_that_is_not_known_is_a_refusal(void **state)
{
	struct lab *lab = open_runner(state, true);
	lab->workspace.oauth_error = "{\"error\": \"invalid_client\", \"error_description\": "
				     "\"Client authentication failed\"}";
	struct try try;
	submit(lab, &try, 1);
	assert_outcome(&try, LB_SUBMIT_REFUSED, "Client authentication failed");
	assert_int_equal(lab->workspace.run_nows, 0);
}

/* Following runs. */

struct inquiry {
	struct lb_poll poll;
	struct lb_run runs[FAKE_RUNS_MAX];
	char ids[FAKE_RUNS_MAX][32];
	char jobs[FAKE_RUNS_MAX][16];
	struct lab *lab;
	int done;
};

static void on_polled(struct lb_poll *poll)
{
	struct inquiry *inquiry = poll->data;
	inquiry->done++;
	inquiry->lab->under_way--;
}

static void prepare_poll(struct lab *lab, struct inquiry *inquiry, int count)
{
	*inquiry = (struct inquiry){.lab = lab};
	for (int i = 0; i < count; i++) {
		/* From the last to the first, because no order is promised. */
		(void)snprintf(inquiry->ids[i], sizeof(inquiry->ids[i]), "%" PRId64,
			       FAKE_FIRST_RUN_ID + count - 1 - i);
		inquiry->runs[i].external_id = inquiry->ids[i];
		struct lb_run_news *news = lb_list_add(&inquiry->poll.arena, &inquiry->poll.news);
		news->run = &inquiry->runs[i];
	}
	inquiry->poll.done = on_polled;
	inquiry->poll.data = inquiry;
	lab->under_way++;
}

static void begin_poll(struct lab *lab, struct inquiry *inquiry, int count)
{
	prepare_poll(lab, inquiry, count);
	lab->runner->impl->poll(lab->runner, &inquiry->poll);
	assert_int_equal(inquiry->done, 0);
}

static void poll(struct lab *lab, struct inquiry *inquiry, int count)
{
	begin_poll(lab, inquiry, count);
	run(lab);
	assert_int_equal(inquiry->done, 1);
}

static const struct lb_run_news *news_of(const struct inquiry *inquiry, int number)
{
	return &inquiry->poll.news.items[(int)inquiry->poll.news.count - 1 - number];
}

static void start_runs(struct lab *lab, int count)
{
	for (int i = 0; i < count; i++) {
		(void)snprintf(lab->workspace.tokens[i], LB_TOKEN_LENGTH + 1, "%d", i);
	}
	lab->workspace.starts = count;
}

static void one_run_is_asked_about_by_itself(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 1);
	poll(lab, &inquiry, 1);
	assert_true(news_of(&inquiry, 0)->known);
	assert_int_equal(inquiry.poll.error.code, LB_OK);
	assert_int_equal(news_of(&inquiry, 0)->state, LB_RUN_SUBMITTED);
	lb_arena_finish(&inquiry.poll.arena);
	lab->workspace.states[0] = "SUCCESS";
	poll(lab, &inquiry, 1);
	assert_int_equal(news_of(&inquiry, 0)->state, LB_RUN_SUCCEEDED);
	lb_arena_finish(&inquiry.poll.arena);
	assert_int_equal(lab->workspace.gets, 2);
	assert_int_equal(lab->workspace.pages, 0);
}

static void many_runs_are_asked_about_by_pages(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 100);
	lab->workspace.states[7] = "FAILED";
	lab->workspace.states[99] = "CANCELED";
	poll(lab, &inquiry, 100);
	for (int i = 0; i < 100; i++) {
		assert_true(news_of(&inquiry, i)->known);
		assert_int_equal(news_of(&inquiry, i)->state, i == 7    ? LB_RUN_FAILED
							      : i == 99 ? LB_RUN_CANCELED
									: LB_RUN_SUBMITTED);
	}
	lb_arena_finish(&inquiry.poll.arena);
	/* 98 active ones on five pages of 24, the last of which saves nothing. */
	assert_in_range(lab->workspace.pages, 4, 5);
	assert_in_range(lab->workspace.gets, 2, 4);
}

static void a_thousand_runs_take_a_request_for_twenty_at_most(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 1000);
	poll(lab, &inquiry, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_true(news_of(&inquiry, i)->known);
	}
	lb_arena_finish(&inquiry.poll.arena);
	assert_in_range(lab->workspace.pages + lab->workspace.gets, 1000 / 24, 1000 / 20);
}

/* They are in front of all pages: a third is spent on them, and no more. */
static void others_runs_cost_a_third_more_at_most(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 300);
	lab->workspace.others = 100000;
	poll(lab, &inquiry, 300);
	lb_arena_finish(&inquiry.poll.arena);
	assert_int_equal(lab->workspace.gets, 300);
	assert_in_range(lab->workspace.pages, 1, 100);
}

static void a_busy_workspace_does_not_make_polls_dear(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 9);
	lab->workspace.others = 100000;
	poll(lab, &inquiry, 9);
	for (int i = 0; i < 9; i++) {
		assert_true(news_of(&inquiry, i)->known);
	}
	lb_arena_finish(&inquiry.poll.arena);
	assert_int_equal(lab->workspace.gets, 9);
	assert_in_range(lab->workspace.pages, 0, 3);
}

static void a_run_deleted_before_its_answer_came_was_there_and_failed(void **state)
{
	struct lab *lab = open_runner(state, false);
	set_script(lab,
		   (struct fake_script){
			   .status = 400,
			   .body = "{\"error_code\": \"INVALID_PARAMETER_VALUE\", \"message\": "
				   "\"The run of this idempotency_token was deleted.\"}"});
	struct try try;
	submit(lab, &try, 1);
	assert_int_equal(try.submission.outcome, LB_SUBMIT_ACCEPTED);
	assert_string_equal(try.url, "");
	struct inquiry inquiry;
	prepare_poll(lab, &inquiry, 1);
	(void)snprintf(inquiry.ids[0], sizeof(inquiry.ids[0]), "%s", try.external_id);
	lab->runner->impl->poll(lab->runner, &inquiry.poll);
	run(lab);
	assert_true(news_of(&inquiry, 0)->known);
	assert_int_equal(news_of(&inquiry, 0)->state, LB_RUN_FAILED);
	assert_non_null(strstr(news_of(&inquiry, 0)->message, "was deleted there"));
	assert_int_equal(lab->workspace.gets + lab->workspace.pages, 0);
	lb_arena_finish(&inquiry.poll.arena);
}

static void a_run_that_was_deleted_failed(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 1);
	lab->workspace.states[0] = "";
	poll(lab, &inquiry, 1);
	assert_true(news_of(&inquiry, 0)->known);
	assert_int_equal(news_of(&inquiry, 0)->state, LB_RUN_FAILED);
	assert_non_null(strstr(news_of(&inquiry, 0)->message, "does not exist"));
	lb_arena_finish(&inquiry.poll.arena);
}

static void a_workspace_that_does_not_answer_says_nothing_of_runs(void **state)
{
	struct lab *lab = open_runner(state, false);
	static const int statuses[] = {429, 500, 503, 401, 403};
	start_runs(lab, 2);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct inquiry inquiry;
		lab->workspace.bad_get_status = statuses[i];
		poll(lab, &inquiry, 2);
		assert_false(news_of(&inquiry, 0)->known);
		assert_false(news_of(&inquiry, 1)->known);
		assert_non_null(strstr(inquiry.poll.error.message, "the workspace answers"));
		lb_arena_finish(&inquiry.poll.arena);
	}
}

static void a_run_without_a_number_is_not_asked_about_and_failed(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	start_runs(lab, 2);
	begin_poll(lab, &inquiry, 2);
	inquiry.runs[0].external_id = NULL;
	inquiry.runs[1].external_id = "/a/folder";
	run(lab);
	for (int i = 0; i < 2; i++) {
		assert_true(news_of(&inquiry, i)->known);
		assert_int_equal(news_of(&inquiry, i)->state, LB_RUN_FAILED);
		assert_non_null(strstr(news_of(&inquiry, i)->message, "is not known"));
	}
	assert_int_equal(http_peer_requests(lab->peer), 0);
	lb_arena_finish(&inquiry.poll.arena);
}

/* Runs that failed. */

static void begin_look(struct lab *lab, struct inquiry *inquiry, int count)
{
	start_runs(lab, count);
	begin_poll(lab, inquiry, count);
	for (int i = 0; i < count; i++) {
		(void)snprintf(inquiry->jobs[i], sizeof(inquiry->jobs[i]), "%d", 555 + i);
		inquiry->runs[i].trigger_job_id = inquiry->jobs[i];
		inquiry->runs[i].state = i % 2 == 0 ? LB_RUN_FAILED : LB_RUN_CANCELED;
	}
}

static void failed_runs_that_may_not_be_looked_at_stay_as_they_are(void **state)
{
	struct lab *lab = open_runner(state, false);
	struct inquiry inquiry;
	begin_look(lab, &inquiry, 21); /* the fake lists active runs only */
	run(lab);
	assert_int_equal(inquiry.done, 1);
	assert_int_equal(lab->workspace.pages, 1 + 2);
	assert_int_equal(lab->workspace.gets, 0);
	assert_non_null(strstr(inquiry.poll.error.message, "INVALID_PARAMETER_VALUE"));
	for (int i = 0; i < 21; i++) {
		assert_false(news_of(&inquiry, i)->known);
	}
	lb_arena_finish(&inquiry.poll.arena);
}

static void a_destroyed_runner_looks_at_no_failed_run(void **state)
{
	struct lab *lab = open_runner(state, true);
	struct inquiry inquiries[2];
	begin_look(lab, &inquiries[0], 3);
	begin_look(lab, &inquiries[1], 3);
	while (http_peer_requests(lab->peer) == 0) {
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
	}
	close_runner(lab);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_int_equal(inquiries[0].done + inquiries[1].done, 0);
	lb_arena_finish(&inquiries[0].poll.arena);
	lb_arena_finish(&inquiries[1].poll.arena);
}

/* Ends. */

static void a_destroyed_runner_answers_nobody(void **state)
{
	struct lab *lab = open_runner(state, true);
	struct try tries[3];
	struct inquiry inquiries[2];
	start_runs(lab, 9);
	begin(lab, &tries[0], "555", 101);
	begin(lab, &tries[1], "555", 102);
	begin_poll(lab, &inquiries[0], 9);
	while (http_peer_requests(lab->peer) == 0) {
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
	}
	begin(lab, &tries[2], "555", 103);
	begin_poll(lab, &inquiries[1], 9);
	close_runner(lab);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_int_equal(tries[0].done + tries[1].done + tries[2].done, 0);
	assert_int_equal(inquiries[0].done + inquiries[1].done, 0);
	lb_arena_finish(&inquiries[0].poll.arena);
	lb_arena_finish(&inquiries[1].poll.arena);
}

static void destroy_runner(struct lb_submission *submission)
{
	struct try *try = submission->data;
	close_runner(try->lab);
	on_done(submission);
	try->lab->under_way = 0;
}

static void a_runner_may_be_destroyed_by_the_answer(void **state)
{
	struct lab *lab = open_runner(state, true);
	static const char *const jobs[] = {"daily", "555"};
	lab->workspace.oauth_error = "{}";
	struct try tries[3];
	begin(lab, &tries[0], jobs[1], 1);
	begin(lab, &tries[1], jobs[1], 2);
	begin(lab, &tries[2], jobs[1], 3);
	tries[0].submission.done = destroy_runner;
	run(lab);
	assert_int_equal(tries[0].done, 1);
	assert_int_equal(tries[1].done + tries[2].done, 0);
	assert_true(tries[0].submission.outcome != LB_SUBMIT_ACCEPTED);
}

static void lack_of_memory_anywhere_ends_in_an_answer(void **state)
{
	struct lab *lab = open_runner(state, true);
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		struct try try;
		struct inquiry inquiry;
		begin(lab, &try, "555", 1);
		begin_poll(lab, &inquiry, 4);
		memory_fail_after(count);
		run(lab);
		failed = memory_restore();
		assert_int_equal(try.done, 1);
		assert_int_equal(inquiry.done, 1);
		assert_int_not_equal(try.submission.outcome, LB_SUBMIT_REFUSED);
		lb_arena_finish(&inquiry.poll.arena);
	}
	assert_int_equal(lab->workspace.starts, 1);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	PROMISE(one_token_starts_one_run_however_often_it_is_submitted),
	PROMISE(a_request_says_who_asks_and_what_is_sent),
	PROMISE(an_answer_that_got_lost_is_asked_for_again),
	PROMISE(what_is_no_answer_leaves_the_run_open),
	PROMISE(a_definite_no_is_passed_on_with_its_reason),
	PROMISE(a_job_without_a_number_is_refused_unasked),
	PROMISE(many_starts_go_in_their_order_and_all_arrive),
	PROMISE(a_token_that_is_not_accepted_is_refused_at_once),
	PROMISE(one_access_token_serves_many_calls),
	PROMISE(an_access_token_that_is_refused_is_renewed_once),
	PROMISE(an_access_token_that_is_always_refused_is_given_up),
	PROMISE(a_client_that_is_not_known_is_a_refusal),
	PROMISE(one_run_is_asked_about_by_itself),
	PROMISE(many_runs_are_asked_about_by_pages),
	PROMISE(a_thousand_runs_take_a_request_for_twenty_at_most),
	PROMISE(others_runs_cost_a_third_more_at_most),
	PROMISE(a_busy_workspace_does_not_make_polls_dear),
	PROMISE(a_run_deleted_before_its_answer_came_was_there_and_failed),
	PROMISE(a_run_that_was_deleted_failed),
	PROMISE(a_workspace_that_does_not_answer_says_nothing_of_runs),
	PROMISE(a_run_without_a_number_is_not_asked_about_and_failed),
	PROMISE(failed_runs_that_may_not_be_looked_at_stay_as_they_are),
	PROMISE(a_destroyed_runner_looks_at_no_failed_run),
	PROMISE(a_destroyed_runner_answers_nobody),
	PROMISE(a_runner_may_be_destroyed_by_the_answer),
	PROMISE(lack_of_memory_anywhere_ends_in_an_answer),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
