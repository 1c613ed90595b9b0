/* feed_csv.h: the data feed, a CSV of the control table's declared columns.
 * RFC 4180 by libcsv, with or without BOM, LF or CRLF; header line in any column
 * order; an empty field is SQL's NULL. Format: docs/data-feed.md. */
#ifndef LB_CONFIG_FEED_CSV_H
#define LB_CONFIG_FEED_CSV_H

#include "config/config.h"
#include "config/problem.h"
#include "core/row.h"

#define LB_FEED_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define LB_FEED_FIELD_BYTES_MAX ((size_t)64 * 1024)
#define LB_FEED_ROWS_MAX 1000000

/* Reads path ("-": standard input) and checks every row, also whether its job can be
 * started by the runner that config (or NULL) gives it; all problems are
 * reported, each at file:line:column, the line being the one on which the field
 * begins and the column its number in the row.
 * problems, ret_rows: in arena. *ret_rows is complete only when LB_OK is returned.
 * Errors: INVALID (a problem is an error; not a file, too large), NOT_FOUND, IO,
 * NOMEM. */
enum lb_err lb_feed_csv_read(const char *path, const struct lb_config *config,
			     struct lb_arena *arena, struct lb_problem_list *problems,
			     struct lb_row_list *ret_rows, struct lb_error *error) LB_MUST_CHECK;

#endif
