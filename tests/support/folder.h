/* folder.h: a folder of its own for a test, which works in it and takes it away. */
#ifndef LB_TESTS_FOLDER_H
#define LB_TESTS_FOLDER_H

#include <stddef.h>

/* cmocka's setup and teardown: make a folder and go there; go back and remove
 * it with all that is in it. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* Writes a file in the working directory, mode 0600. */
void folder_write(const char *name, const char *text);
void folder_write_bytes(const char *name, const char *bytes, size_t length);

/* The content of a file of the source tree, by its path from the root; lives
 * until the next call. */
const char *source_file(const char *path);

#endif
