/* The helpers that every text from outside goes through. Two lines: two texts. */
#include "base/text.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_printable(struct lb_arena *arena, const char *text)
{
	const char *shown = lb_text_printable(arena, text);
	assert(shown != NULL && (*shown == '\0') == (*text == '\0'));
	if (*shown != '\0') {
		fuzz_check_line(shown);
	}
	/* What can be shown is shown as it is. */
	const char *again = lb_text_printable(arena, shown);
	assert(again != NULL && strcmp(again, shown) == 0);
	char cut[16];
	lb_text_printable_cut(text, cut, sizeof(cut));
	assert(lb_text_starts_with(shown, cut) && lb_utf8_valid(cut));
	assert(strlen(shown) >= sizeof(cut) || strcmp(cut, shown) == 0);
}

static void check_trimmed(struct lb_arena *arena, const char *text)
{
	const char *trimmed = lb_text_trim(arena, text);
	assert(trimmed != NULL && lb_text_same_word(text, trimmed));
	assert(strstr(text, trimmed) != NULL);
	const char *again = lb_text_trim(arena, trimmed);
	assert(again != NULL && strcmp(again, trimmed) == 0);
	char *bare = lb_text_without_trailing(text, '/');
	assert(bare != NULL && lb_text_starts_with(text, bare) && !lb_text_ends_with(bare, "/"));
	assert(strspn(text + strlen(bare), "/") == strlen(text) - strlen(bare));
	lb_free(bare);
}

/* A text is UTF-8 when it is made of sequences, and a sequence is not longer than
 * what there is. */
static void check_utf8(const char *text)
{
	size_t length = strlen(text);
	size_t at = 0;
	size_t step = 1;
	for (; at < length && step > 0; at += step) {
		step = lb_utf8_length(text + at, length - at);
		assert(step <= 4 && step <= length - at);
		assert(step == 0 || lb_utf8_length(text + at, step) == step);
		assert(step < 2 || lb_utf8_length(text + at, step - 1) == 0);
	}
	assert(lb_utf8_valid(text) == (at == length && step > 0));
}

static void check_pair(const char *a, const char *b)
{
	int order = lb_text_compare(a, b);
	assert(order >= -1 && order <= 1 && lb_text_compare(b, a) == -order);
	assert((order == 0) == lb_text_equal(a, b));
	assert(lb_text_same_word(a, b) == lb_text_same_word(b, a));
	assert(!lb_text_equal(a, b) || lb_text_same_word(a, b));
	assert(lb_text_compare(NULL, a) == -1 && !lb_text_same_word(NULL, a));
	assert(!lb_text_starts_with(a, b) || strncmp(a, b, strlen(b)) == 0);
	assert(!lb_text_ends_with(a, b) || strlen(a) >= strlen(b));
	const char *candidates[] = {b, "poll_interval", "default_runner"};
	const char *nearest = lb_text_nearest(a, candidates, 3);
	assert(nearest == NULL || nearest == candidates[0] || nearest == candidates[1] ||
	       nearest == candidates[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	const char *a = fuzz_line(&rest);
	const char *b = rest != NULL ? rest : "";
	check_printable(&arena, a);
	check_printable(&arena, b);
	check_trimmed(&arena, a);
	check_trimmed(&arena, b);
	check_utf8(a);
	check_utf8(b);
	check_pair(a, b);
	lb_arena_finish(&arena);
	return 0;
}
