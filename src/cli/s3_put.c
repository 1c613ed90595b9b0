#include "cli/s3_put.h"

#include "cli/s3.h"
#include "sources/trigger_file/s3_answer.h"
#include "sources/trigger_file/s3_listing.h"

#include <stdio.h>
#include <string.h>

#define TRIES_MAX 6

/* again: the same request may be made once more, after a pause. */
struct put {
	uv_loop_t loop;
	struct lb_http *http;
	struct lb_s3_client client;
	struct lb_s3_place place;
	const char *path;
	const void *content;
	size_t length;
	struct lb_aws_waiter waiter;
	struct lb_http_request request;
	struct lb_http_field headers[16];
	struct lb_arena arena;
	struct lb_arena place_arena;
	bool again;
	bool renewed;
	char key_id[160];
	struct lb_error error;
};

static enum lb_err no_key(void *data, const struct lb_listed *listed, struct lb_error *error)
{
	(void)data;
	(void)listed;
	return lb_fail(error, LB_CORRUPT, "the answer to a PUT is a listing");
}

/* What an answer that is not 200 says. */
static void judge(struct put *put)
{
	const struct lb_http_request *request = &put->request;
	struct lb_s3_listing *answer = lb_arena_alloc(&put->arena, sizeof(*answer));
	struct lb_error ignored;
	if (answer == NULL || lb_s3_listing_init(answer, no_key, NULL, &ignored) != LB_OK) {
		(void)lb_fail_nomem(&put->error);
		return;
	}
	(void)!lb_s3_listing_feed(answer, request->response, request->response_length, &ignored);
	(void)!lb_s3_listing_end(answer, &ignored);
	enum lb_s3_remedy remedy = lb_s3_answer_judge(&put->place, put->path, request->status,
						      answer->code, answer->message, &put->error);
	const char *region = lb_http_header(request, "x-amz-bucket-region");
	switch (remedy) {
	case LB_S3_LATER:
	case LB_S3_SLOWER:
		put->again = true;
		break;
	case LB_S3_MOVED:
		put->again =
			region != NULL && strcmp(region, put->place.region) != 0 &&
			lb_s3_place_move(&put->place, region, &put->place_arena, &ignored) == LB_OK;
		break;
	case LB_S3_RENEW:
		lb_aws_credentials_reject(put->client.credentials, put->key_id);
		put->again = !put->renewed;
		put->renewed = true;
		break;
	case LB_S3_CLOCK:
		put->again = lb_aws_credentials_note_date(put->client.credentials,
							  lb_http_header(request, "Date"));
		break;
	case LB_S3_FINAL:
		break;
	}
	lb_s3_listing_finish(answer);
}

static void on_done(struct lb_http_request *request)
{
	struct put *put = request->data;
	put->error = request->error;
	put->again = false;
	if (request->error.code != LB_OK) {
		put->again = request->error.retriable;
	} else if (request->status == 412 || request->status == 409) {
		(void)lb_fail(&put->error, LB_BUSY, "s3://%s%s exists already", put->place.bucket,
			      put->path);
	} else if (request->status != 200) {
		judge(put);
	}
	uv_stop(&put->loop);
}

static enum lb_err sign(struct put *put, const struct lb_aws_keys *keys, struct lb_error *error)
{
	const struct lb_sigv4_field condition = {"if-none-match", "*"};
	struct lb_sigv4_key key = {0};
	struct lb_sigv4_request request = {
		.service = &lb_sigv4_s3,
		.region = put->place.region,
		.method = "PUT",
		.scheme = put->place.scheme,
		.host = put->place.host,
		.path = put->path,
		.headers = &condition,
		.header_count = 1,
		.body = put->content,
		.body_length = put->length,
	};
	struct lb_sigv4_signed result;
	enum lb_err err =
		lb_sigv4_sign(&request, keys, lb_aws_credentials_now(put->client.credentials), &key,
			      &put->arena, &result, error);
	lb_sigv4_key_finish(&key);
	size_t count = 0;
	put->headers[count++] = (struct lb_http_field){condition.name, condition.value};
	for (size_t i = 0; err == LB_OK && i < result.headers.count; i++) {
		put->headers[count++] = (struct lb_http_field){result.headers.items[i].name,
							       result.headers.items[i].value};
	}
	if (err == LB_OK) {
		put->request = (struct lb_http_request){
			.method = "PUT",
			.url = result.url,
			.headers = put->headers,
			.header_count = count,
			.body = put->content,
			.body_length = put->length,
			.done = on_done,
			.data = put,
		};
	}
	return err;
}

static void on_keys(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		    const struct lb_error *error)
{
	struct put *put = waiter->data;
	put->again = false;
	if (keys == NULL) {
		put->error = *error;
	} else if (sign(put, keys, &put->error) == LB_OK) {
		(void)snprintf(put->key_id, sizeof(put->key_id), "%s", keys->access_key_id);
		lb_http_submit(put->http, &put->request);
		return;
	}
	uv_stop(&put->loop);
}

static enum lb_err open_put(struct put *put, const struct lb_config *config, const char *location,
			    struct lb_error *error)
{
	const struct lb_http_options options = {.ca_bundle = lb_s3_ca_bundle(config)};
	enum lb_err err = lb_s3_find_place(config, location, &put->place_arena, &put->place, error);
	if (err == LB_OK) {
		err = lb_http_create(&put->loop, &options, &put->http, error);
	}
	if (err == LB_OK) {
		err = lb_s3_client_open(&put->client, config, &put->loop, put->http, error);
	}
	return err;
}

/* The bucket's path ends in a slash when it is by host only. */
static enum lb_err make_path(struct put *put, const char *key, struct lb_error *error)
{
	const char *slash = put->place.path_style ? "/" : "";
	put->path = lb_arena_printf(&put->place_arena, "%s%s%s%s", put->place.path, slash,
				    put->place.prefix, key);
	return put->path != NULL ? LB_OK : lb_fail_nomem(error);
}

static void try_once(struct put *put)
{
	put->error = (struct lb_error){0};
	lb_arena_finish(&put->arena);
	put->waiter = (struct lb_aws_waiter){.done = on_keys, .data = put};
	lb_aws_credentials_get(put->client.credentials, &put->waiter);
	(void)uv_run(&put->loop, UV_RUN_DEFAULT);
}

static void close_put(struct put *put)
{
	lb_s3_client_close(&put->client);
	lb_http_destroy(put->http);
	while (uv_run(&put->loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&put->loop);
	lb_arena_finish(&put->arena);
	lb_arena_finish(&put->place_arena);
}

/* A PUT whose answer was lost may have come through; then the next try finds that there
 * is such an object, and its caller takes another name: twice is better than never. */
static enum lb_err put_patiently(struct put *put, struct lb_error *error)
{
	try_once(put);
	for (int tries = 1; put->again && tries < TRIES_MAX; tries++) {
		uv_sleep(200U << tries);
		try_once(put);
	}
	*error = put->error;
	return error->code;
}

enum lb_err lb_s3_put_new(const struct lb_config *config, const char *location, const char *key,
			  const void *content, size_t length, struct lb_error *error)
{
	static const struct lb_config nothing;
	struct put put = {.content = content, .length = length};
	if (uv_loop_init(&put.loop) != 0) {
		return lb_fail(error, LB_IO, "cannot make an event loop");
	}
	enum lb_err err = open_put(&put, config != NULL ? config : &nothing, location, error);
	if (err == LB_OK) {
		err = make_path(&put, key, error);
	}
	if (err == LB_OK) {
		err = put_patiently(&put, error);
	}
	close_put(&put);
	return err;
}
