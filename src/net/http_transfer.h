/* http_transfer.h: one request on its way, as libcurl sees it; http.c's own. */
#ifndef LB_NET_HTTP_TRANSFER_H
#define LB_NET_HTTP_TRANSFER_H

#include "net/http.h"

#include <curl/curl.h>

#define LB_HTTP_HOST_MAX 280 /* a name, a colon, a port */

/* What every transfer of one lb_http takes over; texts borrowed. */
struct lb_http_settings {
	const char *user_agent;
	const char *ca_bundle;
	int64_t connect_timeout_us;
	int64_t stall_us;
	int64_t timeout_us;
};

/* request:  NULL: it was given up; only libcurl still has to let go of it.
 * error:    what our side of it failed with; code LB_OK: nothing.
 * reason:   libcurl's.
 * doomed:   to be ended as soon as libcurl is left.
 * next, previous: among those on their way. */
struct lb_http_transfer {
	struct lb_http_request *request;
	CURL *easy;
	struct curl_slist *headers;
	struct lb_error error;
	char reason[CURL_ERROR_SIZE];
	char host[LB_HTTP_HOST_MAX];
	bool doomed;
	bool sent;
	char *body;
	size_t length;
	size_t capacity;
	struct lb_http_transfer *next;
	struct lb_http_transfer *previous;
};

/* Checks request and makes it ready to be given to libcurl. Errors: INVALID, NOMEM. */
enum lb_err lb_http_transfer_create(const struct lb_http_settings *settings,
				    struct lb_http_request *request,
				    struct lb_http_transfer **ret_transfer,
				    struct lb_error *error) LB_MUST_CHECK;

/* Fills what the request promises before done. */
void lb_http_transfer_report(struct lb_http_transfer *transfer, CURLcode result);

/* As lb_http_header, of a request whose transfer is, or was, its carried. */
const char *lb_http_transfer_header(const struct lb_http_request *request, const char *name);

/* Not among libcurl's any more. Leaves no trace of the body. NULL is fine. */
void lb_http_transfer_free(struct lb_http_transfer *transfer);

#endif
