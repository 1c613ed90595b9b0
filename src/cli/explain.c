#include "cli/explain.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/words.h"

bool lb_explain_blocks(const struct lb_explanation *explanation, size_t at)
{
	return lb_row_is_hard(&explanation->job->rows.items[at]) &&
	       explanation->readiness.rows[at] != LB_ROW_HAS_EVENT;
}

/* The first row that blocks in this way; NULL: none. */
static const struct lb_row *blocking_row(const struct lb_explanation *explanation,
					 enum lb_row_verdict verdict)
{
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		if (lb_explain_blocks(explanation, i) &&
		    explanation->readiness.rows[i] == verdict) {
			return &explanation->job->rows.items[i];
		}
	}
	return NULL;
}

/* More names than this are counted, not said. */
#define NAMES_MAX 8

/* A text that memory did not suffice for. */
static const char *or_unknown(const char *text)
{
	return text != NULL ? text : "?";
}

/* The hard rows that hold the job up: "a, b and c"; NULL: none. */
static const char *blocking_names(const struct lb_explanation *explanation)
{
	const char *names = NULL;
	const char *last = NULL;
	size_t count = 0;
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		if (!lb_explain_blocks(explanation, i) || ++count > NAMES_MAX) {
			continue;
		}
		names = last == NULL    ? NULL
			: names == NULL ? last
					: or_unknown(lb_arena_printf(explanation->arena, "%s, %s",
								     names, last));
		last = or_unknown(lb_text_printable(
			explanation->arena, lb_row_sensor_id(&explanation->job->rows.items[i])));
	}
	if (count > NAMES_MAX) {
		return or_unknown(lb_arena_printf(explanation->arena, "%s, %s and %zu more", names,
						  last, count - NAMES_MAX));
	}
	return names != NULL
		       ? or_unknown(lb_arena_printf(explanation->arena, "%s and %s", names, last))
		       : last;
}

/* The source is one that an ACON is about. */
static bool is_served(const struct lb_explanation *explanation, const struct lb_row *row)
{
	const struct lb_acon_list *acons = &explanation->config->acons;
	for (size_t i = 0; i < acons->count; i++) {
		if (lb_text_same_word(acons->items[i].sensor_source,
				      row->declared[LB_DECLARED_sensor_source])) {
			return true;
		}
	}
	return false;
}

static int64_t last_event(const struct lb_row *row)
{
	int64_t last_us = LB_TIME_NONE;
	for (size_t i = 0; i < row->cursor_count; i++) {
		if (row->cursors[i].last_event_at_us > last_us) {
			last_us = row->cursors[i].last_event_at_us;
		}
	}
	return last_us;
}

/* More about a row that waits; NULL: no memory. */
static const char *say_waiting_row(const struct lb_explanation *explanation,
				   const struct lb_row *row, const char *text)
{
	struct lb_arena *arena = explanation->arena;
	if (!is_served(explanation, row)) {
		return lb_arena_printf(
			arena, "%s; no ACON is about its source, %s", text,
			lb_text_printable(arena, row->declared[LB_DECLARED_sensor_source]));
	}
	int64_t last_us = last_event(row);
	return last_us == LB_TIME_NONE
		       ? lb_arena_printf(arena, "%s; none has come so far", text)
		       : lb_arena_printf(arena, "%s; the last one came %s", text,
					 lb_words_distance(arena, last_us, explanation->now_us));
}

const char *lb_explain_row(const struct lb_explanation *explanation, size_t at)
{
	const struct lb_row *row = &explanation->job->rows.items[at];
	enum lb_row_verdict verdict = explanation->readiness.rows[at];
	const char *text = lb_words_row(explanation->arena, explanation->job, row, verdict);
	bool waits = verdict == LB_ROW_WAITS_FOR_EVENT || verdict == LB_ROW_SOFT;
	if (waits && !lb_row_is_paused(row)) {
		text = say_waiting_row(explanation, row, text);
	}
	return or_unknown(text);
}

static const char *say_planned(const struct lb_explanation *explanation)
{
	const struct lb_run *run = explanation->job->run;
	const char *number = lb_words_run(explanation->arena, run);
	if (explanation->held) {
		return lb_arena_printf(explanation->arena,
				       "is held: run %s is planned, but the job is paused", number);
	}
	if (run->refused) {
		return lb_arena_printf(explanation->arena,
				       "was refused: run %s is planned and asked for again %s",
				       number,
				       lb_words_distance(explanation->arena, run->next_try_at_us,
							 explanation->now_us));
	}
	if (run->tries > 0) {
		return lb_arena_printf(
			explanation->arena,
			"starts as soon as its runner answers: run %s has been asked for %s, next "
			"%s",
			number,
			run->tries == 1
				? "once"
				: lb_words_count(explanation->arena, (uint64_t)run->tries, "time"),
			lb_words_distance(explanation->arena, run->next_try_at_us,
					  explanation->now_us));
	}
	if (run->next_try_at_us > explanation->now_us) {
		return lb_arena_printf(explanation->arena, "is tried again %s: run %s is planned",
				       lb_words_distance(explanation->arena, run->next_try_at_us,
							 explanation->now_us),
				       number);
	}
	return lb_arena_printf(explanation->arena, "is about to start: run %s is planned", number);
}

static const char *say_in_flight(const struct lb_explanation *explanation)
{
	const struct lb_run *run = explanation->job->run;
	if (run->state == LB_RUN_PLANNED) {
		return say_planned(explanation);
	}
	return lb_arena_printf(
		explanation->arena, "runs: run %s started %s",
		lb_words_run(explanation->arena, run),
		lb_words_distance(explanation->arena, run->submitted_at_us, explanation->now_us));
}

