#include "sources/trigger_file/s3_call.h"

#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/s3_answer.h"
#include "sources/trigger_file/s3_listing.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TRIES_MAX 6
#define PAUSE_FIRST_MS 400

/* --- the way to a bucket ------------------------------------------------------- */

enum lb_err lb_s3_bucket_init(struct lb_s3_bucket *bucket, uv_loop_t *loop, struct lb_http *http,
			      struct lb_aws_credentials *credentials,
			      const struct lb_s3_place *place, struct lb_error *error)
{
	*bucket = (struct lb_s3_bucket){.loop = loop, .http = http, .credentials = credentials};
	enum lb_err err = lb_s3_place_copy(place, &bucket->arena, &bucket->place, error);
	if (err != LB_OK) {
		lb_s3_bucket_finish(bucket);
	}
	return err;
}

void lb_s3_bucket_finish(struct lb_s3_bucket *bucket)
{
	lb_sigv4_key_finish(&bucket->key);
	lb_arena_finish(&bucket->arena);
	*bucket = (struct lb_s3_bucket){0};
}

/* --- one call ------------------------------------------------------------------ */

static void on_closed(uv_handle_t *timer)
{
	struct lb_s3_call *call = timer->data;
	call->done(call);
}

static void finish(struct lb_s3_call *call)
{
	lb_arena_finish(&call->arena);
	uv_close((uv_handle_t *)&call->timer, on_closed);
}

static void on_timer(uv_timer_t *timer);

static void try_again(struct lb_s3_call *call, bool at_once)
{
	uint64_t pause_ms = at_once ? 0 : (uint64_t)PAUSE_FIRST_MS << call->tries;
	if (!at_once && ++call->tries >= TRIES_MAX) {
		finish(call);
		return;
	}
	lb_arena_finish(&call->arena);
	(void)uv_timer_start(&call->timer, on_timer, pause_ms, 0);
}

static enum lb_err no_key(void *data, const struct lb_listed *listed, struct lb_error *error)
{
	(void)data;
	(void)listed;
	return lb_fail(error, LB_CORRUPT, "the answer is a listing");
}

/* Reads the error document, if there is one; a HEAD has none. In the call's arena. */
static const struct lb_s3_listing *read_document(struct lb_s3_call *call)
{
	struct lb_s3_listing *document = lb_arena_alloc(&call->arena, sizeof(*document));
	struct lb_error ignored;
	if (document == NULL || lb_s3_listing_init(document, no_key, NULL, &ignored) != LB_OK) {
		return NULL;
	}
	(void)!lb_s3_listing_feed(document, call->request.response, call->request.response_length,
				  &ignored);
	(void)!lb_s3_listing_end(document, &ignored);
	lb_s3_listing_finish(document);
	return document;
}

static bool follow(struct lb_s3_call *call, const struct lb_s3_listing *document)
{
	struct lb_s3_bucket *bucket = call->bucket;
	struct lb_error ignored;
	const char *region = lb_http_header(&call->request, "x-amz-bucket-region");
	region = region != NULL ? region : document->region;
	if (call->moved || *region == '\0') {
		return false;
	}
	call->moved = true;
	return lb_s3_place_move(&bucket->place, region, &bucket->arena, &ignored) == LB_OK;
}

/* What is done once, and then the same request at once. */
static bool mend(struct lb_s3_call *call, enum lb_s3_remedy remedy,
		 const struct lb_s3_listing *document)
{
	struct lb_aws_credentials *credentials = call->bucket->credentials;
	if (remedy == LB_S3_MOVED) {
		return follow(call, document);
	}
	if (remedy == LB_S3_RENEW) {
		lb_aws_credentials_reject(credentials, call->key_id);
		bool first = !call->renewed;
		call->renewed = true;
		return first;
	}
	if (remedy == LB_S3_CLOCK && !call->clock_set) {
		call->clock_set = true;
		return lb_aws_credentials_note_date(credentials,
						    lb_http_header(&call->request, "Date"));
	}
	return false;
}

static void judge(struct lb_s3_call *call, const struct lb_s3_listing *document)
{
	const struct lb_s3_place *place = &call->bucket->place;
	(void)snprintf(call->code, sizeof(call->code), "%s", document->code);
	const struct lb_s3_asked asked = {"key", call->key, call->right};
	enum lb_s3_remedy remedy = lb_s3_answer_judge(place, &asked, call->status, document->code,
						      document->message, &call->error);
	if (mend(call, remedy, document)) {
		try_again(call, true);
	} else if (remedy == LB_S3_LATER || remedy == LB_S3_SLOWER) {
		try_again(call, false);
	} else {
		finish(call);
	}
}

static void take_etag(struct lb_s3_call *call)
{
	const char *etag = lb_http_header(&call->request, "ETag");
	size_t length = etag != NULL ? strlen(etag) : 0;
	bool quoted = length >= 2 && etag[0] == '"' && etag[length - 1] == '"';
	(void)snprintf(call->etag, sizeof(call->etag), "%.*s", (int)(quoted ? length - 2 : length),
		       etag != NULL ? etag + quoted : "");
}

