/* http_carrier.h: who carries the requests of http.h to their servers and brings the
 * answers: libcurl (http.c), or what stands in for a network.
 * Threads: the loop's. */
#ifndef LB_NET_HTTP_CARRIER_H
#define LB_NET_HTTP_CARRIER_H

#include "net/http.h"

/* submit:  the request is pending, and what is filled before done is empty.
 * cancel:  of a request that was pending, and is not any more.
 * header:  as lb_http_header.
 * destroy: as lb_http_destroy. */
struct lb_http_impl {
	void (*submit)(struct lb_http *http, struct lb_http_request *request);
	void (*cancel)(struct lb_http *http, struct lb_http_request *request);
	const char *(*header)(const struct lb_http_request *request, const char *name);
	void (*destroy)(struct lb_http *http);
};

/* Embedded in what implements it. */
struct lb_http {
	const struct lb_http_impl *impl;
};

#endif
