#include "net/url.h"

#include <string.h>

static bool is_unreserved(unsigned char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
	       byte == '~';
}

/* Writes text encoded, without NUL, and returns the end: at most three bytes a byte. */
static char *put_encoded(char *out, const char *text, bool keep_slashes)
{
	static const char hex[] = "0123456789ABCDEF";
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		if (is_unreserved(byte) || (keep_slashes && byte == '/')) {
			*out++ = *text;
		} else {
			*out++ = '%';
			*out++ = hex[byte >> 4];
			*out++ = hex[byte & 15];
		}
	}
	return out;
}

char *lb_url_encode(struct lb_arena *arena, const char *text, bool keep_slashes)
{
	char *encoded = lb_arena_alloc(arena, strlen(text) * 3 + 1);
	if (encoded != NULL) {
		*put_encoded(encoded, text, keep_slashes) = '\0';
	}
	return encoded;
}
