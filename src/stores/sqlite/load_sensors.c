/* load_sensors.c: what a source is to look at, and where it stands. */
#include "base/time.h"
#include "stores/sqlite/statement.h"

/* A sensor that nobody has looked at yet has no line of its own. */
static void read_unseen(struct sql *sql, struct lb_arena *arena, const char *sensor_source,
			const char *base_location, struct lb_sensor_state *state)
{
	*state = (struct lb_sensor_state){
		.sensor_source = lb_arena_strdup(arena, sensor_source),
		.base_location = lb_arena_strdup(arena, base_location),
		.sensor = {.sensor_id = sql_text(sql, 0, arena),
			   .checkpoint = {.floor = "",
					  .full_pass_at_us = LB_TIME_NONE,
					  .ordered = true}},
		.last_event_at_us = LB_TIME_NONE,
	};
	if (state->sensor_source == NULL || state->base_location == NULL) {
		sql_no_memory(sql);
	}
}

static void read_seen(struct sql *sql, struct lb_arena *arena, struct lb_sensor_state *state)
{
	*state = (struct lb_sensor_state){
		.sensor_source = sql_text(sql, 1, arena),
		.base_location = sql_text(sql, 2, arena),
		.sensor = {.sensor_id = sql_text(sql, 0, arena),
			   .checkpoint = {.floor = sql_text(sql, 3, arena),
					  .folder_time_ns = sql_int(sql, 4),
					  .full_pass_at_us = sql_time(sql, 5),
					  .ordered = sql_int(sql, 6) != 0},
			   .last_error = sql_text(sql, 7, arena)},
		.last_seq = sql_int(sql, 8),
		.last_event_at_us = sql_time(sql, 9),
	};
}

/* The sensor of a control row: known from the row before, unseen, or seen. */
static void read_line(struct sql *sql, const char *sensor_source, const char *base_location,
		      struct lb_arena *arena, struct lb_sensor_state_list *sensors)
{
	if (!sql_can_be_key(sql, 0)) {
		return;
	}
	if (base_location != NULL && sensors->count > 0 &&
	    sql_text_is(sql, 0, sensors->items[sensors->count - 1].sensor.sensor_id)) {
		return;
	}
	struct lb_sensor_state *state = lb_list_add(arena, sensors);
	if (state == NULL) {
		sql_no_memory(sql);
	} else if (sql_is_null(sql, 1)) {
		read_unseen(sql, arena, sensor_source, base_location, state);
	} else {
		read_seen(sql, arena, state);
	}
}

enum lb_err lb_sqlite_load_sensors(struct lb_sqlite *sqlite, const char *sensor_source,
				   const char *base_location, struct lb_arena *arena,
				   struct lb_sensor_state_list *ret_sensors, struct lb_error *error)
{
	bool every = base_location == NULL;
	struct sql sql = sql_begin(sqlite, every ? SQL_LOAD_EVERY_SENSOR : SQL_LOAD_SENSORS);
	if (!every) {
		sql_bind_text(&sql, 1, sensor_source);
		sql_bind_text(&sql, 2, base_location);
	}
	*ret_sensors = (struct lb_sensor_state_list){0};
	bool more;
	enum lb_err err = sql_next(&sql, &more, error);
	while (more) {
		read_line(&sql, sensor_source, base_location, arena, ret_sensors);
		err = sql_next(&sql, &more, error);
	}
	return err;
}
