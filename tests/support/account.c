#include "support/account.h"

#include "support/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The headers have given their names to the world's; these are the product's. */
#define PRODUCT(name) __asm__(name)
void *product_alloc(size_t size) PRODUCT("lb_alloc");
char *product_strdup(const char *text) PRODUCT("lb_strdup");
void *product_arena_alloc(struct lb_arena *arena, size_t size) PRODUCT("lb_arena_alloc");
char *product_arena_strdup(struct lb_arena *arena, const char *text) PRODUCT("lb_arena_strdup");
char *product_arena_strndup(struct lb_arena *arena, const char *text, size_t length)
	PRODUCT("lb_arena_strndup");
void *product_list_grow(struct lb_arena *arena, void **items, size_t *count, size_t *capacity,
			size_t item_size) PRODUCT("lb_list_grow");

void *lb_alloc(size_t size)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_alloc(size);
}

char *lb_strdup(const char *text)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_strdup(text);
}

void *lb_arena_alloc(struct lb_arena *arena, size_t size)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_arena_alloc(arena, size);
}

char *lb_arena_strdup(struct lb_arena *arena, const char *text)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_arena_strdup(arena, text);
}

char *lb_arena_strndup(struct lb_arena *arena, const char *text, size_t length)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_arena_strndup(arena, text, length);
}

char *lb_arena_printf(struct lb_arena *arena, const char *format, ...)
{
	ON_THE_WORLDS_ACCOUNT;
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	char *copy = length >= 0 ? product_arena_strdup(arena, text) : NULL;
	if (length >= 0) {
		free(text);
	}
	return copy;
}

void *lb_list_grow(struct lb_arena *arena, void **items, size_t *count, size_t *capacity,
		   size_t item_size)
{
	ON_THE_WORLDS_ACCOUNT;
	return product_list_grow(arena, items, count, capacity, item_size);
}
