#include "base/text.h"
#include "base/time.h"
#include "cli/pass_costs.h"
#include "cli/sensor_errors.h"
#include "cli/words.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* One look at the store. */
struct view {
	struct lb_arena arena;
	struct lb_job_list jobs;
	struct lb_run_list runs;
	struct lb_sensor_state_list sensors;
	struct lb_sensor_error_list errors;
	struct lb_pass_cost_list passes;
	struct lb_month_cost_list costs;
	int64_t now_us;
};

static enum lb_err look(struct lb_store *store, void *data, struct lb_error *error)
{
	struct view *view = data;
	struct lb_job_query jobs = {.all = true};
	struct lb_run_query runs = {
		.state_mask = 1U << LB_RUN_PLANNED | 1U << LB_RUN_SUBMITTED,
		.order = LB_RUN_NEXT_TRY_FIRST,
	};
	enum lb_err err = store->impl->load_jobs(store, &jobs, &view->arena, &view->jobs, error);
	if (err == LB_OK) {
		err = store->impl->load_runs(store, &runs, &view->arena, &view->runs, error);
	}
	if (err == LB_OK) {
		err = store->impl->load_sensors(store, NULL, NULL, &view->arena, &view->sensors,
						error);
	}
	return err;
}

static enum lb_err look_at_passes(struct lb_store *store, void *data, struct lb_error *error)
{
	struct view *view = data;
	return store->impl->load_passes(store, &view->arena, &view->passes, error);
}

static void print_head(const struct lb_cli *cli, const char *head)
{
	(void)printf("%s%s%s\n", lb_style_begin(LB_STYLE_BOLD, cli->color), head,
		     lb_style_end(LB_STYLE_BOLD, cli->color));
}

static void add_heads(struct lb_table *table, const char *const *heads, size_t count)
{
	table->columns = count;
	for (size_t i = 0; i < count; i++) {
		lb_table_add(table, LB_STYLE_DIM, heads[i]);
	}
}

static void add_row(struct lb_table *table, const struct view *view, const struct lb_job *job,
		    const struct lb_row *row)
{
	bool paused = lb_row_is_paused(row);
	int64_t waiting = lb_row_waiting_events(row);
	lb_table_add(table, LB_STYLE_PLAIN, lb_words_job(table->arena, job));
	lb_table_add(table, LB_STYLE_PLAIN, lb_row_sensor_id(row));
	lb_table_add(table, LB_STYLE_PLAIN, lb_row_is_hard(row) ? "hard" : "soft");
	lb_table_add(table, paused ? LB_STYLE_BUSY : LB_STYLE_PLAIN,
		     row->declared[LB_DECLARED_job_state]);
	lb_table_add(table, lb_words_status_style(row->status), row->status_text);
	lb_table_add(
		table, LB_STYLE_PLAIN,
		lb_words_distance(table->arena, row->latest_event_fetched_at_us, view->now_us));
	lb_table_add(table, waiting > 0 ? LB_STYLE_BUSY : LB_STYLE_DIM,
		     lb_arena_printf(table->arena, "%lld", (long long)waiting));
	lb_table_add(table, LB_STYLE_PLAIN,
		     lb_words_distance(table->arena, row->status_changed_at_us, view->now_us));
}

static bool print_rows(const struct lb_cli *cli, struct view *view)
{
	static const char *const heads[] = {"JOB",    "WAITS FOR",    "DEPENDENCY", "STATE",
					    "STATUS", "LATEST EVENT", "WAITING",    "SINCE"};
	struct lb_table table = {.arena = &view->arena};
	add_heads(&table, heads, 8);
	for (size_t i = 0; i < view->jobs.count; i++) {
		const struct lb_job *job = &view->jobs.items[i];
		for (size_t j = 0; j < job->rows.count; j++) {
			add_row(&table, view, job, &job->rows.items[j]);
		}
	}
	if (view->jobs.count == 0) {
		(void)printf("The control table is empty; lakebeat feed FILE fills it.\n");
		return true;
	}
	return lb_table_print(&table, stdout, cli->color);
}

