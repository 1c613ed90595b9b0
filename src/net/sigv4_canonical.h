/* sigv4_canonical.h: the canonical request, piece by piece; see sigv4.h.
 * Results are in the arena; NULL when it is exhausted. Pure; any thread. */
#ifndef LB_NET_SIGV4_CANONICAL_H
#define LB_NET_SIGV4_CANONICAL_H

#include "net/sigv4.h"

/* The path without empty, "." and ".." segments, as RFC 3986 5.2.4 resolves
 * them; a slash at the end stays. */
char *lb_sigv4_normalize(struct lb_arena *arena, const char *path);

/* name=value&name=value, encoded and sorted by name, then value; "" for none. */
char *lb_sigv4_query(struct lb_arena *arena, const struct lb_sigv4_field *parameters, size_t count);

/* ret_lines: "name:value\n" for each header, names in small letters and sorted,
 * values trimmed, headers of one name joined by commas in their order.
 * ret_names: "name;name". False when the arena is exhausted. */
bool lb_sigv4_headers(struct lb_arena *arena, const struct lb_sigv4_field *headers, size_t count,
		      char **ret_lines, char **ret_names);

#endif
