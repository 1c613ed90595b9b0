/* http_peer.h: a small HTTP server that can also misbehave, on a port of its
 * own at 127.0.0.1, with a thread for each connection.
 *
 * What it does is told by the path of the request:
 *   /echo        the request itself, as it came, is the body
 *   /status/N    that status, "Retry-After: 7" and a body of two bytes
 *   /chunked     "one two" in chunks of odd sizes
 *   /bytes/N     N bytes "x"
 *   /meet/N      waits until N requests are here at once, then answers all
 *   /half        announces 100 bytes, sends 10 and closes
 *   /chunk       begins a chunk and closes
 *   /close       closes without an answer; /reset: likewise, with RST
 *   /stall       answers nothing until the client goes; /drip: the head only
 *   /garbage     no HTTP at all
 *   /once        answers, and closes the connection without having said so
 * Any other path is given to serve, if there is one; otherwise the connection is
 * closed. */
#ifndef LB_TESTS_HTTP_PEER_H
#define LB_TESTS_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct http_peer;

/* certificate, key: PEM files for TLS, or NULL for none. Takes proxies out of the
 * environment. */
struct http_peer *http_peer_start(const char *certificate, const char *key);

/* What a test answers. headers: lines, each ended by CRLF; "" for none. status 0:
 * the request counts, but the connection is closed; cut: half of the body is
 * sent, then it is closed. */
struct http_peer_answer {
	int status;
	const char *headers;
	char body[65536];
	bool cut;
};

/* serve: called by the peer's threads, one at a time, with a whole request (line,
 * headers, body) ended by NUL. Before the first request. */
void http_peer_serve(struct http_peer *peer,
		     void (*serve)(void *data, const char *request,
				   struct http_peer_answer *answer),
		     void *data);

/* Closes all connections. */
void http_peer_stop(struct http_peer *peer);

int http_peer_port(const struct http_peer *peer);
/* So far. */
int http_peer_connections(struct http_peer *peer);
int http_peer_requests(struct http_peer *peer);

#endif
