#include "base/injection.h"
#include "core/names.h"
#include "runners/databricks/parameters.h"
#include "runners/databricks/runner.h"

#include <inttypes.h>
#include <stdio.h>

#define RUN_NOW "/api/2.2/jobs/run-now"

/* One submission on its way. next, previous: among the runner's. */
struct lb_databricks_start {
	struct lb_databricks_call call;
	struct lb_databricks_runner *runner;
	struct lb_submission *submission;
	char *body;
	struct lb_databricks_start *next;
	struct lb_databricks_start *previous;
};

static void start_free(struct lb_databricks_start *start)
{
	struct lb_databricks_runner *runner = start->runner;
	if (start->previous != NULL) {
		start->previous->next = start->next;
	} else {
		runner->starts = start->next;
	}
	if (start->next != NULL) {
		start->next->previous = start->previous;
	}
	lb_free(start->body);
	lb_free(start);
}

static void answer(struct lb_submission *submission, enum lb_submit_outcome outcome,
		   const struct lb_error *error)
{
	submission->outcome = outcome;
	submission->external_id = NULL;
	submission->url = NULL;
	submission->error = *error;
	submission->done(submission);
}

static void take_acceptance(const struct lb_databricks_runner *runner,
			    struct lb_submission *submission, int64_t run_id)
{
	int64_t job_id = 0;
	struct lb_arena arena = {0};
	(void)lb_trigger_job_number(submission->run->trigger_job_id, &job_id);
	submission->outcome = LB_SUBMIT_ACCEPTED;
	submission->external_id = lb_arena_printf(&arena, "%" PRId64, run_id);
	submission->url = lb_databricks_run_url(runner->workspace.domain, job_id, run_id, &arena);
	/* Without its id nobody could ask about the run; with the token it is found again. */
	if (submission->external_id == NULL) {
		struct lb_error error = {0};
		(void)lb_fail_nomem(&error);
		answer(submission, LB_SUBMIT_UNANSWERED, &error);
	} else {
		submission->done(submission);
	}
	lb_arena_finish(&arena);
}

/* The workspace starts no other run for the token, however often it is asked. The run was
 * there, and the next poll tells its end. */
static void take_deletion(struct lb_submission *submission)
{
	submission->outcome = LB_SUBMIT_ACCEPTED;
	submission->external_id = LB_DATABRICKS_DELETED_RUN;
	submission->url = NULL;
	submission->done(submission);
}

static enum lb_submit_outcome outcome_of(enum lb_databricks_meaning meaning)
{
	switch (meaning) {
	case LB_DATABRICKS_CREDENTIAL:
	case LB_DATABRICKS_MISSING:
	case LB_DATABRICKS_REFUSED:
		return LB_SUBMIT_REFUSED;
	case LB_DATABRICKS_DONE:
	case LB_DATABRICKS_LATER:
		break;
	}
	return LB_SUBMIT_UNANSWERED;
}

static void on_called(struct lb_databricks_call *call)
{
	LB_INJECTION_POINT("run-now-answered");
	struct lb_databricks_start *start = call->data;
	const struct lb_databricks_runner *runner = start->runner;
	struct lb_submission *submission = start->submission;
	const json_t *run_id = json_object_get(call->reply.json, "run_id");
	int64_t number = json_integer_value(run_id);
	enum lb_databricks_meaning meaning = call->reply.meaning;
	struct lb_error error = call->reply.error;
	bool run_is_gone = call->reply.run_is_gone;
	submission->retry_after_us = call->reply.retry_after_us;
	start_free(start); /* and the call with it */
	if (number > 0) {
		LB_INJECTION_POINT("run-now-accepted");
		take_acceptance(runner, submission, number);
		return;
	}
	if (run_is_gone) {
		take_deletion(submission);
		return;
	}
	if (meaning == LB_DATABRICKS_DONE) {
		(void)lb_fail(&error, LB_CORRUPT, "there is no run_id in the workspace's answer");
	}
	answer(submission, outcome_of(meaning), &error);
}

static enum lb_err prepare(struct lb_databricks_start *start, struct lb_error *error)
{
	const struct lb_databricks_runner *runner = start->runner;
	start->call = (struct lb_databricks_call){
		.workspace = &runner->workspace,
		.method = "POST",
		.path = RUN_NOW,
		.done = on_called,
		.data = start,
	};
	enum lb_err err = lb_databricks_run_now_body(start->submission, runner->job_parameters,
						     runner->queue, &start->body, error);
	start->call.body = start->body;
	return err;
}

void lb_databricks_decline(struct lb_submission *submission,
			   const struct lb_databricks_reply *failure)
{
	submission->retry_after_us = failure->retry_after_us;
	answer(submission, outcome_of(failure->meaning), &failure->error);
}

void lb_databricks_start(struct lb_databricks_runner *runner, struct lb_submission *submission)
{
	struct lb_error error = {0};
	struct lb_databricks_start *start = lb_alloc(sizeof(*start));
	submission->retry_after_us = 0;
	if (start == NULL) {
		(void)lb_fail_nomem(&error);
		answer(submission, LB_SUBMIT_UNANSWERED, &error);
		return;
	}
	start->runner = runner;
	start->submission = submission;
	start->next = runner->starts;
	if (runner->starts != NULL) {
		runner->starts->previous = start;
	}
	runner->starts = start;
	enum lb_err err = prepare(start, &error);
	if (err != LB_OK) {
		start_free(start);
		answer(submission, err == LB_REFUSED ? LB_SUBMIT_REFUSED : LB_SUBMIT_UNANSWERED,
		       &error);
		return;
	}
	LB_INJECTION_POINT("run-now-before-request");
	lb_databricks_call_start(&start->call);
}

void lb_databricks_forget_starts(struct lb_databricks_runner *runner)
{
	while (runner->starts != NULL) {
		lb_databricks_call_cancel(&runner->starts->call);
		start_free(runner->starts);
	}
}
