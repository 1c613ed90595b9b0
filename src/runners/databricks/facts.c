#include "runners/databricks/facts.h"

#include "base/text.h"

#include <stdint.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

enum lb_err lb_databricks_read_job(const json_t *json, struct lb_arena *arena,
				   struct lb_databricks_job_facts *facts, struct lb_error *error)
{
	const json_t *settings = json_object_get(json, "settings");
	const json_t *most = json_object_get(settings, "max_concurrent_runs");
	const json_t *continuous = json_object_get(settings, "continuous");
	const char *name = text_of(settings, "name");
	if (!json_is_object(settings)) {
		return lb_fail(error, LB_CORRUPT, "the workspace's answer describes no job");
	}
	facts->max_concurrent_runs = json_is_integer(most) ? json_integer_value(most) : 1;
	facts->is_continuous = json_is_object(continuous) &&
			       !lb_text_equal(text_of(continuous, "pause_status"), "PAUSED");
	facts->name = name != NULL ? lb_arena_strdup(arena, name) : NULL;
	return name == NULL || facts->name != NULL ? LB_OK : lb_fail_nomem(error);
}

const char *lb_databricks_principal(const json_t *me, struct lb_arena *arena)
{
	const char *name = text_of(me, "userName");
	if (name == NULL) {
		name = text_of(me, "applicationId");
	}
	return name != NULL ? lb_arena_strdup(arena, name) : NULL;
}

static bool is_in_group(const json_t *me, const char *name)
{
	const json_t *groups = json_object_get(me, "groups");
	for (size_t i = 0; i < json_array_size(groups); i++) {
		if (lb_text_equal(text_of(json_array_get(groups, i), "display"), name)) {
			return true;
		}
	}
	return false;
}

static bool is_about(const json_t *entry, const json_t *me)
{
	const char *user = text_of(entry, "user_name");
	const char *principal = text_of(entry, "service_principal_name");
	const char *group = text_of(entry, "group_name");
	return (user != NULL && lb_text_equal(user, text_of(me, "userName"))) ||
	       (principal != NULL && (lb_text_equal(principal, text_of(me, "applicationId")) ||
				      lb_text_equal(principal, text_of(me, "userName")))) ||
	       (group != NULL && is_in_group(me, group));
}

static bool allows_starting(const json_t *entry)
{
	const json_t *permissions = json_object_get(entry, "all_permissions");
	for (size_t i = 0; i < json_array_size(permissions); i++) {
		const char *level = text_of(json_array_get(permissions, i), "permission_level");
		if (lb_text_equal(level, "CAN_MANAGE_RUN") || lb_text_equal(level, "CAN_MANAGE") ||
		    lb_text_equal(level, "IS_OWNER")) {
			return true;
		}
	}
	return false;
}

enum lb_databricks_right lb_databricks_right_of(const json_t *me, const json_t *acl)
{
	const json_t *entries = json_object_get(acl, "access_control_list");
	if (!json_is_object(me) || !json_is_array(entries)) {
		return LB_DATABRICKS_RIGHT_UNKNOWN;
	}
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		if (is_about(entry, me) && allows_starting(entry)) {
			return LB_DATABRICKS_RIGHT_GRANTED;
		}
	}
	return LB_DATABRICKS_RIGHT_LACKING;
}
