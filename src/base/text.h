/* text.h: C strings, compared and trimmed the way the control table needs.
 * All functions accept NULL (SQL's NULL) where it says so. Only ASCII letters
 * fold; other bytes compare as they are. Pure; any thread. */
#ifndef LB_BASE_TEXT_H
#define LB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct lb_arena;

/* Equal bytes; NULL equals only NULL. */
bool lb_text_equal(const char *a, const char *b);

/* Equal after trimming ASCII white space and folding case: "TRUE " is "true".
 * NULL equals only NULL. */
bool lb_text_same_word(const char *a, const char *b);

/* -1, 0, 1 in byte order (memcmp, the order of object stores); NULL first. */
int lb_text_compare(const char *a, const char *b);

bool lb_text_starts_with(const char *text, const char *prefix);
bool lb_text_ends_with(const char *text, const char *suffix);

/* Trimmed copy; NULL for NULL or when the arena is exhausted. */
char *lb_text_trim(struct lb_arena *arena, const char *text);

/* Copy of text without the characters c that it ends in; owned by the caller, NULL
 * when memory is out. */
char *lb_text_without_trailing(const char *text, char c);

/* Length of the valid UTF-8 sequence at text (1–4), or 0 when the bytes there
 * are not UTF-8 (RFC 3629: no surrogates, nothing overlong). length: bytes
 * available. */
size_t lb_utf8_length(const char *text, size_t length);
bool lb_utf8_valid(const char *text);

/* How much of text fits into bytes_max bytes without cutting a sequence in two. */
size_t lb_utf8_cut(const char *text, size_t bytes_max);

/* Copy for terminals and logs: control characters, DEL and invalid UTF-8
 * become \n, \t or \xHH; a backslash stays. NULL becomes "". */
char *lb_text_printable(struct lb_arena *arena, const char *text);
/* The same into out, which holds size bytes (at least 1), cut at a whole character. */
void lb_text_printable_cut(const char *text, char *out, size_t size);

/* The candidate nearest to word (Damerau-Levenshtein, folded), for "did you
 * mean"; NULL when none is within a third of the word's length (at least 1). */
const char *lb_text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
