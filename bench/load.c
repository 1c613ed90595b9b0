/* load.c: what a server itself needs for given requests: sends them over connections that
 * are kept, as many at once as its argument says, and throws the answers away.
 *
 * Standard input: a request a line: method, URL, body and headers, with tabs between them.
 * Standard output: {"seconds", "bytes", "connections", "refused"}; bytes: of bodies that came;
 * refused: answers with a status other than 2xx. Any other failure ends it with status 1. */
#include "base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECTIONS_MAX 256
#define LINE_BYTES_MAX 65536
#define TIMEOUT_S 60L

struct request {
	const char *method;
	const char *url;
	const char *body;
	struct curl_slist *headers;
};

struct request_list LB_LIST_OF(struct request);

/* What all threads work through. */
static struct lb_arena arena;
static struct request_list requests;
static atomic_size_t next_request;
static atomic_llong bytes;
static atomic_long connections;
static atomic_long refused;
static atomic_bool failed;
static pthread_barrier_t start;

static bool read_request(char *line)
{
	struct request *request = lb_list_add(&arena, &requests);
	char *copy = request != NULL ? lb_arena_strdup(&arena, line) : NULL;
	if (copy == NULL) {
		return false;
	}
	request->method = strsep(&copy, "\t\n");
	request->url = strsep(&copy, "\t\n");
	request->body = strsep(&copy, "\t\n");
	for (char *field; (field = strsep(&copy, "\t\n")) != NULL;) {
		if (field[0] != '\0') {
			request->headers = curl_slist_append(request->headers, field);
		}
	}
	return request->body != NULL;
}

static bool read_requests(void)
{
	static char line[LINE_BYTES_MAX];
	bool ok = true;
	while (ok && fgets(line, sizeof(line), stdin) != NULL) {
		ok = strchr(line, '\n') != NULL && read_request(line);
	}
	return ok && requests.count > 0;
}

static size_t count_body(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	bytes += (long long)(size * count);
	return size * count;
}

static bool perform(CURL *easy, const struct request *request)
{
	bool post = strcmp(request->method, "POST") == 0;
	(void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
	if (post) {
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	CURLcode code = curl_easy_perform(easy);
	long status = 0;
	long opened = 0;
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
	connections += opened;
	refused += status < 200 || status > 299;
	if (code != CURLE_OK) {
		(void)fprintf(stderr, "bench-load: %s: %s\n", request->url,
			      curl_easy_strerror(code));
	}
	return code == CURLE_OK;
}

static void *work(void *easy)
{
	(void)pthread_barrier_wait(&start);
	size_t number;
	while (!failed && (number = next_request++) < requests.count) {
		if (!perform(easy, &requests.items[number])) {
			failed = true;
		}
	}
	return NULL;
}

static CURL *make_handle(void)
{
	CURL *easy = curl_easy_init();
	if (easy != NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
		(void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, TIMEOUT_S);
		(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_body);
	}
	return easy;
}

static double now_s(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Seconds from the first request to the last answer. */
static double run(size_t count)
{
	pthread_t threads[CONNECTIONS_MAX];
	CURL *handles[CONNECTIONS_MAX];
	(void)pthread_barrier_init(&start, NULL, (unsigned)count + 1);
	for (size_t i = 0; i < count; i++) {
		handles[i] = make_handle();
		if (handles[i] == NULL ||
		    pthread_create(&threads[i], NULL, work, handles[i]) != 0) {
			(void)fputs("bench-load: cannot start so many threads\n", stderr);
			exit(1);
		}
	}
	(void)pthread_barrier_wait(&start);
	double begin = now_s();
	for (size_t i = 0; i < count; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	double seconds = now_s() - begin;
	for (size_t i = 0; i < count; i++) {
		curl_easy_cleanup(handles[i]);
	}
	return seconds;
}

int main(int argc, char **argv)
{
	long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	if (count < 1 || count > CONNECTIONS_MAX) {
		(void)fprintf(stderr, "usage: bench-load CONNECTIONS <requests\n");
		return 2;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !read_requests()) {
		(void)fputs("bench-load: cannot read the requests\n", stderr);
		return 1;
	}
	double seconds = run((size_t)count);
	(void)printf(
		"{\"seconds\": %.6f, \"bytes\": %lld, \"connections\": %ld, \"refused\": %ld}\n",
		seconds, (long long)bytes, (long)connections, (long)refused);
	return failed ? 1 : 0;
}
