#include "host/host.h"

#include "base/mem.h"
#include "base/time.h"

#include <assert.h>
#include <time.h>

/* alarms: those that are set, the next to go off first. */
struct lb_host {
	struct lb_clock clock;
	struct lb_alarm *alarms;
	struct lb_worker worker;
	uv_loop_t *loop;
	uv_timer_t timer;
	uv_work_t request;
	struct lb_work *work; /* under way, or NULL */
};

static struct lb_host *host_of_clock(struct lb_clock *clock)
{
	return (void *)((char *)clock - offsetof(struct lb_host, clock));
}

static struct lb_host *host_of_worker(struct lb_worker *worker)
{
	return (void *)((char *)worker - offsetof(struct lb_host, worker));
}

static int64_t clock_now(struct lb_clock *clock)
{
	(void)clock;
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * LB_SECOND + now.tv_nsec / 1000;
}

static int64_t clock_monotonic(struct lb_clock *clock)
{
	(void)clock;
	return (int64_t)(uv_hrtime() / 1000);
}

static void on_timer(uv_timer_t *timer);

/* libuv's timer goes off with the first alarm. */
static void wind(struct lb_host *host)
{
	if (host->alarms == NULL) {
		(void)uv_timer_stop(&host->timer);
		return;
	}
	int64_t delay_us = host->alarms->at_us - clock_monotonic(&host->clock);
	uint64_t delay_ms = delay_us > 0 ? (uint64_t)((delay_us + 999) / 1000) : 0;
	uv_update_time(host->loop);
	(void)uv_timer_start(&host->timer, on_timer, delay_ms, 0);
}

static void take_out(struct lb_host *host, const struct lb_alarm *alarm)
{
	struct lb_alarm **place = &host->alarms;
	while (*place != NULL && *place != alarm) {
		place = &(*place)->next;
	}
	if (*place != NULL) {
		*place = alarm->next;
	}
}

/* Of those for the same time, the one that was set first goes off first. */
static void put_in(struct lb_host *host, struct lb_alarm *alarm)
{
	struct lb_alarm **place = &host->alarms;
	while (*place != NULL && (*place)->at_us <= alarm->at_us) {
		place = &(*place)->next;
	}
	alarm->next = *place;
	*place = alarm;
}

/* What is set meanwhile, for now, goes off at the loop's next turn. */
static void on_timer(uv_timer_t *timer)
{
	struct lb_host *host = timer->data;
	int64_t now_us = clock_monotonic(&host->clock);
	while (host->alarms != NULL && host->alarms->at_us < now_us) {
		struct lb_alarm *alarm = host->alarms;
		host->alarms = alarm->next;
		alarm->on_alarm(alarm->data);
	}
	wind(host);
}

static void clock_set_alarm(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us)
{
	struct lb_host *host = host_of_clock(clock);
	take_out(host, alarm);
	if (at_us != INT64_MAX) {
		alarm->at_us = at_us;
		put_in(host, alarm);
	}
	wind(host);
}

static const struct lb_clock_impl clock_impl = {
	.now = clock_now,
	.monotonic = clock_monotonic,
	.set_alarm = clock_set_alarm,
};

/* uv_work_t lives in the host: one piece of work at a time is all the engine asks. */
static void work_execute(uv_work_t *request)
{
	struct lb_host *host = request->data;
	host->work->execute(host->work);
}

static void work_done(uv_work_t *request, int status)
{
	(void)status; /* nothing is ever canceled */
	struct lb_host *host = request->data;
	struct lb_work *work = host->work;
	host->work = NULL;
	work->done(work);
}

static void worker_start(struct lb_worker *worker, struct lb_work *work)
{
	struct lb_host *host = host_of_worker(worker);
	assert(host->work == NULL);
	host->work = work;
	int status = uv_queue_work(host->loop, &host->request, work_execute, work_done);
	assert(status == 0); /* fails only without a callback */
	(void)status;
}

static const struct lb_worker_impl worker_impl = {.start = worker_start};

enum lb_err lb_host_create(uv_loop_t *loop, struct lb_host **ret_host, struct lb_error *error)
{
	struct lb_host *host = lb_alloc(sizeof(*host));
	if (host == NULL) {
		return lb_fail_nomem(error);
	}
	host->clock.impl = &clock_impl;
	host->worker.impl = &worker_impl;
	host->loop = loop;
	host->timer.data = host;
	host->request.data = host;
	(void)uv_timer_init(loop, &host->timer); /* cannot fail */
	*ret_host = host;
	return LB_OK;
}

struct lb_clock *lb_host_clock(struct lb_host *host)
{
	return &host->clock;
}

struct lb_worker *lb_host_worker(struct lb_host *host)
{
	return &host->worker;
}

static void on_close(uv_handle_t *handle)
{
	lb_free(handle->data);
}

void lb_host_destroy(struct lb_host *host)
{
	if (host != NULL) {
		assert(host->work == NULL);
		uv_close((uv_handle_t *)&host->timer, on_close);
	}
}
