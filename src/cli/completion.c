/* completion.c: completions for bash, zsh and fish, from the table of verbs. */
#include "cli/help.h"

#include <string.h>

static void put_verb_names(FILE *stream)
{
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		(void)fprintf(stream, "%s%s", i > 0 ? " " : "", lb_verbs[i]->name);
	}
}

/* What comes behind an option or in an operand's place, by enum lb_completes. */
static const char *const bash_offers[] = {
	[LB_COMPLETES_NOTHING] = "",
	[LB_COMPLETES_FILE] = "-f",
	[LB_COMPLETES_FOLDER] = "-d",
	[LB_COMPLETES_VERB] = "-W \"$verbs\"",
	[LB_COMPLETES_SHELL] = "-W \"bash zsh fish\"",
};

static void bash_value(FILE *stream, const struct lb_option *option)
{
	bool optional = option->value == NULL || option->value[0] == '[';
	if (optional) {
		return; /* it is joined to the option, or not there */
	}
	(void)fprintf(stream, "\t\t--%s", option->name);
	if (option->letter != 0) {
		(void)fprintf(stream, "|-%c", option->letter);
	}
	(void)fprintf(stream, ") offer=(%s); value=1 ;;\n", bash_offers[option->completes]);
}

static void bash_verb(FILE *stream, const struct lb_verb *verb)
{
	const struct lb_option *option;
	(void)fprintf(stream, "\t%s)\n\t\toffer=(%s) options='", verb->name,
		      bash_offers[verb->completes]);
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		(void)fprintf(stream, "%s--%s", i > 0 ? " " : "", option->name);
	}
	(void)fputs("'\n\t\tcase $before in\n", stream);
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		bash_value(stream, option);
	}
	(void)fputs("\t\tesac\n\t\t;;\n", stream);
}

static void bash(FILE *stream)
{
	(void)fputs("# bash completion for lakebeat\n_lakebeat() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal verb=${COMP_WORDS[1]} options= value= offer=() verbs='",
		    stream);
	put_verb_names(stream);
	(void)fputs("'\n\tCOMPREPLY=()\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tCOMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n\t\treturn\n\tfi\n"
		    "\tcase $verb in\n",
		    stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		bash_verb(stream, lb_verbs[i]);
	}
	(void)fputs("\tesac\n\tif [ -z \"$value\" ] && [ \"${word#-}\" != \"$word\" ]; then\n"
		    "\t\toffer=(-W \"$options\")\n\tfi\n"
		    "\t[ \"${#offer[@]}\" -gt 0 ] || return 0\n"
		    "\t[ \"${offer[0]}\" = -W ] || compopt -o filenames 2>/dev/null\n"
		    "\tmapfile -t COMPREPLY < <(compgen \"${offer[@]}\" -- \"$word\")\n"
		    "}\ncomplete -F _lakebeat lakebeat\n",
		    stream);
}

/* Text inside single quotes, without the characters that would end a description. */
static void put_quoted(FILE *stream, const char *text, const char *drop)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			(void)fputs("'\\''", stream);
		} else if (strchr(drop, *text) == NULL) {
			(void)fputc(*text, stream);
		}
	}
}

static const char *const zsh_offers[] = {
	[LB_COMPLETES_NOTHING] = "()", /* an empty action would keep zsh from inserting */
	[LB_COMPLETES_FILE] = "_files",
	[LB_COMPLETES_FOLDER] = "_files -/",
	[LB_COMPLETES_VERB] = "", /* their names */
	[LB_COMPLETES_SHELL] = "(bash zsh fish)",
};

/* One way to write an option: its letter or its name, and "=" where that joins a
 * value to it. */
static void zsh_spec(FILE *stream, const struct lb_option *option, const char *written,
		     const char *joined)
{
	bool optional = option->value != NULL && option->value[0] == '[';
	(void)fprintf(stream, "\t\t\t'%s%s%s%s[", option->repeats ? "*" : "", written,
		      option->value != NULL ? joined : "", optional ? "-" : "");
	put_quoted(stream, option->help, "[]");
	(void)fputc(']', stream);
	if (option->value != NULL) {
		(void)fputs(optional ? "::" : ":", stream);
		put_quoted(stream, option->value, "[]:");
		(void)fputs(option->completes == LB_COMPLETES_FILE     ? ":_files"
			    : option->completes == LB_COMPLETES_FOLDER ? ":_files -/"
								       : ":",
			    stream);
	}
	(void)fputs("' \\\n", stream);
}

