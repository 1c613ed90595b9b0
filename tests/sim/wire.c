#include "sim/wire.h"

#include "base/time.h"
#include "net/http_carrier.h"
#include "sim/memory.h"
#include "sim/node.h"
#include "sim/workspace.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct wire {
	struct lb_http base;
	struct sim_node *node;
};

/* A request on its way, and its answer: the world's, whoever sent it may be dead.
 * next, previous: among the world's. request: only for the same life; NULL: nobody waits
 * any more. given_up_at_us: when its sender does not wait any longer. order: that it is
 * for, NULL: it starts nothing. */
struct sim_exchange {
	struct sim_exchange *next;
	struct sim_exchange *previous;
	struct sim_node *node;
	unsigned life;
	struct lb_http_request *request;
	int64_t given_up_at_us;
	struct sim_order *order;
	char *method;
	char *path;
	char *authorization;
	char *body;
	struct sim_reply reply;
};

static void forget_texts(struct sim_exchange *exchange)
{
	free(exchange->method);
	free(exchange->path);
	free(exchange->authorization);
	free(exchange->body);
	free(exchange->reply.body);
}

static void exchange_free(struct sim_exchange *exchange)
{
	struct sim_world *world = exchange->node->world;
	if (exchange->previous != NULL) {
		exchange->previous->next = exchange->next;
	} else {
		world->exchanges = exchange->next;
	}
	if (exchange->next != NULL) {
		exchange->next->previous = exchange->previous;
	}
	forget_texts(exchange);
	free(exchange);
}

void sim_wire_finish(struct sim_world *world)
{
	for (struct sim_exchange *exchange = world->exchanges; exchange != NULL;
	     exchange = exchange->next) {
		forget_texts(exchange);
	}
}

/* --- back at the sender ------------------------------------------------------ */

static bool is_awaited(const struct sim_exchange *exchange)
{
	return exchange->request != NULL && exchange->node->life == exchange->life;
}

static void fill(struct lb_http_request *request, const struct sim_reply *reply)
{
	request->sent = true;
	request->status = reply->status;
	if (reply->status == 0) {
		enum lb_err err = lb_fail(&request->error, LB_UNAVAILABLE, "no answer");
		(void)err;
	} else {
		request->response = reply->body;
		request->response_length = strlen(reply->body);
	}
}

static void deliver(struct sim_exchange *exchange)
{
	struct sim_node *node = exchange->node;
	if (!is_awaited(exchange) || sim_node_dies(node)) {
		return;
	}
	struct lb_http_request *request = exchange->request;
	exchange->request = NULL;
	request->pending = false;
	fill(request, &exchange->reply);
	sim_tell(node->world, "lakebeat %zu hears %d from %.*s", node->index, request->status,
		 (int)strcspn(exchange->path, "?"), exchange->path);
	sim_workspace_heard(node, exchange->path, exchange->order, exchange->reply.status);
	struct sim_memory *before = sim_memory_enter(&node->memory);
	request->done(request);
	(void)sim_memory_enter(before);
}

static void happen_answer(void *world, void *data)
{
	struct sim_exchange *exchange = data;
	(void)world;
	deliver(exchange);
	exchange_free(exchange);
}

/* The answer, if it comes, finds nobody who waits for it. */
static void happen_timeout(void *world, void *data)
{
	struct sim_exchange *exchange = *(struct sim_exchange **)data;
	(void)world;
	free(data);
	deliver(exchange);
	exchange->request = NULL;
}

/* --- at the workspace -------------------------------------------------------- */

static void forget_answer(struct sim_reply *reply)
{
	free(reply->body);
	*reply = (struct sim_reply){0};
}

/* What stands between a lakebeat and its workspace answers as it pleases. */
static void garble(struct sim_world *world, struct sim_reply *reply)
{
	static const char page[] = "<!DOCTYPE html><html><body>Bad gateway</body></html>";
	switch (sim_below(&world->random, 4)) {
	case 0:
		reply->body[strlen(reply->body) / 2] = '\0';
		break;
	case 1:
		forget_answer(reply);
		reply->status = 502;
		reply->content_type = "text/html";
		reply->body = sim_must(strdup(page));
		break;
	case 2:
		forget_answer(reply);
		reply->status = 200;
		reply->content_type = "text/html; charset=utf-8";
		reply->body = sim_must(strdup(page));
		break;
	default:
		forget_answer(reply);
		reply->status = 504;
		reply->content_type = "application/json";
		reply->body = sim_must(strdup("{\"error_code\":\"DEADLINE_EXCEEDED\"}"));
		break;
	}
}

