/* fake_environment.h: environment variables that a test makes up. */
#ifndef LB_TESTS_FAKE_ENVIRONMENT_H
#define LB_TESTS_FAKE_ENVIRONMENT_H

#include "net/aws_profile.h"

/* pairs: {NAME, value, NAME, value, …, NULL}, borrowed; changing them changes
 * what is seen. Zeroed has none. environment: to be handed on. */
struct fake_environment {
	const char *const *pairs;
	struct lb_aws_environment environment;
};

void fake_environment_init(struct fake_environment *fake, const char *const *pairs);

#endif
