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

/* A part that is "." or "..". */
static bool has_dots(const char *path)
{
	for (const char *part = path; part != NULL; part = strchr(part, '/')) {
		part += *part == '/';
		size_t length = strcspn(part, "/");
		if ((length == 1 || length == 2) && strspn(part, ".") >= length) {
			return true;
		}
	}
	return false;
}

/* What stands behind the bucket's name. */
static const char *prefix_of(const char *location)
{
	const char *bucket = strstr(location, "://");
	const char *slash = bucket != NULL ? strchr(bucket + strlen("://"), '/') : NULL;
	return slash != NULL ? slash + 1 : "";
}

static enum lb_err check_target(const char *target, bool is_object, struct lb_error *error)
{
	if (*target == '\0') {
		return lb_fail(error, LB_INVALID, "does not say where to move files to");
	}
	if (is_object && (*target == '/' || strstr(target, "//") != NULL)) {
		return lb_fail(error, LB_INVALID,
			       "'%s' is not a prefix in the bucket; write it without the bucket's "
			       "name, and without slashes at its ends",
			       target);
	}
	if (!is_object && (*target != '/' || strstr(target, "//") != NULL)) {
		return lb_fail(error, LB_INVALID, "'%s' is not an absolute path", target);
	}
	if (has_dots(target)) {
		return lb_fail(error, LB_INVALID, "'%s' has a '.' or '..' in it", target);
	}
	return LB_OK;
}

static enum lb_err parse_target(const char *text, const char *base_location, struct lb_arena *arena,
				struct lb_clean_rule *rule, struct lb_error *error)
{
	size_t length = strlen(text);
	while (length > 1 && text[length - 1] == '/') {
		length--;
	}
	rule->target = lb_arena_strndup(arena, text, length);
	return rule->target != NULL
		       ? check_target(rule->target, lb_s3_is_location(base_location), error)
		       : lb_fail_nomem(error);
}

enum lb_err lb_clean_rule_parse(const char *text, const char *base_location, struct lb_arena *arena,
				struct lb_clean_rule *ret_rule, struct lb_error *error)
{
	*ret_rule = (struct lb_clean_rule){.deed = LB_CONSUMED_KEEP};
	if (lb_text_same_word(text, "keep")) {
		return LB_OK;
	}
	if (lb_text_same_word(text, "delete")) {
		ret_rule->deed = LB_CONSUMED_DELETE;
		return LB_OK;
	}
	if (lb_text_starts_with(text, "move:")) {
		ret_rule->deed = LB_CONSUMED_MOVE;
		return parse_target(text + strlen("move:"), base_location, arena, ret_rule, error);
	}
	return lb_fail(error, LB_INVALID, "'%s' is none of keep, delete and move:TARGET", text);
}

/* The bucket's name, whose end is at prefix_of, or at the end of the location. */
static bool same_bucket(const char *location, const char *other)
{
	const char *one = strstr(location, "://") + strlen("://");
	const char *two = strstr(other, "://") + strlen("://");
	size_t length = strcspn(one, "/");
	return length == strcspn(two, "/") && strncmp(one, two, length) == 0;
}

enum lb_err lb_clean_rule_check(const struct lb_clean_rule *rule, const char *base_location,
				const char *other, struct lb_error *error)
{
	bool is_object = lb_s3_is_location(base_location);
	char *path = NULL;
	if (rule->deed != LB_CONSUMED_MOVE || is_object != lb_s3_is_location(other) ||
	    (is_object && !same_bucket(base_location, other))) {
		return LB_OK;
	}
	if (is_object) {
		path = lb_text_without_trailing(prefix_of(other), '/');
	} else if (lb_local_path(other, &path, error) != LB_OK) {
		return error->code;
	}
	if (path == NULL) {
		return lb_fail_nomem(error);
	}
	bool found_again = is_within(path, rule->target);
	lb_free(path);
	return found_again ? lb_fail(error, LB_INVALID,
				     "'%s' lies below the base location %s, where files would be "
				     "found again",
				     rule->target, other)
			   : LB_OK;
}
