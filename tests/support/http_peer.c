#include "support/http_peer.h"

#include "support/cmocka.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_MAX ((size_t)1 << 20)

struct connection {
	struct http_peer *peer;
	int fd;
	SSL *tls;
	pthread_t thread;
	char *request;
	size_t length;
};

struct http_peer {
	int listener;
	int port;
	SSL_CTX *tls;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t met;
	bool stopping;
	int connection_count;
	int request_count;
	int meeting;
	int meetings;
	pthread_mutex_t serving;
	void (*serve)(void *data, const char *request, struct http_peer_answer *answer);
	void *data;
	struct connection connections[CONNECTIONS_MAX];
};

static ssize_t take(struct connection *connection, char *bytes, size_t size)
{
	return connection->tls != NULL ? SSL_read(connection->tls, bytes, (int)size)
				       : recv(connection->fd, bytes, size, 0);
}

static void give(struct connection *connection, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t given = connection->tls != NULL
					? SSL_write(connection->tls, bytes, (int)length)
					: send(connection->fd, bytes, length, MSG_NOSIGNAL);
		if (given <= 0) {
			return;
		}
		bytes += given;
		length -= (size_t)given;
	}
}

static void give_text(struct connection *connection, const char *text)
{
	give(connection, text, strlen(text));
}

static void answer(struct connection *connection, int status, const char *headers, const char *body,
		   size_t length)
{
	char head[512];
	(void)snprintf(
		head, sizeof(head),
		"HTTP/1.1 %d Word\r\nContent-Length: %zu\r\nContent-Type: text/plain\r\n%s\r\n",
		status, length, headers);
	give_text(connection, head);
	give(connection, body, length);
}

/* The length of a whole request at the start of what came, or 0. */
static size_t whole_request(const struct connection *connection)
{
	const char *end = strstr(connection->request, "\r\n\r\n");
	if (end == NULL) {
		return 0;
	}
	const char *field = strcasestr(connection->request, "\r\nContent-Length:");
	size_t body = field != NULL && field < end ? strtoul(field + 17, NULL, 10) : 0;
	size_t length = (size_t)(end + 4 - connection->request) + body;
	return length <= connection->length ? length : 0;
}

/* False when the client is gone. */
static bool read_request(struct connection *connection, size_t *ret_length)
{
	while ((*ret_length = whole_request(connection)) == 0) {
		ssize_t got = connection->length < REQUEST_MAX
				      ? take(connection, connection->request + connection->length,
					     REQUEST_MAX - connection->length)
				      : 0;
		if (got <= 0) {
			return false;
		}
		connection->length += (size_t)got;
		connection->request[connection->length] = '\0';
	}
	return true;
}

static void meet(struct connection *connection, int number)
{
	struct http_peer *peer = connection->peer;
	(void)pthread_mutex_lock(&peer->lock);
	int meeting = peer->meetings;
	if (++peer->meeting == number) {
		peer->meeting = 0;
		peer->meetings++;
		(void)pthread_cond_broadcast(&peer->met);
	}
	while (peer->meetings == meeting && !peer->stopping) {
		(void)pthread_cond_wait(&peer->met, &peer->lock);
	}
	(void)pthread_mutex_unlock(&peer->lock);
	answer(connection, 200, "", "met", 3);
}

static void wait_for_the_end(struct connection *connection)
{
	char byte;
	while (take(connection, &byte, 1) > 0) {
	}
}

static void send_bytes(struct connection *connection, size_t length)
{
	char *bytes = malloc(length + 1);
	memset(bytes, 'x', length);
	answer(connection, 200, "", bytes, length);
	free(bytes);
}

static bool is(const char *path, const char *name)
{
	return strncmp(path, name, strlen(name)) == 0;
}

static bool serve_test(struct connection *connection, size_t length)
{
	struct http_peer *peer = connection->peer;
	if (peer->serve == NULL) {
		return false;
	}
	struct http_peer_answer *answer = calloc(1, sizeof(*answer));
	answer->headers = "";
	char after = connection->request[length];
	connection->request[length] = '\0';
	(void)pthread_mutex_lock(&peer->serving);
	peer->serve(peer->data, connection->request, answer);
	(void)pthread_mutex_unlock(&peer->serving);
	connection->request[length] = after;
	bool whole = answer->status != 0 && !answer->cut;
	if (answer->status != 0) {
		size_t size = strlen(answer->body);
		char head[512];
		(void)snprintf(head, sizeof(head),
			       "HTTP/1.1 %d Word\r\nContent-Length: %zu\r\n%s\r\n", answer->status,
			       size, answer->headers);
		give_text(connection, head);
		give(connection, answer->body, answer->cut ? size / 2 : size);
	}
	free(answer);
	return whole;
}

/* False: the connection is over. */
static bool behave(struct connection *connection, const char *path, size_t length)
{
	if (is(path, "/status/")) {
		answer(connection, atoi(path + 8), "Retry-After: 7\r\nX-Two: a\r\nx-two: b\r\n",
		       "ok", 2);
	} else if (is(path, "/chunked")) {
		give_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				      "1\r\no\r\n5;a=b\r\nne tw\r\n1\r\no\r\n0\r\n\r\n");
	} else if (is(path, "/bytes/")) {
		send_bytes(connection, strtoul(path + 7, NULL, 10));
	} else if (is(path, "/meet/")) {
		meet(connection, atoi(path + 6));
	} else if (is(path, "/echo")) {
		answer(connection, 200, "", connection->request, length);
	} else if (is(path, "/once")) {
		answer(connection, 200, "", "ok", 2);
		return false;
	} else if (is(path, "/half")) {
		give_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
		return false;
	} else if (is(path, "/chunk")) {
		give_text(connection,
			  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc");
		return false;
	} else if (is(path, "/reset")) {
		struct linger linger = {.l_onoff = 1};
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		return false;
	} else if (is(path, "/garbage")) {
		give_text(connection, "I do not speak HTTP\r\n\r\n");
		return false;
	} else if (is(path, "/drip")) {
		give_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
		wait_for_the_end(connection);
		return false;
	} else if (is(path, "/stall")) {
		wait_for_the_end(connection);
		return false;
	} else {
		return serve_test(connection, length);
	}
	return true;
}

