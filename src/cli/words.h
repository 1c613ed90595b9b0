/* words.h: how jobs, rows and runs are spoken of, to people and in JSON. */
#ifndef LB_CLI_WORDS_H
#define LB_CLI_WORDS_H

#include "cli/table.h"
#include "core/readiness.h"

#include <jansson.h>

/* "2025-11-23 06:00:00", in UTC, or "-"; in arena. */
const char *lb_words_time(struct lb_arena *arena, int64_t time_us);
/* "3 min ago", "in 10 s", "now"; in arena. */
const char *lb_words_distance(struct lb_arena *arena, int64_t time_us, int64_t now_us);
/* "1 run", "2 runs"; in arena. */
const char *lb_words_count(struct lb_arena *arena, uint64_t count, const char *noun);
/* "revenue_job (666666666)", or the id alone; printable, in arena. */
const char *lb_words_job(struct lb_arena *arena, const struct lb_job *job);
/* "3", or "3.2" for the second attempt. */
const char *lb_words_run(struct lb_arena *arena, const struct lb_run *run);

enum lb_style lb_words_status_style(enum lb_status status);
enum lb_style lb_words_run_style(enum lb_run_state state);

/* How one row stands, as the end of "SENSOR …": "has no new event". */
const char *lb_words_row(struct lb_arena *arena, const struct lb_job *job, const struct lb_row *row,
			 enum lb_row_verdict verdict);

/* JSON of a run and of a control row; new references. */
json_t *lb_json_run(const struct lb_run *run);
json_t *lb_json_row(const struct lb_row *row);

/* "WAITS", "HAS_EVENT" …: the verdicts' names in JSON. */
const char *lb_words_job_verdict(enum lb_job_verdict verdict);
const char *lb_words_row_verdict(enum lb_row_verdict verdict);

#endif
