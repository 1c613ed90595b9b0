#include "net/http_value.h"

#include "base/time.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct date {
	char month[4];
	int day;
	int year;
	int hour;
	int minute;
	int second;
};

static int month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int month = 0; month < 12; month++) {
		if (strncmp(name, names + (ptrdiff_t)3 * month, 3) == 0) {
			return month + 1;
		}
	}
	return 0;
}

/* The three forms: IMF-fixdate, RFC 850's, asctime's. */
static bool scan(const char *text, struct date *date, bool *ret_short_year)
{
	int end = 0;
	int fields =
		sscanf(text, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &date->day, date->month,
		       &date->year, &date->hour, &date->minute, &date->second, &end);
	*ret_short_year = false;
	if (fields == 6 && end > 0 && text[end] == '\0') {
		return true;
	}
	fields = sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &date->day,
			date->month, &date->year, &date->hour, &date->minute, &date->second, &end);
	if (fields == 6 && end > 0 && text[end] == '\0') {
		*ret_short_year = true;
		return true;
	}
	fields = sscanf(text, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", date->month, &date->day,
			&date->hour, &date->minute, &date->second, &date->year, &end);
	return fields == 6 && end > 0 && text[end] == '\0';
}

bool lb_http_date_parse(const char *text, int64_t now_us, int64_t *ret_time_us)
{
	struct date date;
	bool short_year;
	if (text == NULL || !scan(text, &date, &short_year)) {
		return false;
	}
	int year = short_year ? 2000 + date.year : date.year;
	int64_t time_us;
	/* A leap second is the minute's last for us. */
	int second = date.second == 60 ? 59 : date.second;
	if (!lb_time_from_civil(year, month_of(date.month), date.day, date.hour, date.minute,
				second, &time_us)) {
		return false;
	}
	if (short_year && time_us > now_us + 50 * 365 * LB_DAY) {
		return lb_time_from_civil(year - 100, month_of(date.month), date.day, date.hour,
					  date.minute, second, ret_time_us);
	}
	*ret_time_us = time_us;
	return true;
}

static int64_t clamp(int64_t delay_us)
{
	if (delay_us < 0) {
		return 0;
	}
	return delay_us < LB_HTTP_RETRY_AFTER_MAX_US ? delay_us : LB_HTTP_RETRY_AFTER_MAX_US;
}

bool lb_http_retry_after_parse(const char *text, const char *date, int64_t now_us,
			       int64_t *ret_delay_us)
{
	if (text == NULL || text[0] == '\0') {
		return false;
	}
	size_t digits = strspn(text, "0123456789");
	if (text[digits] == '\0') {
		int64_t seconds = digits <= 9 ? strtol(text, NULL, 10) : 999999999;
		*ret_delay_us = clamp(seconds * LB_SECOND);
		return true;
	}
	int64_t until_us;
	int64_t from_us;
	if (!lb_http_date_parse(text, now_us, &until_us)) {
		return false;
	}
	if (!lb_http_date_parse(date, now_us, &from_us)) {
		from_us = now_us;
	}
	*ret_delay_us = clamp(until_us - from_us);
	return true;
}

static size_t media_type_length(const char *content_type)
{
	return strcspn(content_type, "; \t");
}

bool lb_http_is_json(const char *content_type)
{
	if (content_type == NULL) {
		return false;
	}
	size_t length = media_type_length(content_type);
	return (length == 16 && strncasecmp(content_type, "application/json", 16) == 0) ||
	       (length > 5 && strncasecmp(content_type + length - 5, "+json", 5) == 0);
}

bool lb_http_is_page(const char *content_type, const char *body)
{
	if (content_type != NULL) {
		size_t length = media_type_length(content_type);
		return (length == 9 && strncasecmp(content_type, "text/html", 9) == 0) ||
		       (length == 21 &&
			strncasecmp(content_type, "application/xhtml+xml", 21) == 0);
	}
	body += strspn(body, " \t\r\n");
	return strncasecmp(body, "<!doctype html", 14) == 0 || strncasecmp(body, "<html", 5) == 0;
}
