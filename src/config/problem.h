/* problem.h: what is wrong with, or worth knowing of, something a person wrote.
 *
 * Readers of configuration and feeds report every problem they meet and go on,
 * so that one look at the list mends the file. A report belongs to one reading;
 * one thread at a time. */
#ifndef LB_CONFIG_PROBLEM_H
#define LB_CONFIG_PROBLEM_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

enum lb_problem_kind { LB_PROBLEM_ERROR, LB_PROBLEM_WARNING, LB_PROBLEM_NOTICE };

/* "error", "warning", "notice". */
const char *lb_problem_kind_text(enum lb_problem_kind kind);

/* One thing that is wrong or worth knowing. place: file, with line, column and
 * key as far as they are known: "acon.json:9: options.cloudFiles.formt",
 * "feed.csv:3:9: job_state". remedy: NULL, or what to do about it. All are one
 * line, safe for a terminal, and free of secrets. */
struct lb_problem {
	enum lb_problem_kind kind;
	const char *place;
	const char *text;
	const char *remedy;
};

struct lb_problem_list LB_LIST_OF(struct lb_problem);

/* More problems than this are counted, not kept. */
#define LB_PROBLEMS_MAX 1000

/* file: a path, or an option such as "--store". line, column: from 1, 0 when
 * unknown. key: NULL, or the name of the setting or column. */
struct lb_place {
	const char *file;
	int line;
	int column;
	const char *key;
};

/* What a reference to a secret stood for, and how the reference is written. */
struct lb_hidden {
	const char *value;
	const char *reference;
};

struct lb_hidden_list LB_LIST_OF(struct lb_hidden);

/* arena:     holds problems and their texts.
 * hidden:    whatever a problem would show of these values, it shows the reference.
 * exhausted: memory ran out on the way, so the reading is worth nothing. Readers
 *            set it too, which spares them an error path of their own. */
struct lb_report {
	struct lb_arena *arena;
	struct lb_problem_list *problems;
	struct lb_hidden_list hidden;
	size_t errors;
	size_t dropped;
	bool exhausted;
};

/* From now on value is hidden. Both are borrowed as long as the report. A value of
 * fewer than LB_HIDDEN_BYTES_MIN bytes is no secret, and stays. */
#define LB_HIDDEN_BYTES_MIN 4
void lb_report_hide(struct lb_report *report, const char *value, const char *reference);

/* remedy: copied, may be NULL. */
void lb_report_add(struct lb_report *report, enum lb_problem_kind kind, struct lb_place place,
		   const char *remedy, const char *format, ...) LB_PRINTF(5, 6);

/* "did you mean WORD?" for the candidate nearest to word, else otherwise. */
const char *lb_report_did_you_mean(struct lb_report *report, const char *word,
				   const char *const *candidates, size_t count,
				   const char *otherwise);

/* Notes memory that was refused; returns it, so that it can wrap any allocation. */
void *lb_report_kept(struct lb_report *report, void *memory);

/* The end of a reading: LB_OK, LB_INVALID when there were errors (the message
 * counts them), or LB_NOMEM. what: the subject of the message. */
enum lb_err lb_report_finish(struct lb_report *report, const char *what,
			     struct lb_error *error) LB_MUST_CHECK;

#endif
