#include "base/text.h"
#include "net/url.h"
#include "sources/trigger_file/clean.h"

#include <string.h>

#define FLIGHTS_MAX 16

struct s3_cleaner;

/* One object on its way out, a step at a time: first it is looked at, or copied, then
 * deleted. */
struct flight {
	struct s3_cleaner *cleaner;
	size_t index;
	bool is_busy;
	bool is_deleting;
	struct lb_arena arena;
	const char *key;
	struct lb_sigv4_field headers[2];
	struct lb_s3_call call;
};

/* cleaning: the one under way; NULL: none. next: the event that is begun next.
 * busy: flights. ends: no further object is begun. timer: begins a cleaning. */
struct s3_cleaner {
	struct lb_cleaner base;
	struct lb_s3_bucket bucket;
	struct lb_clean_options options;
	struct lb_cleaning *cleaning;
	size_t next;
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
static void note(struct flight *flight, const struct lb_error *error)
{
	struct s3_cleaner *self = flight->cleaner;
	struct lb_cleaning *cleaning = self->cleaning;
	cleaning->gone[flight->index] = error->code == LB_OK;
	if (error->code != LB_OK && cleaning->error.code == LB_OK) {
		cleaning->error = *error;
	}
	self->ends = self->ends || error->retriable || error->code == LB_NOMEM;
	lb_arena_finish(&flight->arena);
}

static void land(struct flight *flight, const struct lb_error *error);
static void on_step(struct lb_s3_call *call);

static void start(struct flight *flight, const char *method, const char *key, size_t header_count,
		  const char *right)
{
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

static void start_deleting(struct flight *flight)
{
	flight->is_deleting = true;
	start(flight, "DELETE", flight->key, 0, "s3:DeleteObject");
}

/* What is gone, or has another content by now, is done with. */
static void on_step(struct lb_s3_call *call)
{
	static const struct lb_error none;
	struct flight *flight = call->data;
	enum lb_err err = call->error.code;
	bool is_moving = flight->cleaner->options.rule.deed == LB_CONSUMED_MOVE;
	bool is_another = err == LB_OK && !flight->is_deleting && !is_moving &&
			  !lb_text_equal(call->etag, event_of(flight)->file.etag);
	if (err == LB_NOT_FOUND || is_another ||
	    (err == LB_BUSY && !flight->is_deleting && flight->cleaner->options.check_etag)) {
		land(flight, &none);
	} else if (err == LB_OK && !flight->is_deleting) {
		start_deleting(flight);
	} else {
		land(flight, &call->error);
	}
}

/* CopyObject is a PUT with the source in a header, of its bucket and key, encoded. */
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
	const char *etag =
		lb_arena_printf(arena, "\"%s\"", event->file.etag != NULL ? event->file.etag : "");
	if (target == NULL || source == NULL || etag == NULL) {
		return false;
	}
	flight->headers[0] = (struct lb_sigv4_field){"x-amz-copy-source", source};
	flight->headers[1] = (struct lb_sigv4_field){"x-amz-copy-source-if-match", etag};
	start(flight, "PUT", target, self->options.check_etag ? 2 : 1,
	      "s3:GetObject, and s3:PutObject");
	return true;
}

static bool begin(struct flight *flight)
{
	const struct s3_cleaner *self = flight->cleaner;
	const struct lb_event *event = event_of(flight);
	flight->is_deleting = false;
	flight->key = lb_arena_printf(&flight->arena, "%s%s/%s", self->bucket.place.prefix,
				      event->sensor_id, event->file.file_name);
	if (flight->key == NULL) {
		return false;
	}
	if (self->options.rule.deed == LB_CONSUMED_MOVE) {
		return start_copying(flight);
	}
	if (self->options.check_etag) {
		start(flight, "HEAD", flight->key, 0, "s3:GetObject");
	} else {
		start_deleting(flight);
	}
	return true;
}

static void begin_next(struct flight *flight)
{
	struct s3_cleaner *self = flight->cleaner;
	struct lb_error error;
	while (!self->ends && self->next < self->cleaning->events.count) {
		flight->index = self->next++;
		if (begin(flight)) {
			flight->is_busy = true;
			self->busy++;
			return;
		}
		(void)lb_fail_nomem(&error);
		note(flight, &error);
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

static void land(struct flight *flight, const struct lb_error *error)
{
	struct s3_cleaner *self = flight->cleaner;
	note(flight, error);
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
