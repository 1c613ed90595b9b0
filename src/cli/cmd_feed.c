#include "base/text.h"
#include "cli/feeding.h"
#include "cli/words.h"
#include "config/feed_csv.h"

static const char *const signs[] = {
	[LB_FEED_ADD] = "+", [LB_FEED_UPDATE] = "~", [LB_FEED_REMOVE] = "-"};
static const enum lb_style styles[] = {[LB_FEED_ADD] = LB_STYLE_GOOD,
				       [LB_FEED_UPDATE] = LB_STYLE_BUSY,
				       [LB_FEED_REMOVE] = LB_STYLE_BAD};

static const char *shown(struct lb_arena *arena, const char *text)
{
	const char *copy = text != NULL ? lb_text_printable(arena, text) : "(empty)";
	return copy != NULL ? copy : "?";
}

static void print_columns(const struct lb_feed_change *change, struct lb_arena *arena)
{
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		const char *before = change->old_row->declared[i];
		const char *after = change->row->declared[i];
		if (!lb_text_equal(before, after)) {
			(void)printf("    %s: %s -> %s\n", lb_declared_names[i],
				     shown(arena, before), shown(arena, after));
		}
	}
}

static void print_change(const struct lb_cli *cli, const struct lb_feed_change *change,
			 struct lb_arena *arena)
{
	const struct lb_row *row = change->row;
	enum lb_style style = styles[change->kind];
	(void)printf("%s%s job %s (%s) waits for %s%s", lb_style_begin(style, cli->color),
		     signs[change->kind], shown(arena, lb_row_job_id(row)),
		     shown(arena, row->declared[LB_DECLARED_trigger_job_name]),
		     shown(arena, lb_row_sensor_id(row)), lb_style_end(style, cli->color));
	if (change->kind == LB_FEED_ADD) {
		(void)printf(", %s%s", lb_row_is_hard(row) ? "hard" : "soft",
			     lb_row_is_paused(row) ? ", paused" : "");
	}
	if (change->danger != NULL) {
		(void)printf("  %s! %s%s", lb_style_begin(LB_STYLE_BAD, cli->color), change->danger,
			     lb_style_end(LB_STYLE_BAD, cli->color));
	}
	(void)putchar('\n');
	if (change->kind == LB_FEED_UPDATE) {
		print_columns(change, arena);
	}
}

static void print_plan(const struct lb_cli *cli, const struct lb_feed *feed)
{
	struct lb_arena arena = {0};
	for (size_t i = 0; i < feed->plan.changes.count; i++) {
		print_change(cli, &feed->plan.changes.items[i], &arena);
	}
	for (size_t i = 0; i < feed->plan.notices.count; i++) {
		(void)printf("notice: %s\n", feed->plan.notices.items[i]);
	}
	lb_arena_finish(&arena);
}

static void print_result(struct lb_cli *cli, const struct lb_feed *feed)
{
	size_t changes = feed->plan.changes.count;
	size_t unchanged = feed->plan.unchanged;
	if (changes == 0) {
		(void)printf("nothing to change: the control table is as the feed has it, %s\n",
			     lb_words_count(&cli->arena, unchanged, "row"));
	} else if (feed->applied) {
		(void)printf("applied: %zu changed, %zu unchanged\n", changes, unchanged);
	} else {
		(void)printf("dry run: %zu to change, %zu unchanged\n", changes, unchanged);
	}
}

static json_t *row_json(const struct lb_row *row)
{
	json_t *json = json_object();
	for (int i = 0; row != NULL && i < LB_DECLARED_MAX; i++) {
		(void)json_object_set_new(json, lb_declared_names[i],
					  lb_json_text(row->declared[i]));
	}
	return row != NULL ? json : (json_decref(json), json_null());
}

static json_t *plan_json(const struct lb_feed *feed)
{
	static const char *const kinds[] = {
		[LB_FEED_ADD] = "add", [LB_FEED_UPDATE] = "update", [LB_FEED_REMOVE] = "remove"};
	json_t *changes = json_array();
	json_t *notices = json_array();
	for (size_t i = 0; i < feed->plan.changes.count; i++) {
		const struct lb_feed_change *change = &feed->plan.changes.items[i];
		(void)json_array_append_new(changes, json_pack("{s:s, s:o, s:o, s:o}", "change",
							       kinds[change->kind], "row",
							       row_json(change->row), "old_row",
							       row_json(change->old_row), "danger",
							       lb_json_text(change->danger)));
	}
	for (size_t i = 0; i < feed->plan.notices.count; i++) {
		(void)json_array_append_new(notices, lb_json_text(feed->plan.notices.items[i]));
	}
	return json_pack("{s:b, s:I, s:o, s:o}", "applied", feed->applied, "unchanged",
			 (json_int_t)feed->plan.unchanged, "changes", changes, "notices", notices);
}

