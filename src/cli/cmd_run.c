/* cmd_run.c: the daemon. */
#include "cli/drive.h"
#include "cli/feeding.h"
#include "config/show.h"

#include <signal.h>

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
	struct lb_feeding feeding;
	struct lb_config *next;
	bool reload_again;
	bool ending;
	bool engine_idle;
	int code;
};

static bool is_stopping(const struct daemon *daemon)
{
	return daemon->ending || daemon->next != NULL || daemon->engine_idle;
}

static void on_feed_timer(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	lb_feeding_apply_later(&daemon->feeding, &daemon->loop);
}

static void on_engine_idle(void *data);

static enum lb_err open_engine(struct daemon *daemon, const struct lb_config *config,
			       struct lb_error *error)
{
	return lb_drive_open(&daemon->drive, daemon->cli, config, &daemon->loop, LB_ENGINE_RUN,
			     on_engine_idle, daemon, error);
}

/* The feed comes first, so that the first pass looks for what it declares. */
static void begin(struct daemon *daemon)
{
	const struct lb_config *config = daemon->cli->config;
	uint64_t look_ms = (uint64_t)(config->poll_interval_us / 1000);
	daemon->feeding.config = config;
	lb_feeding_apply(&daemon->feeding);
	(void)uv_timer_start(&daemon->feed_timer, on_feed_timer, look_ms, look_ms);
	daemon->engine_idle = false;
	lb_engine_start(daemon->drive.engine);
	lb_log(&daemon->cli->log, LB_LOG_INFO, "ready", "store", config->store_path, NULL);
}

static void stop(struct daemon *daemon)
{
	(void)uv_timer_stop(&daemon->feed_timer);
	lb_drive_stop(&daemon->drive);
}

static void end(struct daemon *daemon)
{
	uv_close((uv_handle_t *)&daemon->terminate, NULL);
	uv_close((uv_handle_t *)&daemon->interrupt, NULL);
	uv_close((uv_handle_t *)&daemon->hang_up, NULL);
	uv_close((uv_handle_t *)&daemon->feed_timer, NULL);
}

static void exchange_config(struct daemon *daemon)
{
	struct lb_cli *cli = daemon->cli;
	lb_config_destroy(cli->config);
	cli->config = daemon->next;
	cli->log.level = cli->config->log_level;
	cli->log.format = cli->config->log_format;
	lb_log(&cli->log, LB_LOG_INFO, "configuration reloaded", NULL);
}

/* What nobody can know before it is tried may still refuse the new configuration;
 * then the old one goes on. */
static void begin_anew(struct daemon *daemon)
{
	struct lb_error error = {0};
	enum lb_err err = open_engine(daemon, daemon->next, &error);
	if (err == LB_OK) {
		exchange_config(daemon);
	} else {
		lb_log(&daemon->cli->log, LB_LOG_ERROR,
		       "new configuration refused, the old one stays", "error", error.message,
		       NULL);
		lb_config_destroy(daemon->next);
		err = open_engine(daemon, daemon->cli->config, &error);
	}
	daemon->next = NULL;
	if (err == LB_OK) {
		begin(daemon);
	} else {
		daemon->code = lb_cli_fail(daemon->cli, LB_EXIT_FAILED, &error);
		end(daemon);
	}
}

/* What only a start can change keeps the whole reload out: half of a new
 * configuration is worse than the old one. */
static enum lb_err check_next(const struct daemon *daemon, const struct lb_config *next,
			      struct lb_error *error)
{
	struct lb_arena arena = {0};
	const char *key = NULL;
	enum lb_err err = lb_config_need_runner(next, error);
	if (err == LB_OK) {
		err = lb_config_needs_restart(daemon->cli->config, next, &arena, &key, error);
	}
	if (err == LB_OK && key != NULL) {
		err = lb_fail(error, LB_INVALID,
			      "%s has changed, and takes effect at start only; stop lakebeat and "
			      "start it again",
			      key);
	}
	lb_arena_finish(&arena);
	return err;
}

static void reload(struct daemon *daemon)
{
	struct lb_config *next = NULL;
	struct lb_error error = {0};
	daemon->reload_again = false;
	if (!lb_cli_reload(daemon->cli, &next)) {
		return;
	}
	if (check_next(daemon, next, &error) != LB_OK) {
		lb_log(&daemon->cli->log, LB_LOG_ERROR,
		       "new configuration refused, the old one stays", "error", error.message,
		       NULL);
		lb_config_destroy(next);
		return;
	}
	daemon->next = next;
	stop(daemon);
}

/* Goes on when neither the engine nor a feed is at work any more. */
static void proceed(struct daemon *daemon)
{
	if (!daemon->engine_idle || daemon->feeding.busy) {
		return;
	}
	lb_drive_close(&daemon->drive);
	if (daemon->ending || daemon->next == NULL) {
		end(daemon);
	} else {
		begin_anew(daemon);
		if (daemon->reload_again && !is_stopping(daemon)) {
			reload(daemon);
		}
	}
}

static void on_engine_idle(void *data)
{
	struct daemon *daemon = data;
	daemon->engine_idle = true;
	proceed(daemon);
}

static void on_fed(void *data, bool applied)
{
	struct daemon *daemon = data;
	if (applied && !is_stopping(daemon)) {
		lb_engine_wake(daemon->drive.engine, true);
	}
	proceed(daemon);
}

static void on_terminate(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	if (daemon->ending) {
		return;
	}
	lb_log(&daemon->cli->log, LB_LOG_INFO, "stopping", "signal",
	       number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
	bool stopping = is_stopping(daemon);
	daemon->ending = true;
	if (!stopping) {
		stop(daemon);
	}
}

/* One that comes while a reload is under way is about a file that changed again. */
static void on_hang_up(uv_signal_t *handle, int number)
{
	(void)number;
	struct daemon *daemon = handle->data;
	if (is_stopping(daemon)) {
		daemon->reload_again = true;
	} else {
		reload(daemon);
	}
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
	/* Whoever read the log may go away; that is no reason to end. */
	(void)signal(SIGPIPE, SIG_IGN);
	daemon.feeding = (struct lb_feeding){.log = &cli->log, .on_end = on_fed, .data = &daemon};
	open_handles(&daemon);
	enum lb_err err = open_engine(&daemon, cli->config, &error);
	if (err == LB_OK) {
		begin(&daemon);
	} else {
		daemon.code = lb_cli_fail(cli, err == LB_INVALID ? LB_EXIT_USAGE : LB_EXIT_FAILED,
					  &error);
		end(&daemon);
	}
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	/* Who asks a second time to stop, while the store is closed, changes nothing. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
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
