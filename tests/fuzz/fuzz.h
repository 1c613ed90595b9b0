/* fuzz.h: what the fuzzers share. Each fuzz_<parser>.c has one entry point, libFuzzer's:
 * outside bytes go in, and a broken property ends the program by an assertion. The same
 * program without libFuzzer (replay.c) goes through the corpus as an ordinary test. */
#ifndef LB_TESTS_FUZZ_H
#define LB_TESTS_FUZZ_H

#include "base/error.h"
#include "base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct lb_problem_list;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a text: up to the first NUL, ended by one. In arena. */
char *fuzz_text(struct lb_arena *arena, const uint8_t *data, size_t size);

/* Cuts the next line, or all that is left, off *text; NULL: nothing is left. */
char *fuzz_line(char **text);

/* The bytes as a file: its path, the same every time. The program's own, until the
 * next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Another file in the same folder, for the inputs to find. */
void fuzz_put_file(const char *name, const char *content);

/* From now on the program's own code opens no file outside that folder, as if there were
 * none: what inputs name is not read from the machine that runs them. */
void fuzz_confine(void);

/* Every error is one line for people that says something. */
void fuzz_check_error(const struct lb_error *error);
void fuzz_check_problems(const struct lb_problem_list *problems);

/* One line, without control characters, and UTF-8. */
void fuzz_check_line(const char *text);

#endif
