#include "support/engine_world.h"

#include "base/text.h"
#include "base/time.h"
#include "support/cmocka.h"
#include "support/memory.h"

#define FILES_MAX 64

struct fake_file {
	const char *sensor_id;
	const char *file_name;
	const char *unreadable;
};

struct engine_world {
	struct lb_arena arena;
	struct fake_tables *tables;
	struct fake_world *jobs;
	struct fake_file files[FILES_MAX];
	size_t file_count;
	size_t part_files;
	size_t shown;
	const char *pass_failure;
	int64_t settle_us;
	struct lb_listing_cost cost;
	bool is_full;
	int64_t wall_us;
	int64_t monotonic_us;
	struct lb_policy policy;
	bool cleans;
	const char *stuck_sensor;
	bool stuck_for_all;
	const char *rewritten;
	const char *cleaned[FILES_MAX];
	size_t cleaned_count;

	/* lakebeat's half */
	struct lb_store *store;
	struct lb_runner *runners[2];
	struct lb_engine *engine;
	struct lb_source source;
	struct lb_scan *scan;
	struct lb_cleaner cleaner;
	struct lb_cleaning *cleaning;
	bool is_stopped;
	bool holds_cleaning;
	struct lb_clock clock;
	struct lb_alarm *alarm;
	int64_t alarm_us;
	struct lb_worker worker;
	struct lb_work *work;
	bool idle;
	bool asks_nothing;
	uint64_t recorded;
};

/* --- the world's clock, worker and source ---------------------------------- */

static struct engine_world *current; /* ports have no room for it; one at a time */

static int64_t now(struct lb_clock *clock)
{
	(void)clock;
	return current->wall_us;
}

static int64_t monotonic(struct lb_clock *clock)
{
	(void)clock;
	return current->monotonic_us;
}

/* An alarm in the past while the worker is busy would make a real loop spin. */
static void set_alarm(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us)
{
	(void)clock;
	assert_true(current->work == NULL || at_us > current->monotonic_us);
	/* Anything else would go off again and again while nothing can be done. */
	assert_true(at_us > current->monotonic_us);
	assert_true(at_us == INT64_MAX || current->work == NULL);
	current->alarm = alarm;
	current->alarm_us = at_us;
}

static const struct lb_clock_impl clock_impl = {
	.now = now, .monotonic = monotonic, .set_alarm = set_alarm};

static void start_work(struct lb_worker *worker, struct lb_work *work)
{
	(void)worker;
	assert_null(current->work);
	current->work = work;
}

static const struct lb_worker_impl worker_impl = {.start = start_work};

static void scan(struct lb_source *source, struct lb_scan *request)
{
	(void)source;
	assert_null(current->scan);
	current->scan = request;
}

static void destroy_source(struct lb_source *source)
{
	(void)source;
}

static void recorded(struct lb_source *source, uint64_t receipt)
{
	(void)source;
	current->recorded = receipt;
}

static const struct lb_source_impl source_impl = {
	.name = "trigger_file", .scan = scan, .recorded = recorded, .destroy = destroy_source};

static void clean(struct lb_cleaner *cleaner, struct lb_cleaning *cleaning)
{
	(void)cleaner;
	assert_null(current->cleaning);
	current->cleaning = cleaning;
	current->is_stopped = false;
}

static void stop_cleaning(struct lb_cleaner *cleaner)
{
	(void)cleaner;
	assert_non_null(current->cleaning);
	current->is_stopped = true;
}

static const struct lb_cleaner_impl cleaner_impl = {.clean = clean, .stop = stop_cleaning};

static enum lb_cleaned_file clean_file(struct engine_world *world, const struct lb_event *event,
				       struct lb_cleaning *cleaning)
{
	ON_THE_WORLDS_ACCOUNT;
	if (lb_text_equal(event->sensor_id, world->stuck_sensor)) {
		(void)lb_fail(&cleaning->error, LB_REFUSED, "allow it for %s", event->sensor_id);
		cleaning->error.retriable = world->stuck_for_all;
		return LB_FILE_STAYS;
	}
	if (lb_text_equal(event->file.file_name, world->rewritten)) {
		return LB_FILE_IS_ANOTHER;
	}
	assert_true(world->cleaned_count < FILES_MAX);
	world->cleaned[world->cleaned_count++] =
		lb_arena_strdup(&world->arena, event->file.file_name);
	return LB_FILE_GONE;
}

