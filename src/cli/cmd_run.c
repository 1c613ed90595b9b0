/* cmd_run.c: the daemon. */
#include "cli/drive.h"
#include "cli/feeding.h"
#include "config/show.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* What the daemon is doing: the engine runs, or stops to end or to begin anew with
 * next, the configuration that a reload brought. */
struct daemon {
	struct lb_cli *cli;
	uv_loop_t loop;
	struct lb_drive drive;
	uv_signal_t terminate;
	uv_signal_t interrupt;
	uv_signal_t hang_up;
	uv_timer_t feed_timer;
	struct timespec feed_time;
	struct lb_config *next;
	bool ending;
	int code;
};

static void feed_when_changed(struct daemon *daemon)
{
	struct lb_cli *cli = daemon->cli;
	struct stat status;
	if (cli->config->feed == NULL || stat(cli->config->feed, &status) != 0 ||
	    memcmp(&status.st_mtim, &daemon->feed_time, sizeof(status.st_mtim)) == 0) {
		return;
	}
	daemon->feed_time = status.st_mtim;
	if (lb_feeding_apply(cli, cli->config->feed) && daemon->drive.engine != NULL) {
		lb_engine_wake(daemon->drive.engine, true);
	}
}

static void on_feed_timer(uv_timer_t *timer)
{
	feed_when_changed(timer->data);
}

static void close_handles(struct daemon *daemon)
{
	uv_close((uv_handle_t *)&daemon->terminate, NULL);
	uv_close((uv_handle_t *)&daemon->interrupt, NULL);
	uv_close((uv_handle_t *)&daemon->hang_up, NULL);
	uv_close((uv_handle_t *)&daemon->feed_timer, NULL);
}

static void on_idle(void *data);

static bool start_engine(struct daemon *daemon)
{
	struct lb_error error = {0};
	enum lb_err err = lb_drive_open(&daemon->drive, daemon->cli, daemon->cli->config,
					&daemon->loop, LB_ENGINE_RUN, on_idle, daemon, &error);
	if (err != LB_OK) {
		daemon->code = lb_cli_fail(
			daemon->cli, err == LB_INVALID ? LB_EXIT_USAGE : LB_EXIT_FAILED, &error);
		return false;
	}
	uint64_t feed_ms = (uint64_t)(daemon->cli->config->poll_interval_us / 1000);
	(void)uv_timer_start(&daemon->feed_timer, on_feed_timer, feed_ms, feed_ms);
	lb_engine_start(daemon->drive.engine);
	lb_log(&daemon->cli->log, LB_LOG_INFO, "ready", "store", daemon->cli->config->store_path,
	       NULL);
	return true;
}

static void end(struct daemon *daemon)
{
	lb_drive_close(&daemon->drive);
	close_handles(daemon);
}

/* The engine has stopped: the process ends, or goes on with the new configuration. */
static void on_idle(void *data)
{
	struct daemon *daemon = data;
	if (daemon->ending || daemon->next == NULL) {
		end(daemon);
		return;
	}
	lb_drive_close(&daemon->drive);
	lb_config_destroy(daemon->cli->config);
	daemon->cli->config = daemon->next;
	daemon->next = NULL;
	daemon->cli->log.level = daemon->cli->config->log_level;
	daemon->cli->log.format = daemon->cli->config->log_format;
	lb_log(&daemon->cli->log, LB_LOG_INFO, "configuration reloaded", NULL);
	if (!start_engine(daemon)) {
		close_handles(daemon);
	}
}

