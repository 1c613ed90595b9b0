#include "cli/arguments.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64

static const struct lb_option *find_long(const struct lb_verb *verb, const char *name,
					 size_t length)
{
	const struct lb_option *option;
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
			return option;
		}
	}
	return NULL;
}

static const struct lb_option *find_short(const struct lb_verb *verb, char letter)
{
	const struct lb_option *option;
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		if (option->letter == letter) {
			return option;
		}
	}
	return NULL;
}

static enum lb_err unknown_long(const struct lb_verb *verb, const char *word,
				struct lb_error *error)
{
	char name[64];
	const char *names[OPTIONS_MAX];
	size_t count = 0;
	const struct lb_option *option;
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL && count < OPTIONS_MAX; i++) {
		names[count++] = option->name;
	}
	size_t length = strcspn(word, "=");
	if (length >= sizeof(name)) {
		length = sizeof(name) - 1;
	}
	memcpy(name, word, length);
	name[length] = '\0';
	const char *nearest = lb_text_nearest(name, names, count);
	if (nearest != NULL) {
		return lb_fail(error, LB_INVALID, "%s knows no option --%s; did you mean --%s?",
			       verb->name, name, nearest);
	}
	return lb_fail(error, LB_INVALID, "%s knows no option --%s; see lakebeat %s --help",
		       verb->name, name, verb->name);
}

static enum lb_err add_given(struct lb_arguments *arguments, struct lb_arena *arena,
			     const struct lb_option *option, const char *value,
			     struct lb_error *error)
{
	for (size_t i = 0; !option->repeats && i < arguments->given.count; i++) {
		if (arguments->given.items[i].option == option && option->value != NULL) {
			return lb_fail(error, LB_INVALID, "--%s is given twice", option->name);
		}
	}
	struct lb_given *given = lb_list_add(arena, &arguments->given);
	if (given == NULL) {
		return lb_fail_nomem(error);
	}
	*given = (struct lb_given){.option = option, .value = value};
	return LB_OK;
}

static bool value_is_optional(const struct lb_option *option)
{
	return option->value != NULL && option->value[0] == '[';
}

static enum lb_err missing_value(const struct lb_option *option, struct lb_error *error)
{
	return lb_fail(error, LB_INVALID, "--%s needs a value: --%s %s", option->name, option->name,
		       option->value);
}

/* word is "--name" or "--name=value"; *at is moved over a value in the next word. */
static enum lb_err parse_long(struct lb_arguments *arguments, struct lb_arena *arena, size_t count,
			      char *const *words, size_t *at, struct lb_error *error)
{
	const char *name = words[*at] + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	const struct lb_option *option = find_long(arguments->verb, name, length);
	if (option == NULL) {
		return unknown_long(arguments->verb, name, error);
	}
	if (option->value == NULL && value != NULL) {
		return lb_fail(error, LB_INVALID, "--%s takes no value", option->name);
	}
	if (option->value != NULL && value == NULL && !value_is_optional(option)) {
		if (*at + 1 >= count) {
			return missing_value(option, error);
		}
		value = words[++*at];
	}
	return add_given(arguments, arena, option, value, error);
}

/* word is "-x", "-xvalue" or several switches "-xyz". */
static enum lb_err parse_short(struct lb_arguments *arguments, struct lb_arena *arena, size_t count,
			       char *const *words, size_t *at, struct lb_error *error)
{
	for (const char *letter = words[*at] + 1; *letter != '\0'; letter++) {
		const struct lb_option *option = find_short(arguments->verb, *letter);
		if (option == NULL) {
			return lb_fail(error, LB_INVALID,
				       "%s knows no option -%c; see lakebeat %s --help",
				       arguments->verb->name, *letter, arguments->verb->name);
		}
		const char *value = NULL;
		if (option->value != NULL && letter[1] != '\0') {
			value = letter + 1;
		} else if (option->value != NULL && !value_is_optional(option)) {
			if (*at + 1 >= count) {
				return missing_value(option, error);
			}
			value = words[++*at];
		}
		enum lb_err err = add_given(arguments, arena, option, value, error);
		if (err != LB_OK || option->value != NULL) {
			return err;
		}
	}
	return LB_OK;
}

static enum lb_err check_operands(const struct lb_arguments *arguments, struct lb_error *error)
{
	const struct lb_verb *verb = arguments->verb;
	size_t count = arguments->operands.count;
	if (lb_argument_given(arguments, "help")) {
		return LB_OK;
	}
	if (count < verb->operands_min) {
		return lb_fail(error, LB_INVALID, "%s needs %s; see lakebeat %s --help", verb->name,
			       verb->operands, verb->name);
	}
	if (count > verb->operands_max) {
		return lb_fail(error, LB_INVALID, "%s has no use for '%s'; see lakebeat %s --help",
			       verb->name, arguments->operands.items[verb->operands_max],
			       verb->name);
	}
	return LB_OK;
}

