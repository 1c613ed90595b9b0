#include "core/transition.h"

#include "base/time.h"

#include <string.h>

enum lb_err lb_transition_audit(const struct lb_job *job, struct lb_changes *changes,
				struct lb_audit audit, struct lb_error *error)
{
	struct lb_audit *item = lb_list_add(changes->arena, &changes->audits);
	if (item == NULL) {
		return lb_fail_nomem(error);
	}
	*item = audit;
	item->trigger_job_id = job->trigger_job_id;
	item->who = changes->who;
	if (job->run != NULL) {
		item->run_no = job->run->run_no;
		item->attempt = job->run->attempt;
	}
	return LB_OK;
}

enum lb_err lb_transition_row(const struct lb_job *job, struct lb_row *row, enum lb_status status,
			      const char *cause, int64_t now_us, struct lb_changes *changes,
			      struct lb_error *error)
{
	struct lb_audit audit = {
		.at_us = now_us,
		.sensor_id = lb_row_sensor_id(row),
		.from = row->status_text,
		.to = lb_status_text(status),
		.cause = cause,
	};
	row->status = status;
	row->status_text = lb_status_text(status);
	row->status_changed_at_us = now_us;
	row->changed = true;
	return lb_transition_audit(job, changes, audit, error);
}

enum lb_err lb_transition_run(struct lb_job *job, enum lb_run_state state, const char *cause,
			      int64_t now_us, struct lb_changes *changes, struct lb_error *error)
{
	struct lb_audit audit = {
		.at_us = now_us,
		.from = lb_run_state_text(job->run->state),
		.to = lb_run_state_text(state),
		.cause = cause,
	};
	job->run->state = state;
	return lb_transition_audit(job, changes, audit, error);
}

/* A run may be touched twice in one beat (accepted and ended); it is saved once. */
enum lb_err lb_transition_save_run(struct lb_run *run, struct lb_changes *changes,
				   struct lb_error *error)
{
	if (run->changed) {
		return LB_OK;
	}
	struct lb_run **item = lb_list_add(changes->arena, &changes->runs);
	if (item == NULL) {
		return lb_fail_nomem(error);
	}
	*item = run;
	run->changed = true;
	return LB_OK;
}

enum lb_err lb_transition_sensor(const struct lb_row *row, bool acquired, int64_t now_us,
				 struct lb_changes *changes, struct lb_error *error)
{
	struct lb_sensor_entry *entry = lb_list_add(changes->arena, &changes->sensor_entries);
	if (entry == NULL) {
		return lb_fail_nomem(error);
	}
	*entry = (struct lb_sensor_entry){
		.row = row,
		.acquired = acquired,
		.status_changed_at_us = now_us,
	};
	return LB_OK;
}

enum lb_err lb_transition_copy_text(struct lb_arena *arena, const char *text, const char **ret_copy,
				    struct lb_error *error)
{
	*ret_copy = lb_arena_strdup(arena, text);
	return text == NULL || *ret_copy != NULL ? LB_OK : lb_fail_nomem(error);
}

bool lb_transition_is_own_run(const struct lb_job *job, const char *token)
{
	return job->run != NULL && strcmp(job->run->token, token) == 0;
}

static struct lb_run_input *find_input(struct lb_run *run, int64_t sensor)
{
	for (size_t i = 0; i < run->inputs.count; i++) {
		if (run->inputs.items[i].sensor == sensor) {
			return &run->inputs.items[i];
		}
	}
	return NULL;
}

/* Moves `consumed` over the events that wait at one cursor. run: that consumes
 * them, or NULL when a person did. */
