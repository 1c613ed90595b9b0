/* replay.c: main of a fuzzer that was built without libFuzzer: each file of the
 * folders given is one input and one test. Prints TAP. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)16 << 20)

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX);
	assert(file != NULL && bytes != NULL);
	size_t size = fread(bytes, 1, INPUT_MAX, file);
	(void)fclose(file);
	/* Of just the size that is needed, so that a byte too far is noticed. */
	uint8_t *exact = malloc(size > 0 ? size : 1);
	assert(exact != NULL);
	memcpy(exact, bytes, size);
	free(bytes);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int replay_folder(const char *folder, int number)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_file, alphasort);
	if (count < 0) {
		(void)printf("not ok %d - %s can be read\n", ++number, folder);
		return number;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		replay(path);
		(void)printf("ok %d - %s keeps its properties\n", ++number, entries[i]->d_name);
		(void)fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return number;
}

int main(int argc, char **argv)
{
	int number = 0;
	for (int i = 1; i < argc; i++) {
		number = replay_folder(argv[i], number);
	}
	(void)printf("1..%d\n", number);
	return number > 0 ? 0 : 1;
}
