#include "base/text.h"
#include "base/time.h"
#include "net/url.h"
#include "runners/databricks/runner.h"
#include "runners/databricks/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Pages hold below 25 runs by the API's documentation. */
#define PAGE "24"
#define LIST "/api/2.2/jobs/runs/list?active_only=true&limit=" PAGE
#define GET "/api/2.2/jobs/runs/get?run_id="
/* Of as many requests that may be saved, one is spent. */
#define WORTH 3
/* How many runs are asked about at once. */
#define ASKS_MAX 8

/* run_id: 0: the run has none that could be asked about. */
struct asked {
	int64_t run_id;
	struct lb_run_news *news;
};

/* One run that is being asked about by itself. */
struct ask {
	struct lb_databricks_call call;
	struct lb_databricks_inquiry *inquiry;
	const struct asked *asked;
	bool busy;
	char path[sizeof(GET) + 24];
};

/* A poll on its way: first the active runs, page by page, as long as that may
 * save requests; then those that were not among them, one by one.
 * runs:    sorted by run_id.
 * left:    of them still unknown.
 * pages:   that were asked for.
 * found:   how many became known by the latest.
 * next_run: the next to be asked about by itself.
 * filling:  asks are being made.
 * given_up: the workspace does not answer; the rest waits for the next poll. */
struct lb_databricks_inquiry {
	struct lb_databricks_runner *runner;
	struct lb_poll *poll;
	struct lb_arena arena;
	struct asked *runs;
	size_t count;
	size_t left;
	size_t pages;
	size_t found;
	size_t next_run;
	bool given_up;
	bool filling;
	struct lb_databricks_call list;
	struct ask asks[ASKS_MAX];
	struct lb_databricks_inquiry *next;
	struct lb_databricks_inquiry *previous;
};

static int64_t now_us(const struct lb_databricks_inquiry *inquiry)
{
	struct lb_clock *clock = inquiry->runner->workspace.clock;
	return clock->impl->now(clock);
}

static void inquiry_free(struct lb_databricks_inquiry *inquiry)
{
	if (inquiry->previous != NULL) {
		inquiry->previous->next = inquiry->next;
	} else {
		inquiry->runner->inquiries = inquiry->next;
	}
	if (inquiry->next != NULL) {
		inquiry->next->previous = inquiry->previous;
	}
	lb_arena_finish(&inquiry->arena);
	lb_free(inquiry);
}

static bool is_busy(const struct lb_databricks_inquiry *inquiry)
{
	for (size_t i = 0; i < ASKS_MAX; i++) {
		if (inquiry->asks[i].busy) {
			return true;
		}
	}
	return false;
}

static void finish_if_over(struct lb_databricks_inquiry *inquiry)
{
	if (!is_busy(inquiry)) {
		struct lb_databricks_runner *runner = inquiry->runner;
		struct lb_poll *poll = inquiry->poll;
		bool given_up = inquiry->given_up;
		inquiry_free(inquiry);
		if (given_up) {
			poll->done(poll);
		} else {
			lb_databricks_revive(runner, poll);
		}
	}
}

/* The first is told. */
static void note_failure(struct lb_databricks_inquiry *inquiry, const struct lb_error *error)
{
	if (inquiry->poll->error.code == LB_OK) {
		inquiry->poll->error = *error;
	}
}

/* One by one. */

static void take_run(struct ask *ask)
{
	const struct lb_databricks_inquiry *inquiry = ask->inquiry;
	struct lb_run_news *news = ask->asked->news;
	lb_databricks_run_news(ask->call.reply.json, now_us(inquiry), &inquiry->poll->arena, news);
}

/* Runs can be deleted only when they are over, and how is lost with them. */
static void take_missing(struct ask *ask)
{
	struct lb_run_news *news = ask->asked->news;
	const char *message = lb_arena_printf(
		&ask->inquiry->poll->arena,
		"run %" PRId64
		" does not exist in the workspace any more; how it ended is not known",
		ask->asked->run_id);
	if (message != NULL) {
		news->known = true;
		news->state = LB_RUN_FAILED;
		news->message = message;
		news->ended_at_us = now_us(ask->inquiry);
	}
}

static void ask_more(struct lb_databricks_inquiry *inquiry);

