/* workspace.h: a Databricks workspace in front of the job service: what lakebeat asks of
 * Jobs API 2.2 and of /oidc/v1/token, answered in the words of their reference. */
#ifndef LB_TESTS_SIM_WORKSPACE_H
#define LB_TESTS_SIM_WORKSPACE_H

#include "sim/wire.h"

struct sim_order;
struct sim_service_run;

#define SIM_WORKSPACE_HOST "https://workspace.example"
#define SIM_WORKSPACE_PAT "secret-pat"
#define SIM_WORKSPACE_CLIENT "client"
#define SIM_WORKSPACE_SECRET "secret-client"

/* What the workspace calls a run. */
int64_t sim_workspace_run_id(const struct sim_service_run *run);

/* Carries the request out, as it arrives. */
void sim_workspace_answer(struct sim_world *world, const struct sim_message *message,
			  struct sim_reply *ret_reply);

/* A lakebeat sends a request now. If it is for a start, it is held against the limit, and
 * the order is returned that it is for. */
struct sim_order *sim_workspace_watch(struct sim_node *node, const char *path, const char *body);

/* The answer to it is there. order: as returned then; status: 0: there will be none. */
void sim_workspace_heard(struct sim_node *node, const char *path, struct sim_order *order,
			 int status);

#endif
