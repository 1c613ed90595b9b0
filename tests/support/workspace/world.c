#include "support/workspace/world.h"

#include "support/workspace/must.h"

#include <string.h>
#include <time.h>

#define KEEP_MS (INT64_C(60) * 24 * 60 * 60 * 1000)
#define DURATION_MS 2000
#define SETUP_MS 500

static int64_t clock_ms(clockid_t id)
{
	struct timespec now;
	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void world_init(struct world *world)
{
	*world = (struct world){
		.tokens = must(json_object()),
		.clock_runs = true,
		.clock_base_ms = clock_ms(CLOCK_REALTIME),
		.clock_since_ms = clock_ms(CLOCK_MONOTONIC),
	};
}

void world_finish(struct world *world)
{
	for (size_t i = 0; i < world->jobs.count; i++) {
		json_decref(world->jobs.items[i]->parameters);
	}
	json_decref(world->tokens);
	lb_arena_finish(&world->arena);
	*world = (struct world){0};
}

int64_t world_now_ms(const struct world *world)
{
	int64_t passed_ms = clock_ms(CLOCK_MONOTONIC) - world->clock_since_ms;
	return world->clock_base_ms + (world->clock_runs ? passed_ms : 0);
}

void world_set_clock(struct world *world, bool runs, int64_t advance_ms)
{
	world->clock_base_ms = world_now_ms(world) + advance_ms;
	world->clock_since_ms = clock_ms(CLOCK_MONOTONIC);
	world->clock_runs = runs;
}

/* A heap: the earliest is first, of those at one time the oldest run. Entries of runs that
 * meanwhile end at another time stay until they come up. */

static bool is_before(const struct due *a, const struct due *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->run->id < b->run->id;
}

static void push_due(struct world *world, struct run *run)
{
	size_t at = world->due.count;
	(void)must(lb_list_add(&world->arena, &world->due));
	struct due *items = world->due.items;
	struct due due = {run->ends_ms, run};
	while (at > 0 && is_before(&due, &items[(at - 1) / 2])) {
		items[at] = items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	items[at] = due;
}

static struct due pop_due(struct world *world)
{
	struct due *items = world->due.items;
	struct due first = items[0];
	struct due last = items[--world->due.count];
	size_t at = 0;
	for (size_t child = 1; child < world->due.count; child = 2 * at + 1) {
		if (child + 1 < world->due.count && is_before(&items[child + 1], &items[child])) {
			child++;
		}
		if (!is_before(&items[child], &last)) {
			break;
		}
		items[at] = items[child];
		at = child;
	}
	items[at] = last;
	return first;
}

static int64_t or_else(int64_t given_ms, int64_t usual_ms)
{
	return given_ms >= 0 ? given_ms : usual_ms;
}

static void admit(struct world *world, struct run *run, int64_t at_ms)
{
	const struct outcome *outcome = run->outcome;
	run->phase = PHASE_ADMITTED;
	run->begins_ms = at_ms;
	run->ends_ms = at_ms;
	if (outcome->ran) {
		run->ends_ms += or_else(outcome->setup_ms, run->job->setup_ms) +
				or_else(outcome->duration_ms, run->job->duration_ms);
	}
	run->job->running++;
	push_due(world, run);
}

static void admit_queued(struct world *world, struct job *job, int64_t at_ms)
{
	while (job->first_queued != NULL && job->running < job->max_concurrent_runs) {
		struct run *run = job->first_queued;
		job->first_queued = run->next_queued;
		run->next_queued = NULL;
		admit(world, run, at_ms);
	}
}

void world_make_room(struct world *world, struct job *job)
{
	admit_queued(world, job, world_now_ms(world));
}

static void leave_queue(struct run *run)
{
	struct job *job = run->job;
	struct run *before = NULL;
	for (struct run *one = job->first_queued; one != NULL && one != run;
	     one = one->next_queued) {
		before = one;
	}
	if (before == NULL) {
		job->first_queued = run->next_queued;
	} else {
		before->next_queued = run->next_queued;
	}
	if (job->last_queued == run) {
		job->last_queued = before;
	}
	run->next_queued = NULL;
}

static void finish_run(struct world *world, struct run *run, int64_t at_ms)
{
	struct job *job = run->job;
	if (run->phase == PHASE_QUEUED) {
		leave_queue(run);
		run->begins_ms = at_ms;
	} else {
		job->running--;
	}
	run->phase = PHASE_ENDED;
	run->ends_ms = at_ms;
	run->place = world->ended.count;
	*(struct run **)must(lb_list_add(&world->arena, &world->ended)) = run;
	world->active--;
	while (world->oldest_active < world->runs.count &&
	       world->runs.items[world->oldest_active]->phase == PHASE_ENDED) {
		world->oldest_active++;
	}
	admit_queued(world, job, at_ms);
}

void world_settle(struct world *world)
{
	int64_t now_ms = world_now_ms(world);
	while (world->due.count > 0 && world->due.items[0].at_ms <= now_ms) {
		struct due due = pop_due(world);
		if (due.run->phase == PHASE_ADMITTED && due.run->ends_ms == due.at_ms) {
			finish_run(world, due.run, due.at_ms);
		}
	}
}

/* Where the job is, or belongs. */
static size_t job_place(const struct world *world, int64_t id)
{
	size_t low = 0;
	size_t high = world->jobs.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (world->jobs.items[middle]->id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct job *world_job(const struct world *world, int64_t id)
{
	size_t at = job_place(world, id);
	return at < world->jobs.count && world->jobs.items[at]->id == id ? world->jobs.items[at]
									 : NULL;
}

struct job *world_make_job(struct world *world, int64_t id)
{
	struct job *job = world_job(world, id);
	if (job != NULL || world->jobs.count == JOBS_MAX) {
		return job;
	}
	size_t at = job_place(world, id);
	(void)must(lb_list_add(&world->arena, &world->jobs));
	memmove(&world->jobs.items[at + 1], &world->jobs.items[at],
		(world->jobs.count - 1 - at) * sizeof(world->jobs.items[0]));
	job = must(lb_arena_alloc(&world->arena, sizeof(*job)));
	*job = (struct job){
		.id = id,
		.name = "Untitled",
		.created_ms = world_now_ms(world),
		.setup_ms = SETUP_MS,
		.duration_ms = DURATION_MS,
		.max_concurrent_runs = 1,
		.queue = true,
		.permission = PERMISSION_OWNER,
		.parameters = must(json_object()),
	};
	world->jobs.items[at] = job;
	return job;
}

void world_delete_job(struct world *world, int64_t id)
{
	struct job *job = world_job(world, id);
	if (job == NULL) {
		return;
	}
	size_t at = job_place(world, id);
	world->jobs.count--;
	memmove(&world->jobs.items[at], &world->jobs.items[at + 1],
		(world->jobs.count - at) * sizeof(world->jobs.items[0]));
	json_decref(job->parameters);
	job->parameters = NULL;
}

bool world_run_exists(const struct world *world, const struct run *run)
{
	return !run->deleted &&
	       (run->phase != PHASE_ENDED || world_now_ms(world) < run->ends_ms + KEEP_MS);
}

size_t world_index(const struct run *run)
{
	return (size_t)((run->id - FIRST_RUN_ID) / RUN_ID_STEP);
}

struct run *world_run(const struct world *world, int64_t id)
{
	int64_t behind = id < FIRST_RUN_ID ? -1 : id - FIRST_RUN_ID;
	if (behind < 0 || behind % RUN_ID_STEP != 0 ||
	    (uint64_t)(behind / RUN_ID_STEP) >= world->runs.count) {
		return NULL;
	}
	struct run *run = world->runs.items[behind / RUN_ID_STEP];
	return world_run_exists(world, run) ? run : NULL;
}

struct run *world_run_of_token(const struct world *world, const char *token)
{
	const json_t *index = json_object_get(world->tokens, token);
	return index != NULL ? world->runs.items[json_integer_value(index)] : NULL;
}

static const struct outcome *next_outcome(struct job *job)
{
	if (job->outcomes.count == 0) {
		return outcome_named("SUCCESS");
	}
	size_t at = job->next_outcome;
	if (at + 1 < job->outcomes.count) {
		job->next_outcome++;
	}
	return job->outcomes.items[at];
}

static void enqueue(struct run *run)
{
	struct job *job = run->job;
	run->phase = PHASE_QUEUED;
	if (job->first_queued == NULL) {
		job->first_queued = run;
	} else {
		job->last_queued->next_queued = run;
	}
	job->last_queued = run;
}

struct run *world_start(struct world *world, struct job *job, const char *token,
			const char *parameters, bool queue)
{
	if (world->runs.count == RUNS_MAX) {
		return NULL;
	}
	struct run *run = must(lb_arena_alloc(&world->arena, sizeof(*run)));
	size_t index = world->runs.count;
	*(struct run **)must(lb_list_add(&world->arena, &world->runs)) = run;
	run->id = FIRST_RUN_ID + RUN_ID_STEP * (int64_t)index;
	run->job = job;
	run->token = lb_arena_strdup(&world->arena, token);
	run->parameters = lb_arena_strdup(&world->arena, parameters);
	run->created_ms = world_now_ms(world);
	if (token != NULL) {
		(void)json_object_set_new_nocheck(world->tokens, token,
						  must(json_integer((json_int_t)index)));
	}
	world->active++;
	bool room = job->running < job->max_concurrent_runs;
	if (!room && (!queue || job->max_concurrent_runs == 0)) {
		run->outcome = outcome_named("MAXIMUM_CONCURRENT_RUNS_REACHED");
		admit(world, run, run->created_ms);
	} else {
		run->outcome = next_outcome(job);
		room ? admit(world, run, run->created_ms) : enqueue(run);
	}
	world_settle(world);
	return run;
}

void world_cancel(struct world *world, struct run *run)
{
	int64_t now_ms = world_now_ms(world);
	if (run->phase == PHASE_ENDED || run->canceled_ms != 0) {
		return;
	}
	run->outcome = outcome_named("CANCELED");
	run->canceled_ms = now_ms;
	if (run->phase == PHASE_QUEUED) {
		finish_run(world, run, now_ms);
		return;
	}
	run->ends_ms = now_ms + run->job->cancel_ms;
	push_due(world, run);
	world_settle(world);
}

void world_end(struct world *world, struct run *run, const struct outcome *outcome)
{
	run->outcome = outcome;
	if (run->phase != PHASE_ENDED) {
		finish_run(world, run, world_now_ms(world));
	}
}

/* Beyond max_concurrent_runs if need be: a repair belongs to a run that had room. */
void world_repair(struct world *world, struct run *run)
{
	run->repairs++;
	run->canceled_ms = 0;
	run->outcome = next_outcome(run->job);
	world->active++;
	size_t index = world_index(run);
	if (index < world->oldest_active) {
		world->oldest_active = index;
	}
	admit(world, run, world_now_ms(world));
	world_settle(world);
}

void world_delete(struct world *world, struct run *run)
{
	if (run->phase != PHASE_ENDED) {
		world_end(world, run, outcome_named("CANCELED"));
	}
	run->deleted = true;
}