static int report(struct lb_cli *cli, const struct lb_feed *feed, enum lb_err err,
		  const struct lb_error *error)
{
	if (cli->json) {
		int code = lb_cli_print_json(plan_json(feed));
		return err == LB_OK ? code : lb_cli_fail(cli, LB_EXIT_FAILED, error);
	}
	if (!cli->quiet) {
		print_plan(cli, feed);
	}
	if (err != LB_OK) {
		(void)fflush(stdout);
		return lb_cli_fail(cli, LB_EXIT_FAILED, error);
	}
	if (!cli->quiet) {
		print_result(cli, feed);
	}
	return LB_EXIT_OK;
}

static int report_bad_rows(const struct lb_cli *cli, const struct lb_problem_list *problems,
			   const struct lb_error *error)
{
	if (cli->json) {
		(void)lb_cli_print_json(json_pack("{s:b, s:o}", "applied", 0, "problems",
						  lb_json_problems(problems)));
	} else {
		lb_cli_print_problems(cli, problems);
	}
	return lb_cli_fail(cli, LB_EXIT_USAGE, error);
}

/* A dry run makes no store: without one, the control table is empty. */
static enum lb_err plan_or_apply(struct lb_cli *cli, struct lb_feed *feed, struct lb_error *error)
{
	struct lb_job_list none = {0};
	enum lb_err err = lb_cli_open_store(cli->config, !feed->dry_run, &cli->store, error);
	if (err == LB_NOT_FOUND && feed->dry_run) {
		return lb_feed_plan_make(&none, feed->wanted, &feed->arena, &feed->plan, error);
	}
	return err == LB_OK ? lb_feed_run(cli->store, feed, error) : err;
}

static int run(struct lb_cli *cli)
{
	struct lb_problem_list problems = {0};
	struct lb_row_list rows = {0};
	struct lb_error error = {0};
	const char *path = cli->arguments.operands.items[0];
	if (!lb_cli_load(cli)) {
		return LB_EXIT_USAGE;
	}
	/* The feed is read before the store is made: bad input leaves nothing behind. */
	if (lb_feed_csv_read(path, cli->config, &cli->arena, &problems, &rows, &error) != LB_OK) {
		return report_bad_rows(cli, &problems, &error);
	}
	lb_cli_print_problems(cli, &problems);
	struct lb_feed feed = {
		.wanted = &rows,
		.now_us = lb_cli_now(),
		.who = lb_cli_who(cli),
		.dry_run = lb_argument_given(&cli->arguments, "dry-run"),
		.force = lb_argument_given(&cli->arguments, "force"),
		.existing = lb_feeding_existing(cli->config),
	};
	enum lb_err err = plan_or_apply(cli, &feed, &error);
	int code = report(cli, &feed, err, &error);
	lb_arena_finish(&feed.arena);
	return code;
}

static const struct lb_option options[] = {
	{.name = "dry-run", .letter = 'n', .help = "show what would change, and change nothing"},
	{.name = "force",
	 .letter = 'f',
	 .help = "also remove rows whose run is in flight or whose events nobody consumed"},
	{.name = NULL},
};

static const struct lb_example examples[] = {
	{"lakebeat feed control_table.csv --dry-run", "what would change"},
	{"lakebeat feed control_table.csv", "change it, in one transaction"},
	{"make-feed | lakebeat feed -", "from standard input"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_feed = {
	.name = "feed",
	.summary = "declare who waits for what, from a CSV",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.completes = LB_COMPLETES_FILE,
	.description = "Makes the control table what the CSV says: adds (+), changes (~) and "
		       "removes (-) rows, "
		       "in one transaction, after showing the plan. Rows that the CSV lacks are "
		       "removed; where "
		       "a run is in flight or events wait, that needs --force. The state of rows "
		       "that stay is "
		       "kept.\n\n"
		       "A bad row refuses the whole feed: every problem is shown with line and "
		       "column, and "
		       "nothing changes.",
	.options = options,
	.examples = examples,
	.run = run,
};
