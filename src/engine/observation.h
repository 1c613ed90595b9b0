/* observation.h: what a beat folds in. Plain data; strings are borrowed from
 * whoever holds the list. */
#ifndef LB_ENGINE_OBSERVATION_H
#define LB_ENGINE_OBSERVATION_H

#include "core/event.h"
#include "core/lifecycle.h"
#include "core/pass_cost.h"
#include "ports/runner.h"

enum lb_observation_kind {
	LB_OBSERVED_SENSORS,    /* sensors: what a source saw */
	LB_OBSERVED_PASS,       /* pass: what looking at a source took */
	LB_OBSERVED_SUBMISSION, /* submission: how a runner answered */
	LB_OBSERVED_RUN,        /* run: how a submitted run ended */
	LB_OBSERVED_COMMAND,    /* command: what a person or a job asked for */
};

struct lb_submission_seen {
	const char *trigger_job_id;
	const char *token;
	enum lb_submit_outcome outcome;
	const char *external_id;
	const char *url;
	const char *message;
	int64_t retry_after_us;
};

struct lb_run_seen {
	const char *trigger_job_id;
	const char *token;
	enum lb_run_state state;
	const char *message;
	int64_t ended_at_us;
};

enum lb_command_verb { LB_COMPLETE, LB_RETRY, LB_PAUSE, LB_RESUME };

/* sensor_id: PAUSE and RESUME, NULL for all rows. token, consume_all: COMPLETE.
 * answer: filled by the beat, in its arena. */
struct lb_command {
	enum lb_command_verb verb;
	const char *trigger_job_id;
	const char *sensor_id;
	const char *token;
	bool consume_all;
	const char *who;
	struct lb_answer *answer;
};

struct lb_observation {
	enum lb_observation_kind kind;
	union {
		const struct lb_sensor_report_list *sensors;
		struct lb_pass_cost pass;
		struct lb_submission_seen submission;
		struct lb_run_seen run;
		struct lb_command command;
	};
};

struct lb_observation_list LB_LIST_OF(struct lb_observation);

#endif
