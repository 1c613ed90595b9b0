#include "runners/command/request.h"
#include "runners/command/sweep.h"

#include <inttypes.h>

/* How many requests a worker gets at a time: their answers come together, and the
 * first one should not wait long for the last. */
#define BATCH_MAX 16

/* How often a long-lived process looks whether a sweep is due; the sweep itself
 * happens once a day. */
#define SWEEP_INTERVAL_US ((int64_t)3600 * 1000 * 1000)

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

/* done may destroy the runner, whose memory stays until the loop turns. */
static void answer(struct lb_command_request *request)
{
	const struct lb_command_launched *launched = &request->launched;
	struct lb_submission *submission = request->submission;
	if (submission == NULL) {
		return;
	}
	submission->outcome = launched->outcome;
	submission->error = launched->error;
	submission->external_id = NULL;
	submission->url = NULL;
	if (launched->outcome == LB_SUBMIT_ACCEPTED) {
		submission->url = request->start.launch.run_path;
	}
	if (launched->job > 0) {
		submission->external_id =
			lb_arena_printf(&request->start.arena, "%" PRId64, launched->job);
	}
	submission->done(submission);
}

static void settle(struct lb_command_runner *runner, struct lb_command_request *request)
{
	if (request->launched.supervisor > 0) {
		request->child->pid = request->launched.supervisor;
		lb_command_children_add(&runner->children, request->child);
		request->child = NULL;
	}
	answer(request);
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

/* Whoever adds directories also removes old ones, behind the answers. */
static void execute_sweep(uv_work_t *work)
{
	struct lb_command_runner *runner = work->data;
	lb_command_sweep(runner->settings.runs, runner->keep_us, lb_command_now_us());
}

static void on_swept(uv_work_t *work, int status)
{
	(void)status;
	lb_command_runner_release(work->data);
}

static void sweep_once(struct lb_command_runner *runner)
{
	if (runner->keep_us <= 0 || runner->destroyed ||
	    runner->swept_at_us > lb_command_now_us() - SWEEP_INTERVAL_US) {
		return;
	}
	runner->swept_at_us = lb_command_now_us();
	runner->handles++;
	runner->sweep_work.data = runner;
	/* Fails only without a callback. */
	(void)uv_queue_work(runner->loop, &runner->sweep_work, execute_sweep, on_swept);
}

static void launch_waiting(struct lb_command_runner *runner);

/* A supervisor's end may have been signalled before its pid was known here. */
static void on_launched(uv_work_t *work, int status)
{
	(void)status;
	struct lb_command_runner *runner = work->data;
	while (runner->launching != NULL) {
		struct lb_command_request *request = runner->launching;
		runner->launching = request->next;
		settle(runner, request);
	}
	lb_command_runner_notice_ends(runner);
	if (runner->destroyed) {
		lb_command_children_orphan(&runner->children);
	}
	runner->launch_busy = false;
	launch_waiting(runner);
	sweep_once(runner);
	lb_command_runner_release(runner);
}

/* One batch at a time, on one worker, so that order is kept. */
static void launch_waiting(struct lb_command_runner *runner)
{
	if (runner->destroyed || runner->launch_busy || runner->waiting.first == NULL) {
		return;
	}
	struct lb_command_queue batch;
	lb_command_queue_init(&batch);
	for (int i = 0; i < BATCH_MAX && runner->waiting.first != NULL; i++) {
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
}
