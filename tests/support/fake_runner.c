#include "support/fake_runner.h"

#include "base/text.h"
#include "base/time.h"
#include "support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_reply_list LB_LIST_OF(struct fake_reply);

struct fake_world {
	struct lb_arena arena;
	struct fake_run_list runs;
	struct fake_reply_list replies;
	size_t replies_given;
	size_t starts;
	size_t ends;
	const char *blind;
};

/* A submission or a poll, whichever is set. */
struct request {
	struct request *next;
	struct lb_submission *submission;
	struct lb_poll *poll;
};

struct fake_runner {
	struct lb_runner base;
	struct fake_world *world;
	struct request *requests;
	size_t ends_noticed;
};

static void *must(void *memory)
{
	if (memory == NULL) {
		fprintf(stderr, "fake runner: out of memory\n");
		abort();
	}
	return memory;
}

static const char *keep(struct fake_world *world, const char *text)
{
	return text != NULL ? must(lb_arena_strdup(&world->arena, text)) : NULL;
}

struct fake_world *fake_world_create(void)
{
	return must(lb_alloc(sizeof(struct fake_world)));
}

void fake_world_destroy(struct fake_world *world)
{
	if (world != NULL) {
		lb_arena_finish(&world->arena);
		lb_free(world);
	}
}

void fake_world_script(struct fake_world *world, struct fake_reply reply)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_reply *added = must(lb_list_add(&world->arena, &world->replies));
	*added = reply;
	added->message = keep(world, reply.message);
}

void fake_world_set_blind(struct fake_world *world, const char *why)
{
	world->blind = why;
}

const struct fake_run_list *fake_world_runs(const struct fake_world *world)
{
	return &world->runs;
}

static struct fake_run *find(const struct fake_world *world, const char *token)
{
	for (size_t i = 0; i < world->runs.count; i++) {
		if (strcmp(world->runs.items[i].token, token) == 0) {
			return &world->runs.items[i];
		}
	}
	return NULL;
}

const struct fake_run *fake_world_find(const struct fake_world *world, const char *token)
{
	return find(world, token);
}

const struct fake_run *fake_world_newest(const struct fake_world *world, const char *trigger_job_id)
{
	const struct fake_run *newest = NULL;
	for (size_t i = 0; i < world->runs.count; i++) {
		const struct fake_run *run = &world->runs.items[i];
		if (run->started && lb_text_equal(run->trigger_job_id, trigger_job_id) &&
		    (newest == NULL || run->order > newest->order)) {
			newest = run;
		}
	}
	return newest;
}

size_t fake_world_starts(const struct fake_world *world, const char *trigger_job_id)
{
	size_t starts = 0;
	for (size_t i = 0; i < world->runs.count; i++) {
		const struct fake_run *run = &world->runs.items[i];
		starts += run->started && lb_text_equal(run->trigger_job_id, trigger_job_id);
	}
	return starts;
}

bool fake_world_end(struct fake_world *world, const char *token, enum lb_run_state state,
		    const char *message, int64_t ended_at_us)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_run *run = find(world, token);
	if (run == NULL || !run->started) {
		return false;
	}
	run->state = state;
	run->message = keep(world, message);
	run->ended_at_us = ended_at_us;
	world->ends++;
	return true;
}

static void copy_inputs(struct fake_world *world, struct fake_run *run,
			const struct lb_submission *submission)
{
	run->events = (struct lb_event_list){0};
	run->parameters = (struct lb_parameter_list){0};
	for (size_t i = 0; submission->events != NULL && i < submission->events->count; i++) {
		struct lb_event *event = must(lb_list_add(&world->arena, &run->events));
		*event = submission->events->items[i];
		event->sensor_id = keep(world, event->sensor_id);
		event->file.file_name = keep(world, event->file.file_name);
		event->file.file_path = keep(world, event->file.file_path);
		event->file.etag = keep(world, event->file.etag);
	}
	for (size_t i = 0; submission->parameters != NULL && i < submission->parameters->count;
	     i++) {
		struct lb_parameter *parameter = must(lb_list_add(&world->arena, &run->parameters));
		parameter->name = keep(world, submission->parameters->items[i].name);
		parameter->value = keep(world, submission->parameters->items[i].value);
	}
}

static struct fake_run *note_request(struct fake_world *world,
				     const struct lb_submission *submission)
{
	const struct lb_run *asked = submission->run;
	struct fake_run *run = find(world, asked->token);
	if (run == NULL) {
		run = must(lb_list_add(&world->arena, &world->runs));
		memcpy(run->token, asked->token, sizeof(run->token));
		run->trigger_job_id = keep(world, asked->trigger_job_id);
		run->trigger_job_name = keep(world, submission->trigger_job_name);
		run->run_no = asked->run_no;
		run->attempt = asked->attempt;
		run->ended_at_us = LB_TIME_NONE;
	}
	run->requests++;
	copy_inputs(world, run, submission);
	return run;
}

static void start(struct fake_world *world, struct fake_run *run)
{
	if (!run->started) {
		run->started = true;
		run->order = ++world->starts;
		run->state = LB_RUN_SUBMITTED;
		run->external_id = must(lb_arena_printf(&world->arena, "fake-%zu", world->starts));
	}
}

static struct fake_reply next_reply(struct fake_world *world)
{
	if (world->replies_given == world->replies.count) {
		return (struct fake_reply){.answer = FAKE_ACCEPT};
	}
	return world->replies.items[world->replies_given++];
}

