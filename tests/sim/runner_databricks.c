/* runner_databricks.c: lakebeat's databricks runner over a simulated wire. What the engine
 * asks of it, and what it answers, passes by here. */
#include "base/time.h"
#include "net/http.h"
#include "runners/databricks/databricks.h"
#include "sim/node.h"
#include "sim/service.h"
#include "sim/workspace.h"
#include "sim/world.h"

#include <stdlib.h>

static bool is_no(int status)
{
	return status >= 400 && status < 500;
}

/* A run is accepted under its own id, and refused by the workspace only. */
static void check_answer(struct sim_world *world, const struct sim_order *order,
			 const struct lb_submission *submission)
{
	const struct sim_service_run *run = sim_service_find(&world->service, order->token);
	bool is_refusal = is_no(order->status) || is_no(order->node->sign_in_status);
	if (submission->outcome == LB_SUBMIT_ACCEPTED &&
	    (run == NULL ||
	     sim_workspace_run_id(run) != strtoll(submission->external_id, NULL, 10))) {
		sim_fail(world, "true-answers", "job %zu run %lld.%d is not run %s", order->job,
			 (long long)order->run_no, order->attempt, submission->external_id);
	}
	if (submission->outcome == LB_SUBMIT_REFUSED && !is_refusal) {
		sim_fail(world, "true-answers",
			 "job %zu run %lld.%d was refused by nobody: status %d, %s", order->job,
			 (long long)order->run_no, order->attempt, order->status,
			 submission->error.message);
	}
}

/* An order outlives the lakebeat that gave it. */
static void on_answered(struct lb_submission *submission)
{
	struct sim_order *order = submission->data;
	submission->done = order->done;
	submission->data = order->data;
	check_answer(order->node->world, order, submission);
	submission->done(submission);
}

static void submit(struct lb_runner *runner, struct lb_submission *submission)
{
	struct sim_node *node = sim_node_of_runner(runner);
	struct sim_order *order = sim_service_order(node, submission);
	order->done = submission->done;
	order->data = submission->data;
	submission->done = on_answered;
	submission->data = order;
	node->databricks->impl->submit(node->databricks, submission);
}

static void poll(struct lb_runner *runner, struct lb_poll *poll)
{
	struct lb_runner *databricks = sim_node_of_runner(runner)->databricks;
	databricks->impl->poll(databricks, poll);
}

static void destroy(struct lb_runner *runner)
{
	struct sim_node *node = sim_node_of_runner(runner);
	node->databricks->impl->destroy(node->databricks);
	lb_http_destroy(node->http);
}

static const struct lb_runner_impl impl = {
	.kind = "databricks",
	.submit = submit,
	.poll = poll,
	.destroy = destroy,
};

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static enum lb_err find_credentials(const struct sim_plan *plan,
				    struct lb_databricks_credentials *ret_credentials,
				    struct lb_error *error)
{
	struct lb_databricks_settings settings = {.domain = {SIM_WORKSPACE_HOST, "the plan"}};
	if (plan->oauth) {
		settings.client_id.value = SIM_WORKSPACE_CLIENT;
		settings.client_secret.value = SIM_WORKSPACE_SECRET;
	} else {
		settings.token.value = SIM_WORKSPACE_PAT;
	}
	return lb_databricks_credentials_find(&settings, no_variable, ret_credentials, error);
}

void sim_runner_databricks_open(struct sim_node *node)
{
	const struct sim_plan *plan = &node->world->plan;
	const struct lb_databricks_options options = {
		.name = "service",
		.max_parallel = plan->max_parallel,
		.starts_per_second = plan->starts_per_second,
		.poll_interval_us = plan->runner_interval_us,
		.job_parameters = true,
		.queue = true,
	};
	struct lb_databricks_credentials credentials;
	struct lb_error error;
	node->starts = (struct sim_starts){0};
	node->sign_in_status = 0;
	node->http = sim_wire_create(node);
	if (find_credentials(plan, &credentials, &error) != LB_OK ||
	    lb_databricks_runner_create(&node->adapters, node->http, &options, &credentials,
					&node->databricks, &error) != LB_OK) {
		sim_fail(node->world, "orderly-ends", "%s", error.message);
	}
	node->runner = (struct lb_runner){
		.impl = &impl,
		.name = "service",
		.max_parallel = node->databricks->max_parallel,
		.poll_interval_us = node->databricks->poll_interval_us,
	};
}
