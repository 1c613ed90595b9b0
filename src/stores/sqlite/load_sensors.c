#include "base/time.h"
#include "stores/sqlite/database.h"

static enum lb_err read_sensor(sqlite3_stmt *sensors, struct lb_arena *arena,
			       struct lb_sensor_state *state, struct lb_error *error)
{
	const struct {
		int column;
		const char **text;
	} texts[] = {
		{0, &state->sensor_source},     {1, &state->base_location},
		{2, &state->sensor.sensor_id},  {3, &state->sensor.checkpoint.floor},
		{7, &state->sensor.last_error},
	};
	state->sensor.checkpoint.folder_time_ns = sqlite3_column_int64(sensors, 4);
	state->sensor.checkpoint.full_pass_at_us = lb_column_time(sensors, 5);
	state->sensor.checkpoint.ordered = sqlite3_column_int(sensors, 6) != 0;
	state->last_seq = sqlite3_column_int64(sensors, 8);
	state->last_event_at_us = lb_column_time(sensors, 9);
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && err == LB_OK; i++) {
		err = lb_column_text(sensors, texts[i].column, arena, texts[i].text, error);
	}
	if (state->sensor.checkpoint.floor == NULL) {
		state->sensor.checkpoint.floor = "";
	}
	if (state->sensor.sensor_id == NULL) {
		state->sensor.sensor_id = "";
	}
	return err;
}

enum lb_err lb_database_load_sensors(struct lb_store *store, const char *sensor_source,
				     const char *base_location, struct lb_arena *arena,
				     struct lb_sensor_state_list *ret_sensors,
				     struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	*ret_sensors = (struct lb_sensor_state_list){0};
	sqlite3_stmt *sensors = lb_database_statement(
		database, base_location != NULL ? SQL_SENSORS_TO_SCAN : SQL_SENSORS_KNOWN, error);
	if (sensors == NULL) {
		return error->code;
	}
	if (base_location != NULL) {
		lb_bind_text(sensors, 1, sensor_source);
		lb_bind_text(sensors, 2, base_location);
	}
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, sensors, &row, error)) == LB_OK && row) {
		struct lb_sensor_state *state = lb_list_add(arena, ret_sensors);
		err = state != NULL ? read_sensor(sensors, arena, state, error)
				    : lb_fail_nomem(error);
		if (err != LB_OK) {
			(void)sqlite3_reset(sensors);
			return err;
		}
	}
	return err;
}

static enum lb_err read_audit(sqlite3_stmt *statement, struct lb_arena *arena,
			      struct lb_audit *audit, struct lb_error *error)
{
	const struct {
		int column;
		const char **text;
	} texts[] = {
		{1, &audit->trigger_job_id}, {2, &audit->sensor_id},
		{3, &audit->from},           {4, &audit->to},
		{5, &audit->cause},          {8, &audit->who},
	};
	audit->at_us = lb_column_time(statement, 0);
	audit->run_no = sqlite3_column_int64(statement, 6);
	audit->attempt = sqlite3_column_int(statement, 7);
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && err == LB_OK; i++) {
		err = lb_column_text(statement, texts[i].column, arena, texts[i].text, error);
	}
	return err;
}

enum lb_err lb_database_load_audit(struct lb_store *store, const struct lb_audit_query *query,
				   struct lb_arena *arena, struct lb_audit_list *ret_audit,
				   struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	*ret_audit = (struct lb_audit_list){0};
	sqlite3_stmt *statement = lb_database_statement(database, SQL_AUDIT, error);
	if (statement == NULL) {
		return error->code;
	}
	lb_bind_text(statement, 1, query->trigger_job_id);
	lb_bind_int(statement, 2, query->limit > 0 ? (int64_t)query->limit : -1);
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, statement, &row, error)) == LB_OK && row) {
		struct lb_audit *audit = lb_list_add(arena, ret_audit);
		err = audit != NULL ? read_audit(statement, arena, audit, error)
				    : lb_fail_nomem(error);
		if (err != LB_OK) {
			(void)sqlite3_reset(statement);
			return err;
		}
	}
	return err;
}
