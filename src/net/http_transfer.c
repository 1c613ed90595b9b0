#include "net/http_transfer.h"

#include "base/mem.h"
#include "base/time.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* What a connection is made with, so that no program that is started inherits it. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)data;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Called on a connection that stands, right before the first byte goes out. */
static int before_sending(void *data, char *peer, char *local, int peer_port, int local_port)
{
	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	struct lb_http_transfer *transfer = data;
	transfer->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* The body that comes. */

static size_t bytes_max(const struct lb_http_request *request)
{
	return request->response_bytes_max > 0 ? request->response_bytes_max
					       : LB_HTTP_RESPONSE_BYTES_DEFAULT;
}

static void body_free(char *body, size_t length)
{
	if (body != NULL) {
		explicit_bzero(body, length);
		lb_free(body);
	}
}

/* Doubles; a length that was announced is taken at once. */
static enum lb_err make_room(struct lb_http_transfer *transfer, size_t length)
{
	size_t needed = transfer->length + length + 1;
	if (needed <= transfer->capacity) {
		return LB_OK;
	}
	size_t capacity = 2 * transfer->capacity > needed ? 2 * transfer->capacity : needed;
	curl_off_t announced = -1;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	if (announced >= (curl_off_t)needed &&
	    announced <= (curl_off_t)bytes_max(transfer->request)) {
		capacity = (size_t)announced + 1;
	}
	char *body = lb_alloc(capacity);
	if (body == NULL) {
		return lb_fail_nomem(&transfer->error);
	}
	if (transfer->length > 0) {
		memcpy(body, transfer->body, transfer->length);
	}
	body_free(transfer->body, transfer->length);
	transfer->body = body;
	transfer->capacity = capacity;
	return LB_OK;
}

static enum lb_err gather(struct lb_http_transfer *transfer, const char *bytes, size_t length)
{
	size_t most = bytes_max(transfer->request);
	if (length > most - transfer->length) {
		return lb_fail(&transfer->error, LB_CORRUPT,
			       "%s: the answer is longer than %zu KiB", transfer->host,
			       most / 1024);
	}
	enum lb_err err = make_room(transfer, length);
	if (err == LB_OK) {
		memcpy(transfer->body + transfer->length, bytes, length);
		transfer->length += length;
	}
	return err;
}

static int status_of(const struct lb_http_transfer *transfer)
{
	long status = 0;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* Anything but size × count breaks the transfer off. */
static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
	struct lb_http_transfer *transfer = data;
	struct lb_http_request *request = transfer->request;
	size_t length = size * count;
	if (request == NULL || length == 0) {
		return 0;
	}
	enum lb_err err;
	if (request->on_body != NULL) {
		request->status = status_of(transfer);
		err = request->on_body(request, bytes, length, &transfer->error);
	} else {
		err = gather(transfer, bytes, length);
	}
	return err == LB_OK && transfer->request != NULL ? length : 0;
}

/* The request that goes. */

/* A token of RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL) {
			return false;
		}
	}
	return text[0] != '\0';
}

static bool is_field_value(const char *text)
{
	for (; *text != '\0'; text++) {
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f) {
			return false;
		}
	}
	return true;
}

static const char *field_value(const struct lb_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, name) == 0) {
			return request->headers[i].value;
		}
	}
	return NULL;
}

static bool append_line(struct lb_http_transfer *transfer, const char *line)
{
	struct curl_slist *list = curl_slist_append(transfer->headers, line);
	transfer->headers = list != NULL ? list : transfer->headers;
	return list != NULL;
}

/* libcurl reads "Name;" as a header that is sent empty, "Name:" as one not to send. */
static enum lb_err append_field(struct lb_http_transfer *transfer,
				const struct lb_http_field *field, struct lb_error *error)
{
	if (!is_token(field->name)) {
		return lb_fail(error, LB_INVALID, "%s: a header's name is not one", transfer->host);
	}
	if (!is_field_value(field->value)) {
		return lb_fail(error, LB_INVALID,
			       "%s: the value of the header %s holds a control character",
			       transfer->host, field->name);
	}
	size_t size = strlen(field->name) + strlen(field->value) + 3;
	char *line = lb_alloc(size);
	if (line == NULL) {
		return lb_fail_nomem(error);
	}
	bool blank = field->value[strspn(field->value, " \t")] == '\0';
	char *end = stpcpy(line, field->name);
	(void)stpcpy(stpcpy(end, blank ? ";" : ": "), blank ? "" : field->value);
	bool appended = append_line(transfer, line);
	explicit_bzero(line, size);
	lb_free(line);
	return appended ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err set_headers(struct lb_http_transfer *transfer, struct lb_error *error)
{
	const struct lb_http_request *request = transfer->request;
	for (size_t i = 0; i < request->header_count; i++) {
		enum lb_err err = append_field(transfer, &request->headers[i], error);
		if (err != LB_OK) {
			return err;
		}
	}
	/* libcurl would wait for the server's leave to send a large body, and
	 * would name every body a form. */
	bool appended = append_line(transfer, "Expect:");
	if (field_value(request, "Content-Type") == NULL) {
		appended = append_line(transfer, "Content-Type:") && appended;
	}
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	return appended ? LB_OK : lb_fail_nomem(error);
}

/* A body, if only an empty one, has its length sent along. */
static bool takes_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

static enum lb_err set_method(struct lb_http_transfer *transfer, struct lb_error *error)
{
	const struct lb_http_request *request = transfer->request;
	CURL *easy = transfer->easy;
	if (!is_token(request->method)) {
		return lb_fail(error, LB_INVALID, "%s: there is no such method", transfer->host);
	}
	bool head = strcmp(request->method, "HEAD") == 0;
	if (head && request->body_length > 0) {
		return lb_fail(error, LB_INVALID, "%s: HEAD takes no body", transfer->host);
	}
	if (head) {
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return LB_OK;
	}
	if (request->body_length > 0 || takes_body(request->method)) {
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)request->body_length);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				       request->body_length > 0 ? request->body : "");
	}
	CURLcode code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	return code == CURLE_OK ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err set_host(struct lb_http_transfer *transfer, CURLU *url, struct lb_error *error)
{
	char *host = NULL;
	char *port = NULL;
	char *user = NULL;
	(void)curl_url_get(url, CURLUPART_HOST, &host, 0);
	(void)curl_url_get(url, CURLUPART_PORT, &port, 0);
	(void)curl_url_get(url, CURLUPART_USER, &user, 0);
	enum lb_err err = LB_OK;
	if (host == NULL || strlen(host) + 10 > sizeof(transfer->host)) {
		err = lb_fail(error, LB_INVALID, "the URL has no host that could be asked");
	} else if (user != NULL) {
		err = lb_fail(error, LB_INVALID,
			      "%s: the URL holds a user's name; give credentials apart from it",
			      host);
	} else {
		char *end = stpcpy(transfer->host, host);
		(void)stpcpy(stpcpy(end, port != NULL ? ":" : ""), port != NULL ? port : "");
	}
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return err;
}

