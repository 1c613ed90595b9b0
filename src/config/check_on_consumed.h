/* check_on_consumed.h: what ACONs say of files that every job is done with. */
#ifndef LB_CONFIG_CHECK_ON_CONSUMED_H
#define LB_CONFIG_CHECK_ON_CONSUMED_H

#include "config/config.h"
#include "config/problem.h"

/* Sets each ACON's clean_rule from its on_consumed; base locations are absolute by now. */
void lb_config_check_on_consumed(struct lb_config *config, struct lb_report *report);

#endif
