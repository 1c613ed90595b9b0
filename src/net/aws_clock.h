/* aws_clock.h: how far this machine's clock is from the servers'.
 *
 * AWS refuses signatures that are more than some minutes off
 * (RequestTimeTooSkewed, "Signature expired"). Its answers carry the Date by
 * which a request can be signed so that it is taken. Zeroed: no difference.
 * Pure; threads: one at a time. */
#ifndef LB_NET_AWS_CLOCK_H
#define LB_NET_AWS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lb_aws_clock {
	int64_t offset_us; /* to be added to this machine's time */
};

/* Takes over a server's time. date_header: "Sun, 23 Nov 2025 06:00:00 GMT" (RFC
 * 9110, 5.6.7), or NULL. now_us: this machine's time when the answer came.
 * True when that moved the offset by more than a minute, so that a request that
 * was refused for its time is worth signing anew. Anything else than such a
 * date changes nothing. */
bool lb_aws_clock_note(struct lb_aws_clock *clock, const char *date_header, int64_t now_us);

/* The servers' time at this machine's now_us. */
int64_t lb_aws_clock_now(const struct lb_aws_clock *clock, int64_t now_us);

/* Whether an error code of AWS (and its message, or NULL) says that the time
 * of the signature was wrong. */
bool lb_aws_clock_blamed(const char *code, const char *message);

#endif
