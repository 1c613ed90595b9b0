#include "sim/people.h"

#include "base/time.h"
#include "engine/beat.h"
#include "engine/feed.h"
#include "sim/memory.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

/* --- commands: each a process of its own, one beat long ---------------------- */

static struct lb_policy policy_of(const void *data, const char *trigger_job_id)
{
	const struct sim_world *world = data;
	return world->plan.policies[sim_job_number(trigger_job_id)];
}

static void command(struct sim_world *world, size_t job, struct lb_command command)
{
	struct sim_store store;
	struct lb_answer answer = {0};
	command.trigger_job_id = sim_job_id(job);
	command.who = "person";
	command.answer = &answer;
	struct lb_observation observation = {.kind = LB_OBSERVED_COMMAND, .command = command};
	struct lb_observation_list observations = {.items = &observation, .count = 1};
	struct lb_policies policies = {.policy_of = policy_of, .data = world};
	struct lb_beat beat = {
		.observations = &observations,
		.policies = &policies,
		.now_us = sim_wall(world),
		.random = 1,
		.plan_runs = true,
		.who = "person",
	};
	struct lb_error error;
	sim_store_open(&store, world, NULL);
	store.by_hand = command.consume_all ? (int)job : -1;
	enum lb_err err = lb_beat_run(&store.base, &beat, &error);
	sim_tell(world, "person: job %zu: %s", job,
		 err == LB_OK ? answer.text : "there is no such job or row");
	lb_arena_finish(&beat.arena);
	sim_store_close(&store);
}

void sim_people_complete(struct sim_world *world, const struct sim_service_run *run)
{
	bool knows_token = sim_chance(&world->random, 800000);
	command(world, run->job,
		(struct lb_command){.verb = LB_COMPLETE, .token = knows_token ? run->token : NULL});
}

static const char *draw_sensor(struct sim_world *world)
{
	size_t sensor = (size_t)sim_below(&world->random, world->plan.sensor_count);
	bool all = sim_chance(&world->random, 500000);
	return all ? NULL : world->bucket.folders[sensor].sensor_id;
}

static void pause_some(struct sim_world *world, size_t job)
{
	command(world, job, (struct lb_command){.verb = LB_PAUSE, .sensor_id = draw_sensor(world)});
}

static void resume_some(struct sim_world *world, size_t job)
{
	command(world, job,
		(struct lb_command){.verb = LB_RESUME, .sensor_id = draw_sensor(world)});
}

/* Rows come back as if they had an event; whether they have one is theirs to say. */
static void forge_job(struct sim_world *world, size_t job)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		world->ledger.forged[job][i] = true;
	}
}

static void retry(struct sim_world *world, size_t job)
{
	forge_job(world, job);
	command(world, job, (struct lb_command){.verb = LB_RETRY});
}

static void complete(struct sim_world *world, size_t job)
{
	command(world, job, (struct lb_command){.verb = LB_COMPLETE});
}

static void complete_all(struct sim_world *world, size_t job)
{
	world->ledger.by_hand[job] = true;
	command(world, job, (struct lb_command){.verb = LB_COMPLETE, .consume_all = true});
}

/* --- SQL --------------------------------------------------------------------- */

/* One UPDATE of a row's status, past lakebeat and its audit log. */
struct edit {
	size_t job;
	const char *sensor_id;
	const char *status;
};

static enum lb_err edit_body(struct lb_store *store, void *data, struct lb_error *error)
{
	const struct edit *edit = data;
	struct lb_arena arena = {0};
	const char *id = sim_job_id(edit->job);
	struct lb_job_query query = {.job_ids = &id, .job_id_count = 1};
	struct lb_job_list jobs = {0};
	enum lb_err err = store->impl->load_jobs(store, &query, &arena, &jobs, error);
	const struct lb_row *changed[1];
	struct lb_changes changes = {.arena = &arena, .who = "person"};
	for (size_t i = 0; err == LB_OK && jobs.count > 0 && i < jobs.items[0].rows.count; i++) {
		struct lb_row *row = &jobs.items[0].rows.items[i];
		if (strcmp(lb_row_sensor_id(row), edit->sensor_id) == 0) {
			row->status_text = edit->status;
			row->status = lb_status_parse(edit->status);
			changed[0] = row;
			changes.rows_changed.items = changed;
			changes.rows_changed.count = 1;
			err = store->impl->save(store, &changes, error);
		}
	}
	lb_arena_finish(&arena);
	return err;
}

