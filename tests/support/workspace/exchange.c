#include "support/workspace/exchange.h"

#include "base/text.h"
#include "support/workspace/must.h"

#include <stdarg.h>
#include <string.h>

#define JSON "application/json"

void answer_text(struct answer *answer, int status, const char *type, const char *body)
{
	answer->status = status;
	answer->type = type;
	answer->body = must(lb_arena_strdup(answer->arena, body));
	answer->length = strlen(body);
}

void answer_json(struct answer *answer, int status, json_t *json)
{
	char *text = must(json_dumps(must(json), JSON_COMPACT));
	answer_text(answer, status, JSON, text);
	free(text);
	json_decref(json);
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
	if (answer->header_count < ANSWER_HEADERS_MAX) {
		answer->headers[answer->header_count++] =
			(struct pair){name, must(lb_arena_strdup(answer->arena, value))};
	}
}

/* What came with the request need not be UTF-8, or was cut within a character. */
static void mend(char *text)
{
	size_t length = strlen(text);
	for (size_t at = 0; at < length;) {
		size_t step = lb_utf8_length(text + at, length - at);
		if (step == 0) {
			text[at] = '?';
			step = 1;
		}
		at += step;
	}
}

void answer_error(struct answer *answer, int status, const char *code, const char *format, ...)
{
	static unsigned long requests;
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	mend(message);
	char request_id[64];
	(void)snprintf(request_id, sizeof(request_id), "00000000-0000-4000-8000-%012lx",
		       ++requests);
	answer_json(answer, status,
		    json_pack("{s:s, s:s, s:[{s:s, s:s, s:s}]}", "error_code", code, "message",
			      message, "details", "@type",
			      "type.googleapis.com/google.rpc.RequestInfo", "request_id",
			      request_id, "serving_data", ""));
}

const char *error_code_of(int status)
{
	static const struct {
		int status;
		const char *code;
	} codes[] = {
		{400, "BAD_REQUEST"},       {401, "UNAUTHENTICATED"},
		{403, "PERMISSION_DENIED"}, {404, "NOT_FOUND"},
		{409, "CONFLICT"},          {429, "REQUEST_LIMIT_EXCEEDED"},
		{499, "CANCELLED"},         {500, "INTERNAL_ERROR"},
		{501, "NOT_IMPLEMENTED"},   {503, "TEMPORARILY_UNAVAILABLE"},
		{504, "DEADLINE_EXCEEDED"},
	};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].status == status) {
			return codes[i].code;
		}
	}
	return "UNKNOWN";
}

void answer_login_page(struct answer *answer)
{
	answer_text(answer, 200, "text/html; charset=utf-8",
		    "<!doctype html><html><head><title>Sign in</title></head>"
		    "<body><form action=\"/login.html\"></form></body></html>\n");
}
