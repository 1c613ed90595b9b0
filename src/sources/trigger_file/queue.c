#include "sources/trigger_file/queue.h"

#include "base/injection.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "core/backoff.h"
#include "sources/trigger_file/object_source.h"
#include "sources/trigger_file/recall.h"

#include <string.h>

#define WAIT_SECONDS 20
#define RETRY_BASE_US LB_SECOND
#define RETRY_CAP_US LB_MINUTE
#define POST_AGAIN_US LB_SECOND
#define MALFORMED_KNOWN_MAX 64

enum letter_state {
	LETTER_NONE,
	LETTER_HELD,     /* could not be taken yet; body is there */
	LETTER_POSTED,   /* its events are on their way into the log */
	LETTER_READY,    /* to be deleted */
	LETTER_DELETING, /* in the delete call under way */
};

/* A message that was received. id, handle, body: owned. */
struct letter {
	struct lb_queue *queue;
	enum letter_state state;
	struct lb_notice notice;
	char *id;
	char *handle;
	char *body;
	size_t body_length;
};

/* soon:  what is next, when the callbacks of this turn are through.
 * again: after a failure, and for letters that are held; waits: for that.
 * works: as far as anybody knows; before that, and after a failure, the first call does
 * not wait for messages, so that it is known soon.
 * receive_fails, delete_fails: the latest call of that kind did. failures: of both,
 * since both worked; failure: the latest that was said.
 * known: digests of the ids of malformed messages that were said. */
struct lb_queue {
	struct lb_queue_options options;
	struct lb_sqs sqs;
	struct lb_sqs_call receiving;
	struct lb_sqs_call deleting;
	struct letter letters[LB_QUEUE_LETTERS_MAX];
	struct lb_alarm soon;
	struct lb_alarm again;
	bool waits;
	bool is_stopped;
	bool works;
	bool receive_fails;
	bool delete_fails;
	int failures;
	struct lb_error failure;
	uint64_t random;
	struct lb_queue_totals totals;
	uint64_t known[MALFORMED_KNOWN_MAX];
};

static size_t count(const struct lb_queue *queue, enum letter_state state)
{
	size_t number = 0;
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		number += queue->letters[i].state == state;
	}
	return number;
}

static void forget(struct letter *letter)
{
	lb_free(letter->id);
	lb_free(letter->handle);
	lb_free(letter->body);
	letter->id = NULL;
	letter->handle = NULL;
	letter->body = NULL;
	letter->state = LETTER_NONE;
}

static void trust(struct lb_queue *queue, bool trusted)
{
	for (size_t i = 0; i < queue->options.source_count; i++) {
		lb_trigger_file_objects_trust(queue->options.sources[i], trusted);
	}
}

static void set_alarm(struct lb_queue *queue, struct lb_alarm *alarm, int64_t delay_us)
{
	struct lb_clock *clock = queue->options.clock;
	clock->impl->set_alarm(clock, alarm, clock->impl->monotonic(clock) + delay_us);
}

static void proceed_soon(struct lb_queue *queue)
{
	set_alarm(queue, &queue->soon, 0);
}

static void wait_before_next(struct lb_queue *queue, int64_t delay_us)
{
	queue->waits = true;
	set_alarm(queue, &queue->again, delay_us);
}

/* --- what the queue answers -------------------------------------------------- */

/* What stays broken is said when it breaks, and when it is whole again. */
static void note_failure(struct lb_queue *queue, const struct lb_error *error)
{
	queue->works = false;
	queue->totals.failures++;
	queue->failures++;
	queue->random = lb_digest_mix(queue->random, "failure");
	int64_t delay_us = lb_backoff_us(queue->failures, RETRY_BASE_US, RETRY_CAP_US,
					 (uint32_t)(queue->random >> 32));
	wait_before_next(queue, delay_us);
	trust(queue, false);
	if (queue->failure.code != error->code ||
	    !lb_text_equal(queue->failure.message, error->message)) {
		queue->failure = *error;
		lb_log(queue->options.log, error->retriable ? LB_LOG_WARNING : LB_LOG_ERROR,
		       "notifications fail, listing goes on", "error", error->message, NULL);
	}
}

