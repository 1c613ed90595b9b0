/* feeding.h: applying a data feed, for `feed` and for the daemon. */
#ifndef LB_CLI_FEEDING_H
#define LB_CLI_FEEDING_H

#include "cli/app.h"
#include "engine/feed.h"

/* Whether added rows take up files that are there already: unless every ACON says
 * cloudFiles.includeExistingFiles false. */
bool lb_feeding_existing(const struct lb_config *config);

/* Reads and applies path without force, and says in the log how it went; true
 * when the control table has changed. */
bool lb_feeding_apply(struct lb_cli *cli, const char *path);

#endif
