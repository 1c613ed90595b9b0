/* aws_http.h: carries calls for AWS credentials by http.h.
 * Threads: the loop's. */
#ifndef LB_NET_AWS_HTTP_H
#define LB_NET_AWS_HTTP_H

#include "net/aws_transport.h"
#include "net/http.h"

/* Embedded where it is used; nothing to finish. */
struct lb_aws_http {
	struct lb_aws_transport transport;
	struct lb_http *http;
};

/* http: borrowed, outlives what uses the transport. */
void lb_aws_http_init(struct lb_aws_http *carrier, struct lb_http *http);

#endif
