#include "sim/plan.h"

#include "base/time.h"

/* Absent from two worlds in five; where it is, from rare to frequent. */
static uint32_t draw_trouble(struct sim_random *random, uint32_t most_ppm)
{
	if (sim_chance(random, 400000)) {
		return 0;
	}
	return (uint32_t)sim_wait(random, most_ppm / 64 + 1, most_ppm);
}

static void draw_troubles(struct sim_troubles *troubles, struct sim_random *random)
{
	troubles->crash_ppm = draw_trouble(random, 5000);
	troubles->store_begin_ppm = draw_trouble(random, 50000);
	troubles->store_lost_ppm = draw_trouble(random, 50000);
	troubles->store_doubt_ppm = draw_trouble(random, 50000);
	troubles->list_ppm = draw_trouble(random, 50000);
	troubles->list_half_ppm = draw_trouble(random, 50000);
	troubles->denied_ppm = draw_trouble(random, 50000);
	troubles->reply_ppm = draw_trouble(random, 200000);
	troubles->request_ppm = draw_trouble(random, 200000);
	troubles->refuse_ppm = draw_trouble(random, 100000);
	troubles->throttle_ppm = draw_trouble(random, 200000);
	troubles->run_fails_ppm = draw_trouble(random, 300000);
	troubles->run_hangs_ppm = draw_trouble(random, 20000);
	troubles->run_skipped_ppm = draw_trouble(random, 50000);
	troubles->run_deleted_ppm = draw_trouble(random, 20000);
	troubles->poll_ppm = draw_trouble(random, 200000);
	troubles->completes_ppm = draw_trouble(random, 500000);
	troubles->late_ppm = draw_trouble(random, 200000);
	troubles->future_ppm = draw_trouble(random, 50000);
	troubles->bad_name_ppm = draw_trouble(random, 20000);
	troubles->burst_ppm = draw_trouble(random, 50000);
	troubles->overwrite_ppm = draw_trouble(random, 50000);
	troubles->remove_ppm = draw_trouble(random, 500000);
	troubles->slow_ppm = draw_trouble(random, 800000);
	troubles->notice_ppm = draw_trouble(random, 900000);
}

static void draw_options(struct sim_plan *plan, struct sim_random *random)
{
	plan->options = (struct lb_trigger_file_options){.include_existing_files = true};
	plan->options.allow_overwrites = sim_chance(random, 200000);
	plan->options.backfill_interval_us = sim_between(random, 4, 24) * LB_HOUR;
	plan->options.lookback_us = sim_wait(random, LB_MINUTE, 12 * LB_HOUR);
	plan->options.settle_us =
		plan->place == SIM_FOLDERS ? sim_wait(random, LB_SECOND, 2 * LB_MINUTE) : 0;
}

static void draw_policy(struct lb_policy *policy, struct sim_random *random)
{
	*policy = (struct lb_policy){.runner = "service"};
	policy->max_retries = (int)sim_below(random, 4);
	policy->retry_delay_us = sim_wait(random, LB_SECOND, LB_HOUR);
	if (sim_chance(random, 250000)) {
		policy->max_event_gap_us = sim_wait(random, LB_HOUR, 48 * LB_HOUR);
	}
}

static enum sim_habit draw_habit(struct sim_random *random)
{
	if (sim_chance(random, 700000)) {
		return SIM_DAEMON;
	}
	return sim_chance(random, 600000) ? SIM_CRON_ONCE : SIM_CRON_HALVES;
}

static void draw_workspace(struct sim_plan *plan, struct sim_random *random)
{
	plan->workspace = sim_chance(random, 400000);
	plan->page_runs = (size_t)sim_between(random, 1, 4);
	plan->starts_per_second = (int)sim_between(random, 0, 3);
	plan->oauth = sim_chance(random, 500000);
	plan->troubles.garble_ppm = draw_trouble(random, 200000);
	plan->troubles.credential_ppm = draw_trouble(random, 50000);
}

/* Messages that came when their file and its event are forgotten would be news. */
static void draw_queue(struct sim_plan *plan, struct sim_random *random)
{
	plan->notified = sim_chance(random, 500000) && plan->place == SIM_OBJECTS;
	plan->visibility_us = sim_wait(random, 30 * LB_SECOND, LB_HOUR);
	plan->retention_us = plan->keep_us / 2;
	plan->troubles.untold_ppm = draw_trouble(random, 200000);
	plan->troubles.poison_ppm = draw_trouble(random, 200000);
}

void sim_plan_draw(struct sim_plan *plan, struct sim_random *random)
{
	*plan = (struct sim_plan){0};
	plan->place = sim_chance(random, 400000) ? SIM_FOLDERS : SIM_OBJECTS;
	plan->sensor_count = (size_t)sim_between(random, 1, SIM_SENSORS_MAX);
	plan->job_count = (size_t)sim_between(random, 1, SIM_JOBS_MAX);
	plan->node_count =
		sim_chance(random, 400000) ? 1 : (size_t)sim_between(random, 2, SIM_NODES_MAX);
	for (size_t i = 0; i < plan->node_count; i++) {
		plan->habits[i] = draw_habit(random);
	}
	plan->skew_us =
		sim_chance(random, 500000) ? 0 : sim_wait(random, LB_SECOND, 10 * LB_MINUTE);
	plan->poll_interval_us = sim_wait(random, 16 * LB_MINUTE, 4 * LB_HOUR);
	plan->runner_interval_us = sim_wait(random, 4 * LB_MINUTE, LB_HOUR);
	plan->delivery_us = sim_wait(random, 2 * LB_HOUR, 48 * LB_HOUR);
	plan->run_us = sim_wait(random, LB_MINUTE, 8 * LB_HOUR);
	plan->operator_us =
		sim_chance(random, 300000) ? 0 : sim_wait(random, 4 * LB_HOUR, 96 * LB_HOUR);
	plan->latency_us = sim_wait(random, LB_MS, 2 * LB_MINUTE);
	plan->keep_us =
		sim_chance(random, 200000) ? 10 * LB_DAY : sim_wait(random, LB_HOUR, 4 * LB_DAY);
	plan->files_max = (size_t)sim_wait(random, 16, 256);
	plan->page_keys = (size_t)sim_wait(random, 4, 128);
	plan->parallel_max = (size_t)sim_between(random, 1, 8);
	plan->max_parallel = sim_chance(random, 600000) ? 0 : (int)sim_between(random, 1, 3);
	draw_options(plan, random);
	for (size_t i = 0; i < SIM_JOBS_MAX; i++) {
		draw_policy(&plan->policies[i], random);
	}
	draw_troubles(&plan->troubles, random);
	draw_workspace(plan, random);
	draw_queue(plan, random);
	/* Whether a file has settled cannot be told by a clock that is wrong. */
	if (plan->skew_us > 0) {
		plan->troubles.slow_ppm = 0;
	}
}

void sim_plan_heal(struct sim_plan *plan)
{
	plan->troubles = (struct sim_troubles){0};
	plan->operator_us = 0;
}
