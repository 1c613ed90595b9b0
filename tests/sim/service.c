#include "sim/service.h"

#include "base/time.h"
#include "sim/ending.h"
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
	for (size_t i = 0; i < service->order_count; i++) {
		free(service->orders[i]);
	}
	free(service->orders);
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

static bool is_known(const struct sim_world *world, const struct sim_service_run *run)
{
	const struct sim_run_view *live = &world->view.live[run->job];
	return world->view.live_count[run->job] > 0 && strcmp(live->token, run->token) == 0 &&
	       live->state == LB_RUN_SUBMITTED;
}

/* A workspace does not start a deleted run's token again, so people delete only runs that
 * lakebeat knows of. */
static void end_run(struct sim_world *world, struct sim_service_run *run, enum lb_run_state outcome,
		    const char *message)
{
	if (run->over) {
		return;
	}
	run->over = true;
	run->outcome = outcome;
	run->message = message;
	run->ending = sim_ending_of(outcome, message, run->number);
	run->deleted =
		strcmp(message != NULL ? message : "", SIM_DELETED) == 0 && is_known(world, run);
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
		fate->message = SIM_SKIPPED;
		*ret_duration_us = 0;
	} else if (sim_strikes(world, troubles->run_hangs_ppm)) {
		fate->outcome = LB_RUN_CANCELED;
		fate->message = "canceled after a timeout";
		*ret_duration_us = sim_between(&world->random, 1, 6) * 12 * LB_HOUR;
	} else if (sim_strikes(world, troubles->run_deleted_ppm)) {
		fate->outcome = LB_RUN_FAILED;
		fate->message = SIM_DELETED;
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

static void check_files(struct sim_world *world, const struct sim_order *order)
{
	for (size_t i = 0; i < order->file_count; i++) {
		struct sim_file *file = order->files[i];
		int64_t *run_no = &file->run_no[order->job];
		if (*run_no != 0 && *run_no != order->run_no) {
			sim_fail(world, "nothing-twice", "job %zu gets %s in runs %lld and %lld",
				 order->job, file->name, (long long)*run_no,
				 (long long)order->run_no);
		}
		*run_no = order->run_no;
	}
}

struct sim_service_run *sim_service_start(struct sim_world *world, const struct sim_order *order)
{
	struct sim_service *service = &world->service;
	if (service->count == service->capacity) {
		service->capacity = service->capacity > 0 ? 2 * service->capacity : 64;
		service->runs = sim_must(
			realloc(service->runs, service->capacity * sizeof(*service->runs)));
	}
	struct sim_service_run *run = sim_new(sizeof(*run));
	memcpy(run->token, order->token, sizeof(run->token));
	run->job = order->job;
	run->run_no = order->run_no;
	run->attempt = order->attempt;
	service->runs[service->count++] = run;
	run->number = (int64_t)service->count;
	struct fate *fate = sim_new(sizeof(*fate));
	fate->run = run;
	int64_t duration_us;
	draw_fate(world, fate, &duration_us);
	sim_tell(world, "job %zu run %lld.%d starts, of %zu files", run->job,
		 (long long)run->run_no, run->attempt, order->file_count);
	check_one_live(world, run);
	check_files(world, order);
	sim_later(world, duration_us, fate->completes ? happen_last_task : happen_end, fate);
	return run;
}

void sim_service_heal(struct sim_world *world)
{
	for (size_t i = 0; i < world->service.count; i++) {
		end_run(world, world->service.runs[i], LB_RUN_CANCELED, "canceled by a person");
	}
}

/* --- what lakebeats ask for -------------------------------------------------- */

static void note_files(struct sim_world *world, struct sim_order *order,
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
			order->files[order->file_count++] = file;
		}
	}
}

struct sim_order *sim_service_order(struct sim_node *node, struct lb_submission *submission)
{
	struct sim_world *world = node->world;
	struct sim_service *service = &world->service;
	const struct lb_run *run = submission->run;
	sim_ledger_request(node, submission);
	if (service->order_count == service->order_capacity) {
		service->order_capacity =
			service->order_capacity > 0 ? 2 * service->order_capacity : 64;
		service->orders = sim_must(realloc(
			service->orders, service->order_capacity * sizeof(*service->orders)));
	}
	struct sim_order *order =
		sim_new(sizeof(*order) + submission->events->count * sizeof(struct sim_file *));
	service->orders[service->order_count++] = order;
	order->node = node;
	memcpy(order->token, run->token, sizeof(order->token));
	order->job = sim_job_number(run->trigger_job_id);
	order->run_no = run->run_no;
	order->attempt = run->attempt;
	order->event_count = submission->events->count;
	note_files(world, order, submission->events);
	sim_tell(world, "lakebeat %zu asks for job %zu run %lld.%d", node->index, order->job,
		 (long long)run->run_no, run->attempt);
	return order;
}

struct sim_order *sim_service_order_of(const struct sim_service *service, const char *token,
				       const struct sim_node *node)
{
	for (size_t i = service->order_count; i > 0; i--) {
		struct sim_order *order = service->orders[i - 1];
		if ((node == NULL || order->node == node) && strcmp(order->token, token) == 0) {
			return order;
		}
	}
	return NULL;
}
