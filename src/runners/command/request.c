#include "runners/command/request.h"

#include "runners/command/handover.h"
#include "runners/command/template.h"

#include <string.h>
#include <unistd.h>

void lb_command_request_free(struct lb_command_request *request)
{
	lb_free(request->child);
	lb_free(request->start.events_json);
	lb_arena_finish(&request->start.arena);
	lb_free(request);
}

/* A token becomes a directory's name. */
static bool is_file_name(const char *token)
{
	return token[0] != '\0' && token[0] != '.' && strchr(token, '/') == NULL;
}

static enum lb_err expand_argv(const struct lb_command_runner *runner,
			       struct lb_command_request *request, struct lb_error *error)
{
	const struct lb_submission *submission = request->submission;
	const char *trigger_job_id = submission->run->trigger_job_id;
	const char *const *template = lb_command_settings_argv(&runner->settings, trigger_job_id);
	if (template == NULL) {
		return lb_fail(error, LB_REFUSED,
			       "no command is configured for job %s: give runner %s or the job an "
			       "argv",
			       trigger_job_id, runner->base.name);
	}
	const struct lb_command_words words = {trigger_job_id, submission->trigger_job_name};
	struct lb_command_start *start = &request->start;
	char **argv = NULL;
	enum lb_err err = lb_command_template_expand(&start->arena, template, &words, &argv, error);
	if (err == LB_OK) {
		start->launch.argv = argv;
		start->launch.program = argv[0];
	}
	return err;
}

static enum lb_err fill_start(const struct lb_command_runner *runner,
			      struct lb_command_request *request, struct lb_error *error)
{
	const struct lb_submission *submission = request->submission;
	struct lb_command_start *start = &request->start;
	struct lb_arena *arena = &start->arena;
	const char *run_path =
		lb_arena_printf(arena, "%s/%s", runner->settings.runs_path, submission->run->token);
	const char *events_file = lb_arena_printf(arena, "%s/" LB_COMMAND_EVENTS, run_path);
	start->runs = runner->settings.runs;
	start->null = runner->null;
	start->token = lb_arena_strdup(arena, submission->run->token);
	start->events_json = lb_command_events_json(submission->events);
	start->launch.run_path = run_path;
	start->launch.working_directory = runner->settings.working_directory;
	request->child = lb_alloc(sizeof(*request->child));
	if (run_path == NULL || events_file == NULL || start->token == NULL ||
	    start->events_json == NULL || request->child == NULL) {
		return lb_fail_nomem(error);
	}
	start->launch.envp = lb_command_environment(arena, environ, submission, events_file);
	return start->launch.envp != NULL ? LB_OK : lb_fail_nomem(error);
}

enum lb_err lb_command_request_create(const struct lb_command_runner *runner,
				      struct lb_submission *submission,
				      struct lb_command_request **ret_request,
				      struct lb_error *error)
{
	if (!is_file_name(submission->run->token)) {
		return lb_fail(error, LB_REFUSED, "the run's token is not a file name");
	}
	struct lb_command_request *request = lb_alloc(sizeof(*request));
	if (request == NULL) {
		return lb_fail_nomem(error);
	}
	request->submission = submission;
	enum lb_err err = expand_argv(runner, request, error);
	if (err == LB_OK) {
		err = fill_start(runner, request, error);
	}
	if (err != LB_OK) {
		lb_command_request_free(request);
		return err;
	}
	*ret_request = request;
	return LB_OK;
}
