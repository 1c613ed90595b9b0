/* aws_transport.h: who carries the calls of aws_fetch.h to the services.
 * Threads: the loop's. */
#ifndef LB_NET_AWS_TRANSPORT_H
#define LB_NET_AWS_TRANSPORT_H

#include "net/aws_fetch.h"

struct lb_aws_exchange;

/* One call under way, in memory of whoever makes it.
 * done: called once, later (never from within send), unless it was canceled.
 * answer: lives until done returns; NULL when there is none, and error says
 * why. state: the transport's. */
struct lb_aws_exchange {
	void (*done)(struct lb_aws_exchange *exchange, const struct lb_aws_answer *answer,
		     const struct lb_error *error);
	void *state;
};

struct lb_aws_transport;

/* send: call and exchange live until done or cancel. An error is reported at
 * once, and done is not called. Follows no redirection.
 * cancel: of a call under way; done is not called. */
struct lb_aws_transport_impl {
	enum lb_err (*send)(struct lb_aws_transport *transport, const struct lb_aws_call *call,
			    struct lb_aws_exchange *exchange, struct lb_error *error);
	void (*cancel)(struct lb_aws_transport *transport, struct lb_aws_exchange *exchange);
};

/* Embedded in what implements it. */
struct lb_aws_transport {
	const struct lb_aws_transport_impl *impl;
};

#endif
