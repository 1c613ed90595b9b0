/* check_notifications.h: whether what is said of notifications can work. */
#ifndef LB_CONFIG_CHECK_NOTIFICATIONS_H
#define LB_CONFIG_CHECK_NOTIFICATIONS_H

#include "config/config.h"
#include "config/problem.h"

void lb_config_check_notifications(const struct lb_config *config, struct lb_report *report);

#endif