/* A copy that fails on its way has been answered 200 by then: the error is in the body. */
static void read_answer(struct lb_s3_call *call)
{
	const struct lb_s3_listing *document = read_document(call);
	if (document == NULL) {
		(void)lb_fail_nomem(&call->error);
		finish(call);
	} else if (call->status / 100 != 2 || document->code[0] != '\0') {
		judge(call, document);
	} else {
		take_etag(call);
		finish(call);
	}
}

static void on_done(struct lb_http_request *request)
{
	struct lb_s3_call *call = request->data;
	const struct lb_s3_place *place = &call->bucket->place;
	call->is_sent = false;
	call->status = request->status;
	call->error = request->error;
	if (request->error.code != LB_OK) {
		(void)lb_wrap(&call->error, "bucket %s", place->bucket);
		if (request->error.retriable) {
			try_again(call, false);
		} else {
			finish(call);
		}
	} else if (request->status == 412 || request->status == 409) {
		(void)lb_fail(&call->error, LB_BUSY, "bucket %s, key '%s': HTTP %d", place->bucket,
			      call->key, request->status);
		finish(call);
	} else {
		read_answer(call);
	}
}

/* The bucket's path ends in a slash when the host's name has its name. */
static const char *path_of(struct lb_s3_call *call)
{
	const struct lb_s3_place *place = &call->bucket->place;
	return lb_arena_printf(&call->arena, "%s%s%s", place->path, place->path_style ? "/" : "",
			       call->key);
}

static enum lb_err sign(struct lb_s3_call *call, const struct lb_aws_keys *keys,
			struct lb_sigv4_signed *ret_signed, struct lb_error *error)
{
	struct lb_s3_bucket *bucket = call->bucket;
	const struct lb_sigv4_request request = {
		.service = &lb_sigv4_s3,
		.region = bucket->place.region,
		.method = call->method,
		.scheme = bucket->place.scheme,
		.host = bucket->place.host,
		.path = path_of(call),
		.headers = call->headers,
		.header_count = call->header_count,
		.body = call->body,
		.body_length = call->body_length,
	};
	return request.path != NULL
		       ? lb_sigv4_sign(&request, keys, lb_aws_credentials_now(bucket->credentials),
				       &bucket->key, &call->arena, ret_signed, error)
		       : lb_fail_nomem(error);
}

static size_t fill_fields(struct lb_s3_call *call, const struct lb_sigv4_signed *result)
{
	size_t count = 0;
	assert(call->header_count + result->headers.count <=
	       sizeof(call->fields) / sizeof(call->fields[0]));
	for (size_t i = 0; i < call->header_count; i++) {
		call->fields[count++] =
			(struct lb_http_field){call->headers[i].name, call->headers[i].value};
	}
	for (size_t i = 0; i < result->headers.count; i++) {
		const struct lb_sigv4_field *field = &result->headers.items[i];
		call->fields[count++] = (struct lb_http_field){field->name, field->value};
	}
	return count;
}

static void on_keys(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		    const struct lb_error *problem)
{
	struct lb_s3_call *call = waiter->data;
	struct lb_sigv4_signed result = {0};
	call->is_asking = false;
	if (keys == NULL) {
		call->error = *problem;
	} else if (sign(call, keys, &result, &call->error) == LB_OK) {
		(void)snprintf(call->key_id, sizeof(call->key_id), "%s", keys->access_key_id);
		call->request = (struct lb_http_request){
			.method = call->method,
			.url = result.url,
			.headers = call->fields,
			.header_count = fill_fields(call, &result),
			.body = call->body,
			.body_length = call->body_length,
			.done = on_done,
			.data = call,
		};
		call->is_sent = true;
		lb_http_submit(call->bucket->http, &call->request);
		return;
	}
	(void)lb_wrap(&call->error, "bucket %s", call->bucket->place.bucket);
	finish(call);
}

static void ask(struct lb_s3_call *call)
{
	call->is_asking = true;
	call->waiter = (struct lb_aws_waiter){.done = on_keys, .data = call};
	lb_aws_credentials_get(call->bucket->credentials, &call->waiter);
}

static void on_timer(uv_timer_t *timer)
{
	ask(timer->data);
}

void lb_s3_call_start(struct lb_s3_call *call)
{
	assert(call->header_count <= LB_S3_CALL_FIELDS_MAX);
	call->status = 0;
	call->error = (struct lb_error){0};
	call->etag[0] = '\0';
	call->code[0] = '\0';
	call->arena = (struct lb_arena){0};
	call->tries = 0;
	call->moved = call->renewed = call->clock_set = false;
	call->is_asking = call->is_sent = false;
	(void)uv_timer_init(call->bucket->loop, &call->timer); /* cannot fail */
	call->timer.data = call;
	ask(call);
}

void lb_s3_call_cancel(struct lb_s3_call *call, void (*closed)(struct lb_s3_call *call))
{
	if (call->is_asking) {
		lb_aws_credentials_cancel(call->bucket->credentials, &call->waiter);
	}
	if (call->is_sent) {
		lb_http_cancel(call->bucket->http, &call->request);
	}
	lb_arena_finish(&call->arena);
	call->done = closed;
	if (!uv_is_closing((uv_handle_t *)&call->timer)) {
		uv_close((uv_handle_t *)&call->timer, on_closed);
	}
}
