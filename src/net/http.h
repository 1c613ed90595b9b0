/* http.h: HTTP requests on the loop, many at a time.
 *
 * libcurl on libuv. HTTP/1.1 with connections kept alive; TLS 1.2 and later,
 * always verified; http and https only. Redirections are not followed: they
 * are answers like any other. A proxy is taken from the environment as libcurl
 * documents it (https_proxy, http_proxy in small letters, all_proxy, no_proxy).
 * Connections are not inherited by programs that are started. There is no
 * retry here but libcurl's own, of a kept-alive connection that turns out to
 * be closed.
 *
 * No message shows a header, a body, a path or a query.
 *
 * Threads: the loop's. */
#ifndef LB_NET_HTTP_H
#define LB_NET_HTTP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define LB_HTTP_RESPONSE_BYTES_DEFAULT ((size_t)1 << 20)

struct lb_http; /* http_carrier.h */

/* Zeroed: the defaults in brackets.
 * user_agent:         ["lakebeat/VERSION"]
 * ca_bundle:          a file of PEM certificates to trust instead of [the system's].
 * parallel_max:       requests on their way, and connections kept; more of them
 *                     wait in the order of submission, and their times do not
 *                     begin to count. [64]
 * connect_timeout_us: for name, connection and TLS together. [10 s]
 * stall_us:           gives up when less than a byte a second came or went for
 *                     so long; whole seconds. [60 s]
 * timeout_us:         for all of a request, if it names no time itself. [120 s] */
struct lb_http_options {
	const char *user_agent;
	const char *ca_bundle;
	int parallel_max;
	int64_t connect_timeout_us;
	int64_t stall_us;
	int64_t timeout_us;
};

/* loop: borrowed, outlives it. Errors: NOT_FOUND, IO (ca_bundle cannot be read),
 * INVALID (a ca_bundle without certificates), NOMEM, UNAVAILABLE (libcurl
 * cannot be set up). */
enum lb_err lb_http_create(uv_loop_t *loop, const struct lb_http_options *options,
			   struct lb_http **ret_http, struct lb_error *error) LB_MUST_CHECK;

/* Breaks off what is on its way; no done is called any more. Its handles close
 * as the loop turns. May be called from done and on_body. NULL is fine. */
void lb_http_destroy(struct lb_http *http);

/* A header. value "" sends it empty. */
struct lb_http_field {
	const char *name;
	const char *value;
};

/* One request. The caller owns it and keeps it in its place, with all that it
 * points to, until done or cancel. Zeroed but for method, url and done is a
 * plain request.
 *
 * method:   "GET", "POST", …
 * url:      sent byte by byte as it stands; "//" and "/../" stay. Without user
 *           and password.
 * headers:  sent beside Host, User-Agent, Accept and Content-Length, or instead
 *           of them.
 * body:     body_length bytes; NULL: none.
 * timeout_us: 0: as in lb_http_options.
 * direct:   never through a proxy (services at link-local addresses).
 * response_bytes_max: a longer body breaks the request off (CORRUPT);
 *           0: LB_HTTP_RESPONSE_BYTES_DEFAULT. Not with on_body.
 * on_body:  NULL: the body is gathered. Otherwise called with each piece as it
 *           comes, status being set; anything but LB_OK breaks the request off
 *           with that error. It may cancel requests and submit others, but not
 *           submit its own again.
 * done:     called once, never before lb_http_submit returns. From then on the
 *           request is the caller's, who may submit it again or free it.
 * data:     the caller's.
 *
 * Filled before done:
 * error:    code LB_OK: a whole answer came, whatever its status. UNAVAILABLE:
 *           none came, or it broke off; the message names host and reason.
 *           INVALID: no such method, URL or header can be sent. NOMEM; CORRUPT;
 *           what on_body returned.
 * sent:     the request may have reached the server; false: certainly not.
 * status:   0 when none came.
 * response: the gathered body, ended by a NUL that response_length does not
 *           count, never NULL; lives until done returns, then it is zeroed.
 *
 * http, carried, next, pending: its own. */
struct lb_http_request {
	const char *method;
	const char *url;
	const struct lb_http_field *headers;
	size_t header_count;
	const void *body;
	size_t body_length;
	int64_t timeout_us;
	bool direct;
	size_t response_bytes_max;
	enum lb_err (*on_body)(struct lb_http_request *request, const char *bytes, size_t length,
			       struct lb_error *error);
	void (*done)(struct lb_http_request *request);
	void *data;

	struct lb_error error;
	bool sent;
	int status;
	const char *response;
	size_t response_length;

	struct lb_http *http;
	void *carried;
	struct lb_http_request *next;
	bool pending;
};

/* Begins at a later turn of the loop. The request is not pending. */
void lb_http_submit(struct lb_http *http, struct lb_http_request *request);

/* done is not called any more; of a request that is not pending: nothing. May
 * be called from any done and on_body. */
void lb_http_cancel(struct lb_http *http, struct lb_http_request *request);

/* From done and on_body: a header of the answer, by its name in any case,
 * without white space around it; NULL: none. Of several the last. Lives as long
 * as response. */
const char *lb_http_header(const struct lb_http_request *request, const char *name);

#endif
