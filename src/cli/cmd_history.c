#include "base/text.h"
#include "base/time.h"
#include "cli/app.h"
#include "cli/words.h"

struct view {
	struct lb_cli *cli;
	struct lb_arena *arena;
	const char *trigger_job_id;
	size_t limit;
	struct lb_run_list runs;
	struct lb_event_list events;
	struct lb_audit_list audit;
	struct lb_job_list jobs;
};

/* The events of all runs, in the runs' order. */
static enum lb_err look_for_events(struct lb_store *store, struct view *view,
				   struct lb_error *error)
{
	struct lb_run_input_list inputs = {0};
	for (size_t i = 0; i < view->runs.count; i++) {
		for (size_t j = 0; j < view->runs.items[i].inputs.count; j++) {
			struct lb_run_input *input = lb_list_add(view->arena, &inputs);
			if (input == NULL) {
				return lb_fail_nomem(error);
			}
			*input = view->runs.items[i].inputs.items[j];
		}
	}
	return store->impl->load_events(store, &inputs, view->arena, &view->events, error);
}

static enum lb_err look(struct lb_store *store, void *data, struct lb_error *error)
{
	struct view *view = data;
	struct lb_run_query query = {
		.trigger_job_id = view->trigger_job_id,
		.with_inputs = true,
		.order = LB_RUN_NEWEST_FIRST,
		.limit = view->limit,
	};
	struct lb_audit_query audit = {
		.trigger_job_id = view->trigger_job_id,
		.limit = view->limit,
	};
	struct lb_job_query all = {.all = true};
	enum lb_err err = store->impl->load_jobs(store, &all, view->arena, &view->jobs, error);
	if (err != LB_OK) {
		return err;
	}
	if (lb_argument_given(&view->cli->arguments, "audit")) {
		return store->impl->load_audit(store, &audit, view->arena, &view->audit, error);
	}
	err = store->impl->load_runs(store, &query, view->arena, &view->runs, error);
	bool events = view->cli->json || lb_argument_given(&view->cli->arguments, "events");
	return err == LB_OK && events ? look_for_events(store, view, error) : err;
}

/* A job that left the control table is still known by its history. */
static bool is_unknown(const struct view *view)
{
	if (view->trigger_job_id == NULL || view->runs.count > 0 || view->audit.count > 0) {
		return false;
	}
	for (size_t i = 0; i < view->jobs.count; i++) {
		if (lb_text_equal(view->jobs.items[i].trigger_job_id, view->trigger_job_id)) {
			return false;
		}
	}
	return true;
}

static int64_t consumed_events(const struct lb_run *run)
{
	int64_t count = 0;
	for (size_t i = 0; i < run->inputs.count; i++) {
		count += run->inputs.items[i].to_seq - run->inputs.items[i].from_seq;
	}
	return count;
}

static const char *duration(struct lb_arena *arena, const struct lb_run *run)
{
	char text[LB_TIME_TEXT_MAX];
	if (run->ended_at_us == LB_TIME_NONE || run->submitted_at_us == LB_TIME_NONE) {
		return "-";
	}
	int64_t lasted_us = run->ended_at_us - run->submitted_at_us;
	return lb_arena_strdup(arena, lb_duration_format(lasted_us > 0 ? lasted_us : 0, text));
}

static void add_run(struct lb_table *table, const struct lb_run *run)
{
	struct lb_arena *arena = table->arena;
	lb_table_add(table, LB_STYLE_PLAIN, run->trigger_job_id);
	lb_table_add(table, LB_STYLE_PLAIN, lb_words_run(arena, run));
	lb_table_add(table, lb_words_run_style(run->state), lb_run_state_text(run->state));
	lb_table_add(table, LB_STYLE_PLAIN, lb_words_time(arena, run->planned_at_us));
	lb_table_add(table, LB_STYLE_PLAIN, lb_words_time(arena, run->submitted_at_us));
	lb_table_add(table, LB_STYLE_PLAIN, duration(arena, run));
	lb_table_add(table, LB_STYLE_PLAIN,
		     lb_arena_printf(arena, "%lld", (long long)consumed_events(run)));
	lb_table_add(table, LB_STYLE_PLAIN, run->message);
}

