/* memory.h: what lakebeat allocates in the simulation belongs to the simulated
 * process that asked for it, and goes with it when that is killed: as the
 * operating system does it. The world's own things come from malloc. */
#ifndef LB_TESTS_SIM_MEMORY_H
#define LB_TESTS_SIM_MEMORY_H

#include <stddef.h>

/* One process' allocations. Zeroed is empty. Members are private. */
struct sim_memory {
	struct sim_block *first;
};

/* From now on lb_alloc belongs to memory; NULL: to the world, which frees what it
 * asks for. Returns the owner until now, to be given back. */
struct sim_memory *sim_memory_enter(struct sim_memory *memory);

/* The process is dead: everything is freed. */
void sim_memory_release(struct sim_memory *memory);

/* Make lb_alloc keep books; once, before anything is allocated. */
void sim_memory_install(void);

/* The pointer; ends the program when it is NULL. */
void *sim_must(void *pointer);

/* Zeroed, by calloc; free with free(). Ends the program without memory. */
void *sim_new(size_t size);

#endif
