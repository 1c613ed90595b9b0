#include "cli/check_workspace.h"

#include "base/text.h"
#include "cli/databricks.h"
#include "cli/s3.h"
#include "host/host.h"
#include "runners/databricks/inspect.h"

#include <inttypes.h>
#include <stdio.h>

struct visit {
	const struct lb_runner_settings *runner;
	struct lb_report *report;
	char place[256];
};

static struct lb_place place_of(const struct visit *visit)
{
	return (struct lb_place){.file = visit->place};
}

static void say_name(const struct visit *visit, const struct lb_workspace_job *job,
		     const struct lb_databricks_job_facts *facts)
{
	if (job->name != NULL && !lb_text_equal(job->name, facts->name)) {
		lb_report_add(visit->report, LB_PROBLEM_NOTICE, place_of(visit),
			      "correct trigger_job_name, or trigger_job_id if it is another job",
			      "trigger_job_name is '%s', in the workspace its name is '%s'",
			      job->name, facts->name != NULL ? facts->name : "");
	}
}

static void say_skipping(const struct visit *visit, const struct lb_databricks_job_facts *facts)
{
	if (facts->is_continuous) {
		lb_report_add(
			visit->report, LB_PROBLEM_WARNING, place_of(visit),
			"pause it in the job's settings, or take its rows out of the feed",
			"it is a continuous job: the workspace itself keeps a run of it going, "
			"and allows no other beside it");
	} else if (facts->max_concurrent_runs == 0) {
		lb_report_add(visit->report, LB_PROBLEM_WARNING, place_of(visit),
			      "give it at least 1 in the job's settings",
			      "its max_concurrent_runs is 0: the workspace skips every run, which "
			      "counts as a failure");
	} else if (!visit->runner->queue && facts->max_concurrent_runs == 1) {
		lb_report_add(visit->report, LB_PROBLEM_WARNING, place_of(visit),
			      "leave queue at true, or raise the job's max_concurrent_runs",
			      "its max_concurrent_runs is 1 and runner %s does not queue: while "
			      "somebody else's run of it is under way the workspace skips ours, "
			      "which counts as a failure",
			      visit->runner->name);
	}
}

static void say_right(const struct visit *visit, const struct lb_databricks_job_facts *facts,
		      const char *principal)
{
	if (facts->right == LB_DATABRICKS_RIGHT_LACKING) {
		lb_report_add(visit->report, LB_PROBLEM_WARNING, place_of(visit),
			      "have its owner grant Can Manage Run (a group within a group is not "
			      "seen here)",
			      "its permissions let neither %s nor a group of theirs start it",
			      principal != NULL ? principal : "these credentials");
	}
}

static void say_job(struct visit *visit, const struct lb_workspace_job *job,
		    const struct lb_databricks_job_facts *facts, const char *principal)
{
	(void)snprintf(visit->place, sizeof(visit->place), "job %" PRId64, job->number);
	if (facts->error.code != LB_OK) {
		lb_report_add(
			visit->report, LB_PROBLEM_ERROR, place_of(visit),
			"correct trigger_job_id, or have the job's owner grant Can Manage Run",
			"runner %s cannot start it: %s", visit->runner->name, facts->error.message);
		return;
	}
	say_name(visit, job, facts);
	say_skipping(visit, facts);
	say_right(visit, facts, principal);
}

static const char *describe_secret(const struct lb_databricks_credentials *credentials)
{
	return credentials->kind == LB_DATABRICKS_PAT ? "token" : "client_id";
}

