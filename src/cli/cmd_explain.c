#include "base/text.h"
#include "base/time.h"
#include "cli/explain.h"
#include "cli/sensor_errors.h"
#include "cli/words.h"
#include "core/lifecycle.h"

/* What is known of one job. */
struct view {
	struct lb_cli *cli;
	struct lb_arena *arena;
	struct lb_job_list jobs;
	struct lb_job_list all;
	struct lb_sensor_state_list sensors;
	struct lb_sensor_error_list errors;
	struct lb_explanation explanation;
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
	struct lb_job_query one = {.job_ids = &view->explanation.trigger_job_id, .job_id_count = 1};
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

static bool print_rows(const struct view *view)
{
	const struct lb_explanation *explanation = &view->explanation;
	struct lb_table table = {.arena = view->arena, .columns = 4};
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		const struct lb_row *row = &explanation->job->rows.items[i];
		bool blocks = lb_explain_blocks(explanation, i);
		lb_table_add(&table, blocks ? LB_STYLE_BUSY : LB_STYLE_GOOD,
			     blocks ? "  -" : "  +");
		lb_table_add(&table, LB_STYLE_PLAIN, lb_row_sensor_id(row));
		lb_table_add(&table, LB_STYLE_DIM, lb_row_is_hard(row) ? "hard" : "soft");
		lb_table_add(&table, LB_STYLE_PLAIN, lb_explain_row(explanation, i));
	}
	return lb_table_print(&table, stdout, view->cli->color);
}

static void print_errors(const struct view *view)
{
	if (view->errors.count > 0) {
		(void)printf("Cannot be read:\n");
		lb_sensor_errors_print(view->cli, &view->errors);
	}
}

static void print_run(const struct view *view)
{
	const struct lb_run *run = view->explanation.job->run;
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

static json_t *row_json(const struct view *view, size_t at)
{
	const struct lb_explanation *explanation = &view->explanation;
	const struct lb_row *row = &explanation->job->rows.items[at];
	json_t *json = lb_json_row(row);
	(void)json_object_set_new(
		json, "verdict",
		json_string(lb_words_row_verdict(explanation->readiness.rows[at])));
	(void)json_object_set_new(json, "blocks", json_boolean(lb_explain_blocks(explanation, at)));
	(void)json_object_set_new(json, "reason", lb_json_text(lb_explain_row(explanation, at)));
	(void)json_object_set_new(
		json, "sensor_error",
		lb_json_text(lb_sensor_error_of(&view->errors, lb_row_sensor_id(row))));
	return json;
}

static json_t *view_json(const struct view *view)
{
	const struct lb_explanation *explanation = &view->explanation;
	const struct lb_job *job = explanation->job;
	json_t *rows = json_array();
	for (size_t i = 0; i < job->rows.count; i++) {
		(void)json_array_append_new(rows, row_json(view, i));
	}
	return json_pack("{s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "trigger_job_id",
			 lb_json_text(explanation->trigger_job_id), "trigger_job_name",
			 lb_json_text(lb_job_name(job)), "verdict",
			 lb_words_job_verdict(explanation->readiness.verdict), "held",
			 explanation->held, "reason", lb_json_text(lb_explain_verdict(explanation)),
			 "advice", lb_json_text(lb_explain_advice(explanation)), "rows", rows,
			 "latest_run", job->run != NULL ? lb_json_run(job->run) : json_null());
}

static int print_view(const struct view *view)
{
	bool color = view->cli->color;
	(void)printf("%s%s %s.%s\n", lb_style_begin(LB_STYLE_BOLD, color),
		     lb_words_job(view->arena, view->explanation.job),
		     lb_explain_verdict(&view->explanation), lb_style_end(LB_STYLE_BOLD, color));
	if (!print_rows(view)) {
		struct lb_error error;
		(void)lb_fail_nomem(&error);
		return lb_cli_fail(view->cli, LB_EXIT_FAILED, &error);
	}
	print_errors(view);
	print_run(view);
	const char *advice = lb_explain_advice(&view->explanation);
	if (advice != NULL) {
		(void)printf("Next: %s.\n", advice);
	}
	return LB_EXIT_OK;
}

/* The job as the next beat would see it: with the events that wait taken up, so
 * that what is said agrees with what will be done. */
static enum lb_err judge(struct view *view, struct lb_error *error)
{
	struct lb_explanation *explanation = &view->explanation;
	struct lb_job *job = &view->jobs.items[0];
	struct lb_changes changes = {.arena = view->arena, .who = ""};
	job->policy = lb_config_policy_of(explanation->config, job->trigger_job_id);
	enum lb_err err = lb_job_settle(job, false, explanation->now_us, &changes, error);
	explanation->job = job;
	explanation->held = lb_run_is_live(job->run) && job->run->state == LB_RUN_PLANNED &&
			    lb_readiness_is_held(job);
	return err == LB_OK ? lb_readiness_judge(job, view->arena, &explanation->readiness, error)
			    : err;
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
		.explanation =
			{
				.arena = &cli->arena,
				.config = cli->config,
				.trigger_job_id = cli->arguments.operands.items[0],
				.now_us = lb_cli_now(),
			},
	};
	enum lb_err err = lb_cli_read(cli, look, &view, &error);
	if (err == LB_OK && is_unknown(&view)) {
		err = lb_cli_unknown_job(&view.all, view.explanation.trigger_job_id, &error);
	}
	if (err == LB_OK) {
		err = judge(&view, &error);
	}
	if (err == LB_OK) {
		err = lb_sensor_errors_find(cli->config, &view.jobs, &view.sensors, view.arena,
					    &view.errors, &error);
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
