#include "cli/feeding.h"

#include "config/feed_csv.h"

bool lb_feeding_existing(const struct lb_config *config)
{
	bool existing = config->acons.count == 0;
	for (size_t i = 0; i < config->acons.count; i++) {
		existing = existing || config->acons.items[i].trigger_file.include_existing_files;
	}
	return existing;
}

static void log_problems(const struct lb_cli *cli, const struct lb_problem_list *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		lb_log(&cli->log, problem->kind == LB_PROBLEM_ERROR ? LB_LOG_ERROR : LB_LOG_WARNING,
		       problem->text, "place", problem->place, "remedy", problem->remedy, NULL);
	}
}

static void log_dangers(const struct lb_cli *cli, const struct lb_feed_plan *plan)
{
	for (size_t i = 0; i < plan->changes.count; i++) {
		const struct lb_feed_change *change = &plan->changes.items[i];
		if (change->danger != NULL) {
			lb_log(&cli->log, LB_LOG_WARNING, "row is not removed", "job",
			       lb_row_job_id(change->row), "sensor", lb_row_sensor_id(change->row),
			       "reason", change->danger, NULL);
		}
	}
}

bool lb_feeding_apply(struct lb_cli *cli, const char *path)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_row_list rows = {0};
	struct lb_error error = {0};
	struct lb_feed feed = {
		.wanted = &rows,
		.now_us = lb_cli_now(),
		.who = "feed",
		.existing = lb_feeding_existing(cli->config),
	};
	enum lb_err err = lb_feed_csv_read(path, &arena, &problems, &rows, &error);
	log_problems(cli, &problems);
	if (err == LB_OK) {
		err = lb_feed_run(cli->store, &feed, &error);
		log_dangers(cli, &feed.plan);
	}
	if (err != LB_OK) {
		lb_log(&cli->log, LB_LOG_ERROR, "data feed not applied", "file", path, "error",
		       error.message, NULL);
	} else if (feed.applied) {
		lb_log(&cli->log, LB_LOG_INFO, "data feed applied", "file", path, "changes",
		       LB_LOG_INT((int64_t)feed.plan.changes.count), NULL);
	}
	bool applied = err == LB_OK && feed.applied;
	lb_arena_finish(&feed.arena);
	lb_arena_finish(&arena);
	return applied;
}
