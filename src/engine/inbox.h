/* inbox.h: observations on their way to the next beat. They arrive in batches,
 * each with the arena that holds its texts, and leave all together. */
#ifndef LB_ENGINE_INBOX_H
#define LB_ENGINE_INBOX_H

#include "engine/observation.h"

struct lb_batch {
	struct lb_batch *next;
	struct lb_arena arena;
	struct lb_observation_list observations;
};

/* Zeroed is empty. */
struct lb_inbox {
	struct lb_batch *first;
	struct lb_batch *last;
};

/* An empty batch at the end of the inbox, or NULL: no memory. */
struct lb_batch *lb_inbox_add(struct lb_inbox *inbox);

/* Each adds one observation to a batch, with copies of all texts. LB_NOMEM. */
enum lb_err lb_batch_add_reports(struct lb_batch *batch,
				 const struct lb_sensor_report_list *reports) LB_MUST_CHECK;
enum lb_err lb_batch_add_pass(struct lb_batch *batch,
			      const struct lb_pass_cost *pass) LB_MUST_CHECK;
enum lb_err lb_batch_add_submission(struct lb_batch *batch,
				    const struct lb_submission_seen *seen) LB_MUST_CHECK;
enum lb_err lb_batch_add_run(struct lb_batch *batch, const struct lb_run_seen *seen) LB_MUST_CHECK;

/* Adds reports that live in *arena, and takes the arena over: no copy. batch is
 * still empty; *arena is left empty. LB_NOMEM: *arena stays as it was. */
enum lb_err lb_batch_adopt_reports(struct lb_batch *batch, struct lb_arena *arena,
				   const struct lb_sensor_report_list *reports) LB_MUST_CHECK;

/* All batches leave *inbox for *ret_taken; or come back to its front. */
void lb_inbox_take(struct lb_inbox *inbox, struct lb_inbox *ret_taken);
void lb_inbox_give_back(struct lb_inbox *inbox, struct lb_inbox *taken);

/* One list over all batches' observations, in arena. LB_NOMEM. */
enum lb_err lb_inbox_list(const struct lb_inbox *inbox, struct lb_arena *arena,
			  struct lb_observation_list *ret_list) LB_MUST_CHECK;

/* Frees all batches. */
void lb_inbox_finish(struct lb_inbox *inbox);

#endif
