/* local.h: the lister over a local directory. */
#ifndef LB_SOURCES_TRIGGER_FILE_LOCAL_H
#define LB_SOURCES_TRIGGER_FILE_LOCAL_H

#include "sources/trigger_file/folder_lister.h"

#include <stdbool.h>

/* The path that base_location names: itself, or what a file: URL says
 * (file:///x, file:/x, file://localhost/x), without trailing '/'. Owned by the
 * caller. Errors: INVALID (empty, or another kind of URL), NOMEM. */
enum lb_err lb_local_path(const char *base_location, char **ret_path,
			  struct lb_error *error) LB_MUST_CHECK;

/* base_path: copied; need not exist yet. Symbolic links are followed, in it and
 * below it; those that lead nowhere are left out. Errors: NOMEM. */
enum lb_err lb_local_lister_create(const char *base_path, struct lb_folder_lister **ret_lister,
				   struct lb_error *error) LB_MUST_CHECK;

/* Look at one file, on any thread. False when it is not there any more, or is
 * not a file. key and etag go into arena; also false when that is exhausted. */
bool lb_local_look(const char *base_path, const char *sensor_id, const char *file_name,
		   struct lb_arena *arena, struct lb_listed *ret_listed);

/* Does path lie where other machines write unseen by this kernel, so that
 * watching it shows too little? False also when path cannot be asked. */
bool lb_local_is_remote(const char *path);

#endif
