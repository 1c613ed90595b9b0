#include "net/aws_clock.h"

#include "base/time.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool parse_date(const char *text, int64_t *ret_time_us)
{
	char month[4];
	int day;
	int year;
	int hour;
	int minute;
	int second;
	int end = 0;
	int fields = sscanf(text, "%*3c, %2d %3s %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour,
			    &minute, &second, &end);
	return fields == 6 && end > 0 && text[end] == '\0' &&
	       lb_time_from_civil(year, month_of(month), day, hour, minute, second, ret_time_us);
}

bool lb_aws_clock_note(struct lb_aws_clock *clock, const char *date_header, int64_t now_us)
{
	int64_t server_us;
	if (date_header == NULL || !parse_date(date_header, &server_us)) {
		return false;
	}
	int64_t before_us = clock->offset_us;
	clock->offset_us = server_us - now_us;
	return llabs(clock->offset_us - before_us) > LB_MINUTE;
}

int64_t lb_aws_clock_now(const struct lb_aws_clock *clock, int64_t now_us)
{
	return now_us + clock->offset_us;
}

bool lb_aws_clock_blamed(const char *code, const char *message)
{
	static const char *const codes[] = {"RequestTimeTooSkewed", "RequestExpired",
					    "RequestInTheFuture"};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(code, codes[i]) == 0) {
			return true;
		}
	}
	/* STS and SQS name the signature, and the time only in the message. */
	return message != NULL && (strstr(message, "Signature expired") != NULL ||
				   strstr(message, "Signature not yet current") != NULL);
}
