/* due.h: which planned runs are to be submitted now, with all that a runner
 * needs. A part of the beat's transaction. */
#ifndef LB_ENGINE_DUE_H
#define LB_ENGINE_DUE_H

#include "engine/beat.h"

/* Fills beat->due, more_due and wake_at_us. loaded: the jobs that the beat has
 * in hand, sorted by trigger_job_id; others are loaded. Errors: the store's. */
enum lb_err lb_due_find(struct lb_store *store, struct lb_beat *beat,
			const struct lb_job_list *loaded, struct lb_error *error) LB_MUST_CHECK;

#endif
