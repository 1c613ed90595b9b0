#include "base/text.h"
#include "base/time.h"
#include "cli/app.h"
#include "cli/words.h"
#include "core/lifecycle.h"

/* What is known of one job. */
struct view {
	struct lb_cli *cli;
	struct lb_arena *arena;
	const char *trigger_job_id;
	struct lb_job_list jobs;
	struct lb_job_list all;
	struct lb_sensor_state_list sensors;
	const struct lb_job *job;
	struct lb_readiness readiness;
	bool held;
	int64_t now_us;
};

/* A job that left the control table is still known by its runs. */
static bool is_unknown(const struct view *view)
{
	const struct lb_job *job = view->jobs.count > 0 ? &view->jobs.items[0] : NULL;
	return job == NULL || (job->rows.count == 0 && job->run == NULL);
}

static enum lb_err look(struct lb_store *store, void *data, struct lb_error *error)
{
	struct view *view = data;
	struct lb_job_query one = {.job_ids = &view->trigger_job_id, .job_id_count = 1};
	struct lb_job_query all = {.all = true};
	enum lb_err err = store->impl->load_jobs(store, &one, view->arena, &view->jobs, error);
	if (err == LB_OK && is_unknown(view)) {
		err = store->impl->load_jobs(store, &all, view->arena, &view->all, error);
	}
	if (err == LB_OK) {
		err = store->impl->load_sensors(store, NULL, NULL, view->arena, &view->sensors,
						error);
	}
	return err;
}

static const char *sensor_error(const struct view *view, const char *sensor_id)
{
	for (size_t i = 0; i < view->sensors.count; i++) {
		const struct lb_sensor *sensor = &view->sensors.items[i].sensor;
		if (lb_text_equal(sensor->sensor_id, sensor_id)) {
			return sensor->last_error;
		}
	}
	return NULL;
}

/* The hard rows that hold the job up, by name: "a and b". */
static const char *blocking_names(const struct view *view)
{
	const char *names = NULL;
	size_t count = 0;
	for (size_t i = 0; i < view->job->rows.count; i++) {
		const struct lb_row *row = &view->job->rows.items[i];
		if (!lb_row_is_hard(row) || view->readiness.rows[i] == LB_ROW_HAS_EVENT) {
			continue;
		}
		const char *name = lb_text_printable(view->arena, lb_row_sensor_id(row));
		names = count++ == 0 ? name : lb_arena_printf(view->arena, "%s, %s", names, name);
	}
	return names;
}

static const char *say_planned(const struct view *view)
{
	const struct lb_run *run = view->job->run;
	const char *number = lb_words_run(view->arena, run);
	if (view->held) {
		return lb_arena_printf(view->arena,
				       "is held: run %s is planned, but the job is paused", number);
	}
	if (run->refused) {
		return lb_arena_printf(
			view->arena, "was refused: run %s is planned and asked for again %s",
			number, lb_words_distance(view->arena, run->next_try_at_us, view->now_us));
	}
	if (run->tries > 0) {
		return lb_arena_printf(
			view->arena,
			"starts as soon as its runner answers: run %s has been asked "
			"for %d times, next %s",
			number, run->tries,
			lb_words_distance(view->arena, run->next_try_at_us, view->now_us));
	}
	if (run->next_try_at_us > view->now_us) {
		return lb_arena_printf(
			view->arena, "is tried again %s: run %s is planned",
			lb_words_distance(view->arena, run->next_try_at_us, view->now_us), number);
	}
	return lb_arena_printf(view->arena, "is about to start: run %s is planned", number);
}

static const char *say_in_flight(const struct view *view)
{
	const struct lb_run *run = view->job->run;
	if (run->state == LB_RUN_PLANNED) {
		return say_planned(view);
	}
	return lb_arena_printf(view->arena, "runs: run %s started %s",
			       lb_words_run(view->arena, run),
			       lb_words_distance(view->arena, run->submitted_at_us, view->now_us));
}

static const char *say_failed(const struct view *view)
{
	const struct lb_run *run = view->job->run;
	return lb_arena_printf(view->arena, "has failed: %s",
			       run != NULL && run->message != NULL
				       ? lb_text_printable(view->arena, run->message)
				       : "its rows say so");
}

static bool is_in_progress_without_run(const struct view *view)
{
	for (size_t i = 0; i < view->job->rows.count; i++) {
		if (view->job->rows.items[i].status == LB_STATUS_IN_PROGRESS) {
			return !lb_run_is_live(view->job->run);
		}
	}
	return false;
}

