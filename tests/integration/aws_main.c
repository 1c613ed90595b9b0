/* aws_main.c: lakebeat's AWS signer and credentials, for tests from outside.
 *
 *     aws sign   < {"service": "s3", "region", "method", "scheme", "host", "path",
 *                   "parameters": [[name, value], …], "body", "keys": [id, secret, token or null],
 *                   "now_us"}                      > {"url", "headers": {name: value}}
 *     aws fetch NOW_US                             the environment decides, as in lakebeat
 *         writes {"method", "url", "headers", "body"} and reads {"status", "date", "body"}, in
 *         turns, and ends with {"keys": [id, secret, token or null], "description"} or {"error"}
 *     aws get NOW_US
 *         the same, but carries the requests itself, as lakebeat does
 *
 * One line each. NOW_US: what this machine's clock is taken to say. Exit code 1: an error. */
#include "base/mem.h"
#include "net/aws_credentials.h"
#include "net/aws_http.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 32

static json_t *read_line(void)
{
	json_t *object = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL);
	if (object == NULL) {
		(void)fprintf(stderr, "aws: no JSON on standard input\n");
		exit(2);
	}
	return object;
}

/* Takes object. */
static void write_line(json_t *object)
{
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	(void)fflush(stdout);
	json_decref(object);
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static json_t *headers_object(const struct lb_sigv4_field_list *headers)
{
	json_t *object = json_object();
	for (size_t i = 0; i < headers->count; i++) {
		(void)json_object_set_new(object, headers->items[i].name,
					  json_string(headers->items[i].value));
	}
	return object;
}

static json_t *keys_array(const struct lb_aws_keys *keys)
{
	return json_pack("[s, s, s?]", keys->access_key_id, keys->secret_access_key,
			 keys->session_token);
}

static int fail(const struct lb_error *error)
{
	write_line(json_pack("{s: s}", "error", error->message));
	return 1;
}

static const struct lb_sigv4_service *service_of(const char *name)
{
	static const struct lb_sigv4_service *const services[] = {&lb_sigv4_s3, &lb_sigv4_sqs,
								  &lb_sigv4_sts};
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(services[i]->name, name) == 0) {
			return services[i];
		}
	}
	(void)fprintf(stderr, "aws: no service %s\n", name);
	exit(2);
}

static size_t read_parameters(const json_t *array, struct lb_sigv4_field *parameters)
{
	size_t count = json_array_size(array);
	for (size_t i = 0; i < count && i < PARAMETERS_MAX; i++) {
		const json_t *pair = json_array_get(array, i);
		parameters[i].name = json_string_value(json_array_get(pair, 0));
		parameters[i].value = json_string_value(json_array_get(pair, 1));
	}
	return count < PARAMETERS_MAX ? count : PARAMETERS_MAX;
}

static int sign(void)
{
	json_t *input = read_line();
	const json_t *words = json_object_get(input, "keys");
	const char *body = text(input, "body");
	struct lb_sigv4_field parameters[PARAMETERS_MAX];
	struct lb_sigv4_request request = {
		.service = service_of(text(input, "service")),
		.region = text(input, "region"),
		.method = text(input, "method"),
		.scheme = text(input, "scheme"),
		.host = text(input, "host"),
		.path = text(input, "path"),
		.parameters = parameters,
		.parameter_count =
			read_parameters(json_object_get(input, "parameters"), parameters),
		.body = body,
		.body_length = body != NULL ? strlen(body) : 0,
	};
	struct lb_aws_keys keys = {json_string_value(json_array_get(words, 0)),
				   json_string_value(json_array_get(words, 1)),
				   json_string_value(json_array_get(words, 2))};
	struct lb_arena arena = {0};
	struct lb_sigv4_key key = {0};
	struct lb_sigv4_signed result;
	struct lb_error error = {0};
	int64_t now_us = json_integer_value(json_object_get(input, "now_us"));
	enum lb_err err = lb_sigv4_sign(&request, &keys, now_us, &key, &arena, &result, &error);
	int code = err != LB_OK ? fail(&error) : 0;
	if (err == LB_OK) {
		write_line(json_pack("{s: s, s: o}", "url", result.url, "headers",
				     headers_object(&result.headers)));
	}
	lb_sigv4_key_finish(&key);
	lb_arena_finish(&arena);
	json_decref(input);
	return code;
}

