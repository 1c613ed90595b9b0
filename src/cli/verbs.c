#include "cli/verb.h"

#include <string.h>

const struct lb_verb *const lb_verbs[] = {
	&lb_verb_check,      &lb_verb_feed,  &lb_verb_run,      &lb_verb_once,   &lb_verb_sense,
	&lb_verb_trigger,    &lb_verb_emit,  &lb_verb_complete, &lb_verb_status, &lb_verb_explain,
	&lb_verb_history,    &lb_verb_pause, &lb_verb_resume,   &lb_verb_retry,  &lb_verb_config,
	&lb_verb_completion, &lb_verb_man,   &lb_verb_version,  &lb_verb_help,   NULL,
};

const struct lb_option lb_common_options[] = {
	{.name = "config",
	 .letter = 'c',
	 .value = "FILE",
	 .help = "the daemon's file (default: lakebeat.yaml in the working directory)",
	 .completes = LB_COMPLETES_FILE},
	{.name = "acon",
	 .letter = 'a',
	 .value = "FILE",
	 .help = "an ACON, in place of those that the file names; may be repeated",
	 .repeats = true,
	 .completes = LB_COMPLETES_FILE},
	{.name = "store",
	 .letter = 's',
	 .value = "STORE",
	 .help = "where the tables are: sqlite:PATH (default: named by the ACON)"},
	{.name = "runner-argv",
	 .value = "WORDS",
	 .help = "start jobs by this command, e.g. './jobs/{trigger_job_id} --fast'; split at "
		 "spaces, quotes and backslashes keep words together, never a shell"},
	{.name = "runs-directory",
	 .value = "FOLDER",
	 .help = "where runs of commands keep output and exit status",
	 .completes = LB_COMPLETES_FOLDER},
	{.name = "json", .help = "print JSON"},
	{.name = "log-level", .value = "LEVEL", .help = "error, warning, info or debug"},
	{.name = "log-format", .value = "FORMAT", .help = "text or json"},
	{.name = "color", .value = "WHEN", .help = "auto, always or never (also: NO_COLOR)"},
	{.name = "quiet", .letter = 'q', .help = "print nothing but errors"},
	{.name = "help", .letter = 'h', .help = "say what the verb does and takes"},
	{.name = NULL},
};

static const struct lb_option plain_options[] = {
	{.name = "help", .letter = 'h', .help = "say what the verb does and takes"},
	{.name = NULL},
};

const struct lb_verb *lb_verb_find(const char *name)
{
	for (size_t i = 0; lb_verbs[i] != NULL; i++) {
		if (strcmp(lb_verbs[i]->name, name) == 0) {
			return lb_verbs[i];
		}
	}
	return NULL;
}

const struct lb_option *lb_verb_option(const struct lb_verb *verb, size_t i)
{
	const struct lb_option *own = verb->options;
	while (own != NULL && own->name != NULL) {
		if (i-- == 0) {
			return own;
		}
		own++;
	}
	const struct lb_option *common = verb->plain ? plain_options : lb_common_options;
	while (common->name != NULL) {
		if (i-- == 0) {
			return common;
		}
		common++;
	}
	return NULL;
}
