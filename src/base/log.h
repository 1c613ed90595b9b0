/* log.h: one line per thing that happened, on a stream that is passed in.
 *
 * Text form: `2025-11-23T06:00:00.123Z info msg="run accepted" job=555 run=3`;
 * values are quoted when they hold anything but letters, digits and -_./:@+,
 * and control characters are escaped, so outside text cannot forge a line.
 * JSON form: one object a line with time, level, msg and the fields as strings.
 *
 * Threads: lb_log may be called from any thread; a line is one write. */
#ifndef LB_BASE_LOG_H
#define LB_BASE_LOG_H

#include <stdint.h>

enum lb_log_level { LB_LOG_ERROR, LB_LOG_WARNING, LB_LOG_INFO, LB_LOG_DEBUG, LB_LOG_LEVEL_MAX };
enum lb_log_format { LB_LOG_TEXT, LB_LOG_JSON };

/* fd: borrowed; -1 drops everything. level: the least urgent level written. */
struct lb_log {
	int fd;
	enum lb_log_level level;
	enum lb_log_format format;
};

/* Writes one line: the message, then name/value pairs ended by a NULL name. A
 * pair whose value is NULL is left out. log may be NULL: nothing happens.
 * Lines are cut at 4096 bytes. */
void lb_log(const struct lb_log *log, enum lb_log_level level, const char *message, ...)
	__attribute__((sentinel));

/* A number as a field's value: `"run", LB_LOG_INT(run_no)`. Lives to the end of
 * the enclosing block. */
#define LB_LOG_INT(number) lb_log_int((number), (char[24]){0})
const char *lb_log_int(int64_t number, char text[static 24]);

/* "error", "warning", "info", "debug". */
const char *lb_log_level_text(enum lb_log_level level);

#endif
