/* url.h: texts as parts of URLs (RFC 3986). Pure; any thread. */
#ifndef LB_NET_URL_H
#define LB_NET_URL_H

#include "base/mem.h"

#include <stdbool.h>

/* Percent-encoded: all bytes but letters, digits and -._~ become %XX in
 * capitals; '/' stays if keep_slashes. NULL when the arena is exhausted. */
char *lb_url_encode(struct lb_arena *arena, const char *text, bool keep_slashes);

#endif