static enum lb_err set_url(struct lb_http_transfer *transfer, struct lb_error *error)
{
	const char *text = transfer->request->url;
	if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0) {
		return lb_fail(error, LB_INVALID,
			       "the URL begins neither with https:// nor http://");
	}
	CURLU *url = curl_url();
	if (url == NULL) {
		return lb_fail_nomem(error);
	}
	CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS);
	enum lb_err err = LB_OK;
	if (code == CURLUE_OUT_OF_MEMORY) {
		err = lb_fail_nomem(error);
	} else if (code != CURLUE_OK) {
		err = lb_fail(error, LB_INVALID, "the URL cannot be used: %s",
			      curl_url_strerror(code));
	} else {
		err = set_host(transfer, url, error);
	}
	curl_url_cleanup(url);
	if (err == LB_OK && curl_easy_setopt(transfer->easy, CURLOPT_URL, text) != CURLE_OK) {
		err = lb_fail_nomem(error);
	}
	(void)curl_easy_setopt(transfer->easy, CURLOPT_PATH_AS_IS, 1L);
	return err;
}

static void set_times(struct lb_http_transfer *transfer, const struct lb_http_settings *settings)
{
	int64_t asked_us = transfer->request->timeout_us;
	int64_t timeout_us = asked_us > 0 ? asked_us : settings->timeout_us;
	int64_t stall_us = settings->stall_us;
	CURL *easy = transfer->easy;
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)((timeout_us + LB_MS - 1) / LB_MS));
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			       (long)((settings->connect_timeout_us + LB_MS - 1) / LB_MS));
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
			       (long)((stall_us + LB_SECOND - 1) / LB_SECOND));
}