static const char *const run_heads[] = {"JOB",     "RUN",      "STATE",  "PLANNED",
					"STARTED", "DURATION", "EVENTS", "MESSAGE"};

static bool print_runs(const struct view *view)
{
	struct lb_table table = {.arena = view->arena, .columns = 8};
	for (size_t i = 0; i < 8; i++) {
		lb_table_add(&table, LB_STYLE_DIM, run_heads[i]);
	}
	for (size_t i = 0; i < view->runs.count; i++) {
		add_run(&table, &view->runs.items[i]);
	}
	return lb_table_print(&table, stdout, view->cli->color);
}

static void print_run_events(const struct view *view, const struct lb_run *run, size_t at,
			     size_t count)
{
	(void)printf("job %s, run %s, %s\n", lb_text_printable(view->arena, run->trigger_job_id),
		     lb_words_run(view->arena, run), lb_run_state_text(run->state));
	for (size_t i = at; i < at + count; i++) {
		const struct lb_event *event = &view->events.items[i];
		(void)printf("  %s\n", lb_text_printable(view->arena, event->file.file_path));
	}
	int64_t forgotten = consumed_events(run) - (int64_t)count;
	if (forgotten > 0) {
		(void)printf("  and %lld whose files are gone and forgotten\n",
			     (long long)forgotten);
	}
}

static bool print_events(const struct view *view)
{
	size_t at = 0;
	for (size_t i = 0; i < view->runs.count; i++) {
		const struct lb_run *run = &view->runs.items[i];
		size_t count = lb_run_count_events(run, &view->events, at);
		print_run_events(view, run, at, count);
		at += count;
	}
	return true;
}

static bool print_audit(const struct view *view)
{
	static const char *const heads[] = {"TIME", "JOB", "RUN", "SENSOR",
					    "FROM", "TO",  "WHO", "CAUSE"};
	struct lb_table table = {.arena = view->arena, .columns = 8};
	for (size_t i = 0; i < 8; i++) {
		lb_table_add(&table, LB_STYLE_DIM, heads[i]);
	}
	for (size_t i = 0; i < view->audit.count; i++) {
		const struct lb_audit *audit = &view->audit.items[i];
		const struct lb_run run = {.run_no = audit->run_no, .attempt = audit->attempt};
		lb_table_add(&table, LB_STYLE_PLAIN, lb_words_time(view->arena, audit->at_us));
		lb_table_add(&table, LB_STYLE_PLAIN, audit->trigger_job_id);
		lb_table_add(&table, LB_STYLE_PLAIN,
			     audit->run_no > 0 ? lb_words_run(view->arena, &run) : NULL);
		lb_table_add(&table, LB_STYLE_PLAIN, audit->sensor_id);
		lb_table_add(&table, LB_STYLE_PLAIN, audit->from);
		lb_table_add(&table, LB_STYLE_PLAIN, audit->to);
		lb_table_add(&table, LB_STYLE_PLAIN, audit->who);
		lb_table_add(&table, LB_STYLE_PLAIN, audit->cause);
	}
	return lb_table_print(&table, stdout, view->cli->color);
}

static json_t *events_json(const struct view *view, size_t at, size_t count)
{
	json_t *events = json_array();
	for (size_t i = at; i < at + count; i++) {
		const struct lb_event *event = &view->events.items[i];
		(void)json_array_append_new(
			events,
			json_pack("{s:o, s:I, s:o, s:o, s:o, s:I, s:o}", "sensor_id",
				  lb_json_text(event->sensor_id), "seq", (json_int_t)event->seq,
				  "file_name", lb_json_text(event->file.file_name), "file_path",
				  lb_json_text(event->file.file_path), "file_modification_time",
				  lb_json_time(event->file.modified_at_us), "file_size",
				  (json_int_t)event->file.size_bytes, "observed_at",
				  lb_json_time(event->observed_at_us)));
	}
	return events;
}

