#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *libc_alloc(size_t size)
{
	return calloc(1, size > 0 ? size : 1);
}

static void *(*current_alloc)(size_t size) = libc_alloc;
static void (*current_release)(void *memory) = free;

void lb_set_allocator(void *(*alloc)(size_t size), void (*release)(void *memory))
{
	current_alloc = alloc != NULL ? alloc : libc_alloc;
	current_release = release != NULL ? release : free;
}

void *lb_alloc(size_t size)
{
	return current_alloc(size);
}

void lb_free(void *memory)
{
	if (memory != NULL) {
		current_release(memory);
	}
}

void lb_freep(void *pointer_to_pointer)
{
	void *memory;
	memcpy(&memory, pointer_to_pointer, sizeof(memory));
	lb_free(memory);
}

char *lb_strdup(const char *text)
{
	if (text == NULL) {
		return NULL;
	}
	size_t size = strlen(text) + 1;
	char *copy = lb_alloc(size);
	if (copy != NULL) {
		memcpy(copy, text, size);
	}
	return copy;
}

struct lb_arena_chunk {
	struct lb_arena_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

#define CHUNK_MIN ((size_t)4 << 10)
#define CHUNK_MAX ((size_t)1 << 20)

void lb_arena_init(struct lb_arena *arena, size_t bytes_max)
{
	*arena = (struct lb_arena){.bytes_max = bytes_max};
}

void lb_arena_finish(struct lb_arena *arena)
{
	struct lb_arena_chunk *chunk = arena->chunks;
	while (chunk != NULL) {
		struct lb_arena_chunk *next = chunk->next;
		lb_free(chunk);
		chunk = next;
	}
	lb_arena_init(arena, arena->bytes_max);
}

void lb_arena_wipe(struct lb_arena *arena)
{
	for (struct lb_arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
		explicit_bzero(chunk->bytes, chunk->used);
	}
	lb_arena_finish(arena);
}

/* Chunks double from CHUNK_MIN to CHUNK_MAX: small beats stay small, and a
 * large scan does not ask the heap a thousand times. A test's allocator is asked
 * for each piece, so that it can refuse each. */
static size_t chunk_size_for(const struct lb_arena *arena, size_t size)
{
	if (current_alloc != libc_alloc) {
		return size;
	}
	size_t want = arena->chunks != NULL ? arena->chunks->size * 2 : CHUNK_MIN;
	if (want > CHUNK_MAX) {
		want = CHUNK_MAX;
	}
	return want > size ? want : size;
}

static struct lb_arena_chunk *chunk_create(struct lb_arena *arena, size_t size)
{
	size_t bytes_max = arena->bytes_max > 0 ? arena->bytes_max : LB_ARENA_DEFAULT_MAX;
	size_t chunk_size = chunk_size_for(arena, size);
	if (chunk_size > bytes_max - arena->bytes_used) {
		chunk_size = size;
		if (chunk_size > bytes_max - arena->bytes_used) {
			return NULL;
		}
	}
	struct lb_arena_chunk *chunk = lb_alloc(sizeof(*chunk) + chunk_size);
	if (chunk == NULL) {
		return NULL;
	}
	chunk->size = chunk_size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->bytes_used += chunk_size;
	return chunk;
}

void *lb_arena_alloc(struct lb_arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	if (size > SIZE_MAX / 2) {
		return NULL;
	}
	size = (size + align - 1) & ~(align - 1);
	struct lb_arena_chunk *chunk = arena->chunks;
	if (chunk == NULL || chunk->size - chunk->used < size) {
		chunk = chunk_create(arena, size);
		if (chunk == NULL) {
			return NULL;
		}
	}
	void *memory = chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

char *lb_arena_strndup(struct lb_arena *arena, const char *text, size_t length)
{
	char *copy = text != NULL ? lb_arena_alloc(arena, length + 1) : NULL;
	if (copy != NULL) {
		memcpy(copy, text, length);
	}
	return copy;
}

char *lb_arena_strdup(struct lb_arena *arena, const char *text)
{
	return text != NULL ? lb_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *lb_arena_printf(struct lb_arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length >= 0 ? lb_arena_alloc(arena, (size_t)length + 1) : NULL;
	if (text != NULL) {
		(void)vsnprintf(text, (size_t)length + 1, format, again);
	}
	va_end(again);
	return text;
}

void *lb_list_grow(struct lb_arena *arena, void **items, size_t *count, size_t *capacity,
		   size_t item_size)
{
	if (*count == *capacity) {
		size_t wanted = *capacity > 0 ? *capacity * 2 : 8;
		if (wanted > SIZE_MAX / 4 / item_size) {
			return NULL;
		}
		void *moved = lb_arena_alloc(arena, wanted * item_size);
		if (moved == NULL) {
			return NULL;
		}
		if (*count > 0) {
			memcpy(moved, *items, *count * item_size);
		}
		*items = moved;
		*capacity = wanted;
	}
	return (unsigned char *)*items + (*count)++ * item_size;
}
