#include "runners/command/settings.h"

#include "base/text.h"
#include "runners/command/template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char **copy_argv(struct lb_arena *arena, const char *const *argv)
{
	size_t count = 0;
	while (argv[count] != NULL) {
		count++;
	}
	const char **copy = lb_arena_alloc(arena, (count + 1) * sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = lb_arena_strdup(arena, argv[i]);
		if (copy[i] == NULL) {
			return NULL;
		}
	}
	return copy;
}

static enum lb_err take_argv(struct lb_arena *arena, const char *const *argv,
			     const char *const **ret_argv, struct lb_error *error)
{
	enum lb_err err = lb_command_template_check(argv, error);
	if (err != LB_OK) {
		return err;
	}
	*ret_argv = copy_argv(arena, argv);
	return *ret_argv != NULL ? LB_OK : lb_fail_nomem(error);
}

static int compare_jobs(const void *a, const void *b)
{
	return lb_text_compare(((const struct lb_command_job *)a)->trigger_job_id,
			       ((const struct lb_command_job *)b)->trigger_job_id);
}

static enum lb_err take_jobs(struct lb_command_settings *settings,
			     const struct lb_command_options *options, struct lb_error *error)
{
	settings->jobs =
		lb_arena_alloc(&settings->arena, options->job_count * sizeof(*settings->jobs));
	if (settings->jobs == NULL) {
		return lb_fail_nomem(error);
	}
	settings->job_count = options->job_count;
	for (size_t i = 0; i < options->job_count; i++) {
		struct lb_command_job *job = &settings->jobs[i];
		job->trigger_job_id =
			lb_arena_strdup(&settings->arena, options->jobs[i].trigger_job_id);
		if (job->trigger_job_id == NULL) {
			return lb_fail_nomem(error);
		}
		const char *const *argv = options->jobs[i].argv;
		enum lb_err err =
			argv != NULL ? take_argv(&settings->arena, argv, &job->argv, error) : LB_OK;
		if (err != LB_OK) {
			return lb_wrap(error, "job %s", job->trigger_job_id);
		}
	}
	if (settings->job_count > 0) {
		qsort(settings->jobs, settings->job_count, sizeof(*settings->jobs), compare_jobs);
	}
	return LB_OK;
}

/* Like mkdir -p, since the default lies below a directory that may not exist. */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int failure = mkdir(path, 0755) != 0 ? errno : 0;
		*slash = '/';
		if (failure != 0 && failure != EEXIST) {
			return failure;
		}
	}
	return mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
}

/* Absolute, since jobs may work elsewhere. */
static char *absolute(struct lb_arena *arena, const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	char *text = lb_arena_printf(arena, "%s%s%s", here != NULL ? here : "",
				     here != NULL ? "/" : "", path);
	free(here);
	for (size_t end = text != NULL ? strlen(text) : 0; end > 1 && text[end - 1] == '/';) {
		text[--end] = '\0';
	}
	return text;
}

static enum lb_err open_runs(struct lb_command_settings *settings, const char *path,
			     struct lb_error *error)
{
	char *runs_path = absolute(&settings->arena, path);
	if (runs_path == NULL) {
		return lb_fail_nomem(error);
	}
	settings->runs_path = runs_path;
	int failure = make_directories(runs_path);
	if (failure != 0) {
		return lb_fail(error, LB_IO, "cannot create runs_directory %s: %s", runs_path,
			       strerror(failure));
	}
	settings->runs = open(runs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (settings->runs < 0 || faccessat(settings->runs, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		return lb_fail(error, LB_IO, "cannot use runs_directory %s: %s", runs_path,
			       strerror(errno));
	}
	return LB_OK;
}

static enum lb_err take_texts(struct lb_command_settings *settings,
			      const struct lb_command_options *options, struct lb_error *error)
{
	settings->name = lb_arena_strdup(&settings->arena, options->name);
	settings->working_directory = lb_arena_strdup(&settings->arena, options->working_directory);
	if (settings->name == NULL ||
	    (settings->working_directory == NULL && options->working_directory != NULL)) {
		return lb_fail_nomem(error);
	}
	return options->argv != NULL
		       ? take_argv(&settings->arena, options->argv, &settings->argv, error)
		       : LB_OK;
}

enum lb_err lb_command_settings_init(struct lb_command_settings *settings,
				     const struct lb_command_options *options,
				     struct lb_error *error)
{
	*settings = (struct lb_command_settings){.runs = -1};
	enum lb_err err = take_texts(settings, options, error);
	if (err == LB_OK) {
		err = take_jobs(settings, options, error);
	}
	if (err == LB_OK) {
		err = open_runs(settings, options->runs_directory, error);
	}
	return err;
}

void lb_command_settings_finish(struct lb_command_settings *settings)
{
	if (settings->runs >= 0) {
		(void)close(settings->runs);
	}
	lb_arena_finish(&settings->arena);
	settings->runs = -1;
}

const char *const *lb_command_settings_argv(const struct lb_command_settings *settings,
					    const char *trigger_job_id)
{
	const struct lb_command_job key = {.trigger_job_id = trigger_job_id};
	const struct lb_command_job *job =
		settings->job_count > 0 ? bsearch(&key, settings->jobs, settings->job_count,
						  sizeof(*settings->jobs), compare_jobs)
					: NULL;
	return job != NULL && job->argv != NULL ? job->argv : settings->argv;
}
