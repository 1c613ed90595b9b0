/* exchange.h: a request, and what is said to it; everything in one arena. */
#ifndef LB_TESTS_WORKSPACE_EXCHANGE_H
#define LB_TESTS_WORKSPACE_EXCHANGE_H

#include "base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_BYTES_MAX ((size_t)10 * 1024 * 1024)
#define ANSWER_HEADERS_MAX 16

struct pair {
	const char *name;
	const char *value;
};
struct pair_list LB_LIST_OF(struct pair);

/* scheme: "http" or "https". path: decoded; query: decoded, in order. Headers: NULL: not sent.
 * host: NULL too if it is not UTF-8, which anything else may be.
 * user, password: of basic authentication; NULL: not that.
 * body: ended by NUL; too_long: it is not whole. */
struct request {
	struct lb_arena *arena;
	const char *method;
	const char *path;
	struct pair_list query;
	const char *scheme;
	const char *host;
	const char *authorization;
	const char *content_type;
	const char *workspace_id;
	const char *user;
	const char *password;
	char *body;
	size_t length;
	bool too_long;
};

/* status: 0 until something is said. body: in the arena. */
struct answer {
	struct lb_arena *arena;
	int status;
	const char *type;
	const char *body;
	size_t length;
	struct pair headers[ANSWER_HEADERS_MAX];
	size_t header_count;
};

void answer_text(struct answer *answer, int status, const char *type, const char *body);
/* Takes the reference. */
void answer_json(struct answer *answer, int status, json_t *json);
/* name: a literal; value: copied. */
void answer_header(struct answer *answer, const char *name, const char *value);

/* {"error_code", "message", "details"}, as the API's errors are. */
void answer_error(struct answer *answer, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The usual error_code of a status; "UNKNOWN" for others. */
const char *error_code_of(int status);

/* What browsers without a login are shown, with status 200. */
void answer_login_page(struct answer *answer);

#endif