static void finish_cleaning(struct engine_world *world)
{
	struct lb_cleaning *cleaning = world->cleaning;
	world->cleaning = NULL;
	for (size_t i = 0; !world->is_stopped && i < cleaning->events.count; i++) {
		cleaning->files[i] = clean_file(world, &cleaning->events.items[i], cleaning);
	}
	cleaning->done(cleaning);
}

static const struct lb_source_impl source_impl_without = {
	.name = "trigger_file", .scan = scan, .destroy = destroy_source};

static void show_file(struct lb_scan *request, const struct fake_file *file)
{
	ON_THE_WORLDS_ACCOUNT;
	struct lb_sensor_report *report = lb_list_add(&request->arena, &request->reports);
	assert_non_null(report);
	*report = (struct lb_sensor_report){
		.sensor_source = "trigger_file",
		.base_location = "/triggers",
		.sensor_id = file->sensor_id,
		.observed_at_us = request->now_us,
		.error = file->unreadable,
	};
	request->failed += file->unreadable != NULL;
	if (file->unreadable == NULL) {
		struct lb_file *item = lb_list_add(&request->arena, &report->files);
		assert_non_null(item);
		*item = (struct lb_file){
			.file_name = file->file_name,
			.file_path = lb_arena_printf(&request->arena, "/triggers/%s/%s",
						     file->sensor_id, file->file_name),
			.etag = "1",
			.modified_at_us = request->now_us,
		};
	}
}

static void finish_scan(struct engine_world *world)
{
	struct lb_scan *request = world->scan;
	world->scan = NULL;
	size_t at = request->recorded ? world->shown : 0;
	size_t end = world->file_count;
	if (world->part_files > 0 && end - at > world->part_files) {
		end = at + world->part_files;
	}
	for (size_t i = at; i < end; i++) {
		show_file(request, &world->files[i]);
	}
	if (world->pass_failure != NULL) {
		(void)lb_fail(&request->error, LB_IO, "%s", world->pass_failure);
	}
	if (world->settle_us > 0) {
		request->rescan_at_us = request->now_us + world->settle_us;
	}
	request->cost = world->cost;
	request->is_full = world->is_full;
	request->unfinished = end < world->file_count;
	world->shown = request->unfinished ? end : 0;
	request->done(request);
}

/* --- the world ------------------------------------------------------------- */

struct engine_world *engine_world_create(void)
{
	struct engine_world *world = lb_alloc(sizeof(*world));
	assert_non_null(world);
	world->tables = fake_tables_create();
	world->jobs = fake_world_create();
	world->wall_us = (int64_t)1763877600 * LB_SECOND;
	world->policy = (struct lb_policy){.runner = "fake"};
	current = world;
	return world;
}

void engine_world_destroy(struct engine_world *world)
{
	engine_world_crash(world);
	fake_world_destroy(world->jobs);
	fake_tables_destroy(world->tables);
	lb_arena_finish(&world->arena);
	lb_free(world);
	current = NULL;
}

struct fake_tables *engine_world_tables(struct engine_world *world)
{
	return world->tables;
}

struct fake_world *engine_world_jobs(struct engine_world *world)
{
	return world->jobs;
}

struct lb_policy *engine_world_policy(struct engine_world *world)
{
	return &world->policy;
}

struct lb_engine *engine_world_engine(struct engine_world *world)
{
	return world->engine;
}

bool engine_world_is_idle(const struct engine_world *world)
{
	return world->idle;
}

