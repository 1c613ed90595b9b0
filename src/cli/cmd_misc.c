/* cmd_misc.c: the verbs that speak of lakebeat itself. */
#include "cli/app.h"
#include "cli/help.h"
#include "config/show.h"
#include "lb_configuration.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <uv.h>
#include <yaml.h>

static int run_config(struct lb_cli *cli)
{
	struct lb_error error = {0};
	if (!lb_cli_load(cli)) {
		return LB_EXIT_USAGE;
	}
	if (cli->json) {
		json_t *json = NULL;
		if (lb_config_show_json(cli->config, &json, &error) != LB_OK) {
			return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
		}
		return lb_cli_print_json(json);
	}
	if (lb_config_show_text(cli->config, stdout, &error) != LB_OK) {
		return lb_cli_fail(cli, LB_EXIT_FAILED, &error);
	}
	return LB_EXIT_OK;
}

static const struct lb_example config_examples[] = {
	{"lakebeat config", "what is in effect, and where it was set"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_config = {
	.name = "config",
	.summary = "show every setting, its value and where it comes from",
	.description = "Shows the configuration in effect: the daemon's file, the ACONs and the "
		       "command line together. Secrets are shown as ***.",
	.examples = config_examples,
	.run = run_config,
};

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const char *libcrypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* The libraries that it runs with, which need not be those that it was built with. */
static const struct {
	const char *name;
	const char *(*version)(void);
} libraries[] = {
	{"sqlite", sqlite3_libversion},   {"libuv", uv_version_string},
	{"jansson", jansson_version_str}, {"libyaml", yaml_get_version_string},
	{"libcrypto", libcrypto_version},
};

#define LIBRARY_COUNT (sizeof(libraries) / sizeof(libraries[0]))

static json_t *version_json(void)
{
	json_t *json = json_pack("{s:s, s:s, s:b}", "version", LB_VERSION, "compiler", COMPILER,
				 "injection_points", LB_INJECTION_POINTS != 0);
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		(void)json_object_set_new(json, libraries[i].name,
					  json_string(libraries[i].version()));
	}
	return json;
}

static int run_version(struct lb_cli *cli)
{
	if (cli->json) {
		return lb_cli_print_json(version_json());
	}
	(void)printf("lakebeat %s (", LB_VERSION);
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		(void)printf("%s%s %s", i > 0 ? ", " : "", libraries[i].name,
			     libraries[i].version());
	}
	(void)printf(")%s\n",
		     LB_INJECTION_POINTS != 0 ? ", with injection points: for tests only" : "");
	return LB_EXIT_OK;
}

const struct lb_verb lb_verb_version = {
	.name = "version",
	.summary = "show the version of lakebeat and of what is in it",
	.description = "Shows lakebeat's version and those of the libraries that it runs with.",
	.run = run_version,
};

static int run_help(struct lb_cli *cli)
{
	if (cli->arguments.operands.count == 0) {
		lb_help_overview(stdout, cli->color);
		return LB_EXIT_OK;
	}
	const char *name = cli->arguments.operands.items[0];
	const struct lb_verb *verb = lb_verb_find(name);
	if (verb == NULL) {
		struct lb_error error;
		(void)lb_fail(&error, LB_INVALID, "there is no verb '%s'; see lakebeat --help",
			      name);
		return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
	}
	lb_help_verb(verb, stdout, cli->color);
	return LB_EXIT_OK;
}

const struct lb_verb lb_verb_help = {
	.name = "help",
	.summary = "say what a verb does and takes",
	.operands = "[VERB]",
	.operands_max = 1,
	.completes = LB_COMPLETES_VERB,
	.description = "The same as lakebeat VERB --help; without a verb, the list of them.",
	.plain = true,
	.run = run_help,
};

static int run_man(struct lb_cli *cli)
{
	(void)cli;
	lb_help_man(stdout);
	return LB_EXIT_OK;
}

static const struct lb_example man_examples[] = {
	{"lakebeat man | man -l -", "read it without installing it"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_man = {
	.name = "man",
	.summary = "print the manual page lakebeat(1)",
	.description =
		"Prints the manual page as man(1) takes it; it is made from the same table as "
		"--help.",
	.examples = man_examples,
	.plain = true,
	.run = run_man,
};

static int run_completion(struct lb_cli *cli)
{
	const char *shell = cli->arguments.operands.items[0];
	if (lb_help_completion(shell, stdout)) {
		return LB_EXIT_OK;
	}
	struct lb_error error;
	(void)lb_fail(&error, LB_INVALID, "completion knows bash, zsh and fish, not '%s'", shell);
	return lb_cli_fail(cli, LB_EXIT_USAGE, &error);
}

static const struct lb_example completion_examples[] = {
	{"eval \"$(lakebeat completion bash)\"", "in ~/.bashrc"},
	{"lakebeat completion zsh > \"${fpath[1]}/_lakebeat\"", "for zsh"},
	{"lakebeat completion fish > ~/.config/fish/completions/lakebeat.fish", "for fish"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_completion = {
	.name = "completion",
	.summary = "print completions for bash, zsh or fish",
	.operands = "SHELL",
	.operands_min = 1,
	.operands_max = 1,
	.completes = LB_COMPLETES_SHELL,
	.description = "Prints a script that completes lakebeat's verbs and options.",
	.examples = completion_examples,
	.plain = true,
	.run = run_completion,
};
