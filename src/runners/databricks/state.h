/* state.h: what Databricks says of a run, in lakebeat's words.
 *
 * The run object of the Databricks REST API, GET /api/2.2/jobs/runs/get, its
 * fields `state` (RunState) and `status` (RunStatus). Pure; any thread. */
#ifndef LB_RUNNERS_DATABRICKS_STATE_H
#define LB_RUNNERS_DATABRICKS_STATE_H

#include "ports/runner.h"

#include <jansson.h>

/* Fills news from a run object: known, state, message (in arena), ended_at_us,
 * for which now_us stands when the object does not say it.
 * `state` is asked first, `status` where it is missing. Words that are not
 * known: of a run's life, it goes on; of its result, it failed, unless its
 * termination's type is SUCCESS. known stays false when the object says
 * nothing, or memory is out. */
void lb_databricks_run_news(const json_t *run, int64_t now_us, struct lb_arena *arena,
			    struct lb_run_news *news);

#endif
