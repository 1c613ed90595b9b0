#include "runners/databricks/databricks.h"

#include "runners/databricks/runner.h"

#include <assert.h>

static const struct lb_runner_impl impl;

static struct lb_databricks_runner *runner_of(struct lb_runner *base)
{
	assert(base->impl == &impl);
	return (struct lb_databricks_runner *)base;
}

static void set_alarm(struct lb_databricks_runner *runner, int64_t at_us)
{
	struct lb_clock *clock = runner->workspace.clock;
	clock->impl->set_alarm(clock, &runner->alarm, at_us);
}

static int64_t monotonic_us(const struct lb_databricks_runner *runner)
{
	struct lb_clock *clock = runner->workspace.clock;
	return clock->impl->monotonic(clock);
}

static void runner_free(struct lb_databricks_runner *runner)
{
	lb_databricks_auth_destroy(runner->workspace.auth);
	lb_databricks_credentials_finish(&runner->credentials);
	lb_free(runner->name);
	lb_free(runner);
}

/* Around whatever answers and goes on: an answer may destroy the runner. Within each other,
 * all hear of it. */
static bool *enter(struct lb_databricks_runner *runner, bool *gone)
{
	bool *outer = runner->gone;
	runner->gone = gone;
	return outer;
}

static void leave(struct lb_databricks_runner *runner, const bool *gone, bool *outer)
{
	if (!*gone) {
		runner->gone = outer;
	} else if (outer != NULL) {
		*outer = true;
	}
}

static void begin_polls(struct lb_databricks_runner *runner, const bool *gone)
{
	struct lb_poll *polls = runner->polls;
	runner->polls = NULL;
	runner->polls_end = &runner->polls;
	while (!*gone && polls != NULL) {
		struct lb_poll *poll = polls;
		polls = poll->next;
		lb_databricks_inquire(runner, poll);
	}
}

static struct lb_submission *take_submission(struct lb_databricks_runner *runner)
{
	struct lb_submission *submission = runner->submissions;
	runner->submissions = submission->next;
	if (runner->submissions == NULL) {
		runner->submissions_end = &runner->submissions;
	}
	return submission;
}

static void begin_starts(struct lb_databricks_runner *runner, const bool *gone)
{
	while (!*gone && runner->submissions != NULL) {
		int64_t now_us = monotonic_us(runner);
		int64_t wait_us;
		if (!lb_databricks_rate_take(&runner->rate, now_us, &wait_us)) {
			set_alarm(runner, now_us + wait_us);
			return;
		}
		lb_databricks_start(runner, take_submission(runner));
	}
}

static void decline_all(struct lb_databricks_runner *runner,
			const struct lb_databricks_reply *failure, const bool *gone)
{
	while (!*gone && runner->submissions != NULL) {
		lb_databricks_decline(take_submission(runner), failure);
	}
}

/* Starts count as they are sent: those that waited for credentials would all go at once. */
static void on_ready(struct lb_databricks_waiter *waiter, const char *header,
		     const struct lb_databricks_reply *failure)
{
	struct lb_databricks_runner *runner =
		(void *)((char *)waiter - offsetof(struct lb_databricks_runner, waiter));
	bool gone = false;
	bool *outer = enter(runner, &gone);
	if (header != NULL) {
		begin_starts(runner, &gone);
	} else {
		decline_all(runner, failure, &gone);
	}
	leave(runner, &gone, outer);
}

static void on_alarm(void *data)
{
	struct lb_databricks_runner *runner = data;
	bool gone = false;
	bool *outer = enter(runner, &gone);
	begin_polls(runner, &gone);
	if (!gone && runner->submissions != NULL && !runner->waiter.waiting) {
		lb_databricks_auth_want(runner->workspace.auth, &runner->waiter);
	}
	leave(runner, &gone, outer);
}

static void begin_soon(struct lb_databricks_runner *runner)
{
	set_alarm(runner, monotonic_us(runner));
}

static void databricks_submit(struct lb_runner *base, struct lb_submission *submission)
{
	struct lb_databricks_runner *runner = runner_of(base);
	submission->next = NULL;
	*runner->submissions_end = submission;
	runner->submissions_end = &submission->next;
	begin_soon(runner);
}

static void databricks_poll(struct lb_runner *base, struct lb_poll *poll)
{
	struct lb_databricks_runner *runner = runner_of(base);
	poll->next = NULL;
	*runner->polls_end = poll;
	runner->polls_end = &poll->next;
	begin_soon(runner);
}

static void databricks_destroy(struct lb_runner *base)
{
	struct lb_databricks_runner *runner = runner_of(base);
	if (runner->gone != NULL) {
		*runner->gone = true;
	}
	set_alarm(runner, INT64_MAX);
	lb_databricks_forget_starts(runner);
	lb_databricks_forget_inquiries(runner);
	lb_databricks_forget_revivals(runner);
	lb_databricks_auth_cancel(runner->workspace.auth, &runner->waiter);
	lb_databricks_auth_stop(runner->workspace.auth);
	runner_free(runner);
}

static const struct lb_runner_impl impl = {
	.kind = "databricks",
	.submit = databricks_submit,
	.poll = databricks_poll,
	.destroy = databricks_destroy,
};

static enum lb_err open_runner(struct lb_databricks_runner *runner,
			       const struct lb_databricks_options *options, struct lb_error *error)
{
	runner->name = lb_strdup(options->name);
	if (runner->name == NULL) {
		return lb_fail_nomem(error);
	}
	runner->workspace.domain = &runner->credentials.domain;
	return lb_databricks_auth_create(runner->workspace.clock, runner->workspace.http,
					 &runner->credentials, &runner->workspace.auth, error);
}

static void take_options(struct lb_databricks_runner *runner,
			 const struct lb_databricks_options *options)
{
	runner->base.impl = &impl;
	runner->base.name = runner->name;
	runner->base.max_parallel = options->max_parallel;
	runner->base.poll_interval_us = options->poll_interval_us;
	runner->base.revive_interval_us = options->revive_interval_us;
	runner->job_parameters = options->job_parameters;
	runner->queue = options->queue;
	runner->submissions_end = &runner->submissions;
	runner->polls_end = &runner->polls;
	lb_databricks_rate_init(&runner->rate, options->starts_per_second, monotonic_us(runner));
	runner->waiter.ready = on_ready;
	runner->alarm = (struct lb_alarm){.on_alarm = on_alarm, .data = runner};
}

enum lb_err lb_databricks_runner_create(struct lb_clock *clock, struct lb_http *http,
					const struct lb_databricks_options *options,
					struct lb_databricks_credentials *credentials,
					struct lb_runner **ret_runner, struct lb_error *error)
{
	struct lb_databricks_runner *runner = lb_alloc(sizeof(*runner));
	if (runner == NULL) {
		lb_databricks_credentials_finish(credentials);
		return lb_fail_nomem(error);
	}
	runner->workspace.clock = clock;
	runner->workspace.http = http;
	runner->credentials = *credentials;
	*credentials = (struct lb_databricks_credentials){0};
	enum lb_err err = open_runner(runner, options, error);
	if (err != LB_OK) {
		runner_free(runner);
		return err;
	}
	take_options(runner, options);
	*ret_runner = &runner->base;
	return LB_OK;
}