void engine_world_row(struct engine_world *world, const char *sensor_id, const char *job_id,
		      const char *flag)
{
	struct lb_row row = {
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	row.declared[LB_DECLARED_sensor_source] = "trigger_file";
	row.declared[LB_DECLARED_sensor_id] = sensor_id;
	row.declared[LB_DECLARED_asset_description] = "one name for all";
	row.declared[LB_DECLARED_trigger_job_id] = job_id;
	row.declared[LB_DECLARED_job_state] = "UNPAUSED";
	row.declared[LB_DECLARED_dependency_flag] = flag;
	fake_tables_put_row(world->tables, &row);
}

void engine_world_file(struct engine_world *world, const char *sensor_id, const char *file_name)
{
	assert_true(world->file_count < FILES_MAX);
	world->files[world->file_count++] = (struct fake_file){
		.sensor_id = sensor_id,
		.file_name = file_name,
	};
}

void engine_world_clean(struct engine_world *world)
{
	world->cleans = true;
}

void engine_world_hold_cleaning(struct engine_world *world, bool held)
{
	world->holds_cleaning = held;
}

bool engine_world_is_cleaning(const struct engine_world *world)
{
	return world->cleaning != NULL;
}

void engine_world_stick(struct engine_world *world, const char *sensor_id, bool for_all)
{
	world->stuck_sensor = sensor_id;
	world->stuck_for_all = for_all;
}

void engine_world_rewrite(struct engine_world *world, const char *file_name)
{
	world->rewritten = file_name;
}

size_t engine_world_cleaned(const struct engine_world *world, const char *file_name)
{
	size_t count = 0;
	for (size_t i = 0; i < world->cleaned_count; i++) {
		count += file_name == NULL || lb_text_equal(world->cleaned[i], file_name);
	}
	return count;
}

void engine_world_parts(struct engine_world *world, size_t files)
{
	world->part_files = files;
}

void engine_world_cost(struct engine_world *world, uint64_t requests, bool is_full)
{
	world->cost = (struct lb_listing_cost){requests, 1000 * requests, 100000 * requests};
	world->is_full = is_full;
}

uint64_t engine_world_watch(struct engine_world *world, const char *sensor_id,
			    const char *file_name)
{
	engine_world_file(world, sensor_id, file_name);
	struct lb_scan seen = {.now_us = world->wall_us};
	static const struct lb_checkpoint checkpoint = {.floor = ""};
	show_file(&seen, &world->files[world->file_count - 1]);
	seen.reports.items[0].checkpoint = &checkpoint;
	uint64_t receipt =
		world->source.on_reports(&world->source, &seen.reports, world->source.data);
	lb_arena_finish(&seen.arena);
	return receipt;
}

void engine_world_ask_nothing(struct engine_world *world)
{
	world->asks_nothing = true;
}

uint64_t engine_world_recorded(const struct engine_world *world)
{
	return world->recorded;
}

void engine_world_fail_passes(struct engine_world *world, const char *message)
{
	world->pass_failure = message;
}

void engine_world_settling(struct engine_world *world, int64_t settle_us)
{
	world->settle_us = settle_us;
}

void engine_world_rescan(struct engine_world *world)
{
	world->source.on_rescan(&world->source, world->source.data);
}

void engine_world_unreadable(struct engine_world *world, const char *sensor_id, const char *message)
{
	for (size_t i = 0; i < world->file_count; i++) {
		if (lb_text_equal(world->files[i].sensor_id, sensor_id)) {
			world->files[i].unreadable = message;
			return;
		}
	}
	engine_world_file(world, sensor_id, "never");
	world->files[world->file_count - 1].unreadable = message;
}

static void on_idle(void *data)
{
	((struct engine_world *)data)->idle = true;
}

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	struct lb_policy policy = ((const struct engine_world *)data)->policy;
	if (trigger_job_id[0] == '7') {
		policy.runner = "other";
	}
	return policy;
}

