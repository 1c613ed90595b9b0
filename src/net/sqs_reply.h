/* sqs_reply.h: what Amazon SQS says, in its JSON protocol.
 *
 * Amazon SQS API Reference: ReceiveMessage, DeleteMessageBatch, GetQueueAttributes,
 * "Common Error Types". Pure; any thread. Bodies are outside bytes: anything may
 * stand in them. */
#ifndef LB_NET_SQS_REPLY_H
#define LB_NET_SQS_REPLY_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_SQS_BATCH_MAX 10

/* A message that was received. id: the same each time it comes; handle: another each
 * time, to delete it by. body: body_length bytes and a NUL. */
struct lb_sqs_message {
	const char *id;
	const char *handle;
	const char *body;
	size_t body_length;
};

struct lb_sqs_message_list LB_LIST_OF(struct lb_sqs_message);

/* Everything goes into arena. No message at all is fine. Errors: CORRUPT, NOMEM. */
enum lb_err lb_sqs_reply_messages(const char *body, size_t length, struct lb_arena *arena,
				  struct lb_sqs_message_list *ret_messages,
				  struct lb_error *error) LB_MUST_CHECK;

/* Of a batch whose entries are named "0", "1", …: failed[n] says whether n was not
 * deleted. code: of the first that was not, "" when all were. Errors: CORRUPT. */
#define LB_SQS_CODE_MAX 64
enum lb_err lb_sqs_reply_deleted(const char *body, size_t length,
				 bool ret_failed[static LB_SQS_BATCH_MAX],
				 char ret_code[static LB_SQS_CODE_MAX],
				 struct lb_error *error) LB_MUST_CHECK;

/* visible: waiting to be received; in_flight: received by somebody and not deleted.
 * -1 where the answer does not say. */
struct lb_sqs_counts {
	int64_t visible;
	int64_t in_flight;
};

/* Errors: CORRUPT. */
enum lb_err lb_sqs_reply_counts(const char *body, size_t length, struct lb_sqs_counts *ret_counts,
				struct lb_error *error) LB_MUST_CHECK;

#endif
