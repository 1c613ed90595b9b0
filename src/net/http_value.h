/* http_value.h: what the values of HTTP headers say. Pure; any thread.
 * A text that is NULL is a header that did not come. */
#ifndef LB_NET_HTTP_VALUE_H
#define LB_NET_HTTP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* The longest delay that is believed. */
#define LB_HTTP_RETRY_AFTER_MAX_US (INT64_C(3600) * 1000 * 1000)

/* A date by RFC 9110, 5.6.7, in any of its three forms:
 * "Sun, 23 Nov 2025 06:00:00 GMT". now_us: tells the century of the form that
 * has two digits for the year. */
bool lb_http_date_parse(const char *text, int64_t now_us, int64_t *ret_time_us);

/* Retry-After (RFC 9110, 10.2.3): seconds, or a date, which is compared with
 * the server's own: date is the answer's Date, or NULL, then now_us stands for
 * it. Never below 0 nor above LB_HTTP_RETRY_AFTER_MAX_US. */
bool lb_http_retry_after_parse(const char *text, const char *date, int64_t now_us,
			       int64_t *ret_delay_us);

/* Whether a Content-Type is JSON: "application/json", "application/problem+json",
 * with any parameters. */
bool lb_http_is_json(const char *content_type);

/* Whether an answer is a page for people, as of a login or a proxy: by its
 * Content-Type, or without that by how the body begins. body: never NULL. */
bool lb_http_is_page(const char *content_type, const char *body);

#endif
