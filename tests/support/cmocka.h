/* cmocka.h with the headers that it wants included before itself. */
#ifndef LB_TESTS_CMOCKA_H
#define LB_TESTS_CMOCKA_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
