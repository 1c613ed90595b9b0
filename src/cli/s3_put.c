#include "cli/s3_put.h"

#include "cli/s3.h"
#include "sources/trigger_file/s3_call.h"

/* On a loop of its own. */
struct put {
	uv_loop_t loop;
	struct lb_http *http;
	struct lb_s3_client client;
	struct lb_s3_bucket bucket;
	struct lb_s3_call call;
	struct lb_arena arena;
};

static void on_done(struct lb_s3_call *call)
{
	struct put *put = call->data;
	uv_stop(&put->loop);
}

static enum lb_err open_put(struct put *put, const struct lb_config *config, const char *location,
			    struct lb_error *error)
{
	const struct lb_http_options options = {.ca_bundle = lb_s3_ca_bundle(config)};
	struct lb_s3_place place;
	enum lb_err err = lb_s3_find_place(config, location, &put->arena, &place, error);
	if (err == LB_OK) {
		err = lb_http_create(&put->loop, &options, &put->http, error);
	}
	if (err == LB_OK) {
		err = lb_s3_client_open(&put->client, config, &put->loop, put->http, error);
	}
	return err == LB_OK ? lb_s3_bucket_init(&put->bucket, &put->loop, put->http,
						put->client.credentials, &place, error)
			    : err;
}

static void close_put(struct put *put)
{
	lb_s3_client_close(&put->client);
	lb_http_destroy(put->http);
	while (uv_run(&put->loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&put->loop);
	lb_s3_bucket_finish(&put->bucket);
	lb_arena_finish(&put->arena);
}

/* A PUT whose answer was lost may have come through; then the next try finds that there
 * is such an object, and its caller takes another name: twice is better than never. */
static enum lb_err put_object(struct put *put, const char *key, const void *content, size_t length,
			      struct lb_error *error)
{
	static const struct lb_sigv4_field condition = {"if-none-match", "*"};
	const char *whole = lb_arena_printf(&put->arena, "%s%s", put->bucket.place.prefix, key);
	if (whole == NULL) {
		return lb_fail_nomem(error);
	}
	put->call = (struct lb_s3_call){
		.bucket = &put->bucket,
		.method = "PUT",
		.key = whole,
		.headers = &condition,
		.header_count = 1,
		.body = content,
		.body_length = length,
		.right = "s3:PutObject",
		.done = on_done,
		.data = put,
	};
	lb_s3_call_start(&put->call);
	(void)uv_run(&put->loop, UV_RUN_DEFAULT);
	*error = put->call.error;
	return error->code;
}

enum lb_err lb_s3_put_new(const struct lb_config *config, const char *location, const char *key,
			  const void *content, size_t length, struct lb_error *error)
{
	static const struct lb_config nothing;
	struct put put = {0};
	if (uv_loop_init(&put.loop) != 0) {
		return lb_fail(error, LB_IO, "cannot make an event loop");
	}
	enum lb_err err = open_put(&put, config != NULL ? config : &nothing, location, error);
	if (err == LB_OK) {
		err = put_object(&put, key, content, length, error);
	}
	close_put(&put);
	return err;
}
