#include "base/time.h"
#include "config/load.h"
#include "config/page.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loaded {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_config *config;
	struct lb_error error;
	enum lb_err err;
};

static struct loaded *load_with(const struct lb_overrides *overrides)
{
	struct loaded *loaded = lb_alloc(sizeof(*loaded));
	assert_non_null(loaded);
	loaded->err = lb_config_load(overrides, &loaded->arena, &loaded->problems, &loaded->config,
				     &loaded->error);
	assert_true((loaded->err == LB_OK) == (loaded->config != NULL));
	return loaded;
}

static struct lb_config *config_of(struct loaded *loaded)
{
	assert_non_null(loaded->config);
	return loaded->config;
}

static void done(struct loaded *loaded)
{
	lb_config_destroy(loaded->config);
	lb_arena_finish(&loaded->arena);
	lb_free(loaded);
}

#define ACON                                                                                       \
	"{sensor_source: trigger_file, data_format: cloudfiles, heartbeat_sensor_db_table: "       \
	"db.control, lakehouse_engine_sensor_db_table: db.sensors, "                               \
	"base_trigger_file_location: /t}"

/* lakebeat.yaml with a right ACON on its first line and text below it. */
static struct loaded *load(const char *text)
{
	char whole[4096];
	(void)snprintf(whole, sizeof(whole), "acons: [" ACON "]\n%s", text);
	folder_write("lakebeat.yaml", whole);
	struct lb_overrides overrides = {0};
	return load_with(&overrides);
}

static void assert_error(const char *text, const char *place, const char *problem,
			 const char *remedy)
{
	struct loaded *loaded = load(text);
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, place, problem, remedy);
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
	done(loaded);
}

static void without_settings_the_defaults_hold(void **state)
{
	(void)state;
	struct loaded *loaded = load("");
	assert_int_equal(loaded->err, LB_OK);
	assert_int_equal(loaded->problems.count, 0);
	const struct lb_config *config = loaded->config;
	assert_string_equal(config->file, "lakebeat.yaml");
	assert_int_equal(config->store_kind, LB_STORE_SQLITE);
	assert_string_equal(config->store, "sqlite:db.db");
	assert_string_equal(config->store_path, "db.db");
	assert_null(config->feed);
	assert_true(config->poll_interval_us == 10 * LB_SECOND);
	assert_true(config->keep_history_us == 90 * LB_DAY);
	assert_true(config->busy_timeout_us == 5 * LB_SECOND);
	assert_int_equal(config->max_retries, 0);
	assert_true(config->retry_delay_us == 10 * LB_SECOND);
	assert_true(config->max_event_gap_us == 0);
	assert_null(config->listen);
	assert_int_equal(config->log_level, LB_LOG_INFO);
	assert_int_equal(config->log_format, LB_LOG_TEXT);
	done(loaded);
}

