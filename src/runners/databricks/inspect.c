#include "runners/databricks/inspect.h"

#include "base/time.h"
#include "runners/databricks/call.h"
#include "runners/databricks/facts.h"

#include <inttypes.h>
#include <stdio.h>

#define ME "/api/2.0/preview/scim/v2/Me"
#define JOB "/api/2.2/jobs/get?job_id="
#define PERMISSIONS "/api/2.0/permissions/jobs/"
#define ASKS_MAX 8
#define TRIES_MAX 3
#define PAUSE_US LB_SECOND
#define PAUSE_MAX_US (10 * LB_SECOND)

struct inspector;

/* One question, asked until it is answered or given up.
 * job:    whom it is about; NULL: the one who asks.
 * is_acl: it is about the job's permissions.
 * timer:  runs while it is paused. */
struct question {
	struct lb_databricks_call call;
	struct inspector *inspector;
	struct lb_databricks_job_facts *job;
	bool is_acl;
	int tries;
	struct lb_alarm again;
	char path[sizeof(PERMISSIONS) + 32];
};

/* me: what was said of the one who asks; NULL: nothing.
 * next: the job to be asked about next.
 * busy: questions that are not through. */
struct inspector {
	uv_loop_t *loop;
	struct lb_databricks_inspection *inspection;
	struct lb_databricks_workspace workspace;
	json_t *me;
	size_t next;
	size_t busy;
	struct question questions[ASKS_MAX];
};

static void take_answer(struct question *question);

static void on_answer(struct lb_databricks_call *call)
{
	take_answer(call->data);
}

static void ask(struct question *question)
{
	question->call = (struct lb_databricks_call){
		.workspace = &question->inspector->workspace,
		.method = "GET",
		.path = question->path,
		.done = on_answer,
		.data = question,
	};
	lb_databricks_call_start(&question->call);
}

static void on_again(void *data)
{
	ask(data);
}

static bool ask_again(struct question *question, const struct lb_databricks_reply *reply)
{
	if (reply->meaning != LB_DATABRICKS_LATER || ++question->tries >= TRIES_MAX) {
		return false;
	}
	int64_t pause_us = reply->retry_after_us > 0 ? reply->retry_after_us : PAUSE_US;
	pause_us = pause_us < PAUSE_MAX_US ? pause_us : PAUSE_MAX_US;
	struct lb_clock *clock = question->inspector->workspace.clock;
	clock->impl->set_alarm(clock, &question->again, clock->impl->monotonic(clock) + pause_us);
	return true;
}

static void rest(struct inspector *inspector)
{
	if (--inspector->busy == 0) {
		uv_stop(inspector->loop);
	}
}

static void ask_for_job(struct question *question)
{
	struct lb_databricks_inspection *inspection = question->inspector->inspection;
	if (inspection->error.code != LB_OK ||
	    question->inspector->next >= inspection->jobs.count) {
		rest(question->inspector);
		return;
	}
	question->job = &inspection->jobs.items[question->inspector->next++];
	question->is_acl = false;
	question->tries = 0;
	(void)snprintf(question->path, sizeof(question->path), JOB "%" PRId64,
		       question->job->job_id);
	ask(question);
}

static void ask_for_permissions(struct question *question)
{
	question->is_acl = true;
	question->tries = 0;
	(void)snprintf(question->path, sizeof(question->path), PERMISSIONS "%" PRId64,
		       question->job->job_id);
	ask(question);
}

static void take_me(struct question *question, const struct lb_databricks_reply *reply)
{
	struct inspector *inspector = question->inspector;
	struct lb_databricks_inspection *inspection = inspector->inspection;
	if (reply->meaning == LB_DATABRICKS_DONE) {
		inspector->me = json_incref(reply->json);
		inspection->principal = lb_databricks_principal(reply->json, inspection->arena);
	} else if (reply->meaning == LB_DATABRICKS_CREDENTIAL ||
		   reply->meaning == LB_DATABRICKS_LATER) {
		inspection->error = reply->error;
	}
	/* Else it knows the one who asks, and does not say who it is. */
	inspector->busy = ASKS_MAX;
	for (size_t i = 0; i < ASKS_MAX; i++) {
		ask_for_job(&inspector->questions[i]);
	}
}

/* Without an answer from one job there would be none from the next. */
static void take_job(struct question *question, const struct lb_databricks_reply *reply)
{
	struct lb_databricks_inspection *inspection = question->inspector->inspection;
	struct lb_databricks_job_facts *job = question->job;
	if (reply->meaning == LB_DATABRICKS_LATER || reply->meaning == LB_DATABRICKS_CREDENTIAL) {
		inspection->error = reply->error;
		rest(question->inspector);
	} else if (reply->meaning != LB_DATABRICKS_DONE) {
		job->error = reply->error;
		ask_for_job(question);
	} else if (lb_databricks_read_job(reply->json, inspection->arena, job, &job->error) !=
		   LB_OK) {
		ask_for_job(question);
	} else {
		ask_for_permissions(question);
	}
}

static void take_answer(struct question *question)
{
	const struct lb_databricks_reply *reply = &question->call.reply;
	if (ask_again(question, reply)) {
		return;
	}
	if (question->job == NULL) {
		take_me(question, reply);
	} else if (!question->is_acl) {
		take_job(question, reply);
	} else {
		/* Not everybody who may start a job may see who else may. */
		question->job->right = lb_databricks_right_of(question->inspector->me, reply->json);
		ask_for_job(question);
	}
}

static void begin(struct inspector *inspector)
{
	for (size_t i = 0; i < ASKS_MAX; i++) {
		struct question *question = &inspector->questions[i];
		question->inspector = inspector;
		question->again = (struct lb_alarm){.on_alarm = on_again, .data = question};
	}
	struct question *first = &inspector->questions[0];
	(void)snprintf(first->path, sizeof(first->path), "%s", ME);
	inspector->busy = 1;
	ask(first);
}

static void end(struct inspector *inspector)
{
	lb_databricks_auth_stop(inspector->workspace.auth);
	lb_databricks_auth_destroy(inspector->workspace.auth);
	json_decref(inspector->me);
}

void lb_databricks_inspect(uv_loop_t *loop, struct lb_clock *clock, struct lb_http *http,
			   const struct lb_databricks_credentials *credentials,
			   struct lb_databricks_inspection *inspection)
{
	struct inspector inspector = {
		.loop = loop,
		.inspection = inspection,
		.workspace = {.clock = clock, .http = http, .domain = &credentials->domain},
	};
	inspection->error = (struct lb_error){0};
	inspection->principal = NULL;
	if (lb_databricks_auth_create(clock, http, credentials, &inspector.workspace.auth,
				      &inspection->error) != LB_OK) {
		return;
	}
	begin(&inspector);
	while (inspector.busy > 0) {
		(void)uv_run(loop, UV_RUN_DEFAULT);
	}
	end(&inspector);
}
