#include "cli/databricks.h"

#include "config/scope.h"

#include <stdlib.h>

static struct lb_databricks_text text_of(const struct lb_runner_settings *runner, const char *value,
					 const char *key)
{
	return (struct lb_databricks_text){
		value, lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, key)->text};
}

static const char *get_variable(const char *name)
{
	return getenv(name);
}

enum lb_err lb_cli_databricks_credentials(const struct lb_runner_settings *runner,
					  struct lb_databricks_credentials *ret_credentials,
					  struct lb_error *error)
{
	const struct lb_databricks_settings settings = {
		.domain = text_of(runner, runner->domain, "domain"),
		.token = text_of(runner, runner->token, "token"),
		.client_id = text_of(runner, runner->client_id, "client_id"),
		.client_secret = text_of(runner, runner->client_secret, "client_secret"),
		.auth_type = text_of(runner, runner->auth_type, "auth_type"),
		.profile = text_of(runner, runner->profile, "profile"),
	};
	enum lb_err err =
		lb_databricks_credentials_find(&settings, get_variable, ret_credentials, error);
	return err == LB_OK ? LB_OK : lb_wrap(error, "runner %s", runner->name);
}
