/* arguments.h: the command line after the verb, taken apart by the verb's table. */
#ifndef LB_CLI_ARGUMENTS_H
#define LB_CLI_ARGUMENTS_H

#include "base/error.h"
#include "base/mem.h"
#include "cli/verb.h"

/* One option as given; value NULL for a switch. */
struct lb_given {
	const struct lb_option *option;
	const char *value;
};

struct lb_given_list LB_LIST_OF(struct lb_given);
struct lb_operand_list LB_LIST_OF(const char *);

struct lb_arguments {
	const struct lb_verb *verb;
	struct lb_given_list given;
	struct lb_operand_list operands;
};

/* `--name value`, `--name=value`, `-n value`, `-nvalue`, `-qh`, `--` and options
 * after operands. words: count of them, borrowed. LB_INVALID: what is wrong, with
 * the nearest known option. */
enum lb_err lb_arguments_parse(const struct lb_verb *verb, size_t count, char *const *words,
			       struct lb_arena *arena, struct lb_arguments *ret_arguments,
			       struct lb_error *error) LB_MUST_CHECK;

/* The last value given; NULL: none, or given without one. */
const char *lb_argument(const struct lb_arguments *arguments, const char *name);
bool lb_argument_given(const struct lb_arguments *arguments, const char *name);

/* All values of a repeated option, in arena, *ret_count of them; NULL: no memory. */
const char **lb_argument_all(const struct lb_arguments *arguments, const char *name,
			     struct lb_arena *arena, size_t *ret_count);

/* A whole number from 1 to max, or otherwise when it is not given. LB_INVALID. */
enum lb_err lb_argument_number(const struct lb_arguments *arguments, const char *name, long max,
			       long otherwise, long *ret_number,
			       struct lb_error *error) LB_MUST_CHECK;

/* Words of a text, as a shell would split it, without expanding anything: NULL-
 * ended, in arena. LB_INVALID: a quote is not closed, or there is no word. */
enum lb_err lb_words_split(const char *text, struct lb_arena *arena, const char *const **ret_words,
			   struct lb_error *error) LB_MUST_CHECK;

#endif