static void say_workspace(const struct visit *visit,
			  const struct lb_databricks_credentials *credentials,
			  const struct lb_databricks_inspection *inspection)
{
	size_t unknown = 0;
	for (size_t i = 0; i < inspection->jobs.count; i++) {
		const struct lb_databricks_job_facts *facts = &inspection->jobs.items[i];
		unknown +=
			facts->error.code == LB_OK && facts->right == LB_DATABRICKS_RIGHT_UNKNOWN;
	}
	lb_report_add(visit->report, LB_PROBLEM_NOTICE, place_of(visit), NULL,
		      "%s accepts the credentials%s%s, %s from %s", credentials->domain.origin,
		      inspection->principal != NULL ? " of " : "",
		      inspection->principal != NULL ? inspection->principal : "",
		      describe_secret(credentials), credentials->origin);
	if (unknown > 0) {
		lb_report_add(visit->report, LB_PROBLEM_NOTICE, place_of(visit), NULL,
			      "of %zu of %zu jobs the workspace does not say whether they may be "
			      "started",
			      unknown, inspection->jobs.count);
	}
}

/* In the order of jobs. */
static bool choose_jobs(const struct visit *visit, const struct lb_workspace_job_list *jobs,
			struct lb_databricks_inspection *inspection)
{
	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->items[i].runner != visit->runner) {
			continue;
		}
		struct lb_databricks_job_facts *facts = lb_report_kept(
			visit->report, lb_list_add(inspection->arena, &inspection->jobs));
		if (facts == NULL) {
			return false;
		}
		facts->job_id = jobs->items[i].number;
	}
	return true;
}

static void say_all(struct visit *visit, const struct lb_databricks_credentials *credentials,
		    const struct lb_workspace_job_list *jobs,
		    const struct lb_databricks_inspection *inspection)
{
	if (inspection->error.code != LB_OK) {
		lb_report_add(visit->report, LB_PROBLEM_ERROR, place_of(visit),
			      inspection->error.code == LB_UNAVAILABLE
				      ? "correct domain, or check again when the workspace answers"
				      : NULL,
			      "%s, asked with %s from %s: %s", credentials->domain.origin,
			      describe_secret(credentials), credentials->origin,
			      inspection->error.message);
		return;
	}
	say_workspace(visit, credentials, inspection);
	size_t next = 0;
	for (size_t i = 0; i < jobs->count && next < inspection->jobs.count; i++) {
		if (jobs->items[i].runner == visit->runner) {
			say_job(visit, &jobs->items[i], &inspection->jobs.items[next++],
				inspection->principal);
		}
	}
}

static enum lb_err ask(const struct lb_config *config,
		       const struct lb_databricks_credentials *credentials,
		       struct lb_databricks_inspection *inspection, struct lb_error *error)
{
	const struct lb_http_options options = {.ca_bundle = lb_s3_ca_bundle(config)};
	uv_loop_t loop;
	struct lb_host *host = NULL;
	struct lb_http *http = NULL;
	if (uv_loop_init(&loop) != 0) {
		return lb_fail(error, LB_IO, "cannot make an event loop");
	}
	enum lb_err err = lb_host_create(&loop, &host, error);
	if (err == LB_OK) {
		err = lb_http_create(&loop, &options, &http, error);
	}
	if (err == LB_OK) {
		lb_databricks_inspect(&loop, lb_host_clock(host), http, credentials, inspection);
	}
	lb_http_destroy(http);
	lb_host_destroy(host);
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&loop);
	return err;
}

void lb_check_workspace(const struct lb_config *config, const struct lb_runner_settings *runner,
			const struct lb_workspace_job_list *jobs, struct lb_report *report)
{
	struct visit visit = {.runner = runner, .report = report};
	struct lb_databricks_inspection inspection = {.arena = report->arena};
	struct lb_databricks_credentials credentials;
	struct lb_error error = {0};
	(void)snprintf(visit.place, sizeof(visit.place), "runners.%s", runner->name);
	enum lb_err err = lb_cli_databricks_credentials(runner, &credentials, &error);
	if (err == LB_OK && choose_jobs(&visit, jobs, &inspection)) {
		err = ask(config, &credentials, &inspection, &error);
	}
	if (err != LB_OK) {
		lb_report_add(report, LB_PROBLEM_ERROR, place_of(&visit), NULL, "%s",
			      error.message);
	} else if (!report->exhausted) {
		say_all(&visit, &credentials, jobs, &inspection);
	}
	lb_databricks_credentials_finish(&credentials);
}
