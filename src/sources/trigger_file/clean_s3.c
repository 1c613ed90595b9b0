#include "base/text.h"
#include "net/url.h"
#include "sources/trigger_file/clean.h"

#include <string.h>

#define FLIGHTS_MAX 16

struct s3_cleaner;

/* LOOK: is it the event's content still? ASK: is it gone, or is its bucket, for which HEAD has 404
 * too? COPY: to where it is moved. DELETE: it is the event's, and copied if need be. */
enum step { STEP_LOOK, STEP_ASK, STEP_COPY, STEP_DELETE };

/* One object on its way out, a step at a time. etag: the event's, in quotes. */
struct flight {
	struct s3_cleaner *cleaner;
	size_t index;
	bool is_busy;
	enum step step;
	struct lb_arena arena;
	const char *key;
	const char *etag;
	struct lb_sigv4_field headers[2];
	struct lb_s3_call call;
};

/* cleaning: the one under way; NULL: none. next: the event that is begun next. failed: by event.
 * busy: flights. ends: no further object is begun. timer: begins a cleaning. */
struct s3_cleaner {
	struct lb_cleaner base;
	struct lb_s3_bucket bucket;
	struct lb_clean_options options;
	struct lb_cleaning *cleaning;
	size_t next;
	bool failed[LB_CLEANING_MAX];
	size_t busy;
	bool ends;
	uv_timer_t timer;
	struct flight flights[FLIGHTS_MAX];
};

static struct s3_cleaner *s3_of(struct lb_cleaner *cleaner)
{
	return (struct s3_cleaner *)cleaner;
}

static const struct lb_event *event_of(const struct flight *flight)
{
	return &flight->cleaner->cleaning->events.items[flight->index];
}

/* What may pass has been tried again before; the next object would wait for it too. */
static void note_failure(struct flight *flight, const struct lb_error *error)
{
	struct s3_cleaner *self = flight->cleaner;
	struct lb_cleaning *cleaning = self->cleaning;
	self->failed[flight->index] = true;
	if (cleaning->error.code == LB_OK) {
		cleaning->error = *error;
	}
	self->ends = self->ends || error->retriable || error->code == LB_NOMEM;
}

static void land(struct flight *flight);
static void on_step(struct lb_s3_call *call);

static void start(struct flight *flight, enum step step, const char *method, const char *key,
		  size_t header_count, const char *right)
{
	flight->step = step;
	flight->call = (struct lb_s3_call){
		.bucket = &flight->cleaner->bucket,
		.method = method,
		.key = key,
		.headers = flight->headers,
		.header_count = header_count,
		.right = right,
		.done = on_step,
		.data = flight,
	};
	lb_s3_call_start(&flight->call);
}

/* On the condition that it still is the event's, where the server knows such conditions. */
static void start_deleting(struct flight *flight)
{
	flight->headers[0] = (struct lb_sigv4_field){"if-match", flight->etag};
	start(flight, STEP_DELETE, "DELETE", flight->key, 1, "s3:DeleteObject");
}

/* CopyObject is a PUT with the source in a header, of its bucket and key, encoded. Not every
 * server knows its condition; so it was looked at first. */
static bool start_copying(struct flight *flight)
{
	const struct s3_cleaner *self = flight->cleaner;
	const struct lb_event *event = event_of(flight);
	struct lb_arena *arena = &flight->arena;
	const char *encoded = lb_url_encode(arena, flight->key, true);
	const char *target = lb_arena_printf(arena, "%s/%s/%s", self->options.rule.target,
					     event->sensor_id, event->file.file_name);
	const char *source = encoded != NULL ? lb_arena_printf(arena, "/%s/%s",
							       self->bucket.place.bucket, encoded)
					     : NULL;
	if (target == NULL || source == NULL) {
		return false;
	}
	flight->headers[0] = (struct lb_sigv4_field){"x-amz-copy-source", source};
	flight->headers[1] = (struct lb_sigv4_field){"x-amz-copy-source-if-match", flight->etag};
	start(flight, STEP_COPY, "PUT", target, 2,
	      "s3:PutObject there, and s3:GetObject for what is moved,");
	return true;
}

/* What the answer says of the object; STAYS: nothing final. */
static enum lb_cleaned_file judge(const struct flight *flight)
{
	const struct lb_s3_call *call = &flight->call;
	const char *etag = event_of(flight)->file.etag;
	if (call->status == 404 && lb_text_equal(call->code, "NoSuchKey")) {
		return LB_FILE_GONE;
	}
	if (call->status == 412 || (flight->step == STEP_LOOK && call->error.code == LB_OK &&
				    !lb_text_equal(call->etag, etag))) {
		return LB_FILE_IS_ANOTHER;
	}
	return flight->step == STEP_DELETE && call->error.code == LB_OK ? LB_FILE_GONE
									: LB_FILE_STAYS;
}

/* The step after one whose answer said nothing final; false: there is none. */
static bool go_on(struct flight *flight)
{
	const struct lb_s3_call *call = &flight->call;
	struct lb_error error;
	if (flight->step == STEP_LOOK && call->status == 404) {
		start(flight, STEP_ASK, "GET", flight->key, 0, "s3:GetObject");
		return true;
	}
	if (call->error.code != LB_OK) {
		note_failure(flight, &call->error);
		return false;
	}
	if (flight->step == STEP_ASK) {
		return false; /* there again by now: it is looked at the next time */
	}
	if (flight->step == STEP_COPY || flight->cleaner->options.rule.deed == LB_CONSUMED_DELETE) {
		start_deleting(flight);
		return true;
	}
	if (start_copying(flight)) {
		return true;
	}
	(void)lb_fail_nomem(&error);
	note_failure(flight, &error);
	return false;
}

