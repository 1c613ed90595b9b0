#include "sim/memory.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

/* In front of what lb_alloc gives. owner: NULL for the world. */
struct sim_block {
	alignas(max_align_t) struct sim_memory *owner;
	struct sim_block *next;
	struct sim_block *previous;
};

static struct sim_memory *current;

void *sim_must(void *pointer)
{
	if (pointer == NULL) {
		fprintf(stderr, "simulation: out of memory\n");
		abort();
	}
	return pointer;
}

void *sim_new(size_t size)
{
	return sim_must(calloc(1, size));
}

static void *allocate(size_t size)
{
	struct sim_block *block = sim_new(sizeof(*block) + size);
	block->owner = current;
	if (current != NULL) {
		block->next = current->first;
		if (block->next != NULL) {
			block->next->previous = block;
		}
		current->first = block;
	}
	return block + 1;
}

static void release(void *memory)
{
	if (memory == NULL) {
		return;
	}
	struct sim_block *block = (struct sim_block *)memory - 1;
	if (block->next != NULL) {
		block->next->previous = block->previous;
	}
	if (block->previous != NULL) {
		block->previous->next = block->next;
	} else if (block->owner != NULL) {
		block->owner->first = block->next;
	}
	free(block);
}

void sim_memory_install(void)
{
	lb_set_allocator(allocate, release);
}

struct sim_memory *sim_memory_enter(struct sim_memory *memory)
{
	struct sim_memory *before = current;
	current = memory;
	return before;
}

void sim_memory_release(struct sim_memory *memory)
{
	while (memory->first != NULL) {
		release(memory->first + 1);
	}
}
