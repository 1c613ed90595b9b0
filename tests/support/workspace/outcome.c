#include "support/workspace/outcome.h"

#include "support/workspace/must.h"

#include <string.h>

#define FAILURE "Task main failed with message: Workload failed, see run output for details."

/* name, life, result, code, type, message, whether it ran */
#define OUTCOMES(X)                                                                                \
	X("SUCCESS", "TERMINATED", "SUCCESS", "SUCCESS", "SUCCESS", "", true)                      \
	X("SUCCESS_WITH_FAILURES", "TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", \
	  "SUCCESS", "", true)                                                                     \
	X("FAILED", "INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR", FAILURE,    \
	  true)                                                                                    \
	X("TIMEDOUT", "TERMINATED", "TIMEDOUT", "CANCELED", "CLIENT_ERROR",                        \
	  "The run took longer than its timeout.", true)                                           \
	X("CANCELED", "TERMINATED", "CANCELED", "USER_CANCELED", "CLIENT_ERROR", "Run cancelled.", \
	  true)                                                                                    \
	X("INTERNAL_ERROR", "INTERNAL_ERROR", NULL, "INTERNAL_ERROR", "INTERNAL_ERROR",            \
	  "An internal error occurred.", true)                                                     \
	X("SKIPPED", "SKIPPED", NULL, "SKIPPED", "CLIENT_ERROR", "The run was skipped.", false)    \
	X("EXCLUDED", "SKIPPED", "EXCLUDED", "SKIPPED", "CLIENT_ERROR",                            \
	  "The run was excluded: its conditions were not met.", false)                             \
	X("UPSTREAM_FAILED", "SKIPPED", "UPSTREAM_FAILED", "SKIPPED", "CLIENT_ERROR",              \
	  "An upstream task failed.", false)                                                       \
	X("UPSTREAM_CANCELED", "SKIPPED", "UPSTREAM_CANCELED", "SKIPPED", "CLIENT_ERROR",          \
	  "An upstream task was canceled.", false)                                                 \
	X("DISABLED", "SKIPPED", "DISABLED", "DISABLED", "CLIENT_ERROR", "The run is disabled.",   \
	  false)                                                                                   \
	X("MAXIMUM_CONCURRENT_RUNS_REACHED", "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED",         \
	  "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR",                                          \
	  "The job has as many runs as it may have at once.", false)

static const struct outcome outcomes[] = {
#define OUTCOME(name, life, result, code, type, message, ran)                                      \
	{name, life, result, code, type, message, ran, -1, -1},
	OUTCOMES(OUTCOME)
#undef OUTCOME
};

const struct outcome *outcome_named(const char *name)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (name != NULL && strcmp(outcomes[i].name, name) == 0) {
			return &outcomes[i];
		}
	}
	return NULL;
}

static bool read_text(struct lb_arena *arena, const json_t *json, const char *name,
		      const char **text)
{
	const json_t *value = json_object_get(json, name);
	if (value != NULL && json_is_string(value)) {
		*text = must(lb_arena_strdup(arena, json_string_value(value)));
	}
	return value == NULL || json_is_string(value);
}

static bool read_duration(const json_t *json, const char *name, int64_t *duration_ms)
{
	const json_t *value = json_object_get(json, name);
	if (value != NULL && json_is_integer(value)) {
		*duration_ms = json_integer_value(value);
	}
	return value == NULL ||
	       (json_is_integer(value) && *duration_ms >= 0 && *duration_ms <= DURATION_MS_MAX);
}

static bool only_known_members(json_t *json)
{
	static const char *const known[] = {"outcome", "message",  "code",
					    "type",    "setup_ms", "duration_ms"};
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		bool found = false;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			found = found || strcmp(known[i], name) == 0;
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

const struct outcome *outcome_read(struct lb_arena *arena, json_t *json)
{
	if (!json_is_object(json)) {
		return outcome_named(json_string_value(json));
	}
	const char *name = json_string_value(json_object_get(json, "outcome"));
	const struct outcome *model = outcome_named(name);
	if (model == NULL || !only_known_members(json)) {
		return NULL;
	}
	struct outcome *outcome = must(lb_arena_alloc(arena, sizeof(*outcome)));
	*outcome = *model;
	bool good = read_text(arena, json, "message", &outcome->message) &&
		    read_text(arena, json, "code", &outcome->code) &&
		    read_text(arena, json, "type", &outcome->type) &&
		    read_duration(json, "setup_ms", &outcome->setup_ms) &&
		    read_duration(json, "duration_ms", &outcome->duration_ms);
	return good ? outcome : NULL;
}
