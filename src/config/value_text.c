/* value_text.c: values as one would write them. */
#include "base/text.h"
#include "base/time.h"
#include "config/value.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exactly, in the largest unit that leaves no fraction. */
static char *duration_text(struct lb_arena *arena, int64_t duration_us)
{
	static const struct {
		int64_t unit_us;
		const char *name;
	} units[] = {{LB_DAY, "day"},  {LB_HOUR, "h"}, {LB_MINUTE, "min"},
		     {LB_SECOND, "s"}, {LB_MS, "ms"},  {1, "us"}};
	size_t i = duration_us == 0 ? 3 : 0;
	while (duration_us % units[i].unit_us != 0) {
		i++;
	}
	int64_t count = duration_us / units[i].unit_us;
	return lb_arena_printf(arena, "%lld %s%s", (long long)count, units[i].name,
			       i == 0 && count != 1 ? "s" : "");
}

static char *hours_text(struct lb_arena *arena, int64_t duration_us)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%lld.%03d", (long long)(duration_us / LB_HOUR),
			      (int)(duration_us % LB_HOUR * 1000 / LB_HOUR));
	while (text[length - 1] == '0') {
		length--;
	}
	length -= text[length - 1] == '.';
	return lb_arena_strndup(arena, text, (size_t)length);
}

static char *price_text(struct lb_arena *arena, int64_t price)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%lld.%06d", (long long)(price / LB_PRICE_UNIT),
			      (int)(price % LB_PRICE_UNIT));
	while (text[length - 1] == '0') {
		length--;
	}
	length -= text[length - 1] == '.';
	return lb_arena_strndup(arena, text, (size_t)length);
}

static char *choices_text(struct lb_arena *arena, const char *const *choices)
{
	char *text = lb_arena_strdup(arena, choices[0]);
	for (size_t i = 1; text != NULL && choices[i] != NULL; i++) {
		text = lb_arena_printf(arena, "%s%s%s", text,
				       choices[i + 1] != NULL ? ", " : " or ", choices[i]);
	}
	return text;
}

static char *duration_range(struct lb_arena *arena, const struct lb_setting *setting)
{
	char *least = duration_text(arena, setting->least);
	char *most = duration_text(arena, setting->most);
	if (least == NULL || most == NULL) {
		return NULL;
	}
	return lb_arena_printf(arena, "a duration such as 10s, from %s to %s", least, most);
}

char *lb_value_expected(struct lb_arena *arena, const struct lb_setting *setting)
{
	switch (setting->type) {
	case LB_SETTING_BOOL:
		return lb_arena_strdup(arena, "true or false");
	case LB_SETTING_COUNT:
		return lb_arena_printf(arena, "a whole number from %lld to %lld",
				       (long long)setting->least, (long long)setting->most);
	case LB_SETTING_DURATION:
		return duration_range(arena, setting);
	case LB_SETTING_HOURS:
		return lb_arena_printf(arena, "a number of hours, from %lld to %lld",
				       (long long)(setting->least / LB_HOUR),
				       (long long)(setting->most / LB_HOUR));
	case LB_SETTING_PRICE:
		return lb_arena_printf(arena, "a price such as 0.005, from %lld to %lld",
				       (long long)(setting->least / LB_PRICE_UNIT),
				       (long long)(setting->most / LB_PRICE_UNIT));
	case LB_SETTING_CHOICE:
		return choices_text(arena, setting->choices);
	case LB_SETTING_ARGV:
		return lb_arena_strdup(arena,
				       "a list such as [\"./job.sh\", \"{trigger_job_id}\"]");
	case LB_SETTING_PATH:
		return lb_arena_strdup(arena, "a path");
	case LB_SETTING_LOCATION:
		return lb_arena_strdup(arena, "a local folder or s3://BUCKET/PREFIX");
	case LB_SETTING_STORE:
		return lb_arena_strdup(arena, "sqlite:PATH");
	case LB_SETTING_ADDRESS:
		return lb_arena_strdup(arena, "HOST:PORT");
	case LB_SETTING_TEXT:
	case LB_SETTING_SECTION:
	case LB_SETTING_IGNORED:
		break;
	}
	return lb_arena_strdup(arena, "a text");
}

