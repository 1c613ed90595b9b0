/* template.h: argv as configured, and as one job's program gets it. */
#ifndef LB_RUNNERS_COMMAND_TEMPLATE_H
#define LB_RUNNERS_COMMAND_TEMPLATE_H

#include "base/error.h"

struct lb_arena;

/* What placeholders stand for; NULL counts as "". */
struct lb_command_words {
	const char *trigger_job_id;
	const char *trigger_job_name;
};

/* Errors: INVALID: no item, an empty program, or a placeholder that does not exist. */
enum lb_err lb_command_template_check(const char *const *argv,
				      struct lb_error *error) LB_MUST_CHECK;

/* argv (checked, NULL-ended) with its placeholders replaced, NULL-ended, in arena.
 * Errors: NOMEM; REFUSED: a word would make the program's path lead elsewhere. */
enum lb_err lb_command_template_expand(struct lb_arena *arena, const char *const *argv,
				       const struct lb_command_words *words, char ***ret_argv,
				       struct lb_error *error) LB_MUST_CHECK;

/* The file that execvp would run for program: itself if it holds a '/', else the
 * first executable file of that name in path (":"-separated, NULL: the system's
 * default). In arena. NULL: *ret_errno says why not. */
const char *lb_command_find_program(struct lb_arena *arena, const char *program, const char *path,
				    int *ret_errno);

#endif
