#include "runners/databricks/databricks.h"

#include "runners/databricks/runner.h"

#include <assert.h>

static const struct lb_runner_impl impl;

static struct lb_databricks_runner *runner_of(struct lb_runner *base)
{
	assert(base->impl == &impl);
	return (struct lb_databricks_runner *)base;
}

static int64_t monotonic_us(void)
{
	return (int64_t)(uv_hrtime() / 1000);
}

static void runner_free(struct lb_databricks_runner *runner)
{
	lb_databricks_auth_destroy(runner->workspace.auth);
	lb_databricks_credentials_finish(&runner->credentials);
	lb_free(runner->name);
	lb_free(runner);
}

static void begin_polls(struct lb_databricks_runner *runner)
{
	struct lb_poll *polls = runner->polls;
	runner->polls = NULL;
	runner->polls_end = &runner->polls;
	while (!runner->destroyed && polls != NULL) {
		struct lb_poll *poll = polls;
		polls = poll->next;
		lb_databricks_inquire(runner, poll);
	}
}

static void on_timer(uv_timer_t *timer);

static void begin_starts(struct lb_databricks_runner *runner)
{
	while (!runner->destroyed && runner->submissions != NULL) {
		int64_t wait_us;
		if (!lb_databricks_rate_take(&runner->rate, monotonic_us(), &wait_us)) {
			(void)uv_timer_start(&runner->timer, on_timer,
					     (uint64_t)(wait_us / 1000 + 1), 0);
			return;
		}
		struct lb_submission *submission = runner->submissions;
		runner->submissions = submission->next;
		if (runner->submissions == NULL) {
			runner->submissions_end = &runner->submissions;
		}
		lb_databricks_start(runner, submission);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct lb_databricks_runner *runner = timer->data;
	begin_polls(runner);
	begin_starts(runner);
}

static void begin_soon(struct lb_databricks_runner *runner)
{
	(void)uv_timer_start(&runner->timer, on_timer, 0, 0);
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

static void on_closed(uv_handle_t *handle)
{
	runner_free(handle->data);
}

static void databricks_destroy(struct lb_runner *base)
{
	struct lb_databricks_runner *runner = runner_of(base);
	runner->destroyed = true;
	runner->submissions = NULL;
	runner->polls = NULL;
	lb_databricks_forget_starts(runner);
	lb_databricks_forget_inquiries(runner);
	lb_databricks_auth_stop(runner->workspace.auth);
	uv_close((uv_handle_t *)&runner->timer, on_closed);
}

static const struct lb_runner_impl impl = {
	.kind = "databricks",
	.submit = databricks_submit,
	.poll = databricks_poll,
	.destroy = databricks_destroy,
};

static enum lb_err open_runner(struct lb_databricks_runner *runner, struct lb_http *http,
			       const struct lb_databricks_options *options, struct lb_error *error)
{
	runner->name = lb_strdup(options->name);
	if (runner->name == NULL) {
		return lb_fail_nomem(error);
	}
	runner->workspace.http = http;
	runner->workspace.domain = &runner->credentials.domain;
	return lb_databricks_auth_create(http, &runner->credentials, &runner->workspace.auth,
					 error);
}

static void take_options(struct lb_databricks_runner *runner,
			 const struct lb_databricks_options *options)
{
	runner->base.impl = &impl;
	runner->base.name = runner->name;
	runner->base.max_parallel = options->max_parallel;
	runner->base.poll_interval_us = options->poll_interval_us;
	runner->job_parameters = options->job_parameters;
	runner->queue = options->queue;
	runner->submissions_end = &runner->submissions;
	runner->polls_end = &runner->polls;
	lb_databricks_rate_init(&runner->rate, options->starts_per_second, monotonic_us());
}

enum lb_err lb_databricks_runner_create(uv_loop_t *loop, struct lb_http *http,
					const struct lb_databricks_options *options,
					struct lb_databricks_credentials *credentials,
					struct lb_runner **ret_runner, struct lb_error *error)
{
	struct lb_databricks_runner *runner = lb_alloc(sizeof(*runner));
	if (runner == NULL) {
		lb_databricks_credentials_finish(credentials);
		return lb_fail_nomem(error);
	}
	runner->loop = loop;
	runner->credentials = *credentials;
	*credentials = (struct lb_databricks_credentials){0};
	enum lb_err err = open_runner(runner, http, options, error);
	if (err != LB_OK) {
		runner_free(runner);
		return err;
	}
	take_options(runner, options);
	(void)uv_timer_init(loop, &runner->timer); /* cannot fail */
	runner->timer.data = runner;
	*ret_runner = &runner->base;
	return LB_OK;
}
