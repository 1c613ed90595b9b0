#include "net/http_carrier.h"

#include <assert.h>

void lb_http_submit(struct lb_http *http, struct lb_http_request *request)
{
	assert(!request->pending);
	request->error = (struct lb_error){0};
	request->sent = false;
	request->status = 0;
	request->response = "";
	request->response_length = 0;
	request->http = http;
	request->carried = NULL;
	request->next = NULL;
	request->pending = true;
	http->impl->submit(http, request);
}

void lb_http_cancel(struct lb_http *http, struct lb_http_request *request)
{
	if (request->pending) {
		request->pending = false;
		http->impl->cancel(http, request);
	}
}

const char *lb_http_header(const struct lb_http_request *request, const char *name)
{
	return request->http->impl->header(request, name);
}

void lb_http_destroy(struct lb_http *http)
{
	if (http != NULL) {
		http->impl->destroy(http);
	}
}
