#include "engine/feed.h"

#include "base/text.h"
#include "engine/jobs.h"

static enum lb_err load_by_ids(struct lb_store *store, struct lb_feed *feed,
			       struct lb_job_list *ret_jobs, struct lb_error *error)
{
	const char **ids = lb_arena_alloc(&feed->arena, feed->plan.changes.count * sizeof(*ids));
	if (ids == NULL) {
		return lb_fail_nomem(error);
	}
	struct lb_job_query query = {.job_ids = ids};
	for (size_t i = 0; i < feed->plan.changes.count; i++) {
		const struct lb_feed_change *change = &feed->plan.changes.items[i];
		if (change->kind == LB_FEED_ADD) {
			ids[query.job_id_count++] = lb_row_job_id(change->row);
		}
	}
	if (query.job_id_count == 0) {
		return LB_OK;
	}
	return store->impl->load_jobs(store, &query, &feed->arena, ret_jobs, error);
}

static const struct lb_row *find_row(const struct lb_job_list *jobs, const struct lb_row *added)
{
	const struct lb_job *job = lb_jobs_find(jobs, lb_row_job_id(added));
	for (size_t i = 0; job != NULL && i < job->rows.count; i++) {
		const struct lb_row *row = &job->rows.items[i];
		if (lb_text_equal(lb_row_sensor_id(row), lb_row_sensor_id(added))) {
			return row;
		}
	}
	return NULL;
}

static enum lb_err skip_row(const struct lb_row *row, struct lb_changes *changes,
			    struct lb_error *error)
{
	for (size_t i = 0; row != NULL && i < row->cursor_count; i++) {
		struct lb_consumed *consumed = lb_list_add(changes->arena, &changes->consumed);
		if (consumed == NULL) {
			return lb_fail_nomem(error);
		}
		*consumed = (struct lb_consumed){
			.sensor = row->cursors[i].sensor,
			.trigger_job_id = lb_row_job_id(row),
			.seq = row->cursors[i].last_seq,
		};
	}
	return LB_OK;
}

/* Existing files are not to start jobs that did not wait for them when they came. */
static enum lb_err skip_existing(struct lb_store *store, struct lb_feed *feed,
				 struct lb_error *error)
{
	struct lb_job_list jobs = {0};
	struct lb_changes changes = {.arena = &feed->arena, .who = feed->who};
	enum lb_err err = load_by_ids(store, feed, &jobs, error);
	for (size_t i = 0; i < feed->plan.changes.count && err == LB_OK; i++) {
		const struct lb_feed_change *change = &feed->plan.changes.items[i];
		if (change->kind == LB_FEED_ADD) {
			err = skip_row(find_row(&jobs, change->row), &changes, error);
		}
	}
	if (err == LB_OK && !lb_changes_empty(&changes)) {
		err = store->impl->save(store, &changes, error);
	}
	return err;
}

static enum lb_err apply(struct lb_store *store, struct lb_feed *feed, struct lb_error *error)
{
	struct lb_changes changes = {.arena = &feed->arena, .who = feed->who};
	enum lb_err err = lb_feed_plan_apply(&feed->plan, feed->now_us, &changes, error);
	if (err != LB_OK || lb_changes_empty(&changes)) {
		return err;
	}
	err = store->impl->save(store, &changes, error);
	if (err == LB_OK && !feed->existing) {
		err = skip_existing(store, feed, error);
	}
	feed->applied = err == LB_OK;
	return err;
}

static enum lb_err feed_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct lb_feed *feed = data;
	struct lb_job_list jobs = {0};
	struct lb_job_query query = {.all = true};
	enum lb_err err = store->impl->load_jobs(store, &query, &feed->arena, &jobs, error);
	if (err == LB_OK) {
		err = lb_feed_plan_make(&jobs, feed->wanted, &feed->arena, &feed->plan, error);
	}
	if (err != LB_OK || feed->dry_run) {
		return err;
	}
	if (feed->plan.dangers > 0 && !feed->force) {
		return lb_fail(error, LB_REFUSED,
			       "the feed would remove rows whose job is not done with them; "
			       "nothing was changed; --force removes them all the same");
	}
	return apply(store, feed, error);
}

enum lb_err lb_feed_run(struct lb_store *store, struct lb_feed *feed, struct lb_error *error)
{
	feed->plan = (struct lb_feed_plan){0};
	feed->applied = false;
	enum lb_err err = store->impl->transact(
		store, feed->dry_run ? LB_STORE_READ : LB_STORE_WRITE, feed_body, feed, error);
	if (err != LB_OK) {
		feed->applied = false;
	}
	return err;
}
