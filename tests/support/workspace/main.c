/* workspace: a stand-in for a Databricks workspace (workspace.h). */
#include "support/workspace/door.h"
#include "support/workspace/must.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
	"Usage: workspace [--port N] [--control-port N] [--certificate FILE --key FILE]\n"
	"                 [--job ID[=NAME]]... [--duration-ms N]\n"
	"\n"
	"A stand-in for a Databricks workspace on 127.0.0.1: the Jobs API and OAuth's token\n"
	"endpoint on one port, what tests tell it on another. Everything is in memory.\n"
	"\n"
	"  --port N            of the API [any that is free]\n"
	"  --control-port N    of /_control/ [any that is free]\n"
	"  --certificate FILE  serves the API by https; PEM\n"
	"  --key FILE          the certificate's key; PEM\n"
	"  --job ID[=NAME]     a job that is there from the start; may be repeated\n"
	"  --duration-ms N     how long runs of these jobs take\n";

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* SIGTERM and SIGINT end the program, but come only while it waits. */
static sigset_t arrange_signals(void)
{
	sigset_t ours;
	sigset_t before;
	struct sigaction action = {.sa_handler = on_signal};
	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return before;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	if (file == NULL || fstat(fileno(file), &status) != 0 || status.st_size > 1 << 20) {
		(void)fprintf(stderr, "workspace: cannot read %s\n", path);
		exit(1);
	}
	char *text = must(lb_alloc((size_t)status.st_size + 1));
	size_t length = fread(text, 1, (size_t)status.st_size, file);
	text[length] = '\0';
	(void)fclose(file);
	return text;
}

static bool read_number(const char *text, int64_t most, int64_t *ret_number)
{
	char *end = NULL;
	*ret_number = strtoll(text, &end, 10);
	return *text != '\0' && *end == '\0' && *ret_number >= 0 && *ret_number <= most;
}

static bool add_job(struct world *world, char *text)
{
	int64_t id;
	char *name = strchr(text, '=');
	if (name != NULL) {
		*name++ = '\0';
	}
	struct job *job = read_number(text, INT64_MAX, &id) ? world_make_job(world, id) : NULL;
	if (job != NULL && name != NULL) {
		job->name = must(lb_arena_strdup(&world->arena, name));
	}
	return job != NULL;
}

static bool read_option(int option, struct door_options *options, struct world *world,
			int64_t *duration_ms, char **certificate, char **key)
{
	int64_t number;
	switch (option) {
	case 'p':
	case 'c':
		if (!read_number(optarg, 65535, &number)) {
			return false;
		}
		*(option == 'p' ? &options->port : &options->control_port) = (uint16_t)number;
		return true;
	case 'C':
		options->certificate = *certificate = read_file(optarg);
		return true;
	case 'K':
		options->key = *key = read_file(optarg);
		return true;
	case 'j':
		return add_job(world, optarg);
	case 'd':
		return read_number(optarg, INT64_C(86400000), duration_ms);
	default:
		return false;
	}
}

static void introduce(const struct doors *doors, const struct world *world)
{
	const char *scheme = doors->options.key != NULL ? "https" : "http";
	(void)printf("A stand-in for a Databricks workspace.\n\n"
		     "  domain         %s://127.0.0.1:%u\n"
		     "  token          %s\n"
		     "  client_id      %s\n"
		     "  client_secret  %s\n"
		     "  control        http://127.0.0.1:%u/_control/state\n",
		     scheme, doors->options.port, ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET,
		     doors->options.control_port);
	for (size_t i = 0; i < world->jobs.count; i++) {
		(void)printf("  job            %" PRId64 "  %s\n", world->jobs.items[i]->id,
			     world->jobs.items[i]->name);
	}
	(void)printf("\nlakebeat.yaml, with `export DATABRICKS_TOKEN=%s`:\n\n"
		     "acons: [trigger_file_acon.json]\n"
		     "runners:\n"
		     "  databricks:\n"
		     "    kind: databricks\n"
		     "    domain: %s://127.0.0.1:%u\n"
		     "default_runner: databricks\n\n"
		     "Ready. Ctrl-C ends it, and forgets everything.\n",
		     ACCESS_TOKEN, scheme, doors->options.port);
	(void)fflush(stdout);
}

static bool read_options(int argc, char **argv, struct door_options *options, struct world *world,
			 char **certificate, char **key)
{
	static const struct option longs[] = {
		{"port", required_argument, NULL, 'p'},
		{"control-port", required_argument, NULL, 'c'},
		{"certificate", required_argument, NULL, 'C'},
		{"key", required_argument, NULL, 'K'},
		{"job", required_argument, NULL, 'j'},
		{"duration-ms", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int64_t duration_ms = -1;
	int option;
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			exit(0);
		}
		if (!read_option(option, options, world, &duration_ms, certificate, key)) {
			return false;
		}
	}
	for (size_t i = 0; duration_ms >= 0 && i < world->jobs.count; i++) {
		world->jobs.items[i]->duration_ms = duration_ms;
	}
	return optind == argc && (options->certificate == NULL) == (options->key == NULL);
}

int main(int argc, char **argv)
{
	struct workspace workspace;
	struct door_options options = {0};
	char *certificate = NULL;
	char *key = NULL;
	struct doors doors;
	workspace_init(&workspace);
	if (!read_options(argc, argv, &options, &workspace.world, &certificate, &key)) {
		(void)fputs(help, stderr);
		return 2;
	}
	sigset_t unblocked = arrange_signals();
	bool open = doors_open(&doors, &workspace, &options);
	if (open) {
		introduce(&doors, &workspace.world);
		doors_run(&doors, &stopped, &unblocked);
		doors_close(&doors);
	}
	workspace_finish(&workspace);
	lb_free(certificate);
	lb_free(key);
	return open && stopped ? 0 : 1;
}
