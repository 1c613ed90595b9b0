/* check_workspace.h: what a Databricks workspace says of the jobs that it is to start, for
 * people. It is asked, and nothing is changed there (runners/databricks/inspect.h). */
#ifndef LB_CLI_CHECK_WORKSPACE_H
#define LB_CLI_CHECK_WORKSPACE_H

#include "config/config.h"
#include "config/problem.h"

/* runner: that starts it. number: its trigger_job_id. name: its trigger_job_name; NULL: none. */
struct lb_workspace_job {
	const struct lb_runner_settings *runner;
	int64_t number;
	const char *name;
};

struct lb_workspace_job_list LB_LIST_OF(struct lb_workspace_job);

/* runner: of kind databricks; its jobs are picked from jobs. What is found, good news
 * too, goes to report. */
void lb_check_workspace(const struct lb_config *config, const struct lb_runner_settings *runner,
			const struct lb_workspace_job_list *jobs, struct lb_report *report);

#endif
