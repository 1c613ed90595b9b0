/* error.h: what every fallible function returns.
 *
 * A function that can fail returns enum lb_err and takes, as its last
 * parameter, a caller-owned struct lb_error that receives the details. There
 * is nothing to free, no thread-local state, and it works without memory.
 * Libraries return errors and never log them; engine and cli log, once.
 *
 * Threads: an lb_error belongs to one caller; nothing here is shared. */
#ifndef LB_BASE_ERROR_H
#define LB_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define LB_MUST_CHECK __attribute__((warn_unused_result))
#define LB_PRINTF(format_index, first_index)                                                       \
	__attribute__((format(printf, format_index, first_index)))

/* code, text, whether the same call may succeed later without anybody's help */
#define LB_ERR_MAP(X)                                                                              \
	X(LB_OK, "ok", false)                                                                      \
	X(LB_NOMEM, "out of memory", true)                                                         \
	X(LB_INVALID, "invalid input", false)                                                      \
	X(LB_NOT_FOUND, "not found", false)                                                        \
	X(LB_BUSY, "busy", true)                                                                   \
	X(LB_IO, "input/output error", true)                                                       \
	X(LB_FULL, "no space left", true)                                                          \
	X(LB_UNAVAILABLE, "unavailable", true)                                                     \
	X(LB_REFUSED, "refused", false)                                                            \
	X(LB_CORRUPT, "corrupt", false)                                                            \
	X(LB_UNSUPPORTED, "not supported", false)

enum lb_err {
#define LB_ERR_ENUM(code, text, retriable) code,
	LB_ERR_MAP(LB_ERR_ENUM)
#undef LB_ERR_ENUM
		LB_ERR_MAX
};

#define LB_ERROR_MESSAGE_MAX 1024

/* code:      LB_OK until something failed.
 * retriable: from the code's row above; the failing function may override it.
 * message:   one line for people, without a final full stop; cut when longer. Control
 *            characters, and bytes that are not UTF-8, are escaped (text.h), as they
 *            may come from outside. */
struct lb_error {
	enum lb_err code;
	bool retriable;
	char message[LB_ERROR_MESSAGE_MAX];
};

/* Fill *error and return code, so that `return lb_fail(…)` reads well.
 * error may be NULL: then only the code is returned. code is not LB_OK. */
enum lb_err lb_fail(struct lb_error *error, enum lb_err code, const char *format, ...)
	LB_PRINTF(3, 4);

/* Put "context: " before the message of an error already set; returns its code. */
enum lb_err lb_wrap(struct lb_error *error, const char *format, ...) LB_PRINTF(2, 3);

/* Out of memory, in the one wording used everywhere. */
enum lb_err lb_fail_nomem(struct lb_error *error);

/* The fixed text of a code, never NULL. */
const char *lb_err_text(enum lb_err code);

#endif
