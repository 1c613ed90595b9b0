/* time.h: points in time and durations.
 *
 * A point in time is microseconds since 1970-01-01T00:00:00Z in an int64_t
 * named …_us or …_at_us; LB_TIME_NONE stands for SQL's NULL. Everything is
 * UTC, proleptic Gregorian, without leap seconds. Pure; any thread. The clock
 * itself is ports/clock.h. */
#ifndef LB_BASE_TIME_H
#define LB_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define LB_TIME_NONE INT64_MIN

#define LB_MS ((int64_t)1000)
#define LB_SECOND ((int64_t)1000000)
#define LB_MINUTE (60 * LB_SECOND)
#define LB_HOUR (60 * LB_MINUTE)
#define LB_DAY (24 * LB_HOUR)

/* Room for any text of the two functions that format, and its NUL. */
#define LB_TIME_TEXT_MAX 64

/* ISO 8601 with milliseconds, "2025-11-23T06:00:00.000Z", into text (returned);
 * LB_TIME_NONE gives "". */
char *lb_time_format(int64_t time_us, char text[static LB_TIME_TEXT_MAX]);

/* Reads what lb_time_format writes and what people write by hand: 'T' or a
 * space between date and time, optional fraction, 'Z', an offset (+01:00) or
 * nothing (UTC). False when it is not a time, or not of the years 1–9999 in UTC. */
bool lb_time_parse(const char *text, int64_t *ret_time_us);

/* From calendar fields, validated (month 1–12, day within its month, hour
 * 0–23, minute and second 0–59; year 1–9999). */
bool lb_time_from_civil(int year, int month, int day, int hour, int minute, int second,
			int64_t *ret_time_us);

/* Durations as in Spark's and our settings: "10s", "250ms", "1 day",
 * "2 weeks", "90 minutes", "1.5h"; a bare number is seconds. False when it is
 * not one, negative, or over 10,000 days. */
bool lb_duration_parse(const char *text, int64_t *ret_duration_us);

/* Short form for people: "250 ms", "1.5 s", "12 min", "3 h", "2 days". */
char *lb_duration_format(int64_t duration_us, char text[static LB_TIME_TEXT_MAX]);

#endif
