/* s3_put.h: one new object. */
#ifndef LB_CLI_S3_PUT_H
#define LB_CLI_S3_PUT_H

#include "config/config.h"

/* An object that must not exist yet. location: as in an ACON; key: below it. config may be
 * NULL: then the environment decides. Blocks. Errors: BUSY: there is one of that name
 * already, which stays as it is; otherwise what the bucket answered. */
enum lb_err lb_s3_put_new(const struct lb_config *config, const char *location, const char *key,
			  const void *content, size_t length, struct lb_error *error) LB_MUST_CHECK;

#endif
