#include "base/error.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	bool retriable;
} err_table[LB_ERR_MAX] = {
#define LB_ERR_ROW(code, text, retriable) [code] = {text, retriable},
	LB_ERR_MAP(LB_ERR_ROW)
#undef LB_ERR_ROW
};

enum lb_err lb_fail(struct lb_error *error, enum lb_err code, const char *format, ...)
{
	assert(code > LB_OK && code < LB_ERR_MAX);
	if (error == NULL) {
		return code;
	}
	/* The arguments may point into error->message itself. */
	char message[LB_ERROR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	lb_text_printable_cut(message, error->message, sizeof(error->message));
	error->code = code;
	error->retriable = err_table[code].retriable;
	return code;
}

enum lb_err lb_wrap(struct lb_error *error, const char *format, ...)
{
	if (error == NULL) {
		return LB_IO;
	}
	char message[LB_ERROR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof(message)) {
		size_t room = sizeof(message) - (size_t)length;
		(void)snprintf(message + length, room, ": %.*s", (int)room, error->message);
	}
	lb_text_printable_cut(message, error->message, sizeof(error->message));
	return error->code;
}

enum lb_err lb_fail_nomem(struct lb_error *error)
{
	return lb_fail(error, LB_NOMEM, "out of memory");
}

const char *lb_err_text(enum lb_err code)
{
	return code >= LB_OK && code < LB_ERR_MAX ? err_table[code].text : "unknown error";
}
