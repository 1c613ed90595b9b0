#include "net/http.h"

#include "base/mem.h"
#include "base/time.h"
#include "lb_configuration.h"
#include "net/http_carrier.h"
#include "net/http_transfer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* waiting:   submitted, not begun; in order.
 * active:    given to libcurl, active_count of them; finished ones leave it
 *            before their done is called.
 * entered:   libcurl is calling us, so that it must not be called in turn.
 * doomed:    some of the active are.
 * turn:      runs while there is something to begin.
 * timer:     libcurl's next timeout.
 * handles:   open libuv handles; with the last one goes the memory. */
struct curl_http {
	struct lb_http base;
	uv_loop_t *loop;
	CURLM *multi;
	struct lb_http_settings settings;
	char *user_agent;
	char *ca_bundle;
	int parallel_max;
	struct lb_http_request *waiting;
	struct lb_http_request **waiting_end;
	struct lb_http_transfer *active;
	int active_count;
	bool entered;
	bool doomed;
	bool destroyed;
	uv_idle_t turn;
	uv_timer_t timer;
	size_t handles;
};

static struct curl_http *http_of(struct lb_http *base)
{
	return (struct curl_http *)base;
}

/* A socket of libcurl's that is looked at. */
struct watch {
	uv_poll_t poll;
	struct curl_http *http;
	curl_socket_t socket;
};

static void http_free(struct curl_http *http)
{
	lb_free(http->user_agent);
	lb_free(http->ca_bundle);
	lb_free(http);
	curl_global_cleanup();
}

/* The list of those on their way. */

static void active_add(struct curl_http *http, struct lb_http_transfer *transfer)
{
	transfer->next = http->active;
	if (http->active != NULL) {
		http->active->previous = transfer;
	}
	http->active = transfer;
	http->active_count++;
}

static void active_remove(struct curl_http *http, struct lb_http_transfer *transfer)
{
	if (transfer->previous != NULL) {
		transfer->previous->next = transfer->next;
	} else {
		http->active = transfer->next;
	}
	if (transfer->next != NULL) {
		transfer->next->previous = transfer->previous;
	}
	http->active_count--;
	(void)curl_multi_remove_handle(http->multi, transfer->easy);
}

static void doom(struct curl_http *http, struct lb_http_transfer *transfer)
{
	transfer->doomed = true;
	http->doomed = true;
}

/* What libcurl finished, and what begins in its place. */

static void end(struct curl_http *http, struct lb_http_transfer *transfer, CURLcode result)
{
	struct lb_http_request *request = transfer->request;
	active_remove(http, transfer);
	if (request != NULL) {
		lb_http_transfer_report(transfer, result);
		request->pending = false;
		request->done(request); /* and is not ours any more */
	}
	lb_http_transfer_free(transfer);
}

static struct lb_http_transfer *next_doomed(struct curl_http *http)
{
	struct lb_http_transfer *transfer = http->doomed ? http->active : NULL;
	while (transfer != NULL && !transfer->doomed) {
		transfer = transfer->next;
	}
	return transfer;
}

static void settle(struct curl_http *http)
{
	int left;
	const CURLMsg *message;
	while (!http->destroyed && (message = curl_multi_info_read(http->multi, &left)) != NULL) {
		struct lb_http_transfer *transfer = NULL;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		end(http, transfer, message->data.result);
	}
	struct lb_http_transfer *transfer;
	while (!http->destroyed && (transfer = next_doomed(http)) != NULL) {
		end(http, transfer, CURLE_ABORTED_BY_CALLBACK);
	}
	http->doomed = false;
}

static void refuse(struct lb_http_request *request, const struct lb_error *error)
{
	request->carried = NULL;
	request->error = *error;
	request->pending = false;
	request->done(request);
}

static void begin(struct curl_http *http, struct lb_http_request *request)
{
	struct lb_error error = {0};
	struct lb_http_transfer *transfer;
	if (lb_http_transfer_create(&http->settings, request, &transfer, &error) != LB_OK) {
		refuse(request, &error);
		return;
	}
	CURLMcode code = curl_multi_add_handle(http->multi, transfer->easy);
	if (code != CURLM_OK) {
		(void)lb_fail(&error, code == CURLM_OUT_OF_MEMORY ? LB_NOMEM : LB_UNAVAILABLE,
			      "%s: %s", transfer->host, curl_multi_strerror(code));
		lb_http_transfer_free(transfer);
		refuse(request, &error);
		return;
	}
	request->carried = transfer;
	active_add(http, transfer);
}

