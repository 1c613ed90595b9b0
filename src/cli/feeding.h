/* feeding.h: the data feed that the daemon's file names: applied at start, and
 * when the file changes. */
#ifndef LB_CLI_FEEDING_H
#define LB_CLI_FEEDING_H

#include "cli/app.h"
#include "engine/feed.h"

#include <sys/stat.h>
#include <uv.h>

/* Whether added rows take up files that are there already: unless every ACON says
 * cloudFiles.includeExistingFiles false. */
bool lb_feeding_existing(const struct lb_config *config);

/* The feed file and how it was last seen. A feed is applied through a store of its
 * own, so that the engine's may be at work meanwhile.
 * config, log: borrowed; exchange config only while not busy.
 * on_end:      applying on a worker has ended; applied: the control table changed.
 * The rest is feeding.c's, zero at first. */
struct lb_feeding {
	const struct lb_config *config;
	const struct lb_log *log;
	void (*on_end)(void *data, bool applied);
	void *data;

	bool busy;
	bool missing;
	struct stat seen;
	uv_work_t work;
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_row_list rows;
	struct lb_feed feed;
	enum lb_err err;
	struct lb_error error;
};

/* Applies the feed here and now, if there is one and its file has changed since
 * it was last applied; says in the log how it went. Blocks. */
void lb_feeding_apply(struct lb_feeding *feeding);

/* The same on one of the loop's worker threads; then on_end is called on the
 * loop, and busy is set until then. Nothing happens while busy. */
void lb_feeding_apply_later(struct lb_feeding *feeding, uv_loop_t *loop);

#endif
