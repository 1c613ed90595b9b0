#include "support/fake_environment.h"

#include <string.h>

static const char *get(void *data, const char *name)
{
	const struct fake_environment *fake = data;
	for (const char *const *pair = fake->pairs; *pair != NULL; pair += 2) {
		if (strcmp(pair[0], name) == 0) {
			return pair[1];
		}
	}
	return NULL;
}

void fake_environment_init(struct fake_environment *fake, const char *const *pairs)
{
	*fake = (struct fake_environment){.pairs = pairs, .environment = {get, fake}};
}
