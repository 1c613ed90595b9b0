/* mem.h: the heap behind one door, arenas, and growable lists in arenas.
 *
 * What lives as long as one beat, one scan or one request is allocated in an
 * arena and freed whole. Single long-lived objects use lb_alloc/lb_free.
 * Every allocation of lakebeat's own goes through lb_alloc, so that a test can
 * make the nth one fail.
 *
 * Threads: the allocator may be used from any thread; an arena from one at a
 * time. */
#ifndef LB_BASE_MEM_H
#define LB_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* Run fn(&variable) when the variable leaves its scope. */
#define LB_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Zeroed memory of size bytes (at least 1), or NULL. Owned: lb_free. */
void *lb_alloc(size_t size);

/* Owned copy of text, or NULL when text is NULL or memory is out. */
char *lb_strdup(const char *text);

/* memory may be NULL. */
void lb_free(void *memory);

/* For LB_CLEANUP on any pointer that lb_alloc gave: pass the variable's address. */
void lb_freep(void *pointer_to_pointer);

/* Replace the allocator; tests only, before any other call and from one
 * thread. alloc returns zeroed memory or NULL; NULL, NULL restores libc's.
 * Meanwhile arenas ask for each piece, not for chunks. */
void lb_set_allocator(void *(*alloc)(size_t size), void (*release)(void *memory));

struct lb_arena_chunk;

/* Zero-initialised is ready to use and bounded by LB_ARENA_DEFAULT_MAX.
 * bytes_max: all chunks together never exceed it; 0 means the default. */
struct lb_arena {
	size_t bytes_max;
	size_t bytes_used;
	struct lb_arena_chunk *chunks;
};

#define LB_ARENA_DEFAULT_MAX ((size_t)1 << 30)

void lb_arena_init(struct lb_arena *arena, size_t bytes_max);

/* Frees everything allocated in it and leaves it ready for use again. Safe on
 * a zeroed arena. */
void lb_arena_finish(struct lb_arena *arena);

/* The same, but zeroes all memory first: for what held secrets. */
void lb_arena_wipe(struct lb_arena *arena);

/* Zeroed memory aligned for any type, living until lb_arena_finish; NULL when
 * memory or the arena's maximum is exhausted. size 0 gives a valid pointer. */
void *lb_arena_alloc(struct lb_arena *arena, size_t size);

/* Copies of text; NULL for NULL text, or when exhausted. _strndup copies
 * length bytes and ends them with NUL. */
char *lb_arena_strdup(struct lb_arena *arena, const char *text);
char *lb_arena_strndup(struct lb_arena *arena, const char *text, size_t length);

/* printf into the arena; NULL when exhausted. */
char *lb_arena_printf(struct lb_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The body of a list struct: `struct lb_row_list LB_LIST_OF(struct lb_row);`
 * Zeroed is empty. items move when the list grows, so hold indices, not
 * pointers, while adding. */
#define LB_LIST_OF(type)                                                                           \
	{                                                                                          \
		type *items;                                                                       \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	}

/* Pointer to a new zeroed item at the end of *list, or NULL when exhausted. */
#define lb_list_add(arena, list)                                                                   \
	((__typeof__((list)->items))lb_list_grow((arena), (void **)&(list)->items, &(list)->count, \
						 &(list)->capacity, sizeof(*(list)->items)))

void *lb_list_grow(struct lb_arena *arena, void **items, size_t *count, size_t *capacity,
		   size_t item_size);

#endif