static void every_setting_is_read(void **state)
{
	(void)state;
	struct loaded *loaded =
		load("store: sqlite:s.db\n"
		     "feed: feed.csv\n"
		     "poll_interval: 250ms\n"
		     "settle_time: 2\n"
		     "lookback: 2 days\n"
		     "watch: no\n"
		     "keep_history: 1 week\n"
		     "busy_timeout: 1s\n"
		     "max_retries: 3\n"
		     "retry_delay: 1 min\n"
		     "max_event_gap_hours: 6\n"
		     "log_level: debug\n"
		     "log_format: json\n"
		     "default_runner: local\n"
		     "runners:\n"
		     "  local: {kind: command, argv: [./j, '{trigger_job_id}'],\n"
		     "    runs_directory: runs, working_directory: w, max_parallel: 4}\n"
		     "  other: {kind: command, argv: [python3]}\n"
		     "jobs:\n"
		     "  555555555: {runner: other, argv: [x], max_retries: 2,\n"
		     "    retry_delay: 5s, max_event_gap_hours: 0}\n"
		     "  \"0123\": {max_retries: 1}\n");
	assert_int_equal(loaded->problems.count, 0);
	assert_int_equal(loaded->err, LB_OK);
	const struct lb_config *config = loaded->config;
	assert_string_equal(config->store_path, "s.db");
	assert_string_equal(config->feed, "feed.csv");
	assert_true(config->poll_interval_us == 250 * LB_MS);
	assert_true(config->keep_history_us == 7 * LB_DAY);
	assert_int_equal(config->max_retries, 3);
	assert_true(config->max_event_gap_us == 6 * LB_HOUR);
	assert_int_equal(config->log_level, LB_LOG_DEBUG);
	assert_int_equal(config->log_format, LB_LOG_JSON);
	const struct lb_trigger_file_options *options = &config->acons.items[0].trigger_file;
	assert_true(options->settle_us == 2 * LB_SECOND);
	assert_true(options->lookback_us == 2 * LB_DAY);
	assert_false(options->watch);
	const struct lb_runner_settings *local = lb_config_runner(config, "local");
	assert_string_equal(local->argv[1], "{trigger_job_id}");
	assert_null(local->argv[2]);
	assert_string_equal(local->runs_directory, "runs");
	assert_string_equal(local->working_directory, "w");
	assert_int_equal(local->max_parallel, 4);
	const struct lb_runner_settings *other = lb_config_runner(config, "other");
	assert_string_equal(other->argv[0], "python3");
	assert_string_equal(other->runs_directory, "s.db.runs");
	assert_int_equal(other->max_parallel, 8);
	done(loaded);
}

static void a_jobs_own_settings_go_before_the_general_ones(void **state)
{
	(void)state;
	struct loaded *loaded = load("max_retries: 3\nmax_event_gap_hours: 6\nretry_delay: 1s\n"
				     "runners: {r: {kind: command, argv: [x]}}\n"
				     "jobs: {9: {max_retries: 0, max_event_gap_hours: 0}, "
				     "555: {retry_delay: 5s}, 1: {}, 20: }\n");
	assert_int_equal(loaded->err, LB_OK);
	struct lb_policy policy = lb_config_policy_of(config_of(loaded), "9");
	assert_int_equal(policy.max_retries, 0);
	assert_true(policy.max_event_gap_us == 0);
	assert_true(policy.retry_delay_us == LB_SECOND);
	assert_string_equal(policy.runner, "r");
	policy = lb_config_policy_of(config_of(loaded), "555");
	assert_int_equal(policy.max_retries, 3);
	assert_true(policy.retry_delay_us == 5 * LB_SECOND);
	assert_true(policy.max_event_gap_us == 6 * LB_HOUR);
	policy = lb_config_policy_of(config_of(loaded), "nobody");
	assert_int_equal(policy.max_retries, 3);
	assert_null(lb_config_job(config_of(loaded), "nobody"));
	done(loaded);
}

static void an_unknown_key_is_named_with_its_line_and_the_nearest_one(void **state)
{
	(void)state;
	assert_error("pol_interval: 1s\n", "lakebeat.yaml:2: pol_interval", "not a known key",
		     "did you mean poll_interval?");
	assert_error("runners: {r: {kind: command, argv: [x],\n max_paralel: 1}}\n",
		     "lakebeat.yaml:3: runners.r.max_paralel", NULL, "max_parallel");
	assert_error("jobs:\n 5: {retries: 1}\n", "lakebeat.yaml:3: jobs.5.retries",
		     "not a known key", NULL);
	assert_error("sensor_source: trigger_file\n", "lakebeat.yaml:2: sensor_source", NULL,
		     "--acon");
}