static void on_run(struct lb_databricks_call *call)
{
	struct ask *ask = call->data;
	ask->busy = false;
	switch (call->reply.meaning) {
	case LB_DATABRICKS_DONE:
		take_run(ask);
		break;
	case LB_DATABRICKS_MISSING:
		take_missing(ask);
		break;
	case LB_DATABRICKS_CREDENTIAL:
	case LB_DATABRICKS_LATER:
		ask->inquiry->given_up = true;
		note_failure(ask->inquiry, &call->reply.error);
		break;
	case LB_DATABRICKS_REFUSED:
		note_failure(ask->inquiry, &call->reply.error);
		break; /* of this run; others may be allowed */
	}
	ask_more(ask->inquiry);
}

static void ask_for(struct ask *ask, const struct asked *asked)
{
	ask->asked = asked;
	ask->busy = true;
	(void)snprintf(ask->path, sizeof(ask->path), GET "%" PRId64, asked->run_id);
	ask->call = (struct lb_databricks_call){
		.workspace = &ask->inquiry->runner->workspace,
		.method = "GET",
		.path = ask->path,
		.done = on_run,
		.data = ask,
	};
	lb_databricks_call_start(&ask->call);
}

static const struct asked *next_unknown(struct lb_databricks_inquiry *inquiry)
{
	while (!inquiry->given_up && inquiry->next_run < inquiry->count) {
		const struct asked *asked = &inquiry->runs[inquiry->next_run++];
		if (asked->run_id > 0 && !asked->news->known) {
			return asked;
		}
	}
	return NULL;
}

static struct ask *free_ask(struct lb_databricks_inquiry *inquiry)
{
	for (size_t i = 0; i < ASKS_MAX; i++) {
		if (!inquiry->asks[i].busy) {
			return &inquiry->asks[i];
		}
	}
	return NULL;
}

/* Fills what is free; the last answer ends the inquiry. An answer may come while
 * it is filled, for want of memory. */
static void ask_more(struct lb_databricks_inquiry *inquiry)
{
	if (inquiry->filling) {
		return;
	}
	inquiry->filling = true;
	struct ask *ask;
	const struct asked *asked;
	while ((ask = free_ask(inquiry)) != NULL && (asked = next_unknown(inquiry)) != NULL) {
		ask_for(ask, asked);
	}
	inquiry->filling = false;
	finish_if_over(inquiry);
}

/* All that are active. */

static int compare_asked(const void *a, const void *b)
{
	const struct asked *one = a;
	const struct asked *other = b;
	return (one->run_id > other->run_id) - (one->run_id < other->run_id);
}

static void take_listed(struct lb_databricks_inquiry *inquiry, const json_t *run)
{
	const struct asked key = {.run_id = json_integer_value(json_object_get(run, "run_id"))};
	const struct asked *asked = key.run_id > 0 ? bsearch(&key, inquiry->runs, inquiry->count,
							     sizeof(key), compare_asked)
						   : NULL;
	if (asked != NULL && !asked->news->known) {
		lb_databricks_run_news(run, now_us(inquiry), &inquiry->poll->arena, asked->news);
		inquiry->left -= asked->news->known;
	}
}

static void go_on(struct lb_databricks_inquiry *inquiry, const char *page_token);

static void on_page(struct lb_databricks_call *call)
{
	struct lb_databricks_inquiry *inquiry = call->data;
	const json_t *runs = json_object_get(call->reply.json, "runs");
	size_t before = inquiry->left;
	for (size_t i = 0; i < json_array_size(runs); i++) {
		take_listed(inquiry, json_array_get(runs, i));
	}
	inquiry->found = before - inquiry->left;
	inquiry->given_up = call->reply.meaning == LB_DATABRICKS_LATER ||
			    call->reply.meaning == LB_DATABRICKS_CREDENTIAL;
	if (inquiry->given_up) {
		note_failure(inquiry, &call->reply.error);
	}
	const char *token = json_string_value(json_object_get(call->reply.json, "next_page_token"));
	go_on(inquiry, token != NULL ? token : "");
}

static void ask_for_page(struct lb_databricks_inquiry *inquiry, const char *page_token)
{
	const char *encoded = lb_url_encode(&inquiry->arena, page_token, false);
	const char *path =
		encoded != NULL && encoded[0] != '\0'
			? lb_arena_printf(&inquiry->arena, LIST "&page_token=%s", encoded)
			: LIST;
	if (encoded == NULL || path == NULL) {
		inquiry->given_up = true;
		(void)lb_fail_nomem(&inquiry->poll->error);
		finish_if_over(inquiry);
		return;
	}
	inquiry->pages++;
	inquiry->list = (struct lb_databricks_call){
		.workspace = &inquiry->runner->workspace,
		.method = "GET",
		.path = path,
		.done = on_page,
		.data = inquiry,
	};
	lb_databricks_call_start(&inquiry->list);
}

