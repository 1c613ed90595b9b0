#include "runners/databricks/state.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

/* The field that a word stands in. */
enum field {
	LIFE,   /* state.life_cycle_state */
	RESULT, /* state.result_state */
	STATUS, /* status.state */
	CODE,   /* status.termination_details.code */
};

#define SEE_RESULT LB_RUN_STATE_MAX /* over; how, says another field */

/* text: what people are told, beside the run's own message; NULL: nothing. */
static const struct {
	enum field field;
	enum lb_run_state state;
	const char *word;
	const char *text;
} table[] = {
	{LIFE, LB_RUN_SUBMITTED, "QUEUED", NULL},
	{LIFE, LB_RUN_SUBMITTED, "PENDING", NULL},
	{LIFE, LB_RUN_SUBMITTED, "RUNNING", NULL},
	{LIFE, LB_RUN_SUBMITTED, "TERMINATING", NULL},
	{LIFE, LB_RUN_SUBMITTED, "BLOCKED", NULL},
	{LIFE, LB_RUN_SUBMITTED, "WAITING_FOR_RETRY", NULL},
	{LIFE, SEE_RESULT, "TERMINATED", NULL},
	/* A failed task makes the run one of these, whatever its result says. */
	{LIFE, LB_RUN_FAILED, "INTERNAL_ERROR", "internal error"},
	{LIFE, LB_RUN_FAILED, "SKIPPED", "skipped: it never ran"},

	{RESULT, LB_RUN_SUCCEEDED, "SUCCESS", NULL},
	{RESULT, LB_RUN_SUCCEEDED, "SUCCESS_WITH_FAILURES", "succeeded with failures"},
	{RESULT, LB_RUN_FAILED, "FAILED", "failed"},
	{RESULT, LB_RUN_FAILED, "TIMEDOUT", "timed out"},
	{RESULT, LB_RUN_CANCELED, "CANCELED", "canceled"},
	{RESULT, LB_RUN_FAILED, "UPSTREAM_FAILED", "an upstream task failed"},
	{RESULT, LB_RUN_CANCELED, "UPSTREAM_CANCELED", "an upstream task was canceled"},
	{RESULT, LB_RUN_FAILED, "EXCLUDED", "excluded: its conditions were not met"},
	{RESULT, LB_RUN_FAILED, "DISABLED", "disabled: it never ran"},
	{RESULT, LB_RUN_FAILED, "MAXIMUM_CONCURRENT_RUNS_REACHED",
	 "skipped: the job's max_concurrent_runs are reached"},

	{STATUS, LB_RUN_SUBMITTED, "BLOCKED", NULL},
	{STATUS, LB_RUN_SUBMITTED, "PENDING", NULL},
	{STATUS, LB_RUN_SUBMITTED, "QUEUED", NULL},
	{STATUS, LB_RUN_SUBMITTED, "RUNNING", NULL},
	{STATUS, LB_RUN_SUBMITTED, "TERMINATING", NULL},
	{STATUS, LB_RUN_SUBMITTED, "WAITING", NULL},
	{STATUS, SEE_RESULT, "TERMINATED", NULL},

	{CODE, LB_RUN_SUCCEEDED, "SUCCESS", NULL},
	{CODE, LB_RUN_SUCCEEDED, "SUCCESS_WITH_FAILURES", "succeeded with failures"},
	{CODE, LB_RUN_CANCELED, "USER_CANCELED", "canceled by a user"},
	{CODE, LB_RUN_CANCELED, "CANCELED", "canceled"},
	{CODE, LB_RUN_FAILED, "SKIPPED", "skipped: it never ran"},
	{CODE, LB_RUN_FAILED, "DISABLED", "disabled: it never ran"},
	{CODE, LB_RUN_FAILED, "INTERNAL_ERROR", "internal error"},
	{CODE, LB_RUN_FAILED, "DRIVER_ERROR", "the driver failed"},
	{CODE, LB_RUN_FAILED, "CLUSTER_ERROR", "the cluster failed"},
	{CODE, LB_RUN_FAILED, "CLUSTER_TERMINATED_BY_USER", "a user terminated the cluster"},
	{CODE, LB_RUN_FAILED, "CLUSTER_REQUEST_LIMIT_EXCEEDED", "too many cluster requests"},
	{CODE, LB_RUN_FAILED, "INVALID_CLUSTER_REQUEST", "the cluster's definition is invalid"},
	{CODE, LB_RUN_FAILED, "REPOSITORY_CHECKOUT_FAILED", "the repository's checkout failed"},
	{CODE, LB_RUN_FAILED, "WORKSPACE_RUN_LIMIT_EXCEEDED",
	 "the workspace's limit of runs is reached"},
	{CODE, LB_RUN_FAILED, "FEATURE_DISABLED", "it needs a feature that is disabled"},
	{CODE, LB_RUN_FAILED, "STORAGE_ACCESS_ERROR", "storage could not be accessed"},
	{CODE, LB_RUN_FAILED, "RUN_EXECUTION_ERROR", "failed"},
	{CODE, LB_RUN_FAILED, "UNAUTHORIZED_ERROR", "it lacks a permission"},
	{CODE, LB_RUN_FAILED, "LIBRARY_INSTALLATION_ERROR", "a library could not be installed"},
	{CODE, LB_RUN_FAILED, "MAX_CONCURRENT_RUNS_EXCEEDED",
	 "skipped: the job's max_concurrent_runs are reached"},
	{CODE, LB_RUN_FAILED, "MAX_SPARK_CONTEXTS_EXCEEDED", "too many Spark contexts"},
	{CODE, LB_RUN_FAILED, "MAX_JOB_QUEUE_SIZE_EXCEEDED", "skipped: the job's queue is full"},
	{CODE, LB_RUN_FAILED, "RESOURCE_NOT_FOUND", "something that it needs does not exist"},
	{CODE, LB_RUN_FAILED, "INVALID_RUN_CONFIGURATION", "its configuration is invalid"},
	{CODE, LB_RUN_FAILED, "CLOUD_FAILURE", "the cloud provider failed"},
	{CODE, LB_RUN_FAILED, "BREAKING_CHANGE", "a breaking change"},
	{CODE, LB_RUN_FAILED, "BUDGET_POLICY_LIMIT_EXCEEDED",
	 "the budget policy's limit is reached"},
};

