/* transition.h: the single steps that lifecycle.c and commands.c are made of.
 * Each changes the job and appends to changes what has to be saved. Inside core
 * only. The only error is LB_NOMEM. */
#ifndef LB_CORE_TRANSITION_H
#define LB_CORE_TRANSITION_H

#include "core/changes.h"
#include "core/job.h"

/* Appends audit with the job, its latest run and changes->who filled in. */
enum lb_err lb_transition_audit(const struct lb_job *job, struct lb_changes *changes,
				struct lb_audit audit, struct lb_error *error) LB_MUST_CHECK;

/* Moves a row to status, with an audit entry. */
enum lb_err lb_transition_row(const struct lb_job *job, struct lb_row *row, enum lb_status status,
			      const char *cause, int64_t now_us, struct lb_changes *changes,
			      struct lb_error *error) LB_MUST_CHECK;

/* Moves the job's latest run to state, with an audit entry. */
enum lb_err lb_transition_run(struct lb_job *job, enum lb_run_state state, const char *cause,
			      int64_t now_us, struct lb_changes *changes,
			      struct lb_error *error) LB_MUST_CHECK;

/* run is to be saved; once, however often it is said. */
enum lb_err lb_transition_save_run(struct lb_run *run, struct lb_changes *changes,
				   struct lb_error *error) LB_MUST_CHECK;

/* The row's entry in the sensor table is to be written. */
enum lb_err lb_transition_sensor(const struct lb_row *row, bool acquired, int64_t now_us,
				 struct lb_changes *changes, struct lb_error *error) LB_MUST_CHECK;

/* Copies text into changes' arena; NULL stays NULL. */
enum lb_err lb_transition_copy_text(struct lb_arena *arena, const char *text, const char **ret_copy,
				    struct lb_error *error) LB_MUST_CHECK;

/* token is that of the job's latest run. */
bool lb_transition_is_own_run(const struct lb_job *job, const char *token);

/* Consumes all that waits at a row. run: that consumes it and gets it as input,
 * or NULL when a person did. */
enum lb_err lb_transition_consume(const struct lb_job *job, struct lb_row *row, struct lb_run *run,
				  struct lb_changes *changes, struct lb_error *error) LB_MUST_CHECK;

/* A new PLANNED run, without inputs, becomes the job's latest. */
enum lb_err lb_transition_begin_run(struct lb_job *job, int64_t run_no, int attempt,
				    int64_t next_try_at_us, const char *cause, int64_t now_us,
				    struct lb_changes *changes,
				    struct lb_error *error) LB_MUST_CHECK;

/* A new attempt replaces the job's latest run, with its inputs and what is new. */
enum lb_err lb_transition_begin_attempt(struct lb_job *job, int64_t next_try_at_us,
					const char *cause, int64_t now_us,
					struct lb_changes *changes,
					struct lb_error *error) LB_MUST_CHECK;

/* Every row that was IN_PROGRESS or FAILED is COMPLETED; the sensor table says
 * PROCESSED_NEW_DATA unless newer events wait already. */
enum lb_err lb_transition_complete_rows(struct lb_job *job, const char *cause, int64_t ended_at_us,
					int64_t now_us, struct lb_changes *changes,
					struct lb_error *error) LB_MUST_CHECK;

#endif
