#include "net/aws_clock.h"

#include "base/time.h"
#include "net/http_value.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool lb_aws_clock_note(struct lb_aws_clock *clock, const char *date_header, int64_t now_us)
{
	int64_t server_us;
	if (!lb_http_date_parse(date_header, now_us, &server_us)) {
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
