#include "net/aws_http.h"

#include "base/mem.h"

static struct lb_aws_http *carrier_of(struct lb_aws_transport *transport)
{
	return (void *)((char *)transport - offsetof(struct lb_aws_http, transport));
}

/* A call on its way, in exchange->state. */
struct carried {
	struct lb_http_request request;
	struct lb_aws_exchange *exchange;
	struct lb_http_field headers[];
};

static void on_done(struct lb_http_request *request)
{
	struct carried *carried = request->data;
	struct lb_aws_exchange *exchange = carried->exchange;
	exchange->state = NULL;
	if (request->error.code != LB_OK) {
		exchange->done(exchange, NULL, &request->error);
	} else {
		struct lb_aws_answer answer = {
			.status = request->status,
			.date = lb_http_header(request, "Date"),
			.body = request->response,
			.length = request->response_length,
		};
		exchange->done(exchange, &answer, NULL);
	}
	lb_free(carried);
}

static enum lb_err carrier_send(struct lb_aws_transport *transport, const struct lb_aws_call *call,
				struct lb_aws_exchange *exchange, struct lb_error *error)
{
	size_t count = call->headers.count;
	struct carried *carried = lb_alloc(sizeof(*carried) + count * sizeof(carried->headers[0]));
	if (carried == NULL) {
		return lb_fail_nomem(error);
	}
	for (size_t i = 0; i < count; i++) {
		const struct lb_sigv4_field *header = &call->headers.items[i];
		carried->headers[i] = (struct lb_http_field){header->name, header->value};
	}
	carried->exchange = exchange;
	carried->request = (struct lb_http_request){
		.method = call->method,
		.url = call->url,
		.headers = carried->headers,
		.header_count = count,
		.body = call->body,
		.body_length = call->body_length,
		.timeout_us = call->timeout_us,
		.direct = call->local,
		.response_bytes_max = LB_AWS_REPLY_BYTES_MAX,
		.done = on_done,
		.data = carried,
	};
	exchange->state = carried;
	lb_http_submit(carrier_of(transport)->http, &carried->request);
	return LB_OK;
}

static void carrier_cancel(struct lb_aws_transport *transport, struct lb_aws_exchange *exchange)
{
	struct carried *carried = exchange->state;
	lb_http_cancel(carrier_of(transport)->http, &carried->request);
	exchange->state = NULL;
	lb_free(carried);
}

void lb_aws_http_init(struct lb_aws_http *carrier, struct lb_http *http)
{
	static const struct lb_aws_transport_impl impl = {carrier_send, carrier_cancel};
	*carrier = (struct lb_aws_http){.transport = {&impl}, .http = http};
}
