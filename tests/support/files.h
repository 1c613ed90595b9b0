/* files.h: what a program left in the test's folder (support/folder.h), and the
 * small programs that it runs. Names are relative to the working directory. Any
 * failure fails the test. */
#ifndef LB_TESTS_FILES_H
#define LB_TESTS_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* An executable file, mode 0700, with this text. */
void file_write_program(const char *name, const char *text);

/* The file appears whole or not at all. */
void file_write_at_once(const char *name, const char *text);

/* The file's text, ended by NUL; NULL when there is no such file. Owned: free. */
char *file_read(const char *name);

/* How many line feeds the file holds; 0 when there is no such file. */
size_t file_lines(const char *name);

bool file_exists(const char *name);

#endif