void engine_world_start(struct engine_world *world, enum lb_engine_mode mode, int max_parallel)
{
	static const char *const fields[] = {"file_name"};
	static struct lb_source *sources[1];
	world->store = fake_store_create(world->tables);
	static const char *const names[] = {"fake", "other"};
	for (int i = 0; i < 2; i++) {
		world->runners[i] = fake_runner_create(world->jobs, names[i]);
		world->runners[i]->max_parallel = max_parallel;
		world->runners[i]->poll_interval_us = (i + 1) * LB_SECOND;
		world->runners[i]->revive_interval_us = i == 0 ? LB_MINUTE : 0;
	}
	world->clock = (struct lb_clock){.impl = &clock_impl};
	world->worker = (struct lb_worker){.impl = &worker_impl};
	world->source = (struct lb_source){.impl = world->asks_nothing ? &source_impl_without
								       : &source_impl,
					   .base_location = "/triggers"};
	world->recorded = 0;
	world->alarm_us = INT64_MAX;
	world->idle = false;
	world->shown = 0;
	sources[0] = &world->source;
	world->cleaner = (struct lb_cleaner){.impl = &cleaner_impl,
					     .sensor_source = "trigger_file",
					     .base_location = "/triggers"};
	struct lb_cleaner *cleaners[] = {&world->cleaner};
	struct lb_engine_options options = {
		.mode = mode,
		.store = world->store,
		.sources = sources,
		.source_count = 1,
		.runners = world->runners,
		.runner_count = 2,
		.cleaners = cleaners,
		.cleaner_count = world->cleans ? 1 : 0,
		.clock = &world->clock,
		.worker = &world->worker,
		.policies = {.policy_of = policy_of, .data = world},
		.fields = fields,
		.field_count = 1,
		.poll_interval_us = 10 * LB_SECOND,
		.random_seed = 1,
		.on_idle = on_idle,
		.data = world,
	};
	struct lb_error error;
	assert_int_equal(lb_engine_create(&options, &world->engine, &error), LB_OK);
	lb_engine_start(world->engine);
}

static bool step(struct engine_world *world)
{
	if (world->work != NULL) {
		struct lb_work *work = world->work;
		world->work = NULL;
		work->execute(work);
		work->done(work);
		return true;
	}
	if (world->scan != NULL) {
		finish_scan(world);
		return true;
	}
	if (world->cleaning != NULL && !world->holds_cleaning) {
		finish_cleaning(world);
		return true;
	}
	if (world->alarm_us <= world->monotonic_us && !world->idle) {
		world->alarm_us = INT64_MAX;
		world->alarm->on_alarm(world->alarm->data);
		return true;
	}
	return false;
}

#define STEPS_MAX 10000

void engine_world_settle_but_runner(struct engine_world *world)
{
	for (int i = 0; step(world); i++) {
		assert_true(i < STEPS_MAX);
	}
}

void engine_world_settle(struct engine_world *world)
{
	int steps = 0;
	do {
		engine_world_settle_but_runner(world);
		assert_true(steps++ < STEPS_MAX);
	} while (fake_runner_pump(world->runners[0]) || fake_runner_pump(world->runners[1]));
}

bool engine_world_steps(struct engine_world *world, int steps)
{
	for (int i = 0; i < steps; i++) {
		if (!step(world) && !fake_runner_pump(world->runners[0])) {
			return false;
		}
	}
	return true;
}

size_t engine_world_requests(const struct engine_world *world)
{
	return fake_runner_pending(world->runners[0]) + fake_runner_pending(world->runners[1]);
}

void engine_world_answer_first_runner(struct engine_world *world)
{
	while (fake_runner_pump(world->runners[0])) {
	}
}

void engine_world_wait(struct engine_world *world, int64_t duration_us)
{
	world->wall_us += duration_us;
	world->monotonic_us += duration_us;
	engine_world_settle_but_runner(world);
}

void engine_world_pass(struct engine_world *world, int64_t duration_us)
{
	engine_world_wait(world, duration_us);
	engine_world_settle(world);
}

void engine_world_set_wall_back(struct engine_world *world, int64_t duration_us)
{
	world->wall_us -= duration_us;
}

/* A killed process leaves its memory to the system. What it leaves here stays
 * reachable, so that leak checkers see that it was meant. */
