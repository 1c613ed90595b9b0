/* revive.c: whether runs that failed were made good since: by a repair, or by a later run
 * of their job that succeeded.
 *
 * A look costs a request for the runs that ended last, whosever they are, when several
 * failed runs are waited for, and a request for each twentieth of those, which asks about
 * that job by itself: jobs take turns, so that none depends on how busy the workspace is. */
#include "base/time.h"
#include "core/names.h"
#include "runners/databricks/runner.h"
#include "runners/databricks/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* Pages hold below 25 runs by the API's documentation; those that ended last come first. */
#define LIST "/api/2.2/jobs/runs/list?completed_only=true&limit=24"
#define SHARE 20

/* run_id: 0: it has none. */
struct failed {
	int64_t job_id;
	int64_t run_id;
	struct lb_run_news *news;
};

/* A look on its way. failed: sorted by job_id; a job's latest run is one.
 * turn: of whom is asked next; turns: how many are left. */
struct lb_databricks_revival {
	struct lb_databricks_runner *runner;
	struct lb_poll *poll;
	struct lb_arena arena;
	struct failed *failed;
	size_t count;
	size_t turn;
	size_t turns;
	struct lb_databricks_call call;
	struct lb_databricks_revival *next;
	struct lb_databricks_revival *previous;
	char path[sizeof(LIST "&job_id=") + 24];
};

static void revival_free(struct lb_databricks_revival *revival)
{
	if (revival->previous != NULL) {
		revival->previous->next = revival->next;
	} else {
		revival->runner->revivals = revival->next;
	}
	if (revival->next != NULL) {
		revival->next->previous = revival->previous;
	}
	lb_arena_finish(&revival->arena);
	lb_free(revival);
}

static void finish(struct lb_databricks_revival *revival)
{
	struct lb_poll *poll = revival->poll;
	revival_free(revival);
	poll->done(poll);
}

static int compare_jobs(const void *a, const void *b)
{
	const struct failed *one = a;
	const struct failed *other = b;
	return (one->job_id > other->job_id) - (one->job_id < other->job_id);
}

static int64_t integer_of(const json_t *run, const char *key)
{
	return json_integer_value(json_object_get(run, key));
}

/* Both times are the workspace's own, but for a run of which it does not tell when it
 * ended: then ours stands in. */
static bool is_later(const json_t *run, const struct lb_run *failed)
{
	int64_t started_ms = integer_of(run, "start_time");
	return failed->ended_at_us != LB_TIME_NONE && started_ms > 0 &&
	       started_ms < INT64_MAX / LB_MS && started_ms * LB_MS >= failed->ended_at_us;
}

static void tell(const struct lb_databricks_revival *revival, const struct failed *failed,
		 int64_t run_id, int64_t ended_at_us)
{
	struct lb_arena *arena = &revival->poll->arena;
	const char *url = lb_databricks_run_url(revival->runner->workspace.domain, failed->job_id,
						run_id, arena);
	const char *message =
		url == NULL ? NULL
			    : lb_arena_printf(arena, "%s: %s",
					      run_id == failed->run_id
						      ? "the failed run was repaired"
						      : "a later run of the job succeeded",
					      url);
	if (message != NULL) {
		failed->news->known = true;
		failed->news->state = LB_RUN_SUCCEEDED;
		failed->news->message = message;
		failed->news->ended_at_us = ended_at_us;
	}
}

static void take_run(const struct lb_databricks_revival *revival, const json_t *run)
{
	const struct failed key = {.job_id = integer_of(run, "job_id")};
	const struct failed *failed =
		bsearch(&key, revival->failed, revival->count, sizeof(key), compare_jobs);
	int64_t run_id = integer_of(run, "run_id");
	if (failed == NULL || failed->news->known || run_id <= 0 ||
	    (run_id != failed->run_id && !is_later(run, failed->news->run))) {
		return;
	}
	struct lb_clock *clock = revival->runner->workspace.clock;
	struct lb_run_news news = {0};
	lb_databricks_run_news(run, clock->impl->now(clock), &revival->poll->arena, &news);
	if (news.known && news.state == LB_RUN_SUCCEEDED) {
		tell(revival, failed, run_id, news.ended_at_us);
	}
}

