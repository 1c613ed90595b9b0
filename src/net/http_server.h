/* http_server.h: a small HTTP server on the loop, for requests whose answers may take
 * a while.
 *
 * libmicrohttpd, driven by the loop through its epoll descriptor: it has no thread of
 * its own. HTTP/1.1, no TLS (a proxy in front of it can do that). Texts that come from
 * outside are bounded: headers by 32 KiB, bodies by body_bytes_max; a connection on
 * which nothing happens is closed.
 *
 * Threads: the loop's. */
#ifndef LB_NET_HTTP_SERVER_H
#define LB_NET_HTTP_SERVER_H

#include "base/error.h"

#include <stddef.h>
#include <uv.h>

struct lb_http_server;

/* One request. It is the server's and lives until gone returns.
 * method:   "POST", …  path: decoded, without the query.
 * body:     whole, ended by a NUL that length does not count; "" in admit.
 * data:     whoever serves may keep something here. */
struct lb_http_visit {
	const char *method;
	const char *path;
	const char *body;
	size_t length;
	void *data;
};

/* A header, by its name in any case; a parameter of the query, decoded; NULL: none. */
const char *lb_http_visit_header(const struct lb_http_visit *visit, const char *name);
const char *lb_http_visit_parameter(const struct lb_http_visit *visit, const char *name);

/* Answer, once; from admit, from serve or later. text: of the body, copied. field,
 * value: a header of the answer, copied; field NULL: none. */
void lb_http_visit_answer(struct lb_http_visit *visit, int status, const char *text,
			  const char *field, const char *value);

/* address: "HOST:PORT", HOST an address ("127.0.0.1", "[::1]"); PORT 0: any.
 * connections_max: more wait to be accepted.
 * idle_seconds: after which a silent connection is closed.
 * admit: called when the headers are there; it may answer, and then the body is not
 *        read. serve: called with the whole request.
 * gone:  called for each visit that was admitted or served, when its answer is sent or
 *        its connection has ended; not from within answer. */
struct lb_http_server_options {
	uv_loop_t *loop;
	const char *address;
	size_t body_bytes_max;
	unsigned connections_max;
	unsigned idle_seconds;
	void (*admit)(void *data, struct lb_http_visit *visit);
	void (*serve)(void *data, struct lb_http_visit *visit);
	void (*gone)(void *data, struct lb_http_visit *visit);
	void *data;
};

/* Listens from now on. Errors: INVALID (no such address), IO (in use, no permission;
 * with the reason), NOMEM, UNAVAILABLE. */
enum lb_err lb_http_server_create(const struct lb_http_server_options *options,
				  struct lb_http_server **ret_server,
				  struct lb_error *error) LB_MUST_CHECK;

int lb_http_server_port(const struct lb_http_server *server);

/* Closes all connections; visits that were not answered are 503. Calls gone for each,
 * and frees itself within the loop's next turns. Not from admit, serve or gone. NULL is
 * fine. */
void lb_http_server_destroy(struct lb_http_server *server);

#endif
