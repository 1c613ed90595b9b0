/* cmocka.h with the headers that it wants included before itself, and with what
 * allocation_sweep.h needs of every test. */
#ifndef LB_TESTS_CMOCKA_H
#define LB_TESTS_CMOCKA_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "support/allocation_sweep.h"

#include <string.h>

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	allocation_sweep_run(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

#undef assert_non_null
#define assert_non_null(pointer)                                                                   \
	_assert_true(allocation_sweep_saw((pointer) != NULL), #pointer, __FILE__, __LINE__)

/* cmocka compares with strcmp, which a NULL crashes. */
#undef assert_string_equal
#define assert_string_equal(a, b) allocation_sweep_texts_equal((a), (b), #a, #b, __FILE__, __LINE__)

/* And what is looked for in no text is not found. */
#define strstr(text, part) strstr(allocation_sweep_text(text), (part))

#endif