static void on_terminate(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	if (daemon->ending) {
		return;
	}
	lb_log(&daemon->cli->log, LB_LOG_INFO, "stopping", "signal",
	       number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
	daemon->ending = true;
	(void)uv_timer_stop(&daemon->feed_timer);
	lb_engine_stop(daemon->drive.engine);
}

/* What only a start can change keeps the whole reload out: half of a new
 * configuration is worse than the old one. */
static bool takes_effect(struct daemon *daemon, const struct lb_config *next)
{
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	const char *key = NULL;
	enum lb_err err = lb_config_needs_restart(daemon->cli->config, next, &arena, &key, &error);
	if (err != LB_OK) {
		lb_log(&daemon->cli->log, LB_LOG_ERROR, "reload refused", "error", error.message,
		       NULL);
	} else if (key != NULL) {
		lb_log(&daemon->cli->log, LB_LOG_ERROR,
		       "reload refused: a setting has changed that takes effect at start only",
		       "setting", key, NULL);
	}
	bool ok = err == LB_OK && key == NULL;
	lb_arena_finish(&arena);
	return ok;
}

static void on_hang_up(uv_signal_t *handle, int number)
{
	(void)number;
	struct daemon *daemon = handle->data;
	struct lb_config *next = NULL;
	struct lb_error error = {0};
	if (daemon->ending || daemon->next != NULL || !lb_cli_reload(daemon->cli, &next)) {
		return;
	}
	if (lb_config_need_runner(next, &error) != LB_OK) {
		lb_log(&daemon->cli->log, LB_LOG_ERROR, "reload refused", "error", error.message,
		       NULL);
		lb_config_destroy(next);
		return;
	}
	if (!takes_effect(daemon, next)) {
		lb_config_destroy(next);
		return;
	}
	daemon->next = next;
	(void)uv_timer_stop(&daemon->feed_timer);
	lb_engine_stop(daemon->drive.engine);
}

static void open_handles(struct daemon *daemon)
{
	(void)uv_signal_init(&daemon->loop, &daemon->terminate);
	(void)uv_signal_init(&daemon->loop, &daemon->interrupt);
	(void)uv_signal_init(&daemon->loop, &daemon->hang_up);
	(void)uv_timer_init(&daemon->loop, &daemon->feed_timer);
	daemon->terminate.data = daemon;
	daemon->interrupt.data = daemon;
	daemon->hang_up.data = daemon;
	daemon->feed_timer.data = daemon;
	(void)uv_signal_start(&daemon->terminate, on_terminate, SIGTERM);
	(void)uv_signal_start(&daemon->interrupt, on_terminate, SIGINT);
	(void)uv_signal_start(&daemon->hang_up, on_hang_up, SIGHUP);
}

static int run(struct lb_cli *cli)
{
	int code = lb_cli_open(cli, true);
	if (code != LB_EXIT_OK) {
		return code;
	}
	struct daemon daemon = {.cli = cli};
	struct lb_error error = {0};
	if (uv_loop_init(&daemon.loop) != 0) {
		(void)lb_fail(&error, LB_IO, "cannot make an event loop");
		return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	open_handles(&daemon);
	feed_when_changed(&daemon);
	if (!start_engine(&daemon)) {
		close_handles(&daemon);
	}
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&daemon.loop);
	lb_config_destroy(daemon.next);
	return daemon.code;
}

static const struct lb_example examples[] = {
	{"lakebeat run", "with lakebeat.yaml in the working directory"},
	{"lakebeat run --acon acon.json --runner-argv './jobs/{trigger_job_id}'",
	 "without any other file"},
	{"kill -HUP $(pidof lakebeat)", "reload the configuration; a bad one is refused"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_run = {
	.name = "run",
	.summary = "watch and start jobs, until told to stop",
	.description = "Watches every sensor, starts jobs within milliseconds of the file that "
		       "they waited "
		       "for, and follows them to their end. Logs one line per thing that happens "
		       "to standard "
		       "error.\n\n"
		       "SIGTERM and SIGINT finish the transaction under way and exit with 0; jobs "
		       "go on by "
		       "themselves and are found again by the next lakebeat. SIGHUP reloads the "
		       "configuration; a bad one is refused, and the old one stays.",
	.examples = examples,
	.run = run,
};
