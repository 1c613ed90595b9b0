#include "core/feed_plan.h"

#include "base/text.h"

#include <stdlib.h>

/* A row of either side, with what orders and judges it. */
struct entry {
	const struct lb_row *row;
	const struct lb_job *job; /* NULL on the feed's side */
};

static int compare_entries(const void *a, const void *b)
{
	const struct lb_row *left = ((const struct entry *)a)->row;
	const struct lb_row *right = ((const struct entry *)b)->row;
	int order = lb_text_compare(lb_row_job_id(left), lb_row_job_id(right));
	return order != 0 ? order
			  : lb_text_compare(lb_row_sensor_id(left), lb_row_sensor_id(right));
}

static size_t count_rows(const struct lb_job_list *jobs)
{
	size_t count = 0;
	for (size_t i = 0; i < jobs->count; i++) {
		count += jobs->items[i].rows.count;
	}
	return count;
}

static struct entry *sort_current(const struct lb_job_list *jobs, struct lb_arena *arena)
{
	size_t count = count_rows(jobs);
	struct entry *entries = lb_arena_alloc(arena, count * sizeof(*entries));
	if (entries == NULL) {
		return NULL;
	}
	size_t at = 0;
	for (size_t i = 0; i < jobs->count; i++) {
		const struct lb_job *job = &jobs->items[i];
		for (size_t j = 0; j < job->rows.count; j++) {
			entries[at++] = (struct entry){.row = &job->rows.items[j], .job = job};
		}
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	return entries;
}

static struct entry *sort_wanted(const struct lb_row_list *wanted, struct lb_arena *arena)
{
	struct entry *entries = lb_arena_alloc(arena, wanted->count * sizeof(*entries));
	if (entries == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < wanted->count; i++) {
		entries[i] = (struct entry){.row = &wanted->items[i]};
	}
	qsort(entries, wanted->count, sizeof(*entries), compare_entries);
	return entries;
}

static bool declares_the_same(const struct lb_row *a, const struct lb_row *b)
{
	for (int column = 0; column < LB_DECLARED_MAX; column++) {
		if (!lb_text_equal(a->declared[column], b->declared[column])) {
			return false;
		}
	}
	return true;
}

static enum lb_err add_change(struct lb_feed_plan *plan, struct lb_arena *arena,
			      struct lb_feed_change change, struct lb_error *error)
{
	struct lb_feed_change *item = lb_list_add(arena, &plan->changes);
	if (item == NULL) {
		return lb_fail_nomem(error);
	}
	*item = change;
	plan->dangers += change.danger != NULL;
	return LB_OK;
}

/* A removed row takes its job's memory of what was delivered out of sight. */
static enum lb_err removal_danger(const struct entry *current, struct lb_arena *arena,
				  const char **ret_danger, struct lb_error *error)
{
	*ret_danger = NULL;
	int64_t waiting = lb_row_waiting_events(current->row);
	if (lb_run_is_live(current->job->run)) {
		*ret_danger = lb_arena_printf(arena, "run %lld of the job is in flight",
					      (long long)current->job->run->run_no);
	} else if (waiting > 0) {
		*ret_danger = lb_arena_printf(arena, "%lld %s not consumed yet", (long long)waiting,
					      waiting == 1 ? "event is" : "events are");
	} else {
		return LB_OK;
	}
	return *ret_danger != NULL ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err plan_removal(const struct entry *current, struct lb_arena *arena,
				struct lb_feed_plan *plan, struct lb_error *error)
{
	const char *danger;
	enum lb_err err = removal_danger(current, arena, &danger, error);
	if (err != LB_OK) {
		return err;
	}
	return add_change(plan, arena,
			  (struct lb_feed_change){
				  .kind = LB_FEED_REMOVE, .row = current->row, .danger = danger},
			  error);
}

static enum lb_err plan_match(const struct entry *current, const struct entry *wanted,
			      struct lb_arena *arena, struct lb_feed_plan *plan,
			      struct lb_error *error)
{
	if (declares_the_same(current->row, wanted->row)) {
		plan->unchanged++;
		return LB_OK;
	}
	return add_change(plan, arena,
			  (struct lb_feed_change){.kind = LB_FEED_UPDATE,
						  .row = wanted->row,
						  .old_row = current->row},
			  error);
}

/* Both sides in the same order, walked together. */
static enum lb_err merge(const struct entry *current, size_t current_count,
			 const struct entry *wanted, size_t wanted_count, struct lb_arena *arena,
			 struct lb_feed_plan *plan, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	size_t i = 0;
	size_t j = 0;
	while (err == LB_OK && (i < current_count || j < wanted_count)) {
		int order = i == current_count  ? 1
			    : j == wanted_count ? -1
						: compare_entries(&current[i], &wanted[j]);
		if (order < 0) {
			err = plan_removal(&current[i++], arena, plan, error);
		} else if (order > 0) {
			err = add_change(plan, arena,
					 (struct lb_feed_change){.kind = LB_FEED_ADD,
								 .row = wanted[j++].row},
					 error);
		} else {
			err = plan_match(&current[i++], &wanted[j++], arena, plan, error);
		}
	}
	return err;
}

static enum lb_err notice_soft_only(const char *trigger_job_id, struct lb_arena *arena,
				    struct lb_feed_plan *plan, struct lb_error *error)
{
	const char **notice = lb_list_add(arena, &plan->notices);
	if (notice == NULL) {
		return lb_fail_nomem(error);
	}
	*notice = lb_arena_printf(arena,
				  "job %s has soft dependencies only: it starts on any of them",
				  trigger_job_id);
	return *notice != NULL ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err find_soft_only(const struct entry *wanted, size_t count, struct lb_arena *arena,
				  struct lb_feed_plan *plan, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < count && err == LB_OK;) {
		const char *job_id = lb_row_job_id(wanted[i].row);
		bool hard = false;
		for (; i < count && lb_text_equal(lb_row_job_id(wanted[i].row), job_id); i++) {
			hard = hard || lb_row_is_hard(wanted[i].row);
		}
		if (!hard) {
			err = notice_soft_only(job_id, arena, plan, error);
		}
	}
	return err;
}

enum lb_err lb_feed_plan_make(const struct lb_job_list *jobs, const struct lb_row_list *wanted,
			      struct lb_arena *arena, struct lb_feed_plan *ret_plan,
			      struct lb_error *error)
{
	*ret_plan = (struct lb_feed_plan){0};
	struct entry *current = sort_current(jobs, arena);
	struct entry *sorted = sort_wanted(wanted, arena);
	if (current == NULL || sorted == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err =
		merge(current, count_rows(jobs), sorted, wanted->count, arena, ret_plan, error);
	return err == LB_OK ? find_soft_only(sorted, wanted->count, arena, ret_plan, error) : err;
}

static enum lb_err apply_change(const struct lb_feed_change *change, int64_t now_us,
				struct lb_changes *changes, struct lb_error *error)
{
	struct lb_row_ref_list *list = change->kind == LB_FEED_ADD      ? &changes->rows_added
				       : change->kind == LB_FEED_UPDATE ? &changes->rows_updated
									: &changes->rows_removed;
	const struct lb_row **row = lb_list_add(changes->arena, list);
	struct lb_audit *audit = lb_list_add(changes->arena, &changes->audits);
	if (row == NULL || audit == NULL) {
		return lb_fail_nomem(error);
	}
	*row = change->row;
	*audit = (struct lb_audit){
		.at_us = now_us,
		.trigger_job_id = lb_row_job_id(change->row),
		.sensor_id = lb_row_sensor_id(change->row),
		.cause = change->kind == LB_FEED_ADD      ? "row added by the data feed"
			 : change->kind == LB_FEED_UPDATE ? "row changed by the data feed"
							  : "row removed by the data feed",
		.who = changes->who,
	};
	return LB_OK;
}

enum lb_err lb_feed_plan_apply(const struct lb_feed_plan *plan, int64_t now_us,
			       struct lb_changes *changes, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < plan->changes.count && err == LB_OK; i++) {
		err = apply_change(&plan->changes.items[i], now_us, changes, error);
	}
	return err;
}
