/* fake_tables.h: the inside of the fake store, shared by fake_*.c only. */
#ifndef LB_TESTS_FAKE_TABLES_H
#define LB_TESTS_FAKE_TABLES_H

#include "support/fake_store.h"

struct fake_sensor {
	int64_t id;
	const char *sensor_source; /* trimmed and folded */
	const char *base_location;
	const char *sensor_id;
	int64_t last_seq;
	int64_t start_seq; /* where rows without `consumed` start */
	int64_t last_event_at_us;
	struct lb_checkpoint checkpoint;
	const char *last_error;
	bool advanced; /* by this transaction */
};

/* When the file of an event was cleaned. */
struct fake_gone {
	int64_t sensor;
	int64_t seq;
	int64_t at_us;
};

struct fake_gone_list LB_LIST_OF(struct fake_gone);
struct fake_sensor_list LB_LIST_OF(struct fake_sensor);
struct fake_entry_list LB_LIST_OF(struct fake_sensor_entry);

/* All that a transaction can change. arena: holds the lists, not the texts. */
struct fake_state {
	struct lb_arena arena;
	struct lb_row_list rows;
	struct fake_sensor_list sensors;
	struct lb_event_list events;
	struct fake_gone_list gone;
	struct lb_consumed_list consumed;
	struct lb_run_list runs;
	struct fake_entry_list entries;
	struct lb_audit_list audits;
	struct lb_pass_cost_list passes;
	int64_t last_run_id;
};

/* texts: every text that ever was in the tables; only grows.
 * state: the one that a transaction works on, or the committed one. */
struct fake_tables {
	struct lb_arena texts;
	struct fake_state state;
	bool in_transaction;
	enum lb_store_access access;
	enum lb_err commit_code;
	enum fake_commit commit;
	enum lb_err begin_code;
	size_t calls_left;
	enum lb_err call_code;
};

/* The pointer; ends the program when it is NULL. */
void *fake_must(void *memory);

/* An item more, zeroed. */
#define fake_add(state, list)                                                                      \
	((__typeof__((list)->items))fake_must(lb_list_add(&(state)->arena, (list))))

/* A copy that lives as long as the tables; NULL for NULL. */
const char *fake_keep(struct fake_tables *tables, const char *text);
/* A copy in arena, trimmed and folded: how sources are compared. */
const char *fake_word(struct lb_arena *arena, const char *text);

/* A copy of all lists in an arena of its own. */
void fake_state_copy(struct fake_state *copy, const struct fake_state *state);

/* As a sensor is before anybody looked at it. The texts are borrowed. */
struct fake_sensor fake_sensor_unseen(const char *sensor_source, const char *base_location,
				      const char *sensor_id);

/* NULL: there is none. */
struct fake_sensor *fake_state_sensor(struct fake_state *state, int64_t id);
struct fake_sensor *fake_state_find_sensor(struct fake_state *state, const char *sensor_source,
					   const char *base_location, const char *sensor_id);
struct lb_consumed *fake_state_consumed(struct fake_state *state, int64_t sensor,
					const char *trigger_job_id);
struct lb_row *fake_state_row(const struct fake_state *state, const char *sensor_id,
			      const char *trigger_job_id);
/* The job's newest; NULL: none. */
struct lb_run *fake_state_latest_run(const struct fake_state *state, const char *trigger_job_id);
bool fake_row_waits_for(const struct lb_row *row, const struct fake_sensor *sensor);
/* How far the row's job has come with the sensor. */
int64_t fake_state_consumed_seq(struct fake_state *state, const struct fake_sensor *sensor,
				const char *trigger_job_id);

/* The methods of the port, by file. */
size_t fake_record(struct fake_tables *tables, const struct lb_sensor_report_list *reports,
		   int64_t keep_us);
void fake_save(struct fake_tables *tables, const struct lb_changes *changes, int64_t keep_us);
enum lb_err fake_load_jobs(struct fake_tables *tables, const struct lb_job_query *query,
			   struct lb_arena *arena, struct lb_job_list *ret_jobs,
			   struct lb_error *error);
enum lb_err fake_load_runs(struct fake_tables *tables, const struct lb_run_query *query,
			   struct lb_arena *arena, struct lb_run_list *ret_runs,
			   struct lb_error *error);
enum lb_err fake_load_events(struct fake_tables *tables, const struct lb_run_input_list *inputs,
			     struct lb_arena *arena, struct lb_event_list *ret_events,
			     struct lb_error *error);
void fake_load_consumed(struct fake_tables *tables, const struct lb_consumed_query *query,
			struct lb_arena *arena, struct lb_event_list *ret_events);
enum lb_err fake_load_sensors(struct fake_tables *tables, const char *sensor_source,
			      const char *base_location, struct lb_arena *arena,
			      struct lb_sensor_state_list *ret_sensors, struct lb_error *error);
enum lb_err fake_load_audit(struct fake_tables *tables, const struct lb_audit_query *query,
			    struct lb_arena *arena, struct lb_audit_list *ret_audit,
			    struct lb_error *error);
void fake_load_passes(struct fake_tables *tables, struct lb_arena *arena,
		      struct lb_pass_cost_list *ret_passes);

#endif
