#include "sim/service.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/people.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_service_finish(struct sim_service *service)
{
	for (size_t i = 0; i < service->count; i++) {
		free(service->runs[i]);
	}
	free(service->runs);
}

struct sim_service_run *sim_service_find(const struct sim_service *service, const char *token)
{
	for (size_t i = service->count; i > 0; i--) {
		if (memcmp(service->runs[i - 1]->token, token, LB_TOKEN_LENGTH) == 0) {
			return service->runs[i - 1];
		}
	}
	return NULL;
}

/* --- the life of a run ------------------------------------------------------- */

/* What will become of a run, decided when it starts. */
struct fate {
	struct sim_service_run *run;
	enum lb_run_state outcome;
	const char *message;
	bool completes;
};

static void end_run(struct sim_world *world, struct sim_service_run *run, enum lb_run_state outcome,
		    const char *message)
{
	if (run->over) {
		return;
	}
	run->over = true;
	run->outcome = outcome;
	run->message = message;
	run->ended_at_us = sim_wall(world);
	sim_tell(world, "job %zu run %lld.%d ends: %s", run->job, (long long)run->run_no,
		 run->attempt, lb_run_state_text(outcome));
	for (size_t i = 0; i < world->plan.node_count; i++) {
		if (sim_chance(&world->random, world->plan.troubles.notice_ppm)) {
			sim_node_activity(&world->nodes[i]);
		}
	}
}

static void happen_end(void *world, void *data)
{
	struct fate *fate = data;
	end_run(world, fate->run, fate->outcome, fate->message);
	free(fate);
}

/* The run's last task says that it is done, a moment before it is. */
static void happen_last_task(void *world, void *data)
{
	struct fate *fate = data;
	if (!fate->run->over) {
		sim_people_complete(world, fate->run);
	}
	sim_later(world, sim_latency(world), happen_end, fate);
}

static void draw_fate(struct sim_world *world, struct fate *fate, int64_t *ret_duration_us)
{
	const struct sim_troubles *troubles = &world->plan.troubles;
	fate->outcome = LB_RUN_SUCCEEDED;
	int64_t most_us = world->healing ? SIM_HEALED_RUN_US : 4 * world->plan.run_us;
	*ret_duration_us = sim_wait(&world->random, most_us / 64, most_us);
	if (sim_strikes(world, troubles->run_skipped_ppm)) {
		fate->outcome = LB_RUN_FAILED;
		fate->message = "skipped: too many runs of this job";
		*ret_duration_us = 0;
	} else if (sim_strikes(world, troubles->run_hangs_ppm)) {
		fate->outcome = LB_RUN_CANCELED;
		fate->message = "canceled after a timeout";
		*ret_duration_us = sim_between(&world->random, 1, 6) * 12 * LB_HOUR;
	} else if (sim_strikes(world, troubles->run_deleted_ppm)) {
		fate->outcome = LB_RUN_FAILED;
		fate->message = "the run does not exist any more";
	} else if (sim_strikes(world, troubles->run_fails_ppm)) {
		fate->outcome = LB_RUN_FAILED;
		fate->message = "the job failed";
	} else {
		fate->completes = sim_strikes(world, troubles->completes_ppm);
	}
}

static void check_one_live(struct sim_world *world, const struct sim_service_run *begun)
{
	for (size_t i = 0; i < world->service.count; i++) {
		const struct sim_service_run *run = world->service.runs[i];
		if (run == begun || run->job != begun->job) {
			continue;
		}
		if (!run->over && !run->released) {
			sim_fail(world, "one-live-run",
				 "job %zu: run %lld.%d starts during %lld.%d", run->job,
				 (long long)begun->run_no, begun->attempt, (long long)run->run_no,
				 run->attempt);
		}
		if (run->run_no == begun->run_no && run->attempt == begun->attempt) {
			sim_fail(world, "one-run-per-token", "job %zu: two runs %lld.%d", run->job,
				 (long long)run->run_no, run->attempt);
		}
	}
}

/* --- requests ---------------------------------------------------------------- */