static enum lb_err set_connection(struct lb_http_transfer *transfer,
				  const struct lb_http_settings *settings, struct lb_error *error)
{
	CURL *easy = transfer->easy;
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Or giving up would wait for the resolver's thread. */
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	set_times(transfer, settings);
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
	}
	if (code == CURLE_OK && settings->ca_bundle != NULL) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_bundle);
	}
	if (code == CURLE_OK && transfer->request->direct) {
		code = curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	}
	return code == CURLE_OK ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err set_up(struct lb_http_transfer *transfer,
			  const struct lb_http_settings *settings, struct lb_error *error)
{
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = set_url(transfer, error);
	err = err == LB_OK ? set_method(transfer, error) : err;
	err = err == LB_OK ? set_headers(transfer, error) : err;
	return err == LB_OK ? set_connection(transfer, settings, error) : err;
}

enum lb_err lb_http_transfer_create(const struct lb_http_settings *settings,
				    struct lb_http_request *request,
				    struct lb_http_transfer **ret_transfer, struct lb_error *error)
{
	struct lb_http_transfer *transfer = lb_alloc(sizeof(*transfer));
	if (transfer == NULL) {
		return lb_fail_nomem(error);
	}
	transfer->request = request;
	enum lb_err err = set_up(transfer, settings, error);
	if (err != LB_OK) {
		lb_http_transfer_free(transfer);
		return err;
	}
	*ret_transfer = transfer;
	return LB_OK;
}

void lb_http_transfer_free(struct lb_http_transfer *transfer)
{
	if (transfer == NULL) {
		return;
	}
	curl_easy_cleanup(transfer->easy);
	for (struct curl_slist *line = transfer->headers; line != NULL; line = line->next) {
		explicit_bzero(line->data, strlen(line->data));
	}
	curl_slist_free_all(transfer->headers);
	body_free(transfer->body, transfer->length);
	lb_free(transfer);
}

/* What became of it. */

/* libcurl's own text when it has said more than its code. */
static const char *reason_of(const struct lb_http_transfer *transfer, CURLcode result)
{
	switch ((int)result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "its name is not known here, or no name server answers";
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "the name of the proxy is not known here, or no name server answers";
	case CURLE_GOT_NOTHING:
		return "the connection was closed without an answer";
	case CURLE_PARTIAL_FILE:
		return "the answer broke off";
	default:
		return transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(result);
	}
}

static void fail(const struct lb_http_transfer *transfer, CURLcode result, struct lb_error *error)
{
	long number = 0;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	const char *reason = reason_of(transfer, result);
	if (result == CURLE_OUT_OF_MEMORY) {
		(void)lb_fail_nomem(error);
	} else if (result == CURLE_COULDNT_CONNECT && number != 0) {
		(void)lb_fail(error, LB_UNAVAILABLE, "%s: cannot connect: %s", transfer->host,
			      strerror((int)number));
	} else {
		(void)lb_fail(error, LB_UNAVAILABLE, "%s: %s", transfer->host, reason);
	}
}

void lb_http_transfer_report(struct lb_http_transfer *transfer, CURLcode result)
{
	struct lb_http_request *request = transfer->request;
	request->sent = transfer->sent;
	request->status = status_of(transfer);
	if (transfer->body != NULL) {
		request->response = transfer->body;
		request->response_length = transfer->length;
	}
	if (transfer->error.code != LB_OK) {
		request->error = transfer->error;
	} else if (result != CURLE_OK) {
		fail(transfer, result, &request->error);
	}
}

const char *lb_http_transfer_header(const struct lb_http_request *request, const char *name)
{
	const struct lb_http_transfer *transfer = request->carried;
	struct curl_header *header = NULL;
	if (transfer == NULL ||
	    curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
		return NULL;
	}
	if (header->amount > 1 && curl_easy_header(transfer->easy, name, header->amount - 1,
						   CURLH_HEADER, -1, &header) != CURLHE_OK) {
		return NULL;
	}
	return header->value;
}
