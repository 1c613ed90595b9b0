/* explain.h: why a job has or has not started, in words. Whether it may start is
 * readiness.h's to say; here it is only told. Pure. */
#ifndef LB_CLI_EXPLAIN_H
#define LB_CLI_EXPLAIN_H

#include "config/config.h"
#include "core/readiness.h"

/* A judged job, all borrowed. held: readiness.h's lb_readiness_is_held, of a
 * planned run. Texts are made in arena; they are free of control characters, and
 * "?" when there is no memory. */
struct lb_explanation {
	struct lb_arena *arena;
	const struct lb_config *config;
	const char *trigger_job_id;
	const struct lb_job *job;
	struct lb_readiness readiness;
	bool held;
	int64_t now_us;
};

/* The end of the sentence that begins with the job: "waits for orders". */
const char *lb_explain_verdict(const struct lb_explanation *explanation);

/* The end of the sentence that begins with the sensor of the job's row of that
 * number: what it contributes, and for one that waits, for how long. */
const char *lb_explain_row(const struct lb_explanation *explanation, size_t at);

/* Whether that row holds the job up. */
bool lb_explain_blocks(const struct lb_explanation *explanation, size_t at);

/* What to do next; NULL: nothing. */
const char *lb_explain_advice(const struct lb_explanation *explanation);

#endif
