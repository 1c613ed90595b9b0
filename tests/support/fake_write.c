/* fake_write.c: record() and save() of the fake store. */
#include "base/text.h"
#include "base/time.h"
#include "support/fake_tables.h"

#include <stdlib.h>
#include <string.h>

static struct fake_sensor *find_or_add_sensor(struct fake_tables *tables,
					      const struct lb_sensor_report *report)
{
	struct fake_state *state = &tables->state;
	struct fake_sensor *sensor = fake_state_find_sensor(
		state, report->sensor_source, report->base_location, report->sensor_id);
	if (sensor == NULL) {
		sensor = fake_add(state, &state->sensors);
		*sensor = fake_sensor_unseen(fake_word(&tables->texts, report->sensor_source),
					     fake_keep(tables, report->base_location),
					     fake_keep(tables, report->sensor_id));
		sensor->id = (int64_t)state->sensors.count;
	}
	return sensor;
}

/* Names with etags, sorted, so that a thousand files are looked up among a thousand
 * events in no time. */
struct index {
	struct lb_arena arena;
	struct lb_file_list files;
};

static int compare_files(const void *a, const void *b)
{
	return lb_text_compare(((const struct lb_file *)a)->file_name,
			       ((const struct lb_file *)b)->file_name);
}

static void sort_index(struct index *index)
{
	if (index->files.count > 1) {
		qsort(index->files.items, index->files.count, sizeof(*index->files.items),
		      compare_files);
	}
}

static void index_events(struct index *index, const struct fake_state *state, int64_t sensor)
{
	for (size_t i = 0; i < state->events.count; i++) {
		if (state->events.items[i].sensor == sensor) {
			*(struct lb_file *)fake_must(lb_list_add(&index->arena, &index->files)) =
				state->events.items[i].file;
		}
	}
	sort_index(index);
}

static void index_report(struct index *index, const struct lb_sensor_report *report)
{
	for (size_t i = 0; i < report->files.count; i++) {
		*(struct lb_file *)fake_must(lb_list_add(&index->arena, &index->files)) =
			report->files.items[i];
	}
	sort_index(index);
}