static void happen_arrival(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct sim_exchange *exchange = data;
	const struct sim_troubles *troubles = &world->plan.troubles;
	const struct sim_message message = {
		.method = exchange->method,
		.path = exchange->path,
		.authorization = exchange->authorization,
		.body = exchange->body,
	};
	sim_workspace_answer(world, &message, &exchange->reply);
	if (sim_strikes(world, troubles->garble_ppm)) {
		garble(world, &exchange->reply);
	}
	bool lost = sim_strikes(world, troubles->reply_ppm);
	int64_t at_us = world->now_us + sim_latency(world);
	if (lost) {
		forget_answer(&exchange->reply);
	}
	if (lost || at_us > exchange->given_up_at_us) {
		forget_answer(&exchange->reply);
		at_us = exchange->given_up_at_us > world->now_us ? exchange->given_up_at_us
								 : world->now_us;
	}
	sim_later(world, at_us - world->now_us, happen_answer, exchange);
}

/* --- at the sender ----------------------------------------------------------- */

static const char *field(const struct lb_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, name) == 0) {
			return request->headers[i].value;
		}
	}
	return "";
}

static struct sim_exchange *exchange_of(struct sim_node *node, struct lb_http_request *request)
{
	struct sim_exchange *exchange = sim_new(sizeof(*exchange));
	const char *body = request->body != NULL ? request->body : "";
	const char *host = strstr(request->url, "://") + 3;
	exchange->node = node;
	exchange->life = node->life;
	exchange->request = request;
	exchange->given_up_at_us = node->world->now_us + request->timeout_us;
	exchange->method = sim_must(strdup(request->method));
	exchange->path = sim_must(strdup(host + strcspn(host, "/")));
	exchange->authorization = sim_must(strdup(field(request, "Authorization")));
	exchange->body = sim_must(strndup(body, request->body_length));
	exchange->next = node->world->exchanges;
	if (exchange->next != NULL) {
		exchange->next->previous = exchange;
	}
	node->world->exchanges = exchange;
	return exchange;
}

/* A request that never arrives is heard of at once, or never. */
static void submit(struct lb_http *http, struct lb_http_request *request)
{
	struct sim_node *node = ((struct wire *)http)->node;
	struct sim_world *world = node->world;
	struct sim_exchange *exchange = exchange_of(node, request);
	request->carried = exchange;
	exchange->order = sim_workspace_watch(node, exchange->path, exchange->body);
	bool lost = sim_strikes(world, world->plan.troubles.request_ppm);
	int64_t latency_us = sim_latency(world);
	if (lost) {
		bool refused = sim_chance(&world->random, 500000);
		sim_later(world, refused ? latency_us : request->timeout_us, happen_answer,
			  exchange);
		return;
	}
	if (latency_us >= request->timeout_us) {
		struct sim_exchange **waits = sim_new(sizeof(*waits));
		*waits = exchange;
		sim_later(world, request->timeout_us, happen_timeout, waits);
	}
	sim_later(world, latency_us, happen_arrival, exchange);
}

static void cancel(struct lb_http *http, struct lb_http_request *request)
{
	struct sim_exchange *exchange = request->carried;
	(void)http;
	exchange->request = NULL;
}

static const char *header(const struct lb_http_request *request, const char *name)
{
	const struct sim_exchange *exchange = request->carried;
	const struct sim_reply *reply = &exchange->reply;
	if (strcasecmp(name, "Content-Type") == 0) {
		return reply->content_type;
	}
	bool is_retry = strcasecmp(name, "Retry-After") == 0 && reply->retry_after[0] != '\0';
	return is_retry ? reply->retry_after : NULL;
}

static void destroy(struct lb_http *http)
{
	lb_free(http);
}

static const struct lb_http_impl impl = {
	.submit = submit,
	.cancel = cancel,
	.header = header,
	.destroy = destroy,
};

struct lb_http *sim_wire_create(struct sim_node *node)
{
	struct wire *wire = sim_must(lb_alloc(sizeof(*wire)));
	wire->base.impl = &impl;
	wire->node = node;
	return &wire->base;
}

struct sim_node *sim_wire_node(struct lb_http *http)
{
	return ((struct wire *)http)->node;
}
