#include "sources/trigger_file/filter.h"

#include "base/mem.h"
#include "base/time.h"
#include "core/names.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Rewrites Hadoop's {a,b} as ksh's @(a|b), which fnmatch knows, and escapes what
 * is special to ksh alone. */
struct translation {
	const char *from;
	char *to;
	size_t depth;
};

static void put(struct translation *t, const char *text)
{
	size_t length = strlen(text);
	memcpy(t->to, text, length);
	t->to += length;
}

/* A [set], up to and with its bracket; false when there is none. A bracket right
 * behind the opening one belongs to the set. */
static bool take_set(struct translation *t)
{
	const char *end = t->from + 1;
	end += *end == '^' || *end == '!';
	end += *end == ']';
	end = strchr(end, ']');
	if (end == NULL) {
		return false;
	}
	size_t length = (size_t)(end + 1 - t->from);
	memcpy(t->to, t->from, length);
	t->to += length;
	t->from = end + 1;
	return true;
}

static bool take_escaped(struct translation *t)
{
	if (t->from[1] == '\0') {
		return false;
	}
	memcpy(t->to, t->from, 2);
	t->to += 2;
	t->from += 2;
	return true;
}

static bool take_character(struct translation *t)
{
	char c = *t->from++;
	switch (c) {
	case '{':
		t->depth++;
		put(t, "@(");
		return true;
	case '}':
		put(t, ")");
		return t->depth-- > 0;
	case ',':
		put(t, t->depth > 0 ? "|" : ",");
		return true;
	case '(':
	case ')':
	case '|':
		put(t, "\\");
		break;
	default:
		break;
	}
	*t->to++ = c;
	return true;
}

static bool translate(const char *hadoop, char *to)
{
	struct translation t = {.from = hadoop, .to = to};
	while (*t.from != '\0') {
		bool good = *t.from == '['    ? take_set(&t)
			    : *t.from == '\\' ? take_escaped(&t)
					      : take_character(&t);
		if (!good) {
			return false;
		}
	}
	*t.to = '\0';
	return t.depth == 0;
}

enum lb_err lb_filter_init(struct lb_filter *filter, const struct lb_trigger_file_options *options,
			   struct lb_error *error)
{
	*filter = (struct lb_filter){.max_file_age_us = options->max_file_age_us,
				     .settle_us = options->settle_us};
	if (options->path_glob_filter == NULL) {
		return LB_OK;
	}
	/* Every character becomes two at most. */
	filter->glob = lb_alloc(2 * strlen(options->path_glob_filter) + 1);
	if (filter->glob == NULL) {
		return lb_fail_nomem(error);
	}
	if (!translate(options->path_glob_filter, filter->glob)) {
		lb_filter_finish(filter);
		return lb_fail(error, LB_INVALID,
			       "pathGlobFilter '%s': a '{', '[' or '\\' has no counterpart; write "
			       "'\\' before one that is meant as it stands",
			       options->path_glob_filter);
	}
	return LB_OK;
}

void lb_filter_finish(struct lb_filter *filter)
{
	lb_free(filter->glob);
	filter->glob = NULL;
}

bool lb_filter_accepts_name(const struct lb_filter *filter, const char *file_name)
{
	if (lb_trigger_name_is_hidden(file_name) || strchr(file_name, '/') != NULL) {
		return false;
	}
	return filter->glob == NULL || fnmatch(filter->glob, file_name, FNM_EXTMATCH) == 0;
}

bool lb_filter_is_too_old(const struct lb_filter *filter, int64_t modified_at_us, int64_t now_us)
{
	return filter->max_file_age_us > 0 && modified_at_us < now_us - filter->max_file_age_us;
}

int64_t lb_filter_settles_at(const struct lb_filter *filter, int64_t modified_at_us, int64_t now_us)
{
	int64_t settles_at_us = modified_at_us + filter->settle_us;
	bool from_the_future = modified_at_us >= now_us + filter->settle_us;
	return settles_at_us <= now_us || from_the_future ? LB_TIME_NONE : settles_at_us;
}