static bool print_runs(const struct lb_cli *cli, struct view *view)
{
	static const char *const heads[] = {"JOB", "RUN", "STATE", "SINCE", "MESSAGE"};
	struct lb_table table = {.arena = &view->arena};
	if (view->runs.count == 0) {
		return true;
	}
	(void)putchar('\n');
	print_head(cli, "Runs in flight");
	add_heads(&table, heads, 5);
	for (size_t i = 0; i < view->runs.count; i++) {
		const struct lb_run *run = &view->runs.items[i];
		bool planned = run->state == LB_RUN_PLANNED;
		lb_table_add(&table, LB_STYLE_PLAIN, run->trigger_job_id);
		lb_table_add(&table, LB_STYLE_PLAIN, lb_words_run(&view->arena, run));
		lb_table_add(&table, lb_words_run_style(run->state), lb_run_state_text(run->state));
		lb_table_add(&table, LB_STYLE_PLAIN,
			     lb_words_distance(&view->arena,
					       planned ? run->planned_at_us : run->submitted_at_us,
					       view->now_us));
		lb_table_add(&table, LB_STYLE_PLAIN, run->message);
	}
	return lb_table_print(&table, stdout, cli->color);
}

static void print_errors(const struct lb_cli *cli, const struct view *view)
{
	if (view->errors.count > 0) {
		(void)putchar('\n');
		print_head(cli, "Sensors that cannot be read");
		lb_sensor_errors_print(cli, &view->errors);
	}
}

static json_t *sensor_json(const struct lb_sensor_state *state)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "sensor_source",
			 lb_json_text(state->sensor_source), "base_location",
			 lb_json_text(state->base_location), "sensor_id",
			 lb_json_text(state->sensor.sensor_id), "last_seq",
			 (json_int_t)state->last_seq, "last_event_at",
			 lb_json_time(state->last_event_at_us), "last_full_pass_at",
			 lb_json_time(state->sensor.checkpoint.full_pass_at_us), "last_error",
			 lb_json_text(state->sensor.last_error));
}

static json_t *view_json(const struct view *view)
{
	json_t *rows = json_array();
	json_t *runs = json_array();
	json_t *sensors = json_array();
	for (size_t i = 0; i < view->jobs.count; i++) {
		for (size_t j = 0; j < view->jobs.items[i].rows.count; j++) {
			(void)json_array_append_new(
				rows, lb_json_row(&view->jobs.items[i].rows.items[j]));
		}
	}
	for (size_t i = 0; i < view->runs.count; i++) {
		(void)json_array_append_new(runs, lb_json_run(&view->runs.items[i]));
	}
	for (size_t i = 0; i < view->sensors.count; i++) {
		(void)json_array_append_new(sensors, sensor_json(&view->sensors.items[i]));
	}
	return json_pack("{s:o, s:o, s:o}", "rows", rows, "runs_in_flight", runs, "sensors",
			 sensors);
}

static bool print_view(const struct lb_cli *cli, struct view *view)
{
	if (!print_rows(cli, view) || !print_runs(cli, view)) {
		return false;
	}
	print_errors(cli, view);
	return true;
}

static enum lb_err take_rows(struct lb_cli *cli, struct view *view, struct lb_error *error)
{
	enum lb_err err = lb_cli_read(cli, look, view, error);
	return err == LB_OK ? lb_sensor_errors_find(cli->config, &view->jobs, &view->sensors,
						    &view->arena, &view->errors, error)
			    : err;
}

static enum lb_err take_costs(struct lb_cli *cli, struct view *view, struct lb_error *error)
{
	enum lb_err err = lb_cli_read(cli, look_at_passes, view, error);
	return err == LB_OK ? lb_month_costs_reckon(cli->config, &view->passes, &view->arena,
						    &view->costs, error)
			    : err;
}

static bool print(const struct lb_cli *cli, struct view *view, bool costs)
{
	return costs ? lb_month_costs_print(cli, &view->costs, &view->arena, view->now_us)
		     : print_view(cli, view);
}

