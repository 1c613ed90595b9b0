#include "config/check_on_consumed.h"

#include "config/scope.h"

/* Files that are moved must not be found again, by any ACON. */
static enum lb_err check_rule(const struct lb_config *config, const struct lb_acon *acon,
			      struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < config->acons.count && err == LB_OK; i++) {
		const char *other = config->acons.items[i].base_trigger_file_location;
		if (other != NULL) {
			err = lb_clean_rule_check(&acon->clean_rule,
						  acon->base_trigger_file_location, other, error);
		}
	}
	return err;
}

static void check_acon(struct lb_config *config, struct lb_acon *acon, struct lb_report *report)
{
	struct lb_error error = {0};
	enum lb_err err = lb_clean_rule_parse(acon->on_consumed, acon->base_trigger_file_location,
					      &config->arena, &acon->clean_rule, &error);
	if (err == LB_OK) {
		err = check_rule(config, acon, &error);
	}
	if (err == LB_OK) {
		return;
	}
	const char *origin =
		lb_scope_origin(LB_SCOPE_OPTION, acon->option_origins, "on_consumed")->text;
	lb_report_add(report, LB_PROBLEM_ERROR,
		      (struct lb_place){.file = origin, .key = "options.on_consumed"},
		      "write keep, delete, or move: and a place outside of the base locations",
		      "%s", error.message);
	report->exhausted = report->exhausted || error.code == LB_NOMEM;
}

void lb_config_check_on_consumed(struct lb_config *config, struct lb_report *report)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		struct lb_acon *acon = &config->acons.items[i];
		if (acon->on_consumed != NULL && acon->base_trigger_file_location != NULL) {
			check_acon(config, acon, report);
		}
	}
}