static void begin_waiting(struct curl_http *http)
{
	while (!http->destroyed && http->waiting != NULL &&
	       http->active_count < http->parallel_max) {
		struct lb_http_request *request = http->waiting;
		http->waiting = request->next;
		if (http->waiting == NULL) {
			http->waiting_end = &http->waiting;
		}
		begin(http, request);
	}
}

static void on_turn(uv_idle_t *handle)
{
	struct curl_http *http = handle->data;
	(void)uv_idle_stop(handle);
	begin_waiting(http);
}

/* Whatever was left to begin, begins behind the answers that made room. */
static void act(struct curl_http *http, curl_socket_t socket, int events)
{
	int running;
	http->entered = true;
	(void)curl_multi_socket_action(http->multi, socket, events, &running);
	http->entered = false;
	settle(http);
	begin_waiting(http);
}

/* libcurl's wishes to libuv. */

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int want_timer(CURLM *multi, long timeout_ms, void *data)
{
	(void)multi;
	struct curl_http *http = data;
	if (timeout_ms < 0) {
		(void)uv_timer_stop(&http->timer);
	} else if (!http->destroyed) {
		(void)uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
	}
	return 0;
}

static void on_handle_closed(struct curl_http *http)
{
	if (--http->handles == 0) {
		http_free(http);
	}
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;
	struct curl_http *http = watch->http;
	lb_free(watch);
	on_handle_closed(http);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	const struct watch *watch = poll->data;
	int flags = 0;
	/* Of an error only reading and writing tell which it is. */
	flags |= status < 0 || (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
	flags |= status < 0 || (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
	act(watch->http, watch->socket, flags);
}

static struct watch *watch_create(struct curl_http *http, curl_socket_t socket)
{
	struct watch *watch = lb_alloc(sizeof(*watch));
	if (watch == NULL || uv_poll_init_socket(http->loop, &watch->poll, socket) != 0) {
		lb_free(watch);
		return NULL;
	}
	watch->http = http;
	watch->socket = socket;
	watch->poll.data = watch;
	http->handles++;
	(void)curl_multi_assign(http->multi, socket, watch);
	return watch;
}

/* Telling libcurl of a failure would end all transfers; so only this one ends. */
static int fail_watch(struct curl_http *http, CURL *easy)
{
	struct lb_http_transfer *transfer = NULL;
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	(void)lb_fail_nomem(&transfer->error);
	doom(http, transfer);
	return 0;
}

static int want_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *socket_data)
{
	struct curl_http *http = data;
	struct watch *watch = socket_data;
	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL) {
			(void)uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
			(void)curl_multi_assign(http->multi, socket, NULL);
		}
		return 0;
	}
	int events = 0;
	events |= what != CURL_POLL_OUT ? UV_READABLE : 0;
	events |= what != CURL_POLL_IN ? UV_WRITABLE : 0;
	watch = watch != NULL ? watch : watch_create(http, socket);
	if (watch == NULL || uv_poll_start(&watch->poll, events, on_ready) != 0) {
		return fail_watch(http, easy);
	}
	return 0;
}

/* Its life. */

/* libcurl would only find out with the first request. */
static enum lb_err check_bundle(const char *path, struct lb_error *error)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return lb_fail(error, errno == ENOENT ? LB_NOT_FOUND : LB_IO,
			       "cannot read the CA bundle %s: %s", path, strerror(errno));
	}
	X509 *certificate = PEM_read_X509_AUX(file, NULL, NULL, NULL);
	int failure = ferror(file) != 0 ? errno : 0;
	bool found = certificate != NULL;
	X509_free(certificate);
	ERR_clear_error();
	(void)fclose(file);
	if (failure != 0) {
		return lb_fail(error, LB_IO, "cannot read the CA bundle %s: %s", path,
			       strerror(failure));
	}
	return found ? LB_OK
		     : lb_fail(error, LB_INVALID, "the CA bundle %s has no certificate in PEM form",
			       path);
}

static int64_t or_else(int64_t value_us, int64_t fallback_us)
{
	return value_us > 0 ? value_us : fallback_us;
}

