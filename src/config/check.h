/* check.h: what only shows when everything is read: one part of the
 * configuration against another, and the defaults that hang on others. */
#ifndef LB_CONFIG_CHECK_H
#define LB_CONFIG_CHECK_H

#include "config/config.h"
#include "config/problem.h"

/* Completes config: store, tables, runners, gaps, the sources' options. */
void lb_config_check(struct lb_config *config, struct lb_report *report);

#endif
