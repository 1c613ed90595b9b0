#include "base/text.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool lb_text_equal(const char *a, const char *b)
{
	return lb_text_compare(a, b) == 0;
}

int lb_text_compare(const char *a, const char *b)
{
	if (a == NULL || b == NULL) {
		return (a != NULL) - (b != NULL);
	}
	int order = strcmp(a, b);
	return (order > 0) - (order < 0);
}

/* The part of text between its white space. */
static const char *trimmed(const char *text, size_t *ret_length)
{
	while (is_space(*text)) {
		text++;
	}
	size_t length = strlen(text);
	while (length > 0 && is_space(text[length - 1])) {
		length--;
	}
	*ret_length = length;
	return text;
}

bool lb_text_same_word(const char *a, const char *b)
{
	if (a == NULL || b == NULL) {
		return a == b;
	}
	size_t a_length;
	size_t b_length;
	a = trimmed(a, &a_length);
	b = trimmed(b, &b_length);
	if (a_length != b_length) {
		return false;
	}
	for (size_t i = 0; i < a_length; i++) {
		if (fold(a[i]) != fold(b[i])) {
			return false;
		}
	}
	return true;
}

bool lb_text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool lb_text_ends_with(const char *text, const char *suffix)
{
	size_t text_length = strlen(text);
	size_t suffix_length = strlen(suffix);
	return text_length >= suffix_length &&
	       memcmp(text + text_length - suffix_length, suffix, suffix_length) == 0;
}

char *lb_text_trim(struct lb_arena *arena, const char *text)
{
	if (text == NULL) {
		return NULL;
	}
	size_t length;
	text = trimmed(text, &length);
	return lb_arena_strndup(arena, text, length);
}

/* Bytes of the sequence that starts with lead, with the least code point that
 * needs so many; 0 when lead cannot start one. */
static size_t utf8_sequence(unsigned char lead, uint32_t *ret_bits, uint32_t *ret_least)
{
	if (lead < 0x80) {
		*ret_bits = lead;
		*ret_least = 0;
		return 1;
	}
	if (lead >= 0xC2 && lead < 0xE0) {
		*ret_bits = lead & 0x1FU;
		*ret_least = 0x80;
		return 2;
	}
	if (lead >= 0xE0 && lead < 0xF0) {
		*ret_bits = lead & 0x0FU;
		*ret_least = 0x800;
		return 3;
	}
	if (lead >= 0xF0 && lead < 0xF5) {
		*ret_bits = lead & 0x07U;
		*ret_least = 0x10000;
		return 4;
	}
	return 0;
}

char *lb_text_without_trailing(const char *text, char c)
{
	char *copy = lb_strdup(text);
	size_t length = copy != NULL ? strlen(copy) : 0;
	while (length > 0 && copy[length - 1] == c) {
		copy[--length] = '\0';
	}
	return copy;
}

size_t lb_utf8_length(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t point = 0;
	uint32_t least = 0;
	size_t need = length > 0 ? utf8_sequence(bytes[0], &point, &least) : 0;
	if (need == 0 || need > length) {
		return 0;
	}
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xC0U) != 0x80U) {
			return 0;
		}
		point = point << 6 | (bytes[i] & 0x3FU);
	}
	bool surrogate = point >= 0xD800 && point <= 0xDFFF;
	return point >= least && point <= 0x10FFFF && !surrogate ? need : 0;
}

bool lb_utf8_valid(const char *text)
{
	size_t length = strlen(text);
	for (size_t at = 0; at < length;) {
		size_t step = lb_utf8_length(text + at, length - at);
		if (step == 0) {
			return false;
		}
		at += step;
	}
	return true;
}

size_t lb_utf8_cut(const char *text, size_t bytes_max)
{
	size_t length = strnlen(text, bytes_max);
	while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
		length--;
	}
	return length;
}

/* Writes the escape of one byte and returns the end. */
static char *put_escape(char *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	*out++ = '\\';
	if (byte == '\n' || byte == '\t' || byte == '\r') {
		*out++ = byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r';
		return out;
	}
	*out++ = 'x';
	*out++ = hex[byte >> 4];
	*out++ = hex[byte & 15];
	return out;
}

/* C1 controls (U+0080–U+009F) steer terminals just as the C0 ones do. */
static bool is_control(const unsigned char *bytes, size_t step)
{
	return (step == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7F)) ||
	       (step == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0);
}

/* The next character as it may be shown; returns the end of what was written, and how
 * many bytes it stood for. */
static char *put_printable(char *out, const char *text, size_t length, size_t *ret_taken)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t step = lb_utf8_length(text, length);
	*ret_taken = step > 0 ? step : 1;
	if (step > 0 && !is_control(bytes, step)) {
		memcpy(out, bytes, step);
		return out + step;
	}
	for (size_t i = 0; i < *ret_taken; i++) {
		out = put_escape(out, bytes[i]);
	}
	return out;
}

char *lb_text_printable(struct lb_arena *arena, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;
	char *copy = lb_arena_alloc(arena, length * 4 + 1);
	char *out = copy;
	size_t taken;
	for (size_t at = 0; copy != NULL && at < length; at += taken) {
		out = put_printable(out, text + at, length - at, &taken);
	}
	return copy;
}

void lb_text_printable_cut(const char *text, char *out, size_t size)
{
	char unit[16]; /* four escapes */
	size_t length = strlen(text);
	size_t taken;
	for (size_t at = 0; at < length; at += taken) {
		size_t width = (size_t)(put_printable(unit, text + at, length - at, &taken) - unit);
		if (width >= size) {
			break;
		}
		memcpy(out, unit, width);
		out += width;
		size -= width;
	}
	*out = '\0';
}

#define WORD_MAX 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits between two words of at most WORD_MAX bytes, a transposition being one
 * (optimal string alignment). */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t a_length = strlen(a);
	size_t b_length = strlen(b);
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *here = rows[2];
	for (size_t j = 0; j <= b_length; j++) {
		above[j] = j;
	}
	for (size_t i = 1; i <= a_length; i++) {
		here[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t cost = fold(a[i - 1]) != fold(b[j - 1]);
			here[j] = least(least(above[j], here[j - 1]) + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1])) {
				here[j] = least(here[j], before[j - 2] + 1);
			}
		}
		size_t *oldest = before;
		before = above;
		above = here;
		here = oldest;
	}
	return above[b_length];
}

const char *lb_text_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word);
	if (length == 0 || length > WORD_MAX) {
		return NULL;
	}
	size_t best = length / 3 > 0 ? length / 3 : 1;
	const char *nearest = NULL;
	for (size_t i = 0; i < count; i++) {
		if (strlen(candidates[i]) > WORD_MAX) {
			continue;
		}
		size_t distance = edit_distance(word, candidates[i]);
		if (distance < best || (distance == best && nearest == NULL)) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
