#include "support/fake_tables.h"

#include "base/text.h"
#include "base/time.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *fake_must(void *memory)
{
	if (memory == NULL) {
		fprintf(stderr, "fake store: out of memory\n");
		abort();
	}
	return memory;
}

const char *fake_keep(struct fake_tables *tables, const char *text)
{
	return text != NULL ? fake_must(lb_arena_strdup(&tables->texts, text)) : NULL;
}

const char *fake_word(struct lb_arena *arena, const char *text)
{
	char *word = fake_must(lb_text_trim(arena, text));
	for (char *at = word; *at != '\0'; at++) {
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	}
	return word;
}

struct fake_tables *fake_tables_create(void)
{
	return fake_must(lb_alloc(sizeof(struct fake_tables)));
}

void fake_tables_destroy(struct fake_tables *tables)
{
	if (tables != NULL) {
		lb_arena_finish(&tables->state.arena);
		lb_arena_finish(&tables->texts);
		lb_free(tables);
	}
}

static void *copy_items(struct lb_arena *arena, const void *items, size_t bytes)
{
	void *copies = fake_must(lb_arena_alloc(arena, bytes));
	if (bytes > 0) {
		memcpy(copies, items, bytes);
	}
	return copies;
}

#define COPY_LIST(copy, state, list)                                                               \
	do {                                                                                       \
		size_t count = (state)->list.count;                                                \
		(copy)->list.items = copy_items(&(copy)->arena, (state)->list.items,               \
						count * sizeof(*(state)->list.items));             \
		(copy)->list.count = (copy)->list.capacity = count;                                \
	} while (0)

void fake_state_copy(struct fake_state *copy, const struct fake_state *state)
{
	*copy = (struct fake_state){.last_run_id = state->last_run_id};
	COPY_LIST(copy, state, rows);
	COPY_LIST(copy, state, sensors);
	COPY_LIST(copy, state, events);
	COPY_LIST(copy, state, gone);
	COPY_LIST(copy, state, consumed);
	COPY_LIST(copy, state, runs);
	COPY_LIST(copy, state, entries);
	COPY_LIST(copy, state, audits);
	COPY_LIST(copy, state, passes);
}

struct fake_sensor *fake_state_sensor(struct fake_state *state, int64_t id)
{
	for (size_t i = 0; i < state->sensors.count; i++) {
		if (state->sensors.items[i].id == id) {
			return &state->sensors.items[i];
		}
	}
	return NULL;
}

struct fake_sensor fake_sensor_unseen(const char *sensor_source, const char *base_location,
				      const char *sensor_id)
{
	return (struct fake_sensor){
		.sensor_source = sensor_source,
		.base_location = base_location,
		.sensor_id = sensor_id,
		.last_event_at_us = LB_TIME_NONE,
		.checkpoint = {.floor = "", .full_pass_at_us = LB_TIME_NONE, .ordered = true},
	};
}

struct fake_sensor *fake_state_find_sensor(struct fake_state *state, const char *sensor_source,
					   const char *base_location, const char *sensor_id)
{
	for (size_t i = 0; i < state->sensors.count; i++) {
		struct fake_sensor *sensor = &state->sensors.items[i];
		if (lb_text_equal(sensor->sensor_id, sensor_id) &&
		    lb_text_equal(sensor->base_location, base_location) &&
		    lb_text_same_word(sensor->sensor_source, sensor_source)) {
			return sensor;
		}
	}
	return NULL;
}

struct lb_consumed *fake_state_consumed(struct fake_state *state, int64_t sensor,
					const char *trigger_job_id)
{
	for (size_t i = 0; i < state->consumed.count; i++) {
		struct lb_consumed *consumed = &state->consumed.items[i];
		if (consumed->sensor == sensor &&
		    lb_text_equal(consumed->trigger_job_id, trigger_job_id)) {
			return consumed;
		}
	}
	return NULL;
}

int64_t fake_state_consumed_seq(struct fake_state *state, const struct fake_sensor *sensor,
				const char *trigger_job_id)
{
	const struct lb_consumed *consumed = fake_state_consumed(state, sensor->id, trigger_job_id);
	return consumed != NULL ? consumed->seq : sensor->start_seq;
}

struct lb_row *fake_state_row(const struct fake_state *state, const char *sensor_id,
			      const char *trigger_job_id)
{
	for (size_t i = 0; i < state->rows.count; i++) {
		struct lb_row *row = &state->rows.items[i];
		if (lb_text_equal(lb_row_sensor_id(row), sensor_id) &&
		    lb_text_equal(lb_row_job_id(row), trigger_job_id)) {
			return row;
		}
	}
	return NULL;
}

struct lb_run *fake_state_latest_run(const struct fake_state *state, const char *trigger_job_id)
{
	struct lb_run *latest = NULL;
	for (size_t i = 0; i < state->runs.count; i++) {
		struct lb_run *run = &state->runs.items[i];
		if (lb_text_equal(run->trigger_job_id, trigger_job_id) &&
		    (latest == NULL || run->id > latest->id)) {
			latest = run;
		}
	}
	return latest;
}

bool fake_row_waits_for(const struct lb_row *row, const struct fake_sensor *sensor)
{
	return lb_text_equal(lb_row_sensor_id(row), sensor->sensor_id) &&
	       lb_text_same_word(row->declared[LB_DECLARED_sensor_source], sensor->sensor_source);
}

void fake_tables_put_row(struct fake_tables *tables, const struct lb_row *row)
{
	ON_THE_WORLDS_ACCOUNT;
	struct fake_state *state = &tables->state;
	struct lb_row *put = fake_state_row(state, lb_row_sensor_id(row), lb_row_job_id(row));
	if (put == NULL) {
		put = fake_add(state, &state->rows);
	}
	*put = *row;
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		put->declared[column] = fake_keep(tables, row->declared[column]);
	}
	put->status_text = fake_keep(tables, row->status_text);
	put->status = lb_status_parse(put->status_text);
	put->cursors = NULL;
	put->cursor_count = 0;
	put->changed = false;
}

void fake_tables_remove_row(struct fake_tables *tables, const char *sensor_id,
			    const char *trigger_job_id)
{
	struct lb_row_list *rows = &tables->state.rows;
	struct lb_row *row = fake_state_row(&tables->state, sensor_id, trigger_job_id);
	if (row != NULL) {
		*row = rows->items[--rows->count];
	}
}

const struct lb_row *fake_tables_find_row(const struct fake_tables *tables, const char *sensor_id,
					  const char *trigger_job_id)
{
	return fake_state_row(&tables->state, sensor_id, trigger_job_id);
}

const struct fake_sensor_entry *fake_tables_find_entry(const struct fake_tables *tables,
						       const char *sensor_id)
{
	for (size_t i = 0; i < tables->state.entries.count; i++) {
		const struct fake_sensor_entry *entry = &tables->state.entries.items[i];
		if (lb_text_equal(entry->sensor_id, sensor_id)) {
			return entry;
		}
	}
	return NULL;
}

void fake_tables_fail_commit(struct fake_tables *tables, enum fake_commit commit, enum lb_err code)
{
	tables->commit = commit;
	tables->commit_code = code;
}

void fake_tables_fail_begin(struct fake_tables *tables, enum lb_err code)
{
	tables->begin_code = code;
}