/* Has one call made, and takes its answer. */
static enum lb_err exchange(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error)
{
	const struct lb_aws_call *call = &fetch->call;
	write_line(json_pack("{s: s, s: s, s: o, s: s?}", "method", call->method, "url", call->url,
			     "headers", headers_object(&call->headers), "body", call->body));
	json_t *input = read_line();
	const char *body = text(input, "body");
	struct lb_aws_answer answer = {
		.status = (int)json_integer_value(json_object_get(input, "status")),
		.date = text(input, "date"),
		.body = body,
		.length = body != NULL ? strlen(body) : 0,
	};
	enum lb_err err = lb_aws_fetch_take(fetch, &answer, now_us, error);
	json_decref(input);
	return err;
}

static int fetch_all(int64_t now_us)
{
	struct lb_aws_settings settings = {0};
	struct lb_aws_clock clock = {0};
	struct lb_aws_fetch fetch;
	struct lb_error error = {0};
	enum lb_err err =
		lb_aws_fetch_start(&settings, &lb_aws_process_environment, &clock, &fetch, &error);
	if (err != LB_OK) {
		return fail(&error);
	}
	for (bool done = false; err == LB_OK && !done;) {
		err = lb_aws_fetch_next(&fetch, now_us, &error);
		done = fetch.step == LB_AWS_STEP_DONE;
		if (err == LB_OK && !done) {
			err = exchange(&fetch, now_us, &error);
		}
	}
	int code = err != LB_OK ? fail(&error) : 0;
	if (err == LB_OK) {
		struct lb_aws_keys keys = lb_aws_session_keys(&fetch.session);
		write_line(json_pack("{s: o, s: s}", "keys", keys_array(&keys), "description",
				     fetch.description));
	}
	lb_aws_fetch_finish(&fetch);
	return code;
}

static int64_t now_of(void *data)
{
	const int64_t *now_us = data;
	return *now_us;
}

struct getting {
	struct lb_aws_waiter waiter;
	struct lb_aws_credentials *credentials;
	struct lb_http *http;
	int code;
};

static void on_got(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		   const struct lb_error *error)
{
	struct getting *getting = waiter->data;
	if (keys != NULL) {
		write_line(json_pack("{s: o, s: s}", "keys", keys_array(keys), "description",
				     lb_aws_credentials_description(getting->credentials)));
	}
	getting->code = keys != NULL ? 0 : fail(error);
	lb_aws_credentials_destroy(getting->credentials);
	lb_http_destroy(getting->http);
}

static int get(int64_t now_us)
{
	uv_loop_t *loop = uv_default_loop();
	struct getting getting = {.waiter = {.done = on_got}};
	struct lb_http_options http_options = {0};
	struct lb_aws_http carrier;
	struct lb_error error = {0};
	getting.waiter.data = &getting;
	if (lb_http_create(loop, &http_options, &getting.http, &error) != LB_OK) {
		return fail(&error);
	}
	lb_aws_http_init(&carrier, getting.http);
	struct lb_aws_credentials_options options = {
		.environment = lb_aws_process_environment,
		.loop = loop,
		.transport = &carrier.transport,
		.now = now_of,
		.now_data = &now_us,
	};
	if (lb_aws_credentials_create(&options, &getting.credentials, &error) != LB_OK) {
		lb_http_destroy(getting.http);
		return fail(&error);
	}
	lb_aws_credentials_get(getting.credentials, &getting.waiter);
	(void)uv_run(loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(loop);
	return getting.code;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "sign") == 0) {
		return sign();
	}
	if (argc == 3 && strcmp(argv[1], "fetch") == 0) {
		return fetch_all(strtoll(argv[2], NULL, 10));
	}
	if (argc == 3 && strcmp(argv[1], "get") == 0) {
		return get(strtoll(argv[2], NULL, 10));
	}
	(void)fprintf(stderr, "usage: aws sign | aws fetch NOW_US | aws get NOW_US\n");
	return 2;
}
