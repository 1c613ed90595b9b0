/* listed.h: one file as a listing shows it. */
#ifndef LB_SOURCES_TRIGGER_FILE_LISTED_H
#define LB_SOURCES_TRIGGER_FILE_LISTED_H

#include "base/mem.h"

#include <stdint.h>

/* Room for any key and its NUL. S3 allows 1024 bytes, a file name 255. */
#define LB_KEY_MAX 1280

/* key:  `<sensor_id>/<file_name>`, relative to the base location.
 * etag: changes when the content does, see struct lb_file. */
struct lb_listed {
	const char *key;
	const char *etag;
	int64_t modified_at_us;
	int64_t size_bytes;
};

struct lb_listed_list LB_LIST_OF(struct lb_listed);

#endif