static void values_of_another_type_are_refused_with_what_to_write(void **state)
{
	(void)state;
	assert_error("poll_interval: often\n", "lakebeat.yaml:2: poll_interval",
		     "\"often\" is not a duration", "from 100 ms to 1 day");
	assert_error("poll_interval: 1ms\n", "lakebeat.yaml:2: poll_interval", "out of range",
		     "from 100 ms to 1 day");
	assert_error("max_retries: 1.5\n", "lakebeat.yaml:2: max_retries", "not a whole number",
		     "from 0 to 1000");
	assert_error("max_retries: 99999999999999999999\n", "lakebeat.yaml:2: max_retries",
		     "out of range", NULL);
	assert_error("watch: 2\n", "lakebeat.yaml:2: watch", "not a truth value", "true or false");
	assert_error("log_level: inf\n", "lakebeat.yaml:2: log_level", NULL, "did you mean info?");
	assert_error("log_level: loud\n", "lakebeat.yaml:2: log_level", NULL,
		     "error, warning, info or debug");
	assert_error("feed: [a]\n", "lakebeat.yaml:2: feed", "is a list", "write a path");
	assert_error("feed: \"\"\n", "lakebeat.yaml:2: feed", "is empty", NULL);
	assert_error("runners: [a]\n", "lakebeat.yaml:2: runners", "is a list", NULL);
	assert_error("jobs: {5: x}\n", "lakebeat.yaml:2: jobs", "5 is a text", NULL);
	assert_error("listen: 8642\n", "lakebeat.yaml:2: listen", NULL, "HOST:PORT");
	assert_error("listen: 'localhost: 80'\n", "lakebeat.yaml:2: listen", NULL, "HOST:PORT");
	assert_error("listen: localhost:+80\n", "lakebeat.yaml:2: listen", NULL, "HOST:PORT");
	assert_error("listen: \"a\\x1b:80\"\n", "lakebeat.yaml:2: listen", NULL, "HOST:PORT");
	assert_error("jobs: {5: {argv: ./x --all}}\n", "lakebeat.yaml:2: jobs.5.argv", "not a list",
		     "{trigger_job_id}");
	assert_error("jobs: {5: {argv: [x, null]}}\n", "lakebeat.yaml:2: jobs.5.argv",
		     "an argument is empty", "quotes");
}

static void everything_wrong_is_told_at_once(void **state)
{
	(void)state;
	folder_write("acon.json", "{\"sensor_source\": \"trigger_file\", \"toke\": 1}");
	folder_write("lakebeat.yaml", "acons: [acon.json]\npoll_interval: x\nstor: y\n");
	struct lb_overrides overrides = {.log_level = "loud"};
	struct loaded *loaded = load_with(&overrides);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "lakebeat.yaml:2: poll_interval", NULL,
		       NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "lakebeat.yaml:3: stor", NULL, "store");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: toke", NULL, "token");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: data_format", NULL, NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "--log-level", NULL, NULL);
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 8);
	assert_string_equal(loaded->error.message, "lakebeat.yaml: 8 errors");
	done(loaded);
}

static void stores_of_other_kinds_are_refused(void **state)
{
	(void)state;
	assert_error("store: postgresql://u@h/d\n", "lakebeat.yaml:2: store",
		     "not part of this version", "sqlite:PATH");
	assert_error("store: sqllite:x.db\n", "lakebeat.yaml:2: store", "not a kind of store",
		     "sqlite:PATH");
	assert_error("store: \"sqlite:\"\n", "lakebeat.yaml:2: store", "names no file", NULL);
	assert_error("store: \"sqlite::memory:\"\n", "lakebeat.yaml:2: store", "is not a file",
		     NULL);
}

/* An ACON of its own location, with a workspace. */
#define WORKSPACE_ACON(location, domain, token)                                                    \
	"acons:\n- {sensor_source: trigger_file, data_format: cloudfiles, "                        \
	"heartbeat_sensor_db_table: db.control, lakehouse_engine_sensor_db_table: db.sensors, "    \
	"base_trigger_file_location: " location ", domain: " domain ", token: " token "}\n"

static struct loaded *load_whole(const char *text)
{
	folder_write("lakebeat.yaml", text);
	struct lb_overrides overrides = {0};
	return load_with(&overrides);
}

