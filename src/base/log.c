#include "base/log.h"

#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct line {
	char bytes[LINE_MAX_BYTES];
	size_t length;
};

static const char *const level_texts[LB_LOG_LEVEL_MAX] = {
	[LB_LOG_ERROR] = "error",
	[LB_LOG_WARNING] = "warning",
	[LB_LOG_INFO] = "info",
	[LB_LOG_DEBUG] = "debug",
};

const char *lb_log_level_text(enum lb_log_level level)
{
	return level_texts[level];
}

const char *lb_log_int(int64_t number, char text[static 24])
{
	(void)snprintf(text, 24, "%lld", (long long)number);
	return text;
}

/* What ends a value and a line must still fit when the text was cut. */
#define LINE_END_BYTES 4

static void put(struct line *line, const char *bytes, size_t length)
{
	if (length + LINE_END_BYTES <= LINE_MAX_BYTES - line->length) {
		memcpy(line->bytes + line->length, bytes, length);
		line->length += length;
	}
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Further fields are dropped whole once the line is nearly full. */
static bool has_room(const struct line *line)
{
	return line->length < LINE_MAX_BYTES - 256;
}

static bool is_plain(const char *value)
{
	for (const char *c = value; *c != '\0'; c++) {
		bool alnum = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z');
		if (!alnum && strchr("-_./:@+,", *c) == NULL) {
			return false;
		}
	}
	return *value != '\0';
}

/* A JSON string, which serves the text form too. Invalid UTF-8 becomes U+FFFD. */
static void put_quoted(struct line *line, const char *value)
{
	size_t length = strlen(value);
	put_text(line, "\"");
	for (size_t at = 0; at < length;) {
		size_t step = lb_utf8_length(value + at, length - at);
		char c = value[at];
		if (step == 0) {
			put_text(line, "\\ufffd");
			step = 1;
		} else if (c == '"' || c == '\\') {
			put(line, (const char[]){'\\', c}, 2);
		} else if ((unsigned char)c < 0x20 || c == 0x7F) {
			char escape[8];
			(void)snprintf(escape, sizeof(escape), "\\u%04x",
				       (unsigned)(unsigned char)c);
			put_text(line, escape);
		} else {
			put(line, value + at, step);
		}
		at += step;
	}
	line->bytes[line->length++] = '"';
}

static void put_field_text(struct line *line, const char *name, const char *value)
{
	put_text(line, " ");
	put_text(line, name);
	put_text(line, "=");
	if (is_plain(value)) {
		put_text(line, value);
	} else {
		put_quoted(line, value);
	}
}

static void put_field_json(struct line *line, const char *name, const char *value)
{
	put_text(line, line->length > 1 ? ",\"" : "\"");
	put_text(line, name);
	put_text(line, "\":");
	put_quoted(line, value);
}

static void write_line(int fd, struct line *line)
{
	line->bytes[line->length++] = '\n';
	const char *bytes = line->bytes;
	while (line->length > 0) {
		ssize_t written = write(fd, bytes, line->length);
		if (written < 0 && errno != EINTR) {
			return;
		}
		if (written > 0) {
			bytes += written;
			line->length -= (size_t)written;
		}
	}
}

void lb_log(const struct lb_log *log, enum lb_log_level level, const char *message, ...)
{
	if (log == NULL || log->fd < 0 || level > log->level) {
		return;
	}
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	char time_text[LB_TIME_TEXT_MAX];
	(void)lb_time_format((int64_t)now.tv_sec * LB_SECOND + now.tv_nsec / 1000, time_text);
	struct line line = {.length = 0};
	bool json = log->format == LB_LOG_JSON;
	void (*put_field)(struct line *, const char *, const char *) =
		json ? put_field_json : put_field_text;
	if (json) {
		put_text(&line, "{");
		put_field(&line, "time", time_text);
		put_field(&line, "level", level_texts[level]);
	} else {
		put_text(&line, time_text);
		put_text(&line, " ");
		put_text(&line, level_texts[level]);
	}
	put_field(&line, "msg", message);
	va_list fields;
	va_start(fields, message);
	for (const char *name; (name = va_arg(fields, const char *)) != NULL;) {
		const char *value = va_arg(fields, const char *);
		if (value != NULL && has_room(&line)) {
			put_field(&line, name, value);
		}
	}
	va_end(fields);
	if (json) {
		line.bytes[line.length++] = '}';
	}
	write_line(log->fd, &line);
}
