/* s3_place.h: where a bucket is: its URL as people write it, and the server that has it.
 *
 * Virtual-hosted names are defined in the Amazon S3 User Guide, "Virtual hosting of
 * buckets". Pure; any thread. */
#ifndef LB_SOURCES_TRIGGER_FILE_S3_PLACE_H
#define LB_SOURCES_TRIGGER_FILE_S3_PLACE_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>

enum lb_s3_style { LB_S3_STYLE_AUTO, LB_S3_STYLE_PATH, LB_S3_STYLE_VIRTUAL };

/* endpoint: "http[s]://host[:port]", NULL: Amazon's own. region: NULL: us-east-1. */
struct lb_s3_server {
	const char *endpoint;
	const char *region;
	enum lb_s3_style style;
};

/* prefix: of all keys, "" or ending in '/'. scheme, host: where requests go. path: before
 * the key: "/" or "/bucket/"; of the bucket itself: "/" or "/bucket". */
struct lb_s3_place {
	const char *bucket;
	const char *prefix;
	const char *scheme;
	const char *host;
	const char *region;
	const char *path;
	bool path_style;
	bool own_endpoint;
};

/* Is it s3://, s3a:// or s3n://? */
bool lb_s3_is_location(const char *location);

/* ret_place: in arena, the bucket's path being that of the bucket itself. AUTO is
 * virtual-hosted with Amazon, unless the bucket's name has a dot, for which no
 * certificate is valid; and by path with an endpoint of one's own. Errors: INVALID, with
 * the remedy; NOMEM. */
enum lb_err lb_s3_place_make(const char *location, const struct lb_s3_server *server,
			     struct lb_arena *arena, struct lb_s3_place *ret_place,
			     struct lb_error *error) LB_MUST_CHECK;

/* A copy, in arena. Errors: NOMEM. */
enum lb_err lb_s3_place_copy(const struct lb_s3_place *place, struct lb_arena *arena,
			     struct lb_s3_place *ret_copy, struct lb_error *error) LB_MUST_CHECK;

/* The same bucket in another region of Amazon's; in arena. Errors: INVALID (no name of a
 * region; the place is as before), NOMEM. */
enum lb_err lb_s3_place_move(struct lb_s3_place *place, const char *region, struct lb_arena *arena,
			     struct lb_error *error) LB_MUST_CHECK;

#endif
