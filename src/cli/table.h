/* table.h: aligned text for people. Cells are made printable; widths count
 * terminal columns, not bytes. Nothing is ever cut. */
#ifndef LB_CLI_TABLE_H
#define LB_CLI_TABLE_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>

enum lb_style {
	LB_STYLE_PLAIN,
	LB_STYLE_GOOD,
	LB_STYLE_BAD,
	LB_STYLE_BUSY,
	LB_STYLE_DIM,
	LB_STYLE_BOLD
};

struct lb_cell {
	const char *text;
	enum lb_style style;
};

struct lb_cell_list LB_LIST_OF(struct lb_cell);

/* arena: holds the cells. columns: how many a row has. */
struct lb_table {
	struct lb_arena *arena;
	size_t columns;
	struct lb_cell_list cells;
	bool failed;
};

/* Adds one cell, row by row, the heads first; text is copied, NULL is "-". Memory
 * that is out shows in failed, and in lb_table_print. */
void lb_table_add(struct lb_table *table, enum lb_style style, const char *text);

/* color: with styles. False: no memory. */
bool lb_table_print(const struct lb_table *table, FILE *stream, bool color);

/* Terminal columns of printable UTF-8 text. */
size_t lb_text_width(const char *text);

/* The escape that begins a style; "" for plain, or without color. */
const char *lb_style_begin(enum lb_style style, bool color);
const char *lb_style_end(enum lb_style style, bool color);

#endif
