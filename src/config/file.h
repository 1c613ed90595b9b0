/* file.h: whole text files of bounded size, and the paths written in them. */
#ifndef LB_CONFIG_FILE_H
#define LB_CONFIG_FILE_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

/* bytes: owned, ended by a NUL that length does not count; a UTF-8 byte order
 * mark is left out. world_readable: everybody on the machine may read it. */
struct lb_text_file {
	char *bytes;
	size_t length;
	bool world_readable;
};

/* Zeroed is fine. */
void lb_text_file_finish(struct lb_text_file *file);

/* Reads path, "-" being standard input. The message does not repeat the path.
 * Errors: NOT_FOUND, INVALID (a directory, larger than bytes_max), IO, NOMEM. */
enum lb_err lb_text_file_read(const char *path, size_t bytes_max, struct lb_text_file *ret_file,
			      struct lb_error *error) LB_MUST_CHECK;

/* The line (from 1) of the first byte that is not UTF-8 or is NUL; 0: none. */
int lb_text_file_bad_line(const struct lb_text_file *file);

/* The line of the byte at offset. */
int lb_text_file_line(const struct lb_text_file *file, size_t offset);

/* The folder that path is in, "." when it names none. NULL: exhausted. */
char *lb_path_folder(struct lb_arena *arena, const char *path);

/* path as seen from folder: itself when it is absolute or folder is "." or NULL. */
char *lb_path_join(struct lb_arena *arena, const char *folder, const char *path);

/* The same place whatever the working directory: folder made absolute (it
 * exists; NULL is the working directory), then path without "./", doubled and
 * trailing slashes. */
char *lb_path_absolute(struct lb_arena *arena, const char *folder, const char *path);

/* Length of a URL's scheme at the start of text ("s3" of "s3://…"), 0: none. */
size_t lb_path_scheme_length(const char *text);

#endif
