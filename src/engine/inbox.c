#include "engine/inbox.h"

struct lb_batch *lb_inbox_add(struct lb_inbox *inbox)
{
	struct lb_batch *batch = lb_alloc(sizeof(*batch));
	if (batch == NULL) {
		return NULL;
	}
	if (inbox->last != NULL) {
		inbox->last->next = batch;
	} else {
		inbox->first = batch;
	}
	inbox->last = batch;
	return batch;
}

/* Copies text; false when memory is out. */
static bool copy(struct lb_arena *arena, const char *text, const char **ret_copy)
{
	*ret_copy = lb_arena_strdup(arena, text);
	return text == NULL || *ret_copy != NULL;
}

static bool copy_file(struct lb_arena *arena, const struct lb_file *file, struct lb_file *ret_copy)
{
	*ret_copy = *file;
	return copy(arena, file->file_name, &ret_copy->file_name) &&
	       copy(arena, file->file_path, &ret_copy->file_path) &&
	       copy(arena, file->etag, &ret_copy->etag);
}

static bool copy_checkpoint(struct lb_arena *arena, const struct lb_checkpoint *checkpoint,
			    const struct lb_checkpoint **ret_copy)
{
	*ret_copy = NULL;
	if (checkpoint == NULL) {
		return true;
	}
	struct lb_checkpoint *copied = lb_arena_alloc(arena, sizeof(*copied));
	if (copied == NULL) {
		return false;
	}
	*copied = *checkpoint;
	*ret_copy = copied;
	return copy(arena, checkpoint->floor, &copied->floor);
}

static bool copy_report(struct lb_arena *arena, const struct lb_sensor_report *report,
			struct lb_sensor_report *ret_copy)
{
	*ret_copy = *report;
	ret_copy->files = (struct lb_file_list){0};
	if (!copy(arena, report->sensor_source, &ret_copy->sensor_source) ||
	    !copy(arena, report->base_location, &ret_copy->base_location) ||
	    !copy(arena, report->sensor_id, &ret_copy->sensor_id) ||
	    !copy(arena, report->error, &ret_copy->error) ||
	    !copy_checkpoint(arena, report->checkpoint, &ret_copy->checkpoint)) {
		return false;
	}
	for (size_t i = 0; i < report->files.count; i++) {
		struct lb_file *file = lb_list_add(arena, &ret_copy->files);
		if (file == NULL || !copy_file(arena, &report->files.items[i], file)) {
			return false;
		}
	}
	return true;
}

static enum lb_err add_list(struct lb_batch *batch, const struct lb_sensor_report_list *list)
{
	struct lb_observation *observation = lb_list_add(&batch->arena, &batch->observations);
	if (observation == NULL) {
		return LB_NOMEM;
	}
	*observation = (struct lb_observation){.kind = LB_OBSERVED_SENSORS, .sensors = list};
	return LB_OK;
}

enum lb_err lb_batch_add_reports(struct lb_batch *batch,
				 const struct lb_sensor_report_list *reports)
{
	struct lb_sensor_report_list *list = lb_arena_alloc(&batch->arena, sizeof(*list));
	if (list == NULL) {
		return LB_NOMEM;
	}
	for (size_t i = 0; i < reports->count; i++) {
		struct lb_sensor_report *report = lb_list_add(&batch->arena, list);
		if (report == NULL || !copy_report(&batch->arena, &reports->items[i], report)) {
			return LB_NOMEM;
		}
	}
	return add_list(batch, list);
}

enum lb_err lb_batch_adopt_reports(struct lb_batch *batch, struct lb_arena *arena,
				   const struct lb_sensor_report_list *reports)
{
	struct lb_sensor_report_list *list = lb_arena_alloc(arena, sizeof(*list));
	if (list == NULL) {
		return LB_NOMEM;
	}
	*list = *reports;
	struct lb_arena before = *arena;
	batch->arena = before;
	if (add_list(batch, list) != LB_OK) {
		*arena = batch->arena;
		batch->arena = (struct lb_arena){0};
		return LB_NOMEM;
	}
	lb_arena_init(arena, before.bytes_max);
	return LB_OK;
}

