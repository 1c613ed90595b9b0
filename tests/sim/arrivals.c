#include "sim/arrivals.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/wire.h"
#include "sim/world.h"
#include "sources/trigger_file/listed.h"
#include "sources/trigger_file/queue.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What cannot be read goes elsewhere after so many tries. */
#define RECEIVES_MAX 4
/* How long a call waits for a letter. A real one waits for seconds; calls that bring
 * nothing would be most of what happens. */
#define PARKED_US (6 * LB_HOUR)
/* Longer than it takes to see in any world who waits for a sensor. */
#define KNOWN_AFTER_US (4 * LB_DAY)
#define HEARD_WITHIN_US LB_HOUR
#define BODY_MAX 1024

/* --- what is told ------------------------------------------------------------ */

/* As in HTML forms. */
static void encode(const char *key, char encoded[static 3 * LB_KEY_MAX])
{
	for (; *key != '\0'; key++) {
		bool plain = isalnum((unsigned char)*key) || strchr("-_./", *key) != NULL;
		if (plain || *key == ' ') {
			*encoded++ = plain ? *key : '+';
		} else {
			encoded += snprintf(encoded, 4, "%%%02X", (unsigned)*key & 0xff);
		}
	}
	*encoded = '\0';
}

static json_t *record_of(const struct sim_world *world, const struct sim_file *file,
			 const char *event_name)
{
	char key[LB_KEY_MAX];
	char encoded[3 * LB_KEY_MAX];
	char etag[16];
	char time[LB_TIME_TEXT_MAX];
	(void)snprintf(key, sizeof(key), SIM_PREFIX "/%s/%s",
		       world->bucket.folders[file->sensor].sensor_id, file->name);
	encode(key, encoded);
	(void)snprintf(etag, sizeof(etag), "%d", file->etag);
	/* The store's clock has milliseconds, and is asked when it is through. */
	(void)lb_time_format(file->modified_at_us + LB_MS - 1, time);
	return json_pack("{s:s, s:s, s:s, s:{s:{s:s}, s:{s:s, s:i, s:s}}}", "eventSource", "aws:s3",
			 "eventTime", time, "eventName", event_name, "s3", "bucket", "name",
			 SIM_BUCKET, "object", "key", encoded, "size", 7, "eTag", etag);
}

static json_t *bridged_of(const struct sim_world *world, const struct sim_file *file)
{
	char key[LB_KEY_MAX];
	char etag[16];
	char time[LB_TIME_TEXT_MAX];
	(void)snprintf(key, sizeof(key), SIM_PREFIX "/%s/%s",
		       world->bucket.folders[file->sensor].sensor_id, file->name);
	(void)snprintf(etag, sizeof(etag), "%d", file->etag);
	(void)lb_time_format(file->modified_at_us + LB_MS - 1, time);
	return json_pack("{s:s, s:s, s:s, s:{s:{s:s}, s:{s:s, s:i, s:s}}}", "source", "aws.s3",
			 "detail-type", "Object Created", "time", time, "detail", "bucket", "name",
			 SIM_BUCKET, "object", "key", key, "size", 7, "etag", etag);
}

static char *dump(json_t *json)
{
	char *text = sim_must(json_dumps(sim_must(json), JSON_COMPACT));
	json_decref(json);
	return text;
}

/* In one of the forms in which messages come. */
static char *letter_of(struct sim_world *world, const struct sim_file *file)
{
	uint64_t form = sim_below(&world->random, 3);
	if (form == 0) {
		return dump(bridged_of(world, file));
	}
	char *plain =
		dump(json_pack("{s:[o]}", "Records", record_of(world, file, "ObjectCreated:Put")));
	if (form == 1) {
		return plain;
	}
	char *wrapped = dump(json_pack("{s:s, s:s, s:s}", "Type", "Notification", "MessageId", "1",
				       "Message", plain));
	free(plain);
	return wrapped;
}

/* --- the queue --------------------------------------------------------------- */

/* A call on its way, and its answer: the world's, whoever made it may be dead. call:
 * only for the same life; NULL: nobody waits any more. next: among those that are
 * parked. waits: for a letter. brings: letters, of which these are copies. */
struct sim_trip {
	struct sim_node *node;
	unsigned life;
	uint64_t number;
	struct lb_sqs_call *call;
	struct sim_trip *next;
	bool waits;
	bool brings;
	bool fails;
	size_t count;
	char handles[LB_SQS_BATCH_MAX][32];
	char ids[LB_SQS_BATCH_MAX][24];
	char bodies[LB_SQS_BATCH_MAX][BODY_MAX];
	bool failed[LB_SQS_BATCH_MAX];
};

static void letter_free(struct sim_letter *letter)
{
	free(letter->body);
	free(letter);
}