static void zsh_option(FILE *stream, const struct lb_option *option)
{
	char written[64];
	(void)snprintf(written, sizeof(written), "--%s", option->name);
	zsh_spec(stream, option, written, "=");
	if (option->letter != 0) {
		(void)snprintf(written, sizeof(written), "-%c", option->letter);
		zsh_spec(stream, option, written, "");
	}
}

static void zsh_operand(FILE *stream, const struct lb_verb *verb)
{
	(void)fputs("\t\t\t'*:", stream);
	put_quoted(stream, verb->operands != NULL ? verb->operands : "nothing", "[]");
	if (verb->completes == LB_COMPLETES_VERB) {
		(void)fputs(":(", stream);
		put_verb_names(stream);
		(void)fputs(")'\n\t\t;;\n", stream);
	} else {
		(void)fprintf(stream, ":%s'\n\t\t;;\n", zsh_offers[verb->completes]);
	}
}

static void zsh(FILE *stream)
{
	(void)fputs("#compdef lakebeat\n_lakebeat() {\n\tlocal -a verbs\n\tverbs=(\n", stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		(void)fprintf(stream, "\t\t'%s:", lb_verbs[i]->name);
		put_quoted(stream, lb_verbs[i]->summary, ":");
		(void)fputs("'\n", stream);
	}
	(void)fputs("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe verb verbs\n\t\treturn\n"
		    "\tfi\n\tlocal verb=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
		    "\tcase $verb in\n",
		    stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		const struct lb_verb *verb = lb_verbs[i];
		const struct lb_option *option;
		(void)fprintf(stream, "\t%s)\n\t\t_arguments -s \\\n", verb->name);
		for (size_t j = 0; (option = lb_verb_option(verb, j)) != NULL; j++) {
			zsh_option(stream, option);
		}
		zsh_operand(stream, verb);
	}
	(void)fputs("\tesac\n}\n_lakebeat \"$@\"\n", stream);
}

static void fish_option(FILE *stream, const struct lb_verb *verb, const struct lb_option *option)
{
	(void)fprintf(stream, "complete -c lakebeat -n '__fish_seen_subcommand_from %s' -l %s",
		      verb->name, option->name);
	if (option->letter != 0) {
		(void)fprintf(stream, " -s %c", option->letter);
	}
	if (option->value != NULL && option->value[0] != '[') {
		(void)fputs(option->completes == LB_COMPLETES_NOTHING ? " -x" : " -r -F", stream);
	}
	(void)fputs(" -d '", stream);
	for (const char *text = option->help; *text != '\0'; text++) {
		(void)fprintf(stream, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
	}
	(void)fputs("'\n", stream);
}

static void fish_operand(FILE *stream, const struct lb_verb *verb)
{
	if (verb->completes == LB_COMPLETES_NOTHING) {
		return;
	}
	(void)fprintf(stream, "complete -c lakebeat -n '__fish_seen_subcommand_from %s' ",
		      verb->name);
	if (verb->completes == LB_COMPLETES_VERB) {
		(void)fputs("-a '", stream);
		put_verb_names(stream);
		(void)fputs("'\n", stream);
	} else {
		(void)fputs(verb->completes == LB_COMPLETES_SHELL ? "-a 'bash zsh fish'\n" : "-F\n",
			    stream);
	}
}

static void fish(FILE *stream)
{
	(void)fputs("# fish completion for lakebeat\ncomplete -c lakebeat -f\n", stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		const struct lb_verb *verb = lb_verbs[i];
		const struct lb_option *option;
		(void)fprintf(stream,
			      "complete -c lakebeat -n __fish_use_subcommand -a %s -d '%s'\n",
			      verb->name, verb->summary);
		fish_operand(stream, verb);
		for (size_t j = 0; (option = lb_verb_option(verb, j)) != NULL; j++) {
			fish_option(stream, verb, option);
		}
	}
}

bool lb_help_completion(const char *shell, FILE *stream)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *stream);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shell, shells[i].shell) == 0) {
			shells[i].print(stream);
			return true;
		}
	}
	return false;
}
