/* store_place.h: tables behind a store, and few words to speak to it: for tests
 * that hold the fake and every real store to the same promises.
 *
 * What a test makes and loads lives in the place's arena. A call that fails where
 * it should not ends the test. */
#ifndef LB_TESTS_STORE_PLACE_H
#define LB_TESTS_STORE_PLACE_H

#include "base/time.h"
#include "ports/store.h"
#include "support/fake_store.h"

#define PLACE_NOW_US ((int64_t)1763877600 * 1000000) /* 2025-11-23T06:00:00Z */
#define PLACE_SOURCE "trigger_file"
#define PLACE_BASE "/lake/triggers"
#define PLACE_CONTROL_TABLE "heartbeat_sensor"
#define PLACE_SENSOR_TABLE "lakehouse_engine_sensors"

/* store:    open; reports: what the next place_record records.
 * tables:   of the fake; path: of SQLite's file, in the test's folder. */
struct store_place {
	struct lb_store *store;
	struct lb_arena arena;
	struct lb_sensor_report_list reports;
	struct lb_changes changes;
	struct fake_tables *tables;
	const char *path;
};

/* For cmocka: *state is the place. */
int fake_place_setup(void **state);
int sqlite_place_setup(void **state);
int place_teardown(void **state);

/* Another store on the same tables. Owned. */
struct lb_store *place_open(struct store_place *place);
/* The process ends as by kill -9, and another one starts. */
void place_crash(struct store_place *place);

/* What people do with SQL. add: source PLACE_SOURCE, no texts but these. */
void place_put_row(struct store_place *place, const struct lb_row *row);
void place_add_row(struct store_place *place, const char *sensor_id, const char *trigger_job_id,
		   const char *job_state, const char *status);
/* False: there is no such entry in the sensor table. */
bool place_find_entry(struct store_place *place, const char *sensor_id,
		      struct fake_sensor_entry *ret_entry);

/* Runs body(data) and returns its error. */
typedef enum lb_err (*place_body)(struct lb_store *store, void *data, struct lb_error *error);
enum lb_err place_transact(struct store_place *place, enum lb_store_access access, place_body body,
			   void *data);

/* A report of PLACE_SOURCE in PLACE_BASE, observed at PLACE_NOW_US. Valid until
 * the next one is added. */
struct lb_sensor_report *place_report(struct store_place *place, const char *sensor_id);
/* A file of that name, etag "1", 7 bytes, modified a minute before. */
struct lb_file *place_file(struct store_place *place, struct lb_sensor_report *report,
			   const char *file_name);
/* Records the reports in a transaction of its own; returns how many were new. */
size_t place_record(struct store_place *place);
/* A report of one file, recorded. */
size_t place_deliver(struct store_place *place, const char *sensor_id, const char *file_name);

struct lb_job_list place_load_jobs(struct store_place *place, const struct lb_job_query *query);
struct lb_run_list place_load_runs(struct store_place *place, const struct lb_run_query *query);
struct lb_event_list place_load_events(struct store_place *place,
				       const struct lb_run_input_list *inputs);
struct lb_event_list place_load_consumed(struct store_place *place,
					 const struct lb_consumed_query *query);
struct lb_sensor_state_list place_load_sensors(struct store_place *place, const char *sensor_source,
					       const char *base_location);
struct lb_pass_cost_list place_load_passes(struct store_place *place);
struct lb_audit_list place_load_audit(struct store_place *place,
				      const struct lb_audit_query *query);

/* The one job; the row of it that waits for sensor_id. */
struct lb_job *place_job(struct store_place *place, const char *trigger_job_id);
struct lb_row *place_row(struct store_place *place, const char *sensor_id,
			 const char *trigger_job_id);
/* The sensor as a source of PLACE_BASE sees it. */
struct lb_sensor_state *place_sensor(struct store_place *place, const char *sensor_id);

/* The ids of jobs, joined by spaces. */
const char *place_job_ids(struct store_place *place, const struct lb_job_query *query);

/* A PLANNED run with a token made of job, number and attempt, to be saved by
 * place_save. With an input when sensor is not 0. */
struct lb_run *place_plan(struct store_place *place, const char *trigger_job_id, int64_t run_no,
			  int attempt);
void place_add_input(struct store_place *place, struct lb_run *run, int64_t sensor,
		     int64_t from_seq, int64_t to_seq);
/* run is to be saved again. */
void place_change_run(struct store_place *place, struct lb_run *run);
void place_consume(struct store_place *place, int64_t sensor, const char *trigger_job_id,
		   int64_t seq);
/* Saves place->changes in a transaction of its own and starts new ones. */
void place_save(struct store_place *place);

#endif