static bool is_awaited(const struct sim_trip *trip)
{
	return trip->call != NULL && trip->node->life == trip->life;
}

static void take_out(struct sim_arrivals *arrivals, size_t at)
{
	letter_free(arrivals->letters[at]);
	arrivals->letters[at] = arrivals->letters[--arrivals->count];
}

static size_t find(const struct sim_arrivals *arrivals, int64_t number)
{
	size_t at = 0;
	while (at < arrivals->count && arrivals->letters[at]->number != number) {
		at++;
	}
	return at;
}

static void wake(struct sim_world *world);

static void happen_visible(void *subject, void *data)
{
	wake(subject);
	free(data);
}

static void show_later(struct sim_world *world, struct sim_letter *letter, int64_t delay_us)
{
	letter->visible_at_us = world->now_us + delay_us;
	sim_later(world, delay_us, happen_visible, NULL);
}

static struct sim_letter *post(struct sim_world *world, char *body)
{
	struct sim_arrivals *arrivals = &world->arrivals;
	if (arrivals->count == arrivals->capacity) {
		arrivals->capacity = arrivals->capacity > 0 ? 2 * arrivals->capacity : 64;
		arrivals->letters = sim_must(realloc(
			arrivals->letters, arrivals->capacity * sizeof(*arrivals->letters)));
	}
	struct sim_letter *letter = sim_new(sizeof(*letter));
	letter->number = ++arrivals->posted;
	letter->body = body;
	letter->expires_at_us = world->now_us + world->plan.retention_us;
	arrivals->letters[arrivals->count++] = letter;
	show_later(world, letter, sim_latency(world));
	return letter;
}

static void tell_once(struct sim_world *world, const struct sim_file *file)
{
	struct sim_letter *letter = post(world, letter_of(world, file));
	letter->file = file;
	letter->etag = file->etag;
}

void sim_arrivals_tell(struct sim_world *world, const struct sim_file *file)
{
	if (!world->plan.notified || sim_strikes(world, world->plan.troubles.untold_ppm)) {
		return;
	}
	tell_once(world, file);
	if (sim_chance(&world->random, 50000)) {
		tell_once(world, file);
	}
}

void sim_arrivals_tell_otherwise(struct sim_world *world)
{
	static const char *const bodies[] = {
		"{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"lake\"}",
		"{\"Records\":[{\"eventName\":\"ObjectRemoved:Delete\",\"s3\":{}}]}",
		"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{}}}]}",
		"not JSON",
	};
	if (world->plan.notified && sim_strikes(world, world->plan.troubles.poison_ppm)) {
		uint64_t which = sim_below(&world->random, 4);
		post(world, sim_must(strdup(bodies[which])))->poison = which >= 2;
	}
}

/* --- a call at the queue ----------------------------------------------------- */

static void happen_answer(void *subject, void *data)
{
	struct sim_trip *trip = data;
	struct sim_node *node = trip->node;
	struct lb_sqs_message messages[LB_SQS_BATCH_MAX];
	(void)subject;
	if (is_awaited(trip) && !sim_node_dies(node)) {
		struct lb_sqs_call *call = trip->call;
		for (size_t i = 0; i < trip->count; i++) {
			messages[i] = (struct lb_sqs_message){
				.id = trip->ids[i],
				.handle = trip->handles[i],
				.body = trip->bodies[i],
				.body_length = strlen(trip->bodies[i]),
			};
		}
		call->pending = false;
		call->messages.items = messages;
		call->messages.count = trip->brings && !trip->fails ? trip->count : 0;
		memcpy(call->failed, trip->failed, sizeof(call->failed));
		if (trip->fails) {
			enum lb_err err = lb_fail(&call->error, LB_UNAVAILABLE, "no answer");
			(void)err;
		}
		struct sim_memory *before = sim_memory_enter(&node->memory);
		call->done(call);
		(void)sim_memory_enter(before);
	}
	free(trip);
}

static void answer(struct sim_world *world, struct sim_trip *trip)
{
	trip->fails = trip->fails || sim_strikes(world, world->plan.troubles.reply_ppm);
	sim_later(world, sim_latency(world), happen_answer, trip);
}

static size_t draw_visible(struct sim_world *world)
{
	struct sim_arrivals *arrivals = &world->arrivals;
	size_t visible = 0;
	for (size_t i = 0; i < arrivals->count; i++) {
		visible += arrivals->letters[i]->visible_at_us <= world->now_us;
	}
	size_t skip = visible > 0 ? (size_t)sim_below(&world->random, visible) : 0;
	for (size_t i = 0; i < arrivals->count && visible > 0; i++) {
		if (arrivals->letters[i]->visible_at_us <= world->now_us && skip-- == 0) {
			return i;
		}
	}
	return arrivals->count;
}