static void serve_all(struct connection *connection)
{
	size_t length;
	bool going_on = true;
	while (going_on && read_request(connection, &length)) {
		struct http_peer *peer = connection->peer;
		(void)pthread_mutex_lock(&peer->lock);
		peer->request_count++;
		(void)pthread_mutex_unlock(&peer->lock);
		const char *path = strchr(connection->request, ' ');
		going_on = path != NULL && behave(connection, path + 1, length);
		connection->length -= length;
		memmove(connection->request, connection->request + length, connection->length + 1);
	}
}

static void *serve_connection(void *data)
{
	struct connection *connection = data;
	/* Of this thread alone, so that the tests see what the client does with it. */
	sigset_t pipe_signal;
	(void)sigemptyset(&pipe_signal);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	bool open = connection->tls == NULL || SSL_accept(connection->tls) == 1;
	if (open) {
		serve_all(connection);
	}
	/* The descriptor itself is closed by whoever may still shut it down. */
	struct http_peer *peer = connection->peer;
	(void)pthread_mutex_lock(&peer->lock);
	SSL_free(connection->tls);
	(void)close(connection->fd);
	connection->fd = -1;
	(void)pthread_mutex_unlock(&peer->lock);
	return NULL;
}

static void add_connection(struct http_peer *peer, int fd)
{
	int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)pthread_mutex_lock(&peer->lock);
	struct connection *connection = &peer->connections[peer->connection_count];
	*connection = (struct connection){.peer = peer, .fd = fd};
	connection->request = calloc(1, REQUEST_MAX + 1);
	if (peer->tls != NULL) {
		connection->tls = SSL_new(peer->tls);
		(void)SSL_set_fd(connection->tls, fd);
	}
	if (pthread_create(&connection->thread, NULL, serve_connection, connection) != 0) {
		abort();
	}
	peer->connection_count++;
	(void)pthread_mutex_unlock(&peer->lock);
}

static void *accept_connections(void *data)
{
	struct http_peer *peer = data;
	int fd;
	while ((fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (peer->connection_count == CONNECTIONS_MAX) {
			abort();
		}
		add_connection(peer, fd);
	}
	return NULL;
}

static void listen_somewhere(struct http_peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(peer->listener, CONNECTIONS_MAX), 0);
	assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
	peer->port = ntohs(address.sin_port);
}

struct http_peer *http_peer_start(const char *certificate, const char *key)
{
	struct http_peer *peer = calloc(1, sizeof(*peer));
	assert_non_null(peer);
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
	assert_int_equal(pthread_mutex_init(&peer->lock, NULL), 0);
	assert_int_equal(pthread_mutex_init(&peer->serving, NULL), 0);
	assert_int_equal(pthread_cond_init(&peer->met, NULL), 0);
	if (certificate != NULL) {
		peer->tls = SSL_CTX_new(TLS_server_method());
		assert_non_null(peer->tls);
		assert_int_equal(
			SSL_CTX_use_certificate_file(peer->tls, certificate, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(peer->tls, key, SSL_FILETYPE_PEM), 1);
	}
	listen_somewhere(peer);
	assert_int_equal(pthread_create(&peer->thread, NULL, accept_connections, peer), 0);
	return peer;
}

void http_peer_stop(struct http_peer *peer)
{
	(void)shutdown(peer->listener, SHUT_RDWR);
	(void)pthread_join(peer->thread, NULL);
	(void)close(peer->listener);
	(void)pthread_mutex_lock(&peer->lock);
	peer->stopping = true;
	(void)pthread_cond_broadcast(&peer->met);
	for (int i = 0; i < peer->connection_count; i++) {
		if (peer->connections[i].fd >= 0) {
			(void)shutdown(peer->connections[i].fd, SHUT_RDWR);
		}
	}
	(void)pthread_mutex_unlock(&peer->lock);
	for (int i = 0; i < peer->connection_count; i++) {
		(void)pthread_join(peer->connections[i].thread, NULL);
		free(peer->connections[i].request);
	}
	SSL_CTX_free(peer->tls);
	(void)pthread_cond_destroy(&peer->met);
	(void)pthread_mutex_destroy(&peer->lock);
	(void)pthread_mutex_destroy(&peer->serving);
	free(peer);
}

void http_peer_serve(struct http_peer *peer,
		     void (*serve)(void *data, const char *request,
				   struct http_peer_answer *answer),
		     void *data)
{
	(void)pthread_mutex_lock(&peer->serving);
	peer->serve = serve;
	peer->data = data;
	(void)pthread_mutex_unlock(&peer->serving);
}

int http_peer_port(const struct http_peer *peer)
{
	return peer->port;
}

int http_peer_connections(struct http_peer *peer)
{
	(void)pthread_mutex_lock(&peer->lock);
	int count = peer->connection_count;
	(void)pthread_mutex_unlock(&peer->lock);
	return count;
}

int http_peer_requests(struct http_peer *peer)
{
	(void)pthread_mutex_lock(&peer->lock);
	int count = peer->request_count;
	(void)pthread_mutex_unlock(&peer->lock);
	return count;
}
