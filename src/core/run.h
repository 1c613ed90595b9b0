/* run.h: one start of a trigger job, with its token, its state and what it
 * consumed. Plain data; strings are borrowed from the arena that holds the run.
 *
 *     PLANNED ──accepted──► SUBMITTED ──► SUCCEEDED | FAILED | CANCELED
 *        └── no answer, refused: stays PLANNED, same token, tried again later
 */
#ifndef LB_CORE_RUN_H
#define LB_CORE_RUN_H

#include "base/mem.h"
#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

enum lb_run_state {
	LB_RUN_PLANNED,
	LB_RUN_SUBMITTED,
	LB_RUN_SUCCEEDED,
	LB_RUN_FAILED,
	LB_RUN_CANCELED,
	LB_RUN_STATE_MAX
};

const char *lb_run_state_text(enum lb_run_state state);
/* LB_RUN_STATE_MAX when text is none of them. */
enum lb_run_state lb_run_state_parse(const char *text);

#define LB_TOKEN_LENGTH 64

/* Events (from_seq, to_seq] of one sensor: from_seq is exclusive. */
struct lb_run_input {
	int64_t sensor;
	const char *sensor_id;
	int64_t from_seq;
	int64_t to_seq;
};

struct lb_run_input_list LB_LIST_OF(struct lb_run_input);

/* id:        the store's number, 0 until saved.
 * run_no:    1, 2, 3 … per job; attempt: 1 for the first, one more per retry.
 * token:     hex SHA-256, durable before the first request; "" until the engine set it.
 * runner:    name of the runner that was asked to start it.
 * external_id, url: what the runner calls it (Databricks' run id; a folder); NULL before.
 * message:   why it stands as it does, for people; NULL: nothing to say.
 * tries:     requests that brought no acceptance so far.
 * refused:   the last answer was a definite no.
 * next_try_at_us: not submitted before then.
 * Times are LB_TIME_NONE until they happen.
 * changed:   set by core when the run is to be saved. */
struct lb_run {
	int64_t id;
	const char *trigger_job_id;
	int64_t run_no;
	int attempt;
	char token[LB_TOKEN_LENGTH + 1];
	enum lb_run_state state;
	const char *runner;
	const char *external_id;
	const char *url;
	const char *message;
	int tries;
	bool refused;
	int64_t planned_at_us;
	int64_t next_try_at_us;
	int64_t submitted_at_us;
	int64_t ended_at_us;
	struct lb_run_input_list inputs;
	bool changed;
};

struct lb_run_list LB_LIST_OF(struct lb_run);

bool lb_run_is_live(const struct lb_run *run); /* PLANNED or SUBMITTED; false for NULL */

/* How many of events belong to run, from the one at on. The events are those of several
 * runs, in the order of these, of each run's inputs and of seq, as the store loads them;
 * forgotten ones are missing. */
size_t lb_run_count_events(const struct lb_run *run, const struct lb_event_list *events, size_t at);

#endif
