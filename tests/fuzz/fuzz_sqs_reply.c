/* What a queue answers, to each of the requests. */
#include "fuzz/fuzz.h"
#include "net/sqs_reply.h"

#include <string.h>

static void check_messages(struct lb_arena *arena, const char *body, size_t size)
{
	struct lb_sqs_message_list messages;
	struct lb_error error = {0};
	if (lb_sqs_reply_messages(body, size, arena, &messages, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	assert(messages.count <= LB_SQS_BATCH_MAX);
	for (size_t i = 0; i < messages.count; i++) {
		const struct lb_sqs_message *message = &messages.items[i];
		assert(message->id != NULL && message->handle != NULL);
		assert(message->body_length < size && message->body[message->body_length] == '\0');
	}
}

static void check_deleted(const char *body, size_t size)
{
	bool failed[LB_SQS_BATCH_MAX];
	char code[LB_SQS_CODE_MAX];
	struct lb_error error = {0};
	if (lb_sqs_reply_deleted(body, size, failed, code, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	bool any = false;
	for (size_t i = 0; i < LB_SQS_BATCH_MAX; i++) {
		any = any || failed[i];
	}
	/* What was not deleted has a reason, and it can be shown. */
	if (any || *code != '\0') {
		fuzz_check_line(code);
	}
}

static void check_counts(const char *body, size_t size)
{
	struct lb_sqs_counts counts;
	struct lb_error error = {0};
	if (lb_sqs_reply_counts(body, size, &counts, &error) != LB_OK) {
		fuzz_check_error(&error);
		return;
	}
	assert(counts.visible >= -1 && counts.in_flight >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	check_messages(&arena, (const char *)data, size);
	check_deleted((const char *)data, size);
	check_counts((const char *)data, size);
	lb_arena_finish(&arena);
	return 0;
}