static void note_success(struct lb_queue *queue)
{
	if (queue->receive_fails || queue->delete_fails) {
		return;
	}
	queue->works = true;
	queue->failures = 0;
	if (queue->failure.code != LB_OK) {
		queue->failure = (struct lb_error){0};
		lb_log(queue->options.log, LB_LOG_INFO, "notifications work again", "queue",
		       queue->sqs.place.name, NULL);
	}
	trust(queue, true);
}

/* Each is said once, as long as there are not too many; they come again and again. */
static void note_malformed(struct lb_queue *queue, const char *id, const struct lb_error *error)
{
	uint64_t digest = lb_digest_mix(LB_DIGEST_EMPTY, id);
	uint64_t *place = &queue->known[digest % MALFORMED_KNOWN_MAX];
	if (*place == digest) {
		return;
	}
	*place = digest;
	queue->totals.malformed++;
	lb_log(queue->options.log, LB_LOG_WARNING, "message left in the queue", "queue",
	       queue->sqs.place.name, "message", id, "error", error->message, "so_far",
	       LB_LOG_INT((int64_t)queue->totals.malformed), NULL);
}

static void on_recorded(struct lb_notice *notice)
{
	struct letter *letter = notice->data;
	LB_INJECTION_POINT("queue-recorded");
	letter->state = LETTER_READY;
	proceed_soon(letter->queue);
}

static void post(struct letter *letter)
{
	struct lb_queue *queue = letter->queue;
	struct lb_error error = {0};
	letter->notice = (struct lb_notice){.done = on_recorded, .data = letter};
	switch (lb_notices_post(queue->options.notices, &letter->notice, letter->body,
				letter->body_length, &error)) {
	case LB_NOTICE_TAKEN:
		letter->state = LETTER_POSTED;
		break;
	case LB_NOTICE_NOTHING:
		letter->state = LETTER_READY;
		break;
	case LB_NOTICE_LATER:
		letter->state = LETTER_HELD;
		return;
	case LB_NOTICE_MALFORMED:
	default:
		note_malformed(queue, letter->id, &error);
		forget(letter);
		return;
	}
	lb_free(letter->body);
	letter->body = NULL;
}

static struct letter *find_free(struct lb_queue *queue)
{
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		if (queue->letters[i].state == LETTER_NONE) {
			return &queue->letters[i];
		}
	}
	return NULL;
}

/* Without memory, or room, it comes again. */
static void take(struct lb_queue *queue, const struct lb_sqs_message *message)
{
	struct letter *letter = find_free(queue);
	if (letter == NULL) {
		return;
	}
	letter->id = lb_strdup(message->id);
	letter->handle = lb_strdup(message->handle);
	letter->body = lb_alloc(message->body_length + 1);
	if (letter->id == NULL || letter->handle == NULL || letter->body == NULL) {
		forget(letter);
		return;
	}
	memcpy(letter->body, message->body, message->body_length);
	letter->body_length = message->body_length;
	queue->totals.received++;
	post(letter);
}

static void on_received(struct lb_sqs_call *call)
{
	struct lb_queue *queue = call->data;
	queue->receive_fails = call->error.code != LB_OK;
	if (queue->receive_fails) {
		note_failure(queue, &call->error);
	} else {
		note_success(queue);
	}
	for (size_t i = 0; i < call->messages.count; i++) {
		LB_INJECTION_POINT("queue-received");
		take(queue, &call->messages.items[i]);
	}
	proceed_soon(queue);
}

/* What was not deleted alone comes again, and is deleted by its new handle then. */
static void on_deleted(struct lb_sqs_call *call)
{
	struct lb_queue *queue = call->data;
	bool answered = call->error.code == LB_OK;
	size_t entry = 0;
	queue->delete_fails = !answered;
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		struct letter *letter = &queue->letters[i];
		if (letter->state != LETTER_DELETING) {
			continue;
		}
		queue->totals.deleted += answered && !call->failed[entry];
		entry++;
		if (answered) {
			forget(letter);
		} else {
			letter->state = LETTER_READY;
		}
	}
	if (!answered) {
		note_failure(queue, &call->error);
	} else {
		note_success(queue);
	}
	if (*call->code != '\0') {
		lb_log(queue->options.log, LB_LOG_WARNING, "messages not deleted, they come again",
		       "queue", queue->sqs.place.name, "code", call->code, NULL);
	}
	LB_INJECTION_POINT("queue-deleted");
	proceed_soon(queue);
}

