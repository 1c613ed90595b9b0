/* When access tokens are renewed, by a clock that the test turns: the workspace sees no
 * request with one that has expired. */
#include "base/time.h"
#include "host/host.h"
#include "runners/databricks/databricks.h"
#include "support/cmocka.h"
#include "support/fake_workspace.h"
#include "support/http_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 500

/* clock: the host's, ahead_us ahead. drift_us: how much further the workspace's is. */
struct lab {
	struct lb_clock clock;
	int64_t ahead_us;
	int64_t drift_us;
	uv_loop_t loop;
	struct http_peer *peer;
	struct lb_host *host;
	struct lb_http *http;
	struct lb_runner *runner;
	struct fake_workspace workspace;
	struct lb_event_list no_events;
	int run_no;
	int under_way;
	int not_accepted;
};

static struct lab *lab_of(struct lb_clock *clock)
{
	return (struct lab *)clock; /* its first member */
}

static int64_t turned_now(struct lb_clock *clock)
{
	struct lb_clock *host = lb_host_clock(lab_of(clock)->host);
	return host->impl->now(host) + lab_of(clock)->ahead_us;
}

static int64_t turned_monotonic(struct lb_clock *clock)
{
	struct lb_clock *host = lb_host_clock(lab_of(clock)->host);
	return host->impl->monotonic(host) + lab_of(clock)->ahead_us;
}

static void turned_set_alarm(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us)
{
	struct lb_clock *host = lb_host_clock(lab_of(clock)->host);
	host->impl->set_alarm(host, alarm,
			      at_us == INT64_MAX ? at_us : at_us - lab_of(clock)->ahead_us);
}

static const struct lb_clock_impl turned = {
	.now = turned_now,
	.monotonic = turned_monotonic,
	.set_alarm = turned_set_alarm,
};

