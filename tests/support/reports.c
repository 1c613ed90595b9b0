/* What the product says of memory that is out. The tests' programs are linked with
 * --wrap for these, so every such word comes by here. */
#include "base/error.h"
#include "support/memory.h"

#include <stdarg.h>
#include <stdio.h>

enum lb_err __real_lb_fail(struct lb_error *error, enum lb_err code, const char *format, ...)
	LB_PRINTF(3, 4);
enum lb_err __real_lb_fail_nomem(struct lb_error *error);
enum lb_err __wrap_lb_fail(struct lb_error *error, enum lb_err code, const char *format, ...)
	LB_PRINTF(3, 4);
enum lb_err __wrap_lb_fail_nomem(struct lb_error *error);

enum lb_err __wrap_lb_fail(struct lb_error *error, enum lb_err code, const char *format, ...)
{
	char message[LB_ERROR_MESSAGE_MAX * 2];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (code == LB_NOMEM) {
		memory_reported();
	}
	memory_failure_told();
	return __real_lb_fail(error, code, "%s", message);
}

enum lb_err __wrap_lb_fail_nomem(struct lb_error *error)
{
	memory_reported();
	return __real_lb_fail_nomem(error);
}
