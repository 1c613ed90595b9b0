/* main.c: finds the verb and lets it run. */
#include "base/text.h"
#include "cli/app.h"
#include "cli/help.h"
#include "runners/command/command.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int unknown_verb(const struct lb_cli *cli, const char *name)
{
	struct lb_error error;
	if (name[0] == '-') {
		(void)lb_fail(&error, LB_INVALID,
			      "the verb comes first: lakebeat VERB %s; see lakebeat --help", name);
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	const char *names[64];
	size_t count = 0;
	while (count < 64 && lb_verbs[count] != NULL) {
		names[count] = lb_verbs[count]->name;
		count++;
	}
	const char *nearest = lb_text_nearest(name, names, count);
	if (nearest != NULL) {
		(void)lb_fail(&error, LB_INVALID, "there is no verb '%s'; did you mean %s?", name,
			      nearest);
	} else {
		(void)lb_fail(&error, LB_INVALID, "there is no verb '%s'; see lakebeat --help",
			      name);
	}
	return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
}

/* auto: on a terminal, unless NO_COLOR (no-color.org) is set. */
static bool choose_color(const char *when, bool *ret_color)
{
	const char *no_color = getenv("NO_COLOR");
	bool wanted = no_color == NULL || *no_color == '\0';
	if (when == NULL || strcmp(when, "auto") == 0) {
		*ret_color = wanted && isatty(STDOUT_FILENO) == 1;
		return true;
	}
	*ret_color = strcmp(when, "always") == 0;
	return *ret_color || strcmp(when, "never") == 0;
}

static int prepare(struct lb_cli *cli, const struct lb_verb *verb, size_t count, char *const *words)
{
	struct lb_error error = {0};
	if (lb_arguments_parse(verb, count, words, &cli->arena, &cli->arguments, &error) != LB_OK) {
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	cli->json = lb_argument_given(&cli->arguments, "json");
	cli->quiet = lb_argument_given(&cli->arguments, "quiet");
	if (!choose_color(lb_argument(&cli->arguments, "color"), &cli->color)) {
		(void)lb_fail(&error, LB_INVALID, "--color takes auto, always or never, not '%s'",
			      lb_argument(&cli->arguments, "color"));
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	return LB_EXIT_OK;
}

static int run_verb(struct lb_cli *cli, const struct lb_verb *verb, size_t count,
		    char *const *words)
{
	int code = prepare(cli, verb, count, words);
	if (code != LB_EXIT_OK) {
		return code;
	}
	if (lb_argument_given(&cli->arguments, "help")) {
		lb_help_verb(verb, stdout, cli->color);
		return LB_EXIT_OK;
	}
	return verb->run(cli);
}

static int flush(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fprintf(stderr, "lakebeat: cannot write what there is to say\n");
		return LB_EXIT_FAILED;
	}
	return code;
}

static int dispatch(struct lb_cli *cli, int argc, char **argv)
{
	if (argc < 2) {
		lb_help_overview(stderr, false);
		return LB_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		(void)choose_color(NULL, &cli->color);
		lb_help_overview(stdout, cli->color);
		return LB_EXIT_OK;
	}
	const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
	const struct lb_verb *verb = lb_verb_find(name);
	if (verb == NULL) {
		return unknown_verb(cli, name);
	}
	return run_verb(cli, verb, (size_t)argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	int supervised = lb_command_supervise_main(argc, argv);
	if (supervised >= 0) {
		return supervised;
	}
	/* A file size limit is an error like a full disk, not the end. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* what is printed is UTF-8 everywhere */
	struct lb_cli cli = {
		.log = {.fd = STDERR_FILENO, .level = LB_LOG_WARNING, .format = LB_LOG_TEXT},
	};
	int code = flush(dispatch(&cli, argc, argv));
	if (cli.store != NULL) {
		cli.store->impl->destroy(cli.store);
	}
	lb_config_destroy(cli.config);
	lb_arena_finish(&cli.arena);
	return code;
}
