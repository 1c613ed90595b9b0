/* fake_load.c: the loading methods of the fake store. Results are copied into
 * the caller's arena, so that whoever keeps them too long is found out. */
#include "base/text.h"
#include "base/time.h"
#include "support/fake_tables.h"

#include <stdlib.h>
#include <string.h>

struct text_list LB_LIST_OF(const char *);

static const char *copy(struct lb_arena *arena, const char *text)
{
	return text != NULL ? fake_must(lb_arena_strdup(arena, text)) : NULL;
}

static int compare_texts(const void *a, const void *b)
{
	return lb_text_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, and drops what is there twice. */
static void make_set(struct text_list *texts)
{
	if (texts->count == 0) {
		return;
	}
	qsort(texts->items, texts->count, sizeof(*texts->items), compare_texts);
	size_t kept = 1;
	for (size_t i = 1; i < texts->count; i++) {
		if (!lb_text_equal(texts->items[i], texts->items[kept - 1])) {
			texts->items[kept++] = texts->items[i];
		}
	}
	texts->count = kept;
}

static bool is_known(const struct fake_sensor *sensor)
{
	return sensor->last_seq > 0;
}

static bool has_advanced(struct fake_state *state, const struct lb_row *row)
{
	for (size_t i = 0; i < state->sensors.count; i++) {
		if (state->sensors.items[i].advanced &&
		    fake_row_waits_for(row, &state->sensors.items[i])) {
			return true;
		}
	}
	return false;
}

static bool has_waiting_events(struct fake_state *state, const struct lb_row *row)
{
	for (size_t i = 0; i < state->sensors.count; i++) {
		const struct fake_sensor *sensor = &state->sensors.items[i];
		if (fake_row_waits_for(row, sensor) &&
		    sensor->last_seq > fake_state_consumed_seq(state, sensor, lb_row_job_id(row))) {
			return true;
		}
	}
	return false;
}

static bool is_pending(struct fake_state *state, const struct lb_row *row)
{
	if (lb_row_is_paused(row)) {
		return false;
	}
	if (row->status == LB_STATUS_NEW_EVENT_AVAILABLE) {
		return has_waiting_events(state, row) ||
		       !lb_run_is_live(fake_state_latest_run(state, lb_row_job_id(row)));
	}
	return (row->status == LB_STATUS_NONE || row->status == LB_STATUS_COMPLETED) &&
	       has_waiting_events(state, row);
}

static void find_job_ids(struct fake_state *state, const struct lb_job_query *query,
			 struct lb_arena *arena, struct text_list *ret_ids)
{
	for (size_t i = 0; i < query->job_id_count; i++) {
		const char **id = fake_must(lb_list_add(arena, ret_ids));
		*id = copy(arena, query->job_ids[i]);
	}
	for (size_t i = 0; i < state->rows.count; i++) {
		const struct lb_row *row = &state->rows.items[i];
		bool wanted = query->all || (query->advanced && has_advanced(state, row)) ||
			      (query->pending && is_pending(state, row));
		if (wanted && lb_row_job_id(row) != NULL) {
			const char **id = fake_must(lb_list_add(arena, ret_ids));
			*id = copy(arena, lb_row_job_id(row));
		}
	}
	make_set(ret_ids);
}

static int compare_cursor_places(const void *a, const void *b)
{
	const struct fake_sensor *left = *(const struct fake_sensor *const *)a;
	const struct fake_sensor *right = *(const struct fake_sensor *const *)b;
	return lb_text_compare(left->base_location, right->base_location);
}

static void load_cursors(struct fake_state *state, struct lb_arena *arena, struct lb_row *row)
{
	const struct fake_sensor **known =
		fake_must(lb_arena_alloc(arena, state->sensors.count * sizeof(*known)));
	size_t count = 0;
	for (size_t i = 0; i < state->sensors.count; i++) {
		const struct fake_sensor *sensor = &state->sensors.items[i];
		if (is_known(sensor) && fake_row_waits_for(row, sensor)) {
			known[count++] = sensor;
		}
	}
	qsort(known, count, sizeof(*known), compare_cursor_places);
	row->cursor_count = count;
	row->cursors = fake_must(lb_arena_alloc(arena, count * sizeof(*row->cursors)));
	for (size_t i = 0; i < count; i++) {
		row->cursors[i] = (struct lb_cursor){
			.sensor = known[i]->id,
			.last_seq = known[i]->last_seq,
			.consumed_seq =
				fake_state_consumed_seq(state, known[i], lb_row_job_id(row)),
			.last_event_at_us = known[i]->last_event_at_us,
		};
	}
}

static int compare_rows(const void *a, const void *b)
{
	return lb_text_compare(lb_row_sensor_id((const struct lb_row *)a),
			       lb_row_sensor_id((const struct lb_row *)b));
}

static void load_rows(struct fake_state *state, struct lb_arena *arena, struct lb_job *job)
{
	for (size_t i = 0; i < state->rows.count; i++) {
		if (!lb_text_equal(lb_row_job_id(&state->rows.items[i]), job->trigger_job_id)) {
			continue;
		}
		struct lb_row *row = fake_must(lb_list_add(arena, &job->rows));
		*row = state->rows.items[i];
		for (int column = 0; column < LB_DECLARED_MAX; column++) {
			row->declared[column] = copy(arena, row->declared[column]);
		}
		row->status_text = copy(arena, row->status_text);
		load_cursors(state, arena, row);
	}
	if (job->rows.count > 1) {
		qsort(job->rows.items, job->rows.count, sizeof(*job->rows.items), compare_rows);
	}
}

static int compare_inputs(const void *a, const void *b)
{
	int64_t left = ((const struct lb_run_input *)a)->sensor;
	int64_t right = ((const struct lb_run_input *)b)->sensor;
	return (left > right) - (left < right);
}

static void load_inputs(struct fake_state *state, struct lb_arena *arena,
			const struct lb_run *stored, struct lb_run *run)
{
	run->inputs = (struct lb_run_input_list){0};
	for (size_t i = 0; i < stored->inputs.count; i++) {
		struct lb_run_input *input = fake_must(lb_list_add(arena, &run->inputs));
		*input = stored->inputs.items[i];
		const struct fake_sensor *sensor =
			fake_must(fake_state_sensor(state, input->sensor));
		input->sensor_id = copy(arena, sensor->sensor_id);
	}
	if (run->inputs.count > 1) {
		qsort(run->inputs.items, run->inputs.count, sizeof(*run->inputs.items),
		      compare_inputs);
	}
}

static void load_run(struct fake_state *state, struct lb_arena *arena, const struct lb_run *stored,
		     bool with_inputs, struct lb_run *run)
{
	*run = *stored;
	run->changed = false;
	run->trigger_job_id = copy(arena, stored->trigger_job_id);
	run->runner = copy(arena, stored->runner);
	run->external_id = copy(arena, stored->external_id);
	run->url = copy(arena, stored->url);
	run->message = copy(arena, stored->message);
	run->inputs = (struct lb_run_input_list){0};
	if (with_inputs) {
		load_inputs(state, arena, stored, run);
	}
}

enum lb_err fake_load_jobs(struct fake_tables *tables, const struct lb_job_query *query,
			   struct lb_arena *arena, struct lb_job_list *ret_jobs,
			   struct lb_error *error)
{
	(void)error;
	struct fake_state *state = &tables->state;
	struct text_list ids = {0};
	find_job_ids(state, query, arena, &ids);
	*ret_jobs = (struct lb_job_list){0};
	for (size_t i = 0; i < ids.count; i++) {
		struct lb_job *job = fake_must(lb_list_add(arena, ret_jobs));
		job->trigger_job_id = ids.items[i];
		load_rows(state, arena, job);
		const struct lb_run *run = fake_state_latest_run(state, ids.items[i]);
		if (run != NULL) {
			job->run = fake_must(lb_arena_alloc(arena, sizeof(*job->run)));
			load_run(state, arena, run, true, job->run);
		}
	}
	return LB_OK;
}

static bool is_of_failed_job(struct fake_state *state, const struct lb_run *run)
{
	bool failed = false;
	for (size_t i = 0; i < state->rows.count; i++) {
		const struct lb_row *row = &state->rows.items[i];
		failed = failed || (lb_text_equal(lb_row_job_id(row), run->trigger_job_id) &&
				    lb_status_parse(row->status_text) == LB_STATUS_FAILED);
	}
	return failed && fake_state_latest_run(state, run->trigger_job_id) == run;
}

static bool run_matches(const struct lb_run *run, const struct lb_run_query *query)
{
	return (query->trigger_job_id == NULL ||
		lb_text_equal(run->trigger_job_id, query->trigger_job_id)) &&
	       (query->runner == NULL || lb_text_equal(run->runner, query->runner)) &&
	       (query->token == NULL || lb_text_equal(run->token, query->token)) &&
	       (query->state_mask == 0 || (query->state_mask >> run->state & 1U) != 0);
}

static int compare_next_try(const void *a, const void *b)
{
	const struct lb_run *left = a;
	const struct lb_run *right = b;
	if (left->next_try_at_us != right->next_try_at_us) {
		return left->next_try_at_us > right->next_try_at_us ? 1 : -1;
	}
	return (left->id > right->id) - (left->id < right->id);
}

static int compare_newest(const void *a, const void *b)
{
	const struct lb_run *left = a;
	const struct lb_run *right = b;
	return (left->id < right->id) - (left->id > right->id);
}

enum lb_err fake_load_runs(struct fake_tables *tables, const struct lb_run_query *query,
			   struct lb_arena *arena, struct lb_run_list *ret_runs,
			   struct lb_error *error)
{
	(void)error;
	struct fake_state *state = &tables->state;
	*ret_runs = (struct lb_run_list){0};
	for (size_t i = 0; i < state->runs.count; i++) {
		const struct lb_run *stored = &state->runs.items[i];
		if (run_matches(stored, query) &&
		    (!query->failed_jobs || is_of_failed_job(state, stored))) {
			struct lb_run *run = fake_must(lb_list_add(arena, ret_runs));
			load_run(state, arena, stored, query->with_inputs, run);
		}
	}
	if (ret_runs->count > 1) {
		qsort(ret_runs->items, ret_runs->count, sizeof(*ret_runs->items),
		      query->order == LB_RUN_NEXT_TRY_FIRST ? compare_next_try : compare_newest);
	}
	if (query->limit > 0 && ret_runs->count > query->limit) {
		ret_runs->count = query->limit;
	}
	return LB_OK;
}

static void load_event(struct fake_state *state, struct lb_arena *arena,
		       const struct lb_event *stored, struct lb_event *event)
{
	const struct fake_sensor *sensor = fake_must(fake_state_sensor(state, stored->sensor));
	*event = *stored;
	event->sensor_id = copy(arena, sensor->sensor_id);
	event->file.file_name = copy(arena, stored->file.file_name);
	event->file.etag = copy(arena, stored->file.etag);
	event->file.file_path =
		fake_must(lb_arena_printf(arena, "%s/%s/%s", sensor->base_location,
					  sensor->sensor_id, stored->file.file_name));
}

/* Events of one sensor are stored in the order of their numbers. */
enum lb_err fake_load_events(struct fake_tables *tables, const struct lb_run_input_list *inputs,
			     struct lb_arena *arena, struct lb_event_list *ret_events,
			     struct lb_error *error)
{
	(void)error;
	struct fake_state *state = &tables->state;
	*ret_events = (struct lb_event_list){0};
	for (size_t i = 0; i < inputs->count; i++) {
		const struct lb_run_input *input = &inputs->items[i];
		for (size_t j = 0; j < state->events.count; j++) {
			const struct lb_event *stored = &state->events.items[j];
			if (stored->sensor == input->sensor && stored->seq > input->from_seq &&
			    stored->seq <= input->to_seq) {
				load_event(state, arena, stored,
					   fake_must(lb_list_add(arena, ret_events)));
			}
		}
	}
	return LB_OK;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t last_success(const struct fake_state *state, const char *job_id)
{
	int64_t run_no = 0;
	for (size_t i = 0; i < state->runs.count; i++) {
		const struct lb_run *run = &state->runs.items[i];
		if (lb_text_equal(run->trigger_job_id, job_id) && run->state == LB_RUN_SUCCEEDED &&
		    run->run_no > run_no) {
			run_no = run->run_no;
		}
	}
	return run_no;
}

/* Up to where no run since the job's last success has the sensor's events among its inputs. */
static int64_t finished_upto(const struct fake_state *state, const struct fake_sensor *sensor,
			     const char *job_id)
{
	int64_t success = last_success(state, job_id);
	int64_t upto = sensor->last_seq;
	for (size_t i = 0; i < state->runs.count; i++) {
		const struct lb_run *run = &state->runs.items[i];
		bool since = lb_text_equal(run->trigger_job_id, job_id) && run->run_no > success;
		for (size_t j = 0; since && j < run->inputs.count; j++) {
			if (run->inputs.items[j].sensor == sensor->id) {
				upto = least(upto, run->inputs.items[j].from_seq);
			}
		}
	}
	return upto;
}

/* Up to where every row that waits is done with the sensor's events. */
static int64_t done_upto(struct fake_state *state, const struct fake_sensor *sensor)
{
	int64_t upto = sensor->last_seq;
	bool waits = false;
	for (size_t i = 0; i < state->rows.count; i++) {
		const struct lb_row *row = &state->rows.items[i];
		if (!fake_row_waits_for(row, sensor)) {
			continue;
		}
		const char *job_id = lb_row_job_id(row);
		waits = true;
		upto = least(upto, fake_state_consumed_seq(state, sensor, job_id));
		if (row->status != LB_STATUS_COMPLETED ||
		    lb_run_is_live(fake_state_latest_run(state, job_id))) {
			upto = least(upto, finished_upto(state, sensor, job_id));
		}
	}
	return waits ? upto : 0;
}

static void load_consumed_of(struct fake_state *state, const struct fake_sensor *sensor,
			     size_t limit, struct lb_arena *arena, struct lb_event_list *events)
{
	int64_t upto = done_upto(state, sensor);
	for (size_t i = 0; i < state->events.count && events->count < limit; i++) {
		const struct lb_event *stored = &state->events.items[i];
		if (stored->sensor == sensor->id && stored->seq > sensor->start_seq &&
		    stored->seq <= upto) {
			load_event(state, arena, stored, fake_must(lb_list_add(arena, events)));
		}
	}
}

/* Sensors are stored in the order of their numbers. */
void fake_load_consumed(struct fake_tables *tables, const struct lb_consumed_query *query,
			struct lb_arena *arena, struct lb_event_list *ret_events)
{
	struct fake_state *state = &tables->state;
	*ret_events = (struct lb_event_list){0};
	for (size_t i = 0; i < state->sensors.count; i++) {
		const struct fake_sensor *sensor = &state->sensors.items[i];
		if (sensor->id > query->after_sensor &&
		    lb_text_same_word(sensor->sensor_source, query->sensor_source) &&
		    lb_text_equal(sensor->base_location, query->base_location)) {
			load_consumed_of(state, sensor, query->limit, arena, ret_events);
		}
	}
}

static void load_sensor(struct lb_arena *arena, const struct fake_sensor *stored,
			struct lb_sensor_state *state)
{
	*state = (struct lb_sensor_state){
		.sensor_source = copy(arena, stored->sensor_source),
		.base_location = copy(arena, stored->base_location),
		.sensor = {.sensor_id = copy(arena, stored->sensor_id),
			   .checkpoint = stored->checkpoint,
			   .last_error = copy(arena, stored->last_error)},
		.last_seq = stored->last_seq,
		.last_event_at_us = stored->last_event_at_us,
	};
	state->sensor.checkpoint.floor = copy(arena, stored->checkpoint.floor);
}

static int compare_states(const void *a, const void *b)
{
	const struct lb_sensor_state *left = a;
	const struct lb_sensor_state *right = b;
	int order = lb_text_compare(left->sensor.sensor_id, right->sensor.sensor_id);
	if (order == 0) {
		order = lb_text_compare(left->sensor_source, right->sensor_source);
	}
	return order != 0 ? order : lb_text_compare(left->base_location, right->base_location);
}

static void load_every_sensor(struct fake_state *state, struct lb_arena *arena,
			      struct lb_sensor_state_list *ret_sensors)
{
	for (size_t i = 0; i < state->sensors.count; i++) {
		load_sensor(arena, &state->sensors.items[i],
			    fake_must(lb_list_add(arena, ret_sensors)));
	}
	if (ret_sensors->count > 1) {
		qsort(ret_sensors->items, ret_sensors->count, sizeof(*ret_sensors->items),
		      compare_states);
	}
}

static void find_sensor_ids(const struct fake_state *state, const char *sensor_source,
			    struct lb_arena *arena, struct text_list *ret_ids)
{
	for (size_t i = 0; i < state->rows.count; i++) {
		const struct lb_row *row = &state->rows.items[i];
		if (lb_row_sensor_id(row) != NULL &&
		    lb_text_same_word(row->declared[LB_DECLARED_sensor_source], sensor_source)) {
			const char **id = fake_must(lb_list_add(arena, ret_ids));
			*id = copy(arena, lb_row_sensor_id(row));
		}
	}
	make_set(ret_ids);
}

enum lb_err fake_load_sensors(struct fake_tables *tables, const char *sensor_source,
			      const char *base_location, struct lb_arena *arena,
			      struct lb_sensor_state_list *ret_sensors, struct lb_error *error)
{
	(void)error;
	struct fake_state *state = &tables->state;
	struct text_list ids = {0};
	*ret_sensors = (struct lb_sensor_state_list){0};
	if (base_location == NULL) {
		load_every_sensor(state, arena, ret_sensors);
		return LB_OK;
	}
	find_sensor_ids(state, sensor_source, arena, &ids);
	struct fake_sensor unseen =
		fake_sensor_unseen(fake_word(arena, sensor_source), base_location, NULL);
	for (size_t i = 0; i < ids.count; i++) {
		unseen.sensor_id = ids.items[i];
		const struct fake_sensor *sensor = fake_state_find_sensor(
			state, sensor_source, base_location, unseen.sensor_id);
		load_sensor(arena, sensor != NULL ? sensor : &unseen,
			    fake_must(lb_list_add(arena, ret_sensors)));
	}
	return LB_OK;
}

enum lb_err fake_load_audit(struct fake_tables *tables, const struct lb_audit_query *query,
			    struct lb_arena *arena, struct lb_audit_list *ret_audit,
			    struct lb_error *error)
{
	(void)error;
	const struct lb_audit_list *audits = &tables->state.audits;
	*ret_audit = (struct lb_audit_list){0};
	for (size_t i = audits->count; i > 0; i--) {
		const struct lb_audit *stored = &audits->items[i - 1];
		if (query->trigger_job_id != NULL &&
		    !lb_text_equal(stored->trigger_job_id, query->trigger_job_id)) {
			continue;
		}
		if (query->limit > 0 && ret_audit->count == query->limit) {
			break;
		}
		struct lb_audit *audit = fake_must(lb_list_add(arena, ret_audit));
		*audit = *stored;
		audit->trigger_job_id = copy(arena, stored->trigger_job_id);
		audit->sensor_id = copy(arena, stored->sensor_id);
		audit->from = copy(arena, stored->from);
		audit->to = copy(arena, stored->to);
		audit->cause = copy(arena, stored->cause);
		audit->who = copy(arena, stored->who);
	}
	return LB_OK;
}

static int compare_passes(const void *a, const void *b)
{
	const struct lb_pass_cost *x = a;
	const struct lb_pass_cost *y = b;
	int order = lb_text_compare(x->base_location, y->base_location);
	order = order != 0 ? order : lb_text_compare(x->sensor_source, y->sensor_source);
	return order != 0 ? order : x->is_full - y->is_full;
}

void fake_load_passes(struct fake_tables *tables, struct lb_arena *arena,
		      struct lb_pass_cost_list *ret_passes)
{
	const struct lb_pass_cost_list *passes = &tables->state.passes;
	*ret_passes = (struct lb_pass_cost_list){0};
	for (size_t i = 0; i < passes->count; i++) {
		struct lb_pass_cost *pass = fake_must(lb_list_add(arena, ret_passes));
		*pass = passes->items[i];
		pass->sensor_source = copy(arena, pass->sensor_source);
		pass->base_location = copy(arena, pass->base_location);
	}
	if (ret_passes->count > 0) {
		qsort(ret_passes->items, ret_passes->count, sizeof(*ret_passes->items),
		      compare_passes);
	}
}