static void a_databricks_runner_asks_the_workspace_of_the_acon(void **state)
{
	(void)state;
	struct loaded *loaded = load_whole(WORKSPACE_ACON("/t", "w.example", "dapi1") //
					   "runners: {d: {kind: databricks}}\n");
	assert_int_equal(loaded->err, LB_OK);
	const struct lb_runner_settings *runner = lb_config_runner(config_of(loaded), "d");
	assert_string_equal(runner->domain, "w.example");
	assert_string_equal(runner->token, "dapi1");
	assert_int_equal(runner->max_parallel, 0);
	assert_int_equal(runner->starts_per_second, 10);
	assert_true(runner->status_interval_us == 10 * LB_SECOND);
	assert_true(runner->revive_interval_us == LB_MINUTE);
	assert_int_equal(runner->job_parameters, LB_JOB_PARAMETERS_EVENTS);
	assert_true(runner->queue);
	done(loaded);
}

static void an_acons_token_goes_to_no_other_workspace(void **state)
{
	(void)state;
	struct loaded *loaded = load_whole(
		WORKSPACE_ACON("/t", "w.example", "dapi1") //
		"default_runner: other\n"
		"runners:\n"
		"  same: {kind: databricks, domain: w.example}\n"
		"  other: {kind: databricks, domain: other.example}\n"
		"  named: {kind: databricks, profile: prod}\n"
		"  oauth: {kind: databricks, client_id: i, client_secret: s, max_parallel: 3,\n"
		"          job_parameters: none, queue: false, starts_per_second: 2}\n");
	assert_int_equal(loaded->err, LB_OK);
	const struct lb_config *config = loaded->config;
	assert_string_equal(lb_config_runner(config, "same")->token, "dapi1");
	assert_null(lb_config_runner(config, "other")->token);
	assert_null(lb_config_runner(config, "named")->domain);
	assert_null(lb_config_runner(config, "named")->token);
	const struct lb_runner_settings *oauth = lb_config_runner(config, "oauth");
	assert_string_equal(oauth->domain, "w.example");
	assert_null(oauth->token);
	assert_string_equal(oauth->client_secret, "s");
	assert_int_equal(oauth->max_parallel, 3);
	assert_int_equal(oauth->job_parameters, LB_JOB_PARAMETERS_NONE);
	assert_false(oauth->queue);
	assert_int_equal(oauth->starts_per_second, 2);
	done(loaded);
}

static void acons_of_two_workspaces_want_the_runner_to_name_one(void **state)
{
	(void)state;
	struct loaded *loaded =
		load_whole(WORKSPACE_ACON("/t", "w.example", "dapi1") //
			   "- {sensor_source: trigger_file, data_format: cloudfiles, "
			   "heartbeat_sensor_db_table: db.control, "
			   "lakehouse_engine_sensor_db_table: db.sensors, "
			   "base_trigger_file_location: /u, domain: v.example}\n"
			   "runners: {d: {kind: databricks}}\n");
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "lakebeat.yaml:4: runners.d", "differ",
		       "give the runner its domain");
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
	done(loaded);
}

static void a_job_of_a_workspace_has_a_number(void **state)
{
	(void)state;
	assert_error("runners: {d: {kind: databricks, domain: x, token: y}}\n"
		     "jobs: {daily: {max_retries: 1}, \"55\": {max_retries: 1}}\n",
		     "lakebeat.yaml: jobs.daily", "is not a number", "correct the id");
}

static void a_program_for_a_workspace_is_warned_of(void **state)
{
	(void)state;
	struct loaded *loaded = load("runners: {d: {kind: databricks, argv: [a]}}\n");
	assert_int_equal(loaded->err, LB_OK);
	assert_problem(&loaded->problems, LB_PROBLEM_WARNING, "lakebeat.yaml:2: runners.d",
		       "no effect", NULL);
	done(loaded);
}

