/* cmd_pass.c: once, and its halves sense and trigger. */
#include "cli/drive.h"

static int run_once(struct lb_cli *cli)
{
	return lb_drive_pass(cli, LB_ENGINE_ONCE);
}

static int run_sense(struct lb_cli *cli)
{
	return lb_drive_pass(cli, LB_ENGINE_SENSE);
}

static int run_trigger(struct lb_cli *cli)
{
	return lb_drive_pass(cli, LB_ENGINE_TRIGGER);
}

static const struct lb_example once_examples[] = {
	{"* * * * * cd /srv/lakebeat && lakebeat once --quiet", "a cron line: every minute"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_once = {
	.name = "once",
	.summary = "look at everything once, start what is ready, and exit",
	.description =
		"Looks at every sensor, takes in how runs ended, starts the jobs that are ready, "
		"and "
		"exits; jobs go on by themselves. Made for cron; an idle pass costs one stat a "
		"sensor. A file that was just written is waited for until it has settled.\n\n"
		"Exits with 1 when a sensor could not be read or a job could not be asked for; the "
		"others are served all the same.",
	.examples = once_examples,
	.run = run_once,
};

static const struct lb_example sense_examples[] = {
	{"lakebeat sense --acon trigger_file_acon.json", "what execute_sensor_heartbeat does"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_sense = {
	.name = "sense",
	.summary = "look for new events, but start nothing",
	.description =
		"The first half of once: looks at every sensor and makes rows with new events "
		"NEW_EVENT_AVAILABLE. What the original calls execute_sensor_heartbeat.",
	.examples = sense_examples,
	.run = run_sense,
};

static const struct lb_example trigger_examples[] = {
	{"lakebeat trigger --acon trigger_file_acon.json --runner-argv './jobs/{trigger_job_id}'",
	 "what trigger_heartbeat_sensor_jobs does, with local programs as jobs"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_trigger = {
	.name = "trigger",
	.summary = "start the jobs that are ready, without looking for events",
	.description = "The second half of once: starts the jobs whose dependencies have what they "
		       "wait for. What the original calls trigger_heartbeat_sensor_jobs.",
	.examples = trigger_examples,
	.run = run_trigger,
};