static const char *say_waits(const struct view *view)
{
	const char *names = blocking_names(view);
	if (is_in_progress_without_run(view)) {
		return "is in progress by its rows, but lakebeat has no run of it in flight";
	}
	if (names == NULL) {
		return "waits: none of its sensors has a new event";
	}
	return lb_arena_printf(view->arena, "waits for %s", names);
}

/* The end of the sentence that begins with the job. */
static const char *say_verdict(const struct view *view)
{
	const char *text = NULL;
	switch (view->readiness.verdict) {
	case LB_JOB_READY:
		text = "is ready: the running lakebeat or the next lakebeat once starts it";
		break;
	case LB_JOB_WAITS:
		text = say_waits(view);
		break;
	case LB_JOB_RUN_IN_FLIGHT:
		text = say_in_flight(view);
		break;
	case LB_JOB_FAILED:
		text = say_failed(view);
		break;
	case LB_JOB_PAUSED:
		text = "is paused: none of its rows is UNPAUSED";
		break;
	case LB_JOB_NO_ROWS:
		text = "is not in the control table any more; what remains is its history";
		break;
	case LB_JOB_VERDICT_MAX:
		break;
	}
	return text != NULL ? text : "?";
}

static const char *say_advice(const struct view *view)
{
	const char *id = view->trigger_job_id;
	switch (view->readiness.verdict) {
	case LB_JOB_FAILED:
		return lb_arena_printf(
			view->arena,
			"lakebeat retry %s tries again with the same events; lakebeat "
			"complete %s says that it is done",
			id, id);
	case LB_JOB_PAUSED:
		return lb_arena_printf(view->arena, "lakebeat resume %s lets it start", id);
	case LB_JOB_RUN_IN_FLIGHT:
		if (view->held) {
			return lb_arena_printf(view->arena, "lakebeat resume %s lets it start", id);
		}
		return view->job->run->refused
			       ? lb_arena_printf(view->arena,
						 "mend the reason, then lakebeat retry %s asks at "
						 "once",
						 id)
			       : NULL;
	case LB_JOB_WAITS:
		return is_in_progress_without_run(view)
			       ? lb_arena_printf(view->arena,
						 "lakebeat complete %s says that it is done; "
						 "lakebeat retry %s starts it again",
						 id, id)
			       : NULL;
	case LB_JOB_READY:
	case LB_JOB_NO_ROWS:
	case LB_JOB_VERDICT_MAX:
		break;
	}
	return NULL;
}

static bool print_rows(struct view *view)
{
	struct lb_table table = {.arena = view->arena, .columns = 4};
	for (size_t i = 0; i < view->job->rows.count; i++) {
		const struct lb_row *row = &view->job->rows.items[i];
		bool hard = lb_row_is_hard(row);
		bool blocks = hard && view->readiness.rows[i] != LB_ROW_HAS_EVENT;
		const char *why =
			lb_words_row(view->arena, view->job, row, view->readiness.rows[i]);
		const char *read_error = sensor_error(view, lb_row_sensor_id(row));
		if (read_error != NULL) {
			why = lb_arena_printf(view->arena, "%s; it cannot be read: %s", why,
					      read_error);
		}
		lb_table_add(&table, blocks ? LB_STYLE_BUSY : LB_STYLE_GOOD,
			     blocks ? "  -" : "  +");
		lb_table_add(&table, LB_STYLE_PLAIN, lb_row_sensor_id(row));
		lb_table_add(&table, LB_STYLE_DIM, hard ? "hard" : "soft");
		lb_table_add(&table, LB_STYLE_PLAIN, why);
	}
	return lb_table_print(&table, stdout, view->cli->color);
}

static void print_run(const struct view *view)
{
	const struct lb_run *run = view->job->run;
	bool color = view->cli->color;
	if (run == NULL) {
		(void)printf("It has never run.\n");
		return;
	}
	enum lb_style style = lb_words_run_style(run->state);
	(void)printf("Latest run: %s, %s%s%s, planned %s", lb_words_run(view->arena, run),
		     lb_style_begin(style, color), lb_run_state_text(run->state),
		     lb_style_end(style, color), lb_words_time(view->arena, run->planned_at_us));
	if (run->ended_at_us != LB_TIME_NONE) {
		(void)printf(", ended %s", lb_words_time(view->arena, run->ended_at_us));
	}
	(void)putchar('\n');
	if (run->message != NULL) {
		(void)printf("  %s\n", lb_text_printable(view->arena, run->message));
	}
	if (run->url != NULL) {
		(void)printf("  %s\n", lb_text_printable(view->arena, run->url));
	}
}

