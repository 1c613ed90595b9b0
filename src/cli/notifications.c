#include "cli/notifications.h"

#include "base/text.h"
#include "sources/trigger_file/object_source.h"

#include <string.h>

/* The region where nobody names one: the environment's, or the profile's. */
static enum lb_err find_region(const struct lb_config *config, struct lb_arena *arena,
			       const char **ret_region, struct lb_error *error)
{
	const struct lb_aws_environment *environment = &lb_aws_process_environment;
	const char *profile = config->s3_profile != NULL ? config->s3_profile
							 : lb_aws_profile_chosen(environment);
	struct lb_aws_profiles profiles = {0};
	*ret_region = config->s3_region;
	if (*ret_region != NULL) {
		return LB_OK;
	}
	enum lb_err err = config->s3_access_key_id != NULL
				  ? LB_OK
				  : lb_aws_profiles_read(environment, &profiles, error);
	if (err == LB_OK) {
		const char *region = lb_aws_region(environment, &profiles, profile);
		*ret_region = lb_arena_strdup(arena, region);
		err = region == NULL || *ret_region != NULL ? LB_OK : lb_fail_nomem(error);
		lb_aws_profiles_finish(&profiles);
	}
	return err;
}

static enum lb_err find_queue(const struct lb_config *config, const struct lb_acon *acon,
			      struct lb_arena *arena, struct lb_sqs_place *ret_place,
			      struct lb_error *error)
{
	const char *region = NULL;
	enum lb_err err = find_region(config, arena, &region, error);
	if (err == LB_OK) {
		const char *endpoint =
			lb_aws_environment_get(&lb_aws_process_environment, "AWS_ENDPOINT_URL_SQS");
		err = lb_sqs_place_find(acon->queue_url, acon->queue_region, region, endpoint,
					arena, ret_place, error);
	}
	return err;
}

static bool is_told(const struct lb_acon *acon)
{
	return acon->use_notifications && acon->queue_url != NULL;
}

/* ACONs that name the same queue share its messages, so one reader serves them all. */
static bool is_first_with_queue(const struct lb_config *config, size_t index)
{
	const struct lb_acon *acon = &config->acons.items[index];
	for (size_t i = 0; i < index; i++) {
		const struct lb_acon *other = &config->acons.items[i];
		if (is_told(other) && lb_text_equal(other->queue_url, acon->queue_url)) {
			return false;
		}
	}
	return true;
}

static enum lb_err need_http(struct lb_notifications_in *in,
			     const struct lb_notifications_options *options, struct lb_error *error)
{
	/* One call waits for messages, another deletes some. */
	const struct lb_http_options http = {
		.ca_bundle = lb_s3_ca_bundle(options->config),
		.parallel_max = 2 * (int)options->config->acons.count,
	};
	return in->http != NULL ? LB_OK : lb_http_create(options->loop, &http, &in->http, error);
}

static enum lb_err open_queue(struct lb_notifications_in *in,
			      const struct lb_notifications_options *options, size_t index,
			      struct lb_error *error)
{
	const struct lb_config *config = options->config;
	const struct lb_acon *acon = &config->acons.items[index];
	size_t count = config->acons.count;
	struct lb_source **sources = lb_arena_alloc(&in->arena, count * sizeof(struct lb_source *));
	struct lb_queue_options queue = {
		.clock = options->clock,
		.credentials = options->credentials,
		.notices = in->notices,
		.sources = sources,
		.log = options->log,
		.random_seed = options->random_seed + index,
	};
	if (sources == NULL) {
		return lb_fail_nomem(error);
	}
	for (size_t i = index; i < count; i++) {
		const struct lb_acon *other = &config->acons.items[i];
		if (is_told(other) && lb_text_equal(other->queue_url, acon->queue_url)) {
			sources[queue.source_count++] = options->sources[i];
		}
	}
	enum lb_err err = need_http(in, options, error);
	if (err == LB_OK) {
		queue.http = in->http;
		err = find_queue(config, acon, &in->arena, &queue.place, error);
	}
	if (err != LB_OK) {
		return lb_wrap(error, "%s: options.cloudFiles.queueUrl", acon->origin);
	}
	err = lb_queue_create(&queue, &in->queues[in->queue_count], error);
	in->queue_count += err == LB_OK;
	return err;
}

static enum lb_err open_queues(struct lb_notifications_in *in,
			       const struct lb_notifications_options *options,
			       struct lb_error *error)
{
	const struct lb_acon_list *acons = &options->config->acons;
	in->queues = lb_arena_alloc(&in->arena, acons->count * sizeof(struct lb_queue *));
	if (in->queues == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < acons->count && err == LB_OK; i++) {
		if (is_told(&acons->items[i]) && is_first_with_queue(options->config, i)) {
			err = open_queue(in, options, i, error);
		}
	}
	return err;
}