static enum lb_err take_options(struct curl_http *http, const struct lb_http_options *options,
				struct lb_error *error)
{
	const char *user_agent = options->user_agent;
	http->user_agent = lb_strdup(user_agent != NULL ? user_agent : "lakebeat/" LB_VERSION);
	http->ca_bundle = lb_strdup(options->ca_bundle);
	if (http->user_agent == NULL || (http->ca_bundle == NULL && options->ca_bundle != NULL)) {
		return lb_fail_nomem(error);
	}
	http->parallel_max = options->parallel_max > 0 ? options->parallel_max : 64;
	http->settings = (struct lb_http_settings){
		.user_agent = http->user_agent,
		.ca_bundle = http->ca_bundle,
		.connect_timeout_us = or_else(options->connect_timeout_us, 10 * LB_SECOND),
		.stall_us = or_else(options->stall_us, LB_MINUTE),
		.timeout_us = or_else(options->timeout_us, 2 * LB_MINUTE),
	};
	return http->ca_bundle != NULL ? check_bundle(http->ca_bundle, error) : LB_OK;
}

static enum lb_err open_multi(struct curl_http *http, struct lb_error *error)
{
	http->multi = curl_multi_init();
	if (http->multi == NULL) {
		return lb_fail_nomem(error);
	}
	(void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	(void)curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	(void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->parallel_max);
	(void)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return LB_OK;
}

static const struct lb_http_impl impl;

enum lb_err lb_http_create(uv_loop_t *loop, const struct lb_http_options *options,
			   struct lb_http **ret_http, struct lb_error *error)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK) {
		return lb_fail(error, LB_UNAVAILABLE, "libcurl cannot be used: %s",
			       curl_easy_strerror(code));
	}
	struct curl_http *http = lb_alloc(sizeof(*http));
	if (http == NULL) {
		curl_global_cleanup();
		return lb_fail_nomem(error);
	}
	http->base.impl = &impl;
	http->loop = loop;
	http->waiting_end = &http->waiting;
	enum lb_err err = take_options(http, options, error);
	err = err == LB_OK ? open_multi(http, error) : err;
	if (err != LB_OK) {
		http_free(http);
		return err;
	}
	(void)uv_idle_init(loop, &http->turn);   /* cannot fail */
	(void)uv_timer_init(loop, &http->timer); /* cannot fail */
	http->turn.data = http;
	http->timer.data = http;
	http->handles = 2;
	*ret_http = &http->base;
	return LB_OK;
}

/* Not while libcurl is calling us. */
static void close_multi(struct curl_http *http)
{
	while (http->active != NULL) {
		struct lb_http_transfer *transfer = http->active;
		active_remove(http, transfer);
		lb_http_transfer_free(transfer);
	}
	(void)curl_multi_cleanup(http->multi);
	http->multi = NULL;
}

static void on_own_closed(uv_handle_t *handle)
{
	struct curl_http *http = handle->data;
	if (http->multi != NULL) {
		close_multi(http);
	}
	on_handle_closed(http);
}

static void curl_destroy(struct lb_http *base)
{
	struct curl_http *http = http_of(base);
	http->destroyed = true;
	http->waiting = NULL;
	for (struct lb_http_transfer *transfer = http->active; transfer != NULL;
	     transfer = transfer->next) {
		transfer->request = NULL;
	}
	if (!http->entered) {
		close_multi(http);
	}
	uv_close((uv_handle_t *)&http->turn, on_own_closed);
	uv_close((uv_handle_t *)&http->timer, on_own_closed);
}

static void curl_submit(struct lb_http *base, struct lb_http_request *request)
{
	struct curl_http *http = http_of(base);
	*http->waiting_end = request;
	http->waiting_end = &request->next;
	(void)uv_idle_start(&http->turn, on_turn);
}

static void forget_waiting(struct curl_http *http, struct lb_http_request *request)
{
	struct lb_http_request **place = &http->waiting;
	while (*place != request) {
		place = &(*place)->next;
	}
	*place = request->next;
	if (*place == NULL) {
		http->waiting_end = place;
	}
}

static void curl_cancel(struct lb_http *base, struct lb_http_request *request)
{
	struct curl_http *http = http_of(base);
	struct lb_http_transfer *transfer = request->carried;
	request->carried = NULL;
	if (transfer == NULL) {
		forget_waiting(http, request);
		return;
	}
	transfer->request = NULL;
	if (http->entered) {
		doom(http, transfer);
	} else {
		active_remove(http, transfer);
		lb_http_transfer_free(transfer);
		(void)uv_idle_start(&http->turn, on_turn);
	}
}

static const struct lb_http_impl impl = {
	.submit = curl_submit,
	.cancel = curl_cancel,
	.header = lb_http_transfer_header,
	.destroy = curl_destroy,
};