static json_t *view_json(const struct view *view)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < view->job->rows.count; i++) {
		const struct lb_row *row = &view->job->rows.items[i];
		json_t *json = lb_json_row(row);
		(void)json_object_set_new(
			json, "verdict",
			json_string(lb_words_row_verdict(view->readiness.rows[i])));
		(void)json_object_set_new(
			json, "blocks",
			json_boolean(lb_row_is_hard(row) &&
				     view->readiness.rows[i] != LB_ROW_HAS_EVENT));
		(void)json_object_set_new(json, "reason",
					  lb_json_text(lb_words_row(view->arena, view->job, row,
								    view->readiness.rows[i])));
		(void)json_object_set_new(json, "sensor_error",
					  lb_json_text(sensor_error(view, lb_row_sensor_id(row))));
		(void)json_array_append_new(rows, json);
	}
	return json_pack("{s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "trigger_job_id",
			 lb_json_text(view->trigger_job_id), "trigger_job_name",
			 lb_json_text(lb_job_name(view->job)), "verdict",
			 lb_words_job_verdict(view->readiness.verdict), "held", view->held,
			 "reason", lb_json_text(say_verdict(view)), "advice",
			 lb_json_text(say_advice(view)), "rows", rows, "latest_run",
			 view->job->run != NULL ? lb_json_run(view->job->run) : json_null());
}

static int print_view(struct view *view)
{
	bool color = view->cli->color;
	(void)printf("%s%s %s.%s\n", lb_style_begin(LB_STYLE_BOLD, color),
		     lb_words_job(view->arena, view->job), say_verdict(view),
		     lb_style_end(LB_STYLE_BOLD, color));
	if (!print_rows(view)) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		return lb_cli_fail(view->cli, LB_EXIT_FAILED, &error);
	}
	print_run(view);
	const char *advice = say_advice(view);
	if (advice != NULL) {
		(void)printf("%s.\n", advice);
	}
	return LB_EXIT_OK;
}

/* The job as the next beat would see it: with the events that wait taken up, so
 * that what is said agrees with what will be done. */
static enum lb_err judge(struct view *view, struct lb_error *error)
{
	struct lb_job *job = &view->jobs.items[0];
	struct lb_changes changes = {.arena = view->arena, .who = ""};
	job->policy = lb_config_policy_of(view->cli->config, job->trigger_job_id);
	enum lb_err err = lb_job_settle(job, false, view->now_us, &changes, error);
	view->job = job;
	view->held = lb_run_is_live(job->run) && job->run->state == LB_RUN_PLANNED &&
		     lb_readiness_is_held(job);
	return err == LB_OK ? lb_readiness_judge(job, view->arena, &view->readiness, error) : err;
}

static int run(struct lb_cli *cli)
{
	struct lb_error error = {0};
	int code = lb_cli_open(cli, false);
	if (code != LB_EXIT_OK) {
		return code;
	}
	struct view view = {
		.cli = cli,
		.arena = &cli->arena,
		.trigger_job_id = cli->arguments.operands.items[0],
		.now_us = lb_cli_now(),
	};
	enum lb_err err = lb_cli_read(cli, look, &view, &error);
	if (err == LB_OK && is_unknown(&view)) {
		err = lb_cli_unknown_job(&view.all, view.trigger_job_id, &error);
	}
	if (err == LB_OK) {
		err = judge(&view, &error);
	}
	if (err != LB_OK) {
		return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	return cli->json ? lb_cli_print_json(view_json(&view)) : print_view(&view);
}

static const struct lb_example examples[] = {
	{"lakebeat explain 666666666", "why it has or has not started"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_explain = {
	.name = "explain",
	.summary = "say why a job has or has not started",
	.operands = "JOB",
	.operands_min = 1,
	.operands_max = 1,
	.description =
		"Says in one sentence how the job stands, then what each of its sensors "
		"contributes (+ lets it start, - holds it up), its latest run, and what to do "
		"next. It asks the very function that decides.",
	.examples = examples,
	.run = run,
};
