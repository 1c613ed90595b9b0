/* databricks.h: the credentials of a runner of kind databricks, as configured. */
#ifndef LB_CLI_DATABRICKS_H
#define LB_CLI_DATABRICKS_H

#include "config/config.h"
#include "runners/databricks/credentials.h"

/* From the runner's settings, the environment and ~/.databrickscfg. Errors as
 * lb_databricks_credentials_find; the message names the runner. */
enum lb_err lb_cli_databricks_credentials(const struct lb_runner_settings *runner,
					  struct lb_databricks_credentials *ret_credentials,
					  struct lb_error *error) LB_MUST_CHECK;

#endif
