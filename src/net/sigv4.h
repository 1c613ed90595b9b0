/* sigv4.h: requests to AWS, and to what speaks its language, signed.
 *
 * Defined in the AWS Identity and Access Management User Guide, "AWS Signature
 * Version 4 for API requests" ("Create a signed AWS API request"), and for S3
 * in the Amazon S3 API Reference, "Authenticating Requests: Using the
 * Authorization Header". The payload's hash is always signed: UNSIGNED-PAYLOAD
 * and chunked signatures are not made.
 *
 * Pure: no clock, no I/O. Threads: any; a struct lb_sigv4_key at one time by one. */
#ifndef LB_NET_SIGV4_H
#define LB_NET_SIGV4_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_SIGV4_FIELDS_MAX 100 /* parameters, and headers, of one request */
#define LB_SIGV4_DIGEST_BYTES 32
#define LB_SIGV4_HASH_LENGTH ((size_t)2 * LB_SIGV4_DIGEST_BYTES) /* as hex */

/* A query parameter or a header. */
struct lb_sigv4_field {
	const char *name;
	const char *value;
};

struct lb_sigv4_field_list LB_LIST_OF(struct lb_sigv4_field);

/* How a service wants its requests signed.
 * name:           as in the credential scope: "s3", "sqs", "sts".
 * raw_path:       the path is encoded once and taken as it is; otherwise its
 *                 "." and ".." and doubled slashes are resolved, and it is
 *                 encoded once more, for the signature alone.
 * payload_header: the payload's hash is also sent, as x-amz-content-sha256. */
struct lb_sigv4_service {
	const char *name;
	bool raw_path;
	bool payload_header;
};

extern const struct lb_sigv4_service lb_sigv4_s3;
extern const struct lb_sigv4_service lb_sigv4_sqs;
extern const struct lb_sigv4_service lb_sigv4_sts;

/* Borrowed. session_token: NULL for long-term keys. */
struct lb_aws_keys {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
};

/* What is to be signed; everything borrowed.
 * scheme:     "https" or "http".
 * host:       name or address, with ":port" when it is not the scheme's own.
 * path:       starts with '/', not encoded: the bytes that are meant.
 * parameters: in any order, not encoded.
 * headers:    all of them are signed, so none that a proxy may change and none
 *             of those that the signature adds.
 * body:       body_length bytes; NULL when there is none. */
struct lb_sigv4_request {
	const struct lb_sigv4_service *service;
	const char *region;
	const char *method;
	const char *scheme;
	const char *host;
	const char *path;
	const struct lb_sigv4_field *parameters;
	size_t parameter_count;
	const struct lb_sigv4_field *headers;
	size_t header_count;
	const void *body;
	size_t body_length;
};

/* What must be sent, all in the arena.
 * url:       to be sent byte by byte as it stands (CURLOPT_PATH_AS_IS).
 * headers:   to be sent beside the request's own: Host, X-Amz-Date,
 *            X-Amz-Security-Token, X-Amz-Content-Sha256, Authorization.
 * canonical_request, string_to_sign: what was signed. The former holds the
 *            session token: never show it. */
struct lb_sigv4_signed {
	char *url;
	struct lb_sigv4_field_list headers;
	char *canonical_request;
	char *string_to_sign;
};

/* The signing key of the last day, region, service and secret, so that it is
 * derived once and not per request. Zeroed is empty. */
struct lb_sigv4_key {
	unsigned char key[LB_SIGV4_DIGEST_BYTES];
	unsigned char made_of[LB_SIGV4_DIGEST_BYTES];
	bool valid;
};

/* Forgets the key, leaving no trace in memory. */
void lb_sigv4_key_finish(struct lb_sigv4_key *key);

/* Signs request at now_us (the server's time, from 1970 to 9999). key: filled
 * or used. Errors: INVALID (no path, a control character in a header, …; the
 * message shows no value), NOMEM. */
enum lb_err lb_sigv4_sign(const struct lb_sigv4_request *request, const struct lb_aws_keys *keys,
			  int64_t now_us, struct lb_sigv4_key *key, struct lb_arena *arena,
			  struct lb_sigv4_signed *ret_signed, struct lb_error *error) LB_MUST_CHECK;

#endif