/* A request to start a run on its way, with copies of all that it says; it does not
 * need the lakebeat that sent it. submission: only for the reply, to the same life. */
struct request {
	struct sim_node *node;
	unsigned life;
	struct lb_submission *submission;
	char token[LB_TOKEN_LENGTH + 1];
	size_t job;
	int64_t run_no;
	int attempt;
	enum lb_submit_outcome outcome;
	int64_t number;
	int64_t retry_after_us;
	const char *message;
	size_t file_count;
	struct sim_file *files[];
};

static void check_files(struct sim_world *world, const struct request *request)
{
	for (size_t i = 0; i < request->file_count; i++) {
		struct sim_file *file = request->files[i];
		int64_t *run_no = &file->run_no[request->job];
		if (*run_no != 0 && *run_no != request->run_no) {
			sim_fail(world, "nothing-twice", "job %zu gets %s in runs %lld and %lld",
				 request->job, file->name, (long long)*run_no,
				 (long long)request->run_no);
		}
		*run_no = request->run_no;
	}
}

static struct sim_service_run *start_run(struct sim_world *world, const struct request *request)
{
	struct sim_service *service = &world->service;
	if (service->count == service->capacity) {
		service->capacity = service->capacity > 0 ? 2 * service->capacity : 64;
		service->runs = sim_must(
			realloc(service->runs, service->capacity * sizeof(*service->runs)));
	}
	struct sim_service_run *run = sim_new(sizeof(*run));
	memcpy(run->token, request->token, sizeof(run->token));
	run->job = request->job;
	run->run_no = request->run_no;
	run->attempt = request->attempt;
	service->runs[service->count++] = run;
	run->number = (int64_t)service->count;
	struct fate *fate = sim_new(sizeof(*fate));
	fate->run = run;
	int64_t duration_us;
	draw_fate(world, fate, &duration_us);
	sim_tell(world, "job %zu run %lld.%d starts, of %zu files", run->job,
		 (long long)run->run_no, run->attempt, request->file_count);
	check_one_live(world, run);
	check_files(world, request);
	sim_later(world, duration_us, fate->completes ? happen_last_task : happen_end, fate);
	return run;
}

static void answer(struct sim_world *world, struct request *request)
{
	const struct sim_troubles *troubles = &world->plan.troubles;
	struct sim_service_run *run = sim_service_find(&world->service, request->token);
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
		run = start_run(world, request);
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

static void note_files(struct sim_world *world, struct request *request,
		       const struct lb_event_list *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct lb_event *event = &events->items[i];
		size_t sensor = sim_bucket_sensor(&world->bucket, event->sensor_id);
		struct sim_file *file =
			sim_bucket_find(&world->bucket, sensor, event->file.file_name);
		bool counts = file != NULL && (!world->plan.options.allow_overwrites ||
					       atoi(event->file.etag) == file->etag);
		if (counts) {
			request->files[request->file_count++] = file;
		}
	}
}

static void submit(struct lb_runner *runner, struct lb_submission *submission)
{
	struct sim_node *node = sim_node_of_runner(runner);
	struct sim_world *world = node->world;
	const struct lb_run *run = submission->run;
	sim_ledger_request(node, submission);
	struct request *request =
		sim_new(sizeof(*request) + submission->events->count * sizeof(struct sim_file *));
	request->node = node;
	request->life = node->life;
	request->submission = submission;
	memcpy(request->token, run->token, sizeof(request->token));
	request->job = sim_job_number(run->trigger_job_id);
	request->run_no = run->run_no;
	request->attempt = run->attempt;
	note_files(world, request, submission->events);
	sim_tell(world, "lakebeat %zu asks for job %zu run %lld.%d", node->index, request->job,
		 (long long)run->run_no, run->attempt);
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

const struct lb_runner_impl sim_service_runner = {
	.kind = "simulated",
	.submit = submit,
	.poll = poll,
	.destroy = destroy,
};

void sim_service_heal(struct sim_world *world)
{
	for (size_t i = 0; i < world->service.count; i++) {
		end_run(world, world->service.runs[i], LB_RUN_CANCELED, "canceled by a person");
	}
}