static void on_step(struct lb_s3_call *call)
{
	struct flight *flight = call->data;
	enum lb_cleaned_file file = judge(flight);
	flight->cleaner->cleaning->files[flight->index] = file;
	if (file != LB_FILE_STAYS || !go_on(flight)) {
		land(flight);
	}
}

static bool begin(struct flight *flight)
{
	const struct s3_cleaner *self = flight->cleaner;
	const struct lb_event *event = event_of(flight);
	flight->key = lb_arena_printf(&flight->arena, "%s%s/%s", self->bucket.place.prefix,
				      event->sensor_id, event->file.file_name);
	flight->etag = lb_arena_printf(&flight->arena, "\"%s\"",
				       event->file.etag != NULL ? event->file.etag : "");
	if (flight->key == NULL || flight->etag == NULL) {
		return false;
	}
	start(flight, STEP_LOOK, "HEAD", flight->key, 0, "s3:GetObject");
	return true;
}

/* An earlier file of the same sensor has failed. */
static bool is_blocked(const struct s3_cleaner *self, size_t index)
{
	const struct lb_event *events = self->cleaning->events.items;
	for (size_t i = index; i > 0 && events[i - 1].sensor == events[index].sensor; i--) {
		if (self->failed[i - 1]) {
			return true;
		}
	}
	return false;
}

static void begin_next(struct flight *flight)
{
	struct s3_cleaner *self = flight->cleaner;
	struct lb_error error;
	while (!self->ends && self->next < self->cleaning->events.count) {
		flight->index = self->next++;
		if (is_blocked(self, flight->index)) {
			continue;
		}
		if (begin(flight)) {
			flight->is_busy = true;
			self->busy++;
			return;
		}
		(void)lb_fail_nomem(&error);
		note_failure(flight, &error);
		lb_arena_finish(&flight->arena);
	}
}

static void finish_if_over(struct s3_cleaner *self)
{
	struct lb_cleaning *cleaning = self->cleaning;
	if (self->busy == 0) {
		self->cleaning = NULL;
		cleaning->done(cleaning); /* last: it may destroy the cleaner */
	}
}

static void land(struct flight *flight)
{
	struct s3_cleaner *self = flight->cleaner;
	lb_arena_finish(&flight->arena);
	flight->is_busy = false;
	self->busy--;
	begin_next(flight);
	finish_if_over(self);
}

static void on_timer(uv_timer_t *timer)
{
	struct s3_cleaner *self = timer->data;
	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		begin_next(&self->flights[i]);
	}
	finish_if_over(self);
}

static void clean(struct lb_cleaner *base, struct lb_cleaning *cleaning)
{
	struct s3_cleaner *self = s3_of(base);
	self->cleaning = cleaning;
	self->next = 0;
	self->ends = false;
	memset(self->failed, 0, sizeof(self->failed));
	(void)uv_timer_start(&self->timer, on_timer, 0, 0);
}

static void on_canceled(struct lb_s3_call *call)
{
	struct flight *flight = call->data;
	lb_arena_finish(&flight->arena);
	flight->is_busy = false;
	flight->cleaner->busy--;
	finish_if_over(flight->cleaner);
}

static void stop(struct lb_cleaner *base)
{
	struct s3_cleaner *self = s3_of(base);
	self->ends = true;
	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		if (self->flights[i].is_busy) {
			lb_s3_call_cancel(&self->flights[i].call, on_canceled);
		}
	}
}

static void free_cleaner(uv_handle_t *timer)
{
	struct s3_cleaner *self = timer->data;
	lb_free((void *)(uintptr_t)self->base.base_location);
	lb_free(self);
}

static void destroy(struct lb_cleaner *base)
{
	struct s3_cleaner *self = s3_of(base);
	lb_s3_bucket_finish(&self->bucket);
	uv_close((uv_handle_t *)&self->timer, free_cleaner);
}

static const struct lb_cleaner_impl impl = {.clean = clean, .stop = stop, .destroy = destroy};

enum lb_err lb_clean_s3_create(uv_loop_t *loop, struct lb_http *http,
			       struct lb_aws_credentials *credentials,
			       const struct lb_s3_place *place,
			       const struct lb_clean_options *options,
			       struct lb_cleaner **ret_cleaner, struct lb_error *error)
{
	struct s3_cleaner *self = lb_alloc(sizeof(*self));
	char *base_location = lb_text_without_trailing(options->base_location, '/');
	if (self == NULL || base_location == NULL ||
	    lb_s3_bucket_init(&self->bucket, loop, http, credentials, place, error) != LB_OK) {
		lb_free(self);
		lb_free(base_location);
		return lb_fail_nomem(error);
	}
	self->base = (struct lb_cleaner){
		.impl = &impl,
		.sensor_source = "trigger_file",
		.base_location = base_location,
	};
	self->options = *options;
	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		self->flights[i].cleaner = self;
	}
	(void)uv_timer_init(loop, &self->timer); /* cannot fail */
	self->timer.data = self;
	*ret_cleaner = &self->base;
	return LB_OK;
}
