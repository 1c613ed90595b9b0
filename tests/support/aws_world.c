#include "support/aws_world.h"

#include "base/text.h"
#include "base/time.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

static int64_t start(void)
{
	int64_t time_us;
	assert_true(lb_time_parse(AWS_WORLD_START, &time_us));
	return time_us;
}

static int64_t world_now(void *data)
{
	const struct aws_world *world = data;
	return world->now_us;
}

static void on_done(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		    const struct lb_error *error)
{
	struct aws_world *world = waiter->data;
	world->called++;
	world->id[0] = '\0';
	world->error = (struct lb_error){0};
	if (keys != NULL) {
		assert_null(error);
		assert_non_null(keys->secret_access_key);
		(void)snprintf(world->id, sizeof(world->id), "%s", keys->access_key_id);
		(void)snprintf(world->token, sizeof(world->token), "%s",
			       keys->session_token != NULL ? keys->session_token : "");
	} else {
		world->error = *error;
		assert_null(strstr(error->message, "hidden"));
	}
}

void aws_world_init_with(struct aws_world *world, struct lb_aws_settings settings,
			 const char *const *environment, const struct fake_call *script)
{
	*world = (struct aws_world){.now_us = start(), .waiter = {.done = on_done}};
	world->waiter.data = world;
	assert_int_equal(uv_loop_init(&world->loop), 0);
	fake_environment_init(&world->environment, environment);
	fake_services_init(&world->services, &world->loop, script);
	struct lb_aws_credentials_options options = {
		.settings = settings,
		.environment = world->environment.environment,
		.loop = &world->loop,
		.transport = &world->services.transport,
		.now = world_now,
		.now_data = world,
	};
	struct lb_error error = {0};
	assert_int_equal(lb_aws_credentials_create(&options, &world->credentials, &error), LB_OK);
}

void aws_world_init(struct aws_world *world, const char *const *environment,
		    const struct fake_call *script)
{
	aws_world_init_with(world, (struct lb_aws_settings){0}, environment, script);
}

void aws_world_finish(struct aws_world *world)
{
	lb_aws_credentials_destroy(world->credentials);
	fake_services_finish(&world->services);
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
}

/* Asks, and runs until nothing is left to do. */
void aws_world_get(struct aws_world *world)
{
	int before = world->called;
	lb_aws_credentials_get(world->credentials, &world->waiter);
	assert_int_equal(world->called, before); /* never from within */
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(world->called, before + 1);
}

void aws_world_assert_got(struct aws_world *world, const char *id)
{
	aws_world_get(world);
	if (!lb_text_equal(world->id, id)) {
		fail_msg("got '%s' %s, not %s", world->id, world->error.message, id);
	}
}

void aws_world_assert_failed(struct aws_world *world, enum lb_err err, const char *message)
{
	aws_world_get(world);
	assert_int_equal(world->error.code, err);
	if (strstr(world->error.message, message) == NULL) {
		fail_msg("%s, not %s", world->error.message, message);
	}
}