/* Jansson leaves these as they are; to YAML they are line breaks, a byte order mark, or
 * nothing that may stand in a file. 0: the character may stay. */
static unsigned to_escape(const char *text, size_t step)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned code = bytes[0];
	if (step == 2) {
		code = (bytes[0] & 0x1FU) << 6 | (bytes[1] & 0x3FU);
	} else if (step == 3) {
		code = (bytes[0] & 0x0FU) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU);
	}
	bool stays = step == 4 || !((code >= 0x7F && code < 0xA0) || code == 0x2028 ||
				    code == 0x2029 || code == 0xFEFF || code >= 0xFFFE);
	return stays ? 0 : code;
}

/* JSON that is YAML too. NULL: exhausted, or json is. */
static char *as_yaml(struct lb_arena *arena, const char *json)
{
	size_t length = json != NULL ? strlen(json) : 0;
	char *text = json != NULL ? lb_arena_alloc(arena, 6 * length + 1) : NULL;
	char *out = text;
	for (size_t step; text != NULL && length > 0; json += step, length -= step) {
		step = lb_utf8_length(json, length);
		unsigned code = to_escape(json, step);
		if (code != 0) {
			out += snprintf(out, sizeof("\\u1234"), "\\u%04x", code);
		} else {
			memcpy(out, json, step);
			out += step;
		}
	}
	return text;
}

char *lb_value_argv_text(struct lb_arena *arena, const char *const *argv)
{
	json_t *array = json_array();
	for (size_t i = 0; argv[i] != NULL; i++) {
		if (json_array_append_new(array, json_string(argv[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	char *dumped = json_dumps(array, 0);
	json_decref(array);
	char *text = as_yaml(arena, dumped);
	free(dumped);
	return text;
}

static char *text_of(struct lb_arena *arena, const struct lb_setting *setting, const void *at,
		     bool *ret_given)
{
	const char *text = NULL;
	const char *const *argv = NULL;
	bool truth = false;
	int count = 0;
	int64_t duration_us = 0;
	int64_t price = 0;
	unsigned choice = 0;
	*ret_given = true;
	switch (setting->type) {
	case LB_SETTING_BOOL:
		memcpy(&truth, at, sizeof(truth));
		return lb_arena_strdup(arena, truth ? "true" : "false");
	case LB_SETTING_COUNT:
		memcpy(&count, at, sizeof(count));
		*ret_given = count >= setting->least;
		return lb_arena_printf(arena, "%d", count);
	case LB_SETTING_DURATION:
	case LB_SETTING_HOURS:
		memcpy(&duration_us, at, sizeof(duration_us));
		*ret_given = duration_us >= setting->least;
		return setting->type == LB_SETTING_HOURS ? hours_text(arena, duration_us)
							 : duration_text(arena, duration_us);
	case LB_SETTING_PRICE:
		memcpy(&price, at, sizeof(price));
		*ret_given = price >= setting->least;
		return price_text(arena, price);
	case LB_SETTING_CHOICE:
		memcpy(&choice, at, sizeof(choice));
		return lb_arena_strdup(arena, setting->choices[choice]);
	case LB_SETTING_ARGV:
		memcpy(&argv, at, sizeof(argv));
		*ret_given = argv != NULL;
		return argv != NULL ? lb_value_argv_text(arena, argv) : NULL;
	case LB_SETTING_TEXT:
	case LB_SETTING_PATH:
	case LB_SETTING_LOCATION:
	case LB_SETTING_STORE:
	case LB_SETTING_ADDRESS:
		memcpy(&text, at, sizeof(text));
		*ret_given = text != NULL;
		return lb_arena_strdup(arena, text);
	case LB_SETTING_SECTION:
	case LB_SETTING_IGNORED:
		break;
	}
	*ret_given = false;
	return NULL;
}

enum lb_err lb_value_text(struct lb_arena *arena, const struct lb_setting *setting,
			  const void *base, const char **ret_text, struct lb_error *error)
{
	bool given;
	char *text = text_of(arena, setting, (const unsigned char *)base + setting->offset, &given);
	if (given && text == NULL) {
		return lb_fail_nomem(error);
	}
	*ret_text = given ? text : NULL;
	return LB_OK;
}
