#include "support/store_place.h"

#include "base/text.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/store_place_sqlite.h"

#include <string.h>

static void *must(void *memory)
{
	assert_non_null(memory);
	return memory;
}

static struct store_place *create(void)
{
	struct store_place *place = must(lb_alloc(sizeof(*place)));
	place->changes = (struct lb_changes){.arena = &place->arena, .who = "test"};
	return place;
}

int fake_place_setup(void **state)
{
	struct store_place *place = create();
	place->tables = fake_tables_create();
	place->store = place_open(place);
	*state = place;
	return 0;
}

int sqlite_place_setup(void **state)
{
	struct store_place *place = create();
	place->path = "my_database.db";
	*state = place;
	if (folder_setup(state) != 0) {
		return 1;
	}
	place->store = place_open(place);
	return 0;
}

int place_teardown(void **state)
{
	struct store_place *place = *state;
	if (place->store != NULL) {
		place->store->impl->destroy(place->store);
	}
	fake_tables_destroy(place->tables);
	int result = place->path != NULL ? folder_teardown(state) : 0;
	lb_arena_finish(&place->arena);
	lb_free(place);
	return result;
}

struct lb_store *place_open(struct store_place *place)
{
	return place->tables != NULL ? fake_store_create(place->tables) : sqlite_place_open(place);
}

void place_crash(struct store_place *place)
{
	place->store->impl->destroy(place->store);
	place->store = NULL; /* a failed test ends here */
	place->store = place_open(place);
}

void place_put_row(struct store_place *place, const struct lb_row *row)
{
	if (place->tables != NULL) {
		fake_tables_put_row(place->tables, row);
	} else {
		sqlite_place_put_row(place, row);
	}
}

void place_add_row(struct store_place *place, const char *sensor_id, const char *trigger_job_id,
		   const char *job_state, const char *status)
{
	struct lb_row row = {
		.declared = {[LB_DECLARED_sensor_source] = PLACE_SOURCE,
			     [LB_DECLARED_sensor_id] = sensor_id,
			     [LB_DECLARED_trigger_job_id] = trigger_job_id,
			     [LB_DECLARED_job_state] = job_state,
			     [LB_DECLARED_dependency_flag] = "TRUE"},
		.status_text = status,
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	place_put_row(place, &row);
}

bool place_find_entry(struct store_place *place, const char *sensor_id,
		      struct fake_sensor_entry *ret_entry)
{
	if (place->tables == NULL) {
		return sqlite_place_find_entry(place, sensor_id, ret_entry);
	}
	const struct fake_sensor_entry *entry = fake_tables_find_entry(place->tables, sensor_id);
	if (entry != NULL) {
		*ret_entry = *entry;
	}
	return entry != NULL;
}

enum lb_err place_transact(struct store_place *place, enum lb_store_access access, place_body body,
			   void *data)
{
	struct lb_error error = {0};
	return place->store->impl->transact(place->store, access, body, data, &error);
}

/* One call of the port, with what it takes and what it gives. */
struct call {
	struct store_place *place;
	const void *query;
	const char *sensor_source;
	const char *base_location;
	struct lb_job_list jobs;
	struct lb_run_list runs;
	struct lb_event_list events;
	struct lb_sensor_state_list sensors;
	struct lb_audit_list audit;
	struct lb_pass_cost_list passes;
	size_t added;
};

static void run(struct call *call, enum lb_store_access access, place_body body)
{
	struct lb_store *store = call->place->store;
	struct lb_error error = {0};
	if (store->impl->transact(store, access, body, call, &error) != LB_OK) {
		fail_msg("%s", error.message);
	}
}

struct lb_sensor_report *place_report(struct store_place *place, const char *sensor_id)
{
	struct lb_sensor_report *report = must(lb_list_add(&place->arena, &place->reports));
	report->sensor_source = PLACE_SOURCE;
	report->base_location = PLACE_BASE;
	report->sensor_id = sensor_id;
	report->observed_at_us = PLACE_NOW_US;
	return report;
}

struct lb_file *place_file(struct store_place *place, struct lb_sensor_report *report,
			   const char *file_name)
{
	struct lb_file *file = must(lb_list_add(&place->arena, &report->files));
	*file = (struct lb_file){
		.file_name = file_name,
		.file_path = must(lb_arena_printf(&place->arena, "%s/%s/%s", report->base_location,
						  report->sensor_id, file_name)),
		.etag = "1",
		.modified_at_us = PLACE_NOW_US - LB_MINUTE,
		.size_bytes = 7,
	};
	return file;
}

static enum lb_err record_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->record(store, &call->place->reports, &call->added, error);
}

size_t place_record(struct store_place *place)
{
	struct call call = {.place = place};
	run(&call, LB_STORE_WRITE, record_body);
	place->reports = (struct lb_sensor_report_list){0};
	return call.added;
}

size_t place_deliver(struct store_place *place, const char *sensor_id, const char *file_name)
{
	(void)place_file(place, place_report(place, sensor_id), file_name);
	return place_record(place);
}

static enum lb_err load_jobs_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_jobs(store, call->query, &call->place->arena, &call->jobs, error);
}

struct lb_job_list place_load_jobs(struct store_place *place, const struct lb_job_query *query)
{
	struct call call = {.place = place, .query = query};
	run(&call, LB_STORE_READ, load_jobs_body);
	return call.jobs;
}

static enum lb_err load_runs_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_runs(store, call->query, &call->place->arena, &call->runs, error);
}

struct lb_run_list place_load_runs(struct store_place *place, const struct lb_run_query *query)
{
	struct call call = {.place = place, .query = query};
	run(&call, LB_STORE_READ, load_runs_body);
	return call.runs;
}

static enum lb_err load_events_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_events(store, call->query, &call->place->arena, &call->events,
					error);
}

