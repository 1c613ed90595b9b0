/* completion.c: completions for bash, zsh and fish, from the table of verbs. */
#include "cli/help.h"

#include <string.h>

static void put_verb_names(FILE *stream)
{
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		(void)fprintf(stream, "%s%s", i > 0 ? " " : "", lb_verbs[i]->name);
	}
}

static void bash_verb(FILE *stream, const struct lb_verb *verb)
{
	const struct lb_option *option;
	(void)fprintf(stream, "\t%s) options='", verb->name);
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		(void)fprintf(stream, "%s--%s", i > 0 ? " " : "", option->name);
	}
	(void)fprintf(stream, "'; operands=%s ;;\n",
		      verb->completes == LB_COMPLETES_FILE  ? "files"
		      : verb->run == lb_verb_help.run       ? "verbs"
		      : verb->run == lb_verb_completion.run ? "shells"
							    : "none");
}

static void bash_option_values(FILE *stream)
{
	for (size_t i = 0; lb_common_options[i].name != NULL; i++) {
		const struct lb_option *option = &lb_common_options[i];
		if (option->completes != LB_COMPLETES_NOTHING) {
			(void)fprintf(
				stream,
				"\t--%s) COMPREPLY=($(compgen -%s -- \"$word\")); return ;;\n",
				option->name, option->completes == LB_COMPLETES_FOLDER ? "d" : "f");
		}
	}
}

static void bash(FILE *stream)
{
	(void)fputs("# bash completion for lakebeat\n_lakebeat() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal verb=${COMP_WORDS[1]} options= operands=none verbs='",
		    stream);
	put_verb_names(stream);
	(void)fputs("'\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tCOMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n\t\treturn\n\tfi\n"
		    "\tcase $before in\n",
		    stream);
	bash_option_values(stream);
	(void)fputs("\tesac\n\tcase $verb in\n", stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		bash_verb(stream, lb_verbs[i]);
	}
	(void)fputs("\tesac\n\tcase $word in\n"
		    "\t-*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
		    "\tesac\n\tcase $operands in\n"
		    "\tfiles) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
		    "\tverbs) COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\")) ;;\n"
		    "\tshells) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")) ;;\n"
		    "\tesac\n}\ncomplete -F _lakebeat lakebeat\n",
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

static void zsh_option(FILE *stream, const struct lb_option *option)
{
	(void)fprintf(stream, "\t\t\t'%s--%s%s[", option->repeats ? "*" : "", option->name,
		      option->value != NULL ? "=" : "");
	put_quoted(stream, option->help, "[]:");
	(void)fputc(']', stream);
	if (option->value != NULL) {
		(void)fputc(':', stream);
		put_quoted(stream, option->value, "[]:");
		(void)fputs(option->completes == LB_COMPLETES_FILE     ? ":_files"
			    : option->completes == LB_COMPLETES_FOLDER ? ":_files -/"
								       : ":",
			    stream);
	}
	(void)fputs("' \\\n", stream);
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
		(void)fprintf(stream, "\t\t\t'*:%s:%s'\n\t\t;;\n",
			      verb->operands != NULL ? "operand" : " ",
			      verb->completes == LB_COMPLETES_FILE ? "_files" : "");
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

static void fish(FILE *stream)
{
	(void)fputs("# fish completion for lakebeat\ncomplete -c lakebeat -f\n", stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		const struct lb_verb *verb = lb_verbs[i];
		const struct lb_option *option;
		(void)fprintf(stream,
			      "complete -c lakebeat -n __fish_use_subcommand -a %s -d '%s'\n",
			      verb->name, verb->summary);
		if (verb->completes == LB_COMPLETES_FILE) {
			(void)fprintf(
				stream,
				"complete -c lakebeat -n '__fish_seen_subcommand_from %s' -F\n",
				verb->name);
		}
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
