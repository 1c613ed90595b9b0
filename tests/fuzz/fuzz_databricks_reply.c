/* What a workspace, or whatever stands in between, answers. First line: status,
 * content type and Retry-After, by blanks ('-': not there); then the body. */
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "runners/databricks/facts.h"
#include "runners/databricks/reply.h"
#include "runners/databricks/state.h"

#include <stdlib.h>
#include <string.h>

#define NOW_US ((int64_t)1763877600 * LB_SECOND)

static const char *word(char **rest)
{
	char *text = strsep(rest, " ");
	return text == NULL || strcmp(text, "-") == 0 ? NULL : text;
}

static void check_news(struct lb_arena *arena, const json_t *run)
{
	struct lb_run_news news = {0};
	lb_databricks_run_news(run, NOW_US, arena, &news);
	if (news.known) {
		assert(news.state > LB_RUN_PLANNED && news.state < LB_RUN_STATE_MAX);
	}
}

/* The same answer as each of those that are asked for before a run. */
static void check_facts(struct lb_arena *arena, const json_t *json)
{
	struct lb_databricks_job_facts facts = {0};
	struct lb_error error = {0};
	if (lb_databricks_read_job(json, arena, &facts, &error) != LB_OK) {
		fuzz_check_error(&error);
	}
	(void)lb_databricks_principal(json, arena);
	enum lb_databricks_right right = lb_databricks_right_of(json, json);
	assert(right <= LB_DATABRICKS_RIGHT_LACKING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t length = end != NULL ? (size_t)(end - data) : size;
	char *line = fuzz_text(&arena, data, length);
	const char *status = word(&line);
	struct lb_error none = {0};
	struct lb_databricks_answer answer = {
		.error = &none,
		.status = status != NULL ? atoi(status) : 0,
		.content_type = word(&line),
		.retry_after = word(&line),
		.length = end != NULL ? size - length - 1 : 0,
	};
	answer.body =
		lb_arena_strndup(&arena, (const char *)data + size - answer.length, answer.length);
	struct lb_databricks_reply reply;
	lb_databricks_reply_read(&answer, NOW_US, &reply);
	assert((reply.meaning == LB_DATABRICKS_DONE) == (reply.json != NULL));
	assert(reply.retry_after_us >= 0);
	if (reply.meaning == LB_DATABRICKS_DONE) {
		assert(answer.status == 200 && json_is_object(reply.json));
		check_news(&arena, reply.json);
		check_facts(&arena, reply.json);
	} else {
		fuzz_check_error(&reply.error);
	}
	/* Only a definite answer may say that nothing was started. */
	assert(reply.meaning != LB_DATABRICKS_REFUSED ||
	       (answer.status >= 400 && answer.status < 500));
	assert(!reply.run_is_gone || reply.meaning == LB_DATABRICKS_REFUSED ||
	       reply.meaning == LB_DATABRICKS_MISSING);
	lb_databricks_reply_finish(&reply);
	lb_arena_finish(&arena);
	return 0;
}
