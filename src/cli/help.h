/* help.h: what the verbs' table says, for terminals, man and shells. */
#ifndef LB_CLI_HELP_H
#define LB_CLI_HELP_H

#include "cli/verb.h"

#include <stdio.h>

void lb_help_overview(FILE *stream, bool color);
void lb_help_verb(const struct lb_verb *verb, FILE *stream, bool color);

/* lakebeat(1) in man's roff. */
void lb_help_man(FILE *stream);

/* Completion for "bash", "zsh" or "fish"; false: another shell. */
bool lb_help_completion(const char *shell, FILE *stream);

#endif
