/* outcome.h: the ways in which a run can end, in the words of the Jobs API.
 *
 * The words are those of RunLifeCycleState, RunResultState and
 * TerminationDetails of the API's reference. That a run with a failed task says
 * INTERNAL_ERROR and FAILED was seen at a real workspace. Which termination code goes
 * with which result is read off the codes' descriptions; it is not verified. */
#ifndef LB_TESTS_WORKSPACE_OUTCOME_H
#define LB_TESTS_WORKSPACE_OUTCOME_H

#include "base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Ten years: whatever takes longer is a mistake. */
#define DURATION_MS_MAX (INT64_C(10) * 365 * 24 * 60 * 60 * 1000)

/* life, result: `state`; result NULL: the field is not sent.
 * code, type: `status`.
 * ran: false: the run ends in the moment in which it would begin.
 * setup_ms, duration_ms: -1: as its job says. */
struct outcome {
	const char *name;
	const char *life;
	const char *result;
	const char *code;
	const char *type;
	const char *message;
	bool ran;
	int64_t setup_ms;
	int64_t duration_ms;
};

/* NULL: there is none of that name. Lives for ever. */
const struct outcome *outcome_named(const char *name);

/* From the control API: a name, or an object with `outcome` and what is to
 * differ: `message`, `code`, `type`, `setup_ms`, `duration_ms`. NULL: it is
 * neither. Lives in the arena. */
const struct outcome *outcome_read(struct lb_arena *arena, json_t *json);

#endif
