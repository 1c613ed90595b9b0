/* feed_check.h: what a data feed's rows must be, wherever they come from. */
#ifndef LB_CONFIG_FEED_CHECK_H
#define LB_CONFIG_FEED_CHECK_H

#include "config/config.h"
#include "config/problem.h"
#include "core/row.h"

/* Where a row's fields stand: the line on which each begins, and the number of
 * each column. */
struct lb_feed_lines {
	int lines[LB_DECLARED_MAX];
};

struct lb_feed_lines_list LB_LIST_OF(struct lb_feed_lines);

/* columns: numbers of the columns, from 1. noticed: sources that a notice was
 * given about, zeroed at first. arena: for values that are stored otherwise than
 * they are written. config: whose runners are to start the jobs; NULL: not known. */
struct lb_feed_checker {
	struct lb_report *report;
	struct lb_arena *arena;
	const struct lb_config *config;
	const char *file;
	int columns[LB_DECLARED_MAX];
	unsigned noticed;
};

/* Checks one row, and brings job_state into the form in which it is stored. */
void lb_feed_check_row(struct lb_feed_checker *checker, struct lb_row *row,
		       const struct lb_feed_lines *lines);

/* Reports keys (sensor_id, trigger_job_id) that occur twice; lines: of rows. */
void lb_feed_check_keys(const struct lb_feed_checker *checker, const struct lb_row_list *rows,
			const struct lb_feed_lines_list *lines);

#endif
