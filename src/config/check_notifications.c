#include "config/check_notifications.h"

#include "base/text.h"
#include "config/scope.h"
#include "sources/trigger_file/s3_place.h"

#include <string.h>

static bool is_in_s3(const struct lb_acon *acon)
{
	return acon->base_trigger_file_location != NULL &&
	       lb_s3_is_location(acon->base_trigger_file_location);
}

static struct lb_place option_place(const struct lb_acon *acon, const char *option, const char *key)
{
	const char *origin = lb_scope_origin(LB_SCOPE_OPTION, acon->option_origins, option)->text;
	return (struct lb_place){origin, 0, 0, key};
}

static void check_acon(const struct lb_config *config, const struct lb_acon *acon,
		       struct lb_report *report)
{
	if (!acon->use_notifications) {
		if (acon->queue_url != NULL) {
			lb_report_add(report, LB_PROBLEM_WARNING,
				      option_place(acon, "cloudFiles.queueUrl",
						   "options.cloudFiles.queueUrl"),
				      "set cloudFiles.useNotifications to true, or leave it out",
				      "has no effect without cloudFiles.useNotifications");
		}
		return;
	}
	struct lb_place place = option_place(acon, "cloudFiles.useNotifications",
					     "options.cloudFiles.useNotifications");
	if (!is_in_s3(acon)) {
		lb_report_add(report, LB_PROBLEM_ERROR, place, "leave it out",
			      "needs an S3 location, and the base location is local");
	} else if (acon->queue_url == NULL && config->listen_events == NULL) {
		lb_report_add(report, LB_PROBLEM_ERROR, place,
			      "give cloudFiles.queueUrl, the SQS queue that the bucket notifies, "
			      "or listen_events in the daemon's file",
			      "needs somebody who tells of new objects, and lakebeat creates "
			      "nothing in your account");
	}
}

/* HOST of "HOST:PORT". Another text that looks like these is no address, and refused
 * when it is listened at. */
static bool is_loopback(const char *address)
{
	return lb_text_starts_with(address, "127.") || lb_text_starts_with(address, "localhost:") ||
	       lb_text_starts_with(address, "[::1]:");
}

static struct lb_place file_place(const struct lb_config *config, const char *key)
{
	const char *origin = lb_scope_origin(LB_SCOPE_FILE, config->origins, key)->text;
	return (struct lb_place){origin, 0, 0, key};
}

static void check_listening(const struct lb_config *config, bool any_in_s3,
			    struct lb_report *report)
{
	if (config->listen_events == NULL) {
		if (config->listen_events_secret != NULL) {
			lb_report_add(report, LB_PROBLEM_WARNING,
				      file_place(config, "listen_events_secret"),
				      "give listen_events", "has no effect without listen_events");
		}
		return;
	}
	struct lb_place place = file_place(config, "listen_events");
	bool has_secret =
		config->listen_events_secret != NULL && *config->listen_events_secret != '\0';
	if (!has_secret && !is_loopback(config->listen_events)) {
		lb_report_add(report, LB_PROBLEM_ERROR, place,
			      "give listen_events_secret, or listen at 127.0.0.1",
			      "is an address that others can reach, and there is no secret");
	} else if (!any_in_s3) {
		lb_report_add(report, LB_PROBLEM_WARNING, place, "leave it out",
			      "has no effect: no base location is in S3");
	}
}

void lb_config_check_notifications(const struct lb_config *config, struct lb_report *report)
{
	bool any_in_s3 = false;
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		if (acon->option_origins != NULL) {
			check_acon(config, acon, report);
		}
		any_in_s3 |= is_in_s3(acon);
	}
	check_listening(config, any_in_s3, report);
}