enum lb_err lb_batch_add_pass(struct lb_batch *batch, const struct lb_pass_cost *pass)
{
	struct lb_observation *observation = lb_list_add(&batch->arena, &batch->observations);
	if (observation == NULL) {
		return LB_NOMEM;
	}
	*observation = (struct lb_observation){.kind = LB_OBSERVED_PASS, .pass = *pass};
	struct lb_pass_cost *copied = &observation->pass;
	bool ok = copy(&batch->arena, pass->sensor_source, &copied->sensor_source) &&
		  copy(&batch->arena, pass->base_location, &copied->base_location);
	if (!ok) {
		batch->observations.count--;
	}
	return ok ? LB_OK : LB_NOMEM;
}

enum lb_err lb_batch_add_submission(struct lb_batch *batch, const struct lb_submission_seen *seen)
{
	struct lb_observation *observation = lb_list_add(&batch->arena, &batch->observations);
	if (observation == NULL) {
		return LB_NOMEM;
	}
	*observation = (struct lb_observation){
		.kind = LB_OBSERVED_SUBMISSION,
		.submission = *seen,
	};
	struct lb_submission_seen *copied = &observation->submission;
	bool ok = copy(&batch->arena, seen->trigger_job_id, &copied->trigger_job_id) &&
		  copy(&batch->arena, seen->token, &copied->token) &&
		  copy(&batch->arena, seen->external_id, &copied->external_id) &&
		  copy(&batch->arena, seen->url, &copied->url) &&
		  copy(&batch->arena, seen->message, &copied->message);
	if (!ok) {
		batch->observations.count--;
	}
	return ok ? LB_OK : LB_NOMEM;
}

enum lb_err lb_batch_add_run(struct lb_batch *batch, const struct lb_run_seen *seen)
{
	struct lb_observation *observation = lb_list_add(&batch->arena, &batch->observations);
	if (observation == NULL) {
		return LB_NOMEM;
	}
	*observation = (struct lb_observation){.kind = LB_OBSERVED_RUN, .run = *seen};
	struct lb_run_seen *copied = &observation->run;
	bool ok = copy(&batch->arena, seen->trigger_job_id, &copied->trigger_job_id) &&
		  copy(&batch->arena, seen->token, &copied->token) &&
		  copy(&batch->arena, seen->message, &copied->message);
	if (!ok) {
		batch->observations.count--;
	}
	return ok ? LB_OK : LB_NOMEM;
}

void lb_inbox_take(struct lb_inbox *inbox, struct lb_inbox *ret_taken)
{
	*ret_taken = *inbox;
	*inbox = (struct lb_inbox){0};
}

void lb_inbox_give_back(struct lb_inbox *inbox, struct lb_inbox *taken)
{
	if (taken->first == NULL) {
		return;
	}
	taken->last->next = inbox->first;
	inbox->first = taken->first;
	if (inbox->last == NULL) {
		inbox->last = taken->last;
	}
	*taken = (struct lb_inbox){0};
}

enum lb_err lb_inbox_list(const struct lb_inbox *inbox, struct lb_arena *arena,
			  struct lb_observation_list *ret_list)
{
	*ret_list = (struct lb_observation_list){0};
	for (const struct lb_batch *batch = inbox->first; batch != NULL; batch = batch->next) {
		for (size_t i = 0; i < batch->observations.count; i++) {
			struct lb_observation *observation = lb_list_add(arena, ret_list);
			if (observation == NULL) {
				return LB_NOMEM;
			}
			*observation = batch->observations.items[i];
		}
	}
	return LB_OK;
}

void lb_inbox_finish(struct lb_inbox *inbox)
{
	struct lb_batch *batch = inbox->first;
	while (batch != NULL) {
		struct lb_batch *next = batch->next;
		lb_arena_finish(&batch->arena);
		lb_free(batch);
		batch = next;
	}
	*inbox = (struct lb_inbox){0};
}