static struct {
	struct lb_engine *engine;
	struct lb_work *work;
} graveyard[64];

static void bury(struct engine_world *world)
{
	static size_t graves;
	assert_true(graves < sizeof(graveyard) / sizeof(graveyard[0]));
	graveyard[graves].engine = world->engine;
	graveyard[graves].work = world->work;
	graves++;
}

void engine_world_crash(struct engine_world *world)
{
	if (world->engine == NULL) {
		return;
	}
	for (int i = 0; i < 2; i++) {
		world->runners[i]->impl->destroy(world->runners[i]);
	}
	if (world->idle) {
		lb_engine_destroy(world->engine);
	} else {
		bury(world);
	}
	world->store->impl->destroy(world->store);
	world->engine = NULL;
	world->store = NULL;
	world->work = NULL;
	world->scan = NULL;
	world->cleaning = NULL;
}

void engine_world_once(struct engine_world *world)
{
	engine_world_start(world, LB_ENGINE_ONCE, 0);
	engine_world_settle(world);
	assert_true(engine_world_is_idle(world));
	engine_world_crash(world);
}

struct question {
	struct engine_world *world;
	const char *job_id;
	struct lb_job_list jobs;
};

struct pass_question {
	struct engine_world *world;
	struct lb_pass_cost_list passes;
};

static enum lb_err ask_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct question *question = data;
	struct lb_job_query query = {.job_ids = &question->job_id, .job_id_count = 1};
	return store->impl->load_jobs(store, &query, &question->world->arena, &question->jobs,
				      error);
}

const struct lb_run *engine_world_run(struct engine_world *world, const char *job_id)
{
	struct question question = {.world = world, .job_id = job_id};
	struct lb_error error;
	struct lb_store *store = fake_store_create(world->tables);
	assert_int_equal(store->impl->transact(store, LB_STORE_READ, ask_body, &question, &error),
			 LB_OK);
	store->impl->destroy(store);
	return question.jobs.count > 0 ? question.jobs.items[0].run : NULL;
}

static enum lb_err ask_passes(struct lb_store *store, void *data, struct lb_error *error)
{
	struct pass_question *question = data;
	return store->impl->load_passes(store, &question->world->arena, &question->passes, error);
}

const struct lb_pass_cost *engine_world_kept_pass(struct engine_world *world, bool is_full)
{
	struct pass_question question = {.world = world};
	struct lb_error error;
	struct lb_store *store = fake_store_create(world->tables);
	assert_int_equal(store->impl->transact(store, LB_STORE_READ, ask_passes, &question, &error),
			 LB_OK);
	store->impl->destroy(store);
	for (size_t i = 0; i < question.passes.count; i++) {
		const struct lb_pass_cost *pass = &question.passes.items[i];
		if (pass->is_full == is_full && strcmp(pass->base_location, "/triggers") == 0 &&
		    strcmp(pass->sensor_source, "trigger_file") == 0) {
			return pass;
		}
	}
	return NULL;
}

static enum lb_err save_pass(struct lb_store *store, void *data, struct lb_error *error)
{
	return store->impl->save(store, data, error);
}

void engine_world_keep_pass(struct engine_world *world, const char *sensor_source,
			    const char *base_location, uint64_t requests)
{
	struct lb_pass_cost pass = {
		.sensor_source = sensor_source,
		.base_location = base_location,
		.cost = {.requests = requests},
	};
	struct lb_changes changes = {.passes = {.items = &pass, .count = 1}};
	struct lb_error error;
	struct lb_store *store = fake_store_create(world->tables);
	assert_int_equal(store->impl->transact(store, LB_STORE_WRITE, save_pass, &changes, &error),
			 LB_OK);
	store->impl->destroy(store);
}

const char *engine_world_status(struct engine_world *world, const char *sensor_id,
				const char *job_id)
{
	const struct lb_row *row = fake_tables_find_row(world->tables, sensor_id, job_id);
	assert_non_null(row);
	return row->status_text != NULL ? row->status_text : "NULL";
}
