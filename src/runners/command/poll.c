#include "runners/command/runner.h"
#include "runners/command/standing.h"

/* A poll on its way. poll: not touched by the worker, nor after a destroy. */
struct inquiry {
	uv_work_t work;
	struct lb_command_runner *runner;
	struct lb_poll *poll;
	struct lb_arena arena;
	size_t count;
	const char **tokens;
	struct lb_command_standing *standings;
};

static void inquiry_free(struct inquiry *inquiry)
{
	lb_arena_finish(&inquiry->arena);
	lb_free(inquiry);
}

static void execute_inquiry(uv_work_t *work)
{
	struct inquiry *inquiry = work->data;
	for (size_t i = 0; i < inquiry->count; i++) {
		inquiry->standings[i] = lb_command_standing(inquiry->runner->settings.runs,
							    inquiry->tokens[i], &inquiry->arena);
	}
}

static void on_inquired(uv_work_t *work, int status)
{
	(void)status;
	struct inquiry *inquiry = work->data;
	struct lb_command_runner *runner = inquiry->runner;
	struct lb_poll *poll = inquiry->poll;
	for (size_t i = 0; !runner->destroyed && i < inquiry->count; i++) {
		const struct lb_command_standing *standing = &inquiry->standings[i];
		struct lb_run_news *news = &poll->news.items[i];
		news->known = standing->known;
		news->state = standing->state;
		news->message = lb_arena_strdup(&poll->arena, standing->message);
		news->ended_at_us = standing->ended_at_us;
	}
	inquiry_free(inquiry);
	if (!runner->destroyed) {
		poll->done(poll);
	}
	lb_command_runner_release(runner);
}

static struct inquiry *inquiry_create(struct lb_command_runner *runner, struct lb_poll *poll)
{
	struct inquiry *inquiry = lb_alloc(sizeof(*inquiry));
	if (inquiry == NULL) {
		return NULL;
	}
	inquiry->runner = runner;
	inquiry->poll = poll;
	inquiry->count = poll->news.count;
	inquiry->tokens = lb_arena_alloc(&inquiry->arena, inquiry->count * sizeof(char *));
	inquiry->standings =
		lb_arena_alloc(&inquiry->arena, inquiry->count * sizeof(*inquiry->standings));
	bool enough = inquiry->tokens != NULL && inquiry->standings != NULL;
	for (size_t i = 0; enough && i < inquiry->count; i++) {
		inquiry->tokens[i] =
			lb_arena_strdup(&inquiry->arena, poll->news.items[i].run->token);
		enough = inquiry->tokens[i] != NULL;
	}
	if (!enough) {
		inquiry_free(inquiry);
		return NULL;
	}
	return inquiry;
}

void lb_command_poll(struct lb_runner *base, struct lb_poll *poll)
{
	struct lb_command_runner *runner = lb_command_runner(base);
	struct inquiry *inquiry = inquiry_create(runner, poll);
	if (inquiry == NULL) {
		(void)lb_fail_nomem(&poll->error);
		lb_command_runner_turn_away(runner, NULL, poll);
		return;
	}
	runner->handles++;
	inquiry->work.data = inquiry;
	/* Fails only without a callback. */
	(void)uv_queue_work(runner->loop, &inquiry->work, execute_inquiry, on_inquired);
}
