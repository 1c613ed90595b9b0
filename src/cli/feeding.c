#include "cli/feeding.h"

#include "config/feed_csv.h"

#include <errno.h>
#include <string.h>

bool lb_feeding_existing(const struct lb_config *config)
{
	bool existing = config->acons.count == 0;
	for (size_t i = 0; i < config->acons.count; i++) {
		existing = existing || config->acons.items[i].trigger_file.include_existing_files;
	}
	return existing;
}

static void log_problems(const struct lb_feeding *feeding)
{
	for (size_t i = 0; i < feeding->problems.count; i++) {
		const struct lb_problem *problem = &feeding->problems.items[i];
		lb_log(feeding->log,
		       problem->kind == LB_PROBLEM_ERROR ? LB_LOG_ERROR : LB_LOG_WARNING,
		       problem->text, "place", problem->place, "remedy", problem->remedy, NULL);
	}
}

static void log_dangers(const struct lb_feeding *feeding)
{
	const struct lb_feed_change_list *changes = &feeding->feed.plan.changes;
	for (size_t i = 0; feeding->err == LB_REFUSED && i < changes->count; i++) {
		const struct lb_feed_change *change = &changes->items[i];
		if (change->danger != NULL) {
			lb_log(feeding->log, LB_LOG_WARNING, "row is not removed", "job",
			       lb_row_job_id(change->row), "sensor", lb_row_sensor_id(change->row),
			       "reason", change->danger, NULL);
		}
	}
}

static void log_result(const struct lb_feeding *feeding)
{
	log_problems(feeding);
	log_dangers(feeding);
	if (feeding->err != LB_OK) {
		lb_log(feeding->log, LB_LOG_ERROR, "data feed not applied", "file",
		       feeding->config->feed, "error", feeding->error.message, NULL);
	} else if (feeding->feed.applied) {
		lb_log(feeding->log, LB_LOG_INFO, "data feed applied", "file",
		       feeding->config->feed, "changes",
		       LB_LOG_INT((int64_t)feeding->feed.plan.changes.count), NULL);
	}
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* That it is not there is said once, not at every look. Looking comes before
 * reading, so that a change in between is seen the next time. */
static bool has_changed(struct lb_feeding *feeding)
{
	struct stat status;
	const char *path = feeding->config->feed;
	if (path == NULL) {
		return false;
	}
	bool missing = stat(path, &status) != 0;
	if (missing && !feeding->missing) {
		lb_log(feeding->log, LB_LOG_WARNING, "data feed not applied", "file", path, "error",
		       strerror(errno), NULL);
	}
	feeding->missing = missing;
	if (missing || same_file(&status, &feeding->seen)) {
		return false;
	}
	feeding->seen = status;
	return true;
}

/* Touches nothing that the loop's thread touches while busy. */
static void read_and_apply(struct lb_feeding *feeding)
{
	struct lb_store *store = NULL;
	feeding->problems = (struct lb_problem_list){0};
	feeding->rows = (struct lb_row_list){0};
	feeding->feed = (struct lb_feed){
		.wanted = &feeding->rows,
		.now_us = lb_cli_now(),
		.who = "feed",
		.existing = lb_feeding_existing(feeding->config),
	};
	feeding->err = lb_feed_csv_read(feeding->config->feed, feeding->config, &feeding->arena,
					&feeding->problems, &feeding->rows, &feeding->error);
	if (feeding->err == LB_OK) {
		feeding->err = lb_cli_open_store(feeding->config, true, &store, &feeding->error);
	}
	if (feeding->err == LB_OK) {
		feeding->err = lb_feed_run(store, &feeding->feed, &feeding->error);
		store->impl->destroy(store);
	}
}

/* A store that could not be written is tried again at the next look; what is wrong
 * with the feed itself waits for somebody to change it. */
static bool finish(struct lb_feeding *feeding)
{
	log_result(feeding);
	if (feeding->err != LB_OK && feeding->err != LB_INVALID && feeding->err != LB_REFUSED) {
		feeding->seen = (struct stat){0};
	}
	bool applied = feeding->err == LB_OK && feeding->feed.applied;
	lb_arena_finish(&feeding->feed.arena);
	lb_arena_finish(&feeding->arena);
	return applied;
}

void lb_feeding_apply(struct lb_feeding *feeding)
{
	if (has_changed(feeding)) {
		read_and_apply(feeding);
		(void)finish(feeding);
	}
}

static void on_work(uv_work_t *work)
{
	read_and_apply(work->data);
}

static void on_worked(uv_work_t *work, int status)
{
	(void)status;
	struct lb_feeding *feeding = work->data;
	bool applied = finish(feeding);
	feeding->busy = false;
	feeding->on_end(feeding->data, applied);
}

void lb_feeding_apply_later(struct lb_feeding *feeding, uv_loop_t *loop)
{
	if (feeding->busy || !has_changed(feeding)) {
		return;
	}
	feeding->work.data = feeding;
	feeding->busy = uv_queue_work(loop, &feeding->work, on_work, on_worked) == 0;
}
