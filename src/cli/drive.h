/* drive.h: an engine with everything that it drives, from a configuration. */
#ifndef LB_CLI_DRIVE_H
#define LB_CLI_DRIVE_H

#include "cli/app.h"
#include "cli/notifications.h"
#include "cli/s3.h"
#include "host/host.h"
#include "net/http.h"

#include <uv.h>

/* Filled by lb_drive_open; engine is there from then on. http: NULL until
 * something needs it. loop, store and config
 * are borrowed. on_idle: called on the loop when the engine has nothing left to do. */
struct lb_drive {
	uv_loop_t *loop;
	struct lb_host *host;
	struct lb_s3_client s3; /* http NULL: there is no bucket */
	struct lb_notifications_in notifications;
	struct lb_source **sources;
	size_t source_count;
	struct lb_runner **runners;
	size_t runner_count;
	struct lb_cleaner **cleaners;
	size_t cleaner_count;
	struct lb_http *http;
	struct lb_engine *engine;
	struct lb_arena arena;
};

/* Errors: NOMEM, INVALID (no runner, where mode starts jobs), IO; then nothing is
 * left open but handles that close as the loop turns. */
enum lb_err lb_drive_open(struct lb_drive *drive, struct lb_cli *cli,
			  const struct lb_config *config, uv_loop_t *loop, enum lb_engine_mode mode,
			  void (*on_idle)(void *data), void *data,
			  struct lb_error *error) LB_MUST_CHECK;

/* Asks the engine to end; nothing more is taken from outside. */
void lb_drive_stop(struct lb_drive *drive);

/* The engine is idle, or was never started. Turn the loop afterwards. */
void lb_drive_close(struct lb_drive *drive);

/* A verb of one pass: opens, runs until idle, prints what happened. */
int lb_drive_pass(struct lb_cli *cli, enum lb_engine_mode mode);

#endif
