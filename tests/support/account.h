/* account.h: included ahead of every file of the tests (by their build files).
 *
 * A test asks for memory too, to build what it tells the product, and would need
 * an assertion for each piece. Instead what it asks for by itself is on the
 * world's account (memory.h), where memory never ends; what the product asks for
 * on its behalf is not. */
#ifndef LB_TESTS_ACCOUNT_H
#define LB_TESTS_ACCOUNT_H

#define lb_alloc world_alloc
#define lb_strdup world_strdup
#define lb_arena_alloc world_arena_alloc
#define lb_arena_strdup world_arena_strdup
#define lb_arena_strndup world_arena_strndup
#define lb_arena_printf world_arena_printf
#define lb_list_grow world_list_grow

#endif