static const char *say_failed(const struct lb_explanation *explanation)
{
	const struct lb_run *run = explanation->job->run;
	return lb_arena_printf(explanation->arena, "has failed: %s",
			       run != NULL && run->message != NULL
				       ? lb_text_printable(explanation->arena, run->message)
				       : "its rows say so");
}

static bool is_in_progress_without_run(const struct lb_explanation *explanation)
{
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		if (explanation->job->rows.items[i].status == LB_STATUS_IN_PROGRESS) {
			return !lb_run_is_live(explanation->job->run);
		}
	}
	return false;
}

/* No hard row blocks, and still nothing starts. */
static const char *say_nothing_new(const struct lb_explanation *explanation)
{
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		if (explanation->job->rows.items[i].status == LB_STATUS_NEW_EVENT_AVAILABLE) {
			return "waits: the sensors that have a new event are paused";
		}
	}
	return "waits: none of its sensors has a new event";
}

static const char *say_waits(const struct lb_explanation *explanation)
{
	if (is_in_progress_without_run(explanation)) {
		return "is in progress by its rows, but lakebeat has no run of it in flight";
	}
	const char *names = blocking_names(explanation);
	return names != NULL ? lb_arena_printf(explanation->arena, "waits for %s", names)
			     : say_nothing_new(explanation);
}

const char *lb_explain_verdict(const struct lb_explanation *explanation)
{
	const char *text = NULL;
	switch (explanation->readiness.verdict) {
	case LB_JOB_READY:
		text = explanation->config->default_runner != NULL
			       ? "is ready: the running lakebeat or the next lakebeat once starts "
				 "it"
			       : "is ready, but no runner is configured to start it";
		break;
	case LB_JOB_WAITS:
		text = say_waits(explanation);
		break;
	case LB_JOB_RUN_IN_FLIGHT:
		text = say_in_flight(explanation);
		break;
	case LB_JOB_FAILED:
		text = say_failed(explanation);
		break;
	case LB_JOB_PAUSED:
		text = "is paused: none of its rows is UNPAUSED";
		break;
	case LB_JOB_NO_ROWS:
		text = "is not in the control table any more; what remains is its history";
		break;
	case LB_JOB_VERDICT_MAX:
		break;
	}
	return or_unknown(text);
}

static const char *advise_waiting(const struct lb_explanation *explanation)
{
	const char *id = explanation->trigger_job_id;
	if (is_in_progress_without_run(explanation)) {
		return lb_arena_printf(explanation->arena,
				       "lakebeat complete %s says that it is done; lakebeat retry "
				       "%s starts it again",
				       id, id);
	}
	const struct lb_row *row = blocking_row(explanation, LB_ROW_PAUSED);
	if (row != NULL) {
		return lb_arena_printf(
			explanation->arena, "lakebeat resume %s --sensor %s lets it take up events",
			id, lb_text_printable(explanation->arena, lb_row_sensor_id(row)));
	}
	if (blocking_row(explanation, LB_ROW_UNKNOWN_STATUS) != NULL) {
		return "set that status to NULL in the control table, and it takes up events "
		       "again";
	}
	row = blocking_row(explanation, LB_ROW_WAITS_FOR_EVENT);
	const struct lb_acon_list *acons = &explanation->config->acons;
	if (row == NULL || acons->count != 1 || !is_served(explanation, row)) {
		return NULL;
	}
	const char *sensor_id = lb_text_printable(explanation->arena, lb_row_sensor_id(row));
	return lb_arena_printf(explanation->arena,
			       "a file in %s/%s/ is what it waits for; lakebeat emit %s writes one "
			       "by hand",
			       acons->items[0].base_trigger_file_location, sensor_id, sensor_id);
}

/* Resuming alone does not start a job that had failed before it was paused. */
static const char *advise_paused(const struct lb_explanation *explanation)
{
	const char *id = explanation->trigger_job_id;
	for (size_t i = 0; i < explanation->job->rows.count; i++) {
		if (explanation->job->rows.items[i].status == LB_STATUS_FAILED) {
			return lb_arena_printf(
				explanation->arena,
				"it failed before it was paused: lakebeat resume %s, then "
				"lakebeat retry %s",
				id, id);
		}
	}
	return lb_arena_printf(explanation->arena, "lakebeat resume %s lets it start", id);
}

static const char *advise_in_flight(const struct lb_explanation *explanation)
{
	const char *id = explanation->trigger_job_id;
	if (explanation->held) {
		return lb_arena_printf(explanation->arena, "lakebeat resume %s lets it start", id);
	}
	return explanation->job->run->refused
		       ? lb_arena_printf(explanation->arena,
					 "mend the reason, then lakebeat retry %s asks at once", id)
		       : NULL;
}

const char *lb_explain_advice(const struct lb_explanation *explanation)
{
	const char *id = explanation->trigger_job_id;
	switch (explanation->readiness.verdict) {
	case LB_JOB_FAILED:
		return lb_arena_printf(
			explanation->arena,
			"lakebeat retry %s tries again with the same events; lakebeat "
			"complete %s says that it is done",
			id, id);
	case LB_JOB_PAUSED:
		return advise_paused(explanation);
	case LB_JOB_RUN_IN_FLIGHT:
		return advise_in_flight(explanation);
	case LB_JOB_WAITS:
		return advise_waiting(explanation);
	case LB_JOB_READY:
	case LB_JOB_NO_ROWS:
	case LB_JOB_VERDICT_MAX:
		break;
	}
	return NULL;
}