static int show(struct lb_cli *cli)
{
	struct view view = {.now_us = lb_cli_now()};
	struct lb_error error = {0};
	int code = LB_EXIT_OK;
	bool costs = lb_argument_given(&cli->arguments, "cost");
	enum lb_err err = costs ? take_costs(cli, &view, &error) : take_rows(cli, &view, &error);
	if (err == LB_OK && cli->json) {
		code = lb_cli_print_json(costs ? lb_json_month_costs(cli->config, &view.costs)
					       : view_json(&view));
	} else if (err == LB_OK && !print(cli, &view, costs)) {
		err = lb_fail_nomem(&error);
	}
	if (err != LB_OK) {
		code = lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	lb_arena_finish(&view.arena);
	return code;
}

/* The terminal's other screen, so that what was there before comes back. */
static void begin_screen(void)
{
	(void)setvbuf(stdout, NULL, _IOFBF, (size_t)1 << 16);
	(void)fputs("\033[?1049h\033[?25l", stdout);
}

static void end_screen(void)
{
	(void)fputs("\033[?25h\033[?1049l", stdout);
	(void)fflush(stdout);
}

static int draw(struct lb_cli *cli, bool terminal, long seconds)
{
	if (terminal) {
		struct lb_arena arena = {0};
		(void)printf("\033[H\033[2J%s%s, every %ld s; ctrl-C ends it%s\n\n",
			     lb_style_begin(LB_STYLE_DIM, cli->color),
			     lb_words_time(&arena, lb_cli_now()), seconds,
			     lb_style_end(LB_STYLE_DIM, cli->color));
		lb_arena_finish(&arena);
	}
	int code = show(cli);
	return fflush(stdout) == 0 ? code : LB_EXIT_FAILED;
}

/* Redraws in place on a terminal, appends elsewhere. Signals are held back but
 * while it waits, so that none falls between a look and a wait. A signal is the
 * way out, so it ends with success. */
static int watch(struct lb_cli *cli, long seconds)
{
	const struct timespec pause = {.tv_sec = seconds};
	bool terminal = isatty(STDOUT_FILENO) == 1;
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	if (terminal) {
		begin_screen();
	}
	int code = draw(cli, terminal, seconds);
	while (code == LB_EXIT_OK && sigtimedwait(&signals, NULL, &pause) < 0) {
		code = draw(cli, terminal, seconds);
	}
	if (terminal) {
		end_screen();
	}
	/* What went wrong was told on the screen that is gone. */
	return code != LB_EXIT_OK && terminal ? show(cli) : code;
}

static int run(struct lb_cli *cli)
{
	long seconds;
	struct lb_error error = {0};
	if (lb_argument_number(&cli->arguments, "watch", 86400, 2, &seconds, &error) != LB_OK) {
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	int code = lb_cli_open(cli, false);
	if (code != LB_EXIT_OK) {
		return code;
	}
	return lb_argument_given(&cli->arguments, "watch") ? watch(cli, seconds) : show(cli);
}

static const struct lb_option options[] = {
	{.name = "watch",
	 .letter = 'w',
	 .value = "[SECONDS]",
	 .help = "show it again and again, every 2 seconds unless said, until ctrl-C"},
	{.name = "cost",
	 .help = "what passes over buckets cost instead: requests, and the price of a month"},
	{.name = NULL},
};

static const struct lb_example examples[] = {
	{"lakebeat status", "who waits for what, and where it stands"},
	{"lakebeat status --watch=5", "and again every 5 seconds"},
	{"lakebeat status --cost", "requests of a pass, and the price of a month"},
	{"lakebeat status --json", "for programs"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_status = {
	.name = "status",
	.summary = "show the control table, runs in flight and errors",
	.description =
		"Shows each row of the control table: which job waits for which sensor, the row's "
		"status, when the latest event came and how many events wait for the next run. "
		"Then the runs that are planned or under way, and the sensors that could not be "
		"read. With --cost, what the last passes over object stores took instead, and what "
		"that comes to at the intervals and the list_price that are configured.",
	.options = options,
	.examples = examples,
	.run = run,
};