struct finding {
	enum lb_run_state state;
	const char *text;
};

static bool look_up(enum field field, const char *word, struct finding *ret_finding)
{
	for (size_t i = 0; word != NULL && i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].field == field && strcmp(table[i].word, word) == 0) {
			*ret_finding = (struct finding){table[i].state, table[i].text};
			return true;
		}
	}
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* How a run that is over ended: by either field, and if they say nothing that
 * is known, by the termination's type. */
static struct finding find_result(const char *result, const json_t *termination)
{
	struct finding finding = {LB_RUN_FAILED, "ended without a result that is known here"};
	if (look_up(RESULT, result, &finding) ||
	    look_up(CODE, text_of(termination, "code"), &finding)) {
		return finding;
	}
	const char *type = text_of(termination, "type");
	if (lb_text_equal(type, "SUCCESS")) {
		finding = (struct finding){LB_RUN_SUCCEEDED, NULL};
	}
	return finding;
}

static bool find(const json_t *run, struct finding *ret_finding)
{
	const json_t *state = json_object_get(run, "state");
	const json_t *status = json_object_get(run, "status");
	const json_t *termination = json_object_get(status, "termination_details");
	const char *life = text_of(state, "life_cycle_state");
	const char *word = life != NULL ? life : text_of(status, "state");
	if (word == NULL) {
		return false;
	}
	*ret_finding = (struct finding){LB_RUN_SUBMITTED, NULL};
	(void)look_up(life != NULL ? LIFE : STATUS, word, ret_finding);
	const char *result = text_of(state, "result_state");
	struct finding precise;
	if (ret_finding->state == SEE_RESULT) {
		*ret_finding = find_result(result, termination);
	} else if (ret_finding->state == LB_RUN_FAILED && look_up(RESULT, result, &precise) &&
		   precise.state == LB_RUN_FAILED) {
		*ret_finding = precise;
	}
	return true;
}

/* The run's own words behind ours; some say what the queue waits for. */
static const char *compose(const json_t *run, const struct finding *finding, struct lb_arena *arena)
{
	const json_t *state = json_object_get(run, "state");
	const json_t *status = json_object_get(run, "status");
	const char *message = text_of(state, "state_message");
	if (message == NULL || message[0] == '\0') {
		message = text_of(json_object_get(status, "termination_details"), "message");
	}
	if (message == NULL || message[0] == '\0') {
		message = text_of(json_object_get(status, "queue_details"), "message");
	}
	message = message != NULL ? message : "";
	const char *text =
		lb_arena_printf(arena, "%s%s%.*s", finding->text != NULL ? finding->text : "",
				finding->text != NULL && message[0] != '\0' ? ": " : "",
				(int)lb_utf8_cut(message, 800), message);
	return text != NULL ? lb_text_printable(arena, text) : NULL;
}

void lb_databricks_run_news(const json_t *run, int64_t now_us, struct lb_arena *arena,
			    struct lb_run_news *news)
{
	struct finding finding;
	if (!find(run, &finding)) {
		return;
	}
	const char *message = compose(run, &finding, arena);
	if (message == NULL) {
		return;
	}
	json_int_t ended_ms = json_integer_value(json_object_get(run, "end_time"));
	news->known = true;
	news->state = finding.state;
	news->message = message[0] != '\0' ? message : NULL;
	news->ended_at_us = ended_ms > 0 && ended_ms < INT64_MAX / 1000 ? ended_ms * LB_MS : now_us;
}
