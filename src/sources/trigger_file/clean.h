/* clean.h: cleaners (ports/cleaner.h) of local folders and of buckets.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_CLEAN_H
#define LB_SOURCES_TRIGGER_FILE_CLEAN_H

#include "ports/cleaner.h"
#include "sources/trigger_file/clean_rule.h"
#include "sources/trigger_file/s3_call.h"

#include <uv.h>

/* rule: its texts outlive the cleaner; not KEEP. base_location: copied. */
struct lb_clean_options {
	const char *base_location;
	struct lb_clean_rule rule;
};

/* Works on one of the loop's worker threads. Errors: INVALID (not a local path), NOMEM. */
enum lb_err lb_clean_local_create(uv_loop_t *loop, const struct lb_clean_options *options,
				  struct lb_cleaner **ret_cleaner,
				  struct lb_error *error) LB_MUST_CHECK;

/* http, credentials: borrowed. place: of base_location, copied. Its memory is freed as the
 * loop turns. Errors: NOMEM. */
enum lb_err
lb_clean_s3_create(uv_loop_t *loop, struct lb_http *http, struct lb_aws_credentials *credentials,
		   const struct lb_s3_place *place, const struct lb_clean_options *options,
		   struct lb_cleaner **ret_cleaner, struct lb_error *error) LB_MUST_CHECK;

#endif
