/* wire.h: the network between a lakebeat and a workspace, as lb_http sees it. Requests
 * and answers take their time, get lost, come too late, and are carried out although
 * nobody hears of it; a lakebeat may die at any of these points. */
#ifndef LB_TESTS_SIM_WIRE_H
#define LB_TESTS_SIM_WIRE_H

#include "net/http.h"

struct sim_node;
struct sim_world;

/* A request as it arrives, all borrowed. authorization: the header's value, or "".
 * body: "" when there is none. */
struct sim_message {
	const char *method;
	const char *path;
	const char *authorization;
	const char *body;
};

/* What is answered. status: 0: nothing is, ever. content_type, retry_after: static, or
 * in text. body: by malloc. */
struct sim_reply {
	int status;
	const char *content_type;
	char retry_after[16];
	char *body;
};

/* In the node's memory; lb_http_destroy frees it. */
struct lb_http *sim_wire_create(struct sim_node *node);

/* Whose it is. */
struct sim_node *sim_wire_node(struct lb_http *http);

/* The world ends; its agenda still has the exchanges themselves. */
void sim_wire_finish(struct sim_world *world);

#endif
