/* faults.h: what goes wrong on purpose, told by the control API.
 *
 *   {"endpoint": "jobs/run-now", "skip": 2, "count": 1, "do": "close", "when": "after"}
 *
 * endpoint:    how the path ends; without it, any.
 * when:        "before": the API is not asked; "after": it did what it was asked to.
 * skip, count: lets so many matching requests pass, then meets so many [0, 1];
 *              count 0: all.
 * probability, seed: of those, meets each by this chance [1].
 * do:          "answer" what `status`, `body`, `content_type` and `headers` say;
 *              "close" without an answer; "reset" likewise, with RST;
 *              "truncate": the answer's body ends halfway, with a length that fits;
 *              "cut": it ends halfway, and the connection with it; "login": a
 *              page in HTML; "pass": nothing but the delay; "down": "close", and
 *              from then on connections are refused, until _control/listening
 *              says otherwise.
 * delay_ms:    waits, before the API is asked or after it, as `when` says; real time.
 *
 * body: a text, or JSON; without one, an error of the API that fits the status. */
#ifndef LB_TESTS_WORKSPACE_FAULTS_H
#define LB_TESTS_WORKSPACE_FAULTS_H

#include "support/workspace/exchange.h"

#define FAULTS_MAX 1000
#define DELAY_MS_MAX 60000

enum fault_deed {
	FAULT_ANSWER,
	FAULT_CLOSE,
	FAULT_RESET,
	FAULT_TRUNCATE,
	FAULT_CUT,
	FAULT_LOGIN,
	FAULT_PASS,
	FAULT_DOWN
};

/* seen: requests that matched; met: those that it happened to. */
struct fault {
	int number;
	const char *endpoint;
	bool after;
	int64_t skip;
	int64_t count;
	double probability;
	uint64_t random;
	enum fault_deed deed;
	int64_t delay_ms;
	int status;
	const char *type;
	const char *body;
	struct pair_list headers;
	int64_t seen;
	int64_t met;
};
struct fault_list LB_LIST_OF(struct fault);

struct faults {
	struct lb_arena arena;
	struct fault_list list;
	int numbers;
};

void faults_init(struct faults *faults);
void faults_finish(struct faults *faults);

/* Adds one. Returns its number, or 0, and *ret_problem says what is wrong. */
int faults_add(struct faults *faults, json_t *json, const char **ret_problem);
void faults_clear(struct faults *faults);
json_t *faults_json(const struct faults *faults);

/* The first that is to happen to this request; all that match count it. NULL:
 * none. A copy, in the request's arena. */
const struct fault *faults_meet(struct faults *faults, const struct request *request);

/* Puts the fault's own answer in place, or changes the API's. */
void fault_answer(const struct fault *fault, struct answer *answer);

#endif