static void relative_paths_start_at_the_files_folder(void **state)
{
	(void)state;
	assert_int_equal(mkdir("conf", 0700), 0);
	folder_write("conf/acon.yaml", ACON);
	folder_write("conf/l.yaml", "store: sqlite:s.db\nfeed: f.csv\nacons: acon.yaml\n"
				    "runners: {r: {kind: command, argv: [./run, ./arg]}}\n");
	struct lb_overrides overrides = {.config = "conf/l.yaml"};
	struct loaded *loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_OK);
	assert_string_equal(config_of(loaded)->store_path, "conf/s.db");
	assert_string_equal(config_of(loaded)->feed, "conf/f.csv");
	assert_string_equal(config_of(loaded)->acons.items[0].origin, "conf/acon.yaml");
	const struct lb_runner_settings *runner = lb_config_runner(config_of(loaded), "r");
	assert_string_equal(runner->runs_directory, "conf/s.db.runs");
	char folder[4096];
	char program[8192];
	assert_non_null(getcwd(folder, sizeof(folder)));
	(void)snprintf(program, sizeof(program), "%s/conf/run", folder);
	assert_string_equal(runner->argv[0], program);
	assert_string_equal(runner->argv[1], "./arg");
	done(loaded);
}

static void the_command_line_goes_before_the_file(void **state)
{
	(void)state;
	folder_write("acon.yaml", ACON);
	folder_write("lakebeat.yaml",
		     "acons: [nowhere.json]\nstore: sqlite:a.db\nlog_level: debug\n"
		     "runners: {r: {kind: command, argv: [x]}}\n");
	const char *const acons[] = {"acon.yaml"};
	const char *const argv[] = {"./job", "--now", NULL};
	struct lb_overrides overrides = {.config = "lakebeat.yaml",
					 .acons = acons,
					 .acon_count = 1,
					 .store = "b.db",
					 .runner_argv = argv,
					 .runs_directory = "r",
					 .log_level = "error",
					 .log_format = "json"};
	struct loaded *loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_OK);
	assert_string_equal(config_of(loaded)->store, "sqlite:b.db");
	assert_int_equal(config_of(loaded)->log_level, LB_LOG_ERROR);
	assert_int_equal(config_of(loaded)->log_format, LB_LOG_JSON);
	assert_string_equal(config_of(loaded)->default_runner, "command");
	const struct lb_runner_settings *runner = lb_config_runner(config_of(loaded), "command");
	assert_string_equal(runner->argv[0], "./job");
	assert_string_equal(runner->argv[1], "--now");
	assert_string_equal(runner->runs_directory, "r");
	assert_string_equal(lb_config_runner(config_of(loaded), "r")->runs_directory, "r");
	done(loaded);
}

static void an_acon_and_a_runner_on_the_command_line_suffice(void **state)
{
	(void)state;
	folder_write("acon.yaml", ACON);
	folder_write("lakebeat.yaml", "this file is not looked at: [");
	const char *const acons[] = {"acon.yaml"};
	const char *const argv[] = {"./job", NULL};
	struct lb_overrides overrides = {.acons = acons, .acon_count = 1, .runner_argv = argv};
	struct loaded *loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_OK);
	assert_null(config_of(loaded)->file);
	assert_int_equal(config_of(loaded)->runners.count, 1);
	assert_string_equal(config_of(loaded)->runners.items[0].runs_directory, "db.db.runs");
	assert_int_equal(lb_config_need_runner(config_of(loaded), NULL), LB_OK);
	done(loaded);
}

static void without_a_runner_the_remedy_is_told(void **state)
{
	(void)state;
	struct loaded *loaded = load("");
	struct lb_error error = {0};
	assert_int_equal(lb_config_need_runner(config_of(loaded), &error), LB_INVALID);
	assert_non_null(strstr(error.message, "--runner-argv"));
	assert_non_null(strstr(error.message, "runners section in lakebeat.yaml"));
	assert_string_equal(lb_config_policy_of(config_of(loaded), "5").runner, "");
	done(loaded);
}