struct lb_event_list place_load_events(struct store_place *place,
				       const struct lb_run_input_list *inputs)
{
	struct call call = {.place = place, .query = inputs};
	run(&call, LB_STORE_READ, load_events_body);
	return call.events;
}

static enum lb_err load_consumed_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_consumed(store, call->query, &call->place->arena, &call->events,
					  error);
}

struct lb_event_list place_load_consumed(struct store_place *place,
					 const struct lb_consumed_query *query)
{
	struct call call = {.place = place, .query = query};
	run(&call, LB_STORE_READ, load_consumed_body);
	return call.events;
}

static enum lb_err load_sensors_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_sensors(store, call->sensor_source, call->base_location,
					 &call->place->arena, &call->sensors, error);
}

struct lb_sensor_state_list place_load_sensors(struct store_place *place, const char *sensor_source,
					       const char *base_location)
{
	struct call call = {
		.place = place, .sensor_source = sensor_source, .base_location = base_location};
	run(&call, LB_STORE_READ, load_sensors_body);
	return call.sensors;
}

static enum lb_err load_audit_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_audit(store, call->query, &call->place->arena, &call->audit,
				       error);
}

struct lb_audit_list place_load_audit(struct store_place *place, const struct lb_audit_query *query)
{
	struct call call = {.place = place, .query = query};
	run(&call, LB_STORE_READ, load_audit_body);
	return call.audit;
}

static enum lb_err load_passes_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->load_passes(store, &call->place->arena, &call->passes, error);
}

struct lb_pass_cost_list place_load_passes(struct store_place *place)
{
	struct call call = {.place = place};
	run(&call, LB_STORE_READ, load_passes_body);
	return call.passes;
}

struct lb_job *place_job(struct store_place *place, const char *trigger_job_id)
{
	struct lb_job_query query = {.job_ids = &trigger_job_id, .job_id_count = 1};
	struct lb_job_list jobs = place_load_jobs(place, &query);
	assert_int_equal(jobs.count, 1);
	assert_string_equal(jobs.items[0].trigger_job_id, trigger_job_id);
	return &jobs.items[0];
}

struct lb_row *place_row(struct store_place *place, const char *sensor_id,
			 const char *trigger_job_id)
{
	struct lb_job *job = place_job(place, trigger_job_id);
	for (size_t i = 0; i < job->rows.count; i++) {
		if (lb_text_equal(lb_row_sensor_id(&job->rows.items[i]), sensor_id)) {
			return &job->rows.items[i];
		}
	}
	fail_msg("job %s has no row for %s", trigger_job_id, sensor_id);
	return NULL;
}

struct lb_sensor_state *place_sensor(struct store_place *place, const char *sensor_id)
{
	struct lb_sensor_state_list sensors = place_load_sensors(place, NULL, NULL);
	for (size_t i = 0; i < sensors.count; i++) {
		if (lb_text_equal(sensors.items[i].sensor.sensor_id, sensor_id) &&
		    lb_text_equal(sensors.items[i].base_location, PLACE_BASE)) {
			return &sensors.items[i];
		}
	}
	fail_msg("nobody looked at %s", sensor_id);
	return NULL;
}

const char *place_job_ids(struct store_place *place, const struct lb_job_query *query)
{
	struct lb_job_list jobs = place_load_jobs(place, query);
	const char *ids = "";
	for (size_t i = 0; i < jobs.count; i++) {
		ids = must(lb_arena_printf(&place->arena, "%s%s%s", ids, i > 0 ? " " : "",
					   jobs.items[i].trigger_job_id));
	}
	return ids;
}

struct lb_run *place_plan(struct store_place *place, const char *trigger_job_id, int64_t run_no,
			  int attempt)
{
	struct lb_run *planned = must(lb_arena_alloc(&place->arena, sizeof(*planned)));
	*planned = (struct lb_run){
		.trigger_job_id = trigger_job_id,
		.run_no = run_no,
		.attempt = attempt,
		.state = LB_RUN_PLANNED,
		.runner = "local",
		.planned_at_us = PLACE_NOW_US,
		.next_try_at_us = PLACE_NOW_US,
		.submitted_at_us = LB_TIME_NONE,
		.ended_at_us = LB_TIME_NONE,
	};
	const char *token = must(lb_arena_printf(&place->arena, "%s.%lld.%d", trigger_job_id,
						 (long long)run_no, attempt));
	(void)strncpy(planned->token, token, LB_TOKEN_LENGTH);
	place_change_run(place, planned);
	return planned;
}

void place_add_input(struct store_place *place, struct lb_run *run, int64_t sensor,
		     int64_t from_seq, int64_t to_seq)
{
	struct lb_run_input *input = must(lb_list_add(&place->arena, &run->inputs));
	*input = (struct lb_run_input){.sensor = sensor, .from_seq = from_seq, .to_seq = to_seq};
}

void place_change_run(struct store_place *place, struct lb_run *run)
{
	struct lb_run **item = must(lb_list_add(&place->arena, &place->changes.runs));
	*item = run;
}

void place_consume(struct store_place *place, int64_t sensor, const char *trigger_job_id,
		   int64_t seq)
{
	struct lb_consumed *consumed = must(lb_list_add(&place->arena, &place->changes.consumed));
	*consumed = (struct lb_consumed){
		.sensor = sensor, .trigger_job_id = trigger_job_id, .seq = seq};
}

static enum lb_err save_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct call *call = data;
	return store->impl->save(store, &call->place->changes, error);
}

void place_save(struct store_place *place)
{
	struct call call = {.place = place};
	run(&call, LB_STORE_WRITE, save_body);
	place->changes = (struct lb_changes){.arena = &place->arena, .who = "test"};
}
