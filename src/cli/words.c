#include "cli/words.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/app.h"

#include <string.h>

const char *lb_words_time(struct lb_arena *arena, int64_t time_us)
{
	char text[LB_TIME_TEXT_MAX];
	if (time_us == LB_TIME_NONE) {
		return "-";
	}
	(void)lb_time_format(time_us, text);
	const char *copy = lb_arena_printf(arena, "%.10s %.8s", text, text + 11);
	return copy != NULL ? copy : "?";
}

const char *lb_words_distance(struct lb_arena *arena, int64_t time_us, int64_t now_us)
{
	char text[LB_TIME_TEXT_MAX];
	if (time_us == LB_TIME_NONE) {
		return "-";
	}
	int64_t distance_us = time_us > now_us ? time_us - now_us : now_us - time_us;
	if (distance_us < LB_SECOND) {
		return "now";
	}
	(void)lb_duration_format(distance_us / LB_SECOND * LB_SECOND, text);
	const char *copy = time_us > now_us ? lb_arena_printf(arena, "in %s", text)
					    : lb_arena_printf(arena, "%s ago", text);
	return copy != NULL ? copy : "?";
}

const char *lb_words_count(struct lb_arena *arena, uint64_t count, const char *noun)
{
	const char *text = lb_arena_printf(arena, "%llu %s%s", (unsigned long long)count, noun,
					   count == 1 ? "" : "s");
	return text != NULL ? text : "?";
}

const char *lb_words_job(struct lb_arena *arena, const struct lb_job *job)
{
	const char *id = lb_text_printable(arena, job->trigger_job_id);
	const char *name = lb_job_name(job);
	if (name == NULL || id == NULL) {
		return id != NULL ? id : "?";
	}
	const char *text = lb_arena_printf(arena, "%s (%s)", lb_text_printable(arena, name), id);
	return text != NULL ? text : "?";
}

const char *lb_words_run(struct lb_arena *arena, const struct lb_run *run)
{
	const char *text =
		run->attempt > 1
			? lb_arena_printf(arena, "%lld.%d", (long long)run->run_no, run->attempt)
			: lb_arena_printf(arena, "%lld", (long long)run->run_no);
	return text != NULL ? text : "?";
}

enum lb_style lb_words_status_style(enum lb_status status)
{
	switch (status) {
	case LB_STATUS_COMPLETED:
		return LB_STYLE_GOOD;
	case LB_STATUS_FAILED:
	case LB_STATUS_OTHER:
		return LB_STYLE_BAD;
	case LB_STATUS_NEW_EVENT_AVAILABLE:
	case LB_STATUS_IN_PROGRESS:
		return LB_STYLE_BUSY;
	case LB_STATUS_NONE:
	case LB_STATUS_MAX:
		break;
	}
	return LB_STYLE_DIM;
}

enum lb_style lb_words_run_style(enum lb_run_state state)
{
	return state == LB_RUN_SUCCEEDED                            ? LB_STYLE_GOOD
	       : state == LB_RUN_FAILED || state == LB_RUN_CANCELED ? LB_STYLE_BAD
								    : LB_STYLE_BUSY;
}

static const char *waiting(struct lb_arena *arena, const struct lb_row *row)
{
	int64_t count = lb_row_waiting_events(row);
	if (count <= 0) {
		return "";
	}
	const char *text = lb_arena_printf(arena, "; %lld %s", (long long)count,
					   count == 1 ? "event waits" : "events wait");
	return text != NULL ? text : "";
}

static const char *too_old(struct lb_arena *arena, const struct lb_job *job)
{
	char gap[LB_TIME_TEXT_MAX];
	return lb_arena_printf(arena,
			       "has an event that is over %s older than the newest; waits for a "
			       "newer one (max_event_gap_hours)",
			       lb_duration_format(job->policy.max_event_gap_us, gap));
}

static const char *has_event(struct lb_arena *arena, const struct lb_row *row)
{
	return lb_arena_printf(arena, "has a new event, of %s",
			       lb_words_time(arena, row->latest_event_fetched_at_us));
}