/* What is too old, or nobody could read, is not given out but gone. */
static void gather(struct sim_world *world, struct sim_trip *trip)
{
	struct sim_arrivals *arrivals = &world->arrivals;
	size_t at;
	while (trip->count < LB_SQS_BATCH_MAX && (at = draw_visible(world)) < arrivals->count) {
		struct sim_letter *letter = arrivals->letters[at];
		if (world->now_us >= letter->expires_at_us ||
		    (letter->poison && letter->receives == RECEIVES_MAX)) {
			take_out(arrivals, at);
			continue;
		}
		letter->receives++;
		sim_tell(world, "lakebeat %zu is given message %lld", trip->node->index,
			 (long long)letter->number);
		show_later(world, letter, world->plan.visibility_us);
		(void)snprintf(trip->ids[trip->count], sizeof(trip->ids[0]), "%lld",
			       (long long)letter->number);
		(void)snprintf(trip->handles[trip->count], sizeof(trip->handles[0]), "%lld/%d",
			       (long long)letter->number, letter->receives);
		(void)snprintf(trip->bodies[trip->count++], BODY_MAX, "%s", letter->body);
		trip->brings = true;
	}
}

/* Of those that wait, the first that anybody still waits for. */
static void wake(struct sim_world *world)
{
	struct sim_arrivals *arrivals = &world->arrivals;
	while (arrivals->parked != NULL) {
		struct sim_trip *trip = arrivals->parked;
		if (is_awaited(trip)) {
			gather(world, trip);
			if (trip->count == 0) {
				return;
			}
		}
		arrivals->parked = trip->next;
		if (is_awaited(trip)) {
			answer(world, trip);
		} else {
			free(trip);
		}
	}
}

struct limit {
	uint64_t trip;
};

/* Nothing came. */
static void happen_limit(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct limit *limit = data;
	struct sim_trip **place = &world->arrivals.parked;
	while (*place != NULL && (*place)->number != limit->trip) {
		place = &(*place)->next;
	}
	if (*place != NULL) {
		struct sim_trip *trip = *place;
		*place = trip->next;
		answer(world, trip);
	}
	free(limit);
}

static void happen_receive(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct sim_trip *trip = data;
	trip->fails = sim_strikes(world, world->plan.troubles.request_ppm);
	if (!trip->fails) {
		gather(world, trip);
	}
	if (trip->fails || trip->count > 0 || !trip->waits) {
		answer(world, trip);
		return;
	}
	struct sim_trip **place = &world->arrivals.parked;
	while (*place != NULL) {
		place = &(*place)->next;
	}
	*place = trip;
	struct limit *limit = sim_new(sizeof(*limit));
	limit->trip = trip->number;
	sim_later(world, PARKED_US, happen_limit, limit);
}

/* A letter that tells of a delivery which somebody waits for may go only when it is in
 * the event log. */
static void check_deletion(struct sim_world *world, const struct sim_letter *letter)
{
	const struct sim_file *file = letter->file;
	if (file == NULL || !file->delivered || letter->etag != file->etag) {
		return;
	}
	int64_t since_us = world->arrivals.waited_since_us[file->sensor];
	bool known = since_us != INT64_MAX && world->now_us - since_us > KNOWN_AFTER_US;
	if (known && file->recorded == 0) {
		sim_fail(world, "deleted-when-durable",
			 "the message of %s/%s is deleted, and it is in no event log",
			 world->bucket.folders[file->sensor].sensor_id, file->name);
	}
}

/* An old receipt may do, and a deleted letter come again: not often. */
static bool delete_letter(struct sim_world *world, const char *handle)
{
	struct sim_arrivals *arrivals = &world->arrivals;
	size_t at = find(arrivals, strtoll(handle, NULL, 10));
	if (at == arrivals->count) {
		return true;
	}
	struct sim_letter *letter = arrivals->letters[at];
	bool is_old = atoi(strchr(handle, '/') + 1) != letter->receives;
	if ((is_old && sim_chance(&world->random, 500000)) ||
	    sim_strikes(world, world->plan.troubles.throttle_ppm)) {
		return false;
	}
	check_deletion(world, letter);
	sim_tell(world, "message %lld is deleted", (long long)letter->number);
	if (!sim_chance(&world->random, 10000)) {
		take_out(arrivals, at);
	}
	return true;
}

static void happen_delete(void *subject, void *data)
{
	struct sim_world *world = subject;
	struct sim_trip *trip = data;
	trip->fails = sim_strikes(world, world->plan.troubles.request_ppm);
	for (size_t i = 0; i < trip->count && !trip->fails; i++) {
		trip->failed[i] = !delete_letter(world, trip->handles[i]);
	}
	answer(world, trip);
}

