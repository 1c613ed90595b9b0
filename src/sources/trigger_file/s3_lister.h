/* s3_lister.h: lists a bucket of S3, or of what speaks its language (object_lister.h).
 *
 * Each request is one ListObjectsV2, signed, with keep-alive, read as it arrives. What may
 * pass is tried again here, with pauses that grow, going on behind the last key that
 * came; SlowDown also halves how many requests are under way, which then recovers slowly.
 * A bucket that turns out to be in another region is followed there once; expired
 * credentials are fetched anew once, a wrong clock is set right once. See docs/s3.md.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_S3_LISTER_H
#define LB_SOURCES_TRIGGER_FILE_S3_LISTER_H

#include "net/aws_credentials.h"
#include "net/http.h"
#include "sources/trigger_file/object_lister.h"
#include "sources/trigger_file/s3_place.h"

/* All borrowed, and outlive the lister. place: copied. */
struct lb_s3_options {
	uv_loop_t *loop;
	struct lb_http *http;
	struct lb_aws_credentials *credentials;
	const struct lb_s3_place *place;
};

/* Errors: NOMEM. */
enum lb_err lb_s3_lister_create(const struct lb_s3_options *options,
				struct lb_object_lister **ret_lister,
				struct lb_error *error) LB_MUST_CHECK;

#endif
