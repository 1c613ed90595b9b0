#include "sim/ending.h"

#include <stddef.h>
#include <string.h>

static const struct sim_ending succeeded[] = {
	{"TERMINATED", "SUCCESS", "SUCCESS", "SUCCESS", ""},
	{"TERMINATED", "SUCCESS", NULL, NULL, ""},
	{NULL, NULL, "SUCCESS", "SUCCESS", ""},
	{"TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS", ""},
	{NULL, NULL, "A_NEW_CODE", "SUCCESS", ""},
};

static const struct sim_ending failed[] = {
	{"INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR",
	 "Task main failed with message: Workload failed, see run output for details."},
	{"TERMINATED", "TIMEDOUT", NULL, NULL, "Run timed out."},
	{NULL, NULL, "DRIVER_ERROR", "CLOUD_FAILURE", "The driver is temporarily unavailable."},
	{"INTERNAL_ERROR", NULL, "INTERNAL_ERROR", "INTERNAL_ERROR", "An unexpected error."},
	{"TERMINATED", "UPSTREAM_FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR", ""},
	{"TERMINATED", "EXCLUDED", "DISABLED", "CLIENT_ERROR", ""},
	{"TERMINATED", "A_NEW_RESULT", "A_NEW_CODE", "CLIENT_ERROR", ""},
};

static const struct sim_ending skipped[] = {
	{"SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED",
	 "CLIENT_ERROR", "Run was skipped: the limit of concurrent runs is reached."},
	{"SKIPPED", NULL, NULL, NULL, ""},
	{NULL, NULL, "MAX_JOB_QUEUE_SIZE_EXCEEDED", "CLIENT_ERROR", ""},
};

static const struct sim_ending canceled[] = {
	{"TERMINATED", "CANCELED", "USER_CANCELED", "CLIENT_ERROR", "Run cancelled."},
	{"TERMINATED", "UPSTREAM_CANCELED", NULL, NULL, ""},
	{NULL, NULL, "CANCELED", "CLIENT_ERROR", "Run cancelled."},
};

#define PICK(list, number) (&(list)[(size_t)(number) % (sizeof(list) / sizeof((list)[0]))])

const struct sim_ending *sim_ending_of(enum lb_run_state outcome, const char *message,
				       int64_t number)
{
	if (outcome == LB_RUN_SUCCEEDED) {
		return PICK(succeeded, number);
	}
	if (outcome == LB_RUN_CANCELED) {
		return PICK(canceled, number);
	}
	bool is_skipped = message != NULL && strcmp(message, SIM_SKIPPED) == 0;
	return is_skipped ? PICK(skipped, number) : PICK(failed, number);
}
