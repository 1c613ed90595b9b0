#include "stores/sqlite/fold.h"

#include <stdbool.h>
#include <stddef.h>

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static void give_copy(sqlite3_context *context, const unsigned char *text, int length)
{
	unsigned char *copy = sqlite3_malloc(length + 1);
	if (copy == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	for (int i = 0; i < length; i++) {
		copy[i] = is_upper(text[i]) ? (unsigned char)(text[i] - 'A' + 'a') : text[i];
	}
	sqlite3_result_text(context, (const char *)copy, length, sqlite3_free);
}

/* Most texts are folded already, and are given back without a copy. */
static void fold(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const unsigned char *text = sqlite3_value_text(values[0]);
	if (text == NULL) {
		return;
	}
	int begin = 0;
	int end = sqlite3_value_bytes(values[0]);
	bool plain = end == 0 || (!is_space(text[0]) && !is_space(text[end - 1]));
	for (int i = 0; plain && i < end; i++) {
		plain = !is_upper(text[i]);
	}
	if (plain) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	while (begin < end && is_space(text[begin])) {
		begin++;
	}
	while (end > begin && is_space(text[end - 1])) {
		end--;
	}
	give_copy(context, text + begin, end - begin);
}

int lb_sqlite_add_fold(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, "lakebeat_fold", 1,
					  SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
					  NULL, fold, NULL, NULL, NULL);
}