/* How many runs are active is not known beforehand, and they may all be others':
 * so pages are asked for only while they are few beside the requests that they
 * may save, or while each brings enough to pay for the next. */
static bool is_page_worth(const struct lb_databricks_inquiry *inquiry)
{
	return (inquiry->pages + 1) * WORTH <= inquiry->left ||
	       (inquiry->found >= WORTH && inquiry->left > 1);
}

/* page_token: NULL at first, "" when there is no further page. */
static void go_on(struct lb_databricks_inquiry *inquiry, const char *page_token)
{
	bool more = page_token == NULL || page_token[0] != '\0';
	if (more && !inquiry->given_up && is_page_worth(inquiry)) {
		ask_for_page(inquiry, page_token != NULL ? page_token : "");
	} else {
		ask_more(inquiry);
	}
}

/* Its life. */

int64_t lb_databricks_run_id(const struct lb_run *run)
{
	const char *text = run->external_id;
	char *end = NULL;
	errno = 0;
	long long number = text != NULL ? strtoll(text, &end, 10) : 0;
	return number > 0 && errno == 0 && *end == '\0' ? number : 0;
}

/* Such a run can never be asked about: it was deleted before its number came, or it was
 * another kind of runner's. */
static void give_up_run(struct lb_databricks_inquiry *inquiry, struct lb_run_news *news)
{
	bool deleted = lb_text_equal(news->run->external_id, LB_DATABRICKS_DELETED_RUN);
	const char *message = lb_arena_strdup(
		&inquiry->poll->arena,
		deleted ? "the workspace started the run, and it was deleted there before its "
			  "number was known; how it ended is not known"
			: "it has no id of a Databricks run; what became of it is not known");
	if (message != NULL) {
		news->known = true;
		news->state = LB_RUN_FAILED;
		news->message = message;
		news->ended_at_us = now_us(inquiry);
	}
}

static bool fill(struct lb_databricks_inquiry *inquiry)
{
	struct lb_run_news_list *news = &inquiry->poll->news;
	inquiry->runs = lb_arena_alloc(&inquiry->arena, news->count * sizeof(*inquiry->runs));
	if (inquiry->runs == NULL) {
		return false;
	}
	for (size_t i = 0; i < news->count; i++) {
		if (lb_databricks_has_failed(news->items[i].run)) {
			continue;
		}
		struct asked *asked = &inquiry->runs[inquiry->count++];
		asked->run_id = lb_databricks_run_id(news->items[i].run);
		asked->news = &news->items[i];
		inquiry->left += asked->run_id > 0;
		if (asked->run_id == 0) {
			give_up_run(inquiry, &news->items[i]);
		}
	}
	if (inquiry->count > 0) {
		qsort(inquiry->runs, inquiry->count, sizeof(*inquiry->runs), compare_asked);
	}
	for (size_t i = 0; i < ASKS_MAX; i++) {
		inquiry->asks[i].inquiry = inquiry;
	}
	return true;
}

void lb_databricks_inquire(struct lb_databricks_runner *runner, struct lb_poll *poll)
{
	struct lb_databricks_inquiry *inquiry = lb_alloc(sizeof(*inquiry));
	if (inquiry == NULL) {
		(void)lb_fail_nomem(&poll->error);
		poll->done(poll);
		return;
	}
	inquiry->runner = runner;
	inquiry->poll = poll;
	inquiry->next = runner->inquiries;
	if (runner->inquiries != NULL) {
		runner->inquiries->previous = inquiry;
	}
	runner->inquiries = inquiry;
	if (!fill(inquiry)) {
		inquiry_free(inquiry);
		(void)lb_fail_nomem(&poll->error);
		poll->done(poll);
		return;
	}
	go_on(inquiry, NULL);
}

void lb_databricks_forget_inquiries(struct lb_databricks_runner *runner)
{
	while (runner->inquiries != NULL) {
		struct lb_databricks_inquiry *inquiry = runner->inquiries;
		lb_databricks_call_cancel(&inquiry->list);
		for (size_t i = 0; i < ASKS_MAX; i++) {
			lb_databricks_call_cancel(&inquiry->asks[i].call);
		}
		inquiry_free(inquiry);
	}
}