static void report_acceptance(struct lb_submission *submission, const struct fake_run *run)
{
	submission->outcome = LB_SUBMIT_ACCEPTED;
	submission->external_id = run->external_id;
	submission->url = NULL;
}

static void report_refusal(struct lb_submission *submission, const struct fake_reply *reply,
			   enum lb_submit_outcome outcome, enum lb_err code, const char *message)
{
	submission->outcome = outcome;
	submission->retry_after_us = reply->retry_after_us;
	(void)lb_fail(&submission->error, code, "%s",
		      reply->message != NULL ? reply->message : message);
}

static void answer_submission(struct fake_world *world, struct lb_submission *submission)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_run *run = note_request(world, submission);
	struct fake_reply reply = next_reply(world);
	if (reply.answer == FAKE_ACCEPT || reply.answer == FAKE_LOSE_REPLY) {
		start(world, run);
	}
	if (reply.answer == FAKE_NO_ANSWER || reply.answer == FAKE_LOSE_REPLY) {
		report_refusal(submission, &reply, LB_SUBMIT_UNANSWERED, LB_UNAVAILABLE,
			       "the connection broke");
	} else if (run->started) {
		report_acceptance(submission, run);
	} else {
		report_refusal(submission, &reply, LB_SUBMIT_REFUSED, LB_REFUSED, "no such job");
	}
}

static void tell(const struct fake_world *world, struct lb_arena *arena, struct lb_run_news *news)
{
	const struct fake_run *run = find(world, news->run->token);
	news->known = world->blind == NULL;
	if (!news->known) {
		return;
	}
	if (run == NULL || !run->started) {
		news->state = LB_RUN_FAILED;
		news->message = "there is no such run";
		news->ended_at_us = LB_TIME_NONE;
		return;
	}
	bool failed = news->run->state == LB_RUN_FAILED || news->run->state == LB_RUN_CANCELED;
	news->known = !failed || run->state == LB_RUN_SUCCEEDED;
	news->state = run->state;
	news->message = lb_arena_strdup(arena, run->message);
	news->ended_at_us = run->ended_at_us;
}

static void answer_poll(const struct fake_world *world, struct lb_poll *poll)
{
	ON_THE_WORLDS_ACCOUNT;
	for (size_t i = 0; i < poll->news.count; i++) {
		tell(world, &poll->arena, &poll->news.items[i]);
	}
	if (world->blind != NULL) {
		(void)lb_fail(&poll->error, LB_UNAVAILABLE, "%s", world->blind);
	}
}

static struct fake_runner *fake_runner(struct lb_runner *runner);

static void enqueue(struct lb_runner *runner, struct lb_submission *submission,
		    struct lb_poll *poll)
{
	ON_THE_WORLDS_ACCOUNT;
	struct request *request = must(lb_alloc(sizeof(*request)));
	request->submission = submission;
	request->poll = poll;
	struct request **end = &fake_runner(runner)->requests;
	while (*end != NULL) {
		end = &(*end)->next;
	}
	*end = request;
}

static void fake_submit(struct lb_runner *runner, struct lb_submission *submission)
{
	enqueue(runner, submission, NULL);
}

static void fake_poll(struct lb_runner *runner, struct lb_poll *poll)
{
	enqueue(runner, NULL, poll);
}

static void fake_destroy(struct lb_runner *runner)
{
	struct fake_runner *fake = fake_runner(runner);
	while (fake->requests != NULL) {
		struct request *request = fake->requests;
		fake->requests = request->next;
		lb_free(request);
	}
	char *name = NULL;
	memcpy(&name, &fake->base.name, sizeof(name));
	lb_free(name);
	lb_free(fake);
}

static const struct lb_runner_impl impl = {
	.kind = "fake",
	.submit = fake_submit,
	.poll = fake_poll,
	.destroy = fake_destroy,
};

static struct fake_runner *fake_runner(struct lb_runner *runner)
{
	assert(runner->impl == &impl);
	return (struct fake_runner *)runner;
}

struct lb_runner *fake_runner_create(struct fake_world *world, const char *name)
{
	struct fake_runner *fake = must(lb_alloc(sizeof(*fake)));
	fake->base.impl = &impl;
	fake->base.name = must(lb_strdup(name));
	fake->base.poll_interval_us = LB_SECOND;
	fake->world = world;
	fake->ends_noticed = world->ends;
	return &fake->base;
}

static bool notice(struct fake_runner *fake)
{
	if (fake->ends_noticed == fake->world->ends) {
		return false;
	}
	fake->ends_noticed = fake->world->ends;
	if (fake->base.on_activity != NULL) {
		fake->base.on_activity(&fake->base, fake->base.data);
	}
	return true;
}

bool fake_runner_pump(struct lb_runner *runner)
{
	struct fake_runner *fake = fake_runner(runner);
	struct request *request = fake->requests;
	if (request == NULL) {
		return notice(fake);
	}
	struct lb_submission *submission = request->submission;
	struct lb_poll *poll = request->poll;
	fake->requests = request->next;
	lb_free(request);
	if (submission != NULL) {
		answer_submission(fake->world, submission);
		submission->done(submission);
	} else {
		answer_poll(fake->world, poll);
		poll->done(poll);
	}
	return true;
}

size_t fake_runner_pending(const struct lb_runner *runner)
{
	size_t count = 0;
	const struct fake_runner *fake = (const struct fake_runner *)runner;
	for (const struct request *request = fake->requests; request != NULL;
	     request = request->next) {
		count++;
	}
	return count;
}
