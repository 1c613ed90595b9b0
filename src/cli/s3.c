#include "cli/s3.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/app.h"
#include "sources/trigger_file/s3_lister.h"

#include <stdio.h>

const char *lb_s3_ca_bundle(const struct lb_config *config)
{
	return config->ca_bundle != NULL
		       ? config->ca_bundle
		       : lb_aws_environment_get(&lb_aws_process_environment, "AWS_CA_BUNDLE");
}

struct lb_aws_settings lb_s3_settings(const struct lb_config *config)
{
	return (struct lb_aws_settings){
		.access_key_id = config->s3_access_key_id,
		.secret_access_key = config->s3_secret_access_key,
		.session_token = config->s3_session_token,
		.profile = config->s3_profile,
		.region = config->s3_region,
		.role_arn = config->s3_role_arn,
	};
}

/* Keys in the settings need nothing of ~/.aws, whose state is then no concern. */
static enum lb_err read_profiles(const struct lb_config *config, struct lb_aws_profiles *profiles,
				 struct lb_error *error)
{
	*profiles = (struct lb_aws_profiles){0};
	return config->s3_access_key_id != NULL
		       ? LB_OK
		       : lb_aws_profiles_read(&lb_aws_process_environment, profiles, error);
}

enum lb_err lb_s3_find_place(const struct lb_config *config, const char *location,
			     struct lb_arena *arena, struct lb_s3_place *ret_place,
			     struct lb_error *error)
{
	const struct lb_aws_environment *environment = &lb_aws_process_environment;
	struct lb_aws_profiles profiles;
	enum lb_err err = read_profiles(config, &profiles, error);
	if (err != LB_OK) {
		return err;
	}
	const char *profile = config->s3_profile != NULL ? config->s3_profile
							 : lb_aws_profile_chosen(environment);
	struct lb_s3_server server = {
		.endpoint = config->s3_endpoint,
		.region = config->s3_region,
		.style = config->s3_addressing,
	};
	if (server.endpoint == NULL) {
		server.endpoint = lb_aws_endpoint_url(environment, &profiles, profile, "s3");
	}
	if (server.region == NULL) {
		server.region = lb_aws_region(environment, &profiles, profile);
	}
	const char *style = lb_aws_profile_nested(&profiles, profile, "s3", "addressing_style");
	if (server.style == LB_S3_STYLE_AUTO && style != NULL) {
		server.style = lb_text_equal(style, "path")      ? LB_S3_STYLE_PATH
			       : lb_text_equal(style, "virtual") ? LB_S3_STYLE_VIRTUAL
								 : LB_S3_STYLE_AUTO;
	}
	err = lb_s3_place_make(location, &server, arena, ret_place, error);
	lb_aws_profiles_finish(&profiles);
	return err;
}

static int64_t now(void *data)
{
	(void)data;
	return lb_cli_now();
}

enum lb_err lb_s3_client_open(struct lb_s3_client *client, const struct lb_config *config,
			      uv_loop_t *loop, struct lb_http *http, struct lb_error *error)
{
	*client = (struct lb_s3_client){.config = config, .http = http};
	lb_aws_http_init(&client->carrier, http);
	struct lb_aws_credentials_options options = {
		.settings = lb_s3_settings(config),
		.environment = lb_aws_process_environment,
		.loop = loop,
		.transport = &client->carrier.transport,
		.now = now,
	};
	return lb_aws_credentials_create(&options, &client->credentials, error);
}

void lb_s3_client_close(struct lb_s3_client *client)
{
	lb_aws_credentials_destroy(client->credentials);
	client->credentials = NULL;
}

/* --- one question ------------------------------------------------------------ */

/* The first page of a bucket, asked for and forgotten. */
struct trial {
	uv_loop_t loop;
	struct lb_http *http;
	struct lb_s3_client client;
	struct lb_object_lister *lister;
	struct lb_object_request request;
	struct lb_arena arena;
	struct lb_error error;
};

static enum lb_err skip_key(struct lb_object_request *request, const struct lb_listed *listed,
			    struct lb_error *error)
{
	(void)request;
	(void)listed;
	(void)error;
	return LB_OK;
}

static void on_page(struct lb_object_request *request)
{
	struct trial *trial = request->data;
	trial->error = request->error;
	uv_stop(&trial->loop);
}

static enum lb_err open_trial(struct trial *trial, const struct lb_config *config,
			      const char *location, struct lb_error *error)
{
	const struct lb_http_options http = {.ca_bundle = lb_s3_ca_bundle(config)};
	struct lb_s3_place place;
	enum lb_err err = lb_http_create(&trial->loop, &http, &trial->http, error);
	if (err == LB_OK) {
		err = lb_s3_client_open(&trial->client, config, &trial->loop, trial->http, error);
	}
	if (err == LB_OK) {
		err = lb_s3_find_place(config, location, &trial->arena, &place, error);
	}
	struct lb_s3_options options = {
		.loop = &trial->loop,
		.http = trial->http,
		.credentials = trial->client.credentials,
		.place = &place,
	};
	return err == LB_OK ? lb_s3_lister_create(&options, &trial->lister, error) : err;
}

static void close_trial(struct trial *trial)
{
	if (trial->lister != NULL) {
		trial->lister->impl->destroy(trial->lister);
	}
	lb_s3_client_close(&trial->client);
	lb_http_destroy(trial->http);
	while (uv_run(&trial->loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&trial->loop);
	lb_arena_finish(&trial->arena);
}

enum lb_err lb_s3_try_bucket(const struct lb_config *config, const char *location,
			     char ret_description[static LB_AWS_DESCRIPTION_MAX],
			     struct lb_error *error)
{
	struct trial trial = {0};
	if (uv_loop_init(&trial.loop) != 0) {
		return lb_fail(error, LB_IO, "cannot make an event loop");
	}
	enum lb_err err = open_trial(&trial, config, location, error);
	if (err == LB_OK) {
		trial.request = (struct lb_object_request){
			.start_after = "/", .on_key = skip_key, .done = on_page, .data = &trial};
		trial.lister->impl->list(trial.lister, &trial.request);
		(void)uv_run(&trial.loop, UV_RUN_DEFAULT);
		(void)snprintf(ret_description, LB_AWS_DESCRIPTION_MAX, "%s",
			       lb_aws_credentials_description(trial.client.credentials));
		*error = trial.error;
		err = error->code;
	}
	close_trial(&trial);
	return err;
}
