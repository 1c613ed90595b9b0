/* aws_world.h: AWS credentials with made-up surroundings, and one who wants them. */
#ifndef LB_TESTS_AWS_WORLD_H
#define LB_TESTS_AWS_WORLD_H

#include "net/aws_credentials.h"
#include "support/fake_environment.h"
#include "support/fake_services.h"

/* now_us: what time it is there. called: times that the one was answered; id,
 * token: what it got last, "" on an error. */
struct aws_world {
	uv_loop_t loop;
	int64_t now_us;
	struct fake_environment environment;
	struct fake_services services;
	struct lb_aws_credentials *credentials;
	struct lb_aws_waiter waiter;
	int called;
	char id[64];
	char token[64];
	struct lb_error error;
};

#define AWS_WORLD_START "2025-11-23T06:00:00Z"

/* environment, script: as fake_environment_init and fake_services_init take them. */
void aws_world_init_with(struct aws_world *world, struct lb_aws_settings settings,
			 const char *const *environment, const struct fake_call *script);
void aws_world_init(struct aws_world *world, const char *const *environment,
		    const struct fake_call *script);

/* Sees that all of the script was used, and nothing is left on the loop. */
void aws_world_finish(struct aws_world *world);

/* Asks, runs until nothing is left to do, and sees that the answer came once. */
void aws_world_get(struct aws_world *world);

/* The same, and sees to the answer: the id of the keys, or the error. No error
 * may hold the word "hidden". */
void aws_world_assert_got(struct aws_world *world, const char *id);
void aws_world_assert_failed(struct aws_world *world, enum lb_err err, const char *message);

#endif
