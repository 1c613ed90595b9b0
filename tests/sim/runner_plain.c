/* runner_plain.c: a runner that is simulated whole, with the job service behind it. Its
 * requests reach the service even if its lakebeat dies meanwhile; the replies do not
 * reach it then. */
#include "base/time.h"
#include "sim/memory.h"
#include "sim/node.h"
#include "sim/service.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

/* --- requests ---------------------------------------------------------------- */

/* A request to start a run on its way; it does not need the lakebeat that sent it.
 * submission: only for the reply, to the same life. */
struct request {
	struct sim_node *node;
	unsigned life;
	struct lb_submission *submission;
	const struct sim_order *order;
	enum lb_submit_outcome outcome;
	int64_t number;
	int64_t retry_after_us;
	const char *message;
};

static void answer(struct sim_world *world, struct request *request)
{
	const struct sim_troubles *troubles = &world->plan.troubles;
	struct sim_service_run *run = sim_service_find(&world->service, request->order->token);
	if (run == NULL && sim_strikes(world, troubles->refuse_ppm)) {
		request->outcome = LB_SUBMIT_REFUSED;
		request->message = "no permission to run this job";
		return;
	}
	if (sim_strikes(world, troubles->throttle_ppm)) {
		request->outcome = LB_SUBMIT_UNANSWERED;
		request->message = "too many requests";
		request->retry_after_us = sim_between(&world->random, 0, 10) * LB_MINUTE;
		return;
	}
	if (run == NULL) {
		run = sim_service_start(world, request->order);
	}
	request->outcome = LB_SUBMIT_ACCEPTED;
	request->number = run->number;
	if (sim_strikes(world, troubles->reply_ppm)) {
		request->outcome = LB_SUBMIT_UNANSWERED;
		request->message = "the reply was lost";
	}
}

static void happen_reply(void *world, void *data)
{
	struct request *request = data;
	struct sim_node *node = request->node;
	struct lb_submission *submission = request->submission;
	char number[32];
	(void)world;
	if (node->life == request->life && !sim_node_dies(node)) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)request->number);
		submission->outcome = request->outcome;
		submission->external_id = request->outcome == LB_SUBMIT_ACCEPTED ? number : NULL;
		submission->retry_after_us = request->retry_after_us;
		if (request->outcome != LB_SUBMIT_ACCEPTED) {
			enum lb_err err =
				lb_fail(&submission->error, LB_UNAVAILABLE, "%s", request->message);
			(void)err;
		}
		struct sim_memory *before = sim_memory_enter(&node->memory);
		submission->done(submission);
		(void)sim_memory_enter(before);
	}
	free(request);
}

static void happen_arrival(void *world, void *data)
{
	struct request *request = data;
	answer(world, request);
	sim_later(world, sim_latency(world), happen_reply, request);
}

static void happen_loss(void *world, void *data)
{
	struct request *request = data;
	request->outcome = LB_SUBMIT_UNANSWERED;
	request->message = "the request was lost";
	happen_reply(world, request);
}

static void submit(struct lb_runner *runner, struct lb_submission *submission)
{
	struct sim_node *node = sim_node_of_runner(runner);
	struct sim_world *world = node->world;
	struct request *request = sim_new(sizeof(*request));
	request->order = sim_service_order(node, submission);
	request->node = node;
	request->life = node->life;
	request->submission = submission;
	bool lost = sim_strikes(world, world->plan.troubles.request_ppm);
	int64_t latency_us = sim_latency(world);
	sim_later(world, lost ? 10 * latency_us : latency_us, lost ? happen_loss : happen_arrival,
		  request);
}

/* --- polls ------------------------------------------------------------------- */

/* A question about runs on its way. answers: as they were when it arrived. */
struct question {
	struct sim_node *node;
	unsigned life;
	struct lb_poll *poll;
	size_t count;
	struct {
		const struct sim_service_run *run; /* NULL: the service knows no such run */
		bool known;
		struct sim_service_run answer;
	} runs[];
};

static void fill_news(struct question *question)
{
	for (size_t i = 0; i < question->count; i++) {
		struct lb_run_news *news = &question->poll->news.items[i];
		const struct sim_service_run *answer = &question->runs[i].answer;
		news->known = question->runs[i].known;
		news->state = answer->over ? answer->outcome : LB_RUN_SUBMITTED;
		news->message = answer->message;
		news->ended_at_us = answer->ended_at_us;
	}
}

static void happen_news(void *world, void *data)
{
	struct question *question = data;
	struct sim_node *node = question->node;
	(void)world;
	if (node->life == question->life && !sim_node_dies(node)) {
		fill_news(question);
		struct sim_memory *before = sim_memory_enter(&node->memory);
		question->poll->done(question->poll);
		(void)sim_memory_enter(before);
	}
	free(question);
}

static void happen_question(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct question *question = data;
	for (size_t i = 0; i < question->count; i++) {
		bool lost = sim_strikes(world, world->plan.troubles.poll_ppm);
		if (question->runs[i].run != NULL && !lost) {
			question->runs[i].known = true;
			question->runs[i].answer = *question->runs[i].run;
		}
	}
	sim_later(world, sim_latency(world), happen_news, question);
}

static void poll(struct lb_runner *runner, struct lb_poll *poll)
{
	struct sim_node *node = sim_node_of_runner(runner);
	struct sim_world *world = node->world;
	struct question *question =
		sim_new(sizeof(*question) + poll->news.count * sizeof(question->runs[0]));
	question->node = node;
	question->life = node->life;
	question->poll = poll;
	question->count = poll->news.count;
	for (size_t i = 0; i < question->count; i++) {
		const char *token = poll->news.items[i].run->token;
		question->runs[i].run = sim_service_find(&world->service, token);
	}
	sim_later(world, sim_latency(world), happen_question, question);
}

static void destroy(struct lb_runner *runner)
{
	(void)runner;
}

static const struct lb_runner_impl impl = {
	.kind = "simulated",
	.submit = submit,
	.poll = poll,
	.destroy = destroy,
};

void sim_runner_plain_open(struct sim_node *node)
{
	node->runner = (struct lb_runner){
		.impl = &impl,
		.name = "service",
		.max_parallel = node->world->plan.max_parallel,
		.poll_interval_us = node->world->plan.runner_interval_us,
	};
}