const char *lb_words_row(struct lb_arena *arena, const struct lb_job *job, const struct lb_row *row,
			 enum lb_row_verdict verdict)
{
	const char *text = NULL;
	switch (verdict) {
	case LB_ROW_HAS_EVENT:
		text = has_event(arena, row);
		break;
	case LB_ROW_WAITS_FOR_EVENT:
		text = "has no new event";
		break;
	case LB_ROW_PAUSED:
		text = lb_arena_printf(arena, "is paused and has no new event%s",
				       waiting(arena, row));
		break;
	case LB_ROW_IN_PROGRESS:
		text = lb_arena_printf(arena, "is in progress%s", waiting(arena, row));
		break;
	case LB_ROW_FAILED:
		text = lb_arena_printf(arena, "stopped when the job failed%s", waiting(arena, row));
		break;
	case LB_ROW_EVENT_TOO_OLD:
		text = too_old(arena, job);
		break;
	case LB_ROW_UNKNOWN_STATUS:
		text = lb_arena_printf(arena, "has the status '%s', which lakebeat does not know",
				       lb_text_printable(arena, row->status_text));
		break;
	case LB_ROW_SOFT:
		text = lb_row_is_paused(row)
			       ? lb_arena_printf(arena, "is paused%s", waiting(arena, row))
			       : "has no new event, and need not have one";
		break;
	case LB_ROW_VERDICT_MAX:
		break;
	}
	return text != NULL ? text : "?";
}

json_t *lb_json_run(const struct lb_run *run)
{
	json_t *inputs = json_array();
	for (size_t i = 0; i < run->inputs.count; i++) {
		const struct lb_run_input *input = &run->inputs.items[i];
		(void)json_array_append_new(inputs,
					    json_pack("{s:o, s:I, s:I}", "sensor_id",
						      lb_json_text(input->sensor_id), "from_seq",
						      (json_int_t)input->from_seq, "to_seq",
						      (json_int_t)input->to_seq));
	}
	return json_pack("{s:o, s:I, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:b, s:o, s:o, s:o, "
			 "s:o, s:o}",
			 "trigger_job_id", lb_json_text(run->trigger_job_id), "run_no",
			 (json_int_t)run->run_no, "attempt", run->attempt, "token", run->token,
			 "state", lb_run_state_text(run->state), "runner",
			 lb_json_text(run->runner), "external_id", lb_json_text(run->external_id),
			 "url", lb_json_text(run->url), "message", lb_json_text(run->message),
			 "tries", run->tries, "refused", run->refused, "planned_at",
			 lb_json_time(run->planned_at_us), "next_try_at",
			 lb_json_time(run->next_try_at_us), "submitted_at",
			 lb_json_time(run->submitted_at_us), "ended_at",
			 lb_json_time(run->ended_at_us), "inputs", inputs);
}

json_t *lb_json_row(const struct lb_row *row)
{
	json_t *json = json_object();
	for (int i = 0; i < LB_DECLARED_MAX; i++) {
		(void)json_object_set_new(json, lb_declared_names[i],
					  lb_json_text(row->declared[i]));
	}
	(void)json_object_set_new(json, "status", lb_json_text(row->status_text));
	(void)json_object_set_new(json, "latest_event_fetched_timestamp",
				  lb_json_time(row->latest_event_fetched_at_us));
	(void)json_object_set_new(json, "status_change_timestamp",
				  lb_json_time(row->status_changed_at_us));
	(void)json_object_set_new(json, "job_start_timestamp",
				  lb_json_time(row->job_started_at_us));
	(void)json_object_set_new(json, "job_end_timestamp", lb_json_time(row->job_ended_at_us));
	(void)json_object_set_new(json, "waiting_events", json_integer(lb_row_waiting_events(row)));
	return json;
}

const char *lb_words_job_verdict(enum lb_job_verdict verdict)
{
	static const char *const texts[LB_JOB_VERDICT_MAX] = {
		[LB_JOB_READY] = "READY",
		[LB_JOB_WAITS] = "WAITS",
		[LB_JOB_RUN_IN_FLIGHT] = "RUN_IN_FLIGHT",
		[LB_JOB_FAILED] = "FAILED",
		[LB_JOB_PAUSED] = "PAUSED",
		[LB_JOB_NO_ROWS] = "NO_ROWS",
	};
	return texts[verdict];
}

const char *lb_words_row_verdict(enum lb_row_verdict verdict)
{
	static const char *const texts[LB_ROW_VERDICT_MAX] = {
		[LB_ROW_HAS_EVENT] = "HAS_EVENT",
		[LB_ROW_WAITS_FOR_EVENT] = "WAITS_FOR_EVENT",
		[LB_ROW_PAUSED] = "PAUSED",
		[LB_ROW_IN_PROGRESS] = "IN_PROGRESS",
		[LB_ROW_FAILED] = "FAILED",
		[LB_ROW_EVENT_TOO_OLD] = "EVENT_TOO_OLD",
		[LB_ROW_UNKNOWN_STATUS] = "UNKNOWN_STATUS",
		[LB_ROW_SOFT] = "SOFT",
	};
	return texts[verdict];
}
