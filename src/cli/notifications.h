/* notifications.h: whoever tells a running lakebeat of new objects, as configured:
 * queues, and the server that events are pushed to.
 * Threads: the loop's. */
#ifndef LB_CLI_NOTIFICATIONS_H
#define LB_CLI_NOTIFICATIONS_H

#include "cli/s3.h"
#include "sources/trigger_file/event_server.h"
#include "sources/trigger_file/queue.h"

/* Embedded; zeroed is closed. http: the queues' own, because each of them keeps a
 * connection waiting. */
struct lb_notifications_in {
	struct lb_notices *notices;
	struct lb_http *http;
	struct lb_queue **queues;
	size_t queue_count;
	struct lb_event_server *server;
	struct lb_arena arena;
};

/* Everything is borrowed but sources, which are one per ACON of config, in their order.
 * credentials: NULL: there is no location in S3, and nothing is opened. */
struct lb_notifications_options {
	const struct lb_config *config;
	uv_loop_t *loop;
	struct lb_clock *clock;
	struct lb_aws_credentials *credentials;
	struct lb_source *const *sources;
	const struct lb_log *log;
	uint64_t random_seed;
};

/* Errors: INVALID (a queue's URL, an address), IO (the address cannot be had), NOMEM,
 * …; what was opened by then is to be closed. Before the engine's first scan. */
enum lb_err lb_notifications_open(struct lb_notifications_in *in,
				  const struct lb_notifications_options *options,
				  struct lb_error *error) LB_MUST_CHECK;

/* Takes nothing more; what was taken is still seen to. */
void lb_notifications_stop(struct lb_notifications_in *in);

/* While the sources are there. Turn the loop afterwards. */
void lb_notifications_close(struct lb_notifications_in *in);

/* Can the ACON's queue be reached? Asks how many messages there are, on a loop of its
 * own; blocks. Errors: as lb_sqs_look and lb_sqs_place_find. */
enum lb_err lb_notifications_try_queue(const struct lb_config *config, const struct lb_acon *acon,
				       struct lb_sqs_counts *ret_counts,
				       struct lb_error *error) LB_MUST_CHECK;

#endif
