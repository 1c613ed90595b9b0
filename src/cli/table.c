#include "cli/table.h"

#include "base/text.h"

#include <string.h>
#include <wchar.h>

static const char *const style_codes[] = {
	[LB_STYLE_PLAIN] = "",        [LB_STYLE_GOOD] = "\033[32m", [LB_STYLE_BAD] = "\033[31m",
	[LB_STYLE_BUSY] = "\033[33m", [LB_STYLE_DIM] = "\033[2m",   [LB_STYLE_BOLD] = "\033[1m",
};

const char *lb_style_begin(enum lb_style style, bool color)
{
	return color ? style_codes[style] : "";
}

const char *lb_style_end(enum lb_style style, bool color)
{
	return color && style != LB_STYLE_PLAIN ? "\033[0m" : "";
}

void lb_table_add(struct lb_table *table, enum lb_style style, const char *text)
{
	struct lb_cell *cell = lb_list_add(table->arena, &table->cells);
	char *copy = lb_text_printable(table->arena, text != NULL ? text : "-");
	if (cell == NULL || copy == NULL) {
		table->failed = true;
		return;
	}
	*cell = (struct lb_cell){.text = copy, .style = style};
}

size_t lb_text_width(const char *text)
{
	size_t width = 0;
	size_t left = strlen(text);
	mbstate_t state = {0};
	while (left > 0) {
		wchar_t wide;
		size_t step = mbrtowc(&wide, text, left, &state);
		if (step == (size_t)-1 || step == (size_t)-2 || step == 0) {
			return width + left;
		}
		int columns = wcwidth(wide);
		width += columns > 0 ? (size_t)columns : 0;
		text += step;
		left -= step;
	}
	return width;
}

static size_t *measure(const struct lb_table *table)
{
	size_t *widths = lb_arena_alloc(table->arena, table->columns * sizeof(*widths));
	for (size_t i = 0; widths != NULL && i < table->cells.count; i++) {
		size_t width = lb_text_width(table->cells.items[i].text);
		if (width > widths[i % table->columns]) {
			widths[i % table->columns] = width;
		}
	}
	return widths;
}

bool lb_table_print(const struct lb_table *table, FILE *stream, bool color)
{
	size_t *widths = !table->failed ? measure(table) : NULL;
	if (widths == NULL) {
		return false;
	}
	for (size_t i = 0; i < table->cells.count; i++) {
		const struct lb_cell *cell = &table->cells.items[i];
		bool last = i % table->columns == table->columns - 1;
		size_t padding =
			last ? 0 : widths[i % table->columns] - lb_text_width(cell->text) + 2;
		(void)fprintf(stream, "%s%s%s%*s", lb_style_begin(cell->style, color), cell->text,
			      lb_style_end(cell->style, color), (int)padding, "");
		if (last) {
			(void)fputc('\n', stream);
		}
	}
	return true;
}