static void runners_that_do_not_exist_are_named(void **state)
{
	(void)state;
	assert_error("default_runner: locl\nrunners: {local: {kind: command, argv: [x]}}\n",
		     "lakebeat.yaml:2: default_runner", "there is no runner locl",
		     "did you mean local?");
	assert_error("runners: {local: {kind: command, argv: [x]}}\njobs: {5: {runner: loca}}\n",
		     "lakebeat.yaml:3: jobs.5.runner", "there is no runner loca",
		     "did you mean local?");
	assert_error("runners: {a: {kind: command, argv: [x]}, b: {kind: command, argv: [x]}}\n",
		     "lakebeat.yaml: default_runner", "there are 2 runners", NULL);
}

static void a_runner_without_a_program_is_an_error(void **state)
{
	(void)state;
	assert_error("runners: {r: {kind: command}}\n", "lakebeat.yaml:2: runners.r", "has no argv",
		     "write argv");
	assert_error("runners:\n  r:\n", "lakebeat.yaml:3: runners.r.kind", "is missing", NULL);
	assert_error("runners: {'a b': {kind: command, argv: [x]}}\n", "lakebeat.yaml: runners",
		     "\"a b\" cannot be a runner's name", NULL);
	struct loaded *loaded = load("runners: {r: {kind: command}}\njobs: {5: {argv: [x]}}\n");
	assert_int_equal(loaded->err, LB_OK);
	assert_null(config_of(loaded)->runners.items[0].argv);
	done(loaded);
}

static void a_secret_among_arguments_is_warned_of(void **state)
{
	(void)state;
	setenv("LB_TEST_SECRET", "s3cret", 1);
	struct loaded *loaded =
		load("runners: {r: {kind: command, argv: [x, '${env:LB_TEST_SECRET}']}}\n");
	assert_int_equal(loaded->err, LB_OK);
	assert_string_equal(config_of(loaded)->runners.items[0].argv[1], "s3cret");
	assert_problem(&loaded->problems, LB_PROBLEM_WARNING, "lakebeat.yaml:2: runners.r.argv",
		       "everybody", NULL);
	assert_not_told(&loaded->problems, "s3cret");
	done(loaded);
	unsetenv("LB_TEST_SECRET");
}

static void a_reference_that_fails_is_told_once(void **state)
{
	(void)state;
	unsetenv("LB_TEST_SECRET");
	assert_error("poll_interval: ${env:LB_TEST_SECRET}\n", "lakebeat.yaml:2: poll_interval",
		     "LB_TEST_SECRET is not set", NULL);
}

static void gaps_of_acons_that_differ_are_an_error(void **state)
{
	(void)state;
	static const char two[] =
		"acons:\n- {sensor_source: trigger_file, data_format: cloudfiles, "
		"heartbeat_sensor_db_table: db.c, lakehouse_engine_sensor_db_table: db.s, "
		"base_trigger_file_location: /t, max_event_gap_hours: 1}\n"
		"- {sensor_source: trigger_file, data_format: cloudfiles, "
		"heartbeat_sensor_db_table: db.c, lakehouse_engine_sensor_db_table: db.s, "
		"base_trigger_file_location: /u, max_event_gap_hours: 2}\n";
	folder_write("lakebeat.yaml", two);
	struct lb_overrides overrides = {0};
	struct loaded *loaded = load_with(&overrides);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "lakebeat.yaml:3: max_event_gap_hours",
		       "differs from that in lakebeat.yaml:2", "lakebeat.yaml");
	done(loaded);
	char settled[1024];
	(void)snprintf(settled, sizeof(settled), "%smax_event_gap_hours: 3\n", two);
	folder_write("lakebeat.yaml", settled);
	loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_OK);
	assert_true(config_of(loaded)->max_event_gap_us == 3 * LB_HOUR);
	done(loaded);
}