/* --- in place of net/sqs.c, whose calls these are ---------------------------- */

static struct sim_trip *begin(struct lb_sqs *sqs, struct lb_sqs_call *call)
{
	struct sim_node *node = sim_wire_node(sqs->http);
	struct sim_trip *trip = sim_new(sizeof(*trip));
	*call = (struct lb_sqs_call){
		.done = call->done, .data = call->data, .sqs = sqs, .pending = true};
	call->request.carried = trip;
	trip->node = node;
	trip->life = node->life;
	trip->number = ++node->world->arrivals.trips;
	trip->call = call;
	return trip;
}

void lb_sqs_receive(struct lb_sqs *sqs, struct lb_sqs_call *call, int wait_seconds)
{
	struct sim_world *world = sim_wire_node(sqs->http)->world;
	struct sim_trip *trip = begin(sqs, call);
	trip->waits = wait_seconds > 0;
	sim_later(world, sim_latency(world), happen_receive, trip);
}

void lb_sqs_delete(struct lb_sqs *sqs, struct lb_sqs_call *call, const char *const *handles,
		   size_t count)
{
	struct sim_world *world = sim_wire_node(sqs->http)->world;
	struct sim_trip *trip = begin(sqs, call);
	trip->count = count;
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(trip->handles[i], sizeof(trip->handles[0]), "%s", handles[i]);
	}
	sim_later(world, sim_latency(world), happen_delete, trip);
}

void lb_sqs_cancel(struct lb_sqs_call *call)
{
	if (call->pending) {
		struct sim_trip *trip = call->request.carried;
		trip->call = NULL;
		call->pending = false;
	}
}

/* --- life -------------------------------------------------------------------- */

void sim_arrivals_begin(struct sim_world *world)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		world->arrivals.waited_since_us[i] = INT64_MAX;
	}
}

void sim_arrivals_finish(struct sim_arrivals *arrivals)
{
	for (size_t i = 0; i < arrivals->count; i++) {
		letter_free(arrivals->letters[i]);
	}
	free(arrivals->letters);
	while (arrivals->parked != NULL) {
		struct sim_trip *trip = arrivals->parked;
		arrivals->parked = trip->next;
		free(trip);
	}
}

void sim_arrivals_look(struct sim_world *world)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		int64_t *since_us = &world->arrivals.waited_since_us[i];
		bool waited = false;
		for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
			waited = waited || world->view.rows[job][i].exists;
		}
		if (!waited) {
			*since_us = INT64_MAX;
		} else if (*since_us == INT64_MAX) {
			*since_us = world->now_us;
		}
	}
}

struct expectation {
	const struct sim_file *file;
};

static void happen_expectation(void *subject, void *data)
{
	struct sim_world *world = subject;
	const struct sim_file *file = ((struct expectation *)data)->file;
	bool waited = world->arrivals.waited_since_us[file->sensor] != INT64_MAX;
	bool read = false;
	for (size_t i = 0; i < world->plan.node_count; i++) {
		read = read || world->nodes[i].queue != NULL;
	}
	if (waited && read && file->recorded == 0) {
		sim_fail(world, "heard-at-once", "%s/%s was told of, and is not in the event log",
			 world->bucket.folders[file->sensor].sensor_id, file->name);
	}
	free(data);
}

void sim_arrivals_expect(struct sim_world *world, const struct sim_file *file)
{
	struct expectation *expectation = sim_new(sizeof(*expectation));
	expectation->file = file;
	sim_later(world, HEARD_WITHIN_US, happen_expectation, expectation);
}

void sim_arrivals_open(struct sim_node *node)
{
	struct sim_world *world = node->world;
	struct lb_error error;
	node->queue_http = sim_wire_create(node);
	if (lb_notices_create(&node->notices, &error) != LB_OK ||
	    lb_notices_add(node->notices, node->source, &error) != LB_OK) {
		sim_fail(world, "orderly-ends", "%s", error.message);
		return;
	}
	const struct lb_queue_options options = {
		.clock = &node->adapters,
		.place = {.name = "arrivals"},
		.http = node->queue_http,
		.notices = node->notices,
		.sources = node->sources,
		.source_count = 1,
		.random_seed = sim_draw(&world->random),
	};
	if (lb_queue_create(&options, &node->queue, &error) != LB_OK) {
		sim_fail(world, "orderly-ends", "%s", error.message);
	}
}

void sim_arrivals_stop(struct sim_node *node)
{
	if (node->queue != NULL) {
		lb_queue_stop(node->queue);
	}
}

void sim_arrivals_close(struct sim_node *node)
{
	lb_queue_destroy(node->queue);
	lb_notices_destroy(node->notices);
	lb_http_destroy(node->queue_http);
}