/* The first of that name; NULL: none. */
static const struct lb_file *find_first(const struct index *index, const char *file_name)
{
	size_t low = 0;
	size_t high = index->files.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (lb_text_compare(index->files.items[middle].file_name, file_name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	bool found = low < index->files.count &&
		     lb_text_equal(index->files.items[low].file_name, file_name);
	return found ? &index->files.items[low] : NULL;
}

static bool is_same(const struct lb_file *known, const struct lb_file *file, bool allow_overwrites)
{
	return lb_text_equal(known->file_name, file->file_name) &&
	       (!allow_overwrites || lb_text_equal(known->etag, file->etag));
}

/* index: of the events before the report; those that it added come after count. */
static bool is_known(const struct fake_state *state, const struct index *index, size_t count,
		     const struct lb_sensor_report *report, const struct fake_sensor *sensor,
		     const struct lb_file *file)
{
	const struct lb_file *known = find_first(index, file->file_name);
	const struct lb_file *end = known != NULL ? index->files.items + index->files.count : NULL;
	for (; known != end && lb_text_equal(known->file_name, file->file_name); known++) {
		if (is_same(known, file, report->allow_overwrites)) {
			return true;
		}
	}
	for (size_t i = count; i < state->events.count; i++) {
		if (state->events.items[i].sensor == sensor->id &&
		    is_same(&state->events.items[i].file, file, report->allow_overwrites)) {
			return true;
		}
	}
	return false;
}

static bool may_be_forgotten(const struct lb_sensor_report *report,
			     const struct fake_sensor *sensor, const struct lb_file *file,
			     int64_t keep_us)
{
	int64_t full_pass_at_us = sensor->checkpoint.full_pass_at_us;
	return keep_us > 0 && report->observed_at_us < full_pass_at_us &&
	       file->modified_at_us != LB_TIME_NONE &&
	       file->modified_at_us < full_pass_at_us - keep_us;
}

static size_t add_events(struct fake_tables *tables, const struct lb_sensor_report *report,
			 struct fake_sensor *sensor, int64_t keep_us)
{
	struct fake_state *state = &tables->state;
	struct index index = {0};
	size_t count = state->events.count;
	index_events(&index, state, sensor->id);
	for (size_t i = 0; i < report->files.count; i++) {
		const struct lb_file *file = &report->files.items[i];
		if (is_known(state, &index, count, report, sensor, file) ||
		    may_be_forgotten(report, sensor, file, keep_us)) {
			continue;
		}
		struct lb_event *event = fake_add(state, &state->events);
		*event = (struct lb_event){
			.sensor = sensor->id,
			.seq = ++sensor->last_seq,
			.file = *file,
			.observed_at_us = report->observed_at_us,
		};
		event->file.file_name = fake_keep(tables, file->file_name);
		event->file.etag = fake_keep(tables, file->etag);
		sensor->last_event_at_us = report->observed_at_us;
		sensor->advanced = true;
	}
	lb_arena_finish(&index.arena);
	return state->events.count - count;
}

static void keep_checkpoint(struct fake_tables *tables, const struct lb_sensor_report *report,
			    struct fake_sensor *sensor)
{
	if (report->checkpoint != NULL) {
		sensor->checkpoint = *report->checkpoint;
		sensor->checkpoint.floor = fake_keep(tables, report->checkpoint->floor);
	}
	sensor->last_error = fake_keep(tables, report->error);
}

/* What the job's latest run needs again when it is tried again. */
static int64_t run_needs_after(const struct fake_state *state, const char *trigger_job_id,
			       const struct fake_sensor *sensor)
{
	const struct lb_run *run = fake_state_latest_run(state, trigger_job_id);
	for (size_t i = 0; run != NULL && i < run->inputs.count; i++) {
		if (run->inputs.items[i].sensor == sensor->id && run->state != LB_RUN_SUCCEEDED) {
			return run->inputs.items[i].from_seq;
		}
	}
	return sensor->last_seq;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The event up to which no waiting job needs the sensor's events. */
static int64_t needed_after(struct fake_state *state, const struct fake_sensor *sensor)
{
	int64_t seq = sensor->last_seq;
	for (size_t i = 0; i < state->rows.count; i++) {
		const struct lb_row *row = &state->rows.items[i];
		if (fake_row_waits_for(row, sensor)) {
			const char *job = lb_row_job_id(row);
			seq = least(seq, fake_state_consumed_seq(state, sensor, job));
			seq = least(seq, run_needs_after(state, job, sensor));
		}
	}
	return seq;
}

static void forget_events(struct fake_state *state, const struct lb_sensor_report *report,
			  const struct fake_sensor *sensor, int64_t cutoff_us)
{
	int64_t needed = needed_after(state, sensor);
	size_t kept = 0;
	struct index listed = {0};
	index_report(&listed, report);
	for (size_t i = 0; i < state->events.count; i++) {
		const struct lb_event *event = &state->events.items[i];
		bool forget = event->sensor == sensor->id && event->seq <= needed &&
			      event->observed_at_us < cutoff_us &&
			      find_first(&listed, event->file.file_name) == NULL;
		if (!forget) {
			state->events.items[kept++] = *event;
		}
	}
	state->events.count = kept;
	lb_arena_finish(&listed.arena);
}

static void forget_runs(struct fake_state *state, int64_t cutoff_us)
{
	struct lb_run_list kept = {0};
	for (size_t i = 0; i < state->runs.count; i++) {
		struct lb_run *run = &state->runs.items[i];
		bool forget = !lb_run_is_live(run) && run->ended_at_us < cutoff_us &&
			      run != fake_state_latest_run(state, run->trigger_job_id);
		if (!forget) {
			*fake_add(state, &kept) = *run;
		}
	}
	state->runs = kept;
}

static void forget_audits(struct fake_state *state, int64_t cutoff_us)
{
	size_t kept = 0;
	for (size_t i = 0; i < state->audits.count; i++) {
		if (state->audits.items[i].at_us >= cutoff_us) {
			state->audits.items[kept++] = state->audits.items[i];
		}
	}
	state->audits.count = kept;
}

static void forget(struct fake_tables *tables, const struct lb_sensor_report *report,
		   const struct fake_sensor *sensor, int64_t keep_us)
{
	int64_t cutoff_us = report->observed_at_us - keep_us;
	forget_events(&tables->state, report, sensor, cutoff_us);
	forget_runs(&tables->state, cutoff_us);
	forget_audits(&tables->state, cutoff_us);
}

size_t fake_record(struct fake_tables *tables, const struct lb_sensor_report_list *reports,
		   int64_t keep_us)
{
	size_t added = 0;
	for (size_t i = 0; i < reports->count; i++) {
		const struct lb_sensor_report *report = &reports->items[i];
		struct fake_sensor *sensor = find_or_add_sensor(tables, report);
		added += add_events(tables, report, sensor, keep_us);
		keep_checkpoint(tables, report, sensor);
		if (report->existing) {
			sensor->start_seq = sensor->last_seq;
		}
		if (report->listed_all && keep_us > 0) {
			forget(tables, report, sensor, keep_us);
		}
	}
	return added;
}

static void change_row(struct fake_tables *tables, const struct lb_row *changed)
{
	struct lb_row *row =
		fake_state_row(&tables->state, lb_row_sensor_id(changed), lb_row_job_id(changed));
	if (row == NULL) {
		return;
	}
	row->status = changed->status;
	row->status_text = fake_keep(tables, changed->status_text);
	row->latest_event_fetched_at_us = changed->latest_event_fetched_at_us;
	row->status_changed_at_us = changed->status_changed_at_us;
	row->job_started_at_us = changed->job_started_at_us;
	row->job_ended_at_us = changed->job_ended_at_us;
	row->declared[LB_DECLARED_job_state] =
		fake_keep(tables, changed->declared[LB_DECLARED_job_state]);
}

static void add_row(struct fake_tables *tables, const struct lb_row *added)
{
	struct lb_row row = {
		.latest_event_fetched_at_us = LB_TIME_NONE,
		.status_changed_at_us = LB_TIME_NONE,
		.job_started_at_us = LB_TIME_NONE,
		.job_ended_at_us = LB_TIME_NONE,
	};
	memcpy(row.declared, added->declared, sizeof(row.declared));
	fake_tables_put_row(tables, &row);
}

static void update_row(struct fake_tables *tables, const struct lb_row *updated)
{
	struct lb_row *row =
		fake_state_row(&tables->state, lb_row_sensor_id(updated), lb_row_job_id(updated));
	for (int column = 0; row != NULL && column < LB_DECLARED_MAX; column++) {
		row->declared[column] = fake_keep(tables, updated->declared[column]);
	}
}

static bool is_gone_since(const struct fake_state *state, const struct lb_event *event,
			  int64_t cutoff_us)
{
	for (size_t i = 0; i < state->gone.count; i++) {
		const struct fake_gone *gone = &state->gone.items[i];
		if (gone->sensor == event->sensor && gone->seq == event->seq &&
		    gone->at_us < cutoff_us) {
			return true;
		}
	}
	return false;
}

/* Events that have been gone for long go, unless somebody needs them again. */
static void forget_cleaned(struct fake_state *state, const struct fake_sensor *sensor,
			   int64_t cutoff_us)
{
	int64_t needed = needed_after(state, sensor);
	size_t kept = 0;
	for (size_t i = 0; i < state->events.count; i++) {
		const struct lb_event *event = &state->events.items[i];
		if (event->sensor != sensor->id || event->seq > needed ||
		    !is_gone_since(state, event, cutoff_us)) {
			state->events.items[kept++] = *event;
		}
	}
	state->events.count = kept;
}

static void save_cleaned(struct fake_state *state, const struct lb_cleaned *saved, int64_t keep_us)
{
	struct fake_sensor *sensor = fake_must(fake_state_sensor(state, saved->sensor));
	if (saved->seq > sensor->start_seq) {
		sensor->start_seq = saved->seq;
	}
	if (saved->gone_at_us == LB_TIME_NONE) {
		return;
	}
	struct fake_gone *gone = fake_add(state, &state->gone);
	*gone = (struct fake_gone){saved->sensor, saved->seq, saved->gone_at_us};
	if (keep_us > 0) {
		forget_cleaned(state, sensor, saved->gone_at_us - keep_us);
		forget_runs(state, saved->gone_at_us - keep_us);
		forget_audits(state, saved->gone_at_us - keep_us);
	}
}

static void save_consumed(struct fake_tables *tables, const struct lb_consumed *saved)
{
	struct fake_state *state = &tables->state;
	struct lb_consumed *consumed =
		fake_state_consumed(state, saved->sensor, saved->trigger_job_id);
	if (consumed == NULL) {
		consumed = fake_add(state, &state->consumed);
		*consumed = *saved;
		consumed->trigger_job_id = fake_keep(tables, saved->trigger_job_id);
	} else if (saved->seq > consumed->seq) {
		consumed->seq = saved->seq;
	}
}

static struct lb_run *find_run(struct fake_state *state, int64_t id)
{
	size_t i = 0;
	while (i < state->runs.count && state->runs.items[i].id != id) {
		i++;
	}
	return i < state->runs.count ? &state->runs.items[i] : NULL;
}

/* The inputs never change after the run was inserted, so the texts' arena holds them. */
static struct lb_run_input_list keep_inputs(struct fake_tables *tables,
					    const struct lb_run_input_list *inputs)
{
	struct lb_run_input_list kept = {0};
	for (size_t i = 0; i < inputs->count; i++) {
		struct lb_run_input *input = fake_must(lb_list_add(&tables->texts, &kept));
		*input = inputs->items[i];
		input->sensor_id = NULL;
	}
	return kept;
}

static void save_run(struct fake_tables *tables, struct lb_run *saved)
{
	struct fake_state *state = &tables->state;
	struct lb_run_input_list inputs = {0};
	struct lb_run *run = NULL;
	if (saved->id == 0) {
		saved->id = ++state->last_run_id;
		inputs = keep_inputs(tables, &saved->inputs);
		run = fake_add(state, &state->runs);
	} else {
		run = fake_must(find_run(state, saved->id));
		inputs = run->inputs;
	}
	*run = *saved;
	run->inputs = inputs;
	run->trigger_job_id = fake_keep(tables, saved->trigger_job_id);
	run->runner = fake_keep(tables, saved->runner);
	run->external_id = fake_keep(tables, saved->external_id);
	run->url = fake_keep(tables, saved->url);
	run->message = fake_keep(tables, saved->message);
}

static void save_entry(struct fake_tables *tables, const struct lb_sensor_entry *saved)
{
	struct fake_state *state = &tables->state;
	const char *sensor_id = fake_must(lb_row_sensor_table_id(&tables->texts, saved->row));
	struct fake_sensor_entry *entry = NULL;
	for (size_t i = 0; i < state->entries.count && entry == NULL; i++) {
		if (lb_text_equal(state->entries.items[i].sensor_id, sensor_id)) {
			entry = &state->entries.items[i];
		}
	}
	if (entry == NULL) {
		entry = fake_add(state, &state->entries);
	}
	*entry = (struct fake_sensor_entry){
		.sensor_id = sensor_id,
		.asset = lb_row_asset(&tables->texts, saved->row),
		.status = saved->acquired ? "ACQUIRED_NEW_DATA" : "PROCESSED_NEW_DATA",
		.upstream_key = fake_keep(tables, saved->row->declared[LB_DECLARED_upstream_key]),
		.status_changed_at_us = saved->status_changed_at_us,
	};
}

static void save_audit(struct fake_tables *tables, const struct lb_audit *saved)
{
	struct lb_audit *audit = fake_add(&tables->state, &tables->state.audits);
	*audit = *saved;
	audit->trigger_job_id = fake_keep(tables, saved->trigger_job_id);
	audit->sensor_id = fake_keep(tables, saved->sensor_id);
	audit->from = fake_keep(tables, saved->from);
	audit->to = fake_keep(tables, saved->to);
	audit->cause = fake_keep(tables, saved->cause);
	audit->who = fake_keep(tables, saved->who);
}

static void save_feed(struct fake_tables *tables, const struct lb_changes *changes)
{
	for (size_t i = 0; i < changes->rows_removed.count; i++) {
		const struct lb_row *row = changes->rows_removed.items[i];
		fake_tables_remove_row(tables, lb_row_sensor_id(row), lb_row_job_id(row));
	}
	for (size_t i = 0; i < changes->rows_updated.count; i++) {
		update_row(tables, changes->rows_updated.items[i]);
	}
	for (size_t i = 0; i < changes->rows_added.count; i++) {
		add_row(tables, changes->rows_added.items[i]);
	}
}

static void save_pass(struct fake_tables *tables, const struct lb_pass_cost *pass)
{
	struct lb_pass_cost_list *passes = &tables->state.passes;
	size_t at = 0;
	while (at < passes->count &&
	       !(passes->items[at].is_full == pass->is_full &&
		 lb_text_equal(passes->items[at].base_location, pass->base_location) &&
		 lb_text_same_word(passes->items[at].sensor_source, pass->sensor_source))) {
		at++;
	}
	struct lb_pass_cost *kept =
		at < passes->count ? &passes->items[at] : fake_add(&tables->state, passes);
	*kept = *pass;
	kept->sensor_source = fake_word(&tables->texts, pass->sensor_source);
	kept->base_location = fake_keep(tables, pass->base_location);
}

void fake_save(struct fake_tables *tables, const struct lb_changes *changes, int64_t keep_us)
{
	save_feed(tables, changes);
	for (size_t i = 0; i < changes->rows_changed.count; i++) {
		change_row(tables, changes->rows_changed.items[i]);
	}
	for (size_t i = 0; i < changes->consumed.count; i++) {
		save_consumed(tables, &changes->consumed.items[i]);
	}
	for (size_t i = 0; i < changes->runs.count; i++) {
		save_run(tables, changes->runs.items[i]);
	}
	for (size_t i = 0; i < changes->cleaned.count; i++) {
		save_cleaned(&tables->state, &changes->cleaned.items[i], keep_us);
	}
	for (size_t i = 0; i < changes->sensor_entries.count; i++) {
		save_entry(tables, &changes->sensor_entries.items[i]);
	}
	for (size_t i = 0; i < changes->audits.count; i++) {
		save_audit(tables, &changes->audits.items[i]);
	}
	for (size_t i = 0; i < changes->passes.count; i++) {
		save_pass(tables, &changes->passes.items[i]);
	}
}
