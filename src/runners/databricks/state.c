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
	const char *word;
	enum lb_run_state state;
	const char *text;
} table[] = {
	{LIFE, "QUEUED", LB_RUN_SUBMITTED, NULL},
	{LIFE, "PENDING", LB_RUN_SUBMITTED, NULL},
	{LIFE, "RUNNING", LB_RUN_SUBMITTED, NULL},
	{LIFE, "TERMINATING", LB_RUN_SUBMITTED, NULL},
	{LIFE, "BLOCKED", LB_RUN_SUBMITTED, NULL},
	{LIFE, "WAITING_FOR_RETRY", LB_RUN_SUBMITTED, NULL},
	{LIFE, "TERMINATED", SEE_RESULT, NULL},
	/* A failed task makes the run one of these, whatever its result says. */
	{LIFE, "INTERNAL_ERROR", LB_RUN_FAILED, "internal error"},
	{LIFE, "SKIPPED", LB_RUN_FAILED, "skipped: it never ran"},

	{RESULT, "SUCCESS", LB_RUN_SUCCEEDED, NULL},
	{RESULT, "SUCCESS_WITH_FAILURES", LB_RUN_SUCCEEDED, "succeeded with failures"},
	{RESULT, "FAILED", LB_RUN_FAILED, "failed"},
	{RESULT, "TIMEDOUT", LB_RUN_FAILED, "timed out"},
	{RESULT, "CANCELED", LB_RUN_CANCELED, "canceled"},
	{RESULT, "UPSTREAM_FAILED", LB_RUN_FAILED, "an upstream task failed"},
	{RESULT, "UPSTREAM_CANCELED", LB_RUN_CANCELED, "an upstream task was canceled"},
	{RESULT, "EXCLUDED", LB_RUN_FAILED, "excluded: its conditions were not met"},
	{RESULT, "DISABLED", LB_RUN_FAILED, "disabled: it never ran"},
	{RESULT, "MAXIMUM_CONCURRENT_RUNS_REACHED", LB_RUN_FAILED,
	 "skipped: the job's max_concurrent_runs are reached"},

	{STATUS, "BLOCKED", LB_RUN_SUBMITTED, NULL},
	{STATUS, "PENDING", LB_RUN_SUBMITTED, NULL},
	{STATUS, "QUEUED", LB_RUN_SUBMITTED, NULL},
	{STATUS, "RUNNING", LB_RUN_SUBMITTED, NULL},
	{STATUS, "TERMINATING", LB_RUN_SUBMITTED, NULL},
	{STATUS, "WAITING", LB_RUN_SUBMITTED, NULL},
	{STATUS, "TERMINATED", SEE_RESULT, NULL},

	{CODE, "SUCCESS", LB_RUN_SUCCEEDED, NULL},
	{CODE, "SUCCESS_WITH_FAILURES", LB_RUN_SUCCEEDED, "succeeded with failures"},
	{CODE, "USER_CANCELED", LB_RUN_CANCELED, "canceled by a user"},
	{CODE, "CANCELED", LB_RUN_CANCELED, "canceled"},
	{CODE, "SKIPPED", LB_RUN_FAILED, "skipped: it never ran"},
	{CODE, "DISABLED", LB_RUN_FAILED, "disabled: it never ran"},
	{CODE, "INTERNAL_ERROR", LB_RUN_FAILED, "internal error"},
	{CODE, "DRIVER_ERROR", LB_RUN_FAILED, "the driver failed"},
	{CODE, "CLUSTER_ERROR", LB_RUN_FAILED, "the cluster failed"},
	{CODE, "CLUSTER_TERMINATED_BY_USER", LB_RUN_FAILED, "a user terminated the cluster"},
	{CODE, "CLUSTER_REQUEST_LIMIT_EXCEEDED", LB_RUN_FAILED, "too many cluster requests"},
	{CODE, "INVALID_CLUSTER_REQUEST", LB_RUN_FAILED, "the cluster's definition is invalid"},
	{CODE, "REPOSITORY_CHECKOUT_FAILED", LB_RUN_FAILED, "the repository's checkout failed"},
	{CODE, "WORKSPACE_RUN_LIMIT_EXCEEDED", LB_RUN_FAILED,
	 "the workspace's limit of runs is reached"},
	{CODE, "FEATURE_DISABLED", LB_RUN_FAILED, "it needs a feature that is disabled"},
	{CODE, "STORAGE_ACCESS_ERROR", LB_RUN_FAILED, "storage could not be accessed"},
	{CODE, "RUN_EXECUTION_ERROR", LB_RUN_FAILED, "failed"},
	{CODE, "UNAUTHORIZED_ERROR", LB_RUN_FAILED, "it lacks a permission"},
	{CODE, "LIBRARY_INSTALLATION_ERROR", LB_RUN_FAILED, "a library could not be installed"},
	{CODE, "MAX_CONCURRENT_RUNS_EXCEEDED", LB_RUN_FAILED,
	 "skipped: the job's max_concurrent_runs are reached"},
	{CODE, "MAX_SPARK_CONTEXTS_EXCEEDED", LB_RUN_FAILED, "too many Spark contexts"},
	{CODE, "MAX_JOB_QUEUE_SIZE_EXCEEDED", LB_RUN_FAILED, "skipped: the job's queue is full"},
	{CODE, "RESOURCE_NOT_FOUND", LB_RUN_FAILED, "something that it needs does not exist"},
	{CODE, "INVALID_RUN_CONFIGURATION", LB_RUN_FAILED, "its configuration is invalid"},
	{CODE, "CLOUD_FAILURE", LB_RUN_FAILED, "the cloud provider failed"},
	{CODE, "BREAKING_CHANGE", LB_RUN_FAILED, "a breaking change"},
	{CODE, "BUDGET_POLICY_LIMIT_EXCEEDED", LB_RUN_FAILED,
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
	bool silent = message == NULL || message[0] == '\0';
	return lb_arena_printf(arena, "%s%s%.800s", finding->text != NULL ? finding->text : "",
			       finding->text != NULL && !silent ? ": " : "", silent ? "" : message);
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
