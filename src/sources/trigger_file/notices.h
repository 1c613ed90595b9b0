/* notices.h: messages about new objects on their way into the event log.
 *
 * Whoever receives messages (queue.h, event_server.h) posts them here; every source
 * that an object is for is told, and who posted learns when all of it is durable,
 * and not before may forget the message. The same message may come again, and in any
 * order: the event log knows each file once.
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_NOTICES_H
#define LB_SOURCES_TRIGGER_FILE_NOTICES_H

#include "base/error.h"
#include "ports/source.h"

#define LB_NOTICE_SOURCES_MAX 64

struct lb_notices;

/* A message that was posted, in memory of whoever did it, until done or cancel.
 * done: called once, later, when all its events are durable. It calls no function of
 * this header but lb_notices_cancel.
 * Below the line: its own; missing: sources that have not recorded what they took,
 * each under its receipt, 0: nothing is awaited. */
struct lb_notice {
	void (*done)(struct lb_notice *notice);
	void *data;
	/* ---- */
	struct lb_notice *next;
	bool is_posted;
	size_t missing;
	uint64_t receipts[LB_NOTICE_SOURCES_MAX];
};

enum lb_notice_fate {
	LB_NOTICE_TAKEN,     /* done follows */
	LB_NOTICE_NOTHING,   /* there is nothing in it for anybody: it may be forgotten */
	LB_NOTICE_LATER,     /* it cannot be taken now; post it again later */
	LB_NOTICE_MALFORMED, /* it never can; the error says why */
};

/* Errors: NOMEM. */
enum lb_err lb_notices_create(struct lb_notices **ret_notices,
			      struct lb_error *error) LB_MUST_CHECK;

/* The sources may be gone by then, their engine too. Nothing posted is done any more.
 * NULL is fine. */
void lb_notices_destroy(struct lb_notices *notices);

/* source: over objects (object_source.h); outlives the last post. At most
 * LB_NOTICE_SOURCES_MAX of them (UNSUPPORTED), before the first scan. */
enum lb_err lb_notices_add(struct lb_notices *notices, struct lb_source *source,
			   struct lb_error *error) LB_MUST_CHECK;

/* body: borrowed until return. notice: neither posted nor anything below its line set,
 * or one that was posted and is done. */
enum lb_notice_fate lb_notices_post(struct lb_notices *notices, struct lb_notice *notice,
				    const char *body, size_t length, struct lb_error *error);

/* done is not called any more; fine when it would not be. */
void lb_notices_cancel(struct lb_notices *notices, struct lb_notice *notice);

#endif
