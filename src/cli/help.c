#include "cli/help.h"

#include "cli/table.h"

#include <string.h>

#define TEXT_COLUMNS 78

/* Prints text in lines of TEXT_COLUMNS, each begun by indent spaces; the first one
 * has `used` columns already. */
static void wrap(FILE *stream, const char *text, size_t indent, size_t used)
{
	size_t column = used;
	while (*text != '\0') {
		size_t word = strcspn(text, " \n");
		if (column > indent && column + word > TEXT_COLUMNS) {
			(void)fprintf(stream, "\n%*s", (int)indent, "");
			column = indent;
		}
		(void)fprintf(stream, "%.*s", (int)word, text);
		column += word;
		text += word;
		if (*text == '\n') {
			(void)fprintf(stream, "\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
			column = indent;
			text++;
		} else if (*text == ' ') {
			text++;
			if (column + 1 + strcspn(text, " \n") <= TEXT_COLUMNS) {
				(void)fputc(' ', stream);
				column++;
			} else {
				(void)fprintf(stream, "\n%*s", (int)indent, "");
				column = indent;
			}
		}
	}
	(void)fputc('\n', stream);
}

static void print_head(FILE *stream, const char *head, bool color)
{
	(void)fprintf(stream, "\n%s%s%s\n", lb_style_begin(LB_STYLE_BOLD, color), head,
		      lb_style_end(LB_STYLE_BOLD, color));
}

void lb_help_overview(FILE *stream, bool color)
{
	(void)fprintf(stream, "Starts jobs when the data they wait for has arrived.\n");
	print_head(stream, "Usage", color);
	(void)fprintf(stream, "  lakebeat VERB [OPTION]...\n");
	print_head(stream, "Verbs", color);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		(void)fprintf(stream, "  %-11s %s\n", lb_verbs[i]->name, lb_verbs[i]->summary);
	}
	print_head(stream, "To begin with", color);
	(void)fprintf(stream, "  lakebeat check            what is wrong with the configuration\n"
			      "  lakebeat feed FILE        declare who waits for what\n"
			      "  lakebeat run              watch, and start jobs\n"
			      "  lakebeat explain JOB      why a job has or has not started\n\n"
			      "lakebeat VERB --help says more of each; man lakebeat has it all.\n"
			      "Exit codes: 0 done; 1 failed, or not all done; 2 wrong usage,\n"
			      "configuration or input, and nothing changed.\n");
}

static size_t option_head(const struct lb_option *option, char *text, size_t size)
{
	char letter[5] = "    ";
	const char *separator = option->value == NULL ? "" : option->value[0] == '[' ? "" : " ";
	if (option->letter != 0) {
		(void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	}
	if (option->value != NULL && option->value[0] == '[') {
		return (size_t)snprintf(text, size, "%s--%s[=%s", letter, option->name,
					option->value + 1);
	}
	return (size_t)snprintf(text, size, "%s--%s%s%s", letter, option->name, separator,
				option->value != NULL ? option->value : "");
}

#define OPTION_COLUMN 26

static void print_options(const struct lb_verb *verb, FILE *stream)
{
	const struct lb_option *option;
	for (size_t i = 0; (option = lb_verb_option(verb, i)) != NULL; i++) {
		char head[80];
		size_t length = option_head(option, head, sizeof(head));
		(void)fprintf(stream, "  %s", head);
		if (length + 4 > OPTION_COLUMN) {
			(void)fprintf(stream, "\n%*s", OPTION_COLUMN, "");
		} else {
			(void)fprintf(stream, "%*s", (int)(OPTION_COLUMN - 2 - length), "");
		}
		wrap(stream, option->help, OPTION_COLUMN, OPTION_COLUMN);
	}
}

void lb_help_verb(const struct lb_verb *verb, FILE *stream, bool color)
{
	(void)fprintf(stream, "lakebeat %s: %s\n", verb->name, verb->summary);
	print_head(stream, "Usage", color);
	(void)fprintf(stream, "  lakebeat %s%s%s [OPTION]...\n", verb->name,
		      verb->operands != NULL ? " " : "",
		      verb->operands != NULL ? verb->operands : "");
	(void)fprintf(stream, "\n  ");
	wrap(stream, verb->description, 2, 2);
	print_head(stream, "Options", color);
	print_options(verb, stream);
	if (verb->examples != NULL) {
		print_head(stream, "Examples", color);
	}
	for (const struct lb_example *example = verb->examples;
	     example != NULL && example->command != NULL; example++) {
		(void)fprintf(stream, "  %s\n      %s\n", example->command, example->help);
	}
}
