/* verb.h: the table of verbs, from which everything that speaks of them is made:
 * parsing (arguments.c), --help (help.c), the man page (man.c) and the shells'
 * completions (completion.c). */
#ifndef LB_CLI_VERB_H
#define LB_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

struct lb_cli;

#define LB_EXIT_OK 0
#define LB_EXIT_FAILED 1 /* what was asked for did not happen, or not all of it */
#define LB_EXIT_USAGE 2  /* wrong usage, configuration or input; nothing changed */

/* What an option's value or an operand is, for the shells' completions. */
enum lb_completes {
	LB_COMPLETES_NOTHING,
	LB_COMPLETES_FILE,
	LB_COMPLETES_FOLDER,
	LB_COMPLETES_VERB,
	LB_COMPLETES_SHELL,
};

/* letter: 0 for none. value: what --help calls the value; NULL: a switch. A value
 * in brackets may be left out. repeats: may be given more than once. */
struct lb_option {
	const char *name;
	char letter;
	const char *value;
	const char *help;
	bool repeats;
	enum lb_completes completes;
};

/* command, what it does */
struct lb_example {
	const char *command;
	const char *help;
};

/* operands:    as shown in usage, e.g. "JOB" or "[JOB]"; NULL: none.
 * description: paragraphs divided by empty lines.
 * options, examples: ended by one without a name (command).
 * plain:       takes none of the common options (lb_common_options).
 * run:         returns an exit code. */
struct lb_verb {
	const char *name;
	const char *summary;
	const char *operands;
	size_t operands_min;
	size_t operands_max;
	enum lb_completes completes;
	const char *description;
	const struct lb_option *options;
	const struct lb_example *examples;
	bool plain;
	int (*run)(struct lb_cli *cli);
};

/* NULL-ended, in the order of --help. */
extern const struct lb_verb *const lb_verbs[];
/* Ended by one without a name. */
extern const struct lb_option lb_common_options[];

/* NULL: there is no such verb. */
const struct lb_verb *lb_verb_find(const char *name);

/* The i-th option that verb takes, its own first; NULL: no more. */
const struct lb_option *lb_verb_option(const struct lb_verb *verb, size_t i);

extern const struct lb_verb lb_verb_check;
extern const struct lb_verb lb_verb_complete;
extern const struct lb_verb lb_verb_completion;
extern const struct lb_verb lb_verb_config;
extern const struct lb_verb lb_verb_emit;
extern const struct lb_verb lb_verb_explain;
extern const struct lb_verb lb_verb_feed;
extern const struct lb_verb lb_verb_help;
extern const struct lb_verb lb_verb_history;
extern const struct lb_verb lb_verb_man;
extern const struct lb_verb lb_verb_once;
extern const struct lb_verb lb_verb_pause;
extern const struct lb_verb lb_verb_resume;
extern const struct lb_verb lb_verb_retry;
extern const struct lb_verb lb_verb_run;
extern const struct lb_verb lb_verb_sense;
extern const struct lb_verb lb_verb_status;
extern const struct lb_verb lb_verb_trigger;
extern const struct lb_verb lb_verb_version;

#endif
