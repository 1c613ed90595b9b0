/* secret.h: texts that leave no trace in memory when they are given up.
 *
 * What is held here is zeroed before it is freed. Buffers that a library takes
 * on the way (of a TLS connection, of a parser) are beyond reach and are not.
 * Threads: any. */
#ifndef LB_NET_SECRET_H
#define LB_NET_SECRET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroes and frees what lb_alloc gave, up to its NUL. NULL is fine. */
void lb_secret_free(char *secret);

/* Whether both are the same; takes the same time wherever they differ, and however
 * long the first is. */
bool lb_secret_equal(const char *given, const char *secret);

/* Reads a whole file as text without NUL bytes; blocks, so for small local
 * files. ret_text: owned, by lb_secret_free; a UTF-8 byte order mark is left
 * out. The message does not repeat the path.
 * Errors: NOT_FOUND, INVALID (a directory, not UTF-8, larger than bytes_max),
 * IO, NOMEM. */
enum lb_err lb_secret_read_file(const char *path, size_t bytes_max, char **ret_text,
				struct lb_error *error) LB_MUST_CHECK;

#endif