enum lb_err lb_arguments_parse(const struct lb_verb *verb, size_t count, char *const *words,
			       struct lb_arena *arena, struct lb_arguments *ret_arguments,
			       struct lb_error *error)
{
	*ret_arguments = (struct lb_arguments){.verb = verb};
	bool options = true;
	for (size_t at = 0; at < count; at++) {
		enum lb_err err = LB_OK;
		if (options && strcmp(words[at], "--") == 0) {
			options = false;
		} else if (options && strncmp(words[at], "--", 2) == 0) {
			err = parse_long(ret_arguments, arena, count, words, &at, error);
		} else if (options && words[at][0] == '-' && words[at][1] != '\0') {
			err = parse_short(ret_arguments, arena, count, words, &at, error);
		} else {
			const char **operand = lb_list_add(arena, &ret_arguments->operands);
			if (operand == NULL) {
				return lb_fail_nomem(error);
			}
			*operand = words[at];
		}
		if (err != LB_OK) {
			return err;
		}
	}
	return check_operands(ret_arguments, error);
}

static const struct lb_given *find_last(const struct lb_arguments *arguments, const char *name)
{
	for (size_t i = arguments->given.count; i > 0; i--) {
		if (strcmp(arguments->given.items[i - 1].option->name, name) == 0) {
			return &arguments->given.items[i - 1];
		}
	}
	return NULL;
}

const char *lb_argument(const struct lb_arguments *arguments, const char *name)
{
	const struct lb_given *given = find_last(arguments, name);
	return given != NULL ? given->value : NULL;
}

bool lb_argument_given(const struct lb_arguments *arguments, const char *name)
{
	return find_last(arguments, name) != NULL;
}

const char **lb_argument_all(const struct lb_arguments *arguments, const char *name,
			     struct lb_arena *arena, size_t *ret_count)
{
	const char **values = lb_arena_alloc(arena, (arguments->given.count + 1) * sizeof(*values));
	*ret_count = 0;
	for (size_t i = 0; values != NULL && i < arguments->given.count; i++) {
		if (strcmp(arguments->given.items[i].option->name, name) == 0) {
			values[(*ret_count)++] = arguments->given.items[i].value;
		}
	}
	return values;
}

enum lb_err lb_argument_number(const struct lb_arguments *arguments, const char *name, long max,
			       long otherwise, long *ret_number, struct lb_error *error)
{
	const char *text = lb_argument(arguments, name);
	*ret_number = otherwise;
	if (text == NULL) {
		return LB_OK;
	}
	char *end;
	long number = strtol(text, &end, 10);
	if (end == text || *end != '\0' || number < 1 || number > max) {
		return lb_fail(error, LB_INVALID,
			       "--%s takes a whole number from 1 to %ld, not '%s'", name, max,
			       text);
	}
	*ret_number = number;
	return LB_OK;
}

/* Copies one word to out, which has room for all of text; returns where it ends,
 * or NULL when a quote is not closed. */
static const char *take_word(const char *text, char *out)
{
	char quote = '\0';
	for (; *text != '\0' && (quote != '\0' || strchr(" \t\n", *text) == NULL); text++) {
		if (quote == '\0' && (*text == '\'' || *text == '"')) {
			quote = *text;
		} else if (quote != '\0' && *text == quote) {
			quote = '\0';
		} else if (*text == '\\' && quote != '\'' && text[1] != '\0') {
			*out++ = *++text;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
	return quote == '\0' ? text : NULL;
}

struct word_list LB_LIST_OF(const char *);

enum lb_err lb_words_split(const char *text, struct lb_arena *arena, const char *const **ret_words,
			   struct lb_error *error)
{
	struct word_list words = {0};
	const char *at = text + strspn(text, " \t\n");
	while (*at != '\0') {
		char *word = lb_arena_alloc(arena, strlen(at) + 1);
		const char **item = lb_list_add(arena, &words);
		if (word == NULL || item == NULL) {
			return lb_fail_nomem(error);
		}
		at = take_word(at, word);
		if (at == NULL) {
			return lb_fail(error, LB_INVALID, "a quote is not closed in: %s", text);
		}
		*item = word;
		at += strspn(at, " \t\n");
	}
	if (words.count == 0) {
		return lb_fail(error, LB_INVALID, "there is no word in '%s'", text);
	}
	const char **end = lb_list_add(arena, &words);
	if (end == NULL) {
		return lb_fail_nomem(error);
	}
	*ret_words = words.items;
	return LB_OK;
}
