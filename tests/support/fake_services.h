/* fake_services.h: AWS' services as a script: what is asked next, and what is
 * answered. Whoever asks anything else fails the test. */
#ifndef LB_TESTS_FAKE_SERVICES_H
#define LB_TESTS_FAKE_SERVICES_H

#include "net/aws_transport.h"

#include <uv.h>

/* request: "METHOD URL". contains: up to four texts that stand in the headers
 * ("Name: value\n" each) or the body, or after a '!' do not. status 0: no
 * answer, body is the error. */
struct fake_call {
	const char *request;
	const char *contains[4];
	int status;
	const char *body;
	const char *date;
};

/* made: calls so far. held: answers wait until fake_services_release. */
struct fake_services {
	struct lb_aws_transport transport;
	const struct fake_call *script;
	size_t made;
	size_t canceled;
	bool held;
	struct lb_aws_exchange *under_way;
	uv_timer_t timer;
};

/* script: borrowed, ends with a zeroed call. */
void fake_services_init(struct fake_services *services, uv_loop_t *loop,
			const struct fake_call *script);

/* Answers the call under way, and later ones at once. */
void fake_services_release(struct fake_services *services);

/* Closes its handle; the script must be used up. */
void fake_services_finish(struct fake_services *services);

#endif
