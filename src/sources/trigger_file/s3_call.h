/* s3_call.h: one request about one object: PUT (also of a copy), GET, HEAD, DELETE.
 *
 * What may pass is tried again, five times, with pauses that double from 0.4 s. A bucket
 * that turns out to be in another region is followed there once; expired credentials are
 * fetched anew once, a wrong clock is set right once.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_S3_CALL_H
#define LB_SOURCES_TRIGGER_FILE_S3_CALL_H

#include "net/aws_credentials.h"
#include "net/http.h"
#include "net/sigv4.h"
#include "sources/trigger_file/s3_place.h"

#define LB_S3_CALL_FIELDS_MAX 4

/* The way to a bucket, shared by calls. loop, http, credentials: borrowed. place: in arena;
 * it follows the bucket to its region. Finish it when no call is under way. */
struct lb_s3_bucket {
	uv_loop_t *loop;
	struct lb_http *http;
	struct lb_aws_credentials *credentials;
	struct lb_s3_place place;
	struct lb_arena arena;
	struct lb_sigv4_key key;
};

/* place: copied. Errors: NOMEM; the bucket is finished then. */
enum lb_err lb_s3_bucket_init(struct lb_s3_bucket *bucket, uv_loop_t *loop, struct lb_http *http,
			      struct lb_aws_credentials *credentials,
			      const struct lb_s3_place *place,
			      struct lb_error *error) LB_MUST_CHECK;
void lb_s3_bucket_finish(struct lb_s3_bucket *bucket);

/* In memory of the caller's, who fills the upper part and keeps it, with all that it
 * points to, until done.
 * key:     of the object, as it is in the bucket.
 * headers: signed and sent; at most LB_S3_CALL_FIELDS_MAX.
 * body:    body_length bytes; NULL: none.
 * right:   what has to be allowed, for messages: "s3:PutObject".
 * done:    called once, never before lb_s3_call_start returns; it may free the call.
 *
 * Filled before done:
 * status:  of the last answer, 0 when none came.
 * error:   code LB_OK: status is 2xx. NOT_FOUND: there is no such object, or no such bucket;
 *          BUSY: a condition in headers does not hold (409, 412); REFUSED: it is not
 *          allowed; else what the bucket, or the way to it, said.
 * code:    S3's word for what went wrong: "NoSuchKey"; "" when the answer had none, as that to a
 *          HEAD. A copy that fails on its way is an error with one, and status 200.
 * etag:    of the answer, without quotes; "" when it has none. */
struct lb_s3_call {
	struct lb_s3_bucket *bucket;
	const char *method;
	const char *key;
	const struct lb_sigv4_field *headers;
	size_t header_count;
	const void *body;
	size_t body_length;
	const char *right;
	void (*done)(struct lb_s3_call *call);
	void *data;

	int status;
	struct lb_error error;
	char code[64];
	char etag[128];
	/* ---- */
	struct lb_aws_waiter waiter;
	struct lb_http_request request;
	struct lb_http_field fields[LB_S3_CALL_FIELDS_MAX + 8];
	struct lb_arena arena;
	uv_timer_t timer;
	char key_id[160];
	int tries;
	bool is_asking;
	bool is_sent;
	bool moved;
	bool renewed;
	bool clock_set;
};

void lb_s3_call_start(struct lb_s3_call *call);

/* done is not called; the call is the caller's again after the loop's next turn, when
 * closed is called. */
void lb_s3_call_cancel(struct lb_s3_call *call, void (*closed)(struct lb_s3_call *call));

#endif
