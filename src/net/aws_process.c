#include "net/aws_process.h"

#include "base/mem.h"
#include "base/time.h"

#include <signal.h>
#include <string.h>

/* Over when the program has ended and nobody holds its output open any more.
 * exchange: NULL once it was told, or canceled; then only the end of a program
 * that still runs is awaited, so that it leaves no zombie. */
struct process {
	uv_process_t child;
	uv_pipe_t output;
	uv_timer_t timer;
	int handles_open;
	bool running;
	bool drained;
	int64_t status;
	int signal;
	int64_t timeout_us;
	struct lb_aws_exchange *exchange;
	size_t length;
	char bytes[LB_AWS_REPLY_BYTES_MAX + 1]; /* one more, to notice it */
};

static void on_close(uv_handle_t *handle)
{
	struct process *process = handle->data;
	if (--process->handles_open == 0) {
		explicit_bzero(process->bytes, sizeof(process->bytes));
		lb_free(process);
	}
}

static void let_go(struct process *process)
{
	process->exchange = NULL;
	uv_close((uv_handle_t *)&process->output, on_close);
	uv_close((uv_handle_t *)&process->timer, on_close);
	if (process->running) {
		(void)uv_process_kill(&process->child, SIGKILL);
	} else {
		uv_close((uv_handle_t *)&process->child, on_close);
	}
}

static void fail(struct process *process, const struct lb_error *error)
{
	struct lb_aws_exchange *exchange = process->exchange;
	let_go(process);
	exchange->done(exchange, NULL, error);
}

static void succeed(struct process *process)
{
	struct lb_aws_exchange *exchange = process->exchange;
	struct lb_aws_answer answer = {
		.status = 200, .body = process->bytes, .length = process->length};
	let_go(process); /* frees in a later turn of the loop */
	exchange->done(exchange, &answer, NULL);
}

static void end_if_over(struct process *process)
{
	struct lb_error error = {0};
	if (process->running || !process->drained) {
		return;
	}
	if (process->signal != 0) {
		(void)lb_fail(&error, LB_UNAVAILABLE, "it was ended by signal %d", process->signal);
		fail(process, &error);
	} else if (process->status != 0) {
		(void)lb_fail(&error, LB_UNAVAILABLE,
			      "it failed with exit code %lld; run it by hand to see why",
			      (long long)process->status);
		fail(process, &error);
	} else {
		succeed(process);
	}
}

static void on_exit(uv_process_t *child, int64_t status, int signal)
{
	struct process *process = child->data;
	process->running = false;
	process->status = status;
	process->signal = signal;
	if (process->exchange != NULL) {
		end_if_over(process);
	} else {
		uv_close((uv_handle_t *)child, on_close);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
	(void)suggested;
	struct process *process = handle->data;
	*ret_buffer = uv_buf_init(process->bytes + process->length,
				  (unsigned int)(sizeof(process->bytes) - process->length));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	(void)buffer;
	struct process *process = stream->data;
	struct lb_error error = {0};
	process->length += length > 0 ? (size_t)length : 0;
	if (process->length > LB_AWS_REPLY_BYTES_MAX) {
		(void)lb_fail(&error, LB_CORRUPT, "it printed more than %zu KiB",
			      LB_AWS_REPLY_BYTES_MAX / 1024);
		fail(process, &error);
	} else if (length < 0) {
		process->drained = true;
		(void)uv_read_stop(stream);
		end_if_over(process);
	}
}

static void on_timeout(uv_timer_t *timer)
{
	struct process *process = timer->data;
	struct lb_error error = {0};
	char text[LB_TIME_TEXT_MAX];
	(void)lb_fail(&error, LB_UNAVAILABLE, "it was not done within %s",
		      lb_duration_format(process->timeout_us, text));
	fail(process, &error);
}

static int spawn(uv_loop_t *loop, const char *const *argv, struct process *process)
{
	uv_stdio_container_t streams[3] = {
		{.flags = UV_IGNORE},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		 .data.stream = (uv_stream_t *)&process->output},
		{.flags = UV_IGNORE},
	};
	char **arguments;
	memcpy(&arguments, &argv, sizeof(arguments)); /* uv_spawn changes none of them */
	uv_process_options_t options = {
		.exit_cb = on_exit,
		.file = argv[0],
		.args = arguments,
		.stdio_count = 3,
		.stdio = streams,
	};
	return uv_spawn(loop, &process->child, &options);
}

enum lb_err lb_aws_process_start(uv_loop_t *loop, const char *const *argv, int64_t timeout_us,
				 struct lb_aws_exchange *exchange, struct lb_error *error)
{
	struct process *process = lb_alloc(sizeof(*process));
	if (process == NULL) {
		return lb_fail_nomem(error);
	}
	process->exchange = exchange;
	process->timeout_us = timeout_us;
	process->handles_open = 3;
	process->timer.data = process;
	(void)uv_timer_init(loop, &process->timer);    /* cannot fail */
	(void)uv_pipe_init(loop, &process->output, 0); /* cannot fail */
	process->output.data = process;
	process->child.data = process;
	int status = spawn(loop, argv, process);
	process->running = status == 0;
	if (status != 0) {
		let_go(process);
		return lb_fail(error, status == UV_ENOENT ? LB_NOT_FOUND : LB_IO,
			       "'%s' cannot be started: %s", argv[0], uv_strerror(status));
	}
	(void)uv_read_start((uv_stream_t *)&process->output, on_alloc, on_read);
	(void)uv_timer_start(&process->timer, on_timeout, (uint64_t)(timeout_us / LB_MS), 0);
	exchange->state = process;
	return LB_OK;
}

void lb_aws_process_cancel(struct lb_aws_exchange *exchange)
{
	let_go(exchange->state);
}