static void set_status(struct sim_world *world, size_t job, size_t sensor, const char *status)
{
	struct sim_store store;
	struct lb_error error;
	struct edit edit = {
		.job = job, .sensor_id = world->bucket.folders[sensor].sensor_id, .status = status};
	sim_store_open(&store, world, NULL);
	store.by_hand = (int)job;
	sim_tell(world, "person: update: status of job %zu, %s, is '%s'", job, edit.sensor_id,
		 status != NULL ? status : "NULL");
	world->ledger.forged[job][sensor] = true;
	if (store.base.impl->transact(&store.base, LB_STORE_WRITE, edit_body, &edit, &error) !=
	    LB_OK) {
		sim_fail(world, "tables-readable", "%s", error.message);
	}
	sim_store_close(&store);
}

static void edit_status(struct sim_world *world, size_t job)
{
	static const char *const statuses[] = {NULL, " new_event_available ", "COMPLETED",
					       "asleep"};
	size_t sensor = (size_t)sim_below(&world->random, world->plan.sensor_count);
	size_t status = (size_t)sim_below(&world->random, 4);
	if (world->view.rows[job][sensor].exists) {
		set_status(world, job, sensor, statuses[status]);
	}
}

/* --- the data feed ----------------------------------------------------------- */

static void fill_row(const struct sim_world *world, struct lb_row *row, size_t job, size_t sensor,
		     const char *flag, const char *state)
{
	*row = (struct lb_row){
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	row->declared[LB_DECLARED_sensor_source] = "trigger_file";
	row->declared[LB_DECLARED_sensor_id] = world->bucket.folders[sensor].sensor_id;
	row->declared[LB_DECLARED_asset_description] = "asset";
	row->declared[LB_DECLARED_trigger_job_id] = sim_job_id(job);
	row->declared[LB_DECLARED_job_state] = state;
	row->declared[LB_DECLARED_dependency_flag] = flag;
}

/* What the feed says: a row for each pair that is set. */
struct wanted {
	struct lb_row rows[SIM_JOBS_MAX * SIM_SENSORS_MAX];
	size_t count;
};

static void apply_feed(struct sim_world *world, struct wanted *wanted, bool force)
{
	struct sim_store store;
	struct lb_error error;
	struct lb_row_list rows = {.items = wanted->rows, .count = wanted->count};
	struct lb_feed feed = {
		.wanted = &rows,
		.now_us = sim_wall(world),
		.who = "person",
		.force = force,
		.existing = true,
	};
	sim_store_open(&store, world, NULL);
	enum lb_err err = lb_feed_run(&store.base, &feed, &error);
	sim_tell(world, "person: feed of %zu rows: %s", wanted->count,
		 err == LB_OK ? "applied" : "refused");
	lb_arena_finish(&feed.arena);
	sim_store_close(&store);
}

static const char *draw_flag(struct sim_random *random)
{
	static const char *const flags[] = {"TRUE", "true ", "TRUE", "FALSE", "FALSE"};
	return flags[sim_below(random, 5)];
}

void sim_people_begin(struct sim_world *world)
{
	struct wanted wanted = {0};
	for (size_t job = 0; job < world->plan.job_count; job++) {
		size_t sure = (size_t)sim_below(&world->random, world->plan.sensor_count);
		for (size_t sensor = 0; sensor < world->plan.sensor_count; sensor++) {
			bool waits = sim_chance(&world->random, 400000);
			const char *flag = draw_flag(&world->random);
			if (waits || sensor == sure) {
				fill_row(world, &wanted.rows[wanted.count++], job, sensor, flag,
					 "UNPAUSED");
			}
		}
	}
	apply_feed(world, &wanted, false);
}

/* One pair changes, all others stay as they are. */
static void change_feed(struct sim_world *world, size_t changed_job)
{
	struct wanted wanted = {0};
	size_t changed = (size_t)sim_below(&world->random, world->plan.sensor_count);
	const char *flag = draw_flag(&world->random);
	bool removes = sim_chance(&world->random, 400000);
	bool force = sim_chance(&world->random, 300000);
	for (size_t job = 0; job < world->plan.job_count; job++) {
		for (size_t sensor = 0; sensor < world->plan.sensor_count; sensor++) {
			const struct sim_row_view *row = &world->view.rows[job][sensor];
			bool here = job == changed_job && sensor == changed;
			if (here ? removes : !row->exists) {
				continue;
			}
			const char *kept = row->hard ? "TRUE" : "FALSE";
			fill_row(world, &wanted.rows[wanted.count++], job, sensor,
				 here ? flag : kept,
				 row->paused && row->exists ? "PAUSED" : "UNPAUSED");
		}
	}
	if (removes && world->view.rows[changed_job][changed].exists) {
		world->ledger.by_hand[changed_job] = true;
	}
	apply_feed(world, &wanted, force);
}

/* --- what they do ------------------------------------------------------------ */

static void stop_a_node(struct sim_world *world, size_t job)
{
	(void)job;
	size_t node = (size_t)sim_below(&world->random, world->plan.node_count);
	sim_node_stop(&world->nodes[node]);
}

static void set_a_clock(struct sim_world *world, size_t job)
{
	(void)job;
	size_t node = (size_t)sim_below(&world->random, world->plan.node_count);
	int64_t most_us = world->plan.skew_us;
	world->nodes[node].skew_us = sim_between(&world->random, -most_us, most_us);
}

static void act(void *subject, void *data)
{
	static void (*const deeds[])(struct sim_world * world, size_t job) = {
		pause_some, resume_some,  resume_some, retry,       retry,       complete,
		complete,   complete_all, edit_status, change_feed, stop_a_node, set_a_clock,
	};
	struct sim_world *world = subject;
	(void)data;
	if (world->healing) {
		return;
	}
	size_t job = (size_t)sim_below(&world->random, world->plan.job_count);
	size_t deed = (size_t)sim_below(&world->random, sizeof(deeds) / sizeof(deeds[0]));
	world->totals.deeds++;
	deeds[deed](world, job);
	sim_later(world, sim_between(&world->random, 1, 2 * world->plan.operator_us), act, NULL);
}

void sim_people_start(struct sim_world *world)
{
	if (world->plan.operator_us > 0) {
		sim_later(world, sim_between(&world->random, 1, world->plan.operator_us), act,
			  NULL);
	}
}

static bool any_row(const struct sim_world *world, size_t job)
{
	bool any = false;
	for (size_t sensor = 0; sensor < SIM_SENSORS_MAX; sensor++) {
		any = any || world->view.rows[job][sensor].exists;
	}
	return any;
}

static void heal_row(struct sim_world *world, size_t job, size_t sensor)
{
	const struct sim_row_view *row = &world->view.rows[job][sensor];
	bool strange = row->status[0] != '\0' && strcmp(row->status, "NEW_EVENT_AVAILABLE") != 0 &&
		       strcmp(row->status, "IN_PROGRESS") != 0 &&
		       strcmp(row->status, "COMPLETED") != 0 && strcmp(row->status, "FAILED") != 0;
	if (row->exists && strange) {
		set_status(world, job, sensor, NULL);
	}
}

void sim_people_heal(struct sim_world *world)
{
	for (size_t job = 0; job < world->plan.job_count; job++) {
		if (!any_row(world, job)) {
			continue;
		}
		for (size_t sensor = 0; sensor < SIM_SENSORS_MAX; sensor++) {
			heal_row(world, job, sensor);
		}
		command(world, job, (struct lb_command){.verb = LB_RESUME});
		if (world->view.live_count[job] == 0) {
			retry(world, job);
		}
	}
}
