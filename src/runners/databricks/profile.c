#include "runners/databricks/profile.h"

#include "base/text.h"

#include <string.h>

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
		text[--length] = '\0';
	}
	return text;
}

static char *cut_comment(char *value)
{
	for (char *at = value; *at != '\0'; at++) {
		bool after_space = at == value || at[-1] == ' ' || at[-1] == '\t';
		if (after_space && (*at == '#' || *at == ';')) {
			*at = '\0';
			break;
		}
	}
	return trim(value);
}

/* In quotes everything is meant as it stands. */
static char *read_value(char *text)
{
	char *value = trim(text);
	char *end = value[0] == '"' || value[0] == '\'' ? strchr(value + 1, value[0]) : NULL;
	if (end == NULL) {
		return cut_comment(value);
	}
	*end = '\0';
	return value + 1;
}

static enum lb_err add(struct lb_arena *arena, struct lb_databricks_entry_list *entries,
		       const char *section, const char *key, const char *value,
		       struct lb_error *error)
{
	struct lb_databricks_entry *entry = lb_list_add(arena, entries);
	if (entry == NULL) {
		return lb_fail_nomem(error);
	}
	*entry = (struct lb_databricks_entry){section, key, value};
	return LB_OK;
}

static enum lb_err read_line(char *line, int number, const char **section, struct lb_arena *arena,
			     struct lb_databricks_entry_list *entries, struct lb_error *error)
{
	line = trim(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
		return LB_OK;
	}
	if (line[0] == '[') {
		char *end = strchr(line, ']');
		if (end == NULL) {
			return lb_fail(error, LB_INVALID, "line %d: a ] is missing", number);
		}
		*end = '\0';
		*section = trim(line + 1);
		return add(arena, entries, *section, NULL, NULL, error);
	}
	char *equals = strpbrk(line, "=:");
	if (equals == NULL || equals == line) {
		return lb_fail(error, LB_INVALID, "line %d: is neither [profile] nor key = value",
			       number);
	}
	*equals = '\0';
	return add(arena, entries, *section, trim(line), read_value(equals + 1), error);
}

enum lb_err lb_databricks_profiles_parse(char *text, struct lb_arena *arena,
					 struct lb_databricks_entry_list *ret_entries,
					 struct lb_error *error)
{
	const char *section = "DEFAULT";
	enum lb_err err = LB_OK;
	int number = 0;
	for (char *line = text; err == LB_OK && line != NULL;) {
		char *end = strchr(line, '\n');
		if (end != NULL) {
			*end = '\0';
		}
		err = read_line(line, ++number, &section, arena, ret_entries, error);
		line = end != NULL ? end + 1 : NULL;
	}
	return err;
}

bool lb_databricks_profile_exists(const struct lb_databricks_entry_list *entries,
				  const char *section)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (lb_text_equal(entries->items[i].section, section)) {
			return true;
		}
	}
	return false;
}

const char *lb_databricks_profile_get(const struct lb_databricks_entry_list *entries,
				      const char *section, const char *key)
{
	const char *value = NULL;
	for (size_t i = 0; i < entries->count; i++) {
		const struct lb_databricks_entry *entry = &entries->items[i];
		if (lb_text_equal(entry->section, section) && lb_text_equal(entry->key, key)) {
			value = entry->value;
		}
	}
	return value != NULL && value[0] != '\0' ? value : NULL;
}