static json_t *runs_json(const struct view *view)
{
	json_t *runs = json_array();
	size_t at = 0;
	for (size_t i = 0; i < view->runs.count; i++) {
		const struct lb_run *run = &view->runs.items[i];
		size_t count = lb_run_count_events(run, &view->events, at);
		json_t *json = lb_json_run(run);
		(void)json_object_set_new(json, "events", events_json(view, at, count));
		(void)json_array_append_new(runs, json);
		at += count;
	}
	return json_pack("{s:o}", "runs", runs);
}

static json_t *audit_json(const struct view *view)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < view->audit.count; i++) {
		const struct lb_audit *audit = &view->audit.items[i];
		(void)json_array_append_new(
			entries,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:i, s:o}", "at",
				  lb_json_time(audit->at_us), "trigger_job_id",
				  lb_json_text(audit->trigger_job_id), "sensor_id",
				  lb_json_text(audit->sensor_id), "from", lb_json_text(audit->from),
				  "to", lb_json_text(audit->to), "cause",
				  lb_json_text(audit->cause), "run_no", (json_int_t)audit->run_no,
				  "attempt", audit->attempt, "who", lb_json_text(audit->who)));
	}
	return json_pack("{s:o}", "audit", entries);
}

static int print_view(const struct view *view)
{
	const struct lb_arguments *arguments = &view->cli->arguments;
	bool audit = lb_argument_given(arguments, "audit");
	if (view->cli->json) {
		return lb_cli_print_json(audit ? audit_json(view) : runs_json(view));
	}
	if (!audit && view->runs.count == 0) {
		(void)printf("no run yet\n");
		return LB_EXIT_OK;
	}
	bool ok = audit                                    ? print_audit(view)
		  : lb_argument_given(arguments, "events") ? print_events(view)
							   : print_runs(view);
	struct lb_error error;
	(void)lb_fail_nomem(&error);
	return ok ? LB_EXIT_OK : lb_cli_fail(view->cli, LB_EXIT_FAILED, &error);
}

static int run(struct lb_cli *cli)
{
	long limit;
	struct lb_error error = {0};
	if (lb_argument_number(&cli->arguments, "limit", 1000000, 20, &limit, &error) != LB_OK) {
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	int code = lb_cli_open(cli, false);
	if (code != LB_EXIT_OK) {
		return code;
	}
	struct view view = {
		.cli = cli,
		.arena = &cli->arena,
		.trigger_job_id =
			cli->arguments.operands.count > 0 ? cli->arguments.operands.items[0] : NULL,
		.limit = (size_t)limit,
	};
	enum lb_err err = lb_cli_read(cli, look, &view, &error);
	if (err == LB_OK && is_unknown(&view)) {
		err = lb_cli_unknown_job(&view.jobs, view.trigger_job_id, &error);
	}
	return err == LB_OK ? print_view(&view) : lb_cli_fail(cli, LB_EXIT_FAILED, &error);
}

static const struct lb_option options[] = {
	{.name = "limit",
	 .letter = 'n',
	 .value = "COUNT",
	 .help = "at most so many, newest first (default: 20)"},
	{.name = "events", .letter = 'e', .help = "show the files that each run consumed"},
	{.name = "audit", .help = "show every transition instead, with its cause and who"},
	{.name = NULL},
};

static const struct lb_example examples[] = {
	{"lakebeat history 555555555", "the job's last runs"},
	{"lakebeat history --events --limit 3", "which files the last three runs consumed"},
	{"lakebeat history 555555555 --audit", "everything that happened to it"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_history = {
	.name = "history",
	.summary = "show runs, newest first, and what they consumed",
	.operands = "[JOB]",
	.operands_max = 1,
	.description =
		"Shows the runs of one job or of all, newest first: state, times, how many events "
		"each consumed, and why it ended. Every event is consumed by one run of each job "
		"that waits for it. A run of the second attempt is shown as RUN.2.",
	.options = options,
	.examples = examples,
	.run = run,
};
