#include "base/mem.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void an_arena_gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	for (size_t size = 0; size < 5000; size += 37) {
		unsigned char *memory = lb_arena_alloc(&arena, size);
		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(memory[i], 0);
		}
		(void)memset(memory, 0xAA, size);
	}
	lb_arena_finish(&arena);
}

static void an_arena_never_exceeds_its_maximum(void **state)
{
	(void)state;
	struct lb_arena arena;
	lb_arena_init(&arena, 10000);
	size_t given = 0;
	while (lb_arena_alloc(&arena, 100) != NULL) {
		given += 100;
	}
	assert_in_range(given, 8000, 10000);
	assert_null(lb_arena_alloc(&arena, SIZE_MAX));
	assert_true(arena.bytes_used <= 10000);
	lb_arena_finish(&arena);
	assert_non_null(lb_arena_alloc(&arena, 9000));
	lb_arena_finish(&arena);
}

struct numbers LB_LIST_OF(int);

static void a_list_keeps_what_was_added_while_it_grows(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct numbers numbers = {0};
	for (int i = 0; i < 1000; i++) {
		int *item = lb_list_add(&arena, &numbers);
		assert_non_null(item);
		assert_int_equal(*item, 0);
		*item = i;
	}
	assert_int_equal(numbers.count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(numbers.items[i], i);
	}
	lb_arena_finish(&arena);
}

/* Counts the bytes that are not zero when memory is given back. */
static size_t bytes_left;

static void *sized_alloc(size_t size)
{
	size_t *memory = calloc(1, size + sizeof(max_align_t));
	assert_non_null(memory);
	*memory = size;
	return (unsigned char *)memory + sizeof(max_align_t);
}

static void looking_free(void *memory)
{
	unsigned char *start = (unsigned char *)memory - sizeof(max_align_t);
	size_t size;
	memcpy(&size, start, sizeof(size));
	size_t head = 64; /* the chunk's own links and sizes */
	for (size_t i = head; i < size; i++) {
		bytes_left += ((unsigned char *)memory)[i] != 0;
	}
	free(start);
}

static void a_wiped_arena_leaves_no_trace(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	lb_set_allocator(sized_alloc, looking_free);
	for (int i = 0; i < 100; i++) {
		char *secret = lb_arena_strdup(&arena, "0123456789012345678901234567890123456789");
		assert_non_null(secret);
	}
	lb_arena_wipe(&arena);
	lb_set_allocator(NULL, NULL);
	assert_int_equal(bytes_left, 0);
	assert_null(arena.chunks);
}

static void *no_memory(size_t size)
{
	(void)size;
	return NULL;
}

static void running_out_of_memory_is_an_answer_not_a_crash(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct numbers numbers = {0};
	lb_set_allocator(no_memory, NULL);
	void *memory = lb_alloc(1);
	char *copy = lb_strdup("x");
	char *text = lb_arena_printf(&arena, "%d", 1);
	int *item = lb_list_add(&arena, &numbers);
	lb_set_allocator(NULL, NULL);
	assert_null(memory);
	assert_null(copy);
	assert_null(text);
	assert_null(item);
	assert_int_equal(numbers.count, 0);
	lb_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(an_arena_never_exceeds_its_maximum),
		cmocka_unit_test(a_list_keeps_what_was_added_while_it_grows),
		cmocka_unit_test(a_wiped_arena_leaves_no_trace),
		cmocka_unit_test(running_out_of_memory_is_an_answer_not_a_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