static void nothing_to_read_is_said_plainly(void **state)
{
	(void)state;
	struct lb_overrides overrides = {0};
	struct loaded *loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_NOT_FOUND);
	assert_non_null(strstr(loaded->error.message, "--acon"));
	done(loaded);
	overrides.config = "nowhere.yaml";
	loaded = load_with(&overrides);
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "nowhere.yaml", "no such file", NULL);
	done(loaded);
	folder_write("lakebeat.yaml", "store: sqlite:x.db\n");
	overrides.config = NULL;
	loaded = load_with(&overrides);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "lakebeat.yaml: acons", "is missing",
		       "--acon");
	done(loaded);
}

static void the_example_of_the_documentation_loads(void **state)
{
	(void)state;
	folder_write("lakebeat.yaml", lb_page_example);
	folder_write("trigger_file_acon.json",
		     source_file("tests/support/data/seed_acon_local.json"));
	struct lb_overrides overrides = {0};
	struct loaded *loaded = load_with(&overrides);
	assert_int_equal(loaded->problems.count, 0);
	assert_int_equal(loaded->err, LB_OK);
	done(loaded);
}

static long allocations_left;

static void *failing_alloc(size_t size)
{
	return allocations_left-- > 0 ? calloc(1, size > 0 ? size : 1) : NULL;
}

static void lack_of_memory_at_any_point_is_an_error_and_leaks_nothing(void **state)
{
	(void)state;
	folder_write("acon.json", source_file("tests/support/data/seed_acon_local.json"));
	folder_write("lakebeat.yaml", "acons: [acon.json]\nx: 1\n"
				      "runners: {r: {kind: command, argv: [x]}}\njobs: {5: {}}\n");
	struct lb_overrides overrides = {0};
	enum lb_err err = LB_NOMEM;
	for (long i = 0; err == LB_NOMEM; i++) {
		assert_true(i < 10000);
		struct lb_arena arena = {0};
		struct lb_problem_list problems = {0};
		struct lb_config *config = NULL;
		allocations_left = i;
		lb_set_allocator(failing_alloc, free);
		err = lb_config_load(&overrides, &arena, &problems, &config, NULL);
		lb_set_allocator(NULL, NULL);
		assert_null(config);
		lb_arena_finish(&arena);
	}
	assert_int_equal(err, LB_INVALID);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(without_settings_the_defaults_hold),
		STORY(every_setting_is_read),
		STORY(a_jobs_own_settings_go_before_the_general_ones),
		STORY(an_unknown_key_is_named_with_its_line_and_the_nearest_one),
		STORY(values_of_another_type_are_refused_with_what_to_write),
		STORY(everything_wrong_is_told_at_once),
		STORY(stores_of_other_kinds_are_refused),
		STORY(a_databricks_runner_asks_the_workspace_of_the_acon),
		STORY(an_acons_token_goes_to_no_other_workspace),
		STORY(acons_of_two_workspaces_want_the_runner_to_name_one),
		STORY(a_job_of_a_workspace_has_a_number),
		STORY(a_program_for_a_workspace_is_warned_of),
		STORY(relative_paths_start_at_the_files_folder),
		STORY(the_command_line_goes_before_the_file),
		STORY(an_acon_and_a_runner_on_the_command_line_suffice),
		STORY(without_a_runner_the_remedy_is_told),
		STORY(runners_that_do_not_exist_are_named),
		STORY(a_runner_without_a_program_is_an_error),
		STORY(a_secret_among_arguments_is_warned_of),
		STORY(a_reference_that_fails_is_told_once),
		STORY(gaps_of_acons_that_differ_are_an_error),
		STORY(nothing_to_read_is_said_plainly),
		STORY(the_example_of_the_documentation_loads),
		STORY(lack_of_memory_at_any_point_is_an_error_and_leaks_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