/* --- what is next ------------------------------------------------------------ */

static void delete_ready(struct lb_queue *queue)
{
	const char *handles[LB_SQS_BATCH_MAX];
	size_t number = 0;
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX && number < LB_SQS_BATCH_MAX; i++) {
		struct letter *letter = &queue->letters[i];
		if (letter->state == LETTER_READY) {
			letter->state = LETTER_DELETING;
			handles[number++] = letter->handle;
		}
	}
	lb_sqs_delete(&queue->sqs, &queue->deleting, handles, number);
}

static void post_held(struct lb_queue *queue)
{
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		if (queue->letters[i].state == LETTER_HELD) {
			post(&queue->letters[i]);
		}
	}
}

/* While something is held nothing more is received: somebody else may have more luck
 * with it, and here it would only pile up. */
static void proceed(struct lb_queue *queue)
{
	bool waits = queue->waits;
	if (!waits && !queue->deleting.pending && count(queue, LETTER_READY) > 0) {
		delete_ready(queue);
	}
	bool holds = count(queue, LETTER_HELD) > 0;
	if (holds && !waits) {
		wait_before_next(queue, POST_AGAIN_US);
	}
	if (!queue->is_stopped && !waits && !holds && !queue->receiving.pending &&
	    count(queue, LETTER_NONE) >= LB_SQS_BATCH_MAX) {
		lb_sqs_receive(&queue->sqs, &queue->receiving, queue->works ? WAIT_SECONDS : 0);
	}
}

static void on_soon(void *data)
{
	proceed(data);
}

static void on_again(void *data)
{
	struct lb_queue *queue = data;
	queue->waits = false;
	post_held(queue);
	proceed(queue);
}

/* --- life -------------------------------------------------------------------- */

enum lb_err lb_queue_create(const struct lb_queue_options *options, struct lb_queue **ret_queue,
			    struct lb_error *error)
{
	struct lb_queue *queue = lb_alloc(sizeof(*queue));
	if (queue == NULL) {
		return lb_fail_nomem(error);
	}
	queue->options = *options;
	queue->random = options->random_seed;
	queue->sqs = (struct lb_sqs){
		.place = options->place,
		.http = options->http,
		.credentials = options->credentials,
	};
	queue->receiving = (struct lb_sqs_call){.done = on_received, .data = queue};
	queue->deleting = (struct lb_sqs_call){.done = on_deleted, .data = queue};
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		queue->letters[i].queue = queue;
	}
	queue->soon = (struct lb_alarm){.on_alarm = on_soon, .data = queue};
	queue->again = (struct lb_alarm){.on_alarm = on_again, .data = queue};
	proceed_soon(queue);
	*ret_queue = queue;
	return LB_OK;
}

void lb_queue_stop(struct lb_queue *queue)
{
	queue->is_stopped = true;
	lb_sqs_cancel(&queue->receiving);
}

const struct lb_queue_totals *lb_queue_totals(const struct lb_queue *queue)
{
	return &queue->totals;
}

void lb_queue_destroy(struct lb_queue *queue)
{
	if (queue == NULL) {
		return;
	}
	lb_sqs_cancel(&queue->receiving);
	lb_sqs_cancel(&queue->deleting);
	for (size_t i = 0; i < LB_QUEUE_LETTERS_MAX; i++) {
		if (queue->letters[i].state == LETTER_POSTED) {
			lb_notices_cancel(queue->options.notices, &queue->letters[i].notice);
		}
		forget(&queue->letters[i]);
	}
	lb_sigv4_key_finish(&queue->sqs.key);
	struct lb_clock *clock = queue->options.clock;
	clock->impl->set_alarm(clock, &queue->soon, INT64_MAX);
	clock->impl->set_alarm(clock, &queue->again, INT64_MAX);
	lb_free(queue);
}
