#include "runners/command/runner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define POLL_INTERVAL_US (1000 * 1000)

static void runner_free(struct lb_command_runner *runner)
{
	if (runner->null >= 0) {
		(void)close(runner->null);
	}
	lb_command_settings_finish(&runner->settings);
	lb_free(runner);
}

void lb_command_runner_release(struct lb_command_runner *runner)
{
	if (--runner->handles == 0) {
		runner_free(runner);
	}
}

void lb_command_runner_notice_ends(struct lb_command_runner *runner)
{
	if (lb_command_children_reap(&runner->children) && !runner->destroyed &&
	    runner->base.on_activity != NULL) {
		runner->base.on_activity(&runner->base, runner->base.data);
	}
}

static void on_next_turn(uv_idle_t *handle)
{
	struct lb_command_runner *runner = handle->data;
	struct lb_command_turned_away list = runner->turned_away;
	runner->turned_away = (struct lb_command_turned_away){0};
	(void)uv_idle_stop(handle);
	while (list.submissions != NULL && !runner->destroyed) {
		struct lb_submission *submission = list.submissions;
		list.submissions = submission->next;
		submission->done(submission);
	}
	while (list.polls != NULL && !runner->destroyed) {
		struct lb_poll *poll = list.polls;
		list.polls = poll->next;
		poll->done(poll);
	}
}

void lb_command_runner_turn_away(struct lb_command_runner *runner, struct lb_submission *submission,
				 struct lb_poll *poll)
{
	if (submission != NULL) {
		submission->next = runner->turned_away.submissions;
		runner->turned_away.submissions = submission;
	}
	if (poll != NULL) {
		poll->next = runner->turned_away.polls;
		runner->turned_away.polls = poll;
	}
	(void)uv_idle_start(&runner->next_turn, on_next_turn);
}

static void on_child_signal(uv_signal_t *handle, int number)
{
	(void)number;
	lb_command_runner_notice_ends(handle->data);
}

static void on_handle_closed(uv_handle_t *handle)
{
	lb_command_runner_release(handle->data);
}

static void command_destroy(struct lb_runner *base)
{
	struct lb_command_runner *runner = lb_command_runner(base);
	runner->destroyed = true;
	lb_command_forget_requests(runner);
	runner->turned_away = (struct lb_command_turned_away){0};
	lb_command_children_orphan(&runner->children);
	uv_close((uv_handle_t *)&runner->next_turn, on_handle_closed);
	uv_close((uv_handle_t *)&runner->child_signal, on_handle_closed);
}

static const struct lb_runner_impl impl = {
	.kind = "command",
	.submit = lb_command_submit,
	.poll = lb_command_poll,
	.destroy = command_destroy,
};

struct lb_command_runner *lb_command_runner(struct lb_runner *runner)
{
	assert(runner->impl == &impl);
	return (struct lb_command_runner *)runner;
}

/* Nothing is open when it fails. */
static enum lb_err open_handles(struct lb_command_runner *runner, struct lb_error *error)
{
	int failure = uv_signal_init(runner->loop, &runner->child_signal);
	if (failure != 0) {
		return lb_fail(error, LB_UNAVAILABLE, "cannot watch child processes: %s",
			       uv_strerror(failure));
	}
	(void)uv_idle_init(runner->loop, &runner->next_turn);
	runner->handles = 2;
	runner->child_signal.data = runner;
	runner->next_turn.data = runner;
	/* Fails only on a wrong signal number. */
	(void)uv_signal_start(&runner->child_signal, on_child_signal, SIGCHLD);
	uv_unref((uv_handle_t *)&runner->child_signal);
	return LB_OK;
}

static enum lb_err runner_open(struct lb_command_runner *runner,
			       const struct lb_command_options *options, struct lb_error *error)
{
	enum lb_err err = lb_command_settings_init(&runner->settings, options, error);
	if (err != LB_OK) {
		return err;
	}
	runner->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (runner->null < 0) {
		return lb_fail(error, LB_IO, "cannot open /dev/null: %s", strerror(errno));
	}
	return open_handles(runner, error);
}

enum lb_err lb_command_runner_create(uv_loop_t *loop, const struct lb_command_options *options,
				     struct lb_runner **ret_runner, struct lb_error *error)
{
	struct lb_command_runner *runner = lb_alloc(sizeof(*runner));
	if (runner == NULL) {
		return lb_fail_nomem(error);
	}
	runner->loop = loop;
	runner->null = -1;
	lb_command_queue_init(&runner->waiting);
	enum lb_err err = runner_open(runner, options, error);
	if (err != LB_OK) {
		(void)lb_wrap(error, "runner %s", options->name);
		runner_free(runner);
		return err;
	}
	runner->base.impl = &impl;
	runner->base.name = runner->settings.name;
	runner->base.max_parallel = options->max_parallel;
	runner->base.poll_interval_us = POLL_INTERVAL_US;
	runner->keep_us = options->keep_us;
	*ret_runner = &runner->base;
	return LB_OK;
}
