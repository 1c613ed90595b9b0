/* man.c: lakebeat(1), in the macros of man(7), from the table of verbs. */
#include "cli/help.h"
#include "lb_configuration.h"

#include <string.h>

/* Text with what roff would take for its own escaped. */
static void put(FILE *stream, const char *text)
{
	bool line_begins = true;
	for (; *text != '\0'; text++) {
		if (line_begins && (*text == '.' || *text == '\'')) {
			(void)fputs("\\&", stream);
		}
		line_begins = *text == '\n';
		if (*text == '\n' && text[1] == '\n') {
			(void)fputs("\n.PP", stream);
		} else if (*text == '\\') {
			(void)fputs("\\e", stream);
		} else if (*text == '-') {
			(void)fputs("\\-", stream);
		} else {
			(void)fputc(*text, stream);
		}
	}
}

static void put_option(FILE *stream, const struct lb_option *option)
{
	(void)fputs(".TP\n", stream);
	if (option->letter != 0) {
		(void)fprintf(stream, "\\fB\\-%c\\fR, ", option->letter);
	}
	(void)fputs("\\fB", stream);
	put(stream, "--");
	put(stream, option->name);
	(void)fputs("\\fR", stream);
	if (option->value != NULL && option->value[0] == '[') {
		(void)fprintf(stream, "[=\\fI%.*s\\fR]", (int)strlen(option->value) - 2,
			      option->value + 1);
	} else if (option->value != NULL) {
		(void)fprintf(stream, " \\fI%s\\fR", option->value);
	}
	(void)fputc('\n', stream);
	put(stream, option->help);
	(void)fputs(".\n", stream);
}

static void put_verb(FILE *stream, const struct lb_verb *verb)
{
	(void)fprintf(stream, ".SS \"lakebeat %s %s\"\n", verb->name,
		      verb->operands != NULL ? verb->operands : "");
	put(stream, verb->description);
	(void)fputc('\n', stream);
	for (const struct lb_option *option = verb->options; option != NULL && option->name != NULL;
	     option++) {
		put_option(stream, option);
	}
	for (const struct lb_example *example = verb->examples;
	     example != NULL && example->command != NULL; example++) {
		(void)fputs(".PP\n.RS\n.nf\n", stream);
		put(stream, example->command);
		(void)fputs("\n.fi\n.RE\n.RS 4\n", stream);
		put(stream, example->help);
		(void)fputs("\n.RE\n", stream);
	}
}

static const char introduction[] =
	"Upstream pipelines hand over work by writing a trigger file, "
	"BASE/SENSOR_ID/SENSOR_ID_YYYYMMDD_HHMMSS.txt. "
	"lakebeat notices it, works out which jobs now have everything that they wait for, and "
	"starts each of them exactly once.\n\n"
	"Who waits for what is the control table, declared by a CSV, the data feed. "
	"Where trigger files are is in the ACON, the JSON dictionary of lakehouse-engine. "
	"What neither has a word for is in lakebeat.yaml.";

static const char exit_status[] =
	".TP\n0\nDone.\n"
	".TP\n1\nFailed: what was asked for did not happen, or not all of it.\n"
	".TP\n2\nWrong usage, configuration or input; nothing was changed.\n";

static const char environment[] =
	".TP\n\\fBNO_COLOR\\fR\nNo colour, whatever the terminal.\n"
	".TP\n\\fBLAKEBEAT_RUN_TOKEN\\fR\nSet for the jobs that lakebeat starts; tells "
	"\\fBlakebeat complete\\fR which run calls it. Jobs also find "
	"LAKEBEAT_TRIGGER_JOB_ID, LAKEBEAT_TRIGGER_JOB_NAME, LAKEBEAT_RUN_NO, LAKEBEAT_ATTEMPT, "
	"LAKEBEAT_EVENTS_FILE and one variable per field that the newest event hands on, such as "
	"LAKEBEAT_FILE_NAME.\n";

static const char files[] =
	".TP\n\\fBlakebeat.yaml\\fR\nThe daemon's file, in the working directory.\n"
	".TP\n\\fBmy_database.db\\fR\nThe store, named by the ACON's tables. The control table in "
	"it can be read and edited with sqlite3(1).\n"
	".TP\n\\fBmy_database.db.runs/\\fR\nOne folder per run of a command: events, output, exit "
	"status.\n";

void lb_help_man(FILE *stream)
{
	(void)fprintf(stream,
		      ".TH LAKEBEAT 1 \"\" \"lakebeat %s\" \"User Commands\"\n.SH NAME\n"
		      "lakebeat \\- start jobs when the data they wait for has arrived\n"
		      ".SH SYNOPSIS\n\\fBlakebeat\\fR \\fIVERB\\fR [\\fIOPTION\\fR]...\n"
		      ".SH DESCRIPTION\n",
		      LB_VERSION);
	put(stream, introduction);
	(void)fputs("\n.SH VERBS\n", stream);
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		put_verb(stream, lb_verbs[i]);
	}
	(void)fputs(".SH COMMON OPTIONS\n", stream);
	for (size_t i = 0; lb_common_options[i].name != NULL; i++) {
		put_option(stream, &lb_common_options[i]);
	}
	(void)fprintf(stream, ".SH EXIT STATUS\n%s.SH ENVIRONMENT\n%s.SH FILES\n%s", exit_status,
		      environment, files);
}
