/* journal.h: what was asked and answered, for tests to assert on. The newest
 * ENTRIES_MAX requests, each body up to BODY_BYTES_MAX. */
#ifndef LB_TESTS_WORKSPACE_JOURNAL_H
#define LB_TESTS_WORKSPACE_JOURNAL_H

#include "support/workspace/exchange.h"

#define ENTRIES_MAX 20000
#define BODY_BYTES_MAX 16384

struct journal_entry;

/* entries: a ring of ENTRIES_MAX; count: of all that ever were. */
struct journal {
	struct journal_entry *entries;
	int64_t count;
};

void journal_init(struct journal *journal);
void journal_finish(struct journal *journal);

/* at_ms: the workspace's time. authentication: "pat", "oauth", "basic", "none"
 * or "refused". said: the status that the API itself gave, 0: it was not asked.
 * sent: what the client got; 0: nothing. fault: its number, 0: none. The
 * bodies of /oidc/ are left out: they may hold secrets. */
void journal_add(struct journal *journal, const struct request *request, int64_t at_ms,
		 const char *authentication, int said, int sent, int fault);

/* {"requests": […], "next": n, "lost": n}: from number `from` on, limit at most;
 * lost: how many of these are no longer known. */
json_t *journal_json(const struct journal *journal, int64_t from, int64_t limit);

#endif
