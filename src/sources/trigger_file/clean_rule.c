#include "sources/trigger_file/clean_rule.h"

#include "base/text.h"
#include "sources/trigger_file/local.h"
#include "sources/trigger_file/s3_place.h"

#include <string.h>

/* Is it path itself, or below it? Neither ends in a slash; "" is the root of a bucket. */
static bool is_within(const char *path, const char *target)
{
	size_t length = strlen(path);
	return strncmp(path, target, length) == 0 &&
	       (length == 0 || target[length] == '/' || target[length] == '\0');
}

/* What stands behind the bucket's name. */
static const char *prefix_of(const char *location)
{
	const char *bucket = strstr(location, "://");
	const char *slash = bucket != NULL ? strchr(bucket + strlen("://"), '/') : NULL;
	return slash != NULL ? slash + 1 : "";
}

static enum lb_err check_target(const char *target, const char *base, bool is_object,
				struct lb_error *error)
{
	if (*target == '\0') {
		return lb_fail(error, LB_INVALID, "does not say where to move files to");
	}
	if (!is_object && *target != '/') {
		return lb_fail(error, LB_INVALID, "'%s' is not an absolute path", target);
	}
	if (is_object && (*target == '/' || strstr(target, "//") != NULL)) {
		return lb_fail(error, LB_INVALID,
			       "'%s' is not a prefix in the bucket; write it without slashes at "
			       "its ends",
			       target);
	}
	if (is_within(base, target)) {
		return lb_fail(error, LB_INVALID,
			       "'%s' lies below the base location, where files would be found "
			       "again",
			       target);
	}
	return LB_OK;
}

static enum lb_err parse_target(const char *text, const char *base_location, struct lb_arena *arena,
				struct lb_clean_rule *rule, struct lb_error *error)
{
	bool is_object = lb_s3_is_location(base_location);
	size_t length = strlen(text);
	while (length > 1 && text[length - 1] == '/') {
		length--;
	}
	char *path = NULL;
	rule->target = lb_arena_strndup(arena, text, length);
	if (rule->target == NULL) {
		return lb_fail_nomem(error);
	}
	if (!is_object && lb_local_path(base_location, &path, error) != LB_OK) {
		return error->code;
	}
	char *prefix = lb_text_without_trailing(prefix_of(base_location), '/');
	enum lb_err err = prefix != NULL ? check_target(rule->target, is_object ? prefix : path,
							is_object, error)
					 : lb_fail_nomem(error);
	lb_free(prefix);
	lb_free(path);
	return err;
}

enum lb_err lb_clean_rule_parse(const char *text, const char *base_location, struct lb_arena *arena,
				struct lb_clean_rule *ret_rule, struct lb_error *error)
{
	*ret_rule = (struct lb_clean_rule){.deed = LB_CONSUMED_KEEP};
	if (lb_text_equal(text, "keep")) {
		return LB_OK;
	}
	if (lb_text_equal(text, "delete")) {
		ret_rule->deed = LB_CONSUMED_DELETE;
		return LB_OK;
	}
	if (lb_text_starts_with(text, "move:")) {
		ret_rule->deed = LB_CONSUMED_MOVE;
		return parse_target(text + strlen("move:"), base_location, arena, ret_rule, error);
	}
	return lb_fail(error, LB_INVALID, "'%s' is none of keep, delete and move:TARGET", text);
}