static const struct failed *next_failed(struct lb_databricks_revival *revival)
{
	while (revival->turns > 0) {
		assert(revival->count > 0); /* whose turns they are */
		const struct failed *failed = &revival->failed[revival->turn++ % revival->count];
		revival->turns--;
		if (!failed->news->known) {
			return failed;
		}
	}
	return NULL;
}

static void ask(struct lb_databricks_revival *revival, int64_t job_id);

static void ask_next(struct lb_databricks_revival *revival)
{
	const struct failed *failed = next_failed(revival);
	if (failed != NULL) {
		ask(revival, failed->job_id);
	} else {
		finish(revival);
	}
}

/* Of a job that may not be looked at the others know nothing. */
static void on_page(struct lb_databricks_call *call)
{
	struct lb_databricks_revival *revival = call->data;
	enum lb_databricks_meaning meaning = call->reply.meaning;
	const json_t *runs = json_object_get(call->reply.json, "runs");
	for (size_t i = 0; i < json_array_size(runs); i++) {
		take_run(revival, json_array_get(runs, i));
	}
	if (meaning != LB_DATABRICKS_DONE && revival->poll->error.code == LB_OK) {
		revival->poll->error = call->reply.error;
	}
	if (meaning == LB_DATABRICKS_LATER || meaning == LB_DATABRICKS_CREDENTIAL) {
		finish(revival);
	} else {
		ask_next(revival);
	}
}

/* job_id 0: about all. */
static void ask(struct lb_databricks_revival *revival, int64_t job_id)
{
	if (job_id > 0) {
		(void)snprintf(revival->path, sizeof(revival->path), LIST "&job_id=%" PRId64,
			       job_id);
	} else {
		(void)snprintf(revival->path, sizeof(revival->path), LIST);
	}
	revival->call = (struct lb_databricks_call){
		.workspace = &revival->runner->workspace,
		.method = "GET",
		.path = revival->path,
		.done = on_page,
		.data = revival,
	};
	lb_databricks_call_start(&revival->call);
}

static bool fill(struct lb_databricks_revival *revival)
{
	const struct lb_run_news_list *news = &revival->poll->news;
	revival->failed = lb_arena_alloc(&revival->arena, news->count * sizeof(*revival->failed));
	if (revival->failed == NULL) {
		return false;
	}
	for (size_t i = 0; i < news->count; i++) {
		const struct lb_run *run = news->items[i].run;
		int64_t job_id;
		if (lb_databricks_has_failed(run) &&
		    lb_trigger_job_number(run->trigger_job_id, &job_id)) {
			revival->failed[revival->count++] =
				(struct failed){job_id, lb_databricks_run_id(run), &news->items[i]};
		}
	}
	if (revival->count > 0) {
		qsort(revival->failed, revival->count, sizeof(*revival->failed), compare_jobs);
	}
	return true;
}

static struct lb_databricks_revival *create(struct lb_databricks_runner *runner,
					    struct lb_poll *poll)
{
	struct lb_databricks_revival *revival = lb_alloc(sizeof(*revival));
	if (revival == NULL) {
		return NULL;
	}
	revival->runner = runner;
	revival->poll = poll;
	revival->next = runner->revivals;
	if (runner->revivals != NULL) {
		runner->revivals->previous = revival;
	}
	runner->revivals = revival;
	if (!fill(revival)) {
		revival_free(revival);
		return NULL;
	}
	return revival;
}

static bool any_failed(const struct lb_poll *poll)
{
	for (size_t i = 0; i < poll->news.count; i++) {
		if (lb_databricks_has_failed(poll->news.items[i].run)) {
			return true;
		}
	}
	return false;
}

void lb_databricks_revive(struct lb_databricks_runner *runner, struct lb_poll *poll)
{
	if (!any_failed(poll)) {
		poll->done(poll);
		return;
	}
	struct lb_databricks_revival *revival = create(runner, poll);
	if (revival == NULL) {
		(void)lb_fail_nomem(&poll->error);
		poll->done(poll);
		return;
	}
	revival->turns = (revival->count + SHARE - 1) / SHARE;
	revival->turn = runner->looks;
	runner->looks += revival->turns;
	if (revival->count > 1) {
		ask(revival, 0);
	} else {
		ask_next(revival);
	}
}

void lb_databricks_forget_revivals(struct lb_databricks_runner *runner)
{
	while (runner->revivals != NULL) {
		lb_databricks_call_cancel(&runner->revivals->call);
		revival_free(runner->revivals);
	}
}
