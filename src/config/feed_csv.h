/* feed_csv.h: the data feed, a CSV of the control table's declared columns.
 * RFC 4180 by libcsv, with or without BOM, LF or CRLF; header line in any column
 * order; an empty field is SQL's NULL. Format: docs/data-feed.md. */
#ifndef LB_CONFIG_FEED_CSV_H
#define LB_CONFIG_FEED_CSV_H

#include "config/load.h"
#include "core/row.h"

/* Reads path ("-": standard input) and checks every row; all problems are
 * reported, each at file:line:column. *ret_rows, in arena, is complete only when
 * LB_OK is returned. LB_INVALID: a problem is an error. NOT_FOUND, IO: no file. */
enum lb_err lb_feed_csv_read(const char *path, struct lb_arena *arena,
			     struct lb_problem_list *problems, struct lb_row_list *ret_rows,
			     struct lb_error *error) LB_MUST_CHECK;

#endif