/* Time stands still in the workspace but for this. */
static void turn(struct lab *lab, int64_t by_us)
{
	lab->ahead_us += by_us;
	fake_workspace_set_clock(&lab->workspace, turned_monotonic(&lab->clock) + lab->drift_us);
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	const struct lb_http_options options = {.timeout_us = 60 * LB_SECOND};
	struct lb_error error;
	lab->clock.impl = &turned;
	fake_workspace_init(&lab->workspace);
	lab->peer = http_peer_start(NULL, NULL);
	http_peer_serve(lab->peer, fake_workspace_serve, &lab->workspace);
	*state = lab;
	return uv_loop_init(&lab->loop) != 0 ||
	       lb_host_create(&lab->loop, &lab->host, &error) != LB_OK ||
	       lb_http_create(&lab->loop, &options, &lab->http, &error) != LB_OK;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	if (lab->runner != NULL) {
		lab->runner->impl->destroy(lab->runner);
	}
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

static struct lab *open_runner(void **state, const char *expires_in)
{
	struct lab *lab = *state;
	char domain[64];
	(void)snprintf(domain, sizeof(domain), "http://127.0.0.1:%d", http_peer_port(lab->peer));
	const struct lb_databricks_settings settings = {
		.domain = {domain, NULL},
		.client_id = {"id", NULL},
		.client_secret = {"secret-client", NULL},
	};
	const struct lb_databricks_options options = {.name = "workspace",
						      .poll_interval_us = LB_SECOND};
	struct lb_databricks_credentials credentials;
	struct lb_error error = {0};
	lab->workspace.expires_in = expires_in;
	assert_int_equal(
		lb_databricks_credentials_find(&settings, no_variable, &credentials, &error),
		LB_OK);
	assert_int_equal(lb_databricks_runner_create(&lab->clock, lab->http, &options, &credentials,
						     &lab->runner, &error),
			 LB_OK);
	turn(lab, 0);
	return lab;
}

struct start {
	struct lb_submission submission;
	struct lb_run run;
	struct lab *lab;
};

static void on_done(struct lb_submission *submission)
{
	struct start *start = submission->data;
	start->lab->under_way--;
	start->lab->not_accepted += submission->outcome != LB_SUBMIT_ACCEPTED;
}

/* Has so many runs started at once, all of which the workspace accepts. */
static void start_runs(struct lab *lab, int count)
{
	struct start *starts = calloc((size_t)count, sizeof(*starts));
	for (int i = 0; i < count; i++) {
		struct start *start = &starts[i];
		start->lab = lab;
		start->run.trigger_job_id = "555";
		start->run.run_no = ++lab->run_no;
		(void)snprintf(start->run.token, sizeof(start->run.token), "%064d", lab->run_no);
		start->submission = (struct lb_submission){.run = &start->run,
							   .events = &lab->no_events,
							   .done = on_done,
							   .data = start};
		lab->under_way++;
		lab->runner->impl->submit(lab->runner, &start->submission);
	}
	while (lab->under_way > 0) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	free(starts);
	assert_int_equal(lab->not_accepted, 0);
}

/* A new token is fetched beside the requests that still use the old one: until one uses it. */
static void start_runs_until_token(struct lab *lab, int number)
{
	for (int i = 0; i < TRIES_MAX && lab->workspace.last_token_used < number; i++) {
		start_runs(lab, 1);
	}
	assert_int_equal(lab->workspace.last_token_used, number);
}

static void assert_seen(struct lab *lab, int tokens, int expired)
{
	assert_int_equal(lab->workspace.oauth_requests, tokens);
	assert_int_equal(lab->workspace.expired_tokens_seen, expired);
}

static void a_token_is_used_until_twenty_minutes_before_its_end_and_then_renewed(void **state)
{
	struct lab *lab = open_runner(state, "3600");
	start_runs(lab, 5);
	turn(lab, 30 * LB_MINUTE);
	start_runs(lab, 5);
	assert_seen(lab, 1, 0);
	turn(lab, 11 * LB_MINUTE);
	start_runs_until_token(lab, 2);
	assert_seen(lab, 2, 0);
	turn(lab, 30 * LB_MINUTE);
	start_runs(lab, 5);
	assert_seen(lab, 2, 0);
}

static void in_a_long_day_no_request_carries_an_expired_token(void **state)
{
	static const char *const lives[] = {"3600", "300", "20"};
	static const int64_t steps_us[] = {5 * LB_MINUTE, LB_MINUTE, 7 * LB_SECOND};
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct lab *lab = open_runner(state, lives[i]);
		for (int step = 0; step < 50; step++) {
			start_runs(lab, 2);
			turn(lab, steps_us[i]);
		}
		assert_int_equal(lab->workspace.expired_tokens_seen, 0);
		assert_in_range(lab->workspace.oauth_requests, 2, 100 * (i + 1));
		lab->runner->impl->destroy(lab->runner);
		lab->runner = NULL;
	}
}

static void after_a_long_sleep_one_new_token_serves_all_that_wait(void **state)
{
	struct lab *lab = open_runner(state, "3600");
	start_runs(lab, 1);
	turn(lab, 5 * LB_HOUR);
	start_runs(lab, 20);
	assert_seen(lab, 2, 0);
}

/* The workspace's clock went further than ours. */
static void a_token_that_expired_without_our_knowing_makes_one_renewal(void **state)
{
	struct lab *lab = open_runner(state, "3600");
	start_runs(lab, 1);
	lab->drift_us = 2 * LB_HOUR;
	turn(lab, 0);
	start_runs(lab, 20);
	assert_int_equal(lab->workspace.oauth_requests, 2);
	assert_in_range(lab->workspace.expired_tokens_seen, 1, 20);
	assert_int_equal(lab->workspace.run_nows, 21);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE(a_token_is_used_until_twenty_minutes_before_its_end_and_then_renewed),
		PROMISE(in_a_long_day_no_request_carries_an_expired_token),
		PROMISE(after_a_long_sleep_one_new_token_serves_all_that_wait),
		PROMISE(a_token_that_expired_without_our_knowing_makes_one_renewal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
