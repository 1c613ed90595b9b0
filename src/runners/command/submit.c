#include "runners/command/request.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Starts whose supervisors have not reported yet. More at a time would take
 * descriptors and processors from those under way, not start anything sooner. */
#define STARTS_MAX 32

void lb_command_queue_init(struct lb_command_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_add(struct lb_command_queue *queue, struct lb_command_request *request)
{
	request->next = NULL;
	*queue->end = request;
	queue->end = &request->next;
}

static struct lb_command_request *queue_take(struct lb_command_queue *queue)
{
	struct lb_command_request *request = queue->first;
	queue->first = request->next;
	if (queue->first == NULL) {
		queue->end = &queue->first;
	}
	return request;
}

/* Answers. done may destroy the runner, whose memory stays until the loop turns. */

static void answer(struct lb_command_request *request)
{
	struct lb_submission *submission = request->submission;
	request->submission = NULL;
	if (submission != NULL) {
		submission->done(submission);
	}
}

static void answer_accepted(struct lb_command_request *request, int64_t job)
{
	struct lb_submission *submission = request->submission;
	if (submission == NULL) {
		return;
	}
	submission->outcome = LB_SUBMIT_ACCEPTED;
	submission->external_id =
		job > 0 ? lb_arena_printf(&request->start.arena, "%" PRId64, job) : NULL;
	submission->url = request->start.launch.run_path;
	answer(request);
}

static void answer_failed(struct lb_command_request *request, enum lb_submit_outcome outcome,
			  const struct lb_error *error)
{
	if (request->submission != NULL) {
		request->submission->outcome = outcome;
		request->submission->error = *error;
		answer(request);
	}
}

/* Reports of supervisors. */

static void unlink_under_way(struct lb_command_request *request)
{
	struct lb_command_request **link = &request->runner->under_way;
	while (*link != request) {
		link = &(*link)->next;
	}
	*link = request->next;
	request->runner->under_way_count--;
}

static void on_report_closed(uv_handle_t *handle)
{
	struct lb_command_request *request = handle->data;
	struct lb_command_runner *runner = request->runner;
	lb_command_request_free(request);
	lb_command_runner_release(runner);
}

static void close_report(struct lb_command_request *request)
{
	(void)uv_poll_stop(&request->report);
	(void)close(request->launched.report);
	uv_close((uv_handle_t *)&request->report, on_report_closed);
}

static void launch_waiting(struct lb_command_runner *runner);

/* A supervisor that could not claim has changed nothing. One that died before it
 * could report may have claimed: the next request will see. */
static void answer_from(struct lb_command_request *request, const struct lb_command_report *report)
{
	struct lb_error error = {0};
	const char *run_path = request->start.launch.run_path;
	if (report == NULL) {
		(void)lb_fail(&error, LB_UNAVAILABLE,
			      "the supervisor of %s died before it reported", run_path);
		answer_failed(request, LB_SUBMIT_UNANSWERED, &error);
	} else if (report->outcome == LB_NOT_CLAIMED) {
		(void)lb_fail(&error, report->number == ENOSPC ? LB_FULL : LB_IO,
			      "the supervisor of %s cannot %s: %s", run_path,
			      lb_command_step_text(report->step), strerror(report->number));
		answer_failed(request, LB_SUBMIT_UNANSWERED, &error);
	} else {
		answer_accepted(request, report->job);
	}
}

static void on_report(uv_poll_t *handle, int status, int events)
{
	(void)events;
	struct lb_command_request *request = handle->data;
	struct lb_command_runner *runner = request->runner;
	struct lb_command_report report;
	ssize_t count = read(request->launched.report, &report, sizeof(report));
	if (status == 0 && count < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	close_report(request);
	unlink_under_way(request);
	answer_from(request, count == (ssize_t)sizeof(report) ? &report : NULL);
	launch_waiting(runner);
}

/* Launching: a batch at a time, on one worker, so that order is kept. */

static void await_report(struct lb_command_request *request)
{
	struct lb_command_runner *runner = request->runner;
	request->child->pid = request->launched.supervisor;
	lb_command_children_add(&runner->children, request->child);
	request->child = NULL;
	if (runner->destroyed) {
		(void)close(request->launched.report);
		lb_command_request_free(request);
		return;
	}
	int failure = uv_poll_init(runner->loop, &request->report, request->launched.report);
	if (failure == 0) {
		request->report.data = request;
		request->next = runner->under_way;
		runner->under_way = request;
		runner->under_way_count++;
		runner->handles++;
		(void)uv_poll_start(&request->report, UV_READABLE | UV_DISCONNECT, on_report);
		return;
	}
	struct lb_error error = {0};
	(void)lb_fail(&error, LB_UNAVAILABLE, "cannot watch the start of %s: %s",
		      request->start.launch.run_path, uv_strerror(failure));
	(void)close(request->launched.report);
	answer_failed(request, LB_SUBMIT_UNANSWERED, &error);
	lb_command_request_free(request);
}

static void settle_launched(struct lb_command_request *request)
{
	const struct lb_command_launched *launched = &request->launched;
	if (launched->result == LB_LAUNCH_FORKED) {
		await_report(request);
		return;
	}
	if (launched->result == LB_LAUNCH_CLAIMED) {
		answer_accepted(request, launched->job);
	} else {
		answer_failed(request, launched->outcome, &launched->error);
	}
	lb_command_request_free(request);
}

static void execute_launches(uv_work_t *work)
{
	struct lb_command_runner *runner = work->data;
	for (struct lb_command_request *request = runner->launching; request != NULL;
	     request = request->next) {
		request->launched = lb_command_launch(&request->start);
	}
}

/* A supervisor's end may have been signalled before its pid was known here. */
static void on_launched(uv_work_t *work, int status)
{
	(void)status;
	struct lb_command_runner *runner = work->data;
	while (runner->launching != NULL) {
		struct lb_command_request *request = runner->launching;
		runner->launching = request->next;
		settle_launched(request);
	}
	lb_command_runner_notice_ends(runner);
	if (runner->destroyed) {
		lb_command_children_orphan(&runner->children);
	}
	runner->launch_busy = false;
	launch_waiting(runner);
	lb_command_runner_release(runner);
}

static void launch_waiting(struct lb_command_runner *runner)
{
	size_t room = STARTS_MAX - runner->under_way_count;
	if (runner->destroyed || runner->launch_busy || runner->waiting.first == NULL ||
	    room == 0) {
		return;
	}
	struct lb_command_queue batch;
	lb_command_queue_init(&batch);
	for (; room > 0 && runner->waiting.first != NULL; room--) {
		queue_add(&batch, queue_take(&runner->waiting));
	}
	runner->launching = batch.first;
	runner->launch_busy = true;
	runner->handles++;
	runner->launch_work.data = runner;
	/* Fails only without a callback. */
	(void)uv_queue_work(runner->loop, &runner->launch_work, execute_launches, on_launched);
}

static void refuse(struct lb_command_runner *runner, struct lb_submission *submission,
		   const struct lb_error *error)
{
	submission->outcome = error->code == LB_NOMEM ? LB_SUBMIT_UNANSWERED : LB_SUBMIT_REFUSED;
	submission->error = *error;
	lb_command_runner_turn_away(runner, submission, NULL);
}

void lb_command_submit(struct lb_runner *base, struct lb_submission *submission)
{
	struct lb_command_runner *runner = lb_command_runner(base);
	struct lb_error error = {0};
	struct lb_command_request *request = NULL;
	if (lb_command_request_create(runner, submission, &request, &error) != LB_OK) {
		refuse(runner, submission, &error);
		return;
	}
	queue_add(&runner->waiting, request);
	launch_waiting(runner);
}

void lb_command_forget_requests(struct lb_command_runner *runner)
{
	while (runner->waiting.first != NULL) {
		lb_command_request_free(queue_take(&runner->waiting));
	}
	for (struct lb_command_request *request = runner->launching; request != NULL;
	     request = request->next) {
		request->submission = NULL;
	}
	while (runner->under_way != NULL) {
		struct lb_command_request *request = runner->under_way;
		request->submission = NULL;
		close_report(request);
		unlink_under_way(request);
	}
}
