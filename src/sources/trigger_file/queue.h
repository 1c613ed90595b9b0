/* queue.h: a queue of SQS that tells of new objects, read as long as lakebeat runs.
 *
 * Messages are received by long polling, handed to notices.h, and deleted when all
 * that was in them is durable, or when there is nothing in them for anybody. One that
 * cannot be understood is said once and left to the queue's own redrive policy. When
 * the queue fails, it is tried again with backoff, and meanwhile the sources that rely
 * on it list as if there were none.
 *
 * A message that is deleted too late, or not at all because lakebeat was killed, comes
 * again, which costs nothing but a look into the event log.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_QUEUE_H
#define LB_SOURCES_TRIGGER_FILE_QUEUE_H

#include "net/sqs.h"
#include "ports/clock.h"
#include "sources/trigger_file/notices.h"

struct lb_log;
struct lb_queue;

/* Received and not deleted yet, at most. */
#define LB_QUEUE_LETTERS_MAX 64

/* Everything is borrowed and outlives the queue; place is copied, its texts are not.
 * sources: those that rely on this queue (lb_trigger_file_objects_trust); log: may be
 * NULL. random_seed: for jitter. */
struct lb_queue_options {
	struct lb_clock *clock;
	struct lb_sqs_place place;
	struct lb_http *http;
	struct lb_aws_credentials *credentials;
	struct lb_notices *notices;
	struct lb_source *const *sources;
	size_t source_count;
	const struct lb_log *log;
	uint64_t random_seed;
};

/* So far. malformed: messages that could not be understood, each once. */
struct lb_queue_totals {
	uint64_t received;
	uint64_t deleted;
	uint64_t malformed;
	uint64_t failures;
};

/* Begins at once. Errors: NOMEM. */
enum lb_err lb_queue_create(const struct lb_queue_options *options, struct lb_queue **ret_queue,
			    struct lb_error *error) LB_MUST_CHECK;

/* Receives nothing more; what was received is still waited for and deleted. */
void lb_queue_stop(struct lb_queue *queue);

const struct lb_queue_totals *lb_queue_totals(const struct lb_queue *queue);

/* Before its notices; not from within a callback of its own. NULL is fine. */
void lb_queue_destroy(struct lb_queue *queue);

#endif
