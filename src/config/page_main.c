/* page_main.c: `ninja -C build configuration-page` writes docs/configuration.md. */
#include "config/page.h"

int main(int argc, char **argv)
{
	FILE *stream = argc == 2 ? fopen(argv[1], "w") : NULL;
	if (stream == NULL) {
		(void)fputs("usage: write-configuration-page FILE\n", stderr);
		return 2;
	}
	struct lb_error error = {0};
	enum lb_err err = lb_page_write(stream, &error);
	if (fclose(stream) != 0 || err != LB_OK) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], error.message);
		return 1;
	}
	return 0;
}
