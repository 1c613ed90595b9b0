/* ending.h: how the Jobs API says that a run ended: read off its reference, and not off
 * what lakebeat makes of it. */
#ifndef LB_TESTS_SIM_ENDING_H
#define LB_TESTS_SIM_ENDING_H

#include "core/run.h"

/* What became of a run, for whom the words make a difference. */
#define SIM_SKIPPED "skipped: too many runs of this job"
#define SIM_DELETED "the run does not exist any more"

/* life, result: of `state`; life NULL: there is none; result NULL: it is not sent.
 * code, type: of the `termination_details` of `status`; code NULL: there is no status. */
struct sim_ending {
	const char *life;
	const char *result;
	const char *code;
	const char *type;
	const char *message;
};

/* One of those for a run that ended so; which, is number's. */
const struct sim_ending *sim_ending_of(enum lb_run_state outcome, const char *message,
				       int64_t number);

#endif