static enum lb_err open_server(struct lb_notifications_in *in,
			       const struct lb_notifications_options *options,
			       struct lb_error *error)
{
	const struct lb_config *config = options->config;
	const struct lb_event_server_options server = {
		.loop = options->loop,
		.address = config->listen_events,
		.secret = config->listen_events_secret,
		.notices = in->notices,
		.log = options->log,
	};
	if (config->listen_events == NULL) {
		return LB_OK;
	}
	enum lb_err err = lb_event_server_create(&server, &in->server, error);
	return err == LB_OK ? LB_OK : lb_wrap(error, "listen_events");
}

/* Who relies on pushed events alone cannot know whether they arrive. */
static enum lb_err add_sources(struct lb_notifications_in *in,
			       const struct lb_notifications_options *options,
			       struct lb_error *error)
{
	const struct lb_acon_list *acons = &options->config->acons;
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < acons->count && err == LB_OK; i++) {
		const struct lb_acon *acon = &acons->items[i];
		if (!lb_s3_is_location(acon->base_trigger_file_location)) {
			continue;
		}
		err = lb_notices_add(in->notices, options->sources[i], error);
		if (acon->use_notifications && acon->queue_url == NULL) {
			lb_trigger_file_objects_trust(options->sources[i], true);
		}
	}
	return err;
}

enum lb_err lb_notifications_open(struct lb_notifications_in *in,
				  const struct lb_notifications_options *options,
				  struct lb_error *error)
{
	*in = (struct lb_notifications_in){0};
	if (options->credentials == NULL) {
		return LB_OK;
	}
	enum lb_err err = lb_notices_create(&in->notices, error);
	if (err == LB_OK) {
		err = add_sources(in, options, error);
	}
	if (err == LB_OK) {
		err = open_queues(in, options, error);
	}
	return err == LB_OK ? open_server(in, options, error) : err;
}

void lb_notifications_stop(struct lb_notifications_in *in)
{
	for (size_t i = 0; i < in->queue_count; i++) {
		lb_queue_stop(in->queues[i]);
	}
	if (in->server != NULL) {
		lb_event_server_stop(in->server);
	}
}

void lb_notifications_close(struct lb_notifications_in *in)
{
	lb_event_server_destroy(in->server);
	for (size_t i = 0; i < in->queue_count; i++) {
		lb_queue_destroy(in->queues[i]);
	}
	lb_notices_destroy(in->notices);
	lb_http_destroy(in->http);
	lb_arena_finish(&in->arena);
	*in = (struct lb_notifications_in){0};
}

/* --- one question ------------------------------------------------------------ */

struct trial {
	uv_loop_t loop;
	struct lb_http *http;
	struct lb_s3_client client;
	struct lb_sqs sqs;
	struct lb_sqs_call call;
	struct lb_arena arena;
	struct lb_error error;
	struct lb_sqs_counts counts;
};

static void on_looked(struct lb_sqs_call *call)
{
	struct trial *trial = call->data;
	trial->error = call->error;
	trial->counts = call->counts;
	uv_stop(&trial->loop);
}

static enum lb_err open_trial(struct trial *trial, const struct lb_config *config,
			      const struct lb_acon *acon, struct lb_error *error)
{
	const struct lb_http_options http = {.ca_bundle = lb_s3_ca_bundle(config)};
	enum lb_err err = find_queue(config, acon, &trial->arena, &trial->sqs.place, error);
	if (err == LB_OK) {
		err = lb_http_create(&trial->loop, &http, &trial->http, error);
	}
	if (err == LB_OK) {
		err = lb_s3_client_open(&trial->client, config, &trial->loop, trial->http, error);
	}
	trial->sqs.http = trial->http;
	trial->sqs.credentials = trial->client.credentials;
	trial->call = (struct lb_sqs_call){.done = on_looked, .data = trial};
	return err;
}

static void close_trial(struct trial *trial)
{
	lb_sqs_cancel(&trial->call);
	lb_sigv4_key_finish(&trial->sqs.key);
	lb_s3_client_close(&trial->client);
	lb_http_destroy(trial->http);
	while (uv_run(&trial->loop, UV_RUN_DEFAULT) != 0) {
	}
	(void)uv_loop_close(&trial->loop);
	lb_arena_finish(&trial->arena);
}

enum lb_err lb_notifications_try_queue(const struct lb_config *config, const struct lb_acon *acon,
				       struct lb_sqs_counts *ret_counts, struct lb_error *error)
{
	struct trial trial = {0};
	if (uv_loop_init(&trial.loop) != 0) {
		return lb_fail(error, LB_IO, "cannot make an event loop");
	}
	enum lb_err err = open_trial(&trial, config, acon, error);
	if (err == LB_OK) {
		lb_sqs_look(&trial.sqs, &trial.call);
		(void)uv_run(&trial.loop, UV_RUN_DEFAULT);
		*ret_counts = trial.counts;
		*error = trial.error;
		err = error->code;
	}
	close_trial(&trial);
	return err;
}
