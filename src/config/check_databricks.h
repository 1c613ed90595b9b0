/* check_databricks.h: a databricks runner's settings, completed by those of ACONs. */
#ifndef LB_CONFIG_CHECK_DATABRICKS_H
#define LB_CONFIG_CHECK_DATABRICKS_H

#include "config/config.h"
#include "config/problem.h"

/* Gives runner the domain and token that it does not have itself. key:
 * "runners.<name>", where: its origin. */
void lb_config_check_databricks(const struct lb_config *config, struct lb_runner_settings *runner,
				const char *key, const char *where, struct lb_report *report);

#endif
