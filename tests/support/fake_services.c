#include "support/fake_services.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_services *services_of(struct lb_aws_transport *transport)
{
	return (void *)((char *)transport - offsetof(struct fake_services, transport));
}

static void on_timer(uv_timer_t *timer)
{
	struct fake_services *services = timer->data;
	const struct fake_call *call = &services->script[services->made - 1];
	struct lb_aws_exchange *exchange = services->under_way;
	services->under_way = NULL;
	if (call->status == 0) {
		struct lb_error error = {0};
		(void)lb_fail(&error, LB_UNAVAILABLE, "%s", call->body);
		exchange->done(exchange, NULL, &error);
		return;
	}
	/* On the heap to its last byte, so that a sanitizer sees what reads over it. */
	size_t length = strlen(call->body);
	char *body = malloc(length > 0 ? length : 1);
	assert_non_null(body);
	memcpy(body, call->body, length);
	struct lb_aws_answer answer = {call->status, call->date, body, length};
	exchange->done(exchange, &answer, NULL);
	free(body);
}

static void assert_asked(const struct fake_call *expected, const struct lb_aws_call *call)
{
	char text[16384];
	int length = snprintf(text, sizeof(text), "%s %s", call->method, call->url);
	if (expected->request == NULL || strcmp(text, expected->request) != 0) {
		fail_msg("asked %s, not %s", text,
			 expected->request != NULL ? expected->request : "nothing");
	}
	for (size_t i = 0; i < call->headers.count; i++) {
		const struct lb_sigv4_field *header = &call->headers.items[i];
		length += snprintf(text + length, sizeof(text) - (size_t)length, "\n%s: %s",
				   header->name, header->value);
	}
	(void)snprintf(text + length, sizeof(text) - (size_t)length, "\n%.*s",
		       (int)call->body_length, call->body != NULL ? call->body : "");
	for (size_t i = 0; i < 4 && expected->contains[i] != NULL; i++) {
		const char *part = expected->contains[i];
		bool wanted = *part != '!';
		if ((strstr(text, part + !wanted) != NULL) != wanted) {
			fail_msg("%s: not so in\n%s", part, text);
		}
	}
}

static enum lb_err transport_send(struct lb_aws_transport *transport,
				  const struct lb_aws_call *call, struct lb_aws_exchange *exchange,
				  struct lb_error *error)
{
	(void)error;
	struct fake_services *services = services_of(transport);
	assert_null(services->under_way);
	assert_asked(&services->script[services->made], call);
	assert_true(call->timeout_us > 0);
	services->made++;
	services->under_way = exchange;
	if (!services->held) {
		(void)uv_timer_start(&services->timer, on_timer, 0, 0);
	}
	return LB_OK;
}

static void transport_cancel(struct lb_aws_transport *transport, struct lb_aws_exchange *exchange)
{
	struct fake_services *services = services_of(transport);
	assert_ptr_equal(services->under_way, exchange);
	services->under_way = NULL;
	services->canceled++;
	(void)uv_timer_stop(&services->timer);
}

void fake_services_init(struct fake_services *services, uv_loop_t *loop,
			const struct fake_call *script)
{
	static const struct lb_aws_transport_impl impl = {transport_send, transport_cancel};
	*services = (struct fake_services){.transport = {&impl}, .script = script};
	services->timer.data = services;
	(void)uv_timer_init(loop, &services->timer);
}

void fake_services_release(struct fake_services *services)
{
	services->held = false;
	if (services->under_way != NULL) {
		(void)uv_timer_start(&services->timer, on_timer, 0, 0);
	}
}

void fake_services_finish(struct fake_services *services)
{
	assert_null(services->script[services->made].request);
	uv_close((uv_handle_t *)&services->timer, NULL);
}
