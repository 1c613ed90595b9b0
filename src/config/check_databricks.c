#include "config/check_databricks.h"

#include "base/text.h"
#include "config/scope.h"

static struct lb_origin *origin_of(const struct lb_runner_settings *runner, const char *key)
{
	return lb_scope_origin(LB_SCOPE_RUNNER, runner->origins, key);
}

/* The ACON whose workspace the runner's is; NULL: none, or it was reported that
 * they do not agree. */
static const struct lb_acon *find_acon(const struct lb_config *config,
				       const struct lb_runner_settings *runner, const char *key,
				       const char *where, struct lb_report *report)
{
	const struct lb_acon *found = NULL;
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		bool fits = runner->domain == NULL || lb_text_equal(acon->domain, runner->domain);
		if (acon->domain == NULL || !fits) {
			continue;
		}
		if (found != NULL && !lb_text_equal(found->domain, acon->domain)) {
			struct lb_place place = {where, 0, 0, key};
			lb_report_add(report, LB_PROBLEM_ERROR, place, "give the runner its domain",
				      "has no domain, and those of %s and %s differ", found->origin,
				      acon->origin);
			return NULL;
		}
		found = found == NULL || found->token == NULL ? acon : found;
	}
	return found;
}

static void take_from(const struct lb_acon *acon, struct lb_runner_settings *runner)
{
	if (runner->domain == NULL) {
		runner->domain = acon->domain;
		*origin_of(runner, "domain") =
			*lb_scope_origin(LB_SCOPE_ACON, acon->origins, "domain");
	}
	if (runner->token == NULL && runner->client_id == NULL && runner->client_secret == NULL &&
	    acon->token != NULL) {
		runner->token = acon->token;
		*origin_of(runner, "token") =
			*lb_scope_origin(LB_SCOPE_ACON, acon->origins, "token");
	}
}

static void complain_of_argv(const struct lb_runner_settings *runner, const char *key,
			     struct lb_report *report)
{
	struct lb_place place = {origin_of(runner, "argv")->text, 0, 0, key};
	if (runner->argv != NULL) {
		lb_report_add(report, LB_PROBLEM_WARNING, place, "leave argv out",
			      "argv has no effect on a runner of kind databricks");
	}
}

void lb_config_check_databricks(const struct lb_config *config, struct lb_runner_settings *runner,
				const char *key, const char *where, struct lb_report *report)
{
	complain_of_argv(runner, key, report);
	/* Whoever names a profile wants that and not the ACON's workspace. */
	const struct lb_acon *acon =
		runner->profile == NULL ? find_acon(config, runner, key, where, report) : NULL;
	if (acon != NULL && acon->origins != NULL) {
		take_from(acon, runner);
	}
}
