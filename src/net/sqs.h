/* sqs.h: a queue of Amazon SQS, and of what speaks its JSON protocol.
 *
 * Amazon SQS Developer Guide, "Making query API requests using AWS JSON protocol".
 * Calls are signed with credentials that are renewed as they expire; when a server
 * finds the time or the credentials too old, the call is made once more. There is
 * no other repetition here.
 *
 * No message shows the account or a handle. Threads: the loop's. */
#ifndef LB_NET_SQS_H
#define LB_NET_SQS_H

#include "net/aws_credentials.h"
#include "net/http.h"
#include "net/sqs_reply.h"

/* Where a queue is; all in an arena.
 * url:      as it was given.
 * endpoint: "https://sqs.eu-central-1.amazonaws.com": whom requests go to.
 * region:   the one to sign for.
 * name:     the last part of the URL; for people. */
struct lb_sqs_place {
	const char *url;
	const char *endpoint;
	const char *region;
	const char *name;
};

/* What a queue's URL says. region: NULL: the one in Amazon's host name, else
 * fallback_region, which may be NULL too. endpoint: instead of the URL's; NULL or "":
 * that. Errors: INVALID (not of the form https://HOST/ACCOUNT/NAME, or nobody
 * knows the region), NOMEM. Pure. */
enum lb_err lb_sqs_place_find(const char *url, const char *region, const char *fallback_region,
			      const char *endpoint, struct lb_arena *arena,
			      struct lb_sqs_place *ret_place, struct lb_error *error) LB_MUST_CHECK;

/* Whom a call goes to, and by what. All borrowed. key: zeroed at first;
 * lb_sigv4_key_finish at the end. */
struct lb_sqs {
	struct lb_sqs_place place;
	struct lb_http *http;
	struct lb_aws_credentials *credentials;
	struct lb_sigv4_key key;
};

/* One call. The caller owns it and keeps it in its place until done or cancel;
 * zeroed but for done and data it is ready, also for another call after done.
 * done: called once, never before the function returned that began it.
 * Filled before done, and valid until it returns:
 * error:    LB_OK: it was carried out. REFUSED: the service says no, which some
 *           person has to mend; UNAVAILABLE (it may have been carried out), CORRUPT,
 *           NOMEM: worth another try.
 * messages: of receive. failed, code: of delete, in the order of its handles.
 * counts:   of look.
 * Below the line: its own. */
struct lb_sqs_call {
	void (*done)(struct lb_sqs_call *call);
	void *data;
	struct lb_error error;
	struct lb_sqs_message_list messages;
	bool failed[LB_SQS_BATCH_MAX];
	char code[LB_SQS_CODE_MAX];
	struct lb_sqs_counts counts;
	/* ---- */
	struct lb_sqs *sqs;
	int action;
	const char *body;
	struct lb_arena arena;
	struct lb_arena attempt;
	struct lb_aws_waiter waiter;
	struct lb_http_request request;
	char access_key_id[128];
	bool repeated;
	bool pending;
};

/* Up to LB_SQS_BATCH_MAX messages; waits up to wait_seconds (0 to 20) for the first. */
void lb_sqs_receive(struct lb_sqs *sqs, struct lb_sqs_call *call, int wait_seconds);

/* 1 to LB_SQS_BATCH_MAX handles, copied. */
void lb_sqs_delete(struct lb_sqs *sqs, struct lb_sqs_call *call, const char *const *handles,
		   size_t count);

/* How many messages there are; shows also whether the queue can be reached. */
void lb_sqs_look(struct lb_sqs *sqs, struct lb_sqs_call *call);

/* done is not called any more; fine when it would not be. The call may have been
 * carried out. */
void lb_sqs_cancel(struct lb_sqs_call *call);

#endif
