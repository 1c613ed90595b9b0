#include "sim/view.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_JOB 555555551

size_t sim_job_number(const char *trigger_job_id)
{
	long number = strtol(trigger_job_id, NULL, 10) - FIRST_JOB;
	return number >= 0 && number < SIM_JOBS_MAX ? (size_t)number : SIM_JOBS_MAX;
}

const char *sim_job_id(size_t job)
{
	static const char *const ids[SIM_JOBS_MAX] = {"555555551", "555555552", "555555553",
						      "555555554", "555555555", "555555556"};
	return ids[job];
}

/* Trimmed and in capitals, as people mean what they type. */
static void read_word(const char *text, char word[SIM_STATUS_MAX])
{
	size_t length = 0;
	for (const char *at = text != NULL ? text : ""; *at != '\0'; at++) {
		bool blank = isspace((unsigned char)*at);
		if ((!blank || length > 0) && length < SIM_STATUS_MAX - 1) {
			word[length++] = (char)toupper((unsigned char)*at);
		}
	}
	while (length > 0 && isspace((unsigned char)word[length - 1])) {
		length--;
	}
	word[length] = '\0';
}

static void read_row(struct sim_view *view, size_t job, size_t sensor, const struct lb_row *row)
{
	char word[SIM_STATUS_MAX];
	struct sim_row_view *seen = &view->rows[job][sensor];
	*seen = (struct sim_row_view){.exists = true};
	read_word(row->declared[LB_DECLARED_dependency_flag], word);
	seen->hard = strcmp(word, "TRUE") == 0;
	read_word(row->declared[LB_DECLARED_job_state], word);
	seen->paused = strcmp(word, "UNPAUSED") != 0;
	read_word(row->status_text, seen->status);
	seen->fetched_at_us = row->latest_event_fetched_at_us;
	for (size_t i = 0; i < row->cursor_count; i++) {
		seen->last_seq = row->cursors[i].last_seq;
		seen->consumed_seq = row->cursors[i].consumed_seq;
		view->sensors[sensor] = row->cursors[i].sensor;
	}
}

static void read_live_run(struct sim_view *view, const struct lb_run *run)
{
	size_t job = sim_job_number(run->trigger_job_id);
	if (view->live_count[job]++ == 0) {
		view->live[job] = (struct sim_run_view){
			.run_no = run->run_no, .attempt = run->attempt, .state = run->state};
		memcpy(view->live[job].token, run->token, sizeof(run->token));
	}
}

struct reading {
	struct sim_world *world;
	struct sim_view *view;
	struct lb_arena arena;
};

static enum lb_err read_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct reading *reading = data;
	struct lb_job_query all = {.all = true};
	struct lb_job_list jobs = {0};
	enum lb_err err = store->impl->load_jobs(store, &all, &reading->arena, &jobs, error);
	for (size_t i = 0; i < jobs.count && err == LB_OK; i++) {
		const struct lb_job *job = &jobs.items[i];
		for (size_t j = 0; j < job->rows.count; j++) {
			const struct lb_row *row = &job->rows.items[j];
			read_row(reading->view, sim_job_number(job->trigger_job_id),
				 sim_bucket_sensor(&reading->world->bucket, lb_row_sensor_id(row)),
				 row);
		}
	}
	struct lb_run_query live = {
		.state_mask = 1U << LB_RUN_PLANNED | 1U << LB_RUN_SUBMITTED,
		.order = LB_RUN_NEWEST_FIRST,
	};
	struct lb_run_list runs = {0};
	if (err == LB_OK) {
		err = store->impl->load_runs(store, &live, &reading->arena, &runs, error);
	}
	for (size_t i = 0; i < runs.count && err == LB_OK; i++) {
		read_live_run(reading->view, &runs.items[i]);
	}
	return err;
}

void sim_view_read(struct sim_world *world, struct sim_view *view)
{
	struct reading reading = {.world = world, .view = view};
	struct sim_memory *before = sim_memory_enter(NULL);
	memset(view, 0, sizeof(*view));
	sim_tables_read(world, read_body, &reading);
	lb_arena_finish(&reading.arena);
	(void)sim_memory_enter(before);
}

static bool has_event(const struct sim_row_view *row)
{
	return strcmp(row->status, "NEW_EVENT_AVAILABLE") == 0;
}

bool sim_view_is_ready(const struct sim_view *view, size_t job, int64_t max_event_gap_us)
{
	bool wanted = false;
	int64_t newest_us = INT64_MIN;
	int64_t oldest_us = INT64_MAX;
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const struct sim_row_view *row = &view->rows[job][i];
		if (!row->exists) {
			continue;
		}
		if (row->hard && !has_event(row)) {
			return false;
		}
		wanted = wanted || (has_event(row) && !row->paused);
		if (row->hard && row->fetched_at_us != LB_TIME_NONE) {
			newest_us = row->fetched_at_us > newest_us ? row->fetched_at_us : newest_us;
			oldest_us = row->fetched_at_us < oldest_us ? row->fetched_at_us : oldest_us;
		}
	}
	bool near = max_event_gap_us <= 0 || newest_us == INT64_MIN ||
		    newest_us - oldest_us <= max_event_gap_us;
	return wanted && near;
}

bool sim_view_is_silenced(const struct sim_view *view, size_t job)
{
	bool any = false;
	bool any_event = false;
	bool all_paused = true;
	bool all_events_paused = true;
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const struct sim_row_view *row = &view->rows[job][i];
		if (row->exists) {
			any = true;
			all_paused = all_paused && row->paused;
			if (has_event(row)) {
				any_event = true;
				all_events_paused = all_events_paused && row->paused;
			}
		}
	}
	return any && (all_paused || (any_event && all_events_paused));
}

bool sim_row_should_take_up(const struct sim_row_view *row)
{
	bool free_to = row->status[0] == '\0' || strcmp(row->status, "COMPLETED") == 0;
	return row->exists && !row->paused && free_to && row->last_seq > row->consumed_seq;
}