static enum lb_err consume_cursor(const struct lb_job *job, const struct lb_row *row,
				  struct lb_cursor *cursor, struct lb_run *run,
				  struct lb_changes *changes, struct lb_error *error)
{
	if (cursor->last_seq <= cursor->consumed_seq) {
		return LB_OK;
	}
	struct lb_consumed *consumed = lb_list_add(changes->arena, &changes->consumed);
	if (consumed == NULL) {
		return lb_fail_nomem(error);
	}
	*consumed = (struct lb_consumed){
		.sensor = cursor->sensor,
		.trigger_job_id = job->trigger_job_id,
		.seq = cursor->last_seq,
	};
	struct lb_run_input *input = run != NULL ? find_input(run, cursor->sensor) : NULL;
	if (run != NULL && input == NULL) {
		input = lb_list_add(changes->arena, &run->inputs);
		if (input == NULL) {
			return lb_fail_nomem(error);
		}
		*input = (struct lb_run_input){
			.sensor = cursor->sensor,
			.sensor_id = lb_row_sensor_id(row),
			.from_seq = cursor->consumed_seq,
		};
	}
	if (input != NULL) {
		input->to_seq = cursor->last_seq;
	}
	cursor->consumed_seq = cursor->last_seq;
	return LB_OK;
}

enum lb_err lb_transition_consume(const struct lb_job *job, struct lb_row *row, struct lb_run *run,
				  struct lb_changes *changes, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < row->cursor_count && err == LB_OK; i++) {
		err = consume_cursor(job, row, &row->cursors[i], run, changes, error);
	}
	return err;
}

/* A new PLANNED run becomes the job's latest. */
enum lb_err lb_transition_begin_run(struct lb_job *job, int64_t run_no, int attempt,
				    int64_t next_try_at_us, const char *cause, int64_t now_us,
				    struct lb_changes *changes, struct lb_error *error)
{
	struct lb_run *run = lb_arena_alloc(changes->arena, sizeof(*run));
	if (run == NULL) {
		return lb_fail_nomem(error);
	}
	*run = (struct lb_run){
		.trigger_job_id = job->trigger_job_id,
		.run_no = run_no,
		.attempt = attempt,
		.state = LB_RUN_PLANNED,
		.runner = job->policy.runner,
		.planned_at_us = now_us,
		.next_try_at_us = next_try_at_us,
		.submitted_at_us = LB_TIME_NONE,
		.ended_at_us = LB_TIME_NONE,
	};
	job->run = run;
	enum lb_err err = lb_transition_save_run(run, changes, error);
	if (err != LB_OK) {
		return err;
	}
	return lb_transition_audit(
		job, changes, (struct lb_audit){.at_us = now_us, .to = "PLANNED", .cause = cause},
		error);
}

/* A new attempt with the inputs of the run it replaces, and what is new. */
enum lb_err lb_transition_begin_attempt(struct lb_job *job, int64_t next_try_at_us,
					const char *cause, int64_t now_us,
					struct lb_changes *changes, struct lb_error *error)
{
	const struct lb_run *replaced = job->run;
	enum lb_err err = lb_transition_begin_run(job, replaced->run_no, replaced->attempt + 1,
						  next_try_at_us, cause, now_us, changes, error);
	for (size_t i = 0; i < replaced->inputs.count && err == LB_OK; i++) {
		struct lb_run_input *input = lb_list_add(changes->arena, &job->run->inputs);
		if (input == NULL) {
			return lb_fail_nomem(error);
		}
		*input = replaced->inputs.items[i];
	}
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		if (!lb_row_is_paused(&job->rows.items[i])) {
			err = lb_transition_consume(job, &job->rows.items[i], job->run, changes,
						    error);
		}
	}
	return err;
}

/* Every row that was in progress or failed is done. The sensor table says
 * PROCESSED_NEW_DATA unless newer events wait already. */
enum lb_err lb_transition_complete_rows(struct lb_job *job, const char *cause, int64_t ended_at_us,
					int64_t now_us, struct lb_changes *changes,
					struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < job->rows.count && err == LB_OK; i++) {
		struct lb_row *row = &job->rows.items[i];
		if (row->status != LB_STATUS_IN_PROGRESS && row->status != LB_STATUS_FAILED) {
			continue;
		}
		row->job_ended_at_us = ended_at_us;
		err = lb_transition_row(job, row, LB_STATUS_COMPLETED, cause, now_us, changes,
					error);
		if (err == LB_OK && row->cursor_count > 0 && !lb_row_has_waiting_events(row)) {
			err = lb_transition_sensor(row, false, now_us, changes, error);
		}
	}
	return err;
}
