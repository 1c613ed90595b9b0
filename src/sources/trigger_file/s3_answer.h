/* s3_answer.h: what an answer of S3 that is no listing means, and what to do.
 *
 * Codes are defined in the Amazon S3 API Reference, "List of error codes". Pure. */
#ifndef LB_SOURCES_TRIGGER_FILE_S3_ANSWER_H
#define LB_SOURCES_TRIGGER_FILE_S3_ANSWER_H

#include "sources/trigger_file/s3_place.h"

/* LATER: it may pass: the same again, after a pause. SLOWER: likewise, and with fewer
 * at once. MOVED: the bucket is in another region. RENEW: other credentials are needed.
 * CLOCK: the request's time was wrong. FINAL: error says why. */
enum lb_s3_remedy { LB_S3_LATER, LB_S3_SLOWER, LB_S3_MOVED, LB_S3_RENEW, LB_S3_CLOCK, LB_S3_FINAL };

/* What was asked for, for messages. noun: "prefix" or "key", of that name. right: what has to
 * be allowed for it: "s3:ListBucket". */
struct lb_s3_asked {
	const char *noun;
	const char *name;
	const char *right;
};

/* status: of HTTP. code, message: of the error document, "" when there was none. ret_error: always
 * filled: REFUSED (access is denied), NOT_FOUND (no such bucket), INVALID, UNAVAILABLE; names
 * bucket and remedy. */
enum lb_s3_remedy lb_s3_answer_judge(const struct lb_s3_place *place,
				     const struct lb_s3_asked *asked, int status, const char *code,
				     const char *message, struct lb_error *ret_error);

#endif
