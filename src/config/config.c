#include "config/config.h"

#include "base/text.h"
#include "core/names.h"

#include <stdlib.h>
#include <string.h>

static int compare_job(const void *id, const void *job)
{
	return strcmp(id, ((const struct lb_job_settings *)job)->trigger_job_id);
}

const struct lb_job_settings *lb_config_job(const struct lb_config *config,
					    const char *trigger_job_id)
{
	if (config->jobs.count == 0 || trigger_job_id == NULL) {
		return NULL;
	}
	return bsearch(trigger_job_id, config->jobs.items, config->jobs.count,
		       sizeof(config->jobs.items[0]), compare_job);
}

const struct lb_runner_settings *lb_config_runner(const struct lb_config *config, const char *name)
{
	for (size_t i = 0; i < config->runners.count; i++) {
		if (lb_text_equal(config->runners.items[i].name, name)) {
			return &config->runners.items[i];
		}
	}
	return NULL;
}

struct lb_policy lb_config_policy_of(const void *data, const char *trigger_job_id)
{
	const struct lb_config *config = data;
	struct lb_policy policy = {
		.max_retries = config->max_retries,
		.retry_delay_us = config->retry_delay_us,
		.max_event_gap_us = config->max_event_gap_us,
		.runner = config->default_runner != NULL ? config->default_runner : "",
	};
	const struct lb_job_settings *job = lb_config_job(config, trigger_job_id);
	if (job == NULL) {
		return policy;
	}
	policy.max_retries = job->max_retries >= 0 ? job->max_retries : policy.max_retries;
	policy.retry_delay_us =
		job->retry_delay_us >= 0 ? job->retry_delay_us : policy.retry_delay_us;
	policy.max_event_gap_us =
		job->max_event_gap_us >= 0 ? job->max_event_gap_us : policy.max_event_gap_us;
	policy.runner = job->runner != NULL ? job->runner : policy.runner;
	return policy;
}

const char *lb_config_job_problem(const struct lb_config *config, const char *trigger_job_id)
{
	struct lb_policy policy = lb_config_policy_of(config, trigger_job_id);
	const struct lb_runner_settings *runner = lb_config_runner(config, policy.runner);
	int64_t number;
	if (runner == NULL || runner->kind != LB_RUNNER_DATABRICKS ||
	    lb_trigger_job_number(trigger_job_id, &number)) {
		return NULL;
	}
	return "is not a number, as the jobs of a Databricks workspace have";
}

enum lb_err lb_config_need_runner(const struct lb_config *config, struct lb_error *error)
{
	if (config->default_runner != NULL) {
		return LB_OK;
	}
	return lb_fail(error, LB_INVALID,
		       "there is no runner to start jobs with: give --runner-argv PROGRAM…, or a "
		       "runners section in %s",
		       config->file != NULL ? config->file : "lakebeat.yaml");
}

void lb_config_destroy(struct lb_config *config)
{
	if (config != NULL) {
		lb_arena_finish(&config->arena);
		lb_free(config);
	}
}
