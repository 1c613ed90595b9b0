/* cmd_commands.c: the verbs that ask for one change of one job: complete, retry,
 * pause and resume. */
#include "base/text.h"
#include "cli/app.h"
#include "config/config.h"

#include <stdlib.h>

static enum lb_err load_all(struct lb_store *store, void *data, struct lb_error *error)
{
	struct {
		struct lb_arena *arena;
		struct lb_job_list jobs;
	} *names = data;
	struct lb_job_query query = {.all = true};
	return store->impl->load_jobs(store, &query, names->arena, &names->jobs, error);
}

/* Says which job may have been meant. */
static void improve_not_found(struct lb_cli *cli, const char *trigger_job_id,
			      struct lb_error *error)
{
	struct {
		struct lb_arena *arena;
		struct lb_job_list jobs;
	} names = {.arena = &cli->arena};
	struct lb_error ignored = {0};
	if (lb_cli_read(cli, load_all, &names, &ignored) != LB_OK) {
		return;
	}
	for (size_t i = 0; i < names.jobs.count; i++) {
		if (lb_text_equal(names.jobs.items[i].trigger_job_id, trigger_job_id)) {
			return;
		}
	}
	enum lb_err err = lb_cli_unknown_job(&names.jobs, trigger_job_id, error);
	(void)err;
}

static int report(const struct lb_cli *cli, const struct lb_answer *answer, const char *advice)
{
	if (cli->json) {
		return lb_cli_print_json(json_pack("{s:b, s:o}", "changed", answer->changed,
						   "answer", lb_json_text(answer->text)));
	}
	if (!cli->quiet) {
		(void)printf("%s%s\n", answer->text, answer->changed ? advice : "");
	}
	return LB_EXIT_OK;
}

/* One beat with one observation: the same way as everything else. */
static int submit(struct lb_cli *cli, struct lb_command command, const char *advice)
{
	struct lb_error error = {0};
	struct lb_answer answer = {0};
	int code = lb_cli_open(cli, false);
	if (code != LB_EXIT_OK) {
		return code;
	}
	command.trigger_job_id = cli->arguments.operands.items[0];
	command.who = lb_cli_who(cli);
	command.answer = &answer;
	struct lb_observation observation = {.kind = LB_OBSERVED_COMMAND, .command = command};
	struct lb_observation_list observations = {.items = &observation, .count = 1};
	struct lb_policies policies = {.policy_of = lb_config_policy_of, .data = cli->config};
	struct lb_beat beat = {
		.observations = &observations,
		.policies = &policies,
		.now_us = lb_cli_now(),
		.random = 1,
		.plan_runs = cli->config->default_runner != NULL,
		.who = command.who,
	};
	enum lb_err err = lb_beat_run(cli->store, &beat, &error);
	if (err == LB_OK) {
		code = report(cli, &answer, advice);
	} else {
		if (err == LB_NOT_FOUND) {
			improve_not_found(cli, command.trigger_job_id, &error);
		}
		code = lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	lb_arena_finish(&beat.arena);
	return code;
}

/* The token of the run that calls, unless it speaks of another job. */
static const char *own_token(const char *trigger_job_id)
{
	const char *token = getenv("LAKEBEAT_RUN_TOKEN");
	const char *own_job = getenv("LAKEBEAT_TRIGGER_JOB_ID");
	if (token == NULL || *token == '\0' ||
	    (own_job != NULL && !lb_text_equal(own_job, trigger_job_id))) {
		return NULL;
	}
	return token;
}

static int run_complete(struct lb_cli *cli)
{
	const char *token = lb_argument(&cli->arguments, "token");
	if (token == NULL) {
		token = own_token(cli->arguments.operands.items[0]);
	}
	return submit(cli,
		      (struct lb_command){
			      .verb = LB_COMPLETE,
			      .token = token,
			      .consume_all = lb_argument_given(&cli->arguments, "consume-all"),
		      },
		      "");
}

static int run_retry(struct lb_cli *cli)
{
	return submit(cli, (struct lb_command){.verb = LB_RETRY},
		      "; the running lakebeat or the next lakebeat once starts it");
}

static int run_pause(struct lb_cli *cli)
{
	return submit(cli,
		      (struct lb_command){.verb = LB_PAUSE,
					  .sensor_id = lb_argument(&cli->arguments, "sensor")},
		      "; events wait until lakebeat resume");
}

static int run_resume(struct lb_cli *cli)
{
	return submit(cli,
		      (struct lb_command){.verb = LB_RESUME,
					  .sensor_id = lb_argument(&cli->arguments, "sensor")},
		      "");
}

static const struct lb_option complete_options[] = {
	{.name = "token",
	 .value = "TOKEN",
	 .help = "of the run that calls (default: LAKEBEAT_RUN_TOKEN)"},
	{.name = "consume-all",
	 .help = "with no run in flight, mark all events up to now as done by hand"},
	{.name = NULL},
};

static const struct lb_example complete_examples[] = {
	{"lakebeat complete 555555555",
	 "the last task of a job, as update_heartbeat_sensor_status"},
	{"lakebeat complete 555555555 --consume-all", "what waits was done by hand"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_complete = {
	.name = "complete",
	.summary = "say that a job is done",
	.operands = "JOB",
	.operands_min = 1,
	.operands_max = 1,
	.description = "Ends the job's run in flight as a success, or revives a FAILED job: its "
		       "rows become "
		       "COMPLETED, or NEW_EVENT_AVAILABLE when more has come meanwhile. Jobs need "
		       "not call it, "
		       "because runs are followed to their end; both together are harmless. With "
		       "no run in "
		       "flight and events waiting it changes nothing, and says so.",
	.options = complete_options,
	.examples = complete_examples,
	.run = run_complete,
};

static const struct lb_example retry_examples[] = {
	{"lakebeat retry 555555555", "the reason is mended; try again with the same events"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_retry = {
	.name = "retry",
	.summary = "try a FAILED job again, or a waiting run at once",
	.operands = "JOB",
	.operands_min = 1,
	.operands_max = 1,
	.description = "Plans a new attempt of a job that FAILED, with the events of the run that "
		       "it replaces "
		       "and what has come since. A planned run that waits, because its runner "
		       "refused it or did "
		       "not answer, is tried at once. The running lakebeat or the next lakebeat "
		       "once starts it.",
	.examples = retry_examples,
	.run = run_retry,
};

static const struct lb_option sensor_options[] = {
	{.name = "sensor", .value = "SENSOR_ID", .help = "only the row that waits for this sensor"},
	{.name = NULL},
};

static const struct lb_example pause_examples[] = {
	{"lakebeat pause 666666666", "start it no more, for now"},
	{"lakebeat pause 666666666 --sensor weather_landed", "leave one of its sensors aside"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_pause = {
	.name = "pause",
	.summary = "start a job no more, until resumed",
	.operands = "JOB",
	.operands_min = 1,
	.operands_max = 1,
	.description =
		"Makes the job's rows PAUSED. Events go on being noted, and wait. A run in flight "
		"goes on. A paused hard row without event blocks its job.",
	.options = sensor_options,
	.examples = pause_examples,
	.run = run_pause,
};

static const struct lb_example resume_examples[] = {
	{"lakebeat resume 666666666", "events that waited make it ready"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_resume = {
	.name = "resume",
	.summary = "let a paused job start again",
	.operands = "JOB",
	.operands_min = 1,
	.operands_max = 1,
	.description =
		"Makes the job's rows UNPAUSED. Events that came while it was paused make it "
		"ready.",
	.options = sensor_options,
	.examples = resume_examples,
	.run = run_resume,
};
