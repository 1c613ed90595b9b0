/* s3.h: the way to a bucket of S3, as configured: endpoint, region, credentials.
 * Threads: the loop's. */
#ifndef LB_CLI_S3_H
#define LB_CLI_S3_H

#include "config/config.h"
#include "net/aws_credentials.h"
#include "net/aws_http.h"
#include "sources/trigger_file/s3_place.h"

#include <uv.h>

/* Embedded; stays in its place while open. carrier, credentials: one for all buckets. */
struct lb_s3_client {
	const struct lb_config *config;
	struct lb_http *http;
	struct lb_aws_http carrier;
	struct lb_aws_credentials *credentials;
};

/* The certificates to trust: the setting's, else AWS_CA_BUNDLE's; NULL: the system's. */
const char *lb_s3_ca_bundle(const struct lb_config *config);

/* What the settings say of credentials; where they say nothing the environment does. */
struct lb_aws_settings lb_s3_settings(const struct lb_config *config);

/* The bucket of location, by the settings, the environment (AWS_ENDPOINT_URL_S3,
 * AWS_REGION, …) and the profile. In arena. Errors: INVALID, IO (a file in ~/.aws),
 * NOMEM. */
enum lb_err lb_s3_find_place(const struct lb_config *config, const char *location,
			     struct lb_arena *arena, struct lb_s3_place *ret_place,
			     struct lb_error *error) LB_MUST_CHECK;

/* config, loop, http: borrowed. Errors: NOMEM. */
enum lb_err lb_s3_client_open(struct lb_s3_client *client, const struct lb_config *config,
			      uv_loop_t *loop, struct lb_http *http,
			      struct lb_error *error) LB_MUST_CHECK;

/* Zeroed is fine. Turn the loop afterwards. */
void lb_s3_client_close(struct lb_s3_client *client);

/* Can the bucket be listed? Asks it, on a loop of its own; blocks. ret_description: where
 * the credentials come from. Errors: whatever it answered. */
enum lb_err lb_s3_try_bucket(const struct lb_config *config, const char *location,
			     char ret_description[static LB_AWS_DESCRIPTION_MAX],
			     struct lb_error *error) LB_MUST_CHECK;

#endif
